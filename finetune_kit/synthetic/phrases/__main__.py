"""`python -m finetune_kit.synthetic.phrases FOLDER` writes the three splits of the data set into a folder."""

from __future__ import annotations

import sys

from .splits import build

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python -m finetune_kit.synthetic.phrases FOLDER")
    build(sys.argv[1])
