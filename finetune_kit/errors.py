"""The exceptions of the kit: each is a FinetuneKitError and the builtin that fits."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class FinetuneKitError(Exception):
    """Base of every error that the kit raises on purpose; its message is one to three plain sentences."""


class ConfigError(FinetuneKitError, ValueError):
    """A setting that is misspelt, of the wrong type or out of range."""


class UnknownNameError(FinetuneKitError, LookupError):
    """A name that is in no catalogue: a task, a model, a strategy, a column."""

    def __str__(self) -> str:
        return str(self.args[0])  # LookupError's kinds may print their argument quoted


class DataError(FinetuneKitError, ValueError):
    """Data that cannot be trained on as it is."""


class ModelError(FinetuneKitError, ValueError):
    """A checkpoint that cannot be loaded, or does not fit the task or the strategy."""


class StorageError(FinetuneKitError, OSError):
    """A file or folder that cannot be read or written."""


def unknown_name(kind: str, found: object, known: Iterable[str], hint: str = "") -> UnknownNameError:
    """The error for a name that is not among `known`: the nearest valid one, the valid ones, where to look."""
    names = sorted(known)
    nearest = difflib.get_close_matches(str(found), names, n=1, cutoff=0.5)
    meant = f" Did you mean {nearest[0]!r}?" if nearest else ""
    shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return UnknownNameError(
        f"There is no {kind} {found!r}.{meant} Known: {shown or 'none'}.{' ' + hint if hint else ''}"
    )
