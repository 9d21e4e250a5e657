"""The notebooks, executed as they are: no click, no network."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.notebook
NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


def text_of(cell):
    parts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        parts += [output.get("text", ""), data.get("text/plain", ""), data.get("text/html", "")]
    return "\n".join(parts)


# One group each, so that with two workers a notebook runs once, and beside another.
EACH = [pytest.param(path, marks=pytest.mark.xdist_group(path.stem), id=path.stem) for path in NOTEBOOKS]


@pytest.fixture(scope="module", params=EACH)
def executed(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(request.param, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MPLBACKEND")  # the kernel chooses its own, which shows pictures in the page
        client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}})
        client.execute()
    return request.param.stem, client


def test_run_all_ends_without_an_error(executed):
    _, client = executed
    assert all(cell.get("execution_count") for cell in client.nb.cells if cell.cell_type == "code")


def test_no_warnings_reach_the_learner(executed):
    _, client = executed
    streams = [o.text for cell in client.nb.cells for o in cell.get("outputs", []) if o.get("name") == "stderr"]
    assert streams == []


def test_no_panel_shows_an_error(executed):
    _, client = executed
    states = [state.get("value", "") for state in client.widget_state.values()]
    assert not any("Error:" in value for value in states if isinstance(value, str))


def test_quickstart_shows_scores_before_and_after(executed):
    stem, client = executed
    if stem != "00_quickstart":
        return
    shown = [text_of(cell) for cell in client.nb.cells]
    assert any("before ->" in text and "after (validation)" in text for text in shown)
    assert any("TF-IDF + logistic regression" in text and "scratch" in text for text in shown)
    assert any("image/png" in o.get("data", {}) for cell in client.nb.cells for o in cell.get("outputs", []))
    panels = [s["value"] for s in client.widget_state.values() if isinstance(s.get("value"), str)]
    assert any("examples fixed" in value for value in panels)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_code_cells_are_short(path):
    cells = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    lines = sorted(len([line for line in source.splitlines() if line.strip()]) for source in cells)
    assert lines[len(lines) // 2] <= 5 and lines[-1] <= 20
