"""Archives: the files in a .zip or .tar as bytes in memory, of archives that mean no harm; nothing is written."""

from __future__ import annotations

import gzip
import re
import stat
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError
from .rows import listed

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
LARGEST = 4 * 10**9  # bytes that an archive may unpack to,
TIMES = 200  # so many times its own size at the most,
SLACK = 10**6  # and so many bytes besides: the little that a small archive holds is often mere padding
# What makes an archive be refused.
OUTSIDE = "names that lead out of the folder"
LINK = "links or devices"
ENCRYPTED = "encrypted files"
TWICE = "files with the name of an earlier one"
BLOCK = 512  # bytes; a tar file consists of such, and one of zeros ends it


@dataclass(frozen=True)
class _Member:
    """A file of an archive. handle: what the archive knows it by. refused: one of the reasons above, or ''."""

    name: str
    size: int
    handle: Any
    refused: str


def is_archive(path: Path) -> bool:
    """Whether it has the name of an archive."""
    return path.name.lower().endswith(SUFFIXES)


def members(path: Path) -> dict[str, bytes]:
    """The files in an archive by their names, parted by forward slashes on whatever system it was made.

    Raises DataError for an archive that is damaged, that holds names which lead out of it, links,
    devices, encrypted files or two files of one name, and for one that would unpack to over 4 GB
    or to over 200 times its own size.
    """
    try:
        if path.name.lower().endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                return _unpacked(_checked(_zipped(archive), path), archive.read, path)
        with path.open("rb") as file:
            plain: Any = file if path.suffix.lower() == ".tar" else gzip.GzipFile(fileobj=file)
            bounded: Any = _Bounded(plain, path)
            with tarfile.open(fileobj=bounded, mode="r:") as tar:
                return _unpacked(_checked(_tarred(tar), path), lambda info: _content(tar, info), path)
    except (DataError, MemoryError):
        raise
    except Exception as error:  # readers of damaged files raise whatever they stumble over
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise DataError(f"{path} cannot be unpacked ({reason}). Pack it anew, or pass the folder.") from error


def _zipped(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for info in archive.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16)  # 0 where the archive was not made on Unix
        if not info.filename.endswith(("/", "\\")):
            refused = LINK if kind not in (0, stat.S_IFREG) else ENCRYPTED if info.flag_bits & 1 else ""
            yield _Member(info.filename, info.file_size, info, refused)


def _tarred(archive: tarfile.TarFile) -> Iterator[_Member]:
    for info in archive:
        if not info.isdir():
            yield _Member(info.name, info.size, info, "" if info.isreg() else LINK)
    # tarfile takes a broken head of a member for the end.
    stream: Any = archive.fileobj
    stream.seek(archive.offset)
    if stream.read(BLOCK) != bytes(BLOCK):
        raise tarfile.ReadError("it breaks off")


def _content(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(info)
    return file.read() if file else b""


def _unpacked(found: dict[str, _Member], read: Callable[[Any], bytes], path: Path) -> dict[str, bytes]:
    files, damaged = {}, []
    for name, member in found.items():
        try:
            files[name] = read(member.handle)
        except (DataError, MemoryError):
            raise
        except Exception:
            damaged.append(name)
    if damaged:
        raise DataError(
            f"{path} holds damaged files: {len(damaged)} of {len(found)} ({listed(damaged)}). Pack it anew, or pass a "
            "folder without them."
        )
    return files


def _checked(found: Iterable[_Member], path: Path) -> dict[str, _Member]:
    """The members by their names. Raises DataError where one of them, or all together, make the archive be refused."""
    named: dict[str, _Member] = {}
    refused: dict[str, list[str]] = defaultdict(list)
    room = _room(path)
    for member in found:
        room -= member.size
        if room < 0:
            raise _too_large(path)
        parts = [part for part in re.split(r"[/\\]", member.name) if part not in ("", ".")]
        name = "/".join(parts)
        leaves = ".." in parts or member.name.startswith(("/", "\\")) or re.match("[A-Za-z]:", member.name)
        reason = OUTSIDE if leaves else member.refused or (TWICE if name in named else "")
        if reason:
            refused[reason].append(member.name)
        named[name] = member
    if refused:
        kinds = "; ".join(f"{kind}: {len(names)} ({listed(names)})" for kind, names in refused.items())
        raise DataError(
            f"{path} is refused, and nothing of it is read. It holds {kinds}. "
            "Expected plain files below one folder; pack that folder anew."
        )
    return named


def _room(path: Path) -> int:
    """How many bytes an archive may unpack to."""
    return min(LARGEST, path.stat().st_size * TIMES + SLACK)


def _too_large(path: Path) -> DataError:
    return DataError(
        f"{path} is refused: it would unpack to over {_room(path):,} bytes. Expected at most {LARGEST:,}, and at most "
        f"{TIMES} times its own size, beyond which it may be meant to fill the memory. If you trust it, unpack it "
        "yourself and pass the folder."
    )


class _Bounded:
    """A stream of a tar file that raises DataError where it is read beyond the size that the archive may have.

    What a tar file says of itself between its members may be as large as these.
    """

    def __init__(self, stream: Any, path: Path):
        self._stream, self._path, self._room = stream, path, _room(path)

    def read(self, size: int = -1) -> bytes:
        self._require_room(self.tell() + size)
        return bytes(self._stream.read(size))

    def seek(self, place: int, whence: int = 0) -> int:
        self._require_room(place)
        return int(self._stream.seek(place, whence))

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return int(self._stream.tell())

    def _require_room(self, place: int) -> None:
        if place > self._room:
            raise _too_large(self._path)
