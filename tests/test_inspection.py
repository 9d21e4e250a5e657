"""Inspection against plain tokenizer calls, and against counts by hand on small data."""

from collections import Counter

import datasets
import numpy as np
import pandas as pd
import pytest
import transformers
from tiny import tiny_frame, tiny_pairs, tiny_questions, tiny_works, write_tiny_bert, write_tiny_gpt2, write_tiny_t5
from tokenizers import Tokenizer, models, pre_tokenizers

import finetune_kit as ftk
from finetune_kit import checkpoints, data, inspection, vocabulary
from finetune_kit.errors import ConfigError, DataError, ModelError, UnknownNameError
from finetune_kit.inspection import own_texts
from finetune_kit.inspection.pieces import cut

ODD = [
    "Don't shatter unbelievableness, café 😀!",
    "👩‍👩‍👧 naïve\n\nnext\tline  end ",
    "שלום עולם it was good",
    "مرحبا بالعالم",
    "日本語のテキスト",
    "<b>bold</b> & [UNK] <|endoftext|>",
    "e\u0301 x\u200by",
]


@pytest.fixture(scope="module")
def tokenizers():
    """One of each kind: word pieces, byte pieces, and pieces of a sentence as T5 has them."""
    texts = ["the film was good and the meal was bad", "we left it there so soon", "unbelievable cafe"] * 20
    made = vocabulary.train("t5", texts, 128)
    return {"bert": checkpoints.processor("pocket-bert"), "gpt2": checkpoints.processor("pocket-gpt"), "t5": made}


@pytest.fixture(scope="module")
def writers(tmp_path_factory):
    root = tmp_path_factory.mktemp("writers")
    return {"gpt2": str(write_tiny_gpt2(root / "gpt2")), "t5": str(write_tiny_t5(root / "t5"))}


@pytest.fixture(scope="module")
def reviews():
    """Some of the embedded reviews, of 8 tokens to 70, as a task."""
    frame = data.read("reviews")["validation"][:100]
    return ftk.TextClassification(frame)


@pytest.fixture(scope="module")
def shattering(tmp_path_factory):
    """The folder of a model whose tokenizer has few pieces: whole words, and parts of 'unbelievable'."""
    folder = write_tiny_bert(tmp_path_factory.mktemp("shattering") / "tiny")
    pieces = ["[PAD]", "[UNK]", "the", "film", "was", "un", "##believ", "##able", "##ab", "##ly", "(", ")"]
    raw = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    transformers.PreTrainedTokenizerFast(tokenizer_object=raw, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(
        folder
    )
    return str(folder)


# --- pieces


@pytest.mark.parametrize("kind", ["bert", "gpt2", "t5"])
@pytest.mark.parametrize("text", ODD)
def test_pieces_are_the_tokenizers_and_show_each_character_once(tokenizers, kind, text):
    processor = tokenizers[kind]
    pieces = cut(processor, [text])[0]
    ids = processor(text, add_special_tokens=False)["input_ids"]
    assert [piece.id for piece in pieces] == ids
    assert [piece.token for piece in pieces] == processor.convert_ids_to_tokens(ids)
    shown = [place for piece, own in zip(pieces, own_texts(text, pieces), strict=True)
             for place in range(piece.start, piece.start + len(own))]  # fmt: skip
    assert shown == sorted(set(shown))  # no character comes twice
    left_out = {text[place] for place in set(range(len(text))) - set(shown)}
    assert left_out <= {" ", "\n", "\t", "\u200b", "\u0301"}  # space, and what BERT's tokenizer throws away


@pytest.mark.parametrize(("kind", "mark"), [("gpt2", "Ġ"), ("t5", "▁")])
def test_pieces_that_do_not_begin_a_word_continue_it(tokenizers, kind, mark):
    pieces = cut(tokenizers[kind], ["it was unbelievable there"])[0]
    assert [p.continues for p in pieces] == [i > 0 and not p.token.startswith(mark) for i, p in enumerate(pieces)]
    assert any(piece.continues for piece in pieces)


def test_word_pieces_continue_a_word_where_their_name_says_so(tokenizers):
    pieces = cut(tokenizers["bert"], ["Unbelievableness, isn't it?"])[0]
    assert [piece.continues for piece in pieces] == [piece.token.startswith("##") for piece in pieces]


def test_white_space_parts_words_where_the_tokenizer_parts_nothing():
    raw = Tokenizer(models.BPE({"a": 0, "b": 1, " ": 2, "ab": 3}, [("a", "b")]))
    whole = transformers.PreTrainedTokenizerFast(tokenizer_object=raw)
    assert [(p.token, p.continues) for p in cut(whole, ["ab a"])[0]] == [("ab", False), (" ", False), ("a", True)]
    assert all(piece.known for piece in cut(whole, ["ab a"])[0])  # it has no unknown token


def test_known_is_what_has_a_piece_of_its_own(tokenizers):
    bert = {p.token: p.known for p in cut(tokenizers["bert"], ["good 🪗"])[0]}
    assert bert == {"good": True, "[UNK]": False}
    assert [p.known for p in cut(tokenizers["bert"], ["[UNK]"])[0]] == [True]  # which the text itself says
    assert all(piece.known for text in ODD for piece in cut(tokenizers["gpt2"], [text])[0])
    unknown = [ODD[0][p.start : p.end] for p in cut(tokenizers["t5"], [ODD[0]])[0] if not p.known]
    assert "é" in unknown


def test_pieces_of_nothing_are_none(tokenizers):
    assert cut(tokenizers["bert"], []) == [] and cut(tokenizers["bert"], ["", " \n"]) == [[], []]


def test_an_inspection_cuts_any_text(folder):
    found = ftk.inspect(ftk.TextClassification(tiny_frame()), folder)
    assert [(p.token, p.known) for p in found.pieces("good nonsense")] == [("good", True), ("[UNK]", False)]
    assert len(found.pieces("good " * 50_000)) == 50_000
    with pytest.raises(DataError, match="Found int"):
        found.pieces(3)


# --- what is counted


def test_counts_by_hand(shattering):
    frame = pd.DataFrame(
        {
            "text": ["the film was (unbelievably)", "the film", "xyz was unbelievable"] * 4 + ["xyz"] * 2,
            "label": ["a", "b", "a"] * 4 + ["b"] * 2,
        }
    )
    parts = datasets.DatasetDict(
        {
            "train": datasets.Dataset.from_pandas(frame[:8]),
            "validation": datasets.Dataset.from_pandas(frame[8:]),
            "test": datasets.Dataset.from_pandas(frame[:0]),
        }
    )
    found = ftk.inspect(ftk.TextClassification(parts), shattering)
    train, validation, test = found.readings.values()
    # the film was ( un ##believ ##ab ##ly ) | the film | [UNK] was un ##believ ##able
    assert train.lengths.tolist() == train.pieces.tolist() == [9, 2, 5, 9, 2, 5, 9, 2]
    assert train.words.tolist() == [4, 2, 3, 4, 2, 3, 4, 2]
    assert train.unknown.tolist() == [0, 0, 1, 0, 0, 1, 0, 0]
    assert train.unknown_words == {"xyz": 2} and validation.unknown_words == {"xyz": 4}
    assert train.shattered == {("unbelievably", "un|believ|ab|ly"): 3, ("unbelievable", "un|believ|able"): 2}
    assert not len(test.lengths) and not test.fates
    assert found.classes == {"train": {"a": 5, "b": 3}, "validation": {"a": 3, "b": 3}, "test": {"a": 0, "b": 0}}
    words = found.words.set_index("word")["times"].to_dict()
    assert words == {"xyz": 6, "unbelievably": 4, "unbelievable": 4}
    table = found.table.set_index("split")
    assert table.loc["train", ["examples", "median", "longest", "too long"]].tolist() == [8, 5, 9, 0]
    assert table.loc["train", "unknown"] == 2 / 43 and table.loc["test", "unknown"] == 0
    assert any("The test split is empty" in warning for warning in found.warnings)
    assert any("unknown to this tokenizer, most often 'xyz'" in warning for warning in found.warnings)
    assert found.examples("test") == [] and found.find("test") == []


def test_embedded_data_against_plain_calls():
    found = ftk.inspect("text-classification")
    processor = transformers.AutoTokenizer.from_pretrained(checkpoints.locate("pocket-bert"))
    for split, part in found.task.splits.items():
        assert found.lengths[split].tolist() == [len(ids) for ids in processor(part["text"][:])["input_ids"]]
        share = found.table.set_index("split").loc[split, "pieces a word"]
        assert share == pytest.approx(vocabulary.fertility(processor, part["text"][:]))
    assert found.classes["train"] == pd.Series(part_names(found.task.splits["train"])).value_counts().to_dict()


def part_names(part):
    return [part.features["label"].int2str(label) for label in part["label"]]


def test_lengths_count_what_the_model_reads_of_pairs_and_of_running_text(folder, writers):
    questions = ftk.inspect(ftk.ExtractiveQA(tiny_questions()), folder)
    part = questions.task.splits["train"]
    assert questions.lengths["train"].tolist() == [
        len(row["question"].split()) + len(row["context"].split()) + 3 for row in part
    ]
    works = ftk.inspect(ftk.Completion(tiny_works()), writers["gpt2"])
    assert works.lengths["train"].tolist() == [len(row["text"].split()) + 2 for row in works.task.splits["train"]]


@pytest.mark.parametrize("kind", ["gpt2", "t5"])
def test_lengths_of_what_is_written_count_where_it_is_one_sequence(writers, kind):
    task = ftk.Translation(tiny_pairs())
    found = ftk.inspect(task, writers[kind])
    config = checkpoints.configuration(writers[kind])
    encoded = task.encode(task.splits["test"], checkpoints.processor(writers[kind]), 1000, config)
    assert found.lengths["test"].tolist() == [len(ids) for ids in encoded["input_ids"]]


# --- what a bound cuts off


def read(example, name=None):
    """The token ids of a passage that are not cut off."""
    passage = next(one for one in example.passages if name in (None, one.name))
    first, again = passage.unread
    return [piece.id for i, piece in enumerate(passage.pieces) if not first <= i < again]


@pytest.mark.parametrize("length", [8, 16, 24, 300])
def test_a_long_text_loses_its_end(reviews, length):
    found = ftk.inspect(reviews, max_length=length)
    part = reviews.splits["train"]
    processor = transformers.AutoTokenizer.from_pretrained(checkpoints.locate("pocket-bert"))
    kept = processor(part["text"][:], truncation=True, max_length=found.max_length)["input_ids"]
    examples = found.examples("train", list(range(len(part))))
    assert [read(example) for example in examples] == [ids[1:-1] for ids in kept]
    assert found.max_length == min(length, 256) and {example.windows for example in examples} == {1}
    long = int((found.lengths["train"] > length).sum())
    assert found.readings["train"].fates == ({"too long": long, "end": long} if long else {})
    assert any("their end is cut off" in warning for warning in found.warnings) == (length < 100)


def test_a_text_that_an_encoder_decoder_classifies_loses_its_end(writers):
    frame = tiny_frame()
    frame["text"] += " and it was so"
    found = ftk.inspect(ftk.TextClassification(frame), writers["t5"], max_length=8)
    for example in found.examples("train"):
        passage = example.passages[0]
        assert len(passage.pieces) == 11 and read(example) == [piece.id for piece in passage.pieces[:7]]  # and the end
    rows = len(found.task.splits["train"])
    assert found.readings["train"].fates == {"too long": rows, "end": rows}


def test_a_text_that_repeats_itself_loses_its_end_too():
    frame = pd.DataFrame({"text": ["x " * n for n in range(20, 32)], "label": ["a", "b"] * 6})
    found = ftk.inspect(ftk.TextClassification(frame), "pocket-gpt", max_length=12)
    example = found.examples("train", [0])[0]
    assert read(example) == [piece.id for piece in example.passages[0].pieces[:12]]


@pytest.mark.filterwarnings("ignore:.*max_length")
@pytest.mark.parametrize("length", [10, 12])
@pytest.mark.parametrize("kind", ["gpt2", "t5"])
def test_a_prompt_loses_its_beginning_and_an_answer_its_end(writers, kind, length):
    pairs = tiny_pairs(40)
    pairs["source"] += " and it was so very good but not bad"
    pairs["target"] += " they is we it so but and not very"
    task = ftk.Translation(pairs)
    found = ftk.inspect(task, writers[kind], max_length=length)
    config, processor = checkpoints.configuration(writers[kind]), checkpoints.processor(writers[kind])
    encoded = task.encode(task.splits["test"], processor, length, config)
    marks = set(processor.all_special_ids)
    for row, example in zip(encoded, found.examples("test", list(range(len(encoded)))), strict=True):
        answer = [token for token in row["labels"] if token != -100]
        prompt = row["input_ids"] if kind == "t5" else row["input_ids"][: -len(answer)]
        assert read(example, "prompt") == [token for token in prompt if token not in marks]
        assert read(example, "answer") == [token for token in answer if token not in marks]
        assert example.passages[0].unread[0] == 0 < example.passages[0].unread[1]
    rows = len(encoded)
    assert found.readings["test"].fates == {"too long": rows, "beginning": rows, "answer": rows}
    assert found.table["too long"].sum() == 40


def test_an_answer_longer_than_half_of_the_room_is_cut_by_a_decoder_even_after_a_short_prompt(writers):
    pairs = tiny_pairs(40)
    pairs["target"] += " they is we it so"  # nine words, and four in the source
    found = ftk.inspect(ftk.Translation(pairs), writers["gpt2"], max_length=16)
    assert found.lengths["test"].max() <= 16
    assert set(found.readings["test"].fates) == {"too long", "answer"}
    assert len(read(found.examples("test", [0])[0], "answer")) == 8


def test_a_long_passage_is_read_in_windows(folder):
    task = ftk.ExtractiveQA(tiny_questions(), stride=2)
    found = ftk.inspect(task, folder, max_length=12)
    processor = checkpoints.processor(folder)
    long = 0
    for row, example in enumerate(found.examples("train", list(range(len(task.splits["train"]))))):
        texts = task.splits["train"][row]
        windows = processor(texts["question"], texts["context"], truncation="only_second", max_length=12, stride=1,
                            return_overflowing_tokens=True)["input_ids"]  # fmt: skip
        whole = {passage.name: [piece.id for piece in passage.pieces] for passage in example.passages}
        assert read(example, "context") == whole["context"] and read(example, "question") == whole["question"]
        border = next(passage.border for passage in example.passages if passage.name == "context")
        if example.windows > 1:
            long += 1
            asked = len(whole["question"])
            assert windows[0] == [2, *whole["question"], 3, *whole["context"][:border], 3]
            assert border == 12 - 3 - asked
        else:
            assert border is None and len(windows) == 1
        assert example.truth == (" / ".join(texts["answers"]["text"]) or "(no answer)")
    assert found.readings["train"].fates == ({"too long": long, "windows": long} if long else {}) and long


def test_the_end_of_a_question_that_takes_more_than_half_of_a_window_is_cut_off(folder):
    frame = tiny_questions(24)
    frame["question"] += " and it was so very"  # eight words, of which half a window of twelve holds six
    found = ftk.inspect(ftk.ExtractiveQA(frame), folder, max_length=12)
    passages = {passage.name: passage for passage in found.examples("train", [0])[0].passages}
    assert passages["question"].unread == (6, 8) and passages["context"].unread == (0, 0)


def test_a_question_is_cut_even_where_it_and_its_passage_would_fit(folder):
    asked = tiny_questions(24)
    asked.loc[0, ["question", "context"]] = [
        "is the film good and it was so",
        "it",
    ]
    asked.at[0, "answers"] = {"text": [], "answer_start": []}
    found = ftk.inspect(ftk.ExtractiveQA(asked), folder, max_length=12)
    fates = {"end": 0, "windows": 0}
    for part in found.task.splits.values():
        sizes = [len(row["question"].split()) + len(row["context"].split()) + 3 for row in part]
        fates["windows"] += sum(size > 12 for size in sizes)
        fates["end"] += sum(row["context"] == "it" for row in part)
    counted = sum((reading.fates for reading in found.readings.values()), Counter())
    assert fates["end"] == 1 and counted == {**fates, "too long": fates["windows"] + 1}


def test_running_text_is_read_in_blocks(writers):
    found = ftk.inspect(ftk.Completion(tiny_works()), writers["gpt2"], max_length=8)
    words = [len(row["text"].split()) for row in found.task.splits["train"]]
    examples = found.examples("train", list(range(len(words))))
    # Each block holds seven tokens that are guessed; with the one that ends the text there are words + 1 of them.
    assert [example.windows for example in examples] == [-(-(n + 1) // 7) for n in words]
    assert {example.passages[0].border for example in examples} == {7} and examples[0].truth == ""
    assert any("several windows" in warning for warning in found.warnings)


def test_the_bound_is_the_models_own_where_more_is_asked_for(folder):
    found = ftk.inspect(ftk.TextClassification(tiny_frame()), folder, max_length=500)
    assert (found.max_length, found.longest) == (32, 32) and "of which 32 fit at once" in found.summary


# --- repeats, classes, warnings


REPEATED = pd.DataFrame(
    {
        "text": [
            "the film was good and very long",
            "The film  was GOOD and very long",
            "a meal that nobody should have had at all",
            "a meal that nobody should have had at all",
            "we went to the hotel by the lake",
            "it is a book",
        ],
        "label": ["yes", "yes", "yes", "no", "no", "no"],
    }
)
HELD_OUT = pd.DataFrame({"text": ["we went to the hotel by the lakes", "they sang"], "label": ["yes", "no"]})


@pytest.fixture(scope="module")
def repeated(folder):
    frames = {"train": REPEATED, "validation": HELD_OUT, "test": HELD_OUT[1:]}
    parts = datasets.DatasetDict({name: datasets.Dataset.from_pandas(part) for name, part in frames.items()})
    return ftk.inspect(ftk.TextClassification(parts), folder)


def test_repeats_by_hand(repeated):
    assert repeated.repeats == [
        ("the same, other label", ("train", 2), ("train", 3)),
        ("the same", ("train", 0), ("train", 1)),
        ("the same", ("validation", 1), ("test", 0)),
        ("nearly the same", ("train", 4), ("validation", 0)),
    ]
    assert repeated.find("train", order="repeats") == [2, 3, 0, 1, 4]
    assert repeated.find("train", label="no", order="repeats") == [3, 4]
    said = " ".join(repeated.warnings)
    assert "another label: 1." in said and "in two splits: 2." in said and "Rows that repeat a text: 3." in said
    assert "The test split has no example of 'yes'." in said


def test_the_report_is_made_when_it_is_asked_for_where_it_takes_long(repeated, folder, monkeypatch):
    monkeypatch.setattr(inspection, "SMALL", 5)
    found = ftk.inspect(repeated.task, folder)
    asked = []
    monkeypatch.setattr(inspection.data, "report", lambda splits: asked.append(splits) or repeated.report)
    assert "Repeats among 9 examples take long" in repr(found) and not asked and not found.checked
    assert found.report is repeated.report and found.checked and "another label: 1." in repr(found)
    assert found.again(max_length=8).report is repeated.report and len(asked) == 1


def test_uneven_classes_and_a_giveaway_word_are_told(folder):
    texts = [f"good {word}" for word in ("film", "meal", "book", "hotel", "it", "we", "they", "so", "but")] * 4
    frame = pd.DataFrame({"text": [*texts, *["bad film", "bad meal", "bad it"] * 3], "label": ["a"] * 36 + ["b"] * 9})
    said = " ".join(ftk.inspect(ftk.TextClassification(frame), folder).warnings)
    assert "'a' has" in said and "read macro F1" in said
    assert "alone tells the class of 100% of the texts" in said


def test_data_without_anything_to_say_of_it_has_no_warning(folder):
    frame = tiny_frame().drop_duplicates("text")
    said = ftk.inspect(ftk.TextClassification(frame), folder).warnings
    assert not [warning for warning in said if "repeat" not in warning and "two splits" not in warning]


# --- finding


def test_find_by_class_text_and_order(folder):
    task = ftk.TextClassification(tiny_frame())
    found = ftk.inspect(task, folder)
    part = task.splits["train"]
    names = part_names(part)
    assert found.find() == list(range(len(part)))
    assert found.find(label="positive") == [i for i, name in enumerate(names) if name == "positive"]
    hotels = [i for i, text in enumerate(part["text"]) if "the hotel" in text]
    assert found.find(search="  THE   Hotel ") == hotels and hotels
    assert found.find(search="no such words") == [] and found.find(search=" ") == found.find()
    lengths = found.lengths["train"]
    longest = found.find(order="longest")
    assert sorted(longest) == found.find() and (np.diff(lengths[longest]) <= 0).all()


def test_most_pieces_a_word_come_first(shattering):
    texts = [f"{begin} {end}".strip() for begin in ("the", "film", "was", "the film") for end in ("", "unbelievable")]
    frame = pd.DataFrame({"text": [*texts, *(f"{text} ( )" for text in texts)], "label": ["a", "a", "b", "b"] * 4})
    found = ftk.inspect(ftk.TextClassification(frame), shattering)
    part = found.task.splits["train"]["text"][:]
    shares = [1 + 2 * ("unbelievable" in text) / len(text.split()) for text in part]  # three pieces in place of one
    order = found.find(order="most pieces a word")
    assert [shares[row] for row in order] == sorted(shares, reverse=True)


def test_search_finds_questions_and_passages(folder):
    found = ftk.inspect(ftk.ExtractiveQA(tiny_questions()), folder)
    rows = list(found.task.splits["train"])
    assert found.find(search="is the meal") == [i for i, row in enumerate(rows) if "is the meal" in row["question"]]
    assert found.find(search="meal was") == [i for i, row in enumerate(rows) if "meal was" in row["context"]]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"split": "tran"}, "Did you mean 'train'"),
        ({"label": "postive"}, "Did you mean 'positive'"),
        ({"order": "longst"}, "Did you mean 'longest'"),
    ],
)
def test_find_says_what_there_is(folder, arguments, says):
    found = ftk.inspect(ftk.TextClassification(tiny_frame()), folder)
    with pytest.raises(UnknownNameError, match=says):
        found.find(**arguments)


def test_examples_are_the_first_ones_unless_rows_are_named(folder):
    found = ftk.inspect(ftk.TextClassification(tiny_frame()), folder)
    assert [example.place for example in found.examples()] == [("train", row) for row in range(5)]
    part = found.task.splits["test"]
    (example,) = found.examples("test", [3])
    assert example.passages[0].text == part[3]["text"] and example.truth == part_names(part)[3]
    with pytest.raises(DataError, match=f"rows 0 to {len(part) - 1}"):
        found.examples("test", [len(part)])


# --- how it is made and shown


def test_another_model_reads_the_same_data(reviews):
    found = ftk.inspect(reviews, max_length=16)
    other = found.again(model="pocket-gpt")
    assert (other.model, other.max_length, other.task) == ("pocket-gpt", 16, found.task)
    processor = transformers.AutoTokenizer.from_pretrained(checkpoints.locate("pocket-gpt"))
    ids = processor(found.task.splits["test"]["text"][:])["input_ids"]
    assert other.lengths["test"].tolist() == [len(row) for row in ids]
    assert found.again(max_length=64).table["too long"].tolist() == [
        int((lengths > 64).sum()) for lengths in found.lengths.values()
    ]


def test_it_reads_the_users_file(tmp_path, folder):
    tiny_frame().rename(columns={"text": "review"}).to_csv(tmp_path / "mine.csv", index=False)
    found = ftk.inspect("sentiment", folder, data=str(tmp_path / "mine.csv"), text="review")
    assert sum(map(len, found.lengths.values())) == 60


def test_it_shows_itself(repeated):
    shown = repr(repeated)
    assert "6 train, 2 validation, 1 test." in shown and "pieces a word" in shown
    assert all(f"! {warning}" in shown for warning in repeated.warnings)
    page = repeated._repr_html_()
    assert "<table" in page and page.count("<li>") == len(repeated.warnings)


def test_what_the_data_say_is_escaped(folder):
    frame = pd.DataFrame({"text": [f"<script>{i}" for i in range(12)], "label": ["<i>", "b"] * 6})
    found = ftk.inspect(ftk.TextClassification(frame), folder)
    assert "<script>" not in found._repr_html_() and "script" in found._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (("sentimet",), UnknownNameError, "Did you mean 'sentiment'"),
        (("sentiment", "pocket-brt"), UnknownNameError, "Did you mean 'pocket-bert'"),
        (("sentiment", "pocket-wav2vec2"), ModelError, "no fast tokenizer.*such as pocket-bert"),
        (("sentiment", None, 3), ConfigError, "max_length=3"),
        (("question-answering", "pocket-gpt"), ModelError, "CLS"),
        (("completion", "pocket-bert"), ModelError, "end token"),
    ],
)
def test_bad_input_is_named(arguments, error, says, monkeypatch):
    with pytest.raises(error, match=says):
        if arguments[0] == "completion":
            ftk.inspect(ftk.Completion(tiny_works()), arguments[1])
        else:
            ftk.inspect(*arguments)


def test_a_task_without_data_is_no_task_to_look_at():
    with pytest.raises(DataError, match="no data"):
        ftk.inspect(ftk.TextClassification(names=["no", "yes"]))


def test_pictures_have_no_pieces():
    with pytest.raises(DataError, match=r"ftk\.inspect_pictures"):
        ftk.inspect(ftk.ImageClassification("faces"))
