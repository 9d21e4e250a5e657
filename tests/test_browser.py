"""The quickstart in JupyterLab in a real browser: Run All, Train, Stop, an error inside the panel."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "00_quickstart.ipynb"
# Without these Chromium keeps looking for hosts that an offline machine cannot reach.
OFFLINE = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MINUTE = 60_000
expect.set_options(timeout=MINUTE)

pytestmark = [
    pytest.mark.browser,
    # CI installs Chromium: there a missing one is a failure, not a reason to look away.
    pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab over a copy of the notebook; its address."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(NOTEBOOK, folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    flags = ["--no-browser", "--allow-root", "--IdentityProvider.token=", "--ServerApp.password="]
    flags += [f"--port={port}", "--LabApp.expose_app_in_browser=True", f"--ServerApp.root_dir={folder}"]
    environment = {
        **{name: value for name, value in os.environ.items() if name != "MPLBACKEND"},
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "s"),
    }
    log = (folder / "lab.log").open("w")
    server = subprocess.Popen([sys.executable, "-m", "jupyterlab", *flags], stdout=log, stderr=log, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/api", timeout=5):
                break
            time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(30)
        log.close()


@pytest.fixture(scope="module")
def page(lab):
    """The notebook's page after Run All has ended."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        page.set_default_timeout(2 * MINUTE)
        page.goto(f"{lab}/lab/tree/{NOTEBOOK.name}?reset")
        page.wait_for_function(
            "() => window.jupyterapp?.shell?.currentWidget?.context?.isReady"
            " && window.jupyterapp.shell.currentWidget.sessionContext?.isReady"
            " && window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"
        )
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
        page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="busy"]')
        page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=8 * MINUTE)
        yield page
        browser.close()


@pytest.fixture
def panel(page):
    """The panel, scrolled into view; its controls are those of the first panel of the page."""
    found = page.locator(".widget-vbox", has=page.get_by_role("button", name="Train")).first
    found.scroll_into_view_if_needed()
    return found


def choose(panel, label, value):
    """Select an option of a control that is named by its description."""
    panel.locator(".widget-dropdown", has_text=label).locator("select").select_option(value)


def test_run_all_ends_without_an_error(page):
    assert page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    last = page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length")
    assert last > 40


def test_panel_shows_the_result_of_run_all(panel):
    expect(panel).to_be_visible()  # JupyterLab draws a cell when it comes into view
    for words in ("validation", "of the weights trained", "examples fixed"):
        expect(panel).to_contain_text(words)
    if path := os.environ.get("PANEL_SCREENSHOT"):  # how docs/panel.png is made
        panel.screenshot(path=path)


def test_train_moves_the_curve_and_stop_gives_a_result(panel):
    picture = panel.locator("img").first
    choose(panel, "Strategy", "full")
    slider = panel.locator(".noUi-handle").first
    slider.focus()
    for _ in range(10):
        slider.press("ArrowRight")
    before = picture.get_attribute("src")
    panel.get_by_role("button", name="Train").click()
    panel.get_by_text(re.compile(r"Training step \d+ of \d+, \d+ s left")).wait_for()
    first = picture.get_attribute("src")
    assert first != before
    panel.page.wait_for_function("([img, src]) => img.src !== src", arg=[picture.element_handle(), first])
    panel.get_by_role("button", name="Stop").click()
    panel.get_by_text("Stopped", exact=True).wait_for()
    panel.get_by_text("examples fixed").wait_for()
    expect(panel).to_contain_text("after")
    expect(panel.get_by_role("button", name="Train")).to_be_enabled()


def test_sentence_box_answers(panel):
    box = panel.get_by_placeholder("Type a sentence")
    box.fill("We loved every minute.")
    box.press("Enter")
    expect(panel.locator("td", has_text="%").last).to_be_visible()


def test_error_is_shown_inside_the_panel(panel):
    box = panel.get_by_placeholder("hub id")
    good = box.input_value()
    box.fill("pocket-brt")
    box.press("Enter")
    panel.get_by_role("button", name="Train").click()
    expect(panel.get_by_text("Did you mean 'pocket-bert'")).to_be_visible()
    box.fill(good)
    box.press("Enter")


def test_show_code_opens(panel):
    panel.get_by_text("Show code").click()
    expect(panel.get_by_text("ftk.fine_tune(")).to_be_visible()
