import json
from collections import Counter
from itertools import pairwise

import datasets
import numpy as np
import pandas as pd
import pytest

from finetune_kit import data
from finetune_kit.data.checking import near_duplicates, shared_ngrams, telling_word
from finetune_kit.errors import DataError, FinetuneKitError, StorageError, UnknownNameError

BUILTIN = {DataError: ValueError, StorageError: OSError, UnknownNameError: LookupError}
ROWS = [("good film", "pos"), ("bad; slow", "neg"), ("so, so", "neg"), ("fine\tmeal", "pos")]


def frame(rows=None):
    return pd.DataFrame(rows or ROWS, columns=["text", "label"])


def load(source, text="text", label="label", **options):
    return data.labelled(data.read(source), text, label, **options)


def pairs(part):
    names = part.features["label"].names
    return [(text, names[label]) for text, label in zip(part["text"], part["label"], strict=True)]


def error_of(kind, act):
    with pytest.raises(kind) as caught:
        act()
    assert isinstance(caught.value, FinetuneKitError) and isinstance(caught.value, BUILTIN[kind])
    return str(caught.value)


# Loading what is well formed


@pytest.mark.parametrize(("separator", "name"), [(",", "a.csv"), (";", "a.csv"), ("\t", "a.tsv"), ("|", "a.CSV")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_csv_of_every_separator_with_and_without_bom(tmp_path, separator, name, encoding, newline):
    file = tmp_path / name
    file.write_bytes(frame().to_csv(sep=separator, index=False, lineterminator=newline).encode(encoding))
    assert pairs(load(file)["all"]) == ROWS


def test_a_path_may_be_a_string(tmp_path):
    frame().to_csv(tmp_path / "a.csv", index=False)
    assert pairs(load(str(tmp_path / "a.csv"))["all"]) == ROWS


def test_quoted_newlines_and_quotes_stay_in_the_text(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b'text,label\n"one\ntwo",pos\n"say ""no""",neg\n')
    assert load(file)["all"]["text"][:] == ["one\ntwo", 'say "no"']


def test_white_space_around_the_names_of_columns_and_blank_lines_above_them(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b"\r\n\n text ; label  \nso, so;pos  \nfine ;neg")
    assert pairs(load(file)["all"]) == [("so, so", "pos"), ("fine ", "neg")]


def test_a_column_that_a_file_has_twice_is_not_taken_for_one(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("text,text,label\na,b,x\nc,d,y\n", encoding="utf-8")
    assert "several columns 'text'" in error_of(DataError, lambda: load(file))
    file.write_text("text,note,note,label\na,1,2,x\nc,3,4,y\n", encoding="utf-8")
    assert pairs(load(file)["all"]) == [("a", "x"), ("c", "y")]


def test_words_that_look_like_missing_values_are_kept(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("text,label\nNA,None\nNone,null\nnull,None\nnan,null\n", encoding="utf-8")
    assert pairs(load(file)["all"]) == [("NA", "None"), ("None", "null"), ("null", "None"), ("nan", "null")]


def test_a_separator_at_the_end_of_each_line_is_no_column(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("text,label\ngood,pos,\nbad,neg,\n", encoding="utf-8")
    assert pairs(load(file)["all"]) == [("good", "pos"), ("bad", "neg")]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("a.jsonl", "utf-8"), ("a.json", "utf-8"), ("a.jsonl", "utf-8-sig"), ("a.json", "utf-16"), ("a.jsonl", "utf-32")],
)
def test_json_lines_with_blank_lines_and_a_bom(tmp_path, name, encoding):
    file = tmp_path / name
    lines = [json.dumps({"text": text, "label": label}) for text, label in ROWS]
    file.write_text("\n\n".join(lines) + "\n", encoding=encoding)
    assert pairs(load(file)["all"]) == ROWS


def test_only_a_newline_ends_a_json_line(tmp_path):
    rows = [("one\u2028two\x85three", "pos"), ("bad", "neg")]
    lines = [json.dumps({"text": text, "label": label}, ensure_ascii=False) for text, label in rows]
    (tmp_path / "a.jsonl").write_bytes("\r\n".join(lines).encode())
    assert pairs(load(tmp_path / "a.jsonl")["all"]) == rows


def test_parquet(tmp_path):
    frame().to_parquet(tmp_path / "a.parquet")
    assert pairs(load(tmp_path / "a.parquet")["all"]) == ROWS


def test_a_frame_with_its_own_index_and_columns():
    source = frame().set_axis([9, 9, 3, 1]).rename(columns={"text": "review", "label": "stars"})
    assert pairs(load(source, "review", "stars")["all"]) == ROWS


def test_a_list_of_rows():
    assert pairs(load(frame().to_dict("records"))["all"]) == ROWS


def test_a_key_that_a_row_lacks_is_a_missing_value():
    rows = [*frame().to_dict("records"), {"text": "no label"}]
    assert "1 with no label (row 5)" in error_of(DataError, lambda: load(rows))


def test_a_frame_of_categories():
    assert pairs(load(frame().astype("category"))["all"]) == ROWS


def test_class_labels_of_a_dataset_keep_their_names():
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["pos", "neg"])})
    source = datasets.Dataset.from_dict({"text": ["a", "b", "c"], "label": [0, 1, 0]}, features=features)
    assert pairs(load(source)["all"]) == [("a", "pos"), ("b", "neg"), ("c", "pos")]


def test_an_unlabelled_row_of_a_class_label_column_counts_as_missing():
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["x", "y"])})
    source = datasets.Dataset.from_dict({"text": ["a", "b", "c"], "label": [0, 1, -1]}, features=features)
    assert "1 with no label (row 3)" in error_of(DataError, lambda: load(source))


def test_a_dataset_dict_keeps_its_splits():
    parts = {"train": ROWS, "test": ROWS[:2]}
    source = datasets.DatasetDict({name: datasets.Dataset.from_pandas(frame(rows)) for name, rows in parts.items()})
    assert {name: pairs(part) for name, part in load(source).items()} == parts


def test_an_embedded_data_set_by_name():
    assert {name: len(part) for name, part in data.read("reviews").items()} == {
        "train": 1200,
        "validation": 300,
        "test": 300,
    }


def test_a_file_of_the_name_of_a_hub_id_is_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    frame().to_csv(tmp_path / "own" / "data.csv", index=False)
    assert pairs(load("own/data.csv")["all"]) == ROWS
    assert "Did you mean 'own/data.csv'" in error_of(StorageError, lambda: data.read("own/dat.csv"))
    (tmp_path / "own" / "data").mkdir()
    assert "is a folder" in error_of(StorageError, lambda: data.read("own/data"))


def test_a_hub_id_with_the_hub_switched_off():
    message = error_of(StorageError, lambda: data.read("somebody/nothing-of-this-name"))
    assert "cannot be reached" in message and "HF_HUB_OFFLINE" in message and "reviews" in message


def test_a_misspelt_name_of_the_catalogue_suggests_the_nearest():
    assert "Did you mean the data set 'ag-news'?" in error_of(StorageError, lambda: data.read("agnews"))


def test_nested_classes_of_a_dataset_keep_their_names():
    classes = datasets.ClassLabel(names=["x", "y"])
    features = datasets.Features({"objects": datasets.List({"id": datasets.Value("int64"), "kind": classes})})
    source = datasets.Dataset.from_list(
        [{"objects": [{"id": 7, "kind": 1}, {"id": 8, "kind": -1}]}, {"objects": []}], features=features
    )
    (first, second) = data.read(source)["all"]["objects"]
    assert list(first) == [{"id": 7, "kind": "y"}, {"id": 8, "kind": None}] and list(second) == []


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([1.0, 2.0, 1.0], ["1", "2"]),
        ([10, 9, 10], ["9", "10"]),
        ([-1, 1, 0], ["-1", "0", "1"]),
        ([True, False, True], ["False", "True"]),
        ([" b ", "a", "b"], ["a", "b"]),
        (["²", "3", "²"], ["3", "²"]),
        ([1, 1.0, "1", np.float32(1), 0], ["0", "1"]),
        (["caf\u00e9", "cafe\u0301", "th\u00e9"], ["caf\u00e9", "th\u00e9"]),
        (["👍🏽", "❤️", "👨‍👩‍👧"], ["❤️", "👍🏽", "👨‍👩‍👧"]),
    ],
)
def test_classes_are_sorted_strings(labels, names):
    column = pd.Series(labels, dtype=object if len(set(map(type, labels))) > 1 else None)
    loaded = load(pd.DataFrame({"text": list("abcde")[: len(labels)], "label": column}))["all"]
    assert loaded.features["label"].names == names


# Files that cannot be read


def bytes_of(text, encoding="utf-8"):
    return text.encode(encoding)


BAD_FILES = [
    ("a.csv", b"", "empty (0 bytes)"),
    ("a.csv", b"PK\x03\x04\x00\x00", "binary file"),
    (
        "a.csv",
        bytes_of("text,label\nfine,pos\n", "utf-16-le"),
        "in UTF-16 or damaged: it holds 20 null bytes, the first",
    ),
    ("a.csv", bytes_of("text,label\n" + "fine,pos\n" * 9999 + "n\0ul,pos\n"), "it holds 1 null byte, in line 10001."),
    ("a.csv", b"\xff\xfet\0e", "a.csv is not UTF-16: byte 0x65 in line 1"),
    ("a.csv", bytes_of("text,label\nok,pos\ncaf\xe9,neg\n", "latin-1"), "byte 0xe9 in line 3. Save it as UTF-8"),
    ("a.jsonl", bytes_of('{"text": "caf\xe9"}', "latin-1"), "byte 0xe9 in line 1"),
    ("a.csv", b"text,label\n", "a header and no rows"),
    ("a.csv", b"\n \n", "holds white space only"),
    ("a.csv", b'text,label\nfine,pos\n"open,pos\nbad,neg\n', "a double quote that opens in row 2 is never closed"),
    ("a.csv", b"text,label\ngood,pos\nslow, but good,pos\n", "Expected 2 fields in line 3, saw 3"),
    ("a.csv", b"text,label\nslow, but good,pos\ngood,pos\n", "more fields than the header's 2"),
    ("a.csv", b"text,label\nslow, but good,pos\nbad, and slow,neg\n", "','"),
    ("a.xlsx", b"abc", "ends in .xlsx; expected one of .csv, .tsv, .jsonl, .json, .parquet"),
    ("a", b"abc", "expected one of .csv"),
    ("a.parquet", b"hello", "not a valid .parquet file"),
    ("a.parquet", b"PAR1" + b"\xff" * 40 + b"PAR1", "a.parquet"),
    ("a.jsonl", b'{"text": "a"}\n{"text": \n', "line 2 is not JSON"),
    ("a.jsonl", b'{"text": "a"}\n\n[1, 2]\n', "line 3 holds a list"),
    ("a.jsonl", b'[{"text": "a"}]', "line 1 holds a list; expected one object a line"),
    ("a.jsonl", b"\n\n", "holds no rows"),
    ("a.jsonl", b"[" * 100_000, "not a valid .jsonl file: maximum recursion depth"),
    ("a.json", b'{"text": ["a", "b"], "label": ["x", "y"]}', "holds columns ('text', 'label'); expected rows"),
    ("a.json", b'{"text": {"0": "a", "1": "b"}, "label": {"0": "x", "1": "y"}}', "holds columns ('text', 'label')"),
]


@pytest.mark.parametrize(("name", "content", "words"), BAD_FILES)
def test_a_file_that_cannot_be_read_says_why(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    message = error_of(DataError, lambda: data.read(tmp_path / name))
    assert name in message and words in message


def test_a_missing_file_suggests_the_nearest_one(tmp_path):
    frame().to_csv(tmp_path / "reviews-2024.csv", index=False)
    message = error_of(StorageError, lambda: data.read(tmp_path / "review-2024.csv"))
    assert "There is no file" in message and "Did you mean" in message and "reviews-2024.csv" in message


def test_a_file_in_a_missing_folder(tmp_path):
    message = error_of(StorageError, lambda: data.read(tmp_path / "no" / "a.csv"))
    assert "There is no file" in message and "by name: reviews" in message and "Did you mean" not in message


def test_a_folder_is_no_file(tmp_path):
    assert "is a folder" in error_of(StorageError, lambda: data.read(tmp_path))


def test_a_text_in_place_of_a_path():
    assert "a good film" in error_of(StorageError, lambda: data.read("a good film " * 100))


@pytest.mark.parametrize("source", [None, 5, [], ["a.csv"], [{"text": "a"}, "b"], {"text": ["a"]}])
def test_a_source_of_another_type(source):
    assert f"type {type(source).__name__} cannot be read" in error_of(DataError, lambda: data.read(source))


# Tables that cannot be trained on


def table(text, label):
    return pd.DataFrame({"text": text, "label": label})


BAD_TABLES = {
    "fractions": (table(["a", "b"], [1.5, 2.0]), "fractions, such as 1.5"),
    "fractions among other labels": (table(["a", "b"], pd.Series([1.5, "2"], dtype=object)), "fractions, such as 1.5"),
    "lists of labels": (
        table(["a", "b", "c"], [["x"], "y", np.array([1, 2])]),
        "2 whose label is a list, a mapping or bytes (rows 1, 3)",
    ),
    "a text as label": (table(["a", "b"], ["x" * 5000, "y"]), "holds a label of 5,000 characters, 'xxx"),
    "labels that show nothing": (table(list("abc"), ["x", "\u200b", "y"]), "1 with no label (row 2)"),
    "a null in a label": (table(list("abc"), ["x", "y\0", "y"]), "1 with a null character in the label (row 2)"),
    "half a character in a label": (
        table(list("abc"), pd.Series(["x", "\ud83d", "y"], dtype=object)),
        "1 with half a character (a lone surrogate) in the label (row 2)",
    ),
    "texts that show nothing": (
        table(["a", "\u200b\u200d", "\ufeff", "\u2066 \u2069", "\0", "b"], list("xyxyxy")),
        "4 of 6 rows cannot be used: 4 with an empty or missing text (rows 2, 3, 4, 5)",
    ),
    "a null in a text": (table(["a", "b\0c", "d"], list("xyx")), "1 with a null character in the text (row 2)"),
    "half a character in a text": (
        table(pd.Series(["a", "b", "\ud83d"], dtype=object), list("xyx")),
        "1 with half a character (a lone surrogate) in the text (row 3)",
    ),
    "one class": (table(["a", "b"], ["x", "x"]), "one class only, 'x'"),
    "no rows": (table([], []), "no rows"),
    "no rows of strings": (frame().iloc[:0], "no rows"),
    "no splits": (datasets.DatasetDict(), "no splits"),
    "two columns of one name": (pd.DataFrame([["a", "b", "x"]], columns=["text", "text", "label"]), "several columns"),
    "an id": (table([f"t{i}" for i in range(50)], range(50)), "50 different values in 50 rows"),
    "empty and missing texts": (
        table(["a", "", None, "b", "  "], list("xyxyx")),
        "3 of 5 rows cannot be used: 3 with an empty or missing text (rows 2, 3, 5)",
    ),
    "missing labels": (table(list("abc"), ["x", None, "y"]), "1 of 3 rows cannot be used: 1 with no label (row 2)"),
    "empty labels": (table(list("abc"), ["x", " ", "y"]), "1 with no label (row 2)"),
    "many bad rows": (table([""] * 7 + ["a", "b"], list("xyxyxyxyx")), "rows 1, 2, 3, 4, 5 ..."),
    "a bad row of two kinds": (table(["a", "b", ""], ["x", "y", None]), "1 of 3 rows cannot be used"),
    "a million characters": (table(["a" * 10**6, "b", "c"], list("xyx")), "over 100,000 characters (row 1)"),
    "numbers as texts": (table([1, 2, 3], list("xyx")), "3 whose text is not a string (rows 1, 2, 3). Is this the"),
    "dates as texts": (table(pd.to_datetime(["2024-01-01"] * 2), list("xy")), "2 whose text is not a string"),
    "some texts are lists": (table(["a", ["b"], "c"], list("xyx")), "1 whose text is not a string (row 2)"),
}


@pytest.mark.parametrize(("source", "words"), BAD_TABLES.values(), ids=BAD_TABLES.keys())
def test_a_table_that_cannot_be_trained_on_says_why(source, words):
    assert words in error_of(DataError, lambda: load(source))


def test_a_missing_column_suggests_the_nearest():
    message = error_of(UnknownNameError, lambda: load(frame().rename(columns={"text": "texts"})))
    assert "no column 'text'. Did you mean 'texts'? Known: label, texts. If the text column has another" in message
    assert "no column 'stars'" in error_of(UnknownNameError, lambda: load(frame(), label="stars"))


def test_a_bad_row_names_its_split():
    parts = {"train": frame(), "test": table(["a", ""], ["pos", "neg"])}
    assert "of the split 'test'" in error_of(DataError, lambda: data.labelled(parts, "text", "label"))


def test_bad_rows_are_dropped_only_when_asked():
    source = table(["a", "", None, "b", "c", "d" * 10**6], ["x", "y", "x", "y", None, "x"])
    assert "drop_bad_rows=True" in error_of(DataError, lambda: load(source))
    told = r"^4 of 6 rows are left out: 2 with an empty or missing text \(rows 2, 3\); 1 with a text of over 100,"
    with pytest.warns(UserWarning, match=told):
        assert pairs(load(source, drop_bad_rows=True)["all"]) == [("a", "x"), ("b", "y")]


def test_good_data_is_not_talked_about(recwarn):
    load(frame(), drop_bad_rows=True)
    assert not recwarn.list


def test_half_a_character_of_a_json_file_is_a_bad_row_and_a_whole_one_is_none(tmp_path):
    file = tmp_path / "a.jsonl"
    rows = ['{"text": "\\ud83d\\ude00", "label": 1}', '{"text": "\\ud83d", "label": 1}', '{"text": "b", "label": 2}']
    file.write_text("\n".join(rows))
    assert "1 with half a character (a lone surrogate) in the text (row 2)" in error_of(DataError, lambda: load(file))
    with pytest.warns(UserWarning, match="1 of 3 rows are left out"):
        assert pairs(load(file, drop_bad_rows=True)["all"]) == [("😀", "1"), ("b", "2")]


def test_emoji_and_text_from_right_to_left_stay_as_they_are():
    rows = [("👨‍👩‍👧 🇫🇷 👍🏽", "😀"), ("بِسْمِ اللَّهِ\u200f", "😀"), ("שָׁלוֹם", "😡"), ("हिन्दी e\u0301", "😡")]
    assert pairs(load(frame(rows))["all"]) == rows


def test_dropping_never_drops_everything():
    source = table(["", " "], ["x", "y"])
    assert "Is this the right column?" in error_of(DataError, lambda: load(source, drop_bad_rows=True))


# Splitting


def texts(counts, word="text"):
    rows = [(f"{word} {name} {i}", name) for name, n in counts.items() for i in range(n)]
    return load(frame(rows))


def test_splits_have_the_proportions_of_the_classes():
    made = data.split(texts({"x": 120, "y": 80}))
    counted = {name: Counter(label for _, label in pairs(part)) for name, part in made.items()}
    # 15 % of 200 texts to test, 15 % of the other 170 to validation (25.5, rounded to 26), each 60 % x
    assert counted["test"] == {"x": 18, "y": 12}
    assert abs(counted["validation"]["x"] - 0.6 * 26) < 1 and counted["validation"].total() == 26
    assert abs(counted["train"]["x"] - 0.6 * 144) <= 1 and counted["train"].total() == 144


def test_splits_part_the_rows():
    whole = texts({"x": 30, "y": 30})
    made = data.split(whole)
    assert sorted(row for part in made.values() for row in pairs(part)) == sorted(pairs(whole["all"]))


def test_same_texts_stay_in_one_split():
    rows = [(f"Review  number {i % 40}" if i < 40 else f"review number {i % 40} ", "xy"[i % 2]) for i in range(80)]
    made = data.split(load(frame(rows)))
    held = [{" ".join(text.lower().split()) for text in part["text"]} for part in made.values()]
    assert sum(map(len, held)) == len(set.union(*held)) == 40
    assert sum(map(len, made.values())) == 80


def test_existing_splits_are_kept():
    whole = texts({"x": 20, "y": 20})["all"]
    parts = {"train": whole.select(range(10, 40)), "test": whole.select(range(10))}
    made = data.split(datasets.DatasetDict(parts))
    assert pairs(made["test"]) == pairs(parts["test"])
    assert sorted(pairs(made["train"]) + pairs(made["validation"])) == sorted(pairs(parts["train"]))


@pytest.mark.parametrize("alias", ["dev", "val", "valid", "validation"])
def test_the_validation_split_has_aliases(alias):
    whole = texts({"x": 20, "y": 20})["all"]
    parts = {"train": whole.select(range(0, 30)), alias: whole.select(range(30, 35)), "test": whole.select([35, 36])}
    made = data.split(datasets.DatasetDict(parts))
    assert list(made) == ["train", "validation", "test"]
    assert all(pairs(made["validation" if name == alias else name]) == pairs(part) for name, part in parts.items())


def test_a_split_depends_on_the_seed_alone():
    whole = texts({"x": 40, "y": 40})
    one, same, other = (data.split(whole, seed)["test"]["text"][:] for seed in (1, 1, 2))
    assert one == same and one != other


@pytest.mark.parametrize("names", [["test"], ["train", "extra"], ["train", "val", "dev"], ["train", "all"]])
def test_splits_of_other_names_are_refused(names):
    part = texts({"x": 5, "y": 5})["all"]
    message = error_of(DataError, lambda: data.split(datasets.DatasetDict(dict.fromkeys(names, part))))
    assert all(repr(name) in message for name in names) and "expected 'train'" in message


def test_three_distinct_texts_of_a_class_suffice_and_two_do_not():
    made = data.split(texts({"x": 3, "y": 3}))
    assert all(set(part["label"]) == {0, 1} for part in made.values())
    message = error_of(DataError, lambda: data.split(texts({"x": 20, "rare": 2})))
    assert "'rare' has 2 distinct texts; at least 3 are needed" in message


def test_repeated_texts_count_once():
    rows = [(f"x {i}", "x") for i in range(20)] + [("same", "rare")] * 9
    assert "'rare' has 1 distinct texts" in error_of(DataError, lambda: data.split(load(frame(rows))))


# Sampling


def test_a_sample_is_in_balance():
    train = texts({"x": 50, "y": 100, "z": 30})["all"]
    for labels in (3, 4, 5, 60):
        counts = Counter(label for _, label in pairs(data.sample(train, labels)))
        assert counts.total() == labels and max(counts.values()) - min(counts.values()) <= 1


def test_fewer_labels_are_a_part_of_more():
    train = texts({"x": 60, "y": 60})["all"]
    chosen = [set(data.sample(train, labels, seed=3)["text"]) for labels in (2, 7, 8, 32, 100)]
    assert all(small < large for small, large in pairwise(chosen))


def test_samples_of_one_seed_agree_and_of_others_differ():
    train = texts({"x": 60, "y": 60})["all"]
    one, same, other = (data.sample(train, 20, seed)["text"][:] for seed in (0, 0, 1))
    assert one == same and one != other


def test_fewer_labels_than_classes():
    train = texts({"x": 9, "y": 9, "z": 9})["all"]
    assert "labels=2 is fewer than the 3 classes" in error_of(DataError, lambda: data.sample(train, 2))


def test_a_class_with_too_few_examples_names_the_count_that_works():
    train = texts({"x": 9, "y": 4})["all"]
    message = error_of(DataError, lambda: data.sample(train, 40))
    assert "'x' has 9 training examples; 20 are needed for 40 labels" in message and "at most 8," in message
    assert len(data.sample(train, 8)) == 8


# Checking


def test_shared_ngrams_by_hand():
    # 5-grams: a b c d e (in two texts), b c d e f, x a b c d; the third text is too short for any
    assert shared_ngrams(["a b c d e f", "X a, b c d e!", "a b c"]) == pytest.approx(1 / 3)
    assert shared_ngrams(["a b a b a b"], n=2) == 0  # repeated, but in one text only
    assert shared_ngrams(["short"]) == 0


def test_near_duplicates_are_found_across_splits_only():
    base = "The hotel was clean and the staff could not have been kinder to us"
    parts = {
        "train": table(["Nothing like the others here", base, base + "!"], list("xyx")),
        "test": table([base.upper() + "  again", "The hotel was clean and the rooms far too small"], list("xy")),
    }
    assert near_duplicates(data.labelled(parts, "text", "label")) == [("train", 1, "test", 0), ("train", 2, "test", 0)]


def test_telling_word_by_hand():
    told = ["good film", "good book", "good day", "dull film", "dull day", "a book"]
    # 'good' tells all 6 apart; 'dull' only 5
    assert telling_word(told, np.array([1, 1, 1, 0, 0, 0])) == ("good", 1.0)
    assert telling_word(told, np.array([1, 1, 1, 1, 0, 0])) == ("good", pytest.approx(5 / 6))
    assert telling_word(["😀", "😡"], np.array([1, 0])) == ("", 0.0)


def test_the_report_takes_emoji_and_text_from_right_to_left():
    rows = [("😀😀", "x"), ("😡", "y"), ("👨‍👩‍👧", "x"), ("שָׁלוֹם", "y")]
    report = data.report(data.labelled({"train": frame(rows), "test": frame(rows[:1])}, "text", "label"))
    assert report.near_duplicates == report.duplicates == [("train", 0, "test", 0)] and report.words == (1, 1, 1)


def test_the_report_counts():
    parts = {"train": table(["one two", "three", "one two three four"], list("xyx")), "test": table(["a b c"], ["y"])}
    report = data.report(data.labelled(parts, "text", "label"))
    assert report.rows == {"train": 3, "test": 1}
    assert report.classes == {"train": {"x": 2, "y": 1}, "test": {"y": 1}}
    assert report.words == (1, 3, 4)
    assert (report.shared_ngrams, report.near_duplicates) == (0, [])
    assert (report.telling_word, report.telling_word_accuracy) == ("two", 1.0)
