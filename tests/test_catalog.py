import pytest

from finetune_kit import catalog
from finetune_kit.errors import UnknownNameError
from finetune_kit.tasks import Task


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
    assert table["description"].str.len().gt(0).all() and "source" not in table


@pytest.mark.parametrize(
    ("kind", "pattern", "names"),
    [
        ("models", "pocket-*", ["pocket-bert"]),
        ("models", "sentiment", ["pocket-bert"]),
        ("tasks", "*class*", ["text-classification"]),
        ("datasets", "rev*", ["reviews"]),
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


@pytest.mark.parametrize("record", catalog.TASKS, ids=lambda record: record.name)
def test_a_handler_imports_and_is_a_task(record):
    handler = catalog.handler(record)
    assert issubclass(handler, Task)
    assert catalog.task(handler.record)
    assert record.dataset is None or catalog.dataset(record.dataset)


@pytest.mark.parametrize("record", catalog.DATASETS, ids=lambda record: record.name)
def test_an_embedded_data_set_has_its_folder_and_splits(record):
    folder = catalog.data_folder() / "datasets" / record.name
    assert {file.stem for file in folder.glob("*.parquet")} == {"train", "validation", "test"}


@pytest.mark.parametrize("record", catalog.MODELS, ids=lambda record: record.name)
def test_a_model_names_tasks_of_the_catalogue(record):
    assert record.tasks and all(catalog.task(name) for name in record.tasks)
    assert record.licence and record.megabytes > 0
