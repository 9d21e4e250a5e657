"""Training: a thin transformers.Trainer that writes a history, can be stopped and keeps the best weights."""

from .callbacks import PACE, ForgettingCallback
from .fitting import fit, temporary_folder, writing
from .plans import EVALUATION_BATCH, EVALUATIONS, WARMUP_SHARE, Plan, default_epochs, on_cpu, plan_for, precision
from .predicting import predict, predict_rows, reading_order
from .schedules import Phases
from .timing import MEASURING, Timing, timed
from .trainer import KitTrainer, NumberedCollator, arguments, trainer

__all__ = [
    "EVALUATIONS",
    "EVALUATION_BATCH",
    "MEASURING",
    "PACE",
    "WARMUP_SHARE",
    "ForgettingCallback",
    "KitTrainer",
    "NumberedCollator",
    "Phases",
    "Plan",
    "Timing",
    "arguments",
    "default_epochs",
    "fit",
    "on_cpu",
    "plan_for",
    "precision",
    "predict",
    "predict_rows",
    "reading_order",
    "temporary_folder",
    "timed",
    "trainer",
    "writing",
]
