"""Execution: one configuration end to end, from its data to the scores after training."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import datasets

from .. import checkpoints, strategies, tasks, training
from ..config import RunConfig
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
    those of RunConfig, such as labels, epochs, learning_rate, seed. history is written while it
    trains; setting `stop` ends it early with the best weights so far. Raises a FinetuneKitError for bad input.
    """
    config = tasks.configure(task, model, strategy=strategies.parse(strategy).name, **settings)
    return execute(config, None if isinstance(task, str) else task, history, stop)


def execute(
    config: RunConfig, task: Task | None = None, history: History | None = None, stop: threading.Event | None = None
) -> Run:
    """Carry out one configuration: load, measure, train, measure again."""
    history, stop = history or History(), stop or threading.Event()
    job = _prepare(config, task, history)
    before = job.predict(history, "measuring before")
    history.before = job.measure(before)
    with training.temporary_folder() as folder:
        plan = training.plan_for(job.config, job.task, len(job.train))
        validation = job.validation.select(training.reading_order(job.validation, job.task))
        trainer = training.trainer(
            job.model, job.processor, job.task, plan, job.train, validation, history, stop, folder
        )
        stopped = training.fit(trainer, stop)
    seconds = history.seconds
    after = job.predict(history, "measuring after")
    run = Run(job.config, job.task, job.model, job.processor, history, before, after, seconds, stopped, trainer)
    history.enter("stopped" if stopped else "finished")
    return run


def zero_step(task: str | Task = "sentiment", model: str | None = None, **settings: Any) -> dict[str, float]:
    """The metrics on the validation split before any training: the checkpoint as it is, under a new head."""
    config = tasks.configure(task, model, **settings)
    job = _prepare(config, None if isinstance(task, str) else task, History())
    return job.measure(job.predict(History(), "measuring"))


@dataclasses.dataclass
class _Job:
    """A configuration made ready: everything that training and measuring need."""

    config: RunConfig
    task: Task
    model: Any
    processor: Any
    train: datasets.Dataset
    validation: datasets.Dataset

    def predict(self, history: History, phase: str) -> Any:
        history.enter(phase)
        part = self.task.splits["validation"]
        return training.predict(self.model, self.processor, self.task, part, self.config.max_length)

    def measure(self, outputs: Any) -> dict[str, float]:
        return self.task.measure(outputs, self.task.truth(self.task.splits["validation"]))


def _prepare(config: RunConfig, task: Task | None, history: History) -> _Job:
    history.enter("reading the data")
    task = task or tasks.resolve(config)
    strategy = strategies.parse(config.strategy)
    train = task.sample(config.labels, config.seed)
    history.enter("loading the model")
    model, processor = load_model(config.model, task, strategy.pretrained, config.seed)
    strategy.apply(model)
    config = dataclasses.replace(
        config,
        epochs=config.epochs or training.default_epochs(len(train), config.batch_size),
        learning_rate=config.learning_rate or strategy.learning_rate(model),
        max_length=min(config.max_length, checkpoints.longest(model.config)),
    )
    reading = processor, config.max_length, model.config
    learnt = task.encode_training(train, *reading)
    return _Job(config, task, model, processor, learnt, task.encode(task.splits["validation"], *reading))
