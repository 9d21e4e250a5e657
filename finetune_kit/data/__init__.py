"""Data in, checked and split: files, frames and data sets become one `datasets.DatasetDict`."""

from .checking import DataReport, report
from .labelling import labelled
from .loading import read
from .splitting import SPLITS, sample, split

__all__ = ["SPLITS", "DataReport", "labelled", "read", "report", "sample", "split"]
