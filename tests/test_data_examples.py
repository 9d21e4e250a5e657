"""Data without classes: pairs, questions with answers and running text, from reading to the report."""

import json
from itertools import pairwise

import datasets
import numpy as np
import pandas as pd
import pytest

from finetune_kit import data
from finetune_kit.data.checking import near_duplicates, repeated
from finetune_kit.errors import DataError, FinetuneKitError, StorageError, UnknownNameError

PARIS = "Paris is the capital of France. Paris lies on the Seine."
LYON = "Lyon lies on the Rhône."
OFF = "whose answer stands once in the context but not at its answer_start: the starts seem to be off"
SQUAD_FORM = ["id", "context", "question", "answers"]


def error_of(kind, act):
    with pytest.raises(kind) as caught:
        act()
    assert isinstance(caught.value, FinetuneKitError)
    return str(caught.value)


def all_of(made):
    """The rows of the one split."""
    assert list(made) == ["all"]
    return made["all"].to_list()


def paired(sources, targets, **options):
    return data.pairs({"all": pd.DataFrame({"en": sources, "fr": targets})}, "en", "fr", **options)


def questions(answers, contexts=PARIS, **options):
    count = len(answers)
    contexts = [contexts] * count if isinstance(contexts, str) else contexts
    # A list of dicts as a column: pandas must not make more of it than objects.
    column = pd.Series([None] * count, dtype=object)
    for row, answer in enumerate(answers):
        column.at[row] = answer
    frame = pd.DataFrame({"question": [f"Question {row}?" for row in range(count)], "context": contexts})
    return data.answered({"all": frame.assign(answers=column)}, **options)


def answer_of(answer, context=PARIS):
    (row,) = all_of(questions([answer], context))
    return row["answers"]["text"], row["answers"]["answer_start"]


# Pairs


def test_pairs_are_strings_under_source_and_target():
    made = paired(["a dog", "taxi"], ["un chien", "taxi"])
    assert made["all"].features == {"source": datasets.Value("string"), "target": datasets.Value("string")}
    assert all_of(made) == [{"source": "a dog", "target": "un chien"}, {"source": "taxi", "target": "taxi"}]


def test_pairs_keep_line_breaks_case_and_white_space():
    assert all_of(paired([" A\ndog "], ["Un\n\nchien"])) == [{"source": " A\ndog ", "target": "Un\n\nchien"}]


def test_pairs_of_a_frame_with_its_own_index_and_a_column_that_is_called_target():
    frame = pd.DataFrame({"target": ["a", "b"], "en": ["c", "d"]}, index=[7, 7])
    made = data.pairs({"all": frame}, "target", "en")
    assert made["all"]["source"][:] == ["a", "b"] and made["all"]["target"][:] == ["c", "d"]


def test_bad_pairs_are_counted_by_side_and_kind():
    message = error_of(
        DataError, lambda: paired(["a", "", 5, "d", "e", "f"], ["1", "2", "3", None, "x" * 100_001, "6"])
    )
    assert message == (
        "4 of 6 rows cannot be used: 1 with an empty or missing source (row 2); "
        "1 whose source is not a string (row 3); 1 with an empty or missing target (row 4); "
        "1 with a target of over 100,000 characters (row 5). "
        "Mend them, or pass drop_bad_rows=True (--drop-bad-rows) to leave them out."
    )


def test_bad_pairs_are_dropped_when_asked_but_never_all():
    made = paired(["a", " ", "c"], ["1", "2", None], drop_bad_rows=True)
    assert all_of(made) == [{"source": "a", "target": "1"}]
    assert "Is this the right column?" in error_of(DataError, lambda: paired([1, 2], ["a", "b"], drop_bad_rows=True))


def test_a_text_of_exactly_the_longest_length_is_good():
    assert len(all_of(paired(["x" * 100_000], ["y"]))) == 1


def test_one_column_cannot_be_both_sides():
    frames = {"all": pd.DataFrame({"en": ["a"], "fr": ["b"]})}
    message = error_of(DataError, lambda: data.pairs(frames, "en", "en"))
    assert "source and the target are both the column 'en'; expected two" in message


def test_a_missing_column_names_the_nearest():
    frames = {"all": pd.DataFrame({"english": ["a"], "french": ["b"]})}
    message = error_of(UnknownNameError, lambda: data.pairs(frames, "english", "frenchs"))
    assert "no column 'frenchs'. Did you mean 'french'? Known: english, french." in message
    message = error_of(UnknownNameError, lambda: data.answered({"all": pd.DataFrame({"question": ["a"]})}))
    assert "no column 'context'" in message
    message = error_of(UnknownNameError, lambda: data.running({"all": pd.DataFrame({"texts": ["a"]})}))
    assert "no column 'text'. Did you mean 'texts'?" in message


MAKERS = {
    "pairs": lambda frames: data.pairs(frames, "question", "context"),
    "answered": data.answered,
    "running": lambda frames: data.running(frames, "context"),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_data_without_splits_or_rows_or_with_a_column_twice(make):
    columns = ["question", "context", "answers"]
    assert "no splits" in error_of(DataError, lambda: make({}))
    assert "no rows" in error_of(DataError, lambda: make({"all": pd.DataFrame({c: [] for c in columns})}))
    twice = pd.DataFrame([["a", "b", "c", "d"]], columns=[*columns, "context"])
    assert "several columns 'context'" in error_of(DataError, lambda: make({"all": twice}))


# Questions with answers


def test_answers_have_the_form_of_squad():
    made = questions(["Seine"])["all"]
    assert made.column_names == SQUAD_FORM
    assert made.features["answers"] == {
        "text": datasets.List(datasets.Value("string")),
        "answer_start": datasets.List(datasets.Value("int32")),
    }
    assert made.to_list() == [
        {
            "id": "all-1",
            "context": PARIS,
            "question": "Question 0?",
            "answers": {"text": ["Seine"], "answer_start": [50]},
        }
    ]


ANSWER_FORMS = {
    "dict of lists": {"text": ["Paris", "Seine"], "answer_start": [32, 50]},
    "dict of arrays": {"text": np.array(["Paris", "Seine"], dtype=object), "answer_start": np.array([32, 50], "int32")},
    "list of dicts": [{"text": "Paris", "answer_start": 32}, {"text": "Seine", "answer_start": 50}],
    "array of dicts": np.array([{"text": "Paris", "answer_start": 32}, {"text": "Seine", "answer_start": 50}]),
    "starts as floats": {"text": ["Paris", "Seine"], "answer_start": [32.0, 50.0]},
}


@pytest.mark.parametrize("answer", ANSWER_FORMS.values(), ids=ANSWER_FORMS.keys())
def test_each_form_of_two_answers(answer):
    assert answer_of(answer) == (["Paris", "Seine"], [32, 50])


@pytest.mark.parametrize("answer", ["", "  ", None, float("nan"), pd.NA, [], {"text": [], "answer_start": []}])
def test_each_form_of_no_answer(answer):
    assert answer_of(answer) == ([], [])


def test_a_plain_answer_starts_where_it_first_occurs():
    assert answer_of("Paris") == (["Paris"], [0])
    assert answer_of("Rhône.", LYON) == (["Rhône."], [17])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("Berlin", "whose answer occurs nowhere in the context"),
        ({"text": ["Seine"], "answer_start": [49]}, OFF),
        ({"text": ["Paris"], "answer_start": [1]}, "whose answer does not stand at its answer_start"),  # stands twice
        ({"text": ["Berlin"], "answer_start": [1]}, "whose answer does not stand at its answer_start"),
        ({"text": ["paris"], "answer_start": [0]}, "whose answer does not stand at its answer_start"),
        ({"text": ["Seine"], "answer_start": [-6]}, "with an answer_start outside of the context"),
        ({"text": ["Seine"], "answer_start": [len(PARIS)]}, "with an answer_start outside of the context"),
        ({"text": ["Seine"], "answer_start": [2**40]}, "with an answer_start outside of the context"),
        ({"text": ["Paris", "Seine"], "answer_start": [0]}, "with other numbers of answer texts than of starts"),
        ({"text": [""], "answer_start": [0]}, "with an empty text in the list of answers"),
        ({"text": ["Paris", "Seine"], "answer_start": [0, 49]}, OFF),
        ({"text": ["Paris"]}, "whose answers are not a string, a list of {'text', 'answer_start'} or a dict of such"),
        ({"text": ["Paris"], "answer_start": [None]}, "whose answers are not a string"),
        ({"text": ["Paris"], "answer_start": ["0"]}, "whose answers are not a string"),
        ({"text": ["Paris"], "answer_start": [0.5]}, "whose answers are not a string"),
        ({"text": [5], "answer_start": [0]}, "whose answers are not a string"),
        ({"text": "Paris", "answer_start": 0}, "whose answers are not a string"),
        ([{"text": "Paris"}], "whose answers are not a string"),
        (["Paris"], "whose answers are not a string"),
        (5, "whose answers are not a string"),
        ("paris is", "whose answer occurs in the context in another case, with other spaces or accents"),
        ("Paris\u00a0is", "whose answer occurs in the context in another case, with other spaces or accents"),
        ("{'text': ['Paris'], 'answer_start': [0]}", "whose answers are a list or dict written as a string"),
        ('[{"text": "Paris", "answer_start": 0}]', "whose answers are a list or dict written as a string"),
    ],
)
def test_an_answer_that_cannot_be_used_says_why(answer, words):
    message = error_of(DataError, lambda: questions(["Seine", answer, answer]))
    assert "2 of 3 rows cannot be used: 2 " + words in message and "(rows 2, 3; in row 2: " in message


def test_bad_answers_of_several_kinds_are_counted_apart_and_dropped_when_asked():
    off = {"text": ["Seine"], "answer_start": [48]}
    answers = ["Seine", "Berlin", off, None, off]
    message = error_of(DataError, lambda: questions(answers))
    assert "3 of 5 rows" in message and "nowhere in the context (row 2: 'Berlin'); 2 whose" in message
    assert "seem to be off (rows 3, 5; in row 3: 'Seine' at 48, where 'e Sei' stands). Mend" in message
    with pytest.warns(UserWarning, match="3 of 5 rows are left out: 1 whose answer occurs nowhere"):
        kept = all_of(questions(answers, drop_bad_rows=True))
    assert [(row["id"], row["question"], row["answers"]["text"]) for row in kept] == [
        ("all-1", "Question 0?", ["Seine"]),
        ("all-4", "Question 3?", []),
    ]


def test_an_answer_with_its_accents_in_another_form_says_so():
    message = error_of(DataError, lambda: questions(["Rho\u0302ne", "Lyon"], LYON))
    assert "1 whose answer occurs in the context in another case" in message


# Arabic and accents take two bytes a letter, Devanagari three, emoji four and two units of UTF-16.
SPEAKING = {
    "Der Bürger wählt in Köln den Rat.": "Köln",
    "العاصمة هي القاهرة": "القاهرة",
    "भारत की राजधानी दिल्ली है": "दिल्ली",
    "😀 Ann and 👨‍👩‍👧 live in Lyon.": "Lyon",
    "Ann lives in Rome.": "Rome",
}


def spans_counted(counted):
    """Of each of SPEAKING the answer as SQuAD has it, its start counted so."""
    return [
        {"text": [text], "answer_start": [counted(context[: context.index(text)])]}
        for context, text in SPEAKING.items()
    ]


UNITS = {
    "bytes of UTF-8": (lambda before: len(before.encode()), 4),
    "units of UTF-16": (lambda before: len(before.encode("utf-16-le")) // 2, 1),
}


@pytest.mark.parametrize("unit", UNITS)
def test_starts_in_other_units_are_converted_and_counted(unit):
    counted, rows = UNITS[unit]
    with pytest.warns(UserWarning, match=f"In {rows} of 5 rows answer_start counts {unit} in place of characters"):
        made = all_of(questions(spans_counted(counted), list(SPEAKING)))
    assert [row["answers"] for row in made] == spans_counted(len)


def test_starts_in_characters_are_not_talked_about(recwarn):
    made = all_of(questions(spans_counted(len), list(SPEAKING)))
    assert [row["answers"] for row in made] == spans_counted(len) and not recwarn.list


def test_one_wrong_start_among_bytes_stays_wrong():
    spans = spans_counted(UNITS["bytes of UTF-8"][0])
    spans[4]["answer_start"] = [3]
    with pytest.warns(UserWarning, match="In 4 of 5 rows answer_start counts bytes"):
        message = error_of(DataError, lambda: questions(spans, list(SPEAKING)))
    assert "1 of 5 rows cannot be used: 1 whose answer stands once" in message
    assert "(row 5: 'Rome' at 3, where ' liv' stands)" in message


def test_bytes_that_fit_one_row_do_not_outvote_the_characters_of_the_others(recwarn):
    spans = spans_counted(len)
    spans[0]["answer_start"] = [22]  # right in bytes, and wrong in characters
    message = error_of(DataError, lambda: questions(spans, list(SPEAKING)))
    assert "1 of 5 rows cannot be used" in message and not recwarn.list


def test_an_answer_that_stands_twice_is_the_one_that_the_bytes_mean():
    context = "Ä a b a"
    with pytest.warns(UserWarning, match="In 1 of 1 rows"):
        (row,) = all_of(questions([{"text": ["a", "b"], "answer_start": [3, 5]}], context))
    assert row["answers"]["answer_start"] == [2, 4]


def test_a_start_within_a_character_is_none():
    spans = [{"text": ["Köln"], "answer_start": [2]}]
    assert "stands once in the context but not at" in error_of(DataError, lambda: questions(spans, "äää Köln"))


def test_ids_that_stand_twice_are_counted():
    frame = pd.DataFrame({"id": list("xxyxz"), "question": "a?", "context": LYON, "answers": "Lyon"})
    with pytest.warns(UserWarning, match="2 of 5 rows have an id that an earlier row has too; all are numbered anew"):
        assert data.answered({"dev": frame})["dev"]["id"][:] == [f"dev-{row}" for row in range(1, 6)]


def test_a_context_that_shows_nothing_or_is_broken_is_a_bad_row():
    contexts = ["\u200b\ufeff", "Ly\0on", LYON]
    message = error_of(DataError, lambda: questions(["Lyon"] * 3, contexts))
    assert "2 of 3 rows cannot be used: 1 with an empty or missing context (row 1)" in message
    assert "1 with a null character in the context (row 2)." in message and "answer" not in message


def test_a_bad_question_or_context_is_counted_and_its_answer_not_looked_up():
    frame = pd.DataFrame(
        {"question": ["", None, "q", "q", "q"], "context": [LYON, LYON, "", 7, LYON], "answers": ["Lyon"] * 5}
    )
    message = error_of(DataError, lambda: data.answered({"train": frame}))
    assert "4 of 5 rows of the split 'train'" in message and "answer" not in message
    assert "2 with an empty or missing question (rows 1, 2); 1 with an empty or missing context (row 3)" in message
    assert "1 whose context is not a string (row 4)" in message


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["x", "y"], ["x", "y"]),
        ([10, 9], ["10", "9"]),
        (["x", "x"], ["dev-1", "dev-2"]),
        (["x", None], ["dev-1", "dev-2"]),
    ],
)
def test_ids_are_the_datas_own_where_they_tell_rows_apart(ids, expected):
    frame = pd.DataFrame({"id": ids, "q": ["a?", "b?"], "c": LYON, "a": ["Lyon", ""]})
    made = data.answered({"dev": frame}, "q", "c", "a")
    assert made["dev"]["id"][:] == expected


def test_answers_of_a_dataset_of_the_hubs_form_come_out_as_they_went_in():
    features = datasets.Features({**questions(["Seine"])["all"].features, "title": datasets.Value("string")})
    rows = [
        {"id": "1", "context": LYON, "question": "a?", "answers": {"text": ["Lyon"], "answer_start": [0]}},
        {"id": "2", "context": LYON, "question": "b?", "answers": {"text": [], "answer_start": []}},
    ]
    source = datasets.Dataset.from_list([row | {"title": "Lyon"} for row in rows], features=features)
    assert all_of(data.answered(data.read(source))) == rows


# Running text


def test_running_text_leaves_empty_rows_out():
    made = data.running({"train": pd.DataFrame({"text": ["", " one\n", None, "\n", "two"]})})
    assert made["train"].to_list() == [{"text": " one\n"}, {"text": "two"}]
    assert made["train"].features == {"text": datasets.Value("string")}


def test_running_text_of_a_frame_whose_index_repeats():
    frame = pd.DataFrame({"text": ["one", "", "two"]}, index=[4, 4, 4])
    assert data.running({"all": frame})["all"]["text"][:] == ["one", "two"]


def test_empty_rows_of_running_text_are_counted():
    frames = {"train": pd.DataFrame({"text": ["", "one", None, "\u200b", "two"]})}
    with pytest.warns(UserWarning, match="3 of 5 rows of the split 'train' are empty and left out"):
        assert data.running(frames)["train"]["text"][:] == ["one", "two"]


def test_null_characters_of_running_text_are_a_bad_row():
    frames = {"all": pd.DataFrame({"text": ["one", "t\0wo"]})}
    assert "1 with a null character in the text (row 2)" in error_of(DataError, lambda: data.running(frames))


def test_running_text_may_be_of_any_length():
    made = data.running({"all": pd.DataFrame({"book": ["x" * 200_000]})}, "book")
    assert len(made["all"]["text"][0]) == 200_000


def test_running_text_that_is_no_string_is_an_error_or_dropped():
    frames = {"all": pd.DataFrame({"text": ["one", "", 5, ["two"]]})}
    message = error_of(DataError, lambda: data.running(frames))
    assert "2 of 4 rows cannot be used: 2 whose text is not a string (rows 3, 4)" in message
    assert data.running(frames, drop_bad_rows=True)["all"]["text"][:] == ["one"]


def test_a_split_without_text_is_an_error():
    parts = {"train": pd.DataFrame({"text": ["one"]}), "test": pd.DataFrame({"text": ["", None]})}
    message = error_of(DataError, lambda: data.running(parts))
    assert "The split 'test' has no text: none of its 2 rows has any in the column 'text'" in message
    only_numbers = {"all": pd.DataFrame({"text": ["", 5]})}
    message = error_of(DataError, lambda: data.running(only_numbers, drop_bad_rows=True))
    assert "The data has no text: none of its 2 rows" in message


# Reading: SQuAD's JSON, other JSON, text, aligned files


def squad(*paragraphs, **fields):
    return {"version": "v2.0", "data": [{"title": "Cities", "paragraphs": list(paragraphs)}], **fields}


def qa(number, **fields):
    return {"id": f"id{number}", "question": f"Question {number}?", **fields}


SQUAD = squad(
    {
        "context": PARIS,
        "qas": [
            qa(1, answers=[{"text": "Seine", "answer_start": 50}, {"text": "the Seine", "answer_start": 46}]),
            qa(2, answers=[], is_impossible=True, plausible_answers=[{"text": "Paris", "answer_start": 0}]),
        ],
    },
    {"context": LYON, "qas": [qa(3, answers=[{"text": "Lyon", "answer_start": 0}], is_impossible=False)]},
)


@pytest.mark.parametrize("options", [{}, {"indent": 2}, {"ensure_ascii": False}], ids=["one line", "indented", "UTF-8"])
def test_squads_json_is_flattened(tmp_path, options):
    (tmp_path / "dev.json").write_text(json.dumps(SQUAD, **options), encoding="utf-8")
    frame = data.read(tmp_path / "dev.json")["all"]
    assert list(frame.columns) == ["id", "title", "context", "question", "answers"]
    assert frame["title"].tolist() == ["Cities"] * 3 and frame["context"].tolist() == [PARIS, PARIS, LYON]
    made = all_of(data.answered({"all": frame}))
    assert [(row["id"], row["question"]) for row in made] == [(f"id{n}", f"Question {n}?") for n in (1, 2, 3)]
    assert [(row["answers"]["text"], row["answers"]["answer_start"]) for row in made] == [
        (["Seine", "the Seine"], [50, 46]),
        ([], []),
        (["Lyon"], [0]),
    ]


PART = {"context": LYON, "qas": [qa(1, answers=[])]}
BAD_SQUAD = [
    (squad(PART, {"qas": []}), "data[0].paragraphs[1] has no 'context'; expected an object with 'context' of type str"),
    (squad({"context": LYON}), "data[0].paragraphs[0] has no 'qas'"),
    (squad({"context": LYON, "qas": [qa(1)]}), "data[0].paragraphs[0].qas[0] has no 'answers'"),
    (squad({"context": LYON, "qas": [{"answers": []}]}), "qas[0] has no 'question'"),
    (squad({"context": LYON, "qas": ["Where?"]}), "qas[0] is of type str; expected an object with 'question'"),
    (squad({"context": LYON, "qas": [qa(1, answers={"text": []})]}), "qas[0] has 'answers' of type dict; expected"),
    (squad({"context": LYON, "qas": [qa(1, answers=[{"text": "a"}])]}), "qas[0].answers[0] has no 'answer_start'"),
    (squad(PART, 5), "data[0].paragraphs[1] is of type int"),
    ({"data": [{"paragraphs": [PART]}, {"title": "Rome"}]}, "data[1] has no 'paragraphs'"),
    (squad(), "holds no rows"),
    (squad({"context": LYON, "qas": []}), "holds no rows"),
]


@pytest.mark.parametrize(("content", "words"), BAD_SQUAD)
def test_broken_squad_json_names_the_place(tmp_path, content, words):
    (tmp_path / "dev.json").write_text(json.dumps(content))
    message = error_of(DataError, lambda: data.read(tmp_path / "dev.json"))
    assert "dev.json" in message and words in message


ROWS = [{"text": "one", "n": 1}, {"text": "two", "n": 2}]
JSON_FORMS = {
    "a list": json.dumps(ROWS),
    "an indented list with a byte order mark": "\ufeff" + json.dumps(ROWS, indent=1),
    "one object a line": "\n".join(map(json.dumps, ROWS)) + "\n",
    "a list under data": json.dumps({"version": 1, "data": ROWS}),
}


@pytest.mark.parametrize("content", JSON_FORMS.values(), ids=JSON_FORMS.keys())
def test_json_of_several_forms(tmp_path, content):
    (tmp_path / "a.json").write_text(content, encoding="utf-8")
    assert data.read(tmp_path / "a.json")["all"].to_dict("records") == ROWS


def test_an_impossible_question_has_no_answers_whatever_stands_there(tmp_path):
    given = [{"text": "Lyon", "answer_start": 0}]
    qas = [qa(1, is_impossible=True, answers=given), qa(2, is_impossible=True), qa(3, answers=given)]
    (tmp_path / "dev.json").write_text(json.dumps(squad({"context": LYON, "qas": qas})))
    made = all_of(data.answered(data.read(tmp_path / "dev.json")))
    assert [row["answers"]["text"] for row in made] == [[], [], ["Lyon"]]


def test_one_object_is_one_row(tmp_path):
    (tmp_path / "a.json").write_text('{\n"text": "one"\n}')
    assert data.read(tmp_path / "a.json")["all"].to_dict("records") == [{"text": "one"}]


BAD_FILES = [
    ("a.json", b"[]", "holds no rows"),
    ("a.json", b" \n", "holds no rows"),
    ("a.json", b'[{"text": "a"}, "b"]', "item 2 of the list is of type str; expected an object"),
    ("a.json", b'"a"', "holds a str; expected one object a line, or a list of them"),
    ("a.json", b'[{"text": "a"},\n{"text": }]', "line 2 is not JSON (Expecting value)"),
    ("a.json", b'{"text": "a"}\n{"text": \n', "line 2 is not JSON"),
    ("a.json", b'{"text": "a"}\n[1]\n', "line 2 holds a list; expected one object a line"),
    ("a.txt", b"", "empty (0 bytes)"),
    ("a.txt", b" \r\n\n", "holds white space only"),
    ("a.txt", b"one\0two", "binary file"),
    ("a.txt", "one\ncaf\xe9".encode("latin-1"), "byte 0xe9 in line 2"),
    ("a.docx", b"abc", ".parquet, .txt"),
]


@pytest.mark.parametrize(("name", "content", "words"), BAD_FILES)
def test_a_file_that_cannot_be_read_says_why(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    message = error_of(DataError, lambda: data.read(tmp_path / name))
    assert name in message and words in message


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("one\ntwo\n", ["one", "two"]),
        ("one\r\ntwo", ["one", "two"]),
        ("\ufeffone\ntwo\n\n\n", ["one", "two"]),
        ("one\ntwo\n\nthree\n", ["one\ntwo", "three"]),
        ("one\r\ntwo\r\n \r\n\r\n  three\r\n", ["one\ntwo", "  three"]),
        ("one\u2028still one\ntwo", ["one\u2028still one", "two"]),
    ],
)
def test_text_by_paragraphs_or_by_lines(tmp_path, content, texts):
    (tmp_path / "a.txt").write_bytes(content.encode())
    frame = data.read(str(tmp_path / "a.txt"))["all"]
    assert list(frame.columns) == ["text"] and frame["text"].tolist() == texts


def aligned(folder, source, target, names=("a.en", "a.fr")):
    files = [folder / name for name in names]
    for file, content in zip(files, (source, target), strict=True):
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return files


@pytest.mark.parametrize("names", [("a.en", "a.fr"), ("en.txt", "fr.TXT"), ("en", "fr")])
@pytest.mark.parametrize("as_given", [tuple, list, lambda files: [str(file) for file in files]])
def test_aligned_files_are_sources_and_targets(tmp_path, names, as_given):
    files = aligned(tmp_path, "a dog\na cat\n", "un chien\nun chat", names)
    frame = data.read(as_given(files))["all"]
    assert frame.to_dict("list") == {"source": ["a dog", "a cat"], "target": ["un chien", "un chat"]}


def test_aligned_files_with_a_byte_order_mark_carriage_returns_and_strange_line_ends(tmp_path):
    files = aligned(tmp_path, "\ufeffa dog\r\na\u2028cat\r\n", "un chien\x0c\nun\x85chat\n")
    frame = data.read(files)["all"]
    assert frame["source"].tolist() == ["a dog", "a\u2028cat"]
    assert frame["target"].tolist() == ["un chien\x0c", "un\x85chat"]


def test_an_empty_line_of_an_aligned_file_is_a_bad_row(tmp_path):
    frames = data.read(aligned(tmp_path, "a dog\n\na cat\n", "un chien\nun loup\nun chat\n"))
    message = error_of(DataError, lambda: data.pairs(frames, "source", "target"))
    assert "1 of 3 rows cannot be used: 1 with an empty or missing source (row 2)" in message


def test_aligned_files_of_different_lengths_give_both_counts(tmp_path):
    message = error_of(DataError, lambda: data.read(aligned(tmp_path, "a\nb\nc\n", "1\n2")))
    assert "a.en has 3 lines and " in message and "a.fr has 2; expected as many" in message


# Of unlike lengths, and the translation is longer by a fifth.
SENTENCES = [("word " * (1 + 7 * n % 11)).strip() for n in range(40)]
TRANSLATED = [text.replace("word", "parole") for text in SENTENCES]


def suspected(folder, source, target):
    return error_of(DataError, lambda: data.read(aligned(folder, "\n".join(source), "\n".join(target))))


def test_the_line_that_is_empty_on_one_side_is_named(tmp_path):
    both_empty = [*SENTENCES[:5], "", *SENTENCES[5:]], [*TRANSLATED[:5], "", *TRANSLATED[5:]]
    message = suspected(tmp_path, both_empty[0], [*both_empty[1][:9], " \u200b", *both_empty[1][9:]])
    assert "Look at line 10, which is empty in the second alone." in message
    assert "line 41, which is empty in the first" in suspected(tmp_path, [*SENTENCES, "", "", ""], TRANSLATED)


@pytest.mark.parametrize("line", [1, 2, 17, 39, 40])
def test_the_line_where_the_lengths_go_apart_is_named(tmp_path, line):
    missing = TRANSLATED[: line - 1] + TRANSLATED[line:]
    assert f"they go apart near line {line}:" in suspected(tmp_path, SENTENCES, missing)
    assert f"they go apart near line {line}:" in suspected(
        tmp_path, SENTENCES[: line - 1] + SENTENCES[line:], TRANSLATED
    )


def test_a_line_broken_in_two_is_found_to_the_line(tmp_path):
    place = max(range(40), key=lambda n: len(SENTENCES[n]) if 10 < n < 30 else 0)
    broken = [*SENTENCES[:place], *SENTENCES[place].split(" ", 5)[:1], SENTENCES[place][5:], *SENTENCES[place + 1 :]]
    message = suspected(tmp_path, broken, TRANSLATED)
    assert any(f"near line {number}:" in message for number in (place + 1, place + 2))


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty (0 bytes)"), (b"\0\1", "binary file"), ("caf\xe9".encode("latin-1"), "byte 0xe9 in line 1")],
)
def test_an_aligned_file_that_cannot_be_read_is_named(tmp_path, content, words):
    message = error_of(DataError, lambda: data.read(aligned(tmp_path, "a\n", content)))
    assert "a.fr" in message and words in message


def test_an_aligned_file_that_is_a_table_a_folder_or_not_there(tmp_path):
    files = aligned(tmp_path, "a\n", "b\n", ("a.csv", "b.txt"))
    message = error_of(DataError, lambda: data.read(files))
    assert "a.csv is a table, not a text" in message and "pass its path alone" in message
    assert "is a folder; expected a text file." in error_of(StorageError, lambda: data.read((files[1], tmp_path)))
    message = error_of(StorageError, lambda: data.read((files[1], tmp_path / "c.txt")))
    assert "There is no file" in message and "c.txt" in message and "b.txt" in message


@pytest.mark.parametrize("source", [["a.en"], ["a.en", "a.fr", "a.de"], ("a.en", 5), []])
def test_a_list_of_anything_but_two_paths_is_refused(source):
    message = error_of(DataError, lambda: data.read(source))
    assert f"type {type(source).__name__} cannot be read" in message and "two paths of aligned text files" in message


def test_a_missing_text_file_is_not_taken_for_a_hub_id():
    assert "There is no file 'own/story.txt'" in error_of(StorageError, lambda: data.read("own/story.txt"))


# The embedded data set


@pytest.fixture(scope="module")
def phrases():
    return data.split(data.pairs(data.read("phrases"), "source", "target"))


def test_the_embedded_phrases(phrases):
    assert {name: len(part) for name, part in phrases.items()} == {
        "train": 5000,
        "validation": 500,
        "test": 600,
        "handwritten": 200,
    }
    assert list(phrases) == ["train", "validation", "test", "handwritten"]
    assert all(part.column_names == ["source", "target"] for part in phrases.values())
    frame = data.read("phrases")["handwritten"]
    assert phrases["handwritten"].to_list() == [
        {"source": en, "target": fr} for en, fr in zip(frame["en"], frame["fr"], strict=True)
    ]


# Splitting


def texts_of(count, word="text"):
    return data.running({"all": pd.DataFrame({"text": [f"{word} number {i}" for i in range(count)]})})


def test_data_without_classes_is_divided_by_the_share():
    made = data.split(texts_of(200))
    # 15 % of 200 to test, 15 % of the other 170 to validation (25.5, rounded to 26)
    assert {name: len(part) for name, part in made.items()} == {"train": 144, "validation": 26, "test": 30}
    held = [text for part in made.values() for text in part["text"]]
    assert sorted(held) == sorted(f"text number {i}" for i in range(200))


def test_a_split_of_data_without_classes_depends_on_the_seed_alone():
    one, same, other = (data.split(texts_of(40), seed)["test"]["text"][:] for seed in (1, 1, 2))
    assert one == same and one != other


def test_pairs_of_one_source_stay_in_one_split():
    sources = [f"Source {i % 40}" if i < 40 else f" source  {i % 40}" for i in range(80)]
    made = data.split(paired(sources, [f"target {i}" for i in range(80)]))
    held = [{" ".join(text.lower().split()) for text in part["source"]} for part in made.values()]
    assert sum(map(len, held)) == len(set.union(*held)) == 40
    assert sum(map(len, made.values())) == 80


def test_no_context_is_shared_across_splits():
    contexts = [f"The town of number {i // 5} is old." for i in range(100)]
    made = data.split(questions(["town"] * 100, contexts))
    held = [set(part["context"]) for part in made.values()]
    # of 20 contexts 3 go to test and, of the other 17, 3 (2.55) to validation; each takes its 5 questions along
    assert [len(part) for part in held] == [14, 3, 3] and len(set.union(*held)) == 20
    assert {name: len(part) for name, part in made.items()} == {"train": 70, "validation": 15, "test": 15}
    assert made["test"].column_names == SQUAD_FORM


def test_further_splits_are_kept_for_data_without_classes():
    part = texts_of(20)["all"]
    made = data.split(datasets.DatasetDict({"handwritten": part.select([0, 1]), "dev": part.select([2]), "all": part}))
    assert list(made) == ["train", "validation", "test", "handwritten"]
    assert made["handwritten"]["text"][:] == ["text number 0", "text number 1"]
    assert made["validation"]["text"][:] == ["text number 2"] and len(made["test"]) == 3 and len(made["train"]) == 17


def test_further_splits_do_not_stand_in_for_train():
    part = texts_of(20)["all"]
    message = error_of(DataError, lambda: data.split(datasets.DatasetDict({"handwritten": part, "test": part})))
    assert "splits ['handwritten', 'test']; expected 'train'" in message


def test_three_distinct_texts_suffice_and_two_do_not():
    assert {name: len(part) for name, part in data.split(texts_of(3)).items()} == dict.fromkeys(data.SPLITS, 1)
    message = error_of(DataError, lambda: data.split(texts_of(2)))
    assert "The data has 2 distinct texts; at least 3 are needed to divide" in message and "Add examples." in message
    message = error_of(DataError, lambda: data.split(questions(["Paris"] * 9)))
    assert "The data has 1 distinct contexts" in message
    message = error_of(DataError, lambda: data.split(paired(["a", " A"], ["b", "c"])))
    assert "The data has 1 distinct sources" in message


def test_a_data_set_that_has_another_form_is_refused():
    part = datasets.Dataset.from_dict({"review": ["a", "b"]})
    message = error_of(DataError, lambda: data.split(datasets.DatasetDict({"all": part})))
    assert "columns ['review']; expected one of text, source, context" in message
    assert all(name in data.__all__ and name in message for name in ("labelled", "pairs", "answered", "sounded"))


# Sampling


def test_a_sample_of_data_without_classes_is_a_part_of_a_larger_one_in_the_order_of_the_data():
    train = texts_of(100)["all"]
    numbers = [
        [int(text.split()[-1]) for text in data.sample(train, labels, seed=3)["text"]] for labels in (1, 5, 40, 100)
    ]
    assert [len(drawn) for drawn in numbers] == [1, 5, 40, 100]
    assert all(set(few) < set(more) for few, more in pairwise(numbers))
    assert all(drawn == sorted(drawn) for drawn in numbers)


def test_samples_of_one_seed_agree_and_of_others_differ():
    train = texts_of(100)["all"]
    one, same, other = (data.sample(train, 10, seed)["text"][:] for seed in (0, 0, 1))
    assert one == same and one != other


@pytest.mark.parametrize("labels", [0, -1, 10])
def test_more_labels_than_examples_or_none(labels):
    message = error_of(DataError, lambda: data.sample(texts_of(9)["all"], labels))
    assert f"labels={labels} cannot be drawn from 9 training examples; expected 1 to 9, or all" in message


# Checking


def test_the_report_of_pairs_looks_at_the_sources():
    frames = {
        "train": pd.DataFrame({"en": ["one two three four five six", "a dog"], "fr": ["x", "x"]}),
        "test": pd.DataFrame({"en": ["one two three four five", "ONE  two three four five six"], "fr": ["y y", "z"]}),
    }
    report = data.report(data.pairs(frames, "en", "fr"))
    assert report.rows == {"train": 2, "test": 2}
    assert report.words == (2, 6, 6)
    # 5-grams: one-five (in three texts), two-six (in two)
    assert report.shared_ngrams == 1
    assert ("train", 0, "test", 1) in report.near_duplicates
    assert (report.duplicates, report.duplicate_count) == ([("train", 0, "test", 1)], 1)
    assert (report.classes, report.telling_word, report.telling_word_accuracy) == ({}, "", 0.0)
    assert (report.contradictions, report.contradiction_count) == ([], 0)


def test_the_report_of_questions_compares_each_context_once():
    frames = {
        "train": [PARIS, PARIS, LYON, LYON],
        "test": ["Rome was not built in a day.", PARIS.upper(), PARIS.upper()],
    }
    frames = {
        name: pd.DataFrame({"question": "Where?", "context": contexts, "answers": None})
        for name, contexts in frames.items()
    }
    report = data.report(data.answered(frames))
    assert report.rows == {"train": 4, "test": 3}
    assert report.words == (5, 11, 11)  # of four contexts of 11, 5, 7 and 11 words
    # PARIS and its capitals share all their 5-grams: 7 of 11 words; LYON has 1, the sentence on Rome 3
    assert report.shared_ngrams == pytest.approx(7 / 11)
    assert report.near_duplicates == report.duplicates == [("train", 0, "test", 1)]
    assert report.duplicate_count == 1


def test_the_report_of_running_text_by_hand():
    report = data.report(data.running({"train": pd.DataFrame({"text": ["a b c", "d", "", "e f"]})}))
    assert (report.rows, report.words, report.classes) == ({"train": 3}, (1, 2, 3), {})
    assert (report.near_duplicates, report.duplicates) == ([], [])


LABELLED = {
    "train": pd.DataFrame({"text": ["Good film", "dull", "good  film", "GOOD FILM", "new"], "label": list("xyyxy")}),
    "test": pd.DataFrame({"text": ["old", "dull ", "good film"], "label": list("xyy")}),
}


def test_duplicates_and_contradictions_by_hand():
    report = data.report(data.labelled(LABELLED, "text", "label"))
    first = ("train", 0)
    assert report.duplicates == [
        (*first, "train", 2),
        (*first, "train", 3),
        (*first, "test", 2),
        ("train", 1, "test", 1),
    ]
    assert report.contradictions == [(*first, "train", 2), (*first, "test", 2)]
    assert (report.duplicate_count, report.contradiction_count) == (4, 2)


def test_repeated_texts_with_their_places():
    assert repeated(data.labelled(LABELLED, "text", "label")) == {
        "Good film": [("train", 0), ("train", 2), ("train", 3), ("test", 2)],
        "dull": [("train", 1), ("test", 1)],
    }


def test_the_commonest_of_the_repeated_texts_comes_first():
    made = data.running({"all": pd.DataFrame({"text": ["a", "b", "a", "b", "c", "b"]})})
    assert list(repeated(made)) == ["b", "a"]
    assert data.report(made).duplicates == [("all", 1, "all", 3), ("all", 1, "all", 5), ("all", 0, "all", 2)]


def test_the_report_lists_a_hundred_pairs_and_counts_all():
    frame = pd.DataFrame({"text": ["same"] * 250, "label": ["x"] + ["y"] * 249})
    report = data.report(data.labelled({"all": frame}, "text", "label"))
    assert (report.duplicate_count, report.contradiction_count) == (249, 249)
    assert len(report.duplicates) == len(report.contradictions) == 100
    assert report.duplicates[99] == ("all", 0, "all", 100)


def test_near_duplicates_behind_the_first_block_keep_their_row_numbers(monkeypatch):
    monkeypatch.setattr("finetune_kit.data.checking.BLOCK", 2)
    texts = ["completely different words", "other matters entirely", "nothing alike", "an old bridge", "a new tower"]
    frames = {"train": pd.DataFrame({"text": texts}), "test": pd.DataFrame({"text": ["hello there", *texts[::-1]]})}
    assert near_duplicates(data.running(frames)) == [("train", i, "test", 5 - i) for i in range(5)]


def test_the_near_duplicates_of_an_empty_split_are_none():
    frames = {
        "train": pd.DataFrame({"en": ["a dog"], "fr": ["b"]}),
        "test": pd.DataFrame({"en": ["a dog"], "fr": ["b"]}).iloc[:0],
    }
    assert near_duplicates(data.pairs(frames, "en", "fr")) == []
