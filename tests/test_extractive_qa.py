"""Extractive question answering against plain searches: windows, places of answers, the best spans, whole runs."""

import itertools
import math
import warnings

import numpy as np
import pandas as pd
import pytest
import tiny
import torch
import transformers as hf
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from torch.nn import functional as F

import finetune_kit as ftk
from finetune_kit import checkpoints, data, training
from finetune_kit.errors import ConfigError, DataError, ModelError
from finetune_kit.metrics import LOSS
from finetune_kit.tasks.extractive_qa import KEPT, LONGEST_ANSWER, ExtractiveQA

SETTINGS = {"max_length": 32, "batch_size": 8, "learning_rate": 1e-2, "epochs": 8}
CLS, SEP = 2, 3


def examples(*rows):
    """Questions outside any split: (question, context, answers)."""
    return data.answered({"all": pd.DataFrame(rows, columns=["question", "context", "answers"])})["all"]


def passages(rows=40, seed=0):
    """Passages of 1 to 60 words with marks between them, and answers of 1 to 6 of the words, some at the very edges."""
    draw = np.random.default_rng(seed)
    made = []
    for row in range(rows):
        words = draw.choice(tiny.WORDS, int(draw.integers(1, 60))).tolist()
        places, context = [], "" if row % 2 else "  "
        for word in words:
            places.append(len(context))
            context += word + draw.choice([" ", ", ", " (", ".\n"])
        first = int(draw.choice([0, draw.integers(len(words)), len(words) - 1]))
        last = min(len(words) - 1, first + int(draw.integers(6)))
        text = context[places[first] : places[last] + len(words[last])]
        spans = {"text": [text], "answer_start": [places[first]]} if row % 5 else {"text": [], "answer_start": []}
        made.append((" ".join(draw.choice(tiny.WORDS, int(draw.integers(1, 7)))), context, spans))
    return examples(*made)


@pytest.fixture(scope="module")
def tokenizer(folder):
    """With types of tokens, by which BERT tells a question from its passage."""
    names = ["input_ids", "attention_mask", "token_type_ids"]
    return hf.AutoTokenizer.from_pretrained(folder, model_input_names=names)


@pytest.fixture(scope="module")
def bert(folder):
    torch.manual_seed(1)
    return lively(hf.BertForQuestionAnswering(hf.BertConfig.from_pretrained(folder)))


@pytest.fixture(scope="module")
def modernbert(tokenizer):
    torch.manual_seed(1)
    config = hf.ModernBertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=32, pad_token_id=0, bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3,
    )  # fmt: skip
    return lively(hf.ModernBertForQuestionAnswering(config))


def lively(model):
    """The model with wider weights in place, so that its scores differ."""
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.mul_(4)
    return model.eval()


@pytest.fixture(scope="module")
def task():
    return ExtractiveQA(stride=5)


# Windows, and the places of answers in them


def window(row):
    """The characters of the passage that a window covers, and its tokens of the passage."""
    inside = [place for place, (start, _) in enumerate(row["offsets"]) if start != -1]
    return row["offsets"][inside[0]][0], row["offsets"][inside[-1]][1], inside


def test_places_map_back_to_the_very_characters(task, tokenizer):
    part = passages()
    encoded = task.encode(part, tokenizer, 24)
    assert len(encoded) > len(part) * 1.5
    met = set()
    for row in encoded:
        example = part[row["example"]]
        begin, end, _ = window(row)
        place = row["start_positions"], row["end_positions"]
        if not example["answers"]["text"]:
            assert place == (0, 0)
            continue
        text, start = example["answers"]["text"][0], example["answers"]["answer_start"][0]
        if begin <= start and start + len(text) <= end:
            assert example["context"][row["offsets"][place[0]][0] : row["offsets"][place[1]][1]] == text
            met.add(row["example"])
        else:
            assert place == (0, 0) and row["input_ids"][0] == CLS
    # The windows overlap by as many tokens as an answer may have less one, so each is whole in one of them.
    short = {
        i for i, row in enumerate(part) if len(row["answers"]["text"]) and len(row["answers"]["text"][0].split()) < 3
    }
    assert short <= met and len(short) > 10


def test_windows_overlap_by_the_stride_and_leave_nothing_out(task, tokenizer):
    part = examples(("is it", " ".join(tiny.WORDS * 3), ""))
    found = list(task.encode(part, tokenizer, 24))
    tokens = [[row["offsets"][place] for place in window(row)[2]] for row in found]
    stride = min(5, (24 - 12 - 3) // 2)
    assert all(before[-stride:] == after[:stride] for before, after in itertools.pairwise(tokens))
    together = tokens[0] + [span for after in tokens[1:] for span in after[stride:]]
    assert [part[0]["context"][start:end] for start, end in together] == tiny.WORDS * 3
    assert {len(row["input_ids"]) for row in found[:-1]} == {24}


def test_an_answer_over_the_edge_is_none_there_and_found_in_the_next_window(tokenizer):
    words = [tiny.WORDS[i % 8] for i in range(20)]
    context = " ".join(words)
    # 16 tokens have room for 16 - 3 - 2 = 11 of the passage: 0 to 10 in the first window, 9 to 19 in the second
    for first, placed in ((8, [True, False]), (9, [True, True]), (10, [False, True])):
        start = len(" ".join(words[:first])) + 1
        spans = {"text": [" ".join(words[first : first + 2])], "answer_start": [start]}
        encoded = ExtractiveQA(stride=2).encode(examples(("is it", context, spans)), tokenizer, 16)
        assert [row["start_positions"] > 0 for row in encoded] == placed
        assert [row["end_positions"] > 0 for row in encoded] == placed


def test_the_first_of_several_answers_is_learnt(task, tokenizer):
    spans = {"text": ["film", "meal"], "answer_start": [9, 0]}
    row = task.encode(examples(("is it", "meal and film", spans)), tokenizer, 24)[0]
    assert tokenizer.convert_ids_to_tokens(row["input_ids"][row["start_positions"]]) == "film"


def test_white_space_around_an_answer_is_not_asked_for(task, tokenizer):
    spans = {"text": [" film "], "answer_start": [8]}
    row = task.encode(examples(("is it", "meal and film was", spans)), tokenizer, 24)[0]
    assert row["start_positions"] == row["end_positions"] == 6  # after [CLS] is it [SEP] meal and


def test_question_special_and_padding_tokens_have_no_offsets(task, tokenizer):
    encoded = task.encode(examples(("is it", "the film", "film"), ("is", "we was so very so", "")), tokenizer, 24)
    assert encoded["offsets"][0] == [[-1, -1]] * 4 + [[0, 3], [4, 8], [-1, -1]]
    batch = task.collator(tokenizer)(list(encoded))
    assert set(batch) == {"input_ids", "attention_mask", "token_type_ids", "start_positions", "end_positions"}
    assert batch["input_ids"].shape == (2, 9) and batch["attention_mask"][0].tolist() == [1] * 7 + [0] * 2


def test_the_embedded_passages_are_found_by_the_embedded_tokenizer():
    made = ExtractiveQA("passages")
    part = made.splits["validation"]
    part = part.select(range(min(len(part), 150)))
    encoded = made.encode(part, checkpoints.processor("pocket-bert"), 128)
    met, asked = set(), {i for i, row in enumerate(part) if row["answers"]["text"]}
    for row in encoded:
        first, last = row["start_positions"], row["end_positions"]
        if first:
            answers = part[row["example"]]["answers"]
            start, end = answers["answer_start"][0], answers["answer_start"][0] + len(answers["text"][0])
            begin, over = row["offsets"][first], row["offsets"][last]
            assert begin[0] <= start < begin[1] and over[0] < end <= over[1]
            met.add(row["example"])
    assert met == asked


# In each the answer is whole words, of which some tokenizers drop accents, vowel signs and marks of direction.
WRITTEN = {
    "Latin, accents apart": ("open is the cafe\u0301 e\u0301te\u0301 here", "cafe\u0301 e\u0301te\u0301"),
    "Latin, accents apart, at the end": ("open is the cafe\u0301", "cafe\u0301"),
    "upper case that gets longer": ("İstanbul and Ǆ are big", "İstanbul and Ǆ"),
    "a soft hyphen": ("a soft\u00adhyphen here", "soft\u00adhyphen"),
    "Arabic with vowels": ("بِسْمِ اللَّهِ الرَّحْمَٰنِ الرَّحِيمِ", "اللَّهِ"),
    "Arabic": ("العاصمة هي القاهرة في مصر", "القاهرة"),
    "Hebrew with vowels": ("שָׁלוֹם עֲלֵיכֶם חָבֵר", "עֲלֵיכֶם"),
    "Hebrew between marks of direction": ("x \u200fירושלים\u200f y", "\u200fירושלים\u200f"),
    "Devanagari": ("भारत की हिन्दी राजधानी है", "हिन्दी"),
    "a family": ("The 👨\u200d👩\u200d👧\u200d👦 lives here", "👨\u200d👩\u200d👧\u200d👦"),
    "a tone of skin": ("A 👍🏽 from Ann", "👍🏽"),
    "a flag": ("The 🇫🇷 of France", "🇫🇷"),
    "a red heart": ("I \u2764\ufe0f you", "\u2764\ufe0f"),
    "an unbreakable space": ("It costs 5\u00a0€ now", "5\u00a0€"),
    "Japanese": ("東京は日本の首都です", "日本"),
}


def bytewise(*merged):
    """A tokenizer of single bytes and of these pieces, which puts [CLS] and [SEP] as BERT's does."""
    pieces = ["[PAD]", "[CLS]", "[SEP]", *sorted(pre_tokenizers.ByteLevel.alphabet()), *map("".join, merged)]
    raw = Tokenizer(models.BPE({piece: i for i, piece in enumerate(pieces)}, list(merged)))
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    raw.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]", [("[CLS]", 1), ("[SEP]", 2)]
    )
    names = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return hf.PreTrainedTokenizerFast(tokenizer_object=raw, **names)


@pytest.mark.parametrize("length", [24, 200])
@pytest.mark.parametrize("reader", ["pieces of words", "bytes"])
@pytest.mark.parametrize(("context", "answer"), WRITTEN.values(), ids=WRITTEN.keys())
def test_an_answer_in_any_writing_comes_back_to_the_character(context, answer, reader, length):
    tokenizer = bytewise() if reader == "bytes" else checkpoints.processor("pocket-bert")
    if reader == "bytes" and length == 24:
        length = 2 * len(answer.encode()) + 12  # windows in which an answer has room
    made = ExtractiveQA(stride=100)
    part = examples(("q", context, answer))
    encoded = made.encode(part, tokenizer, length)
    places = [(row["start_positions"], row["end_positions"], row["offsets"]) for row in encoded]
    found = [context[offsets[first][0] : offsets[last][1]].strip() for first, last, offsets in places if first]
    assert found and set(found) == {answer}
    number = next(i for i, (first, _, _) in enumerate(places) if first)
    first, last, _ = places[number]
    best = gathered(made, part, encoded, {(number, first): (9, 0), (number, last): (0, 9)} if first < last else
                    {(number, first): (9, 9)})[0]  # fmt: skip
    assert (best["text"], best["start"]) == (answer, context.index(answer))


def test_what_no_token_covers_goes_to_the_letters_beside_it_and_nothing_else_moves():
    tokenizer = checkpoints.processor("pocket-bert")
    context = "\u200fthe\u200f cafe\u0301\u0301 \u200f is"
    (row,) = ExtractiveQA().encode(examples(("q", context, "")), tokenizer, 64)
    covered = [context[start:end] for start, end in row["offsets"] if start != -1]
    assert "".join(covered) == "\u200fthe\u200fcafe\u0301\u0301is"
    plain = tokenizer("q", "the cafe is", return_offsets_mapping=True)["offset_mapping"]
    (row,) = ExtractiveQA().encode(examples(("q", "the cafe is", "")), tokenizer, 64)
    assert [tuple(span) for span in row["offsets"]][3:-1] == plain[3:-1]


def test_the_last_letter_of_a_window_does_not_take_those_of_the_next():
    tokenizer, context = bytewise(), "äöü" * 20
    encoded = ExtractiveQA(stride=2).encode(examples(("q", context, "")), tokenizer, 24)
    spans = {tuple(span) for row in encoded for span in row["offsets"] if span[0] != -1}
    assert len(encoded) > 3 and spans == {(place, place + 1) for place in range(60)}


# What does not fit


def test_what_fits_is_not_talked_about(task, tokenizer):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        task.encode(passages(), tokenizer, 100)
    assert told == []


def test_questions_that_are_too_long_are_counted(task, tokenizer):
    asked = [{"question": "good " * words, "context": "film"} for words in (5, 12, 13, 40)]
    with pytest.warns(UserWarning, match="2 of 4 questions are longer than half of max_length=24: their end is left"):
        task.encode(task.inputs(asked), tokenizer, 24)


def test_answers_that_no_window_holds_are_counted(tokenizer):
    words = [tiny.WORDS[i % 20] for i in range(60)]
    answers = [" ".join(words[10 : 10 + count]) for count in (1, 3, 12, 40)]
    part = examples(*(("is it", " ".join(words), answer) for answer in [*answers, ""]))
    # 24 tokens have room for 24 - 3 - 2 = 19 of the passage: 12 of them from the tenth on are over the edge of the
    # first window, and those that overlap it by 2 begin behind their first
    with pytest.warns(
        UserWarning, match="2 of 4 answers stand whole in no window of max_length=24: their passages are"
    ):
        encoded = ExtractiveQA(stride=2).encode(part, tokenizer, 24)
    placed = {row["example"] for row in encoded if row["start_positions"]}
    assert placed == {0, 1}


def test_answers_longer_than_any_that_is_given_are_counted(tokenizer):
    words = [tiny.WORDS[i % 20] for i in range(60)]
    part = examples(*(("is it", " ".join(words), " ".join(words[:count])) for count in (1, LONGEST_ANSWER, 31, 50)))
    with pytest.warns(UserWarning, match="2 of 4 answers have more than 30 tokens: none so long is given.$"):
        ExtractiveQA().encode(part, tokenizer, 100)


@pytest.mark.parametrize("length", [8, 9, 16, 24, 64])
@pytest.mark.parametrize("words", [1, 5, 12, 20, 100])
@pytest.mark.parametrize("stride", [0, 5, 64])
def test_a_question_of_any_length_leaves_room_for_the_passage(tokenizer, length, words, stride):
    question, context = " ".join(["good"] * words), " ".join(["film"] * 70)
    made = ExtractiveQA(stride=stride)
    encoded = made.encode(made.inputs({"question": question, "context": context}), tokenizer, length)
    good = tokenizer.convert_tokens_to_ids("good")
    assert {row["input_ids"].count(good) for row in encoded} == {min(words, length // 2)}
    assert {span[1] for row in encoded for span in row["offsets"]} == {-1, *range(4, 350, 5)}


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"stride": -1}, "stride=-1"), ({"stride": 2.5}, "stride=2.5"), ({"threshold": "high"}, "threshold='high'")],
)
def test_bad_settings_are_named(settings, words):
    with pytest.raises(ConfigError, match=words):
        ExtractiveQA(**settings)


def test_a_model_that_writes_marks_no_span_and_the_error_names_one_that_does():
    with pytest.raises(ModelError, match=r"Expected one such as pocket-bert.*ftk\.models\('question-answering'\)"):
        ftk.zero_step(ExtractiveQA(tiny.tiny_questions()), "pocket-gpt")


def test_a_tokenizer_without_a_template_for_pairs_is_a_clear_error(task, tokenizer):
    raw = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    raw.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "$A $B", [("[CLS]", 2), ("[SEP]", 3)])
    names = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    bare = hf.PreTrainedTokenizerFast(tokenizer_object=raw, **names)
    with pytest.raises(ModelError, match=r"no \[CLS\] token before a pair"):
        task.encode(task.inputs({"question": "is it", "context": "the film"}), bare, 24)
    gpt = hf.PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="[SEP]")
    with pytest.raises(ModelError, match=r"fast tokenizer with a \[CLS\] token"):
        task.encode(task.inputs({"question": "is it", "context": "the film"}), gpt, 24)


# The best spans


def searched(model, tokenizer, question, context, length, stride):
    """Every span of every window, scored by a plain loop: (text, start) to its best score, and that of no answer."""
    found, nothing = {}, math.inf
    pair = tokenizer(
        question, context, truncation="only_second", max_length=length, stride=stride, return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )  # fmt: skip
    for number, ids in enumerate(pair["input_ids"]):
        kinds = {"token_type_ids": torch.tensor([pair["token_type_ids"][number]])}
        with torch.no_grad():
            out = model(torch.tensor([ids]), **({} if model.config.model_type == "modernbert" else kinds))
        start, end = out.start_logits[0].double().numpy(), out.end_logits[0].double().numpy()
        nothing = min(nothing, start[0] + end[0])
        places = [i for i, part in enumerate(pair.sequence_ids(number)) if part == 1]
        for i in places:
            for j in places:
                if i <= j < i + LONGEST_ANSWER:
                    begin, over = pair["offset_mapping"][number][i][0], pair["offset_mapping"][number][j][1]
                    key = context[begin:over], begin
                    found[key] = max(found.get(key, -math.inf), start[i] + end[j])
    return found, nothing


def plain(model, tokenizer):
    """ModernBERT tells no question from passage by types of tokens, and its tokenizer gives none."""
    if model.config.model_type != "modernbert":
        return tokenizer
    return hf.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer.backend_tokenizer, pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["bert", "modernbert"])
def test_the_best_answers_are_those_of_a_plain_search(request, task, tokenizer, kind):
    model = request.getfixturevalue(kind)
    part = task.questions(passages(16, seed=2))
    outputs = training.predict(model, plain(model, tokenizer), task, part, 24)  # one batch of unlike lengths
    decided = task.decide(outputs)
    for row, answers, text in zip(part, outputs, decided, strict=True):
        # no window holds more tokens of the passage than are tried as the first and last of an answer
        spans, nothing = searched(model, tokenizer, row["question"], row["context"], 24, 4)
        spans["", -1] = nothing
        best = sorted(spans, key=spans.get, reverse=True)
        odds = np.exp([spans[key] - spans[best[0]] for key in best])
        expected = best[:KEPT] if ("", -1) in best[:KEPT] else [*best[: KEPT - 1], ("", -1)]
        assert [(answer["text"], answer["start"]) for answer in answers] == expected
        for answer in answers:
            key = answer["text"], answer["start"]
            assert answer["score"] == pytest.approx(spans[key], abs=1e-4)
            assert answer["probability"] == pytest.approx(odds[best.index(key)] / odds.sum(), abs=1e-4)
        assert text == (best[0][0] if best[0][0] else "")
    assert len(set(decided)) > 3


@pytest.mark.parametrize("kind", ["bert", "modernbert"])
def test_one_question_alone_is_answered_as_among_others(request, task, tokenizer, kind):
    model = request.getfixturevalue(kind)
    part, reader = task.questions(passages(12, seed=3)), plain(model, tokenizer)
    together = training.predict(model, reader, task, part, 24)
    for number in range(len(part)):
        alone = training.predict(model, reader, task, part.select([number]), 24)[0]
        for one, other in zip(alone, together[number], strict=True):
            assert (one["text"], one["start"]) == (other["text"], other["start"])
            assert one["score"] == pytest.approx(other["score"], abs=1e-4)


def test_answers_are_sorted_distinct_and_hold_no_answer(task, bert, tokenizer):
    outputs = training.predict(bert, tokenizer, task, task.questions(passages(20, seed=4)), 24)
    for answers in outputs:
        scores = [answer["score"] for answer in answers]
        assert 1 <= len(answers) <= KEPT and scores == sorted(scores, reverse=True)
        assert len({(answer["text"], answer["start"]) for answer in answers}) == len(answers)
        assert sum(answer["text"] == "" for answer in answers) == 1
        assert 0 < sum(answer["probability"] for answer in answers) <= 1 + 1e-9


def gathered(task, part, encoded, scores):
    """The answers of one example from made-up scores: {(window, token): (as the first, as the last)}."""
    made = []
    for number, row in enumerate(encoded):
        start, end = np.zeros(len(row["input_ids"]) + 3), np.zeros(len(row["input_ids"]) + 3)  # and padding
        for (where, token), (first, last) in scores.items():
            if where == number:
                start[token], end[token] = first, last
        made.append({"start": start, "end": end, "cls": 0})
    return task.gather(made, encoded, part)[0]


def test_only_the_passage_answers(task, tokenizer):
    part = examples(("is it", "the film was", "film"))
    encoded = task.encode(part, tokenizer, 24)
    # [CLS] 0, the question 1 and 2, [SEP] 3 and 7, padding 8 to 10
    high = {(0, place): (99, 99) for place in (1, 2, 3, 7, 8, 9, 10)}
    answers = gathered(task, part, encoded, {**high, (0, 5): (3, 2), (0, 0): (1, 1)})
    assert answers[0]["text"] == "film" and answers[0]["score"] == 5 and answers[0]["start"] == 4
    assert max(answer["score"] for answer in answers) == 5
    assert next(answer for answer in answers if not answer["text"])["score"] == 2


def test_the_end_is_not_before_the_start_nor_far_behind_it(task, tokenizer):
    part = examples(("is it", "the film was", "film"))
    answers = gathered(task, part, task.encode(part, tokenizer, 24), {(0, 6): (9, 0), (0, 4): (0, 8)})
    assert answers[0]["score"] == 9 and answers[0]["text"] == "was"
    part = examples(("is it", " ".join(["film"] * 40), "film"))
    answers = gathered(task, part, task.encode(part, tokenizer, 64), {(0, 4): (9, 0), (0, 43): (0, 8)})
    assert answers[0]["score"] == 9 and len(answers[0]["text"].split()) <= LONGEST_ANSWER


def test_the_window_least_sure_that_there_is_no_answer_decides(task, tokenizer):
    part = examples(("is it", " ".join(tiny.WORDS[:16]), ""))
    encoded = task.encode(part, tokenizer, 16)
    assert len(encoded) >= 2
    answers = gathered(task, part, encoded, {(0, 0): (5, 5), (1, 0): (1, 1), (2, 0): (4, 4), (1, 5): (2, 2)})
    assert next(answer for answer in answers if not answer["text"])["score"] == 2
    assert answers[0]["score"] == 4  # the same place in another window has a score of its own


def test_a_threshold_asks_for_more_than_no_answer_has():
    answers = [
        {"text": "film", "start": 0, "score": 3.0, "probability": 0.7},
        {"text": "", "start": -1, "score": 1.0, "probability": 0.3},
    ]
    for threshold, expected in ((0, "film"), (1.9, "film"), (2, ""), (9, ""), (-9, "film")):
        assert ExtractiveQA(threshold=threshold).decide([answers]) == [expected]
    assert ExtractiveQA(threshold=-2.5).decide([answers[::-1]]) == ["film"]


@pytest.mark.parametrize("seed", range(6))
def test_the_best_threshold_is_that_of_a_plain_search(seed):
    draw, made = np.random.default_rng(seed), ExtractiveQA()
    outputs, truth = [], []
    for number in range(40):
        score, none = draw.integers(-4, 5, 2).tolist()  # whole numbers, so that some are equally sure
        answer = {"text": f"bird {number}", "score": score}
        outputs.append(sorted([answer, {"text": "", "score": none}], key=lambda one: -one["score"]))
        truth.append([[f"bird {number}"], ["bird"], [], ["stone"]][draw.integers(4)])

    def tried(threshold):
        answers = ExtractiveQA(threshold=threshold).decide(outputs)
        return round(made.quality(answers, truth).mean(), 9), sum(map(bool, answers))

    # The highest F1, and of equally good ones that with the most answers.
    assert tried(made.best_threshold(outputs, truth)) == max(map(tried, np.arange(-9.5, 10)))


def test_the_best_threshold_where_nothing_or_everything_has_an_answer():
    made, sure = ExtractiveQA(), [{"text": "bird", "score": 3.0}, {"text": "", "score": 1.0}]
    assert ExtractiveQA(threshold=made.best_threshold([sure], [[]])).decide([sure]) == [""]
    assert ExtractiveQA(threshold=made.best_threshold([sure], [["bird"]])).decide([sure]) == ["bird"]
    silent = [{"text": "", "score": 1.0}]
    threshold = made.best_threshold([sure, silent], [["bird"], ["stone"]])
    assert ExtractiveQA(threshold=threshold).decide([sure, silent]) == ["bird", ""]
    with pytest.raises(DataError, match="no outputs"):
        made.best_threshold([], [])


def test_pieces_that_begin_with_a_space_give_answers_without_it(task):
    reader = bytewise(("Ġ", "f"), ("Ġf", "i"))
    part = examples(("q", "a fi b", "fi"))
    encoded = task.encode(part, reader, 24)  # [CLS] q [SEP] a Ġfi Ġ b [SEP]
    assert encoded["offsets"][0][3:7] == [[0, 1], [1, 4], [4, 5], [5, 6]]
    assert (encoded["start_positions"][0], encoded["end_positions"][0]) == (4, 4)
    answers = gathered(task, part, encoded, {(0, 4): (5, 5)})
    assert (answers[0]["text"], answers[0]["start"]) == ("fi", 2)
    answers = gathered(task, part, encoded, {(0, 5): (9, 9)})  # the space alone
    assert answers[0]["text"].strip() and sum(answer["text"] == "" for answer in answers) == 1


def test_the_loss_by_hand(task, bert, tokenizer):
    encoded = task.encode(passages(6, seed=5), tokenizer, 24)
    batch = task.collator(tokenizer)(list(encoded))
    with torch.no_grad():
        out = bert(**{k: v for k, v in batch.items() if not k.endswith("positions")})
        halves = [
            F.cross_entropy(out.start_logits, batch["start_positions"]),
            F.cross_entropy(out.end_logits, batch["end_positions"]),
        ]
        assert task.loss(bert, batch)[0].item() == pytest.approx(sum(halves).item() / 2, rel=1e-5)


# Runs


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tiny.write_tiny_bert(tmp_path_factory.mktemp("models") / "bert", spread=0.1)
    return ftk.fine_tune(ExtractiveQA(tiny.tiny_questions(), stride=9, threshold=0.5), str(folder), **SETTINGS)


def test_some_dozens_of_steps_teach_to_find(run):
    assert run.task.chooses is LOSS and run.task.metric.name == "f1"
    assert run.after["f1"] > 0.9 > run.before["f1"] + 0.5


def test_predictions_say_where_they_stand(run):
    asked = [{"question": row["question"], "context": row["context"]} for row in run.task.splits["validation"]]
    table = run.predict(asked)
    assert list(table.columns) == ["context", "question", "prediction", "start", "probability", "others"]
    for row in table.itertuples():
        if row.prediction == "(no answer)":
            assert row.start == -1
        else:
            assert row.context[row.start : row.start + len(row.prediction)] == row.prediction
        others = [other.rsplit(" ", 1) for other in row.others.split(", ")]
        shares = [int(share.rstrip("%")) for _, share in others]
        assert shares == sorted(shares, reverse=True) and 0 < row.probability <= 1
        assert 100 * row.probability + sum(shares) <= 100 + len(shares) / 2
        assert len(others) == KEPT - 1 and row.prediction not in [text for text, _ in others]
        assert "(no answer)" in [row.prediction, *(text for text, _ in others)]
    truth = run.task.truth(run.task.splits["validation"])
    right = [(p if p != "(no answer)" else "") in (t or [""]) for p, t in zip(table["prediction"], truth, strict=True)]
    assert run.after["exact_match"] == pytest.approx(np.mean(right))


def test_an_answer_far_behind_the_first_window_is_found(run):
    context = " ".join(["and"] * 70) + " the film was poor and it"
    found = run.predict({"question": "is the film", "context": context})
    assert context[found["start"][0] :].startswith(found["prediction"][0]) and found["start"][0] > 200


def test_changes_are_the_questions_whose_verdict_turned(run):
    changes = run.changes()
    assert list(changes.columns) == ["change", "id", "context", "question", "truth", "before", "after"]
    assert len(changes) > 3
    for row in changes.itertuples():
        assert (row.after == row.truth) == (row.change == "fixed")


def test_a_saved_run_finds_as_before(run, tmp_path):
    again = ftk.Run.load(run.save(tmp_path / "run"))
    asked = {"question": "is the film", "context": "so the film was poor and it"}
    assert again.predict(asked).equals(run.predict(asked))
    assert (again.before, again.after) == (run.before, run.after) and again.changes().equals(run.changes())
    assert (again.task.stride, again.task.threshold) == (9, 0.5)


def test_a_tiny_modernbert_goes_through_a_run(modernbert, tokenizer, tmp_path):
    folder = tmp_path / "modernbert"
    modernbert.save_pretrained(folder)
    plain(modernbert, tokenizer).save_pretrained(folder)
    task = ExtractiveQA(tiny.tiny_questions(), stride=3)
    run = ftk.fine_tune(task, str(folder), labels=16, **{**SETTINGS, "epochs": 1, "max_length": 24})
    asked = {"question": "is the film", "context": "so the film was poor and it"}
    assert ftk.Run.load(run.save(tmp_path / "run")).predict(asked).equals(run.predict(asked))
