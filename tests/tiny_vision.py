"""A ResNet, a ViT and detectors of a few thousand weights as folders on disk, and small pictures to train them on."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
import transformers
from PIL import Image, ImageDraw

SIDE = 32
SQUARE = {"height": SIDE, "width": SIDE}
RESNET = {"embedding_size": 8, "hidden_sizes": [8, 12, 16, 24], "depths": [1, 1, 1, 1], "layer_type": "basic"}
SMALL_DETR = {
    "decoder_in_channels": [16] * 3, "d_model": 16, "encoder_hidden_dim": 16, "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16, "encoder_attention_heads": 2, "decoder_attention_heads": 2, "num_queries": 8,
    "num_denoising": 4,
}  # fmt: skip
KINDS = ("disc", "square")
COLOURS = {"disc": (200, 30, 30), "square": (30, 30, 200)}


def write_tiny_resnet(folder: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    transformers.ResNetForImageClassification(transformers.ResNetConfig(**RESNET)).save_pretrained(folder)
    _processor(transformers.ViTImageProcessorPil, folder)
    return folder


def write_tiny_vit(folder: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    config = transformers.ViTConfig(image_size=SIDE, patch_size=8, **shape)
    transformers.ViTForImageClassification(config).save_pretrained(folder)
    _processor(transformers.ViTImageProcessorPil, folder)
    return folder


def write_tiny_rtdetr(folder: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    backbone = transformers.ResNetConfig(**RESNET, out_features=["stage2", "stage3", "stage4"])
    shape = {**SMALL_DETR, "encoder_in_channels": [12, 16, 24], "decoder_layers": 1}
    config = transformers.RTDetrConfig(
        backbone_config=backbone, freeze_backbone_batch_norms=False, num_labels=4, hidden_expansion=0.5, **shape
    )
    transformers.RTDetrForObjectDetection(config).save_pretrained(folder)
    _processor(transformers.RTDetrImageProcessorPil, folder, do_normalize=True)
    return folder


def write_tiny_dfine(folder: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    stages = {"stage_in_channels": [8, 8, 16, 16], "stage_mid_channels": [8] * 4, "stage_out_channels": [8, 16, 16, 24]}
    stages |= {"stage_num_blocks": [1] * 4, "stage_numb_of_layers": [1] * 4, "stem_channels": [3, 8, 8]}
    backbone = transformers.HGNetV2Config(
        hidden_sizes=[8, 16, 16, 24], depths=[1] * 4, out_features=["stage2", "stage3", "stage4"], **stages
    )
    shape = {**SMALL_DETR, "encoder_in_channels": [16, 16, 24], "decoder_layers": 2}
    config = transformers.DFineConfig(
        backbone_config=backbone, freeze_backbone_batch_norms=False, num_labels=4, hidden_expansion=0.5, **shape
    )
    transformers.DFineForObjectDetection(config).save_pretrained(folder)
    _processor(transformers.RTDetrImageProcessorPil, folder, do_normalize=False)
    return folder


def write_tiny_yolos(folder: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    config = transformers.YolosConfig(
        image_size=[SIDE, SIDE], patch_size=8, num_detection_tokens=5, num_labels=4, **shape
    )
    transformers.YolosForObjectDetection(config).save_pretrained(folder)
    # As the hub's YOLOS has it: the shorter side of this length, what is left over filled up.
    transformers.YolosImageProcessorPil(size={"shortest_edge": SIDE, "longest_edge": 2 * SIDE}).save_pretrained(folder)
    return folder


def _processor(kind, folder, **settings):
    kind(size=SQUARE, image_mean=[0.5] * 3, image_std=[0.5] * 3, **settings).save_pretrained(folder)


def drawn(kind: str, box: tuple[int, int, int, int], size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    """A disc or a square in a box (x, y, width, height) on a grey ground."""
    image = Image.new("RGB", size, (128, 128, 128))
    _add(image, kind, box)
    return image


def _add(image, kind, box):
    x, y, width, height = box
    shape = [x, y, x + width - 1, y + height - 1]
    draw = ImageDraw.Draw(image)
    (draw.ellipse if kind == "disc" else draw.rectangle)(shape, fill=COLOURS[kind])


def tiny_pictures(rows: int = 60, seed: int = 0) -> pd.DataFrame:
    """Pictures of discs and squares, which their colour gives away: the columns image and label."""
    draw = np.random.default_rng(seed)
    kinds = [KINDS[i % 2] for i in range(rows)]
    boxes = [(*draw.integers(0, 12, 2).tolist(), *draw.integers(10, 20, 2).tolist()) for _ in kinds]
    return pd.DataFrame({"image": [drawn(k, b) for k, b in zip(kinds, boxes, strict=True)], "label": kinds})


def tiny_scenes(rows: int = 40, seed: int = 0, size: tuple[int, int] = (48, 32)) -> pd.DataFrame:
    """Pictures of one or two objects side by side: the columns image, boxes (x, y, width, height) and labels."""
    draw = np.random.default_rng(seed)
    images, boxes, labels = [], [], []
    for number in range(rows):
        image = Image.new("RGB", size, (128, 128, 128))
        places, kinds = [], []
        for left in (0, size[0] // 2)[: 1 + number % 2]:
            kind = KINDS[int(draw.integers(2))]
            box = (
                left + int(draw.integers(0, 8)),
                *draw.integers(2, 14, 1).tolist(),
                *draw.integers(9, 16, 2).tolist(),
            )
            _add(image, kind, box)
            places.append([float(v) for v in box])
            kinds.append(kind)
        images.append(image)
        boxes.append(places)
        labels.append(kinds)
    return pd.DataFrame({"image": images, "boxes": boxes, "labels": labels})
