"""The thin transformers.Trainer that every way of training goes through."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import torch
import transformers

from ..history import History
from ..objectives import Learnable
from ..strategies import Part, Strategy, hold_frozen
from .callbacks import HistoryCallback, UnfreezingCallback
from .plans import Plan, on_cpu, precision
from .schedules import Phases


class KitTrainer(transformers.Trainer):
    """A Trainer that minimises an objective's loss as a strategy says, and holds what is frozen in evaluation mode.

    parts: what trains, when and how fast; none for all that requires a gradient at one rate.
    restarts: shares of the steps at which the schedule begins anew. penalty: what is added to the loss in training.
    """

    learnable: Learnable
    parts: list[Part]
    restarts: tuple[float, ...] = ()
    penalty: Callable[[], torch.Tensor] | None = None
    warmup_share = 0.0
    optimizer: Any
    lr_scheduler: Any

    def follow(self, strategy: Strategy, plan: Plan) -> None:
        """Train as the strategy says, which has been applied to the model."""
        self.parts = strategy.parts(self.model, plan.learning_rate)
        self.restarts = strategy.restarts
        self.penalty = strategy.penalty(self.model)
        self.warmup_share = plan.warmup_steps / plan.steps
        self.add_callback(UnfreezingCallback(self.parts))

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **kwargs: Any) -> Any:
        if model.training:
            hold_frozen(model)
        # The Trainer's mixed precision wraps `model.forward`, which an objective's loss need not call.
        with self.accelerator.autocast():
            loss, outputs = self.learnable.loss(model, inputs)
        if model.training and self.penalty:
            self._added = self.penalty()
            loss = loss + self._added
        return (loss, outputs) if return_outputs else loss

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        loss: torch.Tensor = super().training_step(*args, **kwargs)
        # The history shows the loss of the task alone, which can be laid beside that on the validation split.
        return loss - self._added.detach() if self.penalty else loss

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """The usual one over groups of a rate each, those that begin to train later included."""
        if self.optimizer is None and self.parts:
            made, settings = self.get_optimizer_cls_and_kwargs(self.args, self.model)
            self.optimizer = made([group for _, group in self._groups()], **settings)
        return super().create_optimizer(model)

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """The usual one, or where the schedule begins anew one that rises and falls in each phase."""
        if self.lr_scheduler is None and self.restarts:
            phases = Phases(num_training_steps, self.restarts, self.warmup_share)
            paces = [phases.pace(part) for part, _ in self._groups()]
            self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer or self.optimizer, paces)
            self._created_lr_scheduler = True
        return super().create_scheduler(num_training_steps, optimizer)

    def _groups(self) -> list[tuple[Part, dict[str, Any]]]:
        """The optimiser's groups, each with the part of the model that it belongs to; the weights that decay first."""
        decaying, named = set(self.get_decay_parameter_names(self.model)), dict(self.model.named_parameters())
        groups = []
        for part in self.parts:
            # A scheduler multiplies the rate of a group; where rates change, it says them itself.
            rate = 1.0 if self.restarts else part.rates[0][1]
            for decays in (True, False):
                chosen = [named[name] for name in part.parameters if (name in decaying and part.decays) == decays]
                decay = self.args.weight_decay if decays else 0.0
                if chosen:
                    groups.append((part, {"params": chosen, "lr": rate, "weight_decay": decay}))
        return groups

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """As the Trainer's; its own checkpoints hold the weights alone, under the names that the model has for them.

        They are read back by name. Of some models, such as RT-DETR, save_pretrained would write older
        names, and the Trainer would leave what it does not find as it is.
        """
        if not _internal_call:
            super().save_model(output_dir)
            return
        self.model.save_pretrained(output_dir, save_original_format=False)

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        with self.data_collator.measuring():
            return dict(super().evaluate(*args, **kwargs))

    def _get_eval_sampler(self, eval_dataset: Any) -> Any:
        # The validation split comes sorted by length; grouping by length would shuffle it again.
        return torch.utils.data.SequentialSampler(eval_dataset)


class NumberedCollator:
    """A collator whose random draws depend on the number of the batch alone.

    So a resumed training hides the words that an uninterrupted one would have hidden, and
    every evaluation hides the same.
    """

    def __init__(self, collate: Callable[[list[Any]], Any], seed: int):
        self.collate, self.seed, self.number = collate, seed, 0

    def __call__(self, examples: list[Any]) -> Any:
        self.number += 1
        with torch.random.fork_rng():  # the generators of GPUs too, which manual_seed sets
            torch.manual_seed((self.seed << 32) + self.number)
            return self.collate(examples)

    @contextlib.contextmanager
    def measuring(self) -> Iterator[None]:
        """Count from 0 for one evaluation, and go on afterwards where training was."""
        training, self.number = self.number, 0
        try:
            yield
        finally:
            self.number = training


def arguments(plan: Plan, labels: tuple[str, ...], folder: str) -> transformers.TrainingArguments:
    """The Trainer's arguments for a plan; `labels` names the inputs that a batch must have for a loss."""
    best = plan.best_by
    keeping: dict[str, Any] = {"save_strategy": "no"}
    if best is not None:  # a metric that holds no examples is false
        keeping = {"save_strategy": "best", "load_best_model_at_end": True, "save_only_model": True}
        keeping |= {"metric_for_best_model": best.name, "greater_is_better": best.higher_is_better}
    elif plan.save_every:
        keeping = {"save_strategy": "steps", "save_steps": plan.save_every}
    return transformers.TrainingArguments(
        output_dir=folder,
        max_steps=plan.steps,
        per_device_train_batch_size=plan.batch_size,
        per_device_eval_batch_size=plan.eval_batch_size,
        learning_rate=plan.learning_rate,
        weight_decay=plan.weight_decay,
        adam_beta2=plan.beta2,
        warmup_steps=plan.warmup_steps,
        lr_scheduler_type=plan.schedule,
        train_sampling_strategy="group_by_length" if plan.by_length else "random",
        eval_strategy="steps",
        eval_steps=plan.evaluate_every,
        save_total_limit=1,
        logging_steps=max(1, plan.steps // 40),
        logging_nan_inf_filter=False,
        seed=plan.seed,
        dataloader_pin_memory=torch.cuda.is_available(),
        remove_unused_columns=False,
        prediction_loss_only=not plan.measures,
        label_names=list(labels),
        use_cpu=on_cpu(),  # else the Trainer refuses bf16 without a GPU
        disable_tqdm=True,
        report_to="none",
        **keeping,
        **precision(plan.precision, plan.batch_size),
    )


def trainer(
    model: Any,
    processor: Any,
    learnable: Learnable,
    plan: Plan,
    train: Any,
    validation: Any,
    history: History,
    stop: threading.Event,
    folder: str,
    strategy: Strategy | None = None,
) -> KitTrainer:
    """A Trainer over ready splits, to train and to predict; it writes to `history` alone.

    strategy: the one that was applied to the model; without one, all that requires a gradient trains at one rate.
    """

    def measure(prediction: transformers.EvalPrediction) -> dict[str, float]:
        outputs = prediction.predictions  # of a T5, with its hidden states behind the logits
        return learnable.measure(outputs[0] if isinstance(outputs, tuple) else outputs, prediction.label_ids)

    made = KitTrainer(
        model,
        arguments(plan, learnable.labels, folder),
        train_dataset=train,
        eval_dataset=validation,
        data_collator=NumberedCollator(learnable.collator(processor), plan.seed),
        processing_class=processor,
        compute_metrics=measure if plan.measures else None,
        callbacks=[HistoryCallback(history, stop, plan, learnable.read)],
    )
    made.learnable, made.parts = learnable, []
    if strategy:
        made.follow(strategy, plan)
    made.remove_callback(transformers.PrinterCallback)
    return made
