"""Movement: what each group puts out is what transformers says, and the alignment is that of the paper's formula."""

import numpy as np
import pytest
import torch
from tiny import tiny_pairs, tiny_questions, tiny_works, write_tiny_gpt2, write_tiny_t5
from tiny_sound import tiny_sounds, write_tiny_wav2vec2
from tiny_vision import tiny_pictures, tiny_scenes, write_tiny_resnet, write_tiny_rtdetr

import finetune_kit as ftk
from finetune_kit.errors import ConfigError
from finetune_kit.layers import layer_groups
from finetune_kit.runs.movement import activations, cka

FEW = {"labels": 8, "epochs": 1, "learning_rate": 1e-3}


def in_feature_space(one, other):
    """Kornblith et al. 2019, the linear case written over features in place of examples."""
    one, other = one - one.mean(0), other - other.mean(0)
    top = np.linalg.norm(other.T @ one) ** 2
    return top / np.linalg.norm(one.T @ one) / np.linalg.norm(other.T @ other)


def test_alignment_is_the_papers():
    draw = np.random.default_rng(0)
    one, other = draw.normal(size=(20, 5)), draw.normal(size=(20, 7))
    assert cka(one, other) == pytest.approx(in_feature_space(one, other))
    turn = np.linalg.qr(draw.normal(size=(5, 5)))[0]
    assert cka(one, 3 * one @ turn + 2) == pytest.approx(1)
    assert cka(draw.normal(size=(600, 3)), draw.normal(size=(600, 3))) < 0.03
    assert np.isnan(cka(one, np.ones((20, 3)))) and np.isnan(cka(None, one))


@pytest.fixture(scope="module")
def run(folder, task):
    return ftk.fine_tune(task, folder, "full", **FEW)


def hidden(model, processor, texts):
    """The mean of each hidden state over the places of each text: (texts, width) a layer."""
    rows = []
    for text in texts:
        with torch.inference_mode():
            states = model(**processor(text, return_tensors="pt"), output_hidden_states=True).hidden_states
        rows.append([state[0].double().mean(0).numpy() for state in states])
    return [np.stack(layer) for layer in zip(*rows, strict=True)]


def test_groups_move_as_their_hidden_states_say(run):
    table, texts = run.movement(), run.task.splits["validation"]["text"][:]
    assert table["group"].tolist() == [group.name for group in layer_groups(run.model)]
    before, after = (hidden(model, run.processor, texts) for model in (run.start, run.model))
    expected = [in_feature_space(b, a) for b, a in zip(before, after, strict=True)]
    np.testing.assert_allclose(table["cka"][:-1], expected, rtol=1e-6)
    was, now = run.start.state_dict(), run.model.state_dict()
    for group, change in zip(layer_groups(run.model), table["change"], strict=True):
        old, new = (torch.cat([held[name].ravel() for name in group.parameters]) for held in (was, now))
        assert change == pytest.approx(float((new - old).norm() / old.norm()), rel=1e-4)


def test_the_heads_output_are_the_logits(run):
    texts = run.task.splits["validation"]["text"][:]
    with torch.inference_mode():
        before, after = (
            np.concatenate([model(**run.processor(text, return_tensors="pt")).logits.numpy() for text in texts])
            for model in (run.start, run.model)
        )
    assert run.movement()["cka"].iloc[-1] == pytest.approx(in_feature_space(before, after), rel=1e-4)


def test_what_is_frozen_did_not_move(folder, task):
    table = ftk.fine_tune(task, folder, "head", **FEW).movement().set_index("group")
    assert (table["change"][:-1] == 0).all() and table.loc["head", "change"] > 0
    np.testing.assert_allclose(table["cka"][:-1], 1)


def test_a_run_from_scratch_is_compared_with_its_own_random_weights(folder, task):
    made = ftk.fine_tune(task, folder, "scratch", **FEW)
    assert made.movement()["change"].between(1e-4, 0.5).all()  # another initialisation would be far away


def test_fewer_examples_can_be_asked(run):
    assert run.movement(examples=4)["cka"].notna().all()
    for examples in (3, 2.5, None):
        with pytest.raises(ConfigError, match="examples="):
            run.movement(examples=examples)


def test_lora_and_a_loaded_run(folder, task, tmp_path):
    made = ftk.fine_tune(task, folder, "lora", **FEW)
    table = made.movement()
    assert table["change"][0] == 0 and (table["change"][1:] > 0).all()
    again = ftk.Run.load(made.save(tmp_path / "run")).movement()
    np.testing.assert_allclose(again["cka"], table["cka"], rtol=1e-5)


OTHERS = {
    "gpt2": (lambda: ftk.Completion(tiny_works()), write_tiny_gpt2),
    "t5": (lambda: ftk.Translation(tiny_pairs()), write_tiny_t5),
    "resnet": (lambda: ftk.ImageClassification(tiny_pictures()), write_tiny_resnet),
    "wav2vec2": (lambda: ftk.AudioClassification(tiny_sounds()), write_tiny_wav2vec2),
    "rtdetr": (lambda: ftk.ObjectDetection(tiny_scenes()), write_tiny_rtdetr),
}


@pytest.fixture(scope="module", params=OTHERS)
def other(request, tmp_path_factory):
    make, write = OTHERS[request.param]
    folder = str(write(tmp_path_factory.mktemp("models") / request.param))
    return request.param, ftk.fine_tune(make(), folder, "full", **FEW)


def test_models_of_every_kind_have_outputs_below_the_head(other):
    kind, made = other
    table = made.movement(examples=6)
    assert (table["change"] > 0).all() and table["cka"][:-1].between(0, 1 + 1e-9).all()
    assert np.isnan(table["cka"].iloc[-1]) == (kind in ("gpt2", "t5", "rtdetr"))  # texts and boxes are no logits


def test_outputs_are_the_hidden_states_that_transformers_names(other):
    kind, made = other
    if kind == "rtdetr":
        return
    part = made.task.splits["validation"].select(range(3))
    encoded = made.task.encode(part, made.processor, made.config.max_length, made.model.config)
    found = activations(made, made.model, encoded, layer_groups(made.model))
    collate = made.task.collator(made.processor)
    for place in range(3):
        batch = collate([encoded[place]])
        if kind == "t5":
            batch["labels"] = torch.where(batch["labels"] < 0, -100, batch["labels"])
        with torch.inference_mode():
            outputs = made.model(**batch, output_hidden_states=True)
        states = list(outputs.encoder_hidden_states if kind == "t5" else outputs.hidden_states)
        names = [name for name in found if name not in ("feature_extractor", "head") and not name.startswith("decoder")]
        if kind in ("gpt2", "t5", "wav2vec2"):  # the last state has gone through one more norm
            names, states = names[:-1], states[: len(names) - 1]
        assert len(names) == len(states) > 1
        for name, state in zip(names, states, strict=True):
            one = state[0].flatten(1).mean(1) if state.ndim == 4 else state[0].mean(0)
            np.testing.assert_allclose(found[name][place], one.numpy(), rtol=1e-4, atol=1e-5)


def test_spans_have_no_logits(folder):
    made = ftk.fine_tune(ftk.ExtractiveQA(tiny_questions()), folder, "full", **FEW)
    table = made.movement(examples=6)
    assert table["cka"][:-1].notna().all() and np.isnan(table["cka"].iloc[-1])
