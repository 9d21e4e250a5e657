"""Training against a hand-written loop; stopping; best weights; frozen groups."""

import copy
import signal
import threading

import numpy as np
import pytest
import torch
import transformers
from tiny import write_tiny_bert
from tiny_vision import tiny_scenes, write_tiny_rtdetr

import finetune_kit as ftk
from finetune_kit import checkpoints, runs, strategies, training
from finetune_kit.config import RunConfig
from finetune_kit.history import History
from finetune_kit.training import plans


def make_trainer(folder, task, tmp_path, stop=None, **settings):
    values = {"model": folder, "batch_size": 8, "epochs": 3, "learning_rate": 1e-2, "precision": "fp32", **settings}
    config = RunConfig(task="text-classification", **values)
    model, processor = checkpoints.load(folder, task.auto_class, task.head_settings, True, config.seed)
    strategy = strategies.parse(config.strategy)
    strategy.apply(model)
    parts = [task.encode(task.splits[name], processor, 32) for name in ("train", "validation")]
    history = History()
    stop = stop or threading.Event()
    plan = training.plan_for(config, task, len(parts[0]))
    made = training.trainer(model, processor, task, plan, *parts, history, stop, str(tmp_path), strategy)
    return made, history, stop


def test_losses_are_those_of_a_hand_written_loop(folder, task, tmp_path):
    trainer, history, stop = make_trainer(folder, task, tmp_path)
    start = {name: p.detach().clone() for name, p in trainer.model.named_parameters()}
    batches, compute_loss = [], trainer.compute_loss

    def recording(model, inputs, *args, **kwargs):
        if model.training:
            batches.append({name: value.clone() for name, value in inputs.items()})
        return compute_loss(model, inputs, *args, **kwargs)

    trainer.compute_loss = recording
    training.fit(trainer, stop)

    model, _ = checkpoints.load(folder, task.auto_class, task.head_settings, True, 0)
    model.load_state_dict({**model.state_dict(), **start})
    plain = [p for n, p in model.named_parameters() if "bias" in n or "LayerNorm" in n]
    decayed = [p for n, p in model.named_parameters() if not ("bias" in n or "LayerNorm" in n)]
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}]
    optimizer, total = torch.optim.AdamW(groups, lr=1e-2), len(batches)
    warmup, losses = round(0.1 * total), []
    model.train()
    for step, batch in enumerate(batches):
        share = step / warmup if step < warmup else (total - step) / (total - warmup)
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * share
        logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        loss = torch.nn.functional.cross_entropy(logits, batch["labels"])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    _, logged = history.series("train_loss")
    assert len(logged) == total == 3 * 6
    np.testing.assert_allclose(logged, losses, rtol=2e-3)


def test_every_example_is_seen_once_an_epoch(folder, task, tmp_path):
    trainer, _, _ = make_trainer(folder, task, tmp_path)
    seen = [tuple(row[row != 0].tolist()) for batch in trainer.get_train_dataloader() for row in batch["input_ids"]]
    assert sorted(seen) == sorted(map(tuple, trainer.train_dataset["input_ids"]))


def test_best_weights_are_kept(folder, task, tmp_path):
    # A learning rate so high that the later steps unlearn what the first ones taught.
    trainer, history, stop = make_trainer(folder, task, tmp_path, epochs=8, learning_rate=0.3)
    training.fit(trainer, stop)
    _, accuracies = history.series("validation_accuracy")
    validation = task.splits["validation"]
    outputs = training.predict(trainer.model, trainer.processing_class, task, validation, 32)
    kept = task.measure(outputs, np.array(validation["label"]))["accuracy"]
    assert kept == pytest.approx(max(accuracies))


class Watch(transformers.TrainerCallback):
    """What the model and the optimiser are at each step and evaluation."""

    def __init__(self):
        self.steps, self.weights, self.score, self.best = [], None, -1.0, None

    def on_step_end(self, args, state, control, model, optimizer, **kwargs):
        rates = [group["lr"] for group in optimizer.param_groups]
        self.steps.append(({n for n, p in model.named_parameters() if p.requires_grad}, rates))

    def on_evaluate(self, args, state, control, model, metrics, **kwargs):
        if metrics[f"eval_{args.metric_for_best_model}"] > self.score:
            self.score = metrics[f"eval_{args.metric_for_best_model}"]
            self.best = copy.deepcopy(model.state_dict())


@pytest.mark.parametrize("strategy", ["full", "lora-4", "gradual", "head-then-full", "l2-sp", "bitfit"])
def test_the_weights_of_the_best_evaluation_come_back_whole(wide, task, tmp_path, strategy):
    trainer, _, stop = make_trainer(wide, task, tmp_path, strategy=strategy, epochs=8, learning_rate=0.1)
    watch = Watch()
    trainer.add_callback(watch)
    training.fit(trainer, stop)
    last = trainer.model.state_dict()
    assert last.keys() == watch.best.keys()
    assert all(torch.equal(weight, watch.best[name]) for name, weight in last.items())


def test_the_best_weights_of_a_detector_come_back_under_the_names_that_transformers_changed(tmp_path):
    # It stores the weights of an RT-DETR under older names than the model has.
    detector, task = str(write_tiny_rtdetr(tmp_path / "rtdetr")), ftk.ObjectDetection(tiny_scenes())
    config = RunConfig(task="object-detection", model=detector, labels=16, epochs=4, batch_size=8)
    job = runs.prepare(config, task, History())
    watch, stop = Watch(), threading.Event()
    trainer = job.trainer(History(), stop, str(tmp_path / "out"))
    trainer.add_callback(watch)
    training.fit(trainer, stop)
    assert all(torch.equal(weight, watch.best[name]) for name, weight in trainer.model.state_dict().items())


# --- strategies over time


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """A BERT whose weights are spread widely enough for it to learn in a few steps."""
    return str(write_tiny_bert(tmp_path_factory.mktemp("models") / "wide", spread=0.3))


def watched(folder, task, tmp_path, **settings):
    trainer, history, stop = make_trainer(folder, task, tmp_path, **settings)
    watch = Watch()
    trainer.add_callback(watch)
    training.fit(trainer, stop)
    return trainer, history, watch


def group_names(trained):
    """The layer groups, from the top, that hold these parameters of a BERT of three layers."""
    found = {next((f"layer.{i}" for i in range(3) if f".layer.{i}." in name), None) or
             ("embeddings" if "embeddings" in name else "head") for name in trained}  # fmt: skip
    return [name for name in ("head", "layer.2", "layer.1", "layer.0", "embeddings") if name in found]


def test_gradual_unfreezing_step_by_step(wide, task, tmp_path):
    # 16 steps; half of them for 4 blocks below the head: one more every 2 steps.
    _, _, watch = watched(wide, task, tmp_path, strategy="gradual(decay=2)", batch_size=12, epochs=4, learning_rate=0.1)
    order = ["head", "layer.2", "layer.1", "layer.0", "embeddings"]
    assert [group_names(trained) for trained, _ in watch.steps] == [
        order[: min(5, 1 + step // 2)] for step in range(16)
    ]
    # Each part has a group that decays and one that does not; the rate halves from part to part, whatever the schedule
    for step, (_, rates) in enumerate(watch.steps[:-1], 1):
        share = step / 2 if step < 2 else (16 - step) / 14  # two steps of warm-up
        assert rates == pytest.approx([0.1 * share / 2**part for part in range(5) for _ in range(2)])


def test_blocks_that_are_not_yet_unfrozen_stand_still(wide, task, tmp_path):
    trainer, history, stop = make_trainer(wide, task, tmp_path, strategy="gradual", epochs=50)
    start = {name: p.detach().clone() for name, p in trainer.model.named_parameters()}
    history.subscribe(lambda h: stop.set() if h.step == 50 else None)  # of 300: past 37, before 75
    assert training.fit(trainer, stop)
    moved = {name for name, p in trainer.model.named_parameters() if not torch.equal(p, start[name])}
    assert group_names(moved) == ["head", "layer.2"]


def test_head_then_full_in_two_phases_each_with_its_own_schedule(wide, task, tmp_path):
    strategy = "head-then-full(share=0.4,head_rate=0.2)"
    settings = {"strategy": strategy, "batch_size": 9, "epochs": 4, "learning_rate": 0.01}
    _, history, watch = watched(wide, task, tmp_path, **settings)
    assert [group_names(trained) for trained, _ in watch.steps] == [["head"]] * 8 + [
        ["head", "layer.2", "layer.1", "layer.0", "embeddings"]
    ] * 12
    # 20 steps, of which a tenth warms up: of 8 one, of 12 one. Rates as they are after each step, for the next one.
    first = [0.2 * (8 - step) / 7 for step in range(1, 8)]
    second = [0, *(0.01 * (12 - step) / 11 for step in range(1, 12))]
    assert [rates[0] for _, rates in watch.steps[:-1]] == pytest.approx([*first, *second], abs=1e-12)
    assert [rates[-1] for _, rates in watch.steps[:-1]] == pytest.approx([0] * 7 + second, abs=1e-12)
    assert history.series("learning_rate")[1][:8] == pytest.approx([0.0, *first])


def test_the_pull_keeps_weights_near_their_start_and_out_of_the_logged_loss(wide, task, tmp_path):
    far, logged = {}, {}
    for strategy in ("full", "l2-sp(strength=1e-9)", "l2-sp(strength=100)"):
        trainer, history, stop = make_trainer(wide, task, tmp_path / strategy[-4:-1], strategy=strategy, epochs=2)
        start = {n: p.detach().clone() for n, p in trainer.model.named_parameters() if "encoder" in n}
        stop_best(trainer)
        training.fit(trainer, stop)
        named = dict(trainer.model.named_parameters())
        far[strategy] = sum((named[n] - old).square().sum().item() for n, old in start.items())
        logged[strategy] = history.series("train_loss")[1]
    assert far["l2-sp(strength=100)"] < far["full"] / 4
    assert logged["l2-sp(strength=1e-9)"] == pytest.approx(logged["full"], rel=0.02)  # but for weight decay
    assert max(logged["l2-sp(strength=100)"]) < 2  # the penalty of the first steps alone would be more


def stop_best(trainer):
    """Keep the last weights, not the best."""
    trainer.args.load_best_model_at_end = False


@pytest.mark.parametrize("strategy, still", [("lora-2", "base_layer"), ("bitfit", "weight"), ("head", "encoder")])
def test_what_a_strategy_freezes_is_bit_for_bit_as_it_was(wide, task, tmp_path, strategy, still):
    trainer, _, stop = make_trainer(wide, task, tmp_path, strategy=strategy)
    start = {name: p.detach().clone() for name, p in trainer.model.named_parameters()}
    training.fit(trainer, stop)
    below = [n for n in start if still in n and "encoder" in n]
    assert below and all(torch.equal(dict(trainer.model.named_parameters())[name], start[name]) for name in below)
    assert any(not torch.equal(p, start[name]) for name, p in trainer.model.named_parameters())


def test_a_plain_strategy_trains_as_none_did(folder, task, tmp_path):
    losses = []
    for strategy in (None, strategies.parse("full")):
        trainer, history, stop = make_trainer(folder, task, tmp_path / str(strategy is None))
        if strategy is None:
            trainer.parts = []
        training.fit(trainer, stop)
        losses.append(history.series("train_loss")[1])
    assert losses[0] == losses[1]


# --- timing


def test_timing_takes_batches_from_all_over_an_epoch_and_counts_what_a_step_keeps(folder, task, tmp_path):
    kept = {}
    for strategy in ("full", "head", "gradual"):
        trainer, history, _ = make_trainer(folder, task, tmp_path / strategy, strategy=strategy)
        timing = training.timed(trainer)
        assert timing.step > 0 and timing.evaluation > 0 and history.rows == []
        kept[strategy] = timing.activations
    assert 0 < kept["head"] < kept["full"] / 3 and kept["gradual"] == kept["full"]


def test_activations_of_a_linear_layer_by_hand():
    from types import SimpleNamespace

    from finetune_kit.training import timing

    model = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.Sigmoid(), torch.nn.Linear(7, 1))
    model.device = torch.device("cpu")
    data = [{"x": torch.ones(5)} for _ in range(3)]
    trainer = SimpleNamespace(
        model=model,
        train_dataset=data,
        data_collator=lambda rows: {"x": torch.stack([row["x"] for row in rows])},
        compute_loss=lambda model, inputs: model(inputs["x"]).sum(),
        accelerator=SimpleNamespace(backward=lambda loss: loss.backward()),
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        args=SimpleNamespace(max_grad_norm=1.0),
    )
    # Kept: the input, 3 x 5, and the sigmoid's output, 3 x 7, once though two layers want it; 4 bytes each
    assert timing._activations(trainer, [[0, 1, 2]]) == 4 * (3 * 5 + 3 * 7)


def test_stop_in_mid_epoch_evaluates_and_ends(folder, task, tmp_path):
    stop = threading.Event()
    trainer, history, _ = make_trainer(folder, task, tmp_path, stop, epochs=50)
    history.subscribe(lambda h: stop.set() if h.step == 4 else None)  # an epoch has 6 steps
    assert training.fit(trainer, stop)
    assert history.step == 4 and history.total_steps == 300
    assert history.series("validation_accuracy")[0] == [4]


def test_interrupt_stops_once_and_gives_the_handler_back(folder, task, tmp_path):
    before = signal.getsignal(signal.SIGINT)
    trainer, history, stop = make_trainer(folder, task, tmp_path, epochs=50)
    history.subscribe(lambda h: signal.raise_signal(signal.SIGINT) if h.step == 3 and not stop.is_set() else None)
    assert training.fit(trainer, stop)
    assert history.step == 3
    assert signal.getsignal(signal.SIGINT) is before


def test_frozen_groups_do_not_move(folder, task, tmp_path):
    trainer, _, stop = make_trainer(folder, task, tmp_path, strategy="last-1")
    start = {name: p.detach().clone() for name, p in trainer.model.named_parameters()}
    training.fit(trainer, stop)
    moved = {name for name, p in trainer.model.named_parameters() if not torch.equal(p, start[name])}
    assert {name.split(".")[3] for name in moved if ".layer." in name} == {"2"}
    assert not any("embeddings" in name for name in moved)
    assert "classifier.weight" in moved


def test_predictions_come_back_in_the_order_asked(folder, task, tmp_path):
    trainer, _, _ = make_trainer(folder, task, tmp_path)
    train = task.splits["train"]
    together = training.predict(trainer.model, trainer.processing_class, task, train, 32)
    last = training.predict(trainer.model, trainer.processing_class, task, train.select([len(train) - 1]), 32)
    np.testing.assert_allclose(together[-1], last[0], atol=1e-5)


@pytest.mark.parametrize("examples, batch, epochs", [(32, 16, 20), (512, 16, 2.5), (1200, 16, 2.5), (10, 16, 40)])
def test_default_epochs_give_small_sets_enough_steps(examples, batch, epochs):
    assert training.default_epochs(examples, batch) == epochs


def test_precision_by_name_wins_over_the_device():
    assert training.precision("fp32", 64) == {"bf16": False, "fp16": False}
    assert training.precision("bf16", 1) == {"bf16": True, "fp16": False}


def test_mixed_precision_trains_on_every_device(folder, task, tmp_path):
    trainer, history, stop = make_trainer(folder, task, tmp_path, precision="bf16", epochs=1)
    training.fit(trainer, stop)
    _, losses = history.series("train_loss")
    assert len(losses) == 6 and np.isfinite(losses).all()
    assert {p.dtype for p in trainer.model.parameters()} == {torch.float32}
    # Predictions afterwards are in full precision: those of the same weights in a model that knew no other.
    plain = copy.deepcopy(trainer.model.state_dict())
    fresh = type(trainer.model)(trainer.model.config)
    fresh.load_state_dict(plain)
    processor, validation = trainer.processing_class, task.splits["validation"]
    found, expected = (training.predict(m, processor, task, validation, 32) for m in (trainer.model, fresh))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_auto_precision_on_a_cpu_without_bf16_is_full(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(plans, "_fast_bf16_cpu", lambda: False)
    assert training.precision("auto", 64) == {"bf16": False, "fp16": False}
