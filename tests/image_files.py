"""Images and folders of them that tests draw themselves."""

import io
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from finetune_kit.errors import DataError, FinetuneKitError, StorageError, UnknownNameError

BUILTIN = {DataError: ValueError, StorageError: OSError, UnknownNameError: LookupError}


def noise(width=20, height=10, seed=0):
    """An RGB image of random pixels, like no other of another seed."""
    return PIL.Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def encoded(image, kind="PNG", **options):
    """The bytes of an image file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(seed=0, width=20, height=10):
    return encoded(noise(width, height, seed))


def opened(raw):
    """What Pillow alone reads: neither turned nor converted."""
    image = PIL.Image.open(io.BytesIO(raw))
    image.load()
    return image


def write(folder, files):
    for name, raw in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return folder


def error_of(kind, act):
    """The message of the error that this raises."""
    with pytest.raises(kind) as caught:
        act()
    assert isinstance(caught.value, FinetuneKitError) and isinstance(caught.value, BUILTIN[kind])
    return str(caught.value)
