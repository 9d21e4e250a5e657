"""The records of tasks. Adding a task: one file under finetune_kit/tasks/, and its record here."""

from __future__ import annotations

from .records import TaskRecord

TASKS = (
    TaskRecord(
        "sentiment",
        "finetune_kit.tasks.text_classification:TextClassification",
        "reviews",
        "Is a short review positive or negative?",
    ),
    TaskRecord(
        "text-classification",
        "finetune_kit.tasks.text_classification:TextClassification",
        None,
        "Your own texts in classes of your own",
    ),
)
