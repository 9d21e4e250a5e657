import pytest

from finetune_kit.errors import ConfigError
from finetune_kit.exercises import check_guess


@pytest.mark.parametrize("guess", [75, 80.0, 85])
def test_a_guess_within_five_is_well_guessed(guess):
    assert check_guess(guess, 80.0) == f"Well guessed: you said {guess:g}, it is 80.0."


@pytest.mark.parametrize(("guess", "off"), [(90, "10.0 too high"), (74.5, "5.5 too low"), (0, "80.0 too low")])
def test_a_guess_off_says_by_how_much_and_which_way(guess, off):
    assert check_guess(guess, 80.0) == f"You said {guess:g}, it is 80.0: you were {off}."


def test_the_tolerance_can_be_chosen():
    assert check_guess(70, 80.0, within=10).startswith("Well guessed")
    assert check_guess(79, 80.0, within=0.5).startswith("You said")


@pytest.mark.parametrize("guess", [-1, 100.5, "80", None, True, float("nan")])
def test_what_is_no_guess(guess):
    with pytest.raises(ConfigError) as caught:
        check_guess(guess, 80.0)
    assert str(caught.value) == f"guess={guess!r}: expected a number from 0 to 100."
