import pytest

from finetune_kit import errors
from finetune_kit.errors import FinetuneKitError, UnknownNameError, unknown_name


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.ConfigError, ValueError),
        (errors.UnknownNameError, LookupError),
        (errors.DataError, ValueError),
        (errors.ModelError, ValueError),
        (errors.StorageError, OSError),
    ],
)
def test_each_kind_is_the_kits_and_the_builtin(kind, builtin):
    error = kind("Two words.")
    assert isinstance(error, FinetuneKitError) and isinstance(error, builtin)
    assert str(error) == "Two words."


def test_unknown_name_says_what_was_found_the_nearest_and_the_known():
    error = unknown_name("colour", "gren", ["red", "green", "blue"], "`colours()` lists them.")
    assert isinstance(error, UnknownNameError)
    assert str(error) == (
        "There is no colour 'gren'. Did you mean 'green'? Known: blue, green, red. `colours()` lists them."
    )


def test_unknown_name_suggests_nothing_far_off():
    assert str(unknown_name("colour", "xyzzy", ["red"])) == "There is no colour 'xyzzy'. Known: red."


def test_unknown_name_of_an_empty_catalogue():
    assert str(unknown_name("colour", "red", [])) == "There is no colour 'red'. Known: none."


def test_unknown_name_shows_twelve_and_counts_the_rest():
    message = str(unknown_name("number", "?", [f"n{i:02}" for i in range(15)]))
    assert "n11 and 3 more." in message and "n12" not in message


def test_unknown_name_takes_what_is_no_string():
    assert str(unknown_name("setting", 3, ["seed"])) == "There is no setting 3. Known: seed."
