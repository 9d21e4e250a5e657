"""The recorder: what its button does in a real browser with a made microphone, and what arrives in Python."""

import base64
import io
import os
import shutil

import numpy as np
import pytest
import soundfile

from finetune_kit.widgets.recorder import SECONDS, Recorder

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
MADE = ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
ADDRESS = "http://localhost:9/"  # browsers give a microphone to https and to this machine alone; nothing is there


def taker():
    taken = []
    return taken, Recorder(taken.append)


def test_what_arrives_is_taken_each_time():
    taken, recorder = taker()
    for _ in range(2):
        recorder.mailbox.value = base64.b64encode(b"sound").decode()
    recorder.mailbox.value = "no base64!"
    assert taken == [b"sound", b"sound", b""] and recorder.mailbox.value == ""


def test_each_recorder_has_a_mailbox_of_its_own_that_is_hidden():
    (_, one), (_, other) = taker(), taker()
    (mine,), (its,) = ([name for name in r.mailbox._dom_classes if "recording" in name] for r in (one, other))
    assert mine != its and f".{mine} textarea" in one.button.value and mine not in other.button.value
    assert one.mailbox in one.children and one.mailbox.layout.display == "none"
    assert not one.mailbox.continuous_update and "MAILBOX" not in one.button.value and "SECONDS" not in one.button.value


@pytest.fixture
def page_of():
    """A page with a recorder's button and its text box, as the notebook draws them."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=MADE)

        def opened(recorder, script=""):
            (name,) = (n for n in recorder.mailbox._dom_classes if "recording" in n)
            box = f'<div class="{name}" style="display:none"><textarea></textarea></div>'
            page = browser.new_page()
            page.route(f"{ADDRESS}**", lambda route: route.fulfill(content_type="text/html", body=body))
            body = f"<script>{script}</script>{recorder.button.value}{box}"
            page.goto(ADDRESS)
            return page

        yield opened
        browser.close()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="Chromium is not installed")
def test_a_recording_comes_as_a_wav_file(page_of):
    taken, recorder = taker()
    page = page_of(recorder)
    button = page.get_by_role("button")
    button.click()
    page.get_by_text(f"for {SECONDS} seconds at most").wait_for()
    assert button.text_content() == "Stop"
    page.wait_for_timeout(2_000)
    button.click()
    page.wait_for_function("() => document.querySelector('textarea').value")
    assert button.text_content() == "Record" and page.get_by_role("status").text_content() == ""
    recorder.mailbox.value = page.evaluate("() => document.querySelector('textarea').value")
    clip, rate = soundfile.read(io.BytesIO(taken[0]))
    assert rate == 16_000 and clip.ndim == 1 and 1.0 < len(clip) / rate < 6.0
    assert np.abs(clip).max() > 0.1  # the made microphone beeps each second


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="Chromium is not installed")
def test_a_browser_without_a_microphone_says_so(page_of):
    _, recorder = taker()
    deny = "navigator.mediaDevices.getUserMedia = async () => { throw new Error('Permission denied'); }"
    page = page_of(recorder, deny)
    page.get_by_role("button").click()
    page.get_by_text("No microphone here (Permission denied); upload a file.").wait_for()
    assert page.get_by_role("button").text_content() == "Record"
