import gzip
import io
import tarfile
import zipfile

import pytest
from image_files import error_of, write

from finetune_kit.data import archives
from finetune_kit.errors import DataError

FILES = {"pets/cats/1.png": b"one", "pets/cats/2.png": b"", "pets/dogs/1.png": b"x" * 2000, "pets/note é.txt": b"\0\1"}
LINK = 0o120777 << 16  # a symbolic link's mode on Unix, where a zip keeps it
SUFFIXES = [".zip", ".tar", ".tar.gz", ".tgz", ".ZIP"]


def zipped(path, files, modes=None, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, raw in files.items():
            info = zipfile.ZipInfo("a")
            info.filename, info.compress_type = name, zipfile.ZIP_DEFLATED  # set later, nothing of the name is mended
            info.external_attr = (modes or {}).get(name, 0)
            archive.writestr(info, raw)
    return path


def tarred(path, files, kinds=None, **options):
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w", **options) as archive:
        for name, raw in files.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = (kinds or {}).get(name, (tarfile.REGTYPE, ""))
            info.size = len(raw) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(raw))
    return path


def packed(path, files):
    return (zipped if path.suffix.lower() == ".zip" else tarred)(path, files)


def refusal(path):
    before = sorted(path.parent.parent.rglob("*"))
    message = error_of(DataError, lambda: archives.members(path))
    assert sorted(path.parent.parent.rglob("*")) == before  # nothing was written, here or beside it
    assert str(path) in message
    return message


@pytest.fixture
def place(tmp_path):
    """A folder whose parent is of this test alone."""
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_files_of_an_archive_come_as_bytes(place, suffix):
    path = packed(place / f"a{suffix}", FILES)
    assert archives.is_archive(path) and archives.members(path) == FILES
    assert list(place.iterdir()) == [path]


def test_what_the_usual_programs_pack(place):
    write(place / "pets", {name.removeprefix("pets/"): raw for name, raw in FILES.items()})
    with zipfile.ZipFile(place / "a.zip", "w") as archive:
        for path in [place / "pets", *sorted((place / "pets").rglob("*"))]:  # with entries for the folders
            archive.write(path, path.relative_to(place))
    with tarfile.open(place / "a.tgz", "w:gz") as archive:
        archive.add(place / "pets", "./pets")
    assert archives.members(place / "a.zip") == archives.members(place / "a.tgz") == FILES


def test_names_parted_by_backslashes_as_old_windows_programs_write_them(place):
    files = {name.replace("/", "\\"): raw for name, raw in FILES.items()}
    assert archives.members(zipped(place / "a.zip", {"pets\\": b"", **files})) == FILES


@pytest.mark.parametrize("name", ["a.txt", "zip", "a.zip.txt", "a.gz", "a.rar"])
def test_other_names_are_no_archives(place, name):
    assert not archives.is_archive(place / name)


# What is refused


EVIL = [
    "../evil.png",
    "pets/../../evil.png",
    "/etc/evil.png",
    "C:/evil.png",
    "C:evil.png",
    "..\\evil.png",
    "\\\\host\\x",
]


@pytest.mark.parametrize("name", EVIL)
@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_names_that_lead_out_of_the_folder(place, suffix, name):
    message = refusal(packed(place / f"a{suffix}", {**FILES, name: b"evil"}))
    assert "nothing of it is read" in message
    shown = name.replace("\\", "/")  # zipfile itself does so on Windows
    assert f"It holds names that lead out of the folder: 1 ({shown})." in message.replace("\\", "/")


def test_dots_within_a_name_lead_nowhere(place):
    files = {"a..b/...png": b"1", "./c/./d.png": b"2"}
    assert archives.members(tarred(place / "a.tar", files)) == {"a..b/...png": b"1", "c/d.png": b"2"}


def test_links_of_a_zip(place):
    path = zipped(
        place / "a.zip", {**FILES, "pets/l": b"/etc/passwd", "m": b"x"}, {"pets/l": LINK, "m": 0o100644 << 16}
    )
    assert "It holds links or devices: 1 (pets/l)." in refusal(path)


KINDS = {
    "symbolic": (tarfile.SYMTYPE, "/etc/passwd"),
    "hard": (tarfile.LNKTYPE, "pets/cats/1.png"),
    "pipe": (tarfile.FIFOTYPE, ""),
    "device": (tarfile.CHRTYPE, ""),
}


@pytest.mark.parametrize("kind", KINDS)
def test_links_and_devices_of_a_tar(place, kind):
    assert f"links or devices: 1 ({kind})" in refusal(tarred(place / "a.tar", {**FILES, kind: b""}, KINDS))


def test_all_faults_are_counted_and_the_first_names_are_shown(place):
    files = {**FILES, **{f"../{n}": b"" for n in range(7)}, "symbolic": b"", "hard": b""}
    message = refusal(tarred(place / "a.tar.gz", files, KINDS))
    assert "folder: 7 (../0, ../1, ../2, ../3, ../4 ...); links or devices: 2 (symbolic, hard)" in message


def test_encrypted_files(place):
    path = zipped(place / "a.zip", FILES)
    raw = bytearray(path.read_bytes())
    raw[raw.find(b"PK\x01\x02") + 8] |= 1  # the flag of the first file in the directory
    path.write_bytes(raw)
    assert "encrypted files: 1 (pets/cats/1.png)" in refusal(path)


@pytest.mark.parametrize("again", ["pets/cats/1.png", "./pets//cats/1.png", "pets\\cats\\1.png"])
def test_two_files_of_one_name(place, again):
    with tarfile.open(place / "a.tar", "w") as archive:
        for name in ("pets/cats/1.png", again):
            archive.addfile(tarfile.TarInfo(name))
    assert f"files with the name of an earlier one: 1 ({again})" in refusal(place / "a.tar")


# Bombs


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_much_more_than_its_own_size(place, suffix):
    path = packed(place / f"a{suffix}", {"zeros": bytes(20 * 10**6)})
    assert path.stat().st_size < 10**5
    assert "it would unpack to over" in refusal(path) and "200 times its own size" in refusal(path)


def test_more_than_the_memory_should_hold(place, monkeypatch):
    path = zipped(place / "a.zip", FILES)
    monkeypatch.setattr(archives, "LARGEST", sum(map(len, FILES.values())))
    assert archives.members(path) == FILES
    monkeypatch.setattr(archives, "LARGEST", sum(map(len, FILES.values())) - 1)
    assert "it would unpack to over 2,004 bytes" in refusal(path)


def test_what_a_tar_says_of_itself_is_bounded_too(place):
    path = place / "a.tar.gz"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("a.png")
        info.pax_headers = {"comment": "x" * 20 * 10**6}
        archive.addfile(info)
    assert "it would unpack to over" in refusal(path)


def test_a_small_archive_may_shrink_as_much_as_it_likes(place):
    files = {"blank.bmp": bytes(500_000)}
    assert archives.members(zipped(place / "a.zip", files)) == files


# Damage


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_an_archive_that_breaks_off(place, suffix, share):
    whole = packed(place / f"a{suffix}", {f"{n}.png": bytes([n]) * 3000 for n in range(20)}).read_bytes()
    cut = place / f"cut{suffix}"
    member = 512 + 3072  # bytes of one in a tar: its head, and its content in full blocks
    for size in (int(len(whole) * share), int(len(whole) * share) // 512 * 512, int(20 * share) * member):
        if suffix != ".tar" and size > len(whole):
            continue
        cut.write_bytes(whole[:size])
        assert "cannot be unpacked (" in refusal(cut)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_is_no_archive(place, suffix):
    path = place / f"a{suffix}"
    path.write_bytes(b"hello " * 1000)
    assert "cannot be unpacked (" in refusal(path)


def test_no_tar_in_a_gzip(place):
    (place / "a.tar.gz").write_bytes(gzip.compress(b"hello " * 1000))
    assert "cannot be unpacked (" in refusal(place / "a.tar.gz")


def test_damaged_files_of_a_zip_are_named(place):
    path = place / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in "abc":
            archive.writestr(f"{name}.png", name * 100)
    raw = path.read_bytes().replace(b"b" * 100, b"b" * 99 + b"x").replace(b"c" * 100, b"y" + b"c" * 99)
    path.write_bytes(raw)
    assert "holds damaged files: 2 of 3 (b.png, c.png)" in refusal(path)
