"""The repository's own promises: environments that agree, versions, files that belong together."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import finetune_kit

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA_NAMES = {
    "pysoundfile": "soundfile",
    "pytorch": "torch",
    "matplotlib-base": "matplotlib",
}  # where conda-forge's name is not PyPI's


def requirements(lines):
    return {canonicalize_name(r.name): r.specifier for r in map(Requirement, lines)}


def wanted():
    return requirements([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]])


def test_environment_agrees_with_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    lines = [line for line in environment["dependencies"] if isinstance(line, str)]
    found = {CONDA_NAMES.get(name, name): specifier for name, specifier in requirements(lines).items()}
    assert str(found.pop("python")) == PROJECT["requires-python"]
    found.pop("pip")
    assert found == wanted()


def test_constraints_hold_a_version_of_every_dependency_within_its_range():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = requirements(line for line in lines if line and not line.startswith("#"))
    dev = requirements(PROJECT["optional-dependencies"]["dev"])
    for name, allowed in {**wanted(), **dev}.items():
        version = re.fullmatch(r"==(.+)", str(pins[name]))[1]
        assert allowed.contains(version), (name, version, str(allowed))


def test_ranges_take_the_versions_of_colab():
    # Colab's own list of 2026-08-19; what is installed there must never be reinstalled.
    colab = {
        "torch": "2.11", "transformers": "5.15.0", "datasets": "4.0.0", "accelerate": "1.14.0", "numpy": "2.1.3",
        "pandas": "2.2.3", "matplotlib": "3.10.0", "scikit-learn": "1.6.1", "pyarrow": "18.1.0", "scipy": "1.16.3",
    }  # fmt: skip
    core = requirements(PROJECT["dependencies"])
    assert all(core[name].contains(version) for name, version in colab.items())


def test_version_is_the_installed_one_and_has_its_entry():
    assert importlib.metadata.version("finetune-kit") == finetune_kit.__version__
    assert f"[{finetune_kit.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", sorted((ROOT / "data").glob("*/*/")), ids=lambda path: path.name)
def test_every_model_and_data_set_has_its_card(folder):
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "icence" in card


def test_embedded_data_is_small():
    files = [path for path in (ROOT / "data").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 60e6


def test_notebooks_carry_no_outputs():
    import nbformat

    for path in (ROOT / "notebooks").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
        assert "widgets" not in notebook.metadata
