"""Forgetting: step 0 is the untouched checkpoint, later ones its old head over new weights; nothing else changes."""

import copy

import numpy as np
import pytest
import torch
import transformers
import yaml
from tiny import tiny_pairs, tiny_works, write_tiny_bert, write_tiny_gpt2, write_tiny_t5
from tiny_vision import RESNET, tiny_pictures, write_tiny_resnet

import finetune_kit as ftk
from finetune_kit import corpora, forgetting, strategies
from finetune_kit.errors import ConfigError, DataError, ModelError
from finetune_kit.objectives.image_classes import ImageClasses

SETTINGS = {"epochs": 2, "learning_rate": 5e-3, "batch_size": 8}


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return str(write_tiny_bert(tmp_path_factory.mktemp("models") / "bert", spread=0.2))


@pytest.fixture(scope="module")
def resnet(tmp_path_factory):
    """A ResNet with a head for drawn characters, and the recipe that says so."""
    folder = write_tiny_resnet(tmp_path_factory.mktemp("models") / "resnet")
    objective = ImageClasses(kinds=("glyphs",), size=32)
    config = transformers.ResNetConfig(**RESNET, **objective.head_settings())
    transformers.ResNetForImageClassification(config).save_pretrained(folder)
    stage = {"objective": "image-classes", "settings": {"kinds": ["glyphs"], "size": 32}}
    recipe = {"model": "resnet", "shape": RESNET, "start": "random", "stages": [stage]}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    return str(folder)


@pytest.fixture(scope="module")
def run(bert, task):
    return ftk.fine_tune(task, bert, "full", forgetting=True, **SETTINGS)


def by_transformers(model, inputs):
    """The loss and accuracy of a model of masked words over all inputs at once, by its own loss."""
    with torch.inference_mode():
        outputs = model.eval()(**inputs)
    counted = inputs["labels"] != -100
    right = (outputs.logits.argmax(-1) == inputs["labels"])[counted].float().mean()
    return {"old_loss": float(outputs.loss), "old_perplexity": float(outputs.loss.exp()), "old_accuracy": float(right)}


def test_step_0_is_the_untouched_checkpoint(run, bert):
    first = run.forgetting().iloc[0]
    untouched = transformers.AutoModelForMaskedLM.from_pretrained(bert, dtype=torch.float32)
    expected = by_transformers(untouched, forgetting.old_task(bert).inputs)
    assert first["step"] == 0 and first["accuracy"] == run.before["accuracy"]
    assert {name: first[name] for name in expected} == pytest.approx(expected, rel=1e-5)


def test_later_rows_are_the_old_head_over_the_tuned_body(run, bert):
    transplanted = transformers.AutoModelForMaskedLM.from_pretrained(bert, dtype=torch.float32)
    body = {name: w for name, w in run.model.bert.state_dict().items() if not name.startswith("pooler")}
    transplanted.bert.load_state_dict(body)
    expected = by_transformers(transplanted, forgetting.old_task(bert).inputs)
    kept = run.history.best("validation_accuracy")  # the weights that the run has kept are those of this step
    assert {name: kept[name] for name in expected} == pytest.approx(expected, rel=1e-5)
    table = run.forgetting()
    assert table["old_loss"].nunique() == len(table) == 5
    steps, scores = run.history.series("validation_accuracy")
    assert table["step"].tolist() == [0, *steps] and table["accuracy"].tolist()[1:] == scores


@pytest.mark.parametrize("strategy", ["full", "lora", "head", "gradual"])
def test_looking_back_changes_nothing(strategy, bert, task):
    with_it, without = (ftk.fine_tune(task, bert, strategy, forgetting=wanted, **SETTINGS) for wanted in (True, False))
    for name in ("train_loss", "validation_loss", "validation_accuracy"):
        assert with_it.history.series(name) == without.history.series(name)
    np.testing.assert_array_equal(with_it._outputs["after"], without._outputs["after"])
    old = with_it.forgetting()["old_loss"]
    assert (old.nunique() == 1) == (strategy == "head")  # what is frozen forgets nothing


def test_layers_of_lora_are_measured_as_if_merged_and_stay_as_they_are(bert, task):
    from finetune_kit.runs.run import load_model

    old, (model, _) = forgetting.old_task(bert), load_model(bert, task, True, 0)
    untouched = old.measure(model)
    strategies.parse("lora").apply(model)
    assert old.measure(model) == untouched
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.3)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    found = old.measure(model)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    strategies.merge(model)
    assert found == old.measure(model) != untouched


def test_gpts_old_task_is_the_next_word(tmp_path):
    folder = str(write_tiny_gpt2(tmp_path / "gpt2", spread=0.2))
    made = ftk.fine_tune(ftk.Completion(tiny_works()), folder, labels=8, forgetting=True, epochs=2)
    untouched = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    inputs = forgetting.old_task(folder).inputs
    for model, row in ((untouched, made.forgetting().iloc[0]), (made.model, made.history.best("old_loss", False))):
        with torch.inference_mode():
            loss = float(model(**inputs).loss)
        assert row["old_perplexity"] == pytest.approx(np.exp(loss), rel=1e-4)
        if model is made.model:  # one of the steps was kept, with the head that it then had
            assert any(abs(one - loss) < 1e-4 for one in made.history.series("old_loss")[1])
    table = made.forgetting()
    assert table.columns[-1] == "loss" and table["loss"].notna().tolist() == [False] + [True] * (len(table) - 1)


def test_t5s_old_task_is_that_of_its_recipe(tmp_path):
    folder = write_tiny_t5(tmp_path / "t5")
    stage = {"objective": "span-corruption", "settings": {"whole": True}, "length": 16}
    (folder / "recipe.yaml").write_text(yaml.safe_dump({"model": "t5", "stages": [stage]}), encoding="utf-8")
    old = forgetting.old_task(str(folder))
    assert old.objective.whole and old.inputs["labels"].shape[1] == 17  # the whole text and its end
    untouched = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.inference_mode():
        loss = float(untouched(**old.inputs).loss)
    made = ftk.fine_tune(ftk.Translation(tiny_pairs()), str(folder), labels=8, forgetting=True, epochs=1)
    assert made.forgetting()["old_loss"][0] == pytest.approx(loss, rel=1e-5)


def test_pictures_are_asked_what_they_were_pretrained_on(resnet):
    old = forgetting.old_task(resnet)
    made = ftk.fine_tune(ftk.ImageClassification(tiny_pictures()), resnet, forgetting=True, epochs=1)
    for start, row in ((True, made.forgetting().iloc[0]), (False, made.history.best("validation_accuracy"))):
        model = transformers.AutoModelForImageClassification.from_pretrained(resnet, dtype=torch.float32).eval()
        if not start:
            model.resnet.load_state_dict(made.model.resnet.state_dict())  # running means of BatchNorm included
        with torch.inference_mode():
            logits = model(old.inputs["pixel_values"]).logits
        loss = torch.nn.functional.cross_entropy(logits, old.inputs["labels"])
        assert row["old_loss"] == pytest.approx(float(loss), rel=1e-4)
        assert row["old_accuracy"] == pytest.approx((logits.argmax(1) == old.inputs["labels"]).float().mean().item())
    assert len(old.inputs["labels"]) == forgetting.MADE and old.inputs["pixel_values"].shape[1:] == (3, 32, 32)


def test_the_text_can_be_ones_own(bert, task, tmp_path):
    (tmp_path / "mine.txt").write_text("\n\n".join("the film was very good and we was fine" for _ in range(20)))
    made = ftk.fine_tune(task, bert, forgetting=str(tmp_path / "mine.txt"), **SETTINGS)
    old = forgetting.old_task(bert, str(tmp_path / "mine.txt"))
    assert made.forgetting()["old_loss"][0] == old.measure(old.model)["old_loss"]
    tokens = old.inputs["input_ids"].numel()
    assert tokens < 300 and old.measure(old.model) != forgetting.old_task(bert).measure(old.model)


def test_text_is_what_pretraining_holds_out_and_little_of_it(bert):
    inputs = forgetting.old_task(bert).inputs
    assert 0 < inputs["input_ids"].numel() <= 1.1 * forgetting.TOKENS
    works = {work for work, _ in corpora.python_docs_held_out(forgetting.SHARE)}
    assert works and all(corpora.held_out(work, forgetting.SHARE) for work in works)
    again = forgetting.old_task(bert).inputs
    assert all(torch.equal(inputs[name], again[name]) for name in inputs)


def test_a_saved_run_remembers_what_it_forgot(run, tmp_path):
    assert ftk.Run.load(run.save(tmp_path / "run")).forgetting().equals(run.forgetting())


def test_a_run_that_did_not_look_back_says_how_to(bert, task):
    made = ftk.fine_tune(task, bert, "head", **SETTINGS)
    with pytest.raises(DataError, match="forgetting=True"):
        made.forgetting()


def test_what_has_no_old_task_is_refused(bert, resnet, task, tmp_path):
    with pytest.raises(ConfigError, match=r"'scratch' starts from random weights.*nothing to forget"):
        ftk.fine_tune(task, bert, "scratch", forgetting=True)
    pictures = ftk.ImageClassification(tiny_pictures())
    with pytest.raises(ConfigError, match=r"what '.*' was pretrained for is not known"):
        ftk.fine_tune(pictures, str(write_tiny_resnet(tmp_path / "resnet")), forgetting=True)
    with pytest.raises(ConfigError, match="forgetting='python-docs': expected True"):
        ftk.fine_tune(pictures, resnet, forgetting="python-docs")
    headless = copy.deepcopy(transformers.AutoModel.from_pretrained(bert))
    headless.save_pretrained(tmp_path / "headless")
    transformers.AutoTokenizer.from_pretrained(bert).save_pretrained(tmp_path / "headless")
    with pytest.raises(ModelError, match="no BertForMaskedLM's head"):
        ftk.fine_tune(task, str(tmp_path / "headless"), forgetting=True)
