import io

import datasets
import numpy as np
import PIL.Image
import PIL.ImageOps
import pytest
from image_files import encoded, error_of, noise, opened, png

from finetune_kit.data import files, images
from finetune_kit.data.images import BadImageError, as_stored, picture, stored_images, upright
from finetune_kit.errors import DataError

WHITE = 255


def pixels(image):
    assert image.mode == "RGB"
    return np.asarray(image).astype(int)


def flat(mode, value, kind="PNG", **options):
    """The file of an image of one value."""
    return encoded(PIL.Image.new(mode, (3, 2), value), kind, **options)


def palette(transparency=None):
    image = PIL.Image.new("P", (3, 2), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    return encoded(image, "PNG", **({} if transparency is None else {"transparency": transparency}))


def over_white(values, alpha):
    return [round((value * alpha + WHITE * (255 - alpha)) / 255) for value in values]


# Modes


@pytest.mark.parametrize(
    ("raw", "colour", "tolerance"),
    [
        (flat("RGB", (10, 200, 30)), (10, 200, 30), 0),
        (flat("L", 77), (77, 77, 77), 0),
        (flat("1", 1), (255, 255, 255), 0),
        (flat("1", 0), (0, 0, 0), 0),
        (flat("LA", (100, 128)), over_white([100] * 3, 128), 1),
        (flat("LA", (100, 0)), (255, 255, 255), 0),
        (flat("RGBA", (10, 200, 30, 64)), over_white((10, 200, 30), 64), 1),
        (flat("RGBA", (10, 200, 30, 255)), (10, 200, 30), 0),
        (palette(), (10, 200, 30), 0),
        (palette(transparency=1), (255, 255, 255), 0),
        (palette(transparency=0), (10, 200, 30), 0),
        (palette(transparency=b"\xff\x40"), over_white((10, 200, 30), 64), 1),
        (flat("RGB", (10, 200, 30), transparency=(10, 200, 30)), (255, 255, 255), 0),
        (flat("L", 77, transparency=77), (255, 255, 255), 0),
        (flat("RGB", (10, 200, 30), "JPEG", quality=100), (10, 200, 30), 3),
        (flat("L", 77, "JPEG", quality=100), (77, 77, 77), 1),
        # of CMYK a colour is 255 (1 - c) (1 - k)
        (flat("CMYK", (255, 0, 51, 0), "TIFF"), (0, 255, 204), 1),
        (flat("CMYK", (0, 0, 0, 102), "JPEG", quality=100), (153, 153, 153), 3),
        (flat("YCbCr", (82, 90, 240), "TIFF", compression="tiff_lzw"), (240, 16, 16), 30),
        (flat("RGBA", (10, 200, 30, 64), "TIFF"), over_white((10, 200, 30), 64), 1),
        (flat("RGB", (10, 200, 30), "BMP"), (10, 200, 30), 0),
    ],
)
def test_every_mode_becomes_rgb(raw, colour, tolerance):
    for found in (upright(raw), upright(as_stored(raw))):
        assert found.size == (3, 2)
        assert np.abs(pixels(found) - colour).max() <= tolerance


def grey(values, kind, dtype):
    return encoded(PIL.Image.fromarray(np.array(values, dtype=dtype)), kind)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (grey([[0, 257, 25700, 65535]], "PNG", np.uint16), [0, 1, 100, 255]),
        (grey([[0, 1000, 2000]], "TIFF", np.uint16), [0, 4, 8]),  # 1000 / 257 is 3.89
        (grey([[0, 5, 200]], "TIFF", np.int32), [0, 5, 200]),
        (grey([[0, 257, 25700]], "TIFF", np.int32), [0, 1, 100]),
        (grey([[-100_000, 0, 100_000]], "TIFF", np.int32), [0, 128, 255]),
        (grey([[70_000, 70_000]], "TIFF", np.int32), [0, 0]),
        (grey([[0, 0.2, 1]], "TIFF", np.float32), [0, 51, 255]),
        (grey([[0, 51, 254.6]], "TIFF", np.float32), [0, 51, 255]),
        (grey([[0, 25700, 65535]], "TIFF", np.float32), [0, 100, 255]),
        (grey([[-1, 0, 1]], "TIFF", np.float32), [0, 128, 255]),
        (grey([[np.nan, 0.2, 1, np.inf]], "TIFF", np.float32), [51, 51, 255, 51]),
        (grey([[np.nan, np.nan]], "TIFF", np.float32), [0, 0]),
    ],
)
def test_grey_of_16_and_32_bits_is_scaled_to_8(raw, expected):
    for found in (upright(raw), upright(as_stored(raw))):
        assert pixels(found).tolist() == [[[value] * 3 for value in expected]]


def test_16_bits_of_the_other_byte_order():
    image = PIL.Image.frombytes("I;16B", (2, 1), bytes([100, 100, 255, 255]))  # 100 * 257 and 65,535
    assert pixels(upright(as_stored(image)))[0, :, 0].tolist() == [100, 255]


# Orientation


def oriented(kind, orientation):
    """A file of an image of 5 x 3 that says how it has to be turned."""
    exif = PIL.Image.Exif()
    exif[images.ORIENTATION] = orientation
    return encoded(noise(5, 3), kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))


@pytest.mark.parametrize("orientation", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_an_image_is_turned_as_its_exif_data_say(kind, orientation):
    raw = oriented(kind, orientation)
    expected = PIL.ImageOps.exif_transpose(PIL.Image.open(io.BytesIO(raw))).convert("RGB")
    assert np.array_equal(upright(raw), expected)
    kept = picture(raw)
    assert (kept.width, kept.height) == expected.size == opened(kept.raw).size
    # Whoever opens what is kept, with or without regard to EXIF, sees the same. A JPEG is encoded anew: of noise, which
    # it takes worst, a value is off by 3 then; wrongly turned it would be off by 85.
    assert np.abs(pixels(opened(kept.raw)) - pixels(expected)).mean() < (6 if kind == "JPEG" else 1e-9)
    assert np.array_equal(opened(kept.raw), upright(kept.raw))


def test_the_sixth_orientation_by_hand():
    raw = oriented("PNG", 6)
    assert np.array_equal(upright(raw), np.rot90(np.asarray(noise(5, 3)), k=-1))


def test_exif_data_that_cannot_be_read_do_not_hide_the_picture():
    raw = encoded(noise(), "PNG", exif=b"Exif\0\0garbage")
    with pytest.raises(SyntaxError):
        opened(raw).getexif()
    assert np.array_equal(upright(raw), noise())
    feature = datasets.Features({"image": datasets.Image()})
    part = datasets.Dataset.from_dict({"image": [{"bytes": as_stored(raw), "path": None}]}, features=feature)
    assert np.array_equal(part[0]["image"], noise())


# What is kept


@pytest.mark.parametrize(
    "raw",
    [png(), encoded(noise(), "JPEG"), flat("L", 9), flat("L", 9, "JPEG"), oriented("JPEG", 1), oriented("PNG", 0)],
)
def test_a_plain_png_or_jpeg_is_kept_byte_for_byte(raw):
    assert as_stored(raw) == raw and as_stored(bytearray(raw)) == raw


@pytest.mark.parametrize("mode", ["1", "LA", "RGBA", "P", "I;16"])
def test_any_other_png_is_encoded_anew_without_loss(mode):
    raw = encoded(PIL.Image.new(mode, (3, 2), 1))
    assert as_stored(raw) != raw and opened(as_stored(raw)).format == "PNG"
    assert np.array_equal(upright(as_stored(raw)), upright(raw))


@pytest.mark.parametrize(
    "raw",
    [encoded(noise(), "BMP"), encoded(noise(), "WEBP", lossless=True), flat("RGB", (9, 9, 9), transparency=(9, 9, 9))],
)
def test_rgb_of_other_formats_and_with_a_transparent_colour_is_encoded_anew_too(raw):
    kept = opened(as_stored(raw))
    assert kept.format == "PNG" and "transparency" not in kept.info and np.array_equal(kept, upright(raw))


def test_neither_exif_data_nor_a_profile_of_another_mode_are_kept():
    exif = PIL.Image.Exif()
    exif[images.ORIENTATION] = 3
    raw = encoded(PIL.Image.new("P", (3, 2), 9), "PNG", exif=exif, icc_profile=b"of a palette")
    assert opened(raw).info["icc_profile"] == b"of a palette"
    kept = opened(as_stored(raw))
    assert not kept.info and not dict(kept.getexif())


def test_a_photograph_stays_a_jpeg():
    assert opened(as_stored(oriented("JPEG", 3))).format == "JPEG"
    assert opened(as_stored(flat("CMYK", (1, 2, 3, 4), "JPEG"))).format == "JPEG"


def animation(kind):
    frames = [PIL.Image.new("RGB", (4, 4), colour) for colour in ("red", "green", "blue")]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:])


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_several_pictures_the_first_is_taken(kind):
    found = picture(animation(kind))
    assert found.several and not picture(found.raw).several
    assert np.abs(pixels(upright(found.raw)) - (255, 0, 0)).max() <= 3


def test_the_second_photograph_of_a_camera_is_no_animation():
    raw = encoded(noise(), "MPO", save_all=True, append_images=[noise(seed=1)])
    assert picture(raw) == images.Picture(raw, 20, 10, several=False)


# Cells


@pytest.mark.parametrize(
    "cell",
    [
        png(),
        memoryview(png()),
        {"bytes": png(), "path": None},
        {"bytes": png()},
        {"bytes": png(), "path": "/nowhere/at/all.png"},
        noise(),
        np.asarray(noise()),
        np.asarray(noise())[:, ::-1][:, ::-1],
    ],
)
def test_a_cell_may_hold_bytes_a_dict_an_image_or_an_array(cell):
    found = picture(cell)
    assert (found.width, found.height) == (20, 10) and np.array_equal(upright(found.raw), noise())


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.full((2, 3), 9, np.uint8), 9),
        (np.full((2, 3, 1), 9, np.uint8), 9),
        (np.full((2, 3, 4), 255, np.uint8), 255),
        (np.concatenate([np.full((2, 3, 3), 9, np.uint8), np.zeros((2, 3, 1), np.uint8)], axis=2), 255),
    ],
)
def test_grey_arrays_and_arrays_with_alpha(array, expected):
    found = upright(as_stored(array))
    assert found.size == (3, 2) and (pixels(found) == expected).all()


def test_an_image_in_memory_is_turned_too():
    assert np.array_equal(upright(as_stored(opened(oriented("PNG", 8)))), upright(oriented("PNG", 8)))


@pytest.mark.parametrize("as_cell", [str, lambda path: path, lambda path: {"bytes": None, "path": str(path)}])
def test_paths_absolute_relative_upwards_and_of_windows(tmp_path, as_cell):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    path = tmp_path / "in" / "deep" / "a.png"
    path.write_bytes(png())
    assert picture(as_cell(path)).raw == png()
    assert picture(as_cell(path.relative_to(tmp_path)), str(tmp_path)).raw == png()
    assert picture("../in/deep/a.png", str(tmp_path / "in")).raw == png()
    assert picture("in\\deep\\a.png", str(tmp_path)).raw == png()


def test_a_relative_path_starts_where_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").write_bytes(png())
    assert picture("a.png").raw == png()


# Faults


def eps():
    return encoded(noise(), "EPS")


@pytest.mark.parametrize(
    ("cell", "fault", "found"),
    [
        (None, files.MISSING, ""),
        (float("nan"), files.MISSING, ""),
        ("", files.MISSING, ""),
        ({"bytes": None, "path": None}, files.MISSING, ""),
        (b"", files.EMPTY, ""),
        ({"bytes": b"", "path": "a.png"}, files.EMPTY, ""),
        (b"a text", images.UNREADABLE, ""),
        (b"\x89PNG\r\n\x1a\n", images.UNREADABLE, ""),
        (eps(), images.UNREADABLE, "its format is EPS"),
        (png()[:-100], images.DAMAGED, "truncated"),
        (encoded(noise(), "JPEG")[:-50], images.DAMAGED, "truncated"),
        ("nowhere/a.png", files.NO_FILE, "a.png"),
        ("no\0path", files.NO_FILE, ""),
        ("a long text that is no path " * 500, files.NO_FILE, ""),
        ("https://example.org/a.png", files.ADDRESS, ""),
        (5, images.NO_FORM, "found int"),
        ([[1, 2]], images.NO_FORM, "found list"),
        (np.zeros((2, 3)), images.NO_FORM, "float64 (2, 3)"),
        (np.zeros((2, 3, 2), np.uint8), images.NO_FORM, "uint8 (2, 3, 2)"),
        (np.zeros((0, 3), np.uint8), images.NO_FORM, "uint8 (0, 3)"),
        (np.zeros(3, np.uint8), images.NO_FORM, "uint8 (3,)"),
    ],
)
def test_what_is_wrong_with_an_image_is_said(cell, fault, found):
    with pytest.raises(BadImageError) as caught:
        picture(cell)
    assert caught.value.fault == fault and found in caught.value.found


def test_the_message_names_the_image_and_says_what_to_do():
    message = error_of(DataError, lambda: upright(b"", "cats/1.png"))
    assert message == "cats/1.png is empty, of 0 bytes. Save it anew as PNG or JPEG, or leave it out."
    assert "The image is not an image that Pillow reads." in error_of(DataError, lambda: as_stored(b"abc"))
    assert "https://a.b/c is a web address" in error_of(DataError, lambda: as_stored("https://a.b/c"))


def test_an_image_of_an_open_file_that_breaks_off(tmp_path):
    (tmp_path / "a.png").write_bytes(png()[:-100])
    with PIL.Image.open(tmp_path / "a.png") as image, pytest.raises(BadImageError, match="truncated or damaged"):
        picture(image)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"])
def test_an_image_cut_anywhere_before_its_last_pixels_is_refused(kind):
    raw = encoded(noise(64, 64), kind)
    end = int(len(raw) * 0.9)
    for size in range(0, end, max(1, end // 40)):
        with pytest.raises(BadImageError):
            upright(raw[:size])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "ICO", "PPM", "TGA"])
def test_damage_raises_nothing_else(kind):
    raw = encoded(noise(32, 32), kind)
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        damaged = np.frombuffer(raw, np.uint8).copy()
        places = rng.integers(0, min(len(raw), 300), 6)
        damaged[places] = rng.integers(0, 256, 6)
        try:
            assert upright(damaged.tobytes()).mode == "RGB"
        except BadImageError:
            refused += 1
    assert refused


def test_more_pixels_than_pillow_opens(monkeypatch, recwarn):
    limit = PIL.Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", 100)
    assert picture(png(width=10, height=20)).height == 20  # Pillow warns of more than the limit
    with pytest.raises(BadImageError, match="has more pixels than Pillow opens") as caught:
        picture(png(width=10, height=21))  # and refuses more than twice as many
    assert "210 pixels" in str(caught.value) and not recwarn.list and PIL.Image.MAX_IMAGE_PIXELS == 100
    monkeypatch.undo()
    assert limit == PIL.Image.MAX_IMAGE_PIXELS and limit


# Stored bytes


def test_stored_images_are_not_decoded():
    features = datasets.Features({"image": datasets.Image(), "label": datasets.Value("int64")})
    cells = [{"bytes": raw, "path": None} for raw in (b"no image", png(), b"")]
    part = datasets.Dataset.from_dict({"image": cells, "label": [0, 1, 2]}, features=features)
    assert stored_images(part) == [b"no image", png(), b""]
    assert stored_images(part.select([2, 0])) == [b"", b"no image"]


def test_stored_images_of_another_column_and_in_files(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    features = datasets.Features({"photo": datasets.Image()})
    part = datasets.Dataset.from_dict({"photo": [str(tmp_path / "a.png")]}, features=features)
    assert stored_images(part, "photo") == [png()]
