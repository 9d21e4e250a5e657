"""Image data that lies in other packages: scikit-learn's scanned digits, scikit-image's faces. No network is needed."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from ..errors import StorageError

FACES = 100  # of scikit-image's 200 crops, the first ones; the others show no face


def digits() -> dict[str, pd.DataFrame]:
    """scikit-learn's 1,797 handwritten digits, unsplit: the key 'all' alone.

    Columns: image, a struct of bytes (a grey PNG of 8 x 8, the 16 steps of ink spread over 0 to 255) and path (None);
    label, '0' to '9'. The rows come in scikit-learn's order.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    grey = np.rint(bunch.images * (255 / 16)).astype(np.uint8)  # (n, 8, 8)
    return {"all": _frame(grey, [str(digit) for digit in bunch.target])}


def faces() -> dict[str, pd.DataFrame]:
    """scikit-image's 100 faces and 100 crops without a face, unsplit: the key 'all' alone.

    Columns: image, a struct of bytes (a grey PNG of 25 x 25) and path (None); label, 'face' or 'non-face'.
    Raises StorageError where scikit-image is missing or does not carry the file.
    """
    try:
        from skimage import data

        images = data.lfw_subset()
    except (ImportError, OSError) as error:  # a scikit-image without the file asks for pooch, or for the network
        raise StorageError(
            f"The data set 'faces' is read from scikit-image, which is not there or not whole ({error}). "
            "Install it: pip install scikit-image"
        ) from error
    grey = np.rint(np.asarray(images) * 255).astype(np.uint8)  # (200, 25, 25), from 0.0 to 1.0
    return {"all": _frame(grey, ["face"] * FACES + ["non-face"] * (len(grey) - FACES))}


def _frame(images: np.ndarray, labels: list[str]) -> pd.DataFrame:
    """Grey pictures, uint8 (n, h, w), and their labels as the columns image and label."""
    return pd.DataFrame({"image": [{"bytes": _png(image), "path": None} for image in images], "label": labels})


def _png(image: np.ndarray) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG")
    return buffer.getvalue()
