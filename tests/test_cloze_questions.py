"""Cloze questions: answers by hand, places in tokens, the loss of transformers' question answering, a whole run."""

import random
from collections import Counter

import pandas as pd
import pytest
import torch
import transformers

import finetune_kit as ftk
from finetune_kit import checkpoints, corpora
from finetune_kit.errors import ConfigError, DataError
from finetune_kit.objectives import cloze_questions
from finetune_kit.objectives.cloze_questions import (
    ENDS,
    SENTENCE,
    AskedPassages,
    ClozeQuestions,
    answers,
    cropped,
    question_word,
)
from finetune_kit.synthetic import facts
from finetune_kit.synthetic.facts import Asked

COMMON = {"the", "a", "to", "in", "was", "and", "her", "of", "she", "it", "had", "with"}
PASSAGE = (
    "The captain sailed to Bergen in spring. It was cold. In Bergen the captain met a merchant of furs. "
    "She sold the merchant her ship, and walked home."
)


@pytest.fixture(scope="module")
def processor():
    return checkpoints.processor("pocket-bert")


def works(rounds=8):
    """Passages in which a name and a place stand twice; a score of them count as a work."""
    names, places = ("Anna", "Boris", "Clara", "Dmitri"), ("harbour", "castle", "market", "garden")
    rows = []
    for _ in range(rounds):
        for name in names:
            for place in places:
                text = (
                    f"{name} went to the {place} before the others were awake. Nobody had seen the {place} so quiet "
                    f"since the war. When the bells rang, {name} sat down on a bench and waited there for an hour. "
                    "Later the snow began to fall on the roofs and people hurried home."
                )
                rows.append(text)
    return pd.DataFrame({"text": rows})


def material_of(folder, processor, frame=None):
    frame = works() if frame is None else frame
    corpora.encode(frame, processor, 0.3, [], folder)
    return corpora.Material(frame, folder, processor, 0.3, 0)


# --- answers


def test_an_answer_stands_once_in_its_passage_where_it_is_said_to_stand():
    sentences = {part for part in PASSAGE.replace(". ", ".|").split("|") if part != "It was cold."}
    for seed in range(20):
        found = answers(PASSAGE, COMMON, random.Random(seed))
        assert {sentence for sentence, _, _ in found} == sentences  # the short one has nothing to ask
        for sentence, inside, place in found:
            words = PASSAGE[slice(*place)]
            assert sentence[slice(*inside)] == words and PASSAGE.lower().count(words.lower()) == 1


def test_an_answer_crosses_no_pause_and_no_common_word_bounds_it():
    sentence = "She sold the merchant her ship, and walked home."
    seen = {
        sentence[slice(*span)] for seed in range(60) for _, span, _ in answers(sentence, COMMON, random.Random(seed))
    }
    assert seen == {
        "sold", "merchant", "ship", "walked", "home", "sold the merchant", "merchant her ship", "walked home"
    }  # fmt: skip


@pytest.mark.parametrize("passage", ["", "Too short.", "The and to in was the and to in."])
def test_a_passage_of_short_or_common_sentences_gives_nothing(passage):
    assert answers(passage, COMMON, random.Random(0)) == []


@pytest.mark.parametrize(
    ("words", "asked"), [("1868", "when"), ("2021", "when"), ("12", "how many"), ("Bergen", "who"), ("ship", "what")]
)
def test_a_gap_is_asked_for_by_what_it_holds(words, asked):
    assert question_word(words) == asked


def test_a_capital_at_the_beginning_of_a_sentence_is_no_name():
    assert question_word("Later", begins=True) == "what"


def test_a_question_is_its_sentence_without_the_answer(processor):
    sentence = "Mrs Okafor sells the tickets in her bakery."
    span = (0, 10)
    whole = ClozeQuestions(question_word_share=0.0, kept_share=1.0)._question(
        sentence, span, "[MASK]", random.Random(0)
    )
    assert whole == "[MASK] sells the tickets in her bakery?"
    asked = ClozeQuestions(question_word_share=1.0, kept_share=0.5)._question(
        sentence, (22, 29), "[MASK]", random.Random(0)
    )
    assert asked.startswith("what ") and asked.endswith("?") and "tickets" not in asked
    assert [word for word in asked.rstrip("?").split()[1:] if word not in sentence] == []


# --- examples


def test_positions_are_those_of_the_answer(tmp_path, processor, monkeypatch):
    asked = []
    monkeypatch.setattr(
        cloze_questions, "AskedPassages", lambda made, *rest: asked.extend(made) or AskedPassages(made, *rest)
    )
    objective = ClozeQuestions(questions=60, no_answer_share=0.0, question_word_share=0.0)
    examples = objective.examples("train", 128, material_of(tmp_path, processor))
    assert 0 < len(examples) == len(asked) <= 60
    for row, made in zip((examples[i] for i in range(len(examples))), asked, strict=True):
        ids, (start, end) = row["input_ids"], (row[name] for name in ENDS)
        assert ids.count(processor.mask_token_id) == 1 and ids[0] == processor.cls_token_id and len(ids) <= 128
        answer = made.context[slice(*made.span)]
        assert processor.tokenize(answer) == processor.convert_ids_to_tokens(ids[start : end + 1])


def test_an_answer_beyond_the_window_or_in_no_passage_is_cls(processor):
    text = "word " * 50 + "harbour"
    cut_off = Asked("He saw the [MASK].", text, (len(text) - 7, len(text)))
    none = Asked("He saw the [MASK].", "Nothing here.", None)
    examples = cloze_questions.AskedPassages([cut_off, none], processor, 24)
    assert [(examples[i]["start_positions"], examples[i]["end_positions"]) for i in (0, 1)] == [(0, 0), (0, 0)]


def test_all_may_be_without_an_answer_and_asked_by_words(tmp_path, processor):
    frame = pd.DataFrame({"text": [" ".join(f"w{row}{letter}" for letter in "abcdef") + "." for row in range(60)]})
    objective = ClozeQuestions(questions=40, no_answer_share=1.0, question_word_share=1.0)
    examples = objective.examples("train", 96, material_of(tmp_path, processor, frame))
    rows = [examples[i] for i in range(len(examples))]
    assert not any(processor.mask_token_id in row["input_ids"] for row in rows)
    assert all(row["start_positions"] == row["end_positions"] == 0 for row in rows)


def test_a_share_of_the_questions_is_asked_of_made_facts(tmp_path, processor):
    material = material_of(tmp_path, processor)
    mixed, facts = (ClozeQuestions(questions=40, facts_share=s).examples("train", 160, material) for s in (0.5, 1.0))
    asked = [processor.decode(mixed[i]["input_ids"]) for i in range(len(mixed))]
    corpus = [text for text in asked if "bells rang" in text]
    assert len(mixed) == 40 and len(corpus) == 20
    assert len(facts) == 40 and not any("bells rang" in processor.decode(facts[i]["input_ids"]) for i in range(40))
    for examples in (mixed, facts):  # most have an answer, and all their tokens lie behind the question
        rows = [examples[i] for i in range(40)]
        real = [row for row in rows if row["start_positions"]]
        assert len(real) > 20 and all(row["token_type_ids"][row["start_positions"]] == 1 for row in real)


def test_the_same_seed_asks_the_same_and_the_splits_differ(tmp_path, processor):
    material = material_of(tmp_path, processor)
    one, again = (ClozeQuestions(questions=30).examples("train", 96, material) for _ in range(2))
    assert [one[i] for i in range(len(one))] == [again[i] for i in range(len(again))]


def test_a_corpus_in_which_nothing_stands_again_says_so(tmp_path, processor):
    frame = pd.DataFrame({"text": ["Far too short."] * 60})
    with pytest.raises(DataError, match="no sentence of 5 to 40 words"):
        ClozeQuestions().examples("train", 64, material_of(tmp_path, processor, frame))


@pytest.mark.parametrize(
    "settings",
    [
        {"questions": 0},
        {"questions": True},
        {"kept_share": -1},
        {"no_answer_share": 1.5},
        {"question_word_share": "half"},
        {"masked_share": 0.0},
    ],
)
def test_bad_settings_are_named(settings):
    with pytest.raises(ConfigError, match=next(iter(settings))):
        ClozeQuestions(**settings)


# --- loss


@pytest.mark.parametrize("kind", ["bert", "modernbert"])
def test_loss_is_masked_words_and_that_of_question_answering(tmp_path, processor, kind):
    marks = {f"{name}_token_id": getattr(processor, f"{mark}_token_id") for name, mark in
             {"pad": "pad", "bos": "cls", "eos": "sep", "cls": "cls", "sep": "sep"}.items()}  # fmt: skip
    shape = {"vocab_size": len(processor), "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
             "intermediate_size": 48, "attention_dropout": 0.0, "hidden_dropout_prob": 0.0}  # fmt: skip
    shape |= marks if kind == "modernbert" else {"attention_probs_dropout_prob": 0.0, "pad_token_id": 0}
    config = transformers.AutoConfig.for_model(kind, **shape)
    torch.manual_seed(0)
    model = transformers.AutoModelForMaskedLM.from_config(config).eval()
    objective = ClozeQuestions(questions=40)
    objective.equip(model)
    torch.nn.init.normal_(model.qa_outputs.weight)
    examples = objective.examples("train", 96, material_of(tmp_path, processor))
    batch = objective.collator(processor)([examples[i] for i in range(8)])
    loss, outputs = objective.loss(model, batch)

    reader = transformers.AutoModelForQuestionAnswering.from_config(config).eval()
    reader.base_model.load_state_dict(model.base_model.state_dict(), strict=False)
    last = reader.classifier if kind == "modernbert" else reader.qa_outputs
    last.load_state_dict(model.qa_outputs.state_dict())
    if kind == "modernbert":
        reader.head.load_state_dict(model.head.state_dict())
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    read = reader(**inputs)
    words = model(**{name: value for name, value in batch.items() if name not in ENDS}).loss
    shown = batch["attention_mask"].sum(1).tolist()
    ends = [[scores[i, :n] for i, n in enumerate(shown)] for scores in (read.start_logits, read.end_logits)]
    losses = [torch.nn.functional.cross_entropy(scores, batch[name][i])
              for name, rows in zip(ENDS, ends, strict=True) for i, scores in enumerate(rows)]  # fmt: skip
    assert loss.item() == pytest.approx((words + torch.stack(losses).mean()).item(), rel=1e-4)
    right = [[scores.argmax() == batch[name][i] for i, scores in enumerate(rows)]
             for name, rows in zip(ENDS, ends, strict=True)]  # fmt: skip
    assert outputs["hits"].tolist() == [int(all(pair)) for pair in zip(*right, strict=True)]


def test_a_pretrained_model_learns_it_and_question_answering_starts_from_what_it_learnt(tmp_path):
    made = ftk.pretrain(
        "pocket-bert", works(), objective="cloze-questions", steps=6, length=64, batch_size=8,
        learning_rate=2e-3, out=tmp_path / "made",
    )  # fmt: skip
    assert set(made.after) >= {"loss", "answers"} and made.after["loss"] < made.before["loss"]
    folder = made.save(tmp_path / "kept")
    reader = transformers.AutoModelForQuestionAnswering.from_pretrained(folder, dtype=torch.float32)
    learnt = made.model.qa_outputs.state_dict()
    for name, weight in reader.qa_outputs.state_dict().items():
        torch.testing.assert_close(weight, learnt[name], atol=1e-3, rtol=0)  # saved in half precision
    on = checkpoints.load_weights(str(folder), "AutoModelForMaskedLM")  # pretraining that goes on keeps them
    torch.testing.assert_close(on.qa_outputs.weight, reader.qa_outputs.weight)
    again = ftk.pretrain(  # a finished folder is read again, the outputs of its last stage included
        "pocket-bert", works(), objective="cloze-questions", steps=6, length=64, batch_size=8,
        learning_rate=2e-3, out=tmp_path / "made",
    )  # fmt: skip
    assert again.after["answers"] == made.after["answers"]
    assert again.after["loss"] == pytest.approx(made.after["loss"], rel=0.05)  # other words are masked


def test_of_a_passage_only_some_sentences_are_left_and_the_answer_is_among_them():
    draw, sizes = random.Random(0), Counter()
    for asked in facts.make(300, 5):
        short = cropped(asked, 2, draw)
        assert short.question == asked.question and short.context in asked.context
        sizes[len(SENTENCE.findall(short.context.strip()))] += 1
        if asked.span is None:
            assert short.span is None
        else:
            assert short.context[slice(*short.span)] == asked.context[slice(*asked.span)]
    assert sizes[1] > 0.95 * sum(sizes.values())  # two sentences have one break; an answer may hold a break itself


def test_every_place_of_the_sentences_around_an_answer_is_drawn():
    context = "One is red. Two is blue. Three is green. Four is grey."
    asked = Asked("Which is blue?", context, (12, 15))
    found = {cropped(asked, 2, random.Random(seed)).context.strip() for seed in range(50)}
    assert found == {"One is red. Two is blue.", "Two is blue. Three is green."}
    assert cropped(asked, 9, random.Random(0)) == asked
    nothing = Asked("Which is pink?", context, None)
    assert len({cropped(nothing, 2, random.Random(seed)).context for seed in range(50)}) == 3
    assert len({cropped(nothing, 1, random.Random(seed)).context for seed in range(50)}) == 4
