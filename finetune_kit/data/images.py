"""Images: whatever stands in a cell becomes one upright picture in 8-bit RGB; what cannot is named."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import PIL.Image

from .files import EMPTY, BadFileError, content, located, stored

# What can be wrong with an image beside what can be with any file, as messages say it of one.
UNREADABLE = "is not an image that Pillow reads"
DAMAGED = "is truncated or damaged"
TOO_LARGE = "has more pixels than Pillow opens, as a decompression bomb has"
NO_FORM = "is neither bytes nor a path, a PIL image or a uint8 array of height, width and 1, 3 or 4 channels"

ORIENTATION = 0x0112  # the number of EXIF's tag
# How a picture of each orientation is turned upright: EXIF 2.32, section 4.6.4. 1 is upright.
TURNS = {
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}
PHOTOGRAPHS = ("JPEG", "MPO")  # MPO: what some cameras write, a JPEG with a second one behind it
RUN_PROGRAMS = ("EPS",)  # formats for which Pillow would start another program
# The full ranges that grey values of 32 bits may be meant in: the smallest that holds all of a picture's.
RANGES = {"I": (255, 65_535), "F": (1, 255, 65_535)}


class BadImageError(BadFileError):
    """An image that cannot be used. fault: one of the kinds above, or of those in `files`."""

    noun, advice = "image", "Save it anew as PNG or JPEG, or leave it out."


@dataclass(frozen=True)
class Picture:
    """An image as data sets keep it.

    raw: a PNG or JPEG, upright, of 8-bit RGB or grey without transparency. width, height: in
    pixels. several: whether it is the first of several pictures, of an animation or of pages.
    """

    raw: bytes
    width: int
    height: int
    several: bool = False


def upright(raw: bytes, name: str = "") -> PIL.Image.Image:
    """The picture in the bytes of an image file, turned as its EXIF orientation says, in mode RGB.

    Transparency is laid over white. Grey of 16 bits is scaled from 0 to 65,535; grey of 32 bits
    from 0 to the smallest of 255 and 65,535, for fractions also 1, that holds all its values, and
    where none does from its lowest to its highest; what is not finite counts as the lowest.
    Colour of 16 bits loses the lower 8. Of several pictures (an animation, pages) the first is
    taken. name: what a message calls the image. Raises BadImageError, a DataError.
    """
    with _faults(name):
        image, orientation = _loaded(_opened(raw))
        return _shown(image, orientation).convert("RGB")


def as_stored(cell: Any, name: str = "") -> bytes:
    """What stands in a cell, as `picture` takes it, in the bytes in which data sets keep it.

    They are the cell's very own where these are an upright PNG or JPEG of 8-bit RGB or grey
    without transparency. Anything else becomes what `upright` gives, as a PNG, or as a JPEG of
    quality 95 where it was one: a PNG of a photograph takes several times the space. name: what a
    message calls the image, of a path by default the path. Raises BadImageError.
    """
    return picture(cell, name=name or (str(cell)[:200] if isinstance(cell, (str, Path)) else "")).raw


def picture(cell: Any, folder: str = "", name: str = "") -> Picture:
    """What stands in a cell of a column of images, decoded in full to be checked.

    cell: bytes, a path, a dict with `bytes` or `path`, a PIL image, or an array, uint8 (height,
    width) or (height, width, 3 or 4). folder: where relative paths start. name: what a message
    calls the image. Raises BadImageError.
    """
    with _faults(name):
        if isinstance(cell, np.ndarray):
            return _picture(_from_array(cell))
        if isinstance(cell, PIL.Image.Image):
            return _picture(cell)
        raw = content(located(cell, folder, BadImageError, NO_FORM))
        return _picture(_opened(raw), raw)


def stored_images(dataset: datasets.Dataset, column: str = "image") -> list[bytes]:
    """The bytes of each picture in a column of the feature Image, as they are stored: nothing is decoded."""
    return stored(dataset, column)


@contextlib.contextmanager
def _faults(name: str) -> Iterator[None]:
    """Raise as a BadImageError whatever Pillow raises. What it only warns of, as many pixels, it reads all the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except BadImageError as error:
            raise BadImageError(error.fault, error.found, name) from error
        except PIL.Image.DecompressionBombError as error:
            raise BadImageError(TOO_LARGE, str(error).split(",")[0], name) from error
        except PIL.UnidentifiedImageError as error:
            raise BadImageError(UNREADABLE, "", name) from error
        except MemoryError:
            raise
        except Exception as error:  # readers of damaged files raise whatever they stumble over
            raise BadImageError(DAMAGED, " ".join(str(error).split())[:100], name) from error


# --- from a cell to an image


def _from_array(array: np.ndarray) -> PIL.Image.Image:
    grey = array.ndim == 2 or array.shape[2:] == (1,)
    if array.dtype != np.uint8 or not array.size or not (grey or (array.ndim == 3 and array.shape[2] in (3, 4))):
        raise BadImageError(NO_FORM, f"found an array, {array.dtype} {array.shape}")
    return PIL.Image.fromarray(array.reshape(array.shape[:2]) if grey else array)


def _opened(raw: bytes) -> PIL.Image.Image:
    """The first picture of a file, of which only the head is read yet."""
    if not raw:
        raise BadImageError(EMPTY)
    image = PIL.Image.open(io.BytesIO(raw))
    if image.format in RUN_PROGRAMS:
        raise BadImageError(UNREADABLE, f"its format is {image.format}")
    return image


# --- from an image to what is kept


def _picture(image: PIL.Image.Image, raw: bytes | None = None) -> Picture:
    """The image as data sets keep it. raw: the bytes that it comes from."""
    several = _is_several(image)  # asked first, for to look for a second picture is to leave the first
    image, orientation = _loaded(image)
    plain = orientation not in (None, *TURNS) and image.mode in ("RGB", "L") and not image.has_transparency_data
    if raw is not None and plain and not several and image.format in ("PNG", *PHOTOGRAPHS):
        return Picture(raw, *image.size)
    shown = _shown(image, orientation)
    return Picture(_encoded(shown, image.format in PHOTOGRAPHS), *shown.size, several)


def _is_several(image: PIL.Image.Image) -> bool:
    with contextlib.suppress(Exception):  # damage behind the first picture does not matter
        return image.format != "MPO" and bool(getattr(image, "is_animated", False))
    return False


def _loaded(image: PIL.Image.Image) -> tuple[PIL.Image.Image, int | None]:
    """The image with all its pixels read, and its EXIF orientation: None where the EXIF data cannot be read."""
    image.load()
    with contextlib.suppress(Exception):
        return image, image.getexif().get(ORIENTATION, 1)
    return image, None


def _shown(image: PIL.Image.Image, orientation: int | None) -> PIL.Image.Image:
    """The upright picture without transparency, of mode L where it is grey, else RGB."""
    if image.mode[0] in "IF":
        image = _grey(image)
    if image.has_transparency_data:
        ground = PIL.Image.new("RGBA", image.size, "white")
        image = PIL.Image.alpha_composite(ground, image.convert("RGBA"))
    image = image.convert("L" if image.mode in ("1", "L") else "RGB")
    image.info = {}  # among it EXIF data, which would turn it again, and the profile of another mode's colours
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image


def _grey(image: PIL.Image.Image) -> PIL.Image.Image:
    """An image of 16 or 32 bits a pixel as one of 8, scaled as `upright` says."""
    values = np.asarray(image, dtype=np.float64)
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    values = np.where(np.isfinite(values), values, low)
    # Older versions of Pillow read the 16 bits of a PNG as 32.
    tops = (65_535,) if image.mode.startswith("I;16") or image.format == "PNG" else RANGES[image.mode]
    top = next((top for top in tops if low >= 0 and high <= top), None)
    low, high = (low, high) if top is None else (0.0, top)
    scaled = (values - low) / max(high - low, np.finfo(float).tiny) * 255
    return PIL.Image.fromarray(scaled.round().astype(np.uint8))


def _encoded(image: PIL.Image.Image, photograph: bool) -> bytes:
    buffer = io.BytesIO()
    if photograph:
        image.save(buffer, "JPEG", quality=95, subsampling=0)
    else:
        image.save(buffer, "PNG", compress_level=1)  # far quicker than the usual level, for little more space
    return buffer.getvalue()
