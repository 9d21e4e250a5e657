"""The command line: what it prints, what it writes, and one sentence with exit code 2 for bad input."""

import json

import pytest
from tiny import tiny_frame

from finetune_kit import catalog, cli


def test_list_shows_the_catalogue(call):
    code, out, _ = call("list")
    assert code == 0
    for name in ("sentiment", "pocket-bert", "reviews", "last-2", "scratch"):
        assert name in out


@pytest.mark.parametrize("kind", ["models", "datasets", "tasks", "strategies", "objectives"])
def test_list_fits_80_columns_and_cuts_no_name(call, monkeypatch, kind):
    monkeypatch.setattr(cli.console, "width", 80)
    code, out, _ = call("list", kind)
    assert code == 0 and max(map(len, out.splitlines())) <= 80 and "…" not in out
    if kind in ("models", "datasets"):
        assert all(name in out for name in catalog.table(kind)["name"])


def test_list_shows_the_embedded_ones_before_those_of_the_hub(call):
    _, out, _ = call("list", "models", "sentiment")
    embedded, hub = out.split("models of the hub")
    assert "pocket-bert" in embedded and "distilbert" not in embedded and "gpt2" not in out
    for words in ("distilbert", "67 M", "268", "Apache-2.0"):
        assert words in hub


def test_list_of_nothing_is_an_empty_table(call):
    code, out, _ = call("list", "models", "zzz")
    assert code == 0 and "name" in out


def test_doctor_names_versions_and_device(call):
    import torch

    code, out, _ = call("doctor")
    assert code == 0 and torch.__version__.split("+")[0] in out and "Memory" in out and "pocket-bert" in out


def test_doctor_says_how_to_get_what_is_missing(call, monkeypatch):
    monkeypatch.setattr(cli.doctor, "LAB", ("no-such-package",))
    _, out, _ = call("doctor")
    assert "missing" in out and "pip install" in out


def test_run_writes_the_folder_that_it_names(call, folder, tmp_path):
    tiny_frame().to_csv(tmp_path / "mine.csv", index=False)
    flags = ("--model", folder, "--epochs", "1", "--strategy", "head", "--out", "made", "--test")
    code, out, err = call("run", "--data", "mine.csv", *flags)
    assert (code, err) == (0, "")
    record = json.loads((tmp_path / "made" / "run.json").read_text())
    assert record["config"]["strategy"] == "head" and record["test"]["accuracy"] >= 0
    assert str(tmp_path / "made") in out.replace("\n", "") and "before" in out and "after" in out


def test_run_from_yaml_with_a_flag_that_wins(call, folder, tmp_path):
    tiny_frame().to_json(tmp_path / "mine.jsonl", orient="records", lines=True)
    lines = f"task: text-classification\ndata: mine.jsonl\nmodel: {folder!r}\nepochs: 1\nseed: 3\n"
    (tmp_path / "run.yaml").write_text(lines)
    assert call("run", "run.yaml", "--seed", 4, "--out", "made")[0] == 0
    config = json.loads((tmp_path / "made" / "run.json").read_text())["config"]
    assert (config["seed"], config["epochs"]) == (4, 1)
    assert call("run", "made/config.yaml", "--out", "again")[0] == 0
    assert json.loads((tmp_path / "again" / "run.json").read_text())["config"] == config


def bad_inputs(tmp_path):
    """Flags of `run`, and the words that its one sentence must hold."""
    write = lambda name, content: (tmp_path / name).write_bytes(content)  # noqa: E731
    write("empty.csv", b"")
    write("binary.csv", b"text,label\n\x00\x01\x02,a\n")
    write("latin.csv", "text,label\ncaf\xe9,a\n".encode("latin-1"))
    write("one.csv", b"text,label\ngood,a\nbad,a\n")
    write("floats.csv", b"text,label\ngood,0.5\nbad,0.25\n")
    write("gaps.csv", b"text,label\ngood,a\n,b\nbad,\n")
    write("long.csv", b"text,label\n" + b"x" * 1_000_000 + b",a\nbad,b\n")
    (tmp_path / "weightless").mkdir()
    (tmp_path / "weightless" / "config.json").write_text("{}")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "run.json").write_text("{}")
    return [
        (("--task", "sentimnet"), "Did you mean 'sentiment'"),
        (("--model", "pocketbert"), "Did you mean 'pocket-bert'"),
        (("--strategy", "ful"), "Did you mean 'full'"),
        (("--data", "empty.csv"), "empty"),
        (("--data", "emty.csv"), "Did you mean 'empty.csv'"),
        (("--data", "binary.csv"), "binary"),
        (("--data", "latin.csv"), "UTF-8"),
        (("--data", "one.csv"), "one class only"),
        (("--data", "floats.csv"), "fractions"),
        (("--data", "gaps.csv"), "row 2"),
        (("--data", "long.csv"), "100,000 characters"),
        (("--data", "gaps.csv", "--text", "txt"), "Did you mean 'text'"),
        (("--labels", "999999"), "training examples"),
        (("--model", "weightless"), "no weights"),
        (("--out", "full"), "already holds a run"),
        (("--out", "empty.csv/run"), "Cannot write"),
        (("absent.yaml",), "Cannot read absent.yaml"),
        (("--epochs", "-1"), "epochs=-1"),
    ]


def test_bad_input_is_one_sentence_and_exit_code_2(call, tmp_path):
    for flags, words in bad_inputs(tmp_path):
        code, _, err = call("run", *flags)
        message = " ".join(err.split())
        assert (code, words in message) == (2, True), (flags, code, message)
        assert "Traceback" not in err and message.startswith("Error:")
    assert sorted(path.name for path in (tmp_path / "full").iterdir()) == ["run.json"]


def test_unknown_flag_is_exit_code_2(call):
    assert call("run", "--stratgy", "full")[0] == 2


def test_demo_prints_table_gain_picture_and_next_command(call, monkeypatch, tmp_path):
    monkeypatch.setattr(cli.demo, "DEMO_LABELS", [32])
    code, out, err = call("demo", "--seeds", 1, "--out", "shown")
    assert (code, err) == (0, "")
    for words in ("scratch", "full", "majority class", "TF-IDF", "points over starting from scratch", "Next:"):
        assert words in out
    assert (tmp_path / "shown" / "label_curve.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "shown" / "table.csv").read_text().startswith("labels,method,accuracy")
