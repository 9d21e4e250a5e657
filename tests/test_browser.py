"""Notebooks and their panels in JupyterLab in a real browser: Run All, Train, Stop, an error inside the panel."""

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

import nbformat
import pytest
from PIL import Image
from playwright.sync_api import expect, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
NOTEBOOK, PRETRAINING = NOTEBOOKS / "00_quickstart.ipynb", NOTEBOOKS / "01_pretraining.ipynb"
CLASSIFICATION = NOTEBOOKS / "06_text_classification.ipynb"
PICTURES = NOTEBOOKS / "09_image_classification.ipynb"
# The cells that a notebook's panel needs; the whole of each notebook runs in test_notebooks.py.
NEEDED = {
    PRETRAINING: ("import finetune_kit", "settings = dict(", "sentences = [", "pretrain_panel("),
    CLASSIFICATION: ("import finetune_kit", "data_browser("),
    PICTURES: (
        "import finetune_kit",
        "task = ftk.Image",
        "train = task",
        "data_browser(",
        "studio(",
        "hasty =",
        "clean_panel(",
    ),
}
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


def _only_the_panel(path):
    """The notebook with no other code than what its panel needs."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if any(words in cell.source for words in NEEDED[path])]
    for cell in notebook.cells:
        if cell.source.startswith(("settings =", "sentences =")):
            cell.source = cell.source.partition("\ncounted =")[0].partition("\nftk.")[0]
    return notebook


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab over a copy of the notebook; its address."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(NOTEBOOK, folder)
    for path in NEEDED:
        nbformat.write(_only_the_panel(path), folder / path.name)
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
def browser():
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        yield browser
        browser.close()


def run_all(browser, address, name):
    """The page of a notebook after Run All has ended."""
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(2 * MINUTE)
    page.goto(f"{address}/lab/tree/{name}?reset")
    page.wait_for_function(
        "() => window.jupyterapp?.shell?.currentWidget?.context?.isReady"
        " && window.jupyterapp.shell.currentWidget.sessionContext?.isReady"
        " && window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"
    )
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="busy"]')
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=8 * MINUTE)
    return page


@pytest.fixture(scope="module")
def page(lab, browser):
    """The quickstart's page after Run All has ended."""
    return run_all(browser, lab, NOTEBOOK.name)


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
    said = panel.get_by_text("Did you mean 'pocket-bert'")
    expect(said).to_be_visible()  # under the model, before anything trains
    panel.get_by_role("button", name="Train").click()
    expect(said).to_have_count(2)
    box.fill(good)
    box.press("Enter")
    expect(said).to_have_count(1)


def test_show_code_opens(panel):
    panel.get_by_text("Show code").click()
    expect(panel.get_by_text("ftk.fine_tune(")).to_be_visible()


# --- pretraining


@pytest.fixture(scope="module")
def pretraining(lab, browser):
    """The pretraining panel of its notebook."""
    page = run_all(browser, lab, PRETRAINING.name)
    found = page.locator(".widget-vbox", has=page.get_by_role("button", name="Pretrain")).first
    found.scroll_into_view_if_needed()
    return found


def test_pretraining_shows_guesses_as_it_learns_and_stops(pretraining):
    pretraining.get_by_role("button", name="Pretrain").click()
    pretraining.get_by_text(re.compile(r"Training step \d+ of \d+, \d+ s left")).wait_for()
    pretraining.get_by_text(re.compile("tokens a second")).wait_for()
    expect(pretraining.locator("tr", has_text="[MASK]")).to_be_visible()
    pretraining.page.wait_for_function(
        "panel => panel.querySelectorAll('tr').length > 3", arg=pretraining.element_handle()
    )  # the sentences and three moments
    if path := os.environ.get("PRETRAINING_SCREENSHOT"):
        pretraining.screenshot(path=path)
    pretraining.get_by_role("button", name="Stop").click()
    pretraining.get_by_text("Stopped", exact=True).wait_for()
    expect(pretraining).to_contain_text("held-out works")
    expect(pretraining.get_by_role("button", name="Pretrain")).to_be_enabled()


def test_pretraining_panel_fills_a_gap(pretraining):
    box = pretraining.get_by_placeholder("A sentence with [MASK]")
    box.fill("Return the [MASK] of the string.")
    box.press("Enter")
    expect(pretraining.locator("td", has_text="%").last).to_be_visible()


def test_pretraining_without_a_corpus_says_so_in_the_panel(pretraining):
    box = pretraining.get_by_placeholder("python-docs")
    box.fill("nowhere.txt")
    box.press("Enter")
    pretraining.get_by_role("button", name="Pretrain").click()
    expect(pretraining.get_by_text("no file or folder 'nowhere.txt'")).to_be_visible()


# --- data browser


@pytest.fixture(scope="module")
def data_browser(lab, browser):
    """The data browser of the notebook on text classification."""
    page = run_all(browser, lab, CLASSIFICATION.name)
    found = page.locator(".widget-vbox", has=page.get_by_text("pieces a word")).first
    found.scroll_into_view_if_needed()
    return found


def test_data_browser_turns_its_pages_and_filters(data_browser):
    expect(data_browser).to_contain_text("1 to 5 of 1,344")
    data_browser.get_by_role("button", name="Next").click()
    expect(data_browser).to_contain_text("6 to 10 of 1,344")
    choose(data_browser, "Class", "rooms")
    expect(data_browser).to_contain_text("1 to 5 of 168")
    box = data_browser.get_by_placeholder("Words, then Enter")
    box.fill("piano")
    box.press("Enter")
    expect(data_browser.get_by_text("1 to 5 of 168")).to_have_count(0)
    expect(data_browser.get_by_text("piano").first).to_be_visible()


def test_data_browser_reads_again_with_another_model(data_browser):
    box = data_browser.get_by_placeholder("hub id")
    box.fill("pocket-gpt")
    box.press("Enter")
    expect(data_browser).to_contain_text("pocket-gpt reads")
    box.fill("pocket-wav2vec2")
    box.press("Enter")
    expect(data_browser.get_by_text("Error:")).to_be_visible()


def test_data_browser_draws_lengths(data_browser):
    data_browser.get_by_role("tab", name="Lengths").click()
    expect(data_browser.locator("img").first).to_be_visible()


# --- pictures


@pytest.fixture(scope="module")
def pictures(lab, browser):
    """The notebook on image classification, with its three panels."""
    return run_all(browser, lab, PICTURES.name)


def panel_of(page, inside):
    """The panel with something in it, scrolled into view."""
    found = page.locator(".jp-OutputArea-output > .widget-vbox, .jupyter-widgets-output-area .widget-vbox", has=inside)
    found.first.scroll_into_view_if_needed()
    return found.first


def test_pictures_are_turned_filtered_and_altered(pictures):
    browser = panel_of(pictures, pictures.get_by_role("tab", name="Augmentation"))
    expect(browser).to_contain_text("1 to 24 of 800")
    browser.get_by_role("button", name="Next").click()
    expect(browser).to_contain_text("25 to 48 of 800")
    choose(browser, "Class", "monocyte")
    expect(browser).not_to_contain_text("of 800")
    expect(browser.locator("img").nth(10)).to_be_visible()
    browser.get_by_role("tab", name="Augmentation").click()
    expect(browser.get_by_role("button", name="Draw again")).to_be_visible()
    expect(browser.locator("img:visible").nth(5)).to_be_visible()


def test_the_studio_names_an_uploaded_picture_and_shows_where_it_looked(pictures, tmp_path):
    train = pictures.get_by_role("button", name=re.compile(r"Train\s*$"))  # and not the cleaning panel's "Train again"
    studio = panel_of(pictures, train)
    train.click()
    expect(studio).to_contain_text("of the weights trained", timeout=5 * MINUTE)
    studio.locator("select").last.select_option("validation picture 2")
    expect(studio.get_by_text("glows")).to_be_visible()
    Image.new("RGB", (40, 40), "purple").save(tmp_path / "mine.png")
    answer = studio.locator("img").last.get_attribute("src")
    with pictures.expect_file_chooser() as chooser:
        studio.get_by_role("button", name="Your picture").click()
    chooser.value.set_files(tmp_path / "mine.png")
    pictures.wait_for_function("([img, src]) => !img.isConnected || img.src !== src",
                               arg=[studio.locator("img").last.element_handle(), answer])  # fmt: skip
    expect(studio).to_contain_text("%")


def test_a_dropped_example_is_gone_when_it_trains_again(pictures):
    cleaner = panel_of(pictures, pictures.get_by_role("button", name="Train again"))
    expect(cleaner).to_contain_text("Nothing is changed yet")
    cleaner.locator(".widget-dropdown", has_text="Row").first.locator("select").select_option("Drop")
    expect(cleaner).to_contain_text("train: 0 relabelled, 1 dropped")
    cleaner.get_by_role("button", name="Train again").click()
    expect(cleaner).to_contain_text("Both were measured on the same 200", timeout=5 * MINUTE)
    cleaner.get_by_text("Show code").click()
    expect(cleaner.get_by_text("ftk.clean(")).to_be_visible()
