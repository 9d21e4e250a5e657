"""Every test runs offline: the hub is off, and a connection to any other machine fails."""

import ipaddress
import os
import socket
import sys

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # one of several processes, each of which takes one core
    os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_EVALUATE_OFFLINE": "1", "MPLBACKEND": "Agg"}


def is_local(address):
    if not isinstance(address, tuple):  # a Unix socket's path
        return True
    host = address[0]
    try:
        return host in ("", "localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def no_network():
    connect = socket.socket.connect

    def guarded(self, address):
        if not is_local(address):
            raise OSError(f"A test tried to reach {address}; tests run offline.")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory):
    """Comparisons keep their finished runs here, and find none of another day."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FINETUNE_KIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    """Each test hears the kit's warnings anew."""
    from finetune_kit.data import rows

    monkeypatch.setattr(rows, "_TOLD", set())


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """The path of a BERT of a few thousand weights."""
    from tiny import write_tiny_bert

    return str(write_tiny_bert(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(scope="session")
def task():
    """A task over texts whose label one word gives away."""
    from tiny import tiny_frame

    import finetune_kit as ftk

    return ftk.TextClassification(tiny_frame())


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Run the command line in an empty folder: exit code, standard output, standard error."""
    from finetune_kit import cli

    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["finetune-kit", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as error:
            code = error.code or 0
        out, err = capsys.readouterr()
        return code, out, err

    return run
