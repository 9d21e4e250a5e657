"""The panel for data of one's own: uploads as ipywidgets 7 and 8 give them, columns, errors, and the code it shows."""

import html
import io
import re
import zipfile

import ipywidgets
import pytest
from image_files import png
from tiny import tiny_frame

import finetune_kit as ftk
from finetune_kit import catalog
from finetune_kit.errors import UnknownNameError
from finetune_kit.widgets import uploads, your_data

CSV = tiny_frame(60).to_csv(index=False).encode()


def given(panel, name, content):
    """What the browser does when a file was chosen, in the form of the installed ipywidgets."""
    if ipywidgets.__version__ < "8":
        # There it may not be set, for the browser sends its parts.
        panel.upload.set_trait("value", {name: {"metadata": {"name": name}, "content": content}})
    else:
        import datetime

        now = datetime.datetime.now(datetime.UTC)
        about = {"name": name, "type": "", "size": len(content), "last_modified": now}
        panel.upload.value = ({**about, "content": memoryview(content)},)


def code_of(panel):
    return html.unescape(re.sub("<[^>]*>", "", panel.code.value))


def splits_of(task):
    return {name: part.to_dict() for name, part in task.splits.items()}


def test_files_are_read_in_both_versions_of_ipywidgets():
    seven = {"a.csv": {"metadata": {"name": "a.csv"}, "content": CSV}}
    eight = ({"name": "a.csv", "content": memoryview(CSV)},)
    assert uploads.files(seven) == uploads.files(eight) == [("a.csv", CSV)]
    assert uploads.files({}) == uploads.files(()) == []


def test_an_uploaded_table_becomes_the_task_that_its_file_makes(tmp_path):
    panel = ftk.data_panel("text-classification")
    given(panel, "films.csv", CSV)
    assert "films.csv" in panel.message.value and panel.task is None
    panel.button.click()
    (tmp_path / "films.csv").write_bytes(CSV)
    assert splits_of(panel.task) == splits_of(ftk.TextClassification(str(tmp_path / "films.csv")))
    assert panel.error == "" and panel.browser.children
    for word in ("2 classes", *panel.task.classes, str(len(panel.task.splits["train"]))):
        assert word in panel.message.value


def test_an_archive_of_pictures_is_read():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for number in range(24):
            archive.writestr(f"{'cat' if number % 2 else 'dog'}/{number}.png", png(number))
    panel = ftk.data_panel("image-classification")
    given(panel, "pets.zip", held.getvalue())
    task = panel.read()
    assert task.classes == ["cat", "dog"] and sum(map(len, task.splits.values())) == 24


def test_other_columns_and_bad_rows_are_told_as_in_code(tmp_path):
    frame = tiny_frame(60).rename(columns={"text": "review", "label": "stars"})
    frame.loc[3, "review"] = ""
    path = tmp_path / "stars.csv"
    frame.to_csv(path, index=False)
    panel = ftk.data_panel("text-classification")
    panel.source.value = str(path)
    assert panel.read() is None and "text" in panel.error
    panel.columns["text"].value, panel.columns["label"].value = "review", "stars"
    assert panel.read() is None and "drop_bad_rows" in panel.error
    panel.drop.value = True
    task = panel.read()
    assert "1 of 60 rows are left out" in panel.message.value
    assert panel.read() is not None and "left out" in panel.message.value  # and again, where a warning comes once
    assert sum(map(len, task.splits.values())) == 59
    run = {}
    exec(code_of(panel), run)
    assert splits_of(run["task"]) == splits_of(panel.task)


@pytest.mark.parametrize("name", ["../../films.csv", "..\\films.csv", "/tmp/films.csv"])
def test_an_uploaded_file_stays_in_the_panels_own_folder(name):
    panel = ftk.data_panel("text-classification")
    given(panel, name, CSV)
    kept = your_data.Path(panel.source.value)
    assert kept.name == "films.csv" and kept.parent == your_data.Path(panel._folder.name)
    assert panel.read() is not None


def test_errors_stand_in_the_panel_and_go_away():
    panel = ftk.data_panel("text-classification")
    assert panel.read() is None and "There is no data yet" in panel.error
    given(panel, "films.csv", b"")
    assert "films.csv is empty" in panel.error
    given(panel, "films.csv", b"text,label\n")
    assert panel.read() is None and panel.error and not panel.browser.children
    given(panel, "films.csv", CSV)
    assert panel.read() is not None and panel.error == ""
    panel.source.value = "no-such-file.csv"
    assert panel.read() is None and "no-such-file.csv" in panel.error
    assert panel.task is None and not panel.browser.children  # what was read before is not mistaken for it


def test_a_task_that_there_is_not_is_named():
    with pytest.raises(UnknownNameError, match="text-clasification"):
        ftk.data_panel("text-clasification")


@pytest.mark.parametrize("record", catalog.TASKS, ids=lambda record: record.name)
def test_every_task_has_a_panel_with_the_columns_of_its_own_data(record):
    panel = ftk.data_panel(record.name)
    wanted = catalog.dataset(record.dataset).columns
    assert set(wanted) == set(panel.columns)
    for name, box in panel.columns.items():
        assert box.value == name or wanted[name] == box.value
