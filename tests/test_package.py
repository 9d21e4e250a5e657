"""The front door: light to import, complete, and changing nothing by being imported."""

import json
import subprocess
import sys

import pytest

import finetune_kit as ftk

HEAVY = ("torch", "transformers", "datasets", "evaluate", "pandas", "sklearn", "matplotlib", "ipywidgets")


def test_import_brings_in_nothing_heavy():
    code = "import sys, json, finetune_kit; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert not {module.split(".")[0] for module in loaded} & set(HEAVY)


def test_command_line_help_brings_in_no_torch():
    code = (
        "import sys\nfrom finetune_kit import cli\nsys.argv = ['finetune-kit', '--help']\n"
        "try: cli.main()\nexcept SystemExit: pass\nprint('torch' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "False"


@pytest.mark.parametrize("name", ftk.__all__)
def test_every_name_of_the_front_door_opens(name):
    assert getattr(ftk, name) is not None


def test_front_door_survives_the_import_of_all_rooms():
    ftk.fine_tune, ftk.studio, ftk.compare  # noqa: B018 - imported for their side effect on the package
    assert list(ftk.models("pocket-b*")["name"]) == ["pocket-bert"]
    assert "reviews" in list(ftk.datasets()["name"])


def test_unknown_attribute_lists_the_known_ones():
    with pytest.raises(AttributeError, match="fine_tune"):
        ftk.finetune  # noqa: B018
