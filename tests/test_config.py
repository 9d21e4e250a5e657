import dataclasses

import pytest
import yaml

from finetune_kit.config import PretrainingRecipe, RunConfig, Stage
from finetune_kit.errors import ConfigError, FinetuneKitError, StorageError, UnknownNameError

CHANGED = {"strategy": "last-2", "labels": 64, "epochs": 1.5, "learning_rate": 3e-5, "seed": 7, "drop_bad_rows": True}


def test_yaml_round_trip(tmp_path):
    config = RunConfig(**CHANGED)
    config.to_yaml(tmp_path / "run.yaml")
    assert RunConfig.from_yaml(tmp_path / "run.yaml") == config


def test_defaults_are_left_out(tmp_path):
    assert RunConfig().to_dict() == {}
    assert RunConfig(**CHANGED).to_dict() == CHANGED
    RunConfig(seed=3).to_yaml(tmp_path / "run.yaml")
    assert yaml.safe_load((tmp_path / "run.yaml").read_text(encoding="utf-8")) == {"seed": 3}


def test_a_configuration_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        RunConfig().seed = 3


RECIPE = {
    "model": "gpt2",
    "shape": {"n_embd": 64, "n_layer": 2},
    "start": "counted",
    "vocabulary": 2000,
    "counted_tokens": 1000,
    "held_out_share": 0.05,
    "precision": "fp32",
    "seed": 4,
    "stages": [
        {"objective": "next-word", "settings": {}, "steps": 5},
        {"objective": "masked-words", "settings": {"masked_share": 0.15}, "length": 128, "schedule": "linear"},
    ],
}


def test_recipe_round_trip_with_its_stages(tmp_path):
    recipe = PretrainingRecipe.from_dict(RECIPE)
    assert recipe.stages == (
        Stage(objective="next-word", steps=5),
        Stage(settings={"masked_share": 0.15}, length=128, schedule="linear"),
    )
    recipe.to_yaml(tmp_path / "recipe.yaml")
    assert PretrainingRecipe.from_yaml(tmp_path / "recipe.yaml") == recipe
    assert PretrainingRecipe.from_dict(recipe.to_dict()) == recipe


def test_only_what_differs_from_the_default_is_written(tmp_path):
    recipe = PretrainingRecipe(stages=(Stage(steps=5), Stage(length=128)), seed=1)
    assert recipe.to_dict() == {"seed": 1, "stages": [{"steps": 5}, {"length": 128}]}
    recipe.to_yaml(tmp_path / "recipe.yaml")
    assert yaml.safe_load((tmp_path / "recipe.yaml").read_text(encoding="utf-8")) == recipe.to_dict()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 5}, ["seed (4 there, 5 here)"]),
        ({"shape": {"n_embd": 128, "n_layer": 2}}, ["shape.n_embd (64 there, 128 here)"]),
        ({"shape": {"n_embd": 64}}, ["shape.n_layer (2 there, nothing here)"]),
        ({"shape": {}}, ["shape.n_embd (64 there, nothing here)", "shape.n_layer (2 there, nothing here)"]),
        ({"shape": None, "model": "gpt-2"}, ["model ('gpt2' there, 'gpt-2' here)", "shape.n_embd", "shape.n_layer"]),
        ({"stages": RECIPE["stages"][:1]}, ["stages.2.objective ('masked-words' there,", "stages.2.steps"]),
        ({"stages": [RECIPE["stages"][0], {**RECIPE["stages"][1], "settings": {"masked_share": 0.3}}]},
         ["stages.2.settings.masked_share (0.15 there, 0.3 here)"]),
        ({"stages": RECIPE["stages"][::-1]}, ["stages.1.length (64 there, 128 here)", "stages.2.length"]),
    ],
)  # fmt: skip
def test_differences_between_recipes_are_named(change, words):
    found = PretrainingRecipe.from_dict(RECIPE).differences(PretrainingRecipe.from_dict({**RECIPE, **change}))
    assert all(any(one.startswith(word) for one in found) for word in words), found
    assert len(found) == len(words) or change.keys() & {"shape", "stages"}


def test_recipes_that_are_equal_do_not_differ_and_others_do():
    recipe = PretrainingRecipe.from_dict(RECIPE)
    assert recipe.differences(PretrainingRecipe.from_dict(recipe.to_dict())) == []
    old, new = (PretrainingRecipe(model="bert", start="random", shape=shape) for shape in (None, {}))
    assert old != new and old.differences(new)  # the checkpoint's architecture, or the config class's defaults


def test_a_default_recipe_leaves_all_out():
    assert PretrainingRecipe().to_dict() == {}


BAD = [
    ({"task": ""}, "task=''", "a name"),
    ({"model": None}, "model=None", "a name"),
    ({"strategy": 2}, "strategy=2", "a name"),
    ({"data": 5}, "data=5", "a path"),
    ({"text": ["a"]}, "text=['a']", "column's name"),
    ({"labels": 1}, "labels=1", "2 or more"),
    ({"labels": True}, "labels=True", "whole number"),
    ({"labels": 8.0}, "labels=8.0", "whole number"),
    ({"epochs": 0}, "epochs=0", "above 0"),
    ({"epochs": "3"}, "epochs='3'", "a number"),
    ({"epochs": float("inf")}, "epochs=inf", "above 0"),
    ({"epochs": float("nan")}, "epochs=nan", "above 0"),
    ({"learning_rate": -1e-3}, "learning_rate=-0.001", "from 0 to 1"),
    ({"learning_rate": 3.0}, "learning_rate=3.0", "from 0 to 1"),
    ({"learning_rate": float("nan")}, "learning_rate=nan", "from 0 to 1"),
    ({"learning_rate": "fast"}, "learning_rate='fast'", "such as 3e-4"),
    ({"batch_size": 0}, "batch_size=0", "1 or more"),
    ({"max_length": 7}, "max_length=7", "8 or more"),
    ({"seed": -1}, "seed=-1", "from 0"),
    ({"seed": 2**32}, "seed=4294967296", "4294967295"),
    ({"precision": "fp8"}, "precision='fp8'", "auto, fp32, bf16, fp16"),
    ({"forgetting": 1}, "forgetting=1", "True, False"),
    ({"forgetting": ""}, "forgetting=''", "path of a corpus"),
]


@pytest.mark.parametrize(("values", "found", "expected"), BAD, ids=[found for _, found, _ in BAD])
def test_a_bad_value_is_named_with_what_was_expected(values, found, expected):
    with pytest.raises(ConfigError) as caught:
        RunConfig(**values)
    assert str(caught.value).startswith(f"{found}: expected") and expected in str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Stage(steps=-1), "steps=-1"),
        (lambda: Stage(schedule="cosin"), "schedule='cosin'"),
        (lambda: Stage(learning_rate="a"), "learning_rate='a'"),
        (lambda: Stage(learning_rate=2.0), "learning_rate=2.0"),
        (lambda: Stage(warmup_steps=-1), "warmup_steps=-1"),
        (lambda: PretrainingRecipe(stages=()), "stages=()"),
        (lambda: PretrainingRecipe(stages=None), "stages=None"),
        (lambda: PretrainingRecipe(stages=["linear"]), "stages='linear'"),
        (lambda: Stage(objective=3), "objective=3"),
        (lambda: Stage(settings=None), "settings=None"),
        (lambda: Stage(settings=["masked_share"]), "settings=['masked_share']"),
        (lambda: Stage(length=0), "length=0"),
        (lambda: Stage(length=16.0), "length=16.0"),
        (lambda: Stage(batch_size=True), "batch_size=True"),
        (lambda: Stage(weight_decay=-0.1), "weight_decay=-0.1"),
        (lambda: Stage(weight_decay=float("nan")), "weight_decay=nan"),
        (lambda: PretrainingRecipe(model=""), "model=''"),
        (lambda: PretrainingRecipe(model=None), "model=None"),
        (lambda: PretrainingRecipe(shape="wide", start="random"), "shape='wide'"),
        (lambda: PretrainingRecipe(start="scratch"), "start='scratch'"),
        (
            lambda: PretrainingRecipe(start="checkpoint", shape={}),
            "start='checkpoint': expected 'random', 'counted' or 'taught'",
        ),
        (lambda: PretrainingRecipe(vocabulary=4000), "teacher=None: expected the name of an encoder"),
        (lambda: PretrainingRecipe(teacher="bert"), "teacher='bert': expected"),
        (lambda: PretrainingRecipe(start="random", vocabulary=99), "vocabulary=99"),
        (lambda: PretrainingRecipe(start="random", vocabulary=1e4), "vocabulary=10000.0"),
        (lambda: PretrainingRecipe(shape={}, start="taught"), "teacher=None"),
        (lambda: PretrainingRecipe(shape={}, start="random", teacher="bert"), "teacher='bert'"),
        (lambda: PretrainingRecipe(shape={}, start="random", vocabulary=""), "vocabulary=''"),
        (lambda: PretrainingRecipe(counted_tokens=0), "counted_tokens=0"),
        (lambda: PretrainingRecipe(positions=4), "positions=4"),
        (lambda: PretrainingRecipe(shape={}, start="random", positions=256), "positions=256: expected none"),
        (lambda: PretrainingRecipe(held_out_share=0.0), "held_out_share=0.0"),
        (lambda: PretrainingRecipe(held_out_share=1.0), "held_out_share=1.0"),
        (lambda: PretrainingRecipe(held_out_share="some"), "held_out_share='some'"),
        (lambda: PretrainingRecipe(precision="fp8"), "precision='fp8'"),
        (lambda: PretrainingRecipe(seed=-1), "seed=-1"),
        (lambda: PretrainingRecipe(seed=2**32), "seed=4294967296"),
    ],
)
def test_a_bad_recipe_is_named_with_what_was_expected(build, words):
    with pytest.raises(ConfigError) as caught:
        build()
    assert words in str(caught.value) and "expected" in str(caught.value)


@pytest.mark.parametrize("build", [RunConfig.from_dict, PretrainingRecipe.from_dict])
def test_an_unknown_key_suggests_the_nearest(build):
    with pytest.raises(UnknownNameError, match=r"no setting 'sed'\. Did you mean 'seed'\?"):
        build({"sed": 1})


def test_an_unknown_key_of_a_stage_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'warmup_steps'\?"):
        PretrainingRecipe.from_dict({"stages": [{"warmup_step": 1}]})


@pytest.mark.parametrize("written", ["3e-4", "3E-4", "3.0e-4", "0.0003"])
def test_yaml_numbers_may_be_written_as_python_writes_them(tmp_path, written):
    file = tmp_path / "run.yaml"
    file.write_text(f"learning_rate: {written}\n", encoding="utf-8")
    assert RunConfig.from_yaml(file).learning_rate == 3e-4


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"- a\n- b\n", "holds list; expected lines of the form 'setting: value'"),
        (b"", "holds NoneType"),
        (b"sentiment", "holds str"),
        (b"task: [1, 2", "is not a YAML file"),
        (b"task: \xe9\xff", "is not a YAML file"),
        (b"!!python/object/apply:os.getcwd []", "is not a YAML file"),
    ],
)
def test_what_is_no_yaml_mapping(tmp_path, content, words):
    file = tmp_path / "run.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        RunConfig.from_yaml(file)
    assert "run.yaml" in str(caught.value) and words in str(caught.value)


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_missing_file_and_a_folder_are_storage_errors(tmp_path, name):
    with pytest.raises(StorageError, match="Cannot read") as caught:
        RunConfig.from_yaml(tmp_path / name)
    assert isinstance(caught.value, OSError) and isinstance(caught.value, FinetuneKitError)
