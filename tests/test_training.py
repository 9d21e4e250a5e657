"""Training against a hand-written loop; stopping; best weights; frozen groups."""

import copy
import signal
import threading

import numpy as np
import pytest
import torch

from finetune_kit import checkpoints, strategies, training
from finetune_kit.config import RunConfig
from finetune_kit.history import History


def make_trainer(folder, task, tmp_path, stop=None, **settings):
    values = {"model": folder, "batch_size": 8, "epochs": 3, "learning_rate": 1e-2, "precision": "fp32", **settings}
    config = RunConfig(task="text-classification", **values)
    model, processor = checkpoints.load(folder, task.auto_class, task.head_settings, True, config.seed)
    strategies.parse(config.strategy).apply(model)
    parts = [task.encode(task.splits[name], processor, 32) for name in ("train", "validation")]
    history = History()
    stop = stop or threading.Event()
    plan = training.plan_for(config, task, len(parts[0]))
    return training.trainer(model, processor, task, plan, *parts, history, stop, str(tmp_path)), history, stop


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
    monkeypatch.setattr(training, "_fast_bf16_cpu", lambda: False)
    assert training.precision("auto", 64) == {"bf16": False, "fp16": False}
