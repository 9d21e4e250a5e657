"""The records of data sets. Adding one: its record here, and for an embedded one its folder under data/datasets/."""

from __future__ import annotations

from .records import DatasetRecord

TEXT = {"text": "text", "label": "label"}
QUESTION = {"question": "question", "context": "context", "answers": "answers"}
IMAGE = {"image": "image", "label": "label"}
SOUND = {"audio": "audio", "label": "label"}
BOXES = {"image": "image", "boxes": "boxes", "labels": "labels"}

# The embedded ones first. Those of the hub were read from its own pages; "unknown", "other" and "none stated" are what
# these say of the licence. Data sets that come as a script are not listed: the library refuses them.
DATASETS = (
    DatasetRecord(
        "reviews", "reviews", None, "sentiment", TEXT, 2, {"train": 1200, "validation": 300, "test": 300},
        "CC0-1.0", 0.1, "short English reviews of ten kinds of thing, positive and negative",
    ),
    DatasetRecord(
        "phrases", "phrases", None, "translation", {"source": "en", "target": "fr"}, None,
        {"train": 5000, "validation": 500, "test": 600, "handwritten": 200}, "CC0-1.0", 0.2,
        "everyday English sentences and their French translation, made by a grammar; 200 more by hand",
    ),
    DatasetRecord(
        "questions", "questions", None, "text-classification", TEXT, 8,
        {"train": 1344, "validation": 288, "test": 288}, "CC0-1.0", 0.1,
        "questions to the help desk of a library, by what they want of it: eight intents",
    ),
    DatasetRecord(
        "passages", "passages", None, "question-answering", QUESTION, None,
        {"train": 963, "validation": 237, "test": 239}, "CC0-1.0", 0.2,
        "questions on 192 short passages of many kinds; a fifth of them the passage does not answer",
    ),
    # Read at run time from the Python installation; its folder holds the card alone.
    DatasetRecord(
        "python-docs", "python-docs", None, "completion", {"text": "text"}, None, {}, "PSF-2.0", 0.0,
        "docstrings and documentation topics of the Python installation, about 19,000 paragraphs",
    ),
    DatasetRecord(
        "digits", "digits", None, "image-classification", IMAGE, 10, {"train": 1797}, "BSD-3-Clause", 0.0,
        "handwritten digits of 8 x 8 pixels, out of scikit-learn; one split", "finetune_kit.data.packaged:digits",
    ),
    DatasetRecord(
        "cells", "cells", None, "image-classification", IMAGE, 4, {"train": 800, "validation": 200, "test": 200},
        "CC0-1.0", 2.2, "stained blood cells of four kinds, 64 x 64, drawn by this kit: synthetic, never for medicine",
    ),
    DatasetRecord(
        "faces", "faces", None, "image-classification", IMAGE, 2, {"train": 200}, "see the card", 0.0,
        "faces and patches without one, 25 x 25, out of scikit-image; one split", "finetune_kit.data.packaged:faces",
    ),
    DatasetRecord(
        "street", "street", None, "object-detection", BOXES, 3, {"train": 500, "validation": 100, "test": 100},
        "CC0-1.0", 4.7, "streets of 128 x 128 with cars, people and bicycles, drawn by this kit",
    ),
    DatasetRecord(
        "harbour", "harbour", None, "object-detection", BOXES, 5, {"train": 160, "validation": 60, "test": 80},
        "CC0-1.0", 1.7, "ships, sailing boats, cranes, buoys and gulls, drawn by this kit; few, to specialise to",
    ),
    DatasetRecord(
        "commands", "commands", None, "audio-classification", SOUND, 16,
        {"train": 1400, "validation": 350, "test": 350}, "CC0-1.0", 5.1,
        "spoken commands to a home, other words and silence, synthesised by this kit in many voices",
    ),
    # Of the download the half is a split "unsupervised" without labels (-1), which is not used.
    DatasetRecord(
        "imdb", "stanfordnlp/imdb", None, "sentiment", TEXT, 2, {"train": 25000, "test": 25000}, "other", 83.5,
        "long film reviews, negative and positive",
    ),
    # The labels of its test split are hidden (-1), so it is not used.
    DatasetRecord(
        "sst2", "stanfordnlp/sst2", None, "sentiment", {"text": "sentence", "label": "label"}, 2,
        {"train": 67349, "validation": 872}, "unknown", 3.3,
        "phrases and sentences from film reviews, negative and positive; the test labels are hidden",
    ),
    DatasetRecord(
        "rotten-tomatoes", "cornell-movie-review-data/rotten_tomatoes", None, "sentiment",
        TEXT, 2, {"train": 8530, "validation": 1066, "test": 1066}, "unknown", 0.9,
        "single sentences from film reviews, negative and positive: the quick choice",
    ),
    DatasetRecord(
        "ag-news", "fancyzhx/ag_news", None, "text-classification", TEXT, 4,
        {"train": 120000, "test": 7600}, "unknown", 19.8,
        "news in brief: World, Sports, Business, Sci/Tech",
    ),
    # CogComp/trec itself is a script. Here `label` holds integers of the fine classes without names.
    DatasetRecord(
        "trec", "SetFit/TREC-QC", None, "text-classification", {"text": "text", "label": "label_coarse_text"}, 6,
        {"train": 5452, "test": 500}, "none stated", 1.4, "short questions by the kind of answer they ask for",
    ),
    DatasetRecord(
        "squad", "rajpurkar/squad", None, "question-answering",
        QUESTION, None, {"train": 87599, "validation": 10570}, "CC-BY-SA-4.0", 16.3,
        "questions on Wikipedia paragraphs, each answered by a span",
    ),
    DatasetRecord(
        "squad-v2", "rajpurkar/squad_v2", None, "question-answering",
        QUESTION, None, {"train": 130319, "validation": 11873}, "CC-BY-SA-4.0", 17.7,
        "SQuAD with 50,000 questions that the paragraph does not answer",
    ),
    DatasetRecord(
        "wikitext-2", "Salesforce/wikitext", "wikitext-2-raw-v1", "completion", {"text": "text"}, None,
        {"train": 36718, "validation": 3760, "test": 4358}, "CC-BY-SA-3.0 and GFDL", 7.7,
        "good Wikipedia articles, line by line; many lines are empty",
    ),
    DatasetRecord(
        "tiny-stories", "roneneldan/TinyStories", None, "completion", {"text": "text"}, None,
        {"train": 2119719}, "CDLA-Sharing-1.0", 1000.8,
        "made-up short stories in the words of a small child, written by larger models",
    ),
    DatasetRecord(
        "opus-books-en-fr", "Helsinki-NLP/opus_books", "en-fr", "translation",
        {"source": "translation.en", "target": "translation.fr"}, None, {"train": 127085}, "other", 21.0,
        "sentences of out-of-copyright novels in English and French, one split",
    ),
    DatasetRecord(
        "multi30k", "bentrevett/multi30k", None, "translation", {"source": "en", "target": "de"}, None,
        {"train": 29000, "validation": 1014, "test": 1000}, "none stated", 4.9,
        "short captions of photographs in English and German: the quick choice",
    ),
    DatasetRecord(
        "cifar10", "uoft-cs/cifar10", None, "image-classification", {"image": "img", "label": "label"}, 10,
        {"train": 50000, "test": 10000}, "unknown", 143.9,
        "photographs of 32 x 32: six animals, four vehicles",
    ),
    DatasetRecord(
        "beans", "AI-Lab-Makerere/beans", None, "image-classification", {"image": "image", "label": "labels"}, 3,
        {"train": 1034, "validation": 133, "test": 128}, "MIT", 180.2,
        "bean leaves of 500 x 500: healthy or one of two diseases",
    ),
    DatasetRecord(
        "fashion-mnist", "zalando-datasets/fashion_mnist", None, "image-classification",
        IMAGE, 10, {"train": 60000, "test": 10000}, "MIT", 36.1,
        "grey pictures of clothes, 28 x 28",
    ),
    # The boxes are [x, y, width, height] in pixels.
    DatasetRecord(
        "cppe-5", "rishitdagli/cppe-5", None, "object-detection",
        {"image": "image", "boxes": "objects.bbox", "labels": "objects.category"}, 5, {"train": 1000, "test": 29},
        "unknown", 241.2, "medical protective clothing in photographs, 4.6 boxes each; a tiny test split",
    ),
    DatasetRecord(
        "minds14", "PolyAI/minds14", "en-US", "audio-classification", {"audio": "audio", "label": "intent_class"}, 14,
        {"train": 563}, "CC-BY-4.0", 34.2, "spoken requests to a bank, 8 kHz, by intent; one split",
    ),
    # The column `fold` (1 to 5) is the published way to split.
    DatasetRecord(
        "esc50", "ashraq/esc50", None, "audio-classification", {"audio": "audio", "label": "category"}, 50,
        {"train": 2000}, "CC-BY-NC-3.0", 774.0,
        "five-second sounds of animals, weather, people and machines; not for commercial use; split by `fold`",
    ),
)  # fmt: skip
