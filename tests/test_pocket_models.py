"""The shipped weights: small enough, ordinary, and worth starting from."""

import random
from pathlib import Path

import numpy as np
import pytest
import transformers
from safetensors import safe_open

import finetune_kit as ftk
from finetune_kit import catalog, checkpoints, objectives
from finetune_kit.config import PretrainingRecipe
from finetune_kit.objectives.cloze_questions import cropped
from finetune_kit.objectives.written_answers import prompt
from finetune_kit.synthetic import facts

FOLDER = Path(ftk.locate("pocket-bert"))


@pytest.mark.parametrize("name", catalog.embedded("models"))
def test_the_catalogue_states_what_a_pocket_model_weighs(name):
    (record,) = ftk.models(name).to_dict("records")
    folder = Path(ftk.locate(name))
    model = transformers.AutoModel.from_pretrained(folder)
    size = sum(path.stat().st_size for path in folder.iterdir() if path.name in ("model.safetensors", "tokenizer.json"))
    assert record["megabytes"] == round(size / 1e6, 1)
    assert record["parameters"] == f"{sum(p.numel() for p in model.parameters()) / 1e6:.1f} M"


@pytest.mark.parametrize(
    "sentence, sensible",
    [
        ("He opened the [MASK] and went into the house.", {"door", "gate", "window", "box"}),
        ("She closed her [MASK] and fell asleep.", {"eyes", "eyelids", "book"}),
        ("They drank a cup of [MASK] after dinner.", {"tea", "coffee", "wine", "water", "milk"}),
        ("The ship sailed across the [MASK].", {"sea", "ocean", "water", "river", "bay", "lake", "waters"}),
    ],
)
def test_pocket_bert_fills_in_a_masked_word_sensibly(sentence, sensible):
    guesses = transformers.pipeline("fill-mask", str(FOLDER))(sentence)
    assert {guess["token_str"] for guess in guesses} & sensible


def test_pocket_t5_answers_questions_on_facts_that_it_never_read():
    """Two sentences each: the words of the answer are found and written as they stand."""
    tokenizer = checkpoints.processor("pocket-t5")
    model = checkpoints.load_weights("pocket-t5", "AutoModelForSeq2SeqLM")
    draw = random.Random(7)
    asked = [cropped(one, 2, draw) for one in facts.make(90, seed=10_007) if one.span][:64]
    read = tokenizer([prompt(one.context, one.question) for one in asked], padding=True, return_tensors="pt")
    written = model.generate(read["input_ids"], attention_mask=read["attention_mask"], max_new_tokens=16)
    truth = [one.context[slice(*one.span)] for one in asked]
    given = tokenizer.batch_decode(written, skip_special_tokens=True)
    assert np.mean([text.strip() == right for text, right in zip(given, truth, strict=True)]) > 0.4


def test_pretraining_beats_from_scratch_on_few_labels():
    # The very comparison of the demo at 32 labels, on the validation split, so that the test split stays unseen.
    task = ftk.TextClassification("reviews")
    scores = {
        strategy: np.mean(
            [ftk.fine_tune(task, "pocket-bert", strategy, labels=32, seed=s).after["accuracy"] for s in range(3)]
        )
        for strategy in ("scratch", "full")
    }
    assert scores["full"] > scores["scratch"]


RECIPES = sorted(FOLDER.parent.glob("*/recipe.yaml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.parent.name)
def test_a_shipped_recipe_makes_the_shipped_shape(path, tmp_path):
    """The recipe can be carried out as it is written, and its model has the shipped one's weights, name by name."""
    recipe = PretrainingRecipe.from_yaml(path)
    made = [objectives.resolve(stage) for stage in recipe.stages]
    shipped = checkpoints.configuration(str(path.parent))
    settings = made[0].head_settings() if isinstance(made[0], objectives.MadeObjective) else {}
    if not settings:
        pieces = len(checkpoints.processor(str(path.parent)))
        assert recipe.vocabulary in (pieces, path.parent.name)
        settings = {"vocab_size": pieces, "pad_token_id": shipped.pad_token_id}
    config = checkpoints.new_configuration(recipe.model, {**recipe.shape, **settings})
    built = checkpoints.build(config, made[0].auto_class)
    for objective in made:
        objective.equip(built)
    built.save_pretrained(tmp_path)  # under other names than in memory, for some
    assert shapes(path.parent) == shapes(tmp_path)


def shapes(folder):
    """The shape of each weight in a checkpoint's file."""
    with safe_open(folder / "model.safetensors", "pt") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118


@pytest.mark.parametrize("folder", sorted(path.parent for path in RECIPES), ids=lambda path: path.name)
def test_every_pocket_model_is_small_and_has_a_card(folder):
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 10_000_000
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "@" not in card and "license: apache-2.0" in card and "finetune-kit pretrain" in card and "## Limits" in card


def test_all_pocket_models_together_are_at_most_40_mb():
    assert sum(path.stat().st_size for path in FOLDER.parent.rglob("*") if path.is_file()) <= 40_000_000
