"""The records of models. Adding one: its record here, and for an embedded one its folder under data/models/."""

from __future__ import annotations

from .records import ModelRecord

TEXT = ("sentiment", "text-classification")
READING = (*TEXT, "question-answering")
TEXT_TO_TEXT = ("translation", "generative-qa")
WRITING = ("completion", *TEXT_TO_TEXT)
IMAGES = ("image-classification",)
OBJECTS = ("object-detection",)
SOUND = ("audio-classification",)

# The embedded ones first. Those of the hub were read from its own pages: the size is that of model.safetensors, and
# only repositories whose main branch holds one are listed (so not facebook/wav2vec2-base, facebook/hubert-base-ls960
# or microsoft/MiniLM-L12-H384-uncased, which hold pickles). GPT-2's files also hold masks that are no parameters.
MODELS = (
    ModelRecord(
        "pocket-bert", "pocket-bert", READING, "BERT", "4.8 M", 10.0, "Apache-2.0", "lower-cased English, 256 tokens",
        "BERT, 4 layers of 256; pretrained by this kit on public-domain English",
    ),
    ModelRecord(
        "pocket-gpt", "pocket-gpt", WRITING, "GPT-2", "3.0 M", 6.4, "Apache-2.0", "English, 256 tokens",
        "GPT-2, 4 layers of 192; pretrained by this kit on public-domain English",
    ),
    ModelRecord(
        "pocket-t5", "pocket-t5", TEXT_TO_TEXT, "T5", "4.4 M", 9.4, "Apache-2.0", "English and French",
        "T5, 3 and 3 layers of 192; pretrained by this kit to read and to fill gaps",
    ),
    ModelRecord(
        "pocket-wav2vec2", "pocket-wav2vec2", SOUND, "wav2vec 2.0", "2.3 M", 4.9, "Apache-2.0", "16 kHz sound",
        "wav2vec2, 4 layers of 192; pretrained by this kit on speech that it synthesises",
    ),
    ModelRecord(
        "pocket-resnet", "pocket-resnet", IMAGES, "ResNet", "1.2 M", 2.6, "Apache-2.0", "colour pictures, 96 x 96",
        "ResNet, 4 stages of a basic block; pretrained by this kit on characters and patterns that it draws",
    ),
    ModelRecord(
        "pocket-rtdetr", "pocket-rtdetr", OBJECTS, "RT-DETR", "1.4 M", 3.0, "Apache-2.0", "colour pictures, 96 x 96",
        "RT-DETR over a small ResNet; pretrained by this kit on scenes of shapes and characters that it draws",
    ),
    ModelRecord(
        "bert-base", "google-bert/bert-base-uncased", READING, "BERT", "110 M", 440.0, "Apache-2.0",
        "lower-cased English, 512 tokens", "the classic encoder, pretrained on books and Wikipedia",
    ),
    ModelRecord(
        "distilbert", "distilbert/distilbert-base-uncased", READING, "DistilBERT", "67 M", 268.0, "Apache-2.0",
        "lower-cased English, 512 tokens", "BERT base distilled to half its layers: the usual first choice",
    ),
    ModelRecord(
        "modernbert-base", "answerdotai/ModernBERT-base", READING, "ModernBERT", "150 M", 599.0, "Apache-2.0",
        "English, 8,192 tokens", "a BERT of 2024: rotary positions, alternating local attention, long texts",
    ),
    ModelRecord(
        "minilm", "sentence-transformers/all-MiniLM-L6-v2", TEXT, "BERT", "22.7 M", 90.9, "Apache-2.0",
        "lower-cased English, 256 tokens", "a small sentence encoder: strong with few labels",
    ),
    ModelRecord(
        "gpt2", "openai-community/gpt2", WRITING, "GPT-2", "124 M", 548.0, "MIT",
        "English, 1,024 tokens", "the smallest GPT-2: continues English text",
    ),
    ModelRecord(
        "distilgpt2", "distilbert/distilgpt2", WRITING, "GPT-2", "82 M", 353.0, "Apache-2.0",
        "English, 1,024 tokens", "GPT-2 distilled to six layers",
    ),
    ModelRecord(
        "smollm2-135m", "HuggingFaceTB/SmolLM2-135M", WRITING, "Llama", "135 M", 269.0, "Apache-2.0",
        "English, 8,192 tokens", "a small modern decoder, stored in bfloat16",
    ),
    ModelRecord(
        "smollm2-135m-instruct", "HuggingFaceTB/SmolLM2-135M-Instruct", WRITING, "Llama", "135 M", 269.0,
        "Apache-2.0", "English with a chat template, 8,192 tokens", "SmolLM2 135M tuned to follow instructions",
    ),
    ModelRecord(
        "smollm2-360m", "HuggingFaceTB/SmolLM2-360M", WRITING, "Llama", "362 M", 724.0, "Apache-2.0",
        "English, 8,192 tokens", "the next larger SmolLM2, stored in bfloat16",
    ),
    ModelRecord(
        "smollm2-360m-instruct", "HuggingFaceTB/SmolLM2-360M-Instruct", WRITING, "Llama", "362 M", 724.0,
        "Apache-2.0", "English with a chat template, 8,192 tokens", "SmolLM2 360M tuned to follow instructions",
    ),
    ModelRecord(
        "t5-small", "google-t5/t5-small", TEXT_TO_TEXT, "T5", "60.5 M", 242.0, "Apache-2.0",
        "English, German, French, Romanian, 512 tokens",
        "text to text; its pretraining mixture held translation from English",
    ),
    ModelRecord(
        "flan-t5-small", "google/flan-t5-small", TEXT_TO_TEXT, "T5", "77 M", 308.0, "Apache-2.0",
        "mostly English, 512 tokens", "T5 1.1 small tuned on many instructed tasks",
    ),
    ModelRecord(
        "flan-t5-base", "google/flan-t5-base", TEXT_TO_TEXT, "T5", "248 M", 990.0, "Apache-2.0",
        "mostly English, 512 tokens", "T5 1.1 base tuned on many instructed tasks",
    ),
    ModelRecord(
        "resnet-18", "microsoft/resnet-18", IMAGES, "ResNet", "11.7 M", 46.8, "Apache-2.0",
        "224 x 224 RGB", "the smallest residual network, trained on ImageNet-1k",
    ),
    ModelRecord(
        "resnet-50", "microsoft/resnet-50", IMAGES, "ResNet", "25.6 M", 102.0, "Apache-2.0",
        "224 x 224 RGB", "the standard residual network, trained on ImageNet-1k",
    ),
    ModelRecord(
        "vit-base", "google/vit-base-patch16-224", IMAGES, "ViT", "86.6 M", 346.0, "Apache-2.0",
        "224 x 224 RGB", "a transformer over 16 x 16 patches, ImageNet-21k, then ImageNet-1k",
    ),
    ModelRecord(
        "dinov2-small", "facebook/dinov2-small", IMAGES, "DINOv2", "22.1 M", 88.2, "Apache-2.0",
        "224 x 224 RGB", "self-supervised features, 14 x 14 patches: strong with a linear head",
    ),
    ModelRecord(
        "yolos-tiny", "hustvl/yolos-tiny", OBJECTS, "YOLOS", "6.5 M", 26.0, "Apache-2.0",
        "RGB, shorter side 512", "a plain vision transformer that detects, trained on COCO; slow to fine-tune",
    ),
    ModelRecord(
        "rt-detr-r18", "PekingU/rtdetr_r18vd", OBJECTS, "RT-DETR", "20.2 M", 80.9, "Apache-2.0",
        "640 x 640 RGB", "real-time detection transformer over ResNet-18, trained on COCO",
    ),
    ModelRecord(
        "rt-detr-r50", "PekingU/rtdetr_r50vd", OBJECTS, "RT-DETR", "43 M", 172.0, "Apache-2.0",
        "640 x 640 RGB", "real-time detection transformer over ResNet-50, trained on COCO",
    ),
    ModelRecord(
        "d-fine-nano", "ustc-community/dfine-nano-coco", OBJECTS, "D-FINE", "3.8 M", 15.3, "Apache-2.0",
        "640 x 640 RGB", "the smallest D-FINE (RT-DETR with refined box edges), trained on COCO",
    ),
    ModelRecord(
        "d-fine-small", "ustc-community/dfine-small-coco", OBJECTS, "D-FINE", "10.3 M", 41.5,
        "Apache-2.0", "640 x 640 RGB", "the next larger D-FINE, trained on COCO",
    ),
    ModelRecord(
        "wav2vec2-base-960h", "facebook/wav2vec2-base-960h", SOUND, "wav2vec 2.0", "94.4 M", 378.0,
        "Apache-2.0", "16 kHz sound", "self-supervised speech encoder, then tuned to write English from speech",
    ),
    ModelRecord(
        "distilhubert", "ntu-spml/distilhubert", SOUND, "HuBERT", "23.5 M", 94.0, "Apache-2.0",
        "16 kHz sound", "HuBERT distilled to two layers: a quarter of its size, the quick choice for speech",
    ),
    ModelRecord(
        "ast", "MIT/ast-finetuned-audioset-10-10-0.4593", SOUND, "AST", "86.6 M", 346.0,
        "BSD-3-Clause", "16 kHz sound, 10 s as 1,024 x 128 mel",
        "a vision transformer over spectrograms, tuned on AudioSet: the choice for sounds that are not speech",
    ),
    ModelRecord(
        "whisper-tiny", "openai/whisper-tiny", SOUND, "Whisper", "37.8 M", 151.0,
        "Apache-2.0", "16 kHz sound, 30 s as 80 mel", "the encoder (8.3 M) of a speech recogniser for 99 languages",
    ),
    ModelRecord(
        "whisper-base", "openai/whisper-base", SOUND, "Whisper", "72.6 M", 290.0,
        "Apache-2.0", "16 kHz sound, 30 s as 80 mel", "the next larger Whisper encoder (20.7 M)",
    ),
)  # fmt: skip
