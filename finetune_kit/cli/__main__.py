"""`python -m finetune_kit.cli`."""

from . import main

main()
