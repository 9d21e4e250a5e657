import re

import pytest

from finetune_kit import catalog
from finetune_kit.errors import UnknownNameError
from finetune_kit.tasks import Task

# Tasks that records of models and data sets may name before the task itself is there.
TASKS = {
    "question-answering", "completion", "translation", "image-classification", "object-detection",
    "audio-classification", *(record.name for record in catalog.TASKS),
}  # fmt: skip
HUB_MODELS, HUB_DATASETS = (
    [record for record in records if not record.embedded] for records in (catalog.MODELS, catalog.DATASETS)
)


def by_name(record):
    return record.name


@pytest.mark.parametrize("kind", ["task", "model", "dataset"])
def test_records_are_found_by_name(kind):
    records = {"task": catalog.TASKS, "model": catalog.MODELS, "dataset": catalog.DATASETS}[kind]
    find = getattr(catalog, kind)
    assert records and all(find(record.name) is record for record in records)
    assert len({record.name for record in records}) == len(records)


@pytest.mark.parametrize(
    ("find", "misspelt", "nearest"),
    [
        (catalog.task, "sentimnt", "sentiment"),
        (catalog.model, "poket-bert", "pocket-bert"),
        (catalog.dataset, "review", "reviews"),
    ],
)
def test_a_misspelt_name_suggests_the_nearest_and_the_call_that_lists_them(find, misspelt, nearest):
    with pytest.raises(UnknownNameError) as caught:
        find(misspelt)
    message = str(caught.value)
    assert f"{misspelt!r}. Did you mean {nearest!r}?" in message
    assert f"`finetune-kit list {find.__name__}s`" in message


@pytest.mark.parametrize("kind", ["tasks", "models", "datasets"])
def test_a_table_has_a_row_a_record(kind):
    records = {"tasks": catalog.TASKS, "models": catalog.MODELS, "datasets": catalog.DATASETS}[kind]
    table = catalog.table(kind)
    assert table["name"].tolist() == [record.name for record in records]
    assert table["description"].str.len().gt(0).all() and "handler" not in table


@pytest.mark.parametrize(("kind", "record"), [("models", catalog.MODELS[0]), ("datasets", catalog.DATASETS[0])])
def test_a_table_has_the_embedded_ones_first_and_the_address_of_the_others(kind, record):
    sources = catalog.table(kind)["source"].tolist()
    count = len(catalog.embedded(kind))
    assert record.embedded and set(sources[:count]) == {"embedded"} and all("/" in one for one in sources[count:])


def test_a_table_of_models_says_what_to_choose_by():
    row = catalog.table("models", "distilbert").iloc[0]
    assert (row["parameters"], row["megabytes"], row["licence"]) == ("67 M", 268.0, "Apache-2.0")
    assert row["input"] == "lower-cased English, 512 tokens" and "question-answering" in row["tasks"]


def test_a_table_of_data_sets_counts_the_splits_that_are_used():
    row = catalog.table("datasets", "sst2").iloc[0]
    assert (row["train"], row["validation"], row["classes"]) == (67349, 872, 2) and row.isna()["test"]


@pytest.mark.parametrize(
    ("kind", "pattern", "names"),
    [
        ("models", "pocket-b*", ["pocket-bert"]),
        ("models", "sentiment", ["pocket-bert", "distilbert"]),
        ("models", "object-*", ["rt-detr-r18", "d-fine-nano"]),
        ("tasks", "*class*", ["text-classification"]),
        ("datasets", "rev*", ["reviews"]),
        ("datasets", "sentiment", ["reviews", "imdb", "sst2"]),
    ],
)
def test_wildcards_match_names_and_tasks(kind, pattern, names):
    assert set(names) <= set(catalog.table(kind, pattern)["name"])


@pytest.mark.parametrize("kind", ["tasks", "models", "datasets"])
def test_a_pattern_that_matches_nothing_gives_an_empty_table(kind):
    assert len(catalog.table(kind, "zzz*")) == 0


def test_another_table_is_unknown():
    with pytest.raises(UnknownNameError, match=r"no catalogue 'model'\. Did you mean 'models'\?"):
        catalog.table("model")


@pytest.mark.parametrize("record", catalog.TASKS, ids=by_name)
def test_a_handler_imports_and_is_a_task(record):
    handler = catalog.handler(record)
    assert issubclass(handler, Task)
    assert catalog.task(handler.record)
    assert catalog.dataset(record.dataset) and catalog.model(record.model)


@pytest.mark.parametrize("name", catalog.embedded("datasets"))
def test_an_embedded_data_set_has_its_folder_and_what_its_record_says(name):
    import pandas as pd

    record = catalog.dataset(name)
    files = (catalog.data_folder() / "datasets" / record.source).glob("*.parquet")
    frames = {file.stem: pd.read_parquet(file) for file in files}
    if record.handler:  # read out of another package, in one split
        frames = {"train": catalog.handler(record)()["all"]}
    assert {split: len(frame) for split, frame in frames.items()} == record.splits
    assert all(set(record.columns.values()) <= set(frame.columns) for frame in frames.values())
    if record.classes is not None:
        column = record.columns.get("label") or record.columns["labels"]
        assert frames["train"][column].explode().nunique() == record.classes


@pytest.mark.parametrize("record", catalog.MODELS, ids=by_name)
def test_a_model_names_tasks_and_says_what_it_costs(record):
    assert record.tasks and set(record.tasks) <= TASKS
    assert record.licence and record.input and record.family and record.megabytes > 0
    assert re.fullmatch(r"\d+(\.\d)? M", record.parameters)


@pytest.mark.parametrize("record", HUB_MODELS, ids=by_name)
def test_the_size_of_a_hub_model_fits_its_weights(record):
    # 2 bytes a weight in bfloat16, 4 in float32; GPT-2's files hold its masks too, a tenth of the whole.
    bytes_a_weight = record.megabytes / float(record.parameters.removesuffix(" M"))
    expected = 2 if "bfloat16" in record.description or "instruct" in record.name else 4
    assert expected * 0.97 < bytes_a_weight < expected * 1.12


@pytest.mark.parametrize("record", catalog.DATASETS, ids=by_name)
def test_a_data_set_names_its_task_columns_and_splits(record):
    assert record.task in TASKS and record.columns and record.licence
    if record.name == "python-docs":  # read from the Python installation, which knows its own size
        assert not record.splits and record.embedded
        return
    assert (
        (record.megabytes > 0 or record.handler)
        and "train" in record.splits
        and set(record.splits) <= {"train", "validation", "test", "handwritten"}
    )
    assert (record.classes is not None) == bool(record.columns.keys() & {"label", "labels"})


@pytest.mark.parametrize("record", [*HUB_MODELS, *HUB_DATASETS], ids=by_name)
def test_the_address_on_the_hub_is_one(record):
    assert re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", record.source)
