"""Pretraining end to end against plain transformers and its own interruption."""

import dataclasses
import errno
import functools
import json
import shutil
import sys
import threading

import numpy as np
import pandas as pd
import pytest
import torch
import transformers
from safetensors.torch import load_file
from tiny import WORDS, tiny_frame, tiny_works, write_tiny_bert, write_tiny_gpt2, write_tiny_t5

import finetune_kit as ftk
from finetune_kit import corpora, counting, pretraining, vocabulary
from finetune_kit.config import PretrainingRecipe, Stage
from finetune_kit.errors import ConfigError, DataError, FinetuneKitError, ModelError, StorageError, UnknownNameError
from finetune_kit.history import History
from finetune_kit.teaching import Teacher
from finetune_kit.training import Timing

SHAPES = {
    "bert": {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
             "max_position_embeddings": 32},
    "gpt2": {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32},
    "t5": {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2},
}  # fmt: skip
OBJECTIVES = {"bert": "masked-words", "gpt2": "next-word", "t5": "span-corruption"}
WRITERS = {"bert": write_tiny_bert, "gpt2": write_tiny_gpt2, "t5": write_tiny_t5}
SHORT = {"length": 16, "batch_size": 8, "steps": 12, "warmup_steps": 2, "learning_rate": 3e-3}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {kind: str(write(root / kind)) for kind, write in WRITERS.items()}


@pytest.fixture(scope="module")
def corpus():
    return tiny_works()


@pytest.fixture(scope="module")
def english():
    """Made words enough for a vocabulary of a few hundred pieces of any kind."""
    draw = np.random.default_rng(0)
    words = ["".join(draw.choice(list("abcdefghijklmnop"), draw.integers(3, 9))) for _ in range(150)]
    shares = 1 / np.arange(1, 151)
    rows = [
        {"title": f"work {i // 20}", "text": " ".join(draw.choice(words, 25, p=shares / shares.sum())) + "."}
        for i in range(240)
    ]
    return pd.DataFrame(rows)


def recipe_for(kind, model, *stages, **settings):
    stages = stages or ({},)
    made = tuple(Stage(objective=OBJECTIVES[kind], **{**SHORT, **stage}) for stage in stages)
    return PretrainingRecipe(model=model, held_out_share=0.2, precision="fp32", stages=made, **settings)


def weights(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def same(first, second, tolerance=0.0):
    return all(torch.allclose(first[n], second[n], rtol=0, atol=tolerance) for n in first) and first.keys() == (
        second.keys()
    )


class StopAt:
    """A history's listener that stops a pretraining once so many steps are done."""

    def __init__(self, step):
        self.event, self.history = threading.Event(), History()
        self.history.subscribe(lambda h: self.event.set() if h.step >= step and h.phase == "training" else None)

    def execute(self, recipe, corpus, out, **more):
        return pretraining.execute(recipe, corpus, out, history=self.history, stop=self.event, **more)


# --- new models


@pytest.mark.parametrize("start", ["random", "counted"])
@pytest.mark.parametrize("kind", SHAPES)
def test_a_new_model_of_any_shape_learns_and_is_an_ordinary_checkpoint(english, tmp_path, kind, start):
    # T5's tokenizer has a hundred sentinels beside its pieces; GPT-2's has every byte.
    recipe = recipe_for(kind, kind, {"steps": 30}, shape=SHAPES[kind], start=start, vocabulary=280)
    made = pretraining.execute(recipe, english, tmp_path / "work")
    assert made.after["loss"] < made.before["loss"] and not made.stopped
    assert made.model.config.vocab_size == len(made.processor) == 280
    assert made.model.config.pad_token_id == made.processor.pad_token_id
    folder = made.save(tmp_path / "made")
    auto = {"bert": "AutoModelForMaskedLM", "gpt2": "AutoModelForCausalLM", "t5": "AutoModelForSeq2SeqLM"}[kind]
    loaded = getattr(transformers, auto).from_pretrained(folder)
    assert loaded.config.model_type == kind and same(weights(loaded), weights(made.model))
    processor = transformers.AutoTokenizer.from_pretrained(folder)
    text = english["text"][0]
    assert processor(text).input_ids == made.processor(text).input_ids
    assert PretrainingRecipe.from_yaml(folder / "recipe.yaml") == recipe


def test_a_taught_start_then_masked_words_then_a_teachers_sentences_with_another_models_pieces(folders, tmp_path):
    """The way pocket-bert was made, from its start to a classifier that reads what was taught."""
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    shape |= {"max_position_embeddings": 32, "classifier_pooling": "mean"}
    shape["layer_types"] = ["full_attention", "sliding_attention"]
    lesson = {"teacher": folders["bert"], "width": 16, "texts": 60, "question_share": 0.0}
    stages = (
        Stage(objective="masked-words", **SHORT),
        Stage(objective="sentence-distillation", settings=lesson, **SHORT),
    )
    pieces = tmp_path / "pieces"  # a folder with a tokenizer and nothing else
    transformers.AutoTokenizer.from_pretrained(folders["bert"]).save_pretrained(pieces)
    recipe = PretrainingRecipe(
        "modernbert", shape, start="taught", teacher=folders["bert"], vocabulary=str(pieces), held_out_share=0.2,
        stages=stages,
    )  # fmt: skip
    frame = tiny_works(works=12)
    frame["text"] += "."
    made = pretraining.execute(recipe, frame, tmp_path / "work")
    assert "from a teacher's words" in repr(made) and len(made.processor) == len(WORDS) + 5
    assert made.history.step == 24 and np.isfinite(made.after["loss"])
    marks = ("pad", "cls", "sep", "bos", "eos")
    # As written: older Trainers take from the configuration what the tokenizer has not (bos and eos) when they train.
    written = transformers.AutoConfig.from_pretrained(tmp_path / "work" / "start")
    assert [getattr(written, f"{mark}_token_id") for mark in marks] == [0, 2, 3, 2, 3]
    start = load_file(tmp_path / "work" / "start" / "model.safetensors")
    taught = Teacher(folders["bert"]).piece_vectors(made.processor)
    words = torch.from_numpy(taught.any(axis=1))
    halves = start["model.embeddings.tok_embeddings.weight"][words]
    assert np.linalg.matrix_rank(halves[:, 8:].numpy()) == 8 and halves[:, 8:].mean(0).abs().max() < 1e-3
    run = ftk.fine_tune(ftk.TextClassification(tiny_frame()), str(made.save(tmp_path / "model")), epochs=1)
    assert torch.isfinite(torch.tensor(run.after["accuracy"]))


def test_a_bert_learns_a_teachers_sentences_and_ships_the_pooler_that_holds_them(folders, tmp_path):
    lesson = {"teacher": folders["bert"], "width": 16, "texts": 60, "question_share": 0.0}
    stage = Stage(objective="sentence-distillation", settings=lesson, **SHORT)
    frame = tiny_works(works=12)
    frame["text"] += "."
    recipe = PretrainingRecipe(folders["bert"], None, start="checkpoint", held_out_share=0.2, stages=(stage,))
    made = pretraining.execute(recipe, frame, tmp_path / "work")
    assert made.after["loss"] < made.before["loss"]
    folder = made.save(tmp_path / "model")
    classifier = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    learnt = made.model.bert.pooler.dense.weight
    torch.testing.assert_close(classifier.bert.pooler.dense.weight, learnt, atol=1e-3, rtol=0)
    assert ftk.fill_mask("it was a [MASK] one", str(folder)) is not None  # which needs no pooler


def test_a_checkpoint_goes_on_with_another_vocabulary(folders, english, tmp_path):
    first = recipe_for("bert", "bert", shape=SHAPES["bert"], start="random", vocabulary=280)
    old = pretraining.execute(first, english, tmp_path / "first")
    start = old.save(tmp_path / "old")
    recipe = recipe_for("bert", str(start), vocabulary=300, teacher=folders["bert"])
    made = pretraining.execute(recipe, english, tmp_path / "second")
    begun = tmp_path / "second" / "start"
    was, now = (transformers.AutoTokenizer.from_pretrained(f).get_vocab() for f in (start, begun))
    rows = [load_file(f / "model.safetensors")["bert.embeddings.word_embeddings.weight"] for f in (start, begun)]
    common = sorted(was.keys() & now.keys())
    assert len(made.processor) == made.model.config.vocab_size == 300 and 100 < len(common) < 300
    kept = rows[1][[now[piece] for piece in common]]
    torch.testing.assert_close(kept, rows[0][[was[piece] for piece in common]].to(kept.dtype))
    assert made.after["loss"] < made.before["loss"]


def test_a_counted_start_is_what_counting_gives_for_the_training_stream(english, tmp_path):
    recipe = recipe_for("bert", "bert", shape=SHAPES["bert"], start="counted", vocabulary=300, counted_tokens=3000)
    pretraining.execute(recipe, english, tmp_path)
    start = transformers.BertForMaskedLM.from_pretrained(tmp_path / "start")
    tokens = np.load(tmp_path / "train.npy")[:3000]
    vectors = counting.word_vectors(tokens, 300, 16)
    frequency = np.bincount(tokens, minlength=300) + 1
    met = frequency > 1  # a piece that does not occur keeps its random vector
    found = start.get_input_embeddings().weight.detach().numpy()
    np.testing.assert_allclose(found[met], vectors[met], atol=1e-4)
    assert (np.abs(found[~met]).sum(axis=1)[1:] > 0.05).all()  # but for the padding, which is 0
    expected = np.log(frequency / frequency.sum())
    np.testing.assert_allclose(start.cls.predictions.bias.detach(), expected, rtol=1e-4, atol=1e-4)


def test_a_random_start_of_a_checkpoints_architecture_has_its_shape_and_tokenizer(folders, corpus, tmp_path):
    pretraining.execute(recipe_for("bert", folders["bert"], start="random", seed=1), corpus, tmp_path)
    start = transformers.BertForMaskedLM.from_pretrained(tmp_path / "start")
    stored = transformers.BertForMaskedLM.from_pretrained(folders["bert"])
    assert {n: p.shape for n, p in start.named_parameters()} == {n: p.shape for n, p in stored.named_parameters()}
    name = "bert.encoder.layer.0.attention.self.query.weight"
    assert not torch.allclose(start.get_parameter(name), stored.get_parameter(name))


def test_the_seed_decides_the_new_weights(folders, corpus):
    first, again, other = (
        pretraining.execute(recipe_for("gpt2", folders["gpt2"], {"steps": 3}, start="random", seed=seed), corpus)
        for seed in (1, 1, 2)
    )
    assert same(weights(first.model), weights(again.model))
    assert not same(weights(first.model), weights(other.model), 1e-3)


# --- going on from a checkpoint


@pytest.mark.parametrize("kind", WRITERS)
def test_continued_pretraining_lowers_the_loss_on_held_out_works(folders, corpus, kind):
    made = ftk.pretrain(folders[kind], corpus, **{**SHORT, "steps": 60, "learning_rate": 1e-2})
    assert made.recipe.stages[0].objective == OBJECTIVES[kind]  # found from the model
    assert made.after["loss"] < made.before["loss"] - 0.5
    assert made.before["perplexity"] == pytest.approx(np.exp(made.before["loss"]))
    assert made.after["perplexity"] == pytest.approx(np.exp(made.after["loss"]))
    assert "before ->" in repr(made) and OBJECTIVES[kind] in repr(made) and "60 steps" in repr(made)


def test_it_starts_from_the_checkpoints_weights(folders, corpus, tmp_path):
    pretraining.execute(recipe_for("gpt2", folders["gpt2"], {"learning_rate": 0.0}), corpus, tmp_path)
    stored = transformers.GPT2LMHeadModel.from_pretrained(folders["gpt2"])
    for place in ("start", "stage-1-done"):
        assert same(weights(transformers.GPT2LMHeadModel.from_pretrained(tmp_path / place)), weights(stored))


def test_losses_before_and_after_are_those_of_the_same_hidden_words(folders, corpus):
    made = pretraining.execute(recipe_for("bert", folders["bert"], {"learning_rate": 0.0}), corpus)
    assert made.before["loss"] == pytest.approx(made.after["loss"], rel=1e-6)


def test_loss_and_accuracy_are_those_of_plain_transformers_on_the_held_out_works(folders, corpus, tmp_path):
    made = pretraining.execute(recipe_for("gpt2", folders["gpt2"], {"batch_size": 64}), corpus, tmp_path)
    tokens = np.load(tmp_path / "validation.npy").astype(np.int64)
    ids = torch.from_numpy(tokens[: len(tokens) // 16 * 16].reshape(-1, 16))
    model = transformers.GPT2LMHeadModel.from_pretrained(folders["gpt2"]).eval()
    with torch.no_grad():
        found = model(input_ids=ids, labels=ids)
    assert len(ids) % 64  # the last batch is not whole
    assert made.before["loss"] == pytest.approx(found.loss.item(), rel=1e-4)
    right = (found.logits[:, :-1].argmax(-1) == ids[:, 1:]).float().mean().item()
    assert made.before["accuracy"] == pytest.approx(right, abs=1e-6)


def test_no_steps_measure_the_start_and_train_nothing(folders, corpus, tmp_path):
    made = pretraining.execute(recipe_for("gpt2", folders["gpt2"], {"steps": 0}), corpus, tmp_path)
    assert made.before == made.after and made.history.step == 0 and not made.stopped
    assert same(weights(made.model), weights(transformers.GPT2LMHeadModel.from_pretrained(folders["gpt2"])))


def test_pretraining_takes_its_text_from_the_python_installation_by_default(folders, monkeypatch):
    passages = [("topic a", "the film was good " * 20), ("topic b", "a meal was bad " * 20)]
    monkeypatch.setattr(corpora, "python_docs", lambda: iter(passages))
    assert ftk.pretrain(folders["bert"], **{**SHORT, "steps": 2}).history.step == 2


# --- what is told meanwhile


def test_history_holds_losses_perplexity_pace_and_guesses(folders, corpus):
    sentences = ["the [MASK] was very good", "a [MASK]"]
    history, phases = History(), []
    history.subscribe(lambda h: phases.append(h.phase))
    made = ftk.pretrain(folders["bert"], corpus, sentences=sentences, history=history, **{**SHORT, "steps": 16})
    assert made.history is history and history.step == history.total_steps == 16
    assert history.before == made.before
    steps, losses = history.series("train_loss")
    assert steps == list(range(1, 17)) and all(np.isfinite(losses))
    assert history.series("learning_rate")[1][-1] < 3e-3
    paces = history.series("tokens_per_second")[1]
    assert len(paces) == 16 and min(paces) > 0 and made.tokens_per_second == paces[-1]
    measured = [row for row in history.rows if "validation_loss" in row]
    assert sorted({row["step"] for row in measured}) == list(range(2, 17, 2))
    for row in measured:
        assert row["validation_perplexity"] == pytest.approx(np.exp(row["validation_loss"]))
        assert list(row["guesses"]) == sentences and all("%" in guess for guess in row["guesses"].values())
    assert list(dict.fromkeys(phases))[-1] == "finished" and "training" in phases and "measuring before" in phases


def test_pace_counts_the_tokens_of_a_step(folders, corpus):
    made = pretraining.execute(recipe_for("gpt2", folders["gpt2"], {"steps": 30}), corpus)
    rows = [row for row in made.history.rows if "tokens_per_second" in row]
    row = rows[-1]
    assert row["tokens_per_second"] == pytest.approx(row["step"] * 8 * 16 / row["seconds"], rel=0.25)


def test_a_writers_guesses_are_how_it_goes_on(folders, corpus):
    made = ftk.pretrain(folders["gpt2"], corpus, sentences=["the film was"], **{**SHORT, "steps": 8})
    guesses = [row["guesses"]["the film was"] for row in made.history.rows if "guesses" in row]
    assert len(guesses) >= 8 and all(set(guess.split()) <= set(WORDS) for guess in guesses)


def test_guesses_do_not_change_what_is_learnt(folders, corpus):
    recipe = recipe_for("gpt2", folders["gpt2"])
    silent = pretraining.execute(recipe, corpus)
    asked = pretraining.execute(recipe, corpus, sentences=["the film was"])
    assert same(weights(silent.model), weights(asked.model))


def test_a_sentence_that_the_model_cannot_guess_at_is_refused_before_training(folders, corpus):
    history = History()
    with pytest.raises(DataError, match=r"'no mask' has no \[MASK\]"):
        ftk.pretrain(folders["bert"], corpus, sentences=["no mask"], history=history, **SHORT)
    assert history.step == 0


# --- time, stop, resume


def test_minutes_stand_in_for_steps(folders, corpus):
    made = ftk.pretrain(folders["bert"], corpus, minutes=0.05, length=16, batch_size=8)
    assert 10 <= made.history.step == made.history.total_steps
    assert 1 < made.seconds < 12  # three seconds were asked


def test_steps_and_evaluations_follow_from_the_pace(folders, corpus, monkeypatch):
    monkeypatch.setattr("finetune_kit.training.timed", lambda trainer: Timing(0.1, 0.5, 0))
    made = ftk.pretrain(folders["bert"], corpus, minutes=0.1, length=16, batch_size=8)
    assert made.history.total_steps == 45  # 6 s, of which 3 evaluations of 0.5 s are a quarter
    assert made.history.series("validation_loss")[0] == [15, 30, 45]
    assert made.history.series("learning_rate")[1][-1] < 1e-4  # the schedule ends with the minutes


def test_hardly_any_minutes_still_train_a_few_steps(folders, corpus):
    made = ftk.pretrain(folders["bert"], corpus, minutes=1e-6, length=16, batch_size=8)
    assert made.history.step == 10 and len(made.history.series("train_loss")[0]) == 10


@pytest.mark.parametrize("minutes", [0, -1, float("nan"), float("inf"), "two"])
def test_bad_minutes(folders, corpus, minutes):
    with pytest.raises(ConfigError, match=r"minutes=.*above 0"):
        ftk.pretrain(folders["bert"], corpus, minutes=minutes)


def test_stopped_before_the_first_step_nothing_is_changed_and_it_can_go_on(folders, corpus, tmp_path):
    stop = threading.Event()
    stop.set()
    recipe = recipe_for("gpt2", folders["gpt2"])
    made = pretraining.execute(recipe, corpus, tmp_path, stop=stop)
    assert made.stopped and made.history.step == 0 and made.history.phase == "stopped" and "stopped early" in repr(made)
    assert made.before == made.after and made.tokens_per_second == 0.0
    assert same(weights(made.model), weights(transformers.GPT2LMHeadModel.from_pretrained(folders["gpt2"])))
    whole = pretraining.execute(recipe, corpus, tmp_path)
    assert not whole.stopped and same(weights(whole.model), weights(pretraining.execute(recipe, corpus).model))


def test_a_stop_while_the_pace_is_timed_is_heard(folders, corpus):
    stop = threading.Event()
    history = History()
    history.subscribe(lambda h: stop.set() if h.phase == "timing a few steps" else None)
    made = ftk.pretrain(folders["bert"], corpus, minutes=5, history=history, stop=stop, length=16, batch_size=8)
    assert made.stopped and history.step == 0


def two_stages(kind, model):
    """12 steps and 8, measured at other steps than most of those that the tests stop at."""
    settings = {"t5": {"mean_span": 1, "noise_share": 0.3}}.get(kind, {})  # at this length longer spans leave no chance
    late = {"steps": 8, "length": 24, "batch_size": 4, "schedule": "linear"}
    return recipe_for(kind, model, {"settings": settings}, {**late, "settings": settings})


@pytest.fixture(scope="module")
def in_one_go(folders, corpus):
    return functools.cache(lambda kind: pretraining.execute(two_stages(kind, folders[kind]), corpus))


@pytest.mark.parametrize(
    ("kind", "step"),
    [("gpt2", 1), ("gpt2", 5), ("gpt2", 12), ("gpt2", 17), ("gpt2", 20), ("bert", 5), ("bert", 17), ("t5", 5)],
)
def test_interrupted_and_resumed_it_ends_with_the_weights_of_one_go(folders, corpus, tmp_path, in_one_go, kind, step):
    recipe, whole = two_stages(kind, folders[kind]), in_one_go(kind)
    first = StopAt(step).execute(recipe, corpus, tmp_path)
    assert first.history.step == step
    second = pretraining.execute(recipe, corpus, tmp_path)
    assert not second.stopped and second.history.step == second.history.total_steps == 20
    assert second.before == first.before == pytest.approx(whole.before)
    assert same(weights(second.model), weights(whole.model), 1e-6)
    assert second.after["loss"] == pytest.approx(whole.after["loss"], rel=1e-5)


@pytest.mark.parametrize("kind", WRITERS)
def test_the_same_recipe_gives_the_same_weights(folders, corpus, in_one_go, kind):
    again = pretraining.execute(two_stages(kind, folders[kind]), corpus)
    assert same(weights(again.model), weights(in_one_go(kind).model)) and again.after == in_one_go(kind).after


def test_stopped_between_two_stages_it_goes_on_with_the_second(folders, corpus, tmp_path):
    recipe = recipe_for("gpt2", folders["gpt2"], {}, {"steps": 8, "length": 24})
    stop, history = threading.Event(), History()
    save = pretraining.job.save_whole

    def save_and_stop(target, *parts):
        save(target, *parts)
        if target.name == "stage-1-done":
            stop.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretraining.job, "save_whole", save_and_stop)
        first = pretraining.execute(recipe, corpus, tmp_path, history=history, stop=stop)
    assert first.history.step == 12
    second = pretraining.execute(recipe, corpus, tmp_path)
    assert second.history.series("train_loss")[0] == list(range(13, 21))
    assert same(weights(second.model), weights(pretraining.execute(recipe, corpus).model), 1e-6)


def test_killed_while_it_writes_a_stage_it_writes_it_again(folders, corpus, tmp_path):
    recipe = recipe_for("gpt2", folders["gpt2"])
    whole = pretraining.execute(recipe, corpus, tmp_path)
    done = tmp_path / "stage-1-done"
    done.rename(tmp_path / "stage-1-done.partial")
    (tmp_path / "stage-1-done.partial" / "model.safetensors").write_bytes(b"half")
    again = pretraining.execute(recipe, corpus, tmp_path)
    assert same(weights(again.model), weights(whole.model)) and done.exists()


def test_a_finished_pretraining_is_not_trained_again(folders, corpus, tmp_path):
    recipe = recipe_for("bert", folders["bert"], {}, {"steps": 4})
    first = pretraining.execute(recipe, corpus, tmp_path)
    again = pretraining.execute(recipe, corpus, tmp_path)
    assert again.history.series("train_loss") == ([], []) and again.history.step == 16
    assert same(weights(again.model), weights(first.model))
    assert again.before == first.before and again.after["loss"] == pytest.approx(first.after["loss"], rel=1e-6)


def test_killed_before_its_first_step_it_goes_on_with_the_tokenizer_of_its_token_streams(english, tmp_path):
    recipe = recipe_for("bert", "bert", shape=SHAPES["bert"], start="counted", vocabulary=300)
    with pytest.MonkeyPatch.context() as patch:

        def killed(*arguments, **settings):
            raise KeyboardInterrupt

        patch.setattr(counting, "counted_start", killed)
        with pytest.raises(KeyboardInterrupt):
            pretraining.execute(recipe, english, tmp_path)
    made = pretraining.execute(recipe, english, tmp_path)
    held = corpora.validation_works(english, 0.2)
    text = " ".join(english["text"][~english["title"].isin(held)])
    expected = made.processor(text, add_special_tokens=False).input_ids
    assert np.load(tmp_path / "train.npy").tolist() == expected


def test_minutes_again_in_the_same_folder_keep_what_was_learnt(folders, corpus, tmp_path):
    first = ftk.pretrain(folders["gpt2"], corpus, minutes=1e-6, out=tmp_path, length=16, batch_size=8)
    again = ftk.pretrain(folders["gpt2"], corpus, minutes=1e-6, out=tmp_path, length=16, batch_size=8)
    assert again.after["loss"] <= first.after["loss"] + 1e-6


CHANGES = [
    ({"seed": 9}, "seed"),
    ({"held_out_share": 0.3}, "held_out_share"),
    ({"stages": ({"steps": 13},)}, r"stages\.1\.steps \(12 there, 13 here\)"),
    ({"stages": ({}, {})}, r"stages\.2"),
    ({"start": "random"}, r"start \('checkpoint' there, 'random' here\)"),
]


@pytest.mark.parametrize(("change", "words"), CHANGES, ids=[words for _, words in CHANGES])
def test_a_changed_recipe_is_refused_by_name_and_nothing_is_lost(folders, corpus, tmp_path, change, words):
    recipe = recipe_for("gpt2", folders["gpt2"])
    StopAt(5).execute(recipe, corpus, tmp_path)
    files = {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()}
    stages = {"stages": tuple(dataclasses.replace(recipe.stages[0], **s) for s in change.get("stages", ({},)))}
    with pytest.raises(ConfigError, match=words):
        pretraining.execute(dataclasses.replace(recipe, **{**change, **stages}), corpus, tmp_path)
    assert {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()} == files
    assert pretraining.execute(recipe, corpus, tmp_path).history.step == 12


def test_stages_of_several_objectives_share_one_model(folders, corpus, tmp_path):
    recipe = PretrainingRecipe(
        model=folders["bert"], held_out_share=0.2, precision="fp32",
        stages=(Stage(**SHORT), Stage(**{**SHORT, "settings": {"masked_share": 0.4}})),
    )  # fmt: skip
    made = pretraining.execute(recipe, corpus, tmp_path)
    assert made.history.step == 24 and made.before
    mixed = dataclasses.replace(recipe, stages=(recipe.stages[0], Stage(objective="next-word", **SHORT)))
    with pytest.raises(FinetuneKitError):  # paragraphs end otherwise, and this tokenizer has no end of text
        pretraining.execute(mixed, corpus, tmp_path / "mixed")


# --- bad input


def test_a_misspelt_setting_suggests_the_nearest_of_either_kind(folders, corpus):
    with pytest.raises(UnknownNameError, match="Did you mean 'held_out_share'"):
        ftk.pretrain(folders["bert"], corpus, held_out=0.1)
    with pytest.raises(UnknownNameError, match="Did you mean 'batch_size'"):
        ftk.pretrain(folders["bert"], corpus, batchsize=4)
    with pytest.raises(UnknownNameError, match="Did you mean 'masked-words'"):
        ftk.pretrain(folders["bert"], corpus, objective="masked-word")
    with pytest.raises(UnknownNameError, match="Did you mean 'pocket-bert'"):
        ftk.pretrain("pocket-bart", corpus)


def test_stages_cannot_be_given_to_the_call_for_one_stage(folders, corpus):
    with pytest.raises(FinetuneKitError, match="stages"):
        ftk.pretrain(folders["bert"], corpus, stages=[{"steps": 1}, {"steps": 2}])


def test_a_shape_that_is_none(corpus, english):
    with pytest.raises(UnknownNameError, match="Did you mean 'hidden_size'"):
        ftk.pretrain("bert", corpus, shape={"hiden_size": 16}, start="random", vocabulary=100)
    with pytest.raises(UnknownNameError, match="no model type 'berd'"):
        ftk.pretrain("berd", corpus, shape={}, start="random", vocabulary=100)
    with pytest.raises(ConfigError, match="vocabulary=None: expected"):
        ftk.pretrain("bert", corpus, shape=SHAPES["bert"], start="random")
    with pytest.raises(ConfigError, match=r"multiple|divisible|cannot"):
        ftk.pretrain(
            "bert", english, shape={**SHAPES["bert"], "num_attention_heads": 3}, start="random", vocabulary=100
        )


@pytest.mark.parametrize("kind", ["bert", "gpt2"])
def test_sequences_longer_than_the_model_takes_are_refused_before_training(folders, corpus, kind):
    history = History()
    with pytest.raises(ConfigError, match="length=33: expected at most 32"):
        ftk.pretrain(folders[kind], corpus, **{**SHORT, "length": 33}, history=history)
    late = recipe_for(kind, folders[kind], {}, {"length": 64})
    with pytest.raises(ConfigError, match="length=64: expected at most 32"):
        pretraining.execute(late, corpus, history=history)
    assert history.step == 0


def test_a_setting_put_right_after_a_refusal_is_taken_in_the_same_folder(folders, corpus, tmp_path):
    with pytest.raises(ConfigError, match="length=33"):
        pretraining.execute(recipe_for("gpt2", folders["gpt2"], {"length": 33}), corpus, tmp_path)
    assert pretraining.execute(recipe_for("gpt2", folders["gpt2"]), corpus, tmp_path).history.step == 12


def test_a_corpus_shorter_than_a_sequence(folders):
    with pytest.raises(DataError, match=r"tokens, less than one sequence of 32"):
        ftk.pretrain(folders["gpt2"], ["a film", "a meal"] * 12, **{**SHORT, "length": 32})


@pytest.mark.parametrize(("corpus", "words"), [(["only", "two"], "single piece"), (None, "NoneType"), ([], "list")])
def test_a_corpus_that_is_none(folders, corpus, words):
    with pytest.raises(DataError, match=words):
        ftk.pretrain(folders["bert"], corpus, **SHORT)


def test_an_empty_file_and_a_missing_path(folders, tmp_path):
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(DataError, match="holds no text"):
        ftk.pretrain(folders["bert"], tmp_path / "empty.txt", **SHORT)
    with pytest.raises(DataError, match="holds no text"):
        ftk.pretrain("bert", tmp_path / "empty.txt", shape=SHAPES["bert"], start="random", vocabulary=100)
    with pytest.raises(StorageError, match=r"absent\.txt"):
        ftk.pretrain(folders["bert"], tmp_path / "absent.txt", **SHORT)


def test_a_vocabulary_larger_than_the_corpus_allows(corpus):
    with pytest.raises(ConfigError, match="vocabulary=5000: expected at most"):
        ftk.pretrain("bert", corpus, shape=SHAPES["bert"], start="random", vocabulary=5000, **SHORT)


def test_a_tokenizer_with_more_pieces_than_the_model_has_embeddings(folders, corpus, tmp_path):
    broken = shutil.copytree(folders["gpt2"], tmp_path / "broken")
    tokenizer = transformers.AutoTokenizer.from_pretrained(broken)
    tokenizer.add_tokens(["more", "words"])
    tokenizer.save_pretrained(broken)
    with pytest.raises(ModelError, match="has 23 pieces and its model 21 embeddings"):
        ftk.pretrain(str(broken), corpus, **SHORT)


def test_a_tokenizer_that_lacks_what_the_objective_needs(folders, corpus):
    with pytest.raises(ModelError, match=r"lacks .*mask_token"):
        ftk.pretrain(folders["gpt2"], corpus, objective="masked-words", **SHORT)
    with pytest.raises(ModelError, match=r"lacks .*extra_id"):
        ftk.pretrain(folders["bert"], corpus, objective="span-corruption", **SHORT)


def test_too_little_free_disk_is_said_before_training(folders, corpus, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    history = History()
    with pytest.raises(StorageError, match=r"0 MB free; .* need \d+ MB"):
        pretraining.execute(recipe_for("gpt2", folders["gpt2"]), corpus, tmp_path, history=history)
    assert history.step == 0
    monkeypatch.undo()
    assert pretraining.execute(recipe_for("gpt2", folders["gpt2"]), corpus, tmp_path).history.step == 12


def test_a_disk_that_fills_up_is_a_storage_error_and_what_was_saved_is_kept(folders, corpus, tmp_path, monkeypatch):
    recipe = recipe_for("gpt2", folders["gpt2"])
    StopAt(5).execute(recipe, corpus, tmp_path)

    def full(self, *arguments, **settings):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transformers.PreTrainedModel, "save_pretrained", full)
    with pytest.raises(StorageError, match="No space left on device"):
        pretraining.execute(recipe, corpus, tmp_path)
    monkeypatch.undo()
    whole = pretraining.execute(recipe, corpus)
    assert same(weights(pretraining.execute(recipe, corpus, tmp_path).model), weights(whole.model), 1e-6)


@pytest.mark.skipif(sys.platform == "win32", reason="file sizes are limited by POSIX's setrlimit")
@pytest.mark.parametrize("limit", [2_000, 20_000])
def test_files_that_cannot_grow_are_a_storage_error(folders, corpus, tmp_path, limit):
    """What a full disk does, without one: no file may grow past a limit, be it stream, weights or moments."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        with pytest.raises(StorageError):
            pretraining.execute(recipe_for("gpt2", folders["gpt2"]), corpus, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert pretraining.execute(recipe_for("gpt2", folders["gpt2"]), corpus, tmp_path).history.step == 12


def test_a_folder_that_cannot_be_written(folders, corpus, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="Cannot write"):
        ftk.pretrain(folders["bert"], corpus, out=tmp_path / "file", **SHORT)


# --- the result


def test_saved_it_is_a_folder_that_fine_tuning_starts_from(folders, corpus, tmp_path, task):
    made = ftk.pretrain(folders["bert"], corpus, **SHORT)
    folder = made.save(tmp_path / "made")
    record = json.loads((folder / "pretraining.json").read_text())
    assert record["after"] == made.after and record["before"] == made.before and record["steps"] == 12
    assert record["history"] == made.history.rows and not record["stopped"] and "torch" in record["versions"]
    run = ftk.fine_tune(task, str(folder), labels=16, epochs=1)
    assert run.after["accuracy"] >= 0
    name = "bert.embeddings.word_embeddings.weight"
    loaded = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    assert torch.equal(loaded.get_parameter(name), made.model.get_parameter(name))
    with pytest.raises(StorageError, match="already holds"):
        made.save(folder)
    assert made.save(folder, overwrite=True) == folder


def test_half_precision_halves_the_file_and_leaves_the_model_as_it_is(folders, corpus, tmp_path):
    made = ftk.pretrain(folders["gpt2"], corpus, **SHORT)
    whole, half = made.save(tmp_path / "whole"), made.save(tmp_path / "half", half=True)
    sizes = [sum(t.numel() * t.element_size() for t in load_file(f / "model.safetensors").values())
             for f in (whole, half)]  # fmt: skip
    assert sizes[0] == 2 * sizes[1]
    assert (half / "model.safetensors").stat().st_size < 0.7 * (whole / "model.safetensors").stat().st_size
    assert {p.dtype for p in made.model.parameters()} == {torch.float32}
    assert ftk.complete("the film", str(half), words=3, temperature=0)


def test_probes_take_the_result_as_they_take_its_folder(folders, corpus, tmp_path):
    made = ftk.pretrain(folders["bert"], corpus, **SHORT)
    folder = str(made.save(tmp_path / "made"))
    texts = ["the film was good", "very bad", "a hotel"]
    for probe in (
        lambda model: ftk.fill_mask("the film was very [MASK]", model),
        lambda model: ftk.neighbours("film", model),
        lambda model: ftk.nearest("the film", texts, model),
    ):
        assert probe(made).equals(probe(folder))


def test_fertility_is_told_for_the_held_out_works(english, tmp_path):
    recipe = recipe_for("bert", "bert", {"steps": 1}, shape=SHAPES["bert"], start="random", vocabulary=120)
    made = pretraining.execute(recipe, english, tmp_path)
    held = corpora.validation_works(english, 0.2)
    texts = english["text"][english["title"].isin(held)]
    assert made.fertility == pytest.approx(vocabulary.fertility(made.processor, texts))
    assert 1.5 < made.fertility < 10 and f"{made.fertility:.2f} a word" in repr(made)


# --- the command line


def test_the_command_writes_an_ordinary_folder_and_goes_on_there(call, folders, corpus, tmp_path):
    corpus.to_parquet(tmp_path / "works.parquet")
    recipe_for("bert", folders["bert"]).to_yaml(tmp_path / "recipe.yaml")
    flags = ("pretrain", "recipe.yaml", "--corpus", "works.parquet", "--out", "made", "--sentence", "the [MASK] was")
    code, out, err = call(*flags)
    assert (code, "Traceback" in err) == (0, False)
    assert "12 steps" in out and "before ->" in out and "step 12 of 12" in out and "the [MASK] was" in out
    model = transformers.AutoModelForMaskedLM.from_pretrained(tmp_path / "made" / "model")
    assert model.dtype == torch.float16
    assert str(tmp_path / "made" / "model") in out.replace("\n", "")
    assert call(*flags)[0] == 0


def test_the_command_takes_several_corpora(call, folders, corpus, tmp_path):
    for number in range(2):
        corpus[corpus.index % 2 == number].to_csv(tmp_path / f"part {number}.csv", index=False)
    recipe_for("gpt2", folders["gpt2"], {"steps": 3}).to_yaml(tmp_path / "recipe.yaml")
    parts = ("--corpus", "part 0.csv", "--corpus", "part 1.csv")
    assert call("pretrain", "recipe.yaml", *parts, "--out", "made")[0] == 0
    found = sum(len(np.load(tmp_path / "made" / f"{split}.npy")) for split in ("train", "validation"))
    assert found == sum(text.count(" ") + 2 for text in corpus["text"])


def test_bad_input_on_the_command_line_is_one_sentence_and_exit_code_2(call, folders, tmp_path):
    tiny_frame().to_csv(tmp_path / "mine.csv", index=False)
    (tmp_path / "binary").mkdir()
    (tmp_path / "binary" / "x.txt").write_bytes(b"\0\1")
    (tmp_path / "bad.yaml").write_text("modle: x\n")
    recipe_for("bert", folders["bert"]).to_yaml(tmp_path / "recipe.yaml")
    for flags, words in [
        (("absent.yaml", "--corpus", "mine.csv"), "Cannot read absent.yaml"),
        (("bad.yaml", "--corpus", "mine.csv"), "Did you mean 'model'"),
        (("recipe.yaml", "--corpus", "absent.txt"), "no file or folder 'absent.txt'"),
        (("recipe.yaml", "--corpus", "books"), "no file or folder 'books'"),
        (("recipe.yaml", "--corpus", "my books"), "no file or folder 'my books'"),
        (("recipe.yaml", "--corpus", "binary"), "x.txt is a binary file"),
    ]:
        code, _, err = call("pretrain", *flags, "--out", f"out {words[:5]}")
        message = " ".join(err.split())
        assert (code, words in message) == (2, True), (flags, code, message)
        assert "Traceback" not in err and message.startswith("Error:")
