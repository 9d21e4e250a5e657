"""The layer map: what trains, counted by hand; memory by hand; time and what is timed; the picture."""

import copy

import matplotlib.pyplot as plt
import pytest
import toys
from tiny_vision import tiny_pictures, write_tiny_resnet

import finetune_kit as ftk
from finetune_kit import plots
from finetune_kit.errors import ConfigError, ModelError, UnknownNameError
from finetune_kit.layer_maps import LayerMap

# By hand: a layer of the toy BERT is 2,224 weights, its head 306, its embeddings 1,376 (see test_strategies.py)
BERT = [("embeddings", 1376), ("layer.0", 2224), ("layer.1", 2224), ("layer.2", 2224), ("head", 306)]


def test_groups_from_bottom_to_top_and_what_trains_of_each():
    table = ftk.layer_map(toys.bert(), strategy="last-2").table
    assert list(zip(table["group"], table["parameters"], strict=True)) == BERT
    assert table["trainable"].tolist() == [0, 0, 2224, 2224, 306]
    assert table["share"].tolist() == [0, 0, 1, 1, 1]
    assert (
        table["learning_rate"].tolist()[2:] == [3e-4] * 3 and table["learning_rate"].isna().tolist()[:2] == [True] * 2
    )


def test_what_trains_later_has_its_time_and_its_rate():
    table = ftk.layer_map(toys.bert(), strategy="gradual(decay=2)").table
    top = table["learning_rate"].iloc[-1]
    assert table["learning_rate"].tolist() == pytest.approx([top / 2**step for step in (4, 3, 2, 1, 0)])
    assert table["since"].tolist() == pytest.approx([0.5, 0.375, 0.25, 0.125, 0])
    assert (table["trainable"] == table["parameters"]).all()


def test_lora_counts_its_low_ranks():
    found = ftk.layer_map(toys.bert(), strategy="lora-4")
    low = 4 * 4 * (16 + 16) + 2 * 4 * (16 + 32)  # a layer: four of 16 x 16, one of 16 x 32 and one of 32 x 16
    assert found.table["trainable"].tolist() == [0, low, low, low, 306]
    assert found.table["parameters"].tolist() == [1376, *[2224 + low] * 3, 306]
    assert found.trainable_share == pytest.approx((3 * low + 306) / (1376 + 3 * 2224 + 3 * low + 306))


@pytest.mark.parametrize(
    ("strategy", "trained", "copied"),
    [("full", 8354, 0), ("head", 306, 0), ("last-1", 306 + 2224, 0), ("gradual", 8354, 0), ("l2-sp", 8354, 8048)],
)
def test_memory_by_hand(strategy, trained, copied):
    # four bytes a weight; AdamW keeps two more of each that trains; a BERT's buffers are 32 places of 8 bytes, twice
    found = ftk.layer_map(toys.bert(), strategy=strategy).memory
    expected = {
        "weights": 4 * 8354 + 2 * 8 * 32,
        "gradients": 4 * trained,
        "optimiser": 8 * trained,
        "start": 4 * copied,
    }
    assert found == pytest.approx({name: size / 1e6 for name, size in expected.items()})


def test_a_model_at_hand_stays_as_it_is():
    model = toys.bert()
    before = copy.deepcopy(model.state_dict())
    found = ftk.layer_map(model, strategy="lora")
    assert model.state_dict().keys() == before.keys() and all(p.requires_grad for p in model.parameters())
    assert found.seconds is None and found.epoch_seconds is None and "nothing is timed" in repr(found)
    with pytest.raises(ConfigError, match=r"takes no settings, but got labels"):
        ftk.layer_map(model, labels=8)


@pytest.fixture(scope="module")
def timed(folder, task):
    return ftk.layer_map(task, folder, "gradual", labels=24, batch_size=8, epochs=4)


def test_a_task_is_timed_on_its_own_batches(timed, folder):
    assert timed.steps == 12 and timed.epochs == 4 and timed.evaluations == 4
    assert timed.step > 0 and timed.evaluation > 0 and timed.memory["activations"] > 0
    assert timed.epoch_seconds == pytest.approx(3 * timed.step)
    assert timed.seconds == pytest.approx(12 * timed.step + 4 * timed.evaluation)
    assert list(timed.table["group"]) == ["embeddings", "layer.0", "layer.1", "layer.2", "head"]
    said = repr(timed)
    assert "100.0% of" in said and "for 4 epochs" in said and "activations" in said
    assert folder in said and "<table" in timed._repr_html_()


def test_a_longer_batch_keeps_more_and_fewer_layers_less(folder, task):
    kept = {
        (size, strategy): ftk.layer_map(task, folder, strategy, labels=16, batch_size=size).memory["activations"]
        for size, strategy in [(4, "full"), (16, "full"), (16, "last-1")]
    }
    assert kept[4, "full"] < kept[16, "full"] / 2 and kept[16, "last-1"] < kept[16, "full"] * 0.7


def test_pictures_are_timed_too(tmp_path):
    model = str(write_tiny_resnet(tmp_path / "resnet"))
    found = ftk.layer_map(ftk.ImageClassification(tiny_pictures()), model, "lora-2", labels=16, batch_size=8)
    assert found.seconds > 0 and found.table["group"].iloc[-1] == "head"


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"strategy": "gradul"}, UnknownNameError, "Did you mean 'gradual'"),
        ({"strategy": "last-9"}, ModelError, "this model has 3"),
        ({"strategy": "lora(targets=quary)"}, UnknownNameError, "Did you mean 'query'"),
        ({"labls": 3}, UnknownNameError, "Did you mean 'labels'"),
    ],
)
def test_bad_input(folder, task, settings, kind, words):
    with pytest.raises(kind, match=words):
        ftk.layer_map(task, folder, **settings)


def test_the_picture_tells_trainable_from_frozen_by_colour_and_hatch():
    found = ftk.layer_map(toys.bert(), strategy="last-1")
    ax = plots.layer_map(found)
    trains, frozen = ax.containers
    assert [bar.get_width() for bar in trains] == [0, 0, 0, 2224, 306]
    assert [bar.get_width() for bar in frozen] == [1376, 2224, 2224, 0, 0]
    assert {bar.get_hatch() for bar in trains} == {"//"} and {bar.get_hatch() for bar in frozen} == {None}
    assert trains[0].get_facecolor() != frozen[0].get_facecolor()
    assert [label.get_text() for label in ax.get_yticklabels()] == found.table["group"].tolist()
    assert [bar.get_y() for bar in trains] == sorted(bar.get_y() for bar in trains)  # the lowest group at the bottom
    assert [note.get_text() for note in ax.texts] == ["0 %", "0 %", "0 %", "100 %", "100 %"]
    plt.close(ax.figure)


def test_the_picture_of_many_layers_is_high_enough():
    import pandas as pd

    table = pd.DataFrame({"group": [f"layer.{i}" for i in range(24)], "parameters": 10, "trainable": 0, "share": 0.0})
    found = LayerMap("deep", "head", table, {})
    assert plots.layer_map_height(found) > 6
    assert plots.png(lambda ax: plots.layer_map(found, ax), 1, 6, plots.layer_map_height(found))[:4] == b"\x89PNG"


def test_rates_are_those_that_the_trainer_takes(task, folder):
    run = ftk.fine_tune(task, folder, "gradual", labels=24, batch_size=8, epochs=4, learning_rate=1e-2)
    table = ftk.learning_rates(run.start, "gradual", run.history.total_steps, 1e-2)
    assert list(table) == ["embeddings", "layer.0", "layer.1", "layer.2", "head"]
    logged = dict(zip(*run.history.series("learning_rate"), strict=True))  # the head's, by the number of the step
    assert len(logged) > 2
    assert list(logged.values()) == pytest.approx([table["head"][step - 1] for step in logged])


def test_a_frozen_group_has_no_rate_and_one_unfrozen_later_none_before():
    frozen = ftk.learning_rates(toys.bert(), "last-1", 20)
    assert frozen.isna().all().tolist() == [True, True, True, False, False]
    # By hand: of 20 steps two warm up, then 18 fall to 0; the rate is that of the strategy.
    assert frozen["head"].tolist() == pytest.approx([0, 1.5e-4, *(3e-4 * (20 - done) / 18 for done in range(2, 20))])
    gradual = ftk.learning_rates(toys.bert(), "gradual", 16)
    assert gradual.isna().sum().tolist() == [8, 6, 4, 2, 0]


def test_the_picture_of_rates_draws_groups_that_train_alike_once():
    ax = plots.learning_rates(ftk.learning_rates(toys.bert(), "head-then-full", 20))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["head", "embeddings to layer.2"]
    assert ax.get_yscale() == "log" and len(ax.lines) == 2
    plt.close(ax.figure)


def test_a_schedule_of_no_steps_is_refused():
    with pytest.raises(ConfigError, match="steps=0"):
        ftk.learning_rates(toys.bert(), "full", 0)
