"""The records of tasks. Adding a task: one file under finetune_kit/tasks/, and its record here."""

from __future__ import annotations

from .records import TaskRecord

TASKS = (
    TaskRecord(
        "sentiment",
        "finetune_kit.tasks.text_classification:TextClassification",
        "reviews",
        "pocket-bert",
        "Is a short review positive or negative?",
    ),
    TaskRecord(
        "text-classification",
        "finetune_kit.tasks.text_classification:TextClassification",
        "questions",
        "pocket-bert",
        "Which of several classes is a text of? What does somebody want who asks this?",
    ),
    TaskRecord(
        "question-answering",
        "finetune_kit.tasks.extractive_qa:ExtractiveQA",
        "passages",
        "pocket-bert",
        "Which words of a passage answer a question, if any?",
        max_length=256,
    ),
    TaskRecord(
        "generative-qa",
        "finetune_kit.tasks.generative_qa:GenerativeQA",
        "passages",
        "pocket-t5",
        "Write the answer to a question on a passage",
        max_length=256,
    ),
    TaskRecord(
        "completion",
        "finetune_kit.tasks.completion:Completion",
        "python-docs",
        "pocket-gpt",
        "Go on with a text, in the manner of the texts learnt from",
    ),
    TaskRecord(
        "translation",
        "finetune_kit.tasks.translation:Translation",
        "phrases",
        "pocket-t5",
        "Translate sentences, from English to French in the embedded data",
    ),
    TaskRecord(
        "image-classification",
        "finetune_kit.tasks.image_classification:ImageClassification",
        "digits",
        "pocket-resnet",
        "Which of several classes is a picture of?",
    ),
    TaskRecord(
        "object-detection",
        "finetune_kit.tasks.object_detection:ObjectDetection",
        "street",
        "pocket-rtdetr",
        "What is in a picture, and where?",
    ),
    TaskRecord(
        "audio-classification",
        "finetune_kit.tasks.audio_classification:AudioClassification",
        "commands",
        "pocket-wav2vec2",
        "Which of several classes is a sound of? Which command is spoken?",
    ),
)
