"""Data in, checked and split: files, frames and data sets become one `datasets.DatasetDict`."""

from .answering import answered
from .checking import DataReport, report
from .labelling import labelled
from .loading import read
from .pairing import pairs
from .running_text import running
from .splitting import SPLITS, sample, split

__all__ = ["SPLITS", "DataReport", "answered", "labelled", "pairs", "read", "report", "running", "sample", "split"]
