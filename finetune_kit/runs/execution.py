"""Execution: one configuration end to end, from its data to the scores after training."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import datasets

from .. import checkpoints, forgetting, strategies, tasks, training
from ..config import RunConfig
from ..errors import ConfigError
from ..history import History
from ..strategies import Strategy
from ..tasks import Task
from .run import Run, load_model


def fine_tune(
    task: str | Task = "sentiment",
    model: str | None = None,
    strategy: str | Strategy = "full",
    *,
    history: History | None = None,
    stop: threading.Event | None = None,
    **settings: Any,
) -> Run:
    """Fine-tune a model on a task and return the Run, with its scores before and after.

    task: a name from the catalogue or a task object over your own data. model: a name from
    the catalogue, a folder or a hub id; by default the pocket model for the task. settings:
    those of RunConfig, such as labels, epochs, learning_rate, seed, forgetting. history is written while it
    trains; setting `stop` ends it early with the best weights so far. Raises a FinetuneKitError for bad input.
    """
    config = tasks.configure(task, model, strategy=strategies.parse(strategy).name, **settings)
    return execute(config, None if isinstance(task, str) else task, history, stop)


def execute(
    config: RunConfig, task: Task | None = None, history: History | None = None, stop: threading.Event | None = None
) -> Run:
    """Carry out one configuration: load, measure, train, measure again."""
    history, stop = history or History(), stop or threading.Event()
    job = prepare(config, task, history)
    old_task = _old_task(job, history) if config.forgetting else None
    before = job.predict(history, "measuring before")
    history.before = job.measure(before)
    with training.temporary_folder() as folder:
        trainer = job.trainer(history, stop, folder)
        if old_task:
            job.watch(old_task, trainer, history)
        stopped = training.fit(trainer, stop)
    seconds, share = history.seconds, strategies.trainable_share(job.model)
    adapter = job.strategy.finish(job.model)
    after = job.predict(history, "measuring after")
    parts = job.config, job.task, job.model, job.processor, history, before, after, seconds, stopped, trainer
    run = Run(*parts, trainable_share=share, adapter=adapter)
    history.enter("stopped" if stopped else "finished")
    return run


def zero_step(task: str | Task = "sentiment", model: str | None = None, **settings: Any) -> dict[str, float]:
    """The metrics on the validation split before any training: the checkpoint as it is, under a new head."""
    config = tasks.configure(task, model, **settings)
    job = prepare(config, None if isinstance(task, str) else task, History())
    return job.measure(job.predict(History(), "measuring"))


@dataclasses.dataclass
class Job:
    """A configuration made ready: everything that training and measuring need; the strategy is applied to the model."""

    config: RunConfig
    task: Task
    model: Any
    processor: Any
    train: datasets.Dataset
    validation: datasets.Dataset
    strategy: Strategy

    def trainer(self, history: History, stop: threading.Event, folder: str) -> training.KitTrainer:
        """The Trainer of this configuration, which writes its checkpoints into a folder."""
        plan = training.plan_for(self.config, self.task, len(self.train))
        validation = self.validation.select(training.reading_order(self.validation, self.task))
        ready = self.task, plan, self.train, validation
        return training.trainer(self.model, self.processor, *ready, history, stop, folder, self.strategy)

    def predict(self, history: History, phase: str) -> Any:
        """The model's outputs for the validation split."""
        history.enter(phase)
        part = self.task.splits["validation"]
        return training.predict(self.model, self.processor, self.task, part, self.config.max_length)

    def watch(self, old: forgetting.OldTask, trainer: training.KitTrainer, history: History) -> None:
        """Write how well the model does its old task into the history, now and at each evaluation to come."""
        whole = not self.task.head_settings
        history.enter("measuring the old task")
        history.log(0, 0.0, **old.measure(self.model, whole))
        trainer.add_callback(training.ForgettingCallback(lambda model: old.measure(model, whole), history))

    def measure(self, outputs: Any) -> dict[str, float]:
        """The metrics of outputs for the validation split."""
        return self.task.measure(outputs, self.task.truth(self.task.splits["validation"]))


def prepare(config: RunConfig, task: Task | None, history: History) -> Job:
    """Read the data and load the model of a configuration, and settle what it leaves open."""
    history.enter("reading the data")
    task = task or tasks.resolve(config)
    strategy = strategies.parse(config.strategy)
    train = task.sample(config.labels, config.seed)
    history.enter("loading the model")
    model, processor = load_model(config.model, task, strategy.pretrained, config.seed)
    strategy.apply(model)
    config = dataclasses.replace(
        config,
        epochs=config.epochs or strategy.patience * training.default_epochs(len(train), config.batch_size),
        learning_rate=strategy.learning_rate(model) if config.learning_rate is None else config.learning_rate,
        max_length=min(config.max_length, checkpoints.longest(model.config)),
    )
    reading = processor, config.max_length, model.config
    learnt = task.encode_training(train, *reading)
    validation = task.encode(task.splits["validation"], *reading)
    return Job(config, task, model, processor, learnt, validation, strategy)


def _old_task(job: Job, history: History) -> forgetting.OldTask:
    """What the checkpoint was pretrained for. Raises ConfigError for a strategy that does not start from it."""
    wanted = job.config.forgetting
    if not job.strategy.pretrained:
        raise ConfigError(
            f"forgetting={wanted!r}: the strategy {job.strategy.name!r} starts from random weights, which have "
            "nothing to forget; expected a strategy that starts from the checkpoint, such as 'full'."
        )
    history.enter("making the old task")
    return forgetting.old_task(job.config.model, wanted if isinstance(wanted, str) else None)
