"""Truncation: sound files that break off, which libsndfile often passes over in silence."""

from __future__ import annotations

import re

# The sizes that writers to a pipe, who do not know it yet, give to the samples of a WAV file are above this.
UNKNOWN_SIZE = 0x7FFF0000
SIZES = re.compile(r"(?:data|SSND)\s*: (\d+) \(should be (\d+)\)")  # of WAV and AIFF files, in libsndfile's log


def lacking(raw: bytes, log: str, read: int, known: int) -> str:
    """What a sound file lacks, in words; '' where it is whole.

    log: what libsndfile noted when it opened the file (`extra_info`). read, known: how many samples
    a channel were read, and how many there are by the file's head.
    """
    sizes = SIZES.search(log)
    said, there = (int(size) for size in sizes.groups()) if sizes else (0, 0)
    if there < said < UNKNOWN_SIZE:
        return f"its head tells of {said:,} bytes of samples, and {there:,} are there"
    if read < known:
        return f"{read:,} of {known:,} samples can be read"
    if raw.startswith(b"OggS") and not _ends_with_a_page(raw):
        return "its last page breaks off"
    return ""


def _ends_with_a_page(raw: bytes) -> bool:
    """Whether the last page of an Ogg file is all there: RFC 3533, section 6: its size is the sum of its segments."""
    start = raw.rfind(b"OggS")
    head = raw[start : start + 27]
    segments = raw[start + 27 : start + 27 + head[26]] if len(head) == 27 else b""
    return len(head) == 27 and len(segments) == head[26] and len(raw) >= start + 27 + head[26] + sum(segments)
