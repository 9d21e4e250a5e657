"""finetune_kit: learn, prototype and compare pretraining and fine-tuning.

>>> import finetune_kit as ftk
>>> run = ftk.fine_tune("sentiment", model="pocket-bert", strategy="last-2", labels=128)
>>> run.predict(["A dull, lifeless film."])

Importing it imports nothing heavy: torch and transformers come in when they are needed.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# The front door: name -> (module, name there). Imported on first use.
_DOORS = {
    "fine_tune": ("runs", "fine_tune"),
    "zero_step": ("runs", "zero_step"),
    "Run": ("runs", "Run"),
    "RunConfig": ("config", "RunConfig"),
    "History": ("history", "History"),
    "pretrain": ("pretraining", "pretrain"),
    "Pretrained": ("pretraining", "Pretrained"),
    "PretrainingRecipe": ("config", "PretrainingRecipe"),
    "read_corpus": ("corpora", "read"),
    "train_tokenizer": ("vocabulary", "train"),
    "fertility": ("vocabulary", "fertility"),
    "fill_mask": ("probes", "fill_mask"),
    "guessing": ("probes", "guessing"),
    "complete": ("probes", "complete"),
    "completions": ("probes", "completions"),
    "next_words": ("probes", "next_words"),
    "neighbours": ("probes", "neighbours"),
    "nearest": ("probes", "nearest"),
    "nearest_images": ("probes", "nearest_images"),
    "nearest_sounds": ("probes", "nearest_sounds"),
    "inspect": ("inspection", "inspect"),
    "inspect_pictures": ("inspection.pictures", "inspect_pictures"),
    "inspect_sounds": ("inspection.sounds", "inspect_sounds"),
    "compare": ("comparisons", "compare"),
    "label_curve": ("comparisons", "label_curve"),
    "sweep": ("comparisons", "sweep"),
    "lr_range": ("comparisons", "lr_range"),
    "paired": ("comparisons", "paired"),
    "occlusion": ("attribution", "occlusion"),
    "occlusion_map": ("attribution", "occlusion_map"),
    "grad_cam": ("attribution", "grad_cam"),
    "attention_map": ("attribution", "attention_map"),
    "query_attention": ("attribution", "query_attention"),
    "span_scores": ("attribution", "span_scores"),
    "as_seen": ("attribution", "as_seen"),
    "compatibility": ("suitability", "compatibility"),
    "noisy_labels": ("experiments", "noisy_labels"),
    "only": ("experiments", "only"),
    "without": ("experiments", "without"),
    "top_losses": ("cleaning", "top_losses"),
    "clean": ("cleaning", "clean"),
    "TextClassification": ("tasks.text_classification", "TextClassification"),
    "ExtractiveQA": ("tasks.extractive_qa", "ExtractiveQA"),
    "GenerativeQA": ("tasks.generative_qa", "GenerativeQA"),
    "Completion": ("tasks.completion", "Completion"),
    "Translation": ("tasks.translation", "Translation"),
    "ImageClassification": ("tasks.image_classification", "ImageClassification"),
    "ObjectDetection": ("tasks.object_detection", "ObjectDetection"),
    "AudioClassification": ("tasks.audio_classification", "AudioClassification"),
    "Augmentation": ("augmentation", "Augmentation"),
    "SoundAugmentation": ("sound_augmentation", "SoundAugmentation"),
    "log_mel": ("hearing", "log_mel"),
    "false_alarms": ("spotting", "false_alarms"),
    "Generation": ("tasks.generation", "Generation"),
    "FromScratch": ("strategies", "FromScratch"),
    "HeadOnly": ("strategies", "HeadOnly"),
    "LastLayers": ("strategies", "LastLayers"),
    "Full": ("strategies", "Full"),
    "GradualUnfreezing": ("strategies", "GradualUnfreezing"),
    "HeadThenFull": ("strategies", "HeadThenFull"),
    "LoRA": ("strategies", "LoRA"),
    "BitFit": ("strategies", "BitFit"),
    "L2SP": ("strategies", "L2SP"),
    "layer_map": ("layer_maps", "layer_map"),
    "learning_rates": ("layer_maps", "learning_rates"),
    "locate": ("checkpoints", "locate"),
    "check_guess": ("exercises", "check_guess"),
    "FinetuneKitError": ("errors", "FinetuneKitError"),
    "studio": ("widgets", "studio"),
    "data_browser": ("widgets", "data_browser"),
    "clean_panel": ("widgets", "clean_panel"),
    "data_panel": ("widgets", "data_panel"),
    "compare_panel": ("widgets", "compare_panel"),
    "listen_panel": ("widgets", "listen_panel"),
    "pretrain_panel": ("widgets", "pretrain_panel"),
    "plots": ("plots", None),
}

__all__ = ["datasets", "models", *_DOORS]


def models(pattern: str = "*") -> Any:
    """The catalogue of models whose name or task matches a wildcard, as a pandas DataFrame."""
    from . import catalog

    return catalog.table("models", pattern)


def datasets(pattern: str = "*") -> Any:
    """The catalogue of data sets whose name or task matches a wildcard, as a pandas DataFrame."""
    from . import catalog

    return catalog.table("datasets", pattern)


def __getattr__(name: str) -> Any:
    if name not in _DOORS:
        raise AttributeError(f"module 'finetune_kit' has no attribute {name!r}; it has {', '.join(__all__)}")
    module, attribute = _DOORS[name]
    loaded = importlib.import_module(f".{module}", __name__)
    return loaded if attribute is None else getattr(loaded, attribute)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
