import io
import sys
import types

import drawn
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from finetune_kit.data import packaged
from finetune_kit.errors import StorageError


def opened(cell):
    assert set(cell) == {"bytes", "path"} and cell["path"] is None
    image = Image.open(io.BytesIO(cell["bytes"]))
    assert image.format == "PNG" and image.mode == "L"
    return np.asarray(image)


def test_digits_are_those_of_scikit_learn():
    (frame,) = packaged.digits().values()
    bunch = load_digits()
    images = np.stack([opened(cell) for cell in frame["image"]])
    assert images.shape == (1797, 8, 8) and images.min() == 0 and images.max() == 255
    assert np.array_equal(np.rint(images / 255 * 16), bunch.images)
    assert frame["label"].tolist() == [str(digit) for digit in bunch.target]


def test_digits_card_gives_the_counts():
    counts = packaged.digits()["all"]["label"].value_counts()
    rows = {row[0].strip("`"): row[1] for row in drawn.card_rows("digits") if len(row) == 2}
    assert {digit: int(rows[digit]) for digit in counts.index} == counts.to_dict()


def test_faces_are_those_of_scikit_image():
    data = pytest.importorskip("skimage.data")
    (frame,) = packaged.faces().values()
    images = np.stack([opened(cell) for cell in frame["image"]])
    assert np.abs(images / 255 - data.lfw_subset()).max() <= 0.5 / 255
    assert frame["label"].tolist() == ["face"] * 100 + ["non-face"] * 100
    assert len({image.tobytes() for image in images}) == 200


def test_faces_without_scikit_image(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(StorageError, match="pip install scikit-image"):
        packaged.faces()


def test_faces_of_a_scikit_image_that_would_have_to_download_them(monkeypatch):
    def asks_for_the_network():
        raise ConnectionError("no network")

    fake = types.ModuleType("skimage")
    fake.data = types.SimpleNamespace(lfw_subset=asks_for_the_network)
    monkeypatch.setitem(sys.modules, "skimage", fake)
    with pytest.raises(StorageError, match="no network"):
        packaged.faces()
