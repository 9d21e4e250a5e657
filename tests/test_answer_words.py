"""Answer words: the batches, the loss against its parts computed one by one, and that it can be learnt."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers
from tiny import write_tiny_bert
from torch.nn import functional as F

from finetune_kit import checkpoints, objectives
from finetune_kit.config import Stage
from finetune_kit.errors import ConfigError
from finetune_kit.objectives.answer_words import AnsweredQuestions, AnswerWords, answer_loss
from finetune_kit.objectives.base import IGNORED


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tiny_bert(tmp_path_factory.mktemp("models") / "bert")


@pytest.fixture(scope="module")
def processor(folder):
    return transformers.AutoTokenizer.from_pretrained(folder)


@pytest.fixture
def model(folder):
    torch.manual_seed(2)
    made = checkpoints.load_weights(str(folder), "AutoModelForMaskedLM").eval()
    objective().equip(made)
    return made


def objective(**settings):
    return AnswerWords("unused", width=16, **settings)


def rows(processor):
    """A text with a vector and two questions with answers of one and of three pieces."""
    vector = np.random.default_rng(0).normal(size=16).astype(np.float32)
    asked = AnsweredQuestions(["was the film good?", "what was bad?"], ["film", "the very bad meal"], processor)
    return [{"input_ids": processor("we liked the book").input_ids, "target": vector}, asked[0], asked[1]]


def collated(processor, chosen=(0, 1, 2), **settings):
    torch.manual_seed(1)
    made = rows(processor)
    batch = objective(**settings).collator(processor)([made[i] for i in chosen])
    batch["labels"][0, 2] = made[chosen[0]]["input_ids"][2]  # at least one word is hidden
    return batch


def test_a_batch_holds_vectors_and_answers_and_nothing_where_there_is_none(processor):
    batch = collated(processor)
    made = rows(processor)
    assert torch.equal(batch["targets"][0], torch.from_numpy(made[0]["target"])) and not batch["targets"][1:].any()
    assert batch["answers"][0].eq(IGNORED).all()
    for row in (1, 2):
        kept = batch["answers"][row]
        assert kept[kept != IGNORED].tolist() == made[row]["answer"]
    assert processor.decode(made[2]["answer"]) == "the very bad meal"


def test_the_loss_is_the_sum_of_its_three_parts(model, processor):
    batch = collated(processor)
    with torch.no_grad():
        found, _ = objective(weight=3.0, answer_weight=0.5).loss(model, batch)
        plain = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], output_hidden_states=True)
        words = F.cross_entropy(plain.logits.flatten(0, 1), batch["labels"].flatten())
        pooled = torch.tanh(plain.hidden_states[-1][:, 0] @ model.bert.pooler.dense.weight.T)
        target = batch["targets"][0]
        distance = 1 - pooled[0] @ target / (pooled[0].norm() * target.norm())
        shares = torch.log_softmax(model.cls(pooled), -1)
        answers = [-np.mean([shares[row, piece].item() for piece in rows(processor)[row]["answer"]]) for row in (1, 2)]
    assert found.item() == pytest.approx(words.item() + 3 * distance.item() + 0.5 * np.mean(answers), rel=1e-5)


@pytest.mark.parametrize("chosen", [(0,), (1, 2)])
def test_a_batch_of_one_kind_alone_has_a_loss_and_gradients(model, processor, chosen):
    loss, _ = objective().loss(model.train(), collated(processor, chosen))
    loss.backward()
    assert torch.isfinite(loss)
    assert model.bert.pooler.dense.weight.grad.abs().sum() > 0


def test_no_question_costs_nothing(model):
    assert answer_loss(model, torch.zeros(0, 16), torch.zeros(0, 1, dtype=torch.long)).item() == 0


def test_questions_of_facts_and_clozes_stand_beside_the_texts(processor, monkeypatch, tmp_path):
    from finetune_kit.objectives import sentence_distillation

    monkeypatch.setattr(
        sentence_distillation.SentenceDistillation, "examples", lambda *_: [{"input_ids": [2, 3], "target": None}] * 4
    )
    told = "The old ferry carried nine brown horses to {} in March, and {} waited there with hay."
    towns, names = ["Lisbon", "Genoa", "Bergen", "Cork", "Ghent"], ["Ida", "Omar", "Petra", "Anselm"]
    passages = [(f"work {a} {b}", told.format(a, b)) for a in towns for b in names]
    material = SimpleNamespace(processor=processor, folder=tmp_path, seed=0, passages=lambda split: iter(passages))
    both = objective(questions=40, facts_share=0.5).examples("train", 64, material)
    facts = objective(questions=40, facts_share=1.0).examples("train", 64, material)
    assert both[0]["target"] is None and len(facts) > 4 + 25  # a fifth of the facts' questions have no answer
    assert all(set(facts[i]) == {"input_ids", "answer"} and facts[i]["answer"] for i in range(4, len(facts)))


def test_quiz_questions_stand_beside_them_when_asked_for(processor, monkeypatch, tmp_path):
    from finetune_kit.objectives import sentence_distillation
    from finetune_kit.synthetic import quiz

    monkeypatch.setattr(sentence_distillation.SentenceDistillation, "examples", lambda *_: [])
    material = SimpleNamespace(processor=processor, folder=tmp_path, seed=0)
    without, more = (objective(questions=20, facts_share=1.0, quiz=n).examples("train", 64, material) for n in (0, 30))
    assert len(more) == len(without) + 30
    question, answer = next(quiz.make(1, 0))
    first = more[len(without)]
    assert first["input_ids"] == processor(question).input_ids
    assert first["answer"] == processor(answer, add_special_tokens=False).input_ids
    held_out = objective(questions=20, facts_share=1.0, quiz=30).examples("validation", 64, material)
    assert not {tuple(held_out[i]["input_ids"]) for i in range(-30, 0)} <= {
        tuple(more[i]["input_ids"]) for i in range(-30, 0)
    }


def test_what_a_question_is_after_can_be_learnt(model, processor):
    """Two kinds of question with two kinds of answer: new questions of each kind are told apart by their answers."""
    kinds = {"was": ["film", "book"], "is": ["good", "bad"]}
    nouns = ["the film", "the meal", "the hotel", "it"]
    asked = [(f"{verb} {noun} so?", word) for verb, words in kinds.items() for noun in nouns[:3] for word in words]
    made = AnsweredQuestions([q for q, _ in asked], [a for _, a in asked], processor)
    # The words themselves are not hidden: which verb is asked by is all that tells the kinds apart.
    batch = {**processor.pad([{"input_ids": made[i]["input_ids"]} for i in range(len(made))], return_tensors="pt")}
    batch["labels"] = torch.full_like(batch["input_ids"], IGNORED)
    batch["targets"] = torch.zeros(len(made), 16)
    batch["answers"] = torch.tensor([made[i]["answer"] for i in range(len(made))])
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(250):
        loss, _ = objective().loss(model, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    for verb, words in kinds.items():
        held_out = processor(f"{verb} it so?", return_tensors="pt")
        with torch.no_grad():
            shares = model.cls(model.bert(**held_out).pooler_output).softmax(-1)[0]
        wanted = processor.convert_tokens_to_ids(words)
        assert shares[wanted].sum() > 0.8


def test_a_recipe_names_it_with_the_settings_of_both(processor):
    settings = {"teacher": "x/y", "questions": 50, "facts_share": 1.0, "texts": 90, "masked_share": 0.2}
    made = objectives.resolve(Stage(objective="answer-words", settings=settings))
    assert (made.texts, made.asker.questions, made.masked_share) == (90, 50, 0.2)
    for wrong in ({"answer_weight": -1}, {"questions": 0}, {"facts_share": 2}, {"texts": 1}, {"quiz": -1}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            objectives.resolve(Stage(objective="answer-words", settings={"teacher": "x/y", **wrong}))
