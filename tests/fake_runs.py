"""Runs that train nothing: each answers a share of the examples right that a rule says, and is counted."""

import numpy as np


class FakeRuns:
    """Stands in for `runs.execute`. share: configuration and split to the share of right answers, 0 to 1.

    done: the configurations that were executed, in order. steps: of each run. at: called with the number of the
    run and of the step, before the step counts.
    """

    def __init__(self, share, steps=4, at=lambda run, step: None):
        self.share, self.steps, self.at, self.done, self.measured = share, steps, at, [], []

    def __call__(self, config, task, history, stop):
        number = len(self.done)
        self.done.append(config)
        history.start(self.steps)
        for step in range(1, self.steps + 1):
            self.at(number, step)
            history.advance(step)
            if stop.is_set():
                break
        history.enter("stopped" if stop.is_set() else "finished")
        return FakeRun(self, config, task, history)


class FakeRun:
    def __init__(self, maker, config, task, history):
        self.maker, self.config, self.task, self.history = maker, config, task, history
        self.seconds, self.trainable_share = 0.5, 1.0
        self.after = self.scores("validation")

    def outputs(self, split):
        truth = self.task.truth(self.task.splits[split])
        wrong = np.random.default_rng(self.config.seed).permutation(len(truth))
        wrong = wrong[round(self.maker.share(self.config, split) * len(truth)) :]
        answers = truth.copy()
        answers[wrong] = 1 - answers[wrong]
        return np.eye(2)[answers]

    def scores(self, split):
        return self.task.measure(self.outputs(split), self.task.truth(self.task.splits[split]))

    def evaluate(self, split="test"):
        self.maker.measured.append(split)
        return self.scores(split)


def install(monkeypatch, share, **settings):
    """Put fake runs in the place of real ones, for the rest of the test."""
    made = FakeRuns(share, **settings)
    monkeypatch.setattr("finetune_kit.runs.execute", made)
    return made


def keys(configs):
    """What tells runs apart."""
    return [(c.strategy, c.labels, c.seed, c.learning_rate, c.batch_size) for c in configs]
