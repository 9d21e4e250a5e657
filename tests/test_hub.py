"""Models and data sets of the hub through the kit's loaders, against a small server on this machine that plays it.

The hub's address is read when its library is imported, so this file is also the script (`main`) that a process of its
own runs: it serves, calls the kit, and prints what came of it. The tests read that.
"""

import contextlib
import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
import urllib.parse
from pathlib import Path

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(http.server.ThreadingHTTPServer):
    """Serves `repositories`, {'models/owner/name': {file: bytes}}, and notes every request."""

    daemon_threads = True

    def __init__(self, repositories):
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories, self.requests = repositories, []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"  # a connection a request, so that a stopped server answers none

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.answer(json.loads(body)["paths"] if body.startswith("{") else urllib.parse.parse_qs(body).get("paths"))

    def answer(self, paths=()):
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).strip("/")
        self.server.requests.append(f"{self.command} {path}")
        api = path.startswith("api/")
        parts = path.removeprefix("api/").split("/")
        if not api and parts[0] != "datasets":
            parts.insert(0, "models")
        files, rest = self.server.repositories.get("/".join(parts[:3])), parts[3:]
        if files is None:
            return self.send(404, error="RepoNotFound")
        if not api:  # resolve/main/file
            content = files.get("/".join(rest[2:]))
            return self.send(404, error="EntryNotFound") if content is None else self.send(200, content)
        if rest and rest[0] not in ("revision", "tree", "paths-info"):
            return self.send(404, error="EntryNotFound")
        if rest and rest[0] == "paths-info":
            return self.send_json([describe(file, files[file]) for file in paths if file in files])
        if rest and rest[0] == "tree":
            return self.send_json(tree(files, "/".join(rest[2:]), "recursive=True" in self.path))
        found = {"id": "/".join(parts[1:3]), "sha": COMMIT, "private": False, "gated": False, "tags": []}
        return self.send_json({**found, "siblings": [{"rfilename": file} for file in files]})

    def send_json(self, value):
        self.send(200, json.dumps(value).encode(), "application/json")

    def send(self, status, content=b"", kind="application/octet-stream", error=None):
        self.send_response(status)
        head = {"Content-Type": kind, "Content-Length": str(len(content)), "X-Repo-Commit": COMMIT}
        head["ETag"] = f'"{hashlib.sha1(content).hexdigest()}"'
        for name, value in {**head, **({"X-Error-Code": error} if error else {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def tree(files, folder, recursive):
    """What lies in `folder`; folders below it as such, unless `recursive`."""
    start = f"{folder}/" if folder else ""
    inside = {file: content for file, content in files.items() if file.startswith(start)}
    if recursive:
        return [describe(*one) for one in inside.items()]
    below = {start + file.removeprefix(start).split("/")[0] for file in inside}
    return [
        describe(one, files[one]) if one in files else {"type": "directory", "path": one, "oid": COMMIT, "size": 0}
        for one in sorted(below)
    ]


def describe(file, content):
    return {"type": "file", "path": file, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}


# --- what is served


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def as_pickle(files):
    import torch
    from safetensors.torch import load

    path = Path(os.environ["HF_HOME"]) / "weights.bin"
    torch.save(load(files["model.safetensors"]), path)
    rest = {name: content for name, content in files.items() if name != "model.safetensors"}
    return {**rest, "pytorch_model.bin": path.read_bytes()}


def parquet(columns, features):
    import datasets

    path = Path(os.environ["HF_HOME"]) / "part.parquet"
    datasets.Dataset.from_dict(columns, features=datasets.Features(features)).to_parquet(path)
    return path.read_bytes()


def sentences():
    """SST-2 in small: `sentence`, `label` as a class, and a test split whose labels are hidden."""
    import datasets
    from tiny import tiny_frame

    frame = tiny_frame()
    ids = frame["label"].map(["negative", "positive"].index).tolist()
    features = {"sentence": datasets.Value("string"), "label": datasets.ClassLabel(names=["negative", "positive"])}

    def part(start, stop, labels=None):
        rows = {"sentence": frame["text"][start:stop].tolist(), "label": labels or ids[start:stop]}
        return parquet(rows, features)

    return {
        "data/train-00000-of-00001.parquet": part(0, 40),
        "data/validation-00000-of-00001.parquet": part(40, 60),
        "data/test-00000-of-00001.parquet": part(40, 60, [-1] * 20),
    }


def protection():
    """CPPE-5 in small: boxes and classes nested in `objects`."""
    import datasets

    classes = datasets.List(datasets.ClassLabel(names=["gloves", "mask"]))
    objects = {"bbox": datasets.List(datasets.List(datasets.Value("float32"))), "category": classes}
    rows = {"image": ["a", "b"], "objects": [{"bbox": [[0, 0, 4, 4], [1, 1, 2, 2]], "category": [1, 0]}] * 2}
    part = parquet(rows, {"image": datasets.Value("string"), "objects": objects})
    return {"data/train-00000-of-00001.parquet": part, "data/test-00000-of-00001.parquet": part}


def books():
    """The English and French part of a repository with two configurations, rows as pairs, one split."""
    import datasets

    rows = {"translation": [{"en": "A book.", "fr": "Un livre."}, {"en": "Two.", "fr": "Deux."}]}
    pair = {"translation": datasets.Translation(languages=["en", "fr"])}
    card = "---\nconfigs:\n" + "".join(
        f"- config_name: {name}\n  data_files:\n  - split: train\n    path: {name}/*\n" for name in ("en-fr", "de-en")
    )
    part = parquet(rows, pair)
    return {"README.md": f"{card}---\n".encode(), "en-fr/train.parquet": part, "de-en/train.parquet": part}


def repositories(folder):
    from tiny import write_tiny_bert

    bert = files_of(write_tiny_bert(folder / "tiny"))
    config = json.loads(bert["config.json"])
    code = {"model_type": "own", "auto_map": {"AutoConfig": "own.Config", "AutoModel": "own.Model"}}
    return {
        "models/sentence-transformers/all-MiniLM-L6-v2": bert,
        "models/somebody/pickle": as_pickle(bert),
        "models/somebody/code": {**bert, "config.json": json.dumps({**config, **code}).encode(), "own.py": b"1 / 0"},
        "datasets/stanfordnlp/sst2": sentences(),
        "datasets/somebody/sentences": sentences(),
        "datasets/somebody/script": {"script.py": b"1 / 0"},
        "datasets/rishitdagli/cppe-5": protection(),
        "datasets/Helsinki-NLP/opus_books": books(),
    }


# --- the script: what is called


def attempt(act):
    """What `act` returns, or the name and the words of its error."""
    try:
        return act()
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)}


def shape(parts):
    return {name: len(part) for name, part in parts.items()}


def tune(ftk):
    task = ftk.TextClassification("sst2")
    run = ftk.fine_tune(task, model="minilm", epochs=1)
    return {"names": task.names, "splits": shape(task.splits), "rows": len(run.history.rows)}


def main(folder):
    folder = Path(folder)
    (folder / "home").mkdir()
    os.environ.update(HF_HOME=str(folder / "home"), HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1")
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_TOKEN", "DISABLE_SAFETENSORS_CONVERSION"):
        os.environ.pop(name, None)
    server = Hub({})
    os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    import finetune_kit as ftk
    from finetune_kit import data

    server.repositories = repositories(folder)
    environment = dict(os.environ)
    told = {
        "tuned": attempt(lambda: tune(ftk)),
        "by id": attempt(lambda: shape(data.read("stanfordnlp/sst2"))),
        "own columns": attempt(
            lambda: shape(ftk.TextClassification("stanfordnlp/sst2", text="sentence", label="label").splits)
        ),
        "hidden labels": attempt(lambda: ftk.TextClassification("somebody/sentences", text="sentence").names),
        "boxes": attempt(lambda: plain(data.read("cppe-5")["train"][["boxes", "labels"]].iloc[0])),
        "books": attempt(lambda: plain(data.read("opus-books-en-fr")["train"][["source", "target"]].iloc[0])),
        "two configurations": attempt(lambda: data.read("Helsinki-NLP/opus_books")),
        "pickle": attempt(lambda: ftk.fine_tune("sentiment", model="somebody/pickle")),
        "code": attempt(lambda: ftk.fine_tune("sentiment", model="somebody/code")),
        "script": attempt(lambda: data.read("somebody/script")),
        "no model": attempt(lambda: ftk.fine_tune("sentiment", model="somebody/nothing")),
        "no data": attempt(lambda: data.read("somebody/nothing")),
    }
    told["same environment"] = environment == dict(os.environ)
    server.shutdown()
    server.server_close()
    told |= {
        "model without a network": attempt(lambda: ftk.fine_tune("sentiment", model="distilbert", epochs=1)),
        "data without a network": attempt(lambda: data.read("ag-news")),
        "requests": server.requests,
    }
    print(json.dumps(told, default=repr))


def plain(row):
    return json.loads(row.to_json())


# --- the tests


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub")
    done = subprocess.run(
        [sys.executable, __file__, str(folder)], capture_output=True, text=True, timeout=120, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def error_of(told, key, kind):
    found = told[key]
    assert isinstance(found, dict) and found.get("error") == kind, found
    assert "\n" not in found["message"]
    return found["message"]


def test_a_model_and_a_data_set_of_the_hub_are_fine_tuned_by_their_names(told):
    tuned = told["tuned"]
    assert tuned["names"] == ["negative", "positive"] and tuned["rows"] > 0
    assert tuned["splits"]["validation"] == 20 and tuned["splits"]["train"] + tuned["splits"]["test"] == 40


def test_a_split_with_hidden_labels_is_not_taken_by_name_or_id(told):
    assert told["by id"] == {"train": 40, "validation": 20}
    assert set(told["own columns"]) == {"train", "validation", "test"}


def test_a_repository_without_a_record_is_read_as_it_is(told):
    assert "20 of 20 rows of the split 'test'" in error_of(told, "hidden labels", "DataError")


def test_nested_columns_and_classes_stand_under_the_tasks_names(told):
    assert told["boxes"] == {"boxes": [[0, 0, 4, 4], [1, 1, 2, 2]], "labels": ["mask", "gloves"]}
    assert told["books"] == {"source": "A book.", "target": "Un livre."}


def test_a_repository_of_several_configurations_says_so(told):
    assert "['en-fr', 'de-en']" in error_of(told, "two configurations", "DataError")


def test_a_pickle_is_refused_and_nothing_is_converted(told):
    message = error_of(told, "pickle", "ModelError")
    assert "somebody/pickle" in message and "pickle only (pytorch_model.bin)" in message
    assert "GET somebody/pickle/resolve/main/pytorch_model.bin" not in told["requests"]
    assert not [line for line in told["requests"] if "discussions" in line or "refs/" in line]


def test_loading_leaves_the_environment_as_it_was(told):
    assert told["same environment"] is True


def test_code_and_scripts_of_a_repository_are_not_run(told):
    assert "somebody/code" in (message := error_of(told, "code", "ModelError")) and "is not run" in message
    assert not [line for line in told["requests"] if line.endswith("own.py")]
    assert "script.py" in error_of(told, "script", "DataError")


@pytest.mark.parametrize(
    "key, kind, embedded", [("no model", "ModelError", "pocket-bert"), ("no data", "StorageError", "reviews")]
)
def test_an_id_that_is_none(told, key, kind, embedded):
    message = error_of(told, key, kind)
    assert "'somebody/nothing' on the hub" in message and embedded in message


@pytest.mark.parametrize(
    "key, kind, name, embedded",
    [
        ("model without a network", "ModelError", "distilbert/distilbert-base-uncased", "pocket-bert"),
        ("data without a network", "StorageError", "fancyzhx/ag_news", "reviews"),
    ],
)
def test_no_network(told, key, kind, name, embedded):
    message = error_of(told, key, kind)
    assert name in message and "is there a network" in message and embedded in message


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main(sys.argv[1])
