"""The shipped weights: small enough, ordinary, and worth starting from."""

from pathlib import Path

import numpy as np
import pytest
import transformers

import finetune_kit as ftk

FOLDER = Path(ftk.locate("pocket-bert"))


def test_pocket_bert_is_an_ordinary_folder_of_at_most_10_mb():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 10_000_000
    assert {"config.json", "model.safetensors", "tokenizer.json", "recipe.yaml", "README.md"} <= {
        path.name for path in FOLDER.iterdir()
    }
    assert isinstance(transformers.AutoModel.from_pretrained(FOLDER), transformers.BertModel)


def test_catalogue_states_the_size_of_the_weights():
    (record,) = ftk.models("pocket-bert").to_dict("records")
    model = transformers.AutoModel.from_pretrained(FOLDER)
    size = (FOLDER / "model.safetensors").stat().st_size + (FOLDER / "tokenizer.json").stat().st_size
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
