"""Corpora: every source that is taken, whole works held out, and a clear sentence for each that is not."""

import sys
import textwrap

import datasets
import numpy as np
import pandas as pd
import pytest
from tiny import tiny_works, write_tiny_bert

from finetune_kit import corpora, data
from finetune_kit.errors import DataError, StorageError


def texts(corpus):
    return [text for _, text in corpora.read(corpus)]


def works(corpus):
    return {work for work, _ in corpora.read(corpus)}


@pytest.fixture(scope="module")
def processor(tmp_path_factory):
    import transformers

    folder = write_tiny_bert(tmp_path_factory.mktemp("models") / "bert")
    return transformers.AutoTokenizer.from_pretrained(folder)


# --- sources


@pytest.mark.parametrize("name", ["book.txt", "book.md", "book.rst", "book.unknown"])
def test_paragraphs_of_a_text_file_are_parted_by_empty_lines(tmp_path, name):
    (tmp_path / name).write_bytes(
        b"\xef\xbb\xbfOne line\r\nand another.\r\n\r\n \t\r\nSecond\tparagraph.\n\n\n\nThird.\n"
    )
    assert texts(tmp_path / name) == ["One line and another.", "Second paragraph.", "Third."]
    assert texts(str(tmp_path / name)) == texts(tmp_path / name)


def test_a_text_file_falls_into_works_of_a_few_paragraphs_each(tmp_path):
    (tmp_path / "book.txt").write_text("\n\n".join(f"paragraph {i}" for i in range(3 * corpora.PARAGRAPHS)))
    found = [work for work, _ in corpora.read(tmp_path / "book.txt")]
    assert len(set(found)) == 3
    assert all(found.count(work) == corpora.PARAGRAPHS for work in found)
    assert found == sorted(found, key=found.index)  # each in one piece


def test_a_folder_is_all_its_files_in_order_and_below(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "b.txt").write_text("second")
    (tmp_path / "a.md").write_text("first")
    (tmp_path / "deep" / "c.jsonl").write_text('{"text": "third"}\n{"text": "fourth"}\n')
    (tmp_path / ".hidden").write_bytes(b"\0")
    assert texts(tmp_path) == ["first", "second", "third", "fourth"]


def test_parquet_is_read_by_title_or_article_with_wikitexts_marks_made_plain(tmp_path):
    frame = pd.DataFrame({"article": ["A", "A", "B"], "text": ["a <unk> @-@ b", "1 @,@ 000", "2 @.@ 5"]})
    frame.to_parquet(tmp_path / "x.parquet")
    assert list(corpora.read(tmp_path / "x.parquet")) == [("A", "a [UNK]-b"), ("A", "1,000"), ("B", "2.5")]
    frame.rename(columns={"article": "title"}).to_parquet(tmp_path / "y.parquet")
    assert works(tmp_path / "y.parquet") == {"A", "B"}


def test_parquet_without_a_title_falls_into_pieces(tmp_path):
    pd.DataFrame({"text": [f"text {i}" for i in range(100)]}).to_parquet(tmp_path / "x.parquet")
    assert len(works(tmp_path / "x.parquet")) >= 100 // corpora.PARAGRAPHS


def test_parquet_with_titles_that_are_numbers(tmp_path):
    pd.DataFrame({"title": [1, 1, 2, 3], "text": ["a b", "c d", "e f", "g h"]}).to_parquet(tmp_path / "x.parquet")
    assert len(corpora.validation_works(tmp_path / "x.parquet", 0.01)) == 1


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "frame", "dataset"])
def test_tables_are_read_with_their_titles(tmp_path, kind):
    frame = pd.DataFrame({"title": ["A", "B"], "text": ["good film", "bad, very bad"], "year": [1, 2]})
    if kind == "jsonl":
        frame.to_json(tmp_path / "x.jsonl", orient="records", lines=True)
    elif kind in ("csv", "tsv"):
        frame.to_csv(tmp_path / f"x.{kind}", index=False, sep="\t" if kind == "tsv" else ",")
    source = {"frame": frame, "dataset": datasets.Dataset.from_pandas(frame)}.get(kind, tmp_path / f"x.{kind}")
    assert list(corpora.read(source)) == [("A", "good film"), ("B", "bad, very bad")]


def test_lists_of_texts_of_paths_and_of_both(tmp_path):
    (tmp_path / "a.txt").write_text("from a file")
    assert texts(["one text", "word", "another text, e.g. this."]) == ["one text", "word", "another text, e.g. this."]
    assert texts([str(tmp_path / "a.txt"), tmp_path / "a.txt"]) == ["from a file"] * 2
    assert texts([tmp_path, "a text of mine", pd.DataFrame({"text": ["of a frame"]})]) == [
        "from a file", "a text of mine", "of a frame",
    ]  # fmt: skip
    assert len(works([f"text number {i}" for i in range(100)])) == 100 // corpora.PARAGRAPHS
    assert texts(["long " * 10_000])[0].startswith("long long")


def test_an_empty_text_in_a_list_is_not_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "private.txt").write_text("nobody asked for this")
    assert "nobody asked for this" not in texts(["one text", "", "another text"])
    assert "nobody asked for this" not in texts(["one text", ".", "another text"])


# --- the documentation of the Python installation


def test_python_docs_are_thousands_of_distinct_paragraphs_and_nothing_is_imported_for_them():
    corpora._python_docs.cache_clear()
    loaded = set(sys.modules)
    found = list(corpora.read("python-docs"))
    assert set(sys.modules) == loaded and not {"this", "antigravity", "idlelib"} & loaded
    assert len(found) > 5000 and len({work for work, _ in found}) > 200
    docstrings = [text for work, text in found if work.startswith("module")]
    assert len(set(docstrings)) == len(docstrings)
    assert all(text == " ".join(text.split()) and text.count(" ") >= 3 for _, text in found)
    expected = " ".join(textwrap.dedent.__doc__.split("\n\n")[0].split())
    assert ("module textwrap", expected) in found
    assert list(corpora.read(corpora.PYTHON_DOCS)) == found


def test_the_held_out_documentation_is_read_alone():
    found = list(corpora.python_docs_held_out(0.05))
    whole = [passage for passage in corpora.read(corpora.PYTHON_DOCS) if corpora.held_out(passage[0], 0.05)]
    # A paragraph that an earlier module says too comes once in the whole, and counts as that module's.
    assert set(whole) <= set(found) and {work for work, _ in whole} == {work for work, _ in found}
    assert {work for work, _ in found} == corpora.validation_works(corpora.PYTHON_DOCS, 0.05)


def test_phrases_are_sentences_of_both_languages_apart_and_none_of_the_held_out_ones(monkeypatch):
    monkeypatch.setattr(corpora, "PHRASES_DRAWN", 3000)
    corpora._phrases.cache_clear()
    found = list(corpora.read(["phrases"]))
    corpora._phrases.cache_clear()
    works = {work.rsplit(" ", 1)[0] for work, _ in found}
    assert works == {"phrases english", "phrases french"} and len({work for work, _ in found}) > 20
    texts = {kind: " ".join(text for work, text in found if kind in work) for kind in ("english", "french")}
    held_out = [pair for split in ("validation", "test") for pair in data.read("phrases")[split].to_dict("records")]
    assert not any(pair["en"] in texts["english"] for pair in held_out)
    # Of the few sentences that differ in English and not in French, some may be there.
    assert sum(pair["fr"] in texts["french"] for pair in held_out) < 0.02 * len(held_out)
    first = texts["english"][:300].split(". ")[0]
    assert first not in texts["french"] and " est " in texts["french"] and " est " not in texts["english"]


# --- whole works are held out


def test_whole_works_are_held_out_in_about_the_share_asked():
    held = [corpora.held_out(f"title {i}", 0.1) for i in range(5000)]
    assert abs(np.mean(held) - 0.1) < 0.02
    assert held == [corpora.held_out(f"title {i}", 0.1) for i in range(5000)]


def test_at_least_one_work_is_held_out_and_a_larger_share_holds_more():
    frame = tiny_works(works=40, paragraphs=1)
    few, many = (corpora.validation_works(frame, share) for share in (1e-6, 0.5))
    assert len(few) == 1 and few <= many and 8 < len(many) < 32


def test_at_least_one_work_is_left_to_train_on(processor, tmp_path):
    frame = tiny_works(works=3, paragraphs=4)
    corpora.encode(frame, processor, 0.999, [], tmp_path)
    assert len(np.load(tmp_path / "train.npy")) and len(np.load(tmp_path / "validation.npy"))


def test_streams_are_the_tokens_of_each_split_with_the_separator_after_each_paragraph(processor, tmp_path):
    frame = tiny_works(works=6, paragraphs=3)
    corpora.encode(frame, processor, 0.3, [3], tmp_path)
    material = corpora.Material(frame, tmp_path, processor, 0.3, 0)
    held = corpora.validation_works(frame, 0.3)
    for split, wanted in (("train", set(frame["title"]) - held), ("validation", held)):
        rows = frame[frame["title"].isin(wanted)]
        expected = [i for text in rows["text"] for i in [*processor(text, add_special_tokens=False).input_ids, 3]]
        assert material.tokens(split).dtype == np.uint16 and material.tokens(split).tolist() == expected
        assert list(material.passages(split)) == list(rows.itertuples(index=False, name=None))


def test_a_large_vocabulary_needs_wider_ids(tmp_path):
    class Large:
        def __len__(self):
            return 70_000

        def __call__(self, batch, **kwargs):
            return {"input_ids": [[69_999] for _ in batch]}

    corpora.encode(tiny_works(3, 2), Large(), 0.01, [], tmp_path)
    assert np.load(tmp_path / "train.npy").tolist() == [69_999] * 4


# --- bad input


def test_a_path_that_is_not_there_is_named(tmp_path):
    for source in (tmp_path / "books", str(tmp_path / "books.txt"), [str(tmp_path / "books.txt")], "nowhere"):
        with pytest.raises(StorageError, match=r"books|nowhere"):
            list(corpora.read(source))


def test_an_empty_file_and_blank_texts_are_a_corpus_without_text(tmp_path):
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "blank.txt").write_text(" \n\n\t\n")
    for source in (tmp_path / "empty.txt", tmp_path / "blank.txt", pd.DataFrame({"text": ["", " "] * 30})):
        with pytest.raises(DataError, match="no text"):
            corpora.validation_works(source, 0.1)


def test_an_empty_folder_and_an_empty_list(tmp_path):
    with pytest.raises(DataError, match="holds no file"):
        corpora.read(tmp_path)
    with pytest.raises(DataError, match="list"):
        corpora.read([])


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / "a.txt").write_text("fine")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\0")
    with pytest.raises(DataError, match=r"1 file.*'photo.png'"):
        corpora.read(tmp_path)
    (tmp_path / "photo.png").rename(tmp_path / "photo.txt")
    with pytest.raises(DataError, match=r"photo.txt is a binary file"):
        list(corpora.read(tmp_path))
    with pytest.raises(DataError, match=r"photo.txt is a binary file"):
        list(corpora.read(tmp_path / "photo.txt"))
    (tmp_path / "photo.txt").write_bytes("caf\xe9".encode("latin-1"))
    with pytest.raises(DataError, match=r"photo.txt is not UTF-8"):
        list(corpora.read(tmp_path))


@pytest.mark.parametrize("content", [b"", b"PAR1 not really"], ids=["empty", "other"])
def test_a_broken_parquet_file_is_named(tmp_path, content):
    (tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.parquet"):
        list(corpora.read(tmp_path / "x.parquet"))


def test_a_table_without_texts(tmp_path):
    frame = pd.DataFrame({"words": ["a"]})
    frame.to_parquet(tmp_path / "x.parquet")
    for source in (frame, datasets.Dataset.from_pandas(frame), tmp_path / "x.parquet"):
        with pytest.raises(DataError, match=r"\['words'\]; expected .*'text'"):
            list(corpora.read(source))


@pytest.mark.parametrize("bad", [None, 5, 0.5, ["a"]])
def test_a_row_that_is_no_text_is_shown(tmp_path, bad):
    frame = pd.DataFrame({"text": pd.Series(["good", bad], dtype=object)})
    with pytest.raises(DataError, match="expected a string"):
        list(corpora.read(frame))


def test_a_missing_text_in_a_file(tmp_path):
    pd.DataFrame({"text": ["good", None]}).to_parquet(tmp_path / "x.parquet")
    (tmp_path / "x.csv").write_text("title,text\na,good\nb,\n")
    for name in ("x.parquet", "x.csv"):
        with pytest.raises(DataError, match=rf"{name} .*expected a string"):
            list(corpora.read(tmp_path / name))


@pytest.mark.parametrize("source", [None, 5, {"text": ["a"]}, object()])
def test_what_is_no_corpus(source):
    with pytest.raises(DataError, match=rf"type {type(source).__name__} cannot be read"):
        corpora.read(source)


def test_one_single_work_cannot_be_held_out():
    with pytest.raises(DataError, match="single piece"):
        corpora.validation_works(["only a few words", "and a few more"], 0.5)


def test_an_embedded_data_set_or_a_dict_of_splits_is_no_corpus_but_says_so():
    splits = datasets.DatasetDict({"train": datasets.Dataset.from_dict({"text": ["a b"]})})
    with pytest.raises(DataError, match="DatasetDict cannot be read"):
        corpora.read(splits)
