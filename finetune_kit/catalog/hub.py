"""The hub: whether it can be reached at all, and its errors in words, looked for through the chain of causes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import embedded

OFFLINE = "offline"
ABSENT = "absent"
CLOSED = "closed"


def require(repository: str, file: str, kind: str) -> None:
    """Ask once whether the hub has a repository of which nothing is in the cache; raises OSError where it has not.

    file: one that such repositories hold. kind: 'model' or 'dataset'. The loaders ask for one
    file after the other, each again and again for 23 seconds: without a network, minutes
    would pass before their error.
    """
    from huggingface_hub import errors, get_hf_file_metadata, hf_hub_url, try_to_load_from_cache

    if try_to_load_from_cache(repository, file, repo_type=kind) is not None:
        return
    try:
        get_hf_file_metadata(hf_hub_url(repository, file, repo_type=kind))
    except errors.EntryNotFoundError:
        return  # the repository is there: what it lacks, its loader says better
    except Exception as error:  # the kinds of an HTTP library among them, which are no OSError
        raise OSError(f"The hub does not give {repository!r}: {' '.join(str(error).split())[:200]}") from error


def diagnose(error: BaseException) -> str | None:
    """Why the hub gave nothing: 'offline', 'absent' (no such repository), 'closed' (asks for a login), or None."""
    from huggingface_hub import errors

    chain = list(_causes(error))
    if _any(chain, errors.GatedRepoError):
        return CLOSED
    if _any(chain, errors.RepositoryNotFoundError) or any(type(e).__name__ == "DatasetNotFoundError" for e in chain):
        return ABSENT
    unreachable = (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError, ConnectionError, TimeoutError)
    if _any(chain, unreachable) or any(_is_transport(e) for e in chain):
        return OFFLINE
    return None


def explain(error: BaseException, what: str, name: str, kind: str) -> str | None:
    """One or two sentences on a download that failed, or None where the hub is not to blame.

    what: 'model' or 'data set'. kind: the catalogue's, 'models' or 'datasets', whose embedded
    records need no network.
    """
    reason = {
        OFFLINE: f"The {what} {name!r} is not on this machine, and the hub cannot be reached: is there a network, "
        "and is HF_HUB_OFFLINE unset?",
        ABSENT: f"There is no {what} {name!r} on the hub, or it is private; is the id right?",
        CLOSED: f"The {what} {name!r} asks for a login: accept its terms on its page and run `hf auth login`.",
    }.get(diagnose(error) or "")
    return reason and f"{reason} Without a network there are: {', '.join(embedded(kind))}."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it was raised from, once each."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _any(chain: list[BaseException], kinds: Any) -> bool:
    return any(isinstance(error, kinds) for error in chain)


def _is_transport(error: BaseException) -> bool:
    """Whether it is an HTTP library's own error; which library that is depends on huggingface_hub's version."""
    parents = {f"{kind.__module__.split('.')[0]}.{kind.__name__}" for kind in type(error).__mro__}
    return bool(parents & {"httpx.TransportError", "httpx2.TransportError", "requests.ConnectionError"})
