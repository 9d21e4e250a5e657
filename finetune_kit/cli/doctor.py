"""The doctor: versions, device, memory, and what is missing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import shutil

from rich.markup import escape
from rich.table import Table

from .. import catalog
from .shared import app, console

NEEDED = ("torch", "transformers", "datasets", "evaluate", "accelerate", "scikit-learn", "matplotlib")
LAB = ("jupyterlab", "ipywidgets", "ipykernel")


@app.command()
def doctor() -> None:
    """Show versions, device and memory, what is missing and how to get it."""
    import psutil

    table = Table("what", "found", "how to get it")
    table.add_row("Python", platform.python_version(), "")
    table.add_row("System", f"{platform.system()} {platform.machine()}", "")
    for package in ("finetune-kit", *NEEDED, *LAB):
        found = _version(package)
        extra = "finetune-kit[lab]" if package in LAB else "finetune-kit"
        table.add_row(package, found or "[red]missing[/]", "" if found else f"pip install '{escape(extra)}'")
    memory = psutil.virtual_memory()
    table.add_row("Memory", f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB free", "")
    table.add_row("Disk here", f"{shutil.disk_usage('.').free / 1e9:.1f} GB free", "")
    table.add_row("Device", _device(), "")
    for name in catalog.embedded("models"):
        lacking = not list((catalog.data_folder() / "models" / name).glob("*.safetensors"))
        table.add_row(name, "[red]missing[/]" if lacking else "present", "reinstall the kit" if lacking else "")
    console.print(table)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _device() -> str:
    if importlib.util.find_spec("torch") is None:
        return "unknown without torch"
    import torch

    if torch.cuda.is_available():
        memory = torch.cuda.get_device_properties(0).total_memory / 1e9
        return f"{torch.cuda.get_device_name(0)}, {memory:.0f} GB"
    return "Apple GPU (MPS)" if torch.backends.mps.is_available() else f"CPU, {torch.get_num_threads()} threads"
