"""Data in, checked and split: files, frames and data sets become one `datasets.DatasetDict`."""

from .answering import answered
from .boxing import boxed
from .checking import DataReport, report
from .labelling import labelled
from .loading import read
from .pairing import pairs
from .picturing import pictured
from .running_text import running
from .sounding import sounded
from .splitting import SPLITS, sample, split

__all__ = [
    "SPLITS",
    "DataReport",
    "answered",
    "boxed",
    "labelled",
    "pairs",
    "pictured",
    "read",
    "report",
    "running",
    "sample",
    "sounded",
    "split",
]
