"""Where a model looked, beside its answer in the studio."""

import base64
import io
import re

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from tiny_vision import RESNET, drawn, tiny_pictures, tiny_scenes, write_tiny_resnet, write_tiny_rtdetr, write_tiny_vit

import finetune_kit as ftk
from finetune_kit import attribution
from finetune_kit.errors import ModelError
from finetune_kit.widgets.looking import looked

QUICK = {"epochs": 1, "batch_size": 16, "learning_rate": 1e-3}


def images_in(html):
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    return [Image.open(io.BytesIO(base64.b64decode(code))) for code in found]


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("resnet")
    torch.manual_seed(0)
    transformers.ResNetForImageClassification(transformers.ResNetConfig(**RESNET)).save_pretrained(folder)
    transformers.ViTImageProcessorPil(size={"height": 96, "width": 96}).save_pretrained(folder)
    made = ftk.studio(ftk.ImageClassification(tiny_pictures(20)), model=str(folder), labels=8, **QUICK)
    made.train().wait()
    return made


def test_the_studio_shows_it_beside_the_answer(studio):
    studio.boxes["image"].choice.value = 0
    thumbnail, look = images_in(studio.answer.value)
    said = studio.run.predict(studio.boxes["image"].value)["prediction"][0]
    assert studio.error == "" and f"What speaks for {said} glows:" in studio.answer.value
    assert thumbnail.size == (128, 128) and look.size == (240, 240)
    colours = np.ptp(np.asarray(look.convert("RGB")).astype(int), axis=2)
    assert colours.max() > 60  # over a grey picture, something that is not grey


def row_of(run, picture):
    return run.predict(picture).iloc[0].to_dict()


@pytest.fixture(scope="module")
def vit(tmp_path_factory):
    frame = tiny_pictures(20).replace({"label": {"disc": "<b>", "square": "<i>"}})
    return ftk.fine_tune(ftk.ImageClassification(frame), str(write_tiny_vit(tmp_path_factory.mktemp("vit"))), **QUICK)


@pytest.mark.parametrize("gone", [(), ("grad_cam",), ("grad_cam", "attention_map")])
def test_grad_cam_then_attention_then_nothing(vit, monkeypatch, gone):
    def refused(*given):
        raise ModelError("not this one")

    for name in gone:
        monkeypatch.setattr(attribution, name, refused)
    shown = looked(vit, row_of(vit, drawn("disc", (3, 5, 14, 12))), "<p>the answer</p>")
    says = ("What speaks for", "What the model looked at", "")[len(gone)]
    assert says in shown and "<p>the answer</p>" in shown and len(images_in(shown)) == (len(gone) < 2)
    assert (shown == "<p>the answer</p>") == (len(gone) == 2)


def test_a_map_of_one_place_is_not_shown(tmp_path):
    run = ftk.fine_tune(ftk.ImageClassification(tiny_pictures(20)), str(write_tiny_resnet(tmp_path)), **QUICK)
    picture = drawn("disc", (3, 5, 14, 12))
    assert ftk.grad_cam(run, picture).shape == (1, 1) and looked(run, row_of(run, picture), "so") == "so"


def test_class_names_are_escaped(vit):
    shown = looked(vit, row_of(vit, drawn("disc", (3, 5, 14, 12))), "")
    assert shown.count("&lt;") == 2 and "<b>" not in shown and "<i>" not in shown


def test_a_detectors_answer_has_its_boxes_alone(tmp_path):
    task = ftk.ObjectDetection(tiny_scenes(16), threshold=0.0)
    studio = ftk.studio(task, model=str(write_tiny_rtdetr(tmp_path)), labels=None, **QUICK)
    studio.train().wait()
    studio.boxes["image"].choice.value = 0
    assert studio.error == "" and len(images_in(studio.answer.value)) == 1
