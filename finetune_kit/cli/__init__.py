"""The command line, a file a group of commands. Bad input ends in one sentence and exit code 2."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.markup import escape

from ..errors import FinetuneKitError
from . import demo, doctor, laboratory, listing, running  # noqa: F401 - each adds its commands to the app
from .shared import app, console


def main() -> None:
    """Run the command line; the errors of the kit become one line on standard error and exit code 2."""
    try:
        app()
    except FinetuneKitError as error:
        Console(stderr=True).print(f"[bold red]Error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)


__all__ = ["app", "console", "main"]
