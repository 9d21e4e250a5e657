"""Notices: what is said, and what goes wrong, is on the panel."""

import pytest

from finetune_kit.errors import DataError
from finetune_kit.widgets.notice import Notice, failure


def raising(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "words"),
    [(DataError("Found <no> rows."), "Found <no> rows."), (KeyError("image"), "KeyError: 'image'")],
)
def test_what_goes_wrong_is_said(error, words):
    assert failure(raising(error)) == words
    notice = Notice()
    notice.guard(raising(error))
    assert notice.error == words and "Error: " in notice.value and "<no>" not in notice.value


def test_an_interrupt_is_no_failure_of_the_work():
    with pytest.raises(KeyboardInterrupt):
        failure(raising(KeyboardInterrupt()))


def test_work_that_goes_well_is_done_and_leaves_what_was_said():
    notice, done = Notice(), []
    notice.tell("Reading ...")
    notice.guard(lambda: done.append(1))
    assert done == [1] and "Reading ..." in notice.value and notice.error == ""


def test_an_error_is_gone_when_something_else_is_said():
    notice = Notice()
    notice.guard(raising(DataError("No rows.")))
    notice.tell("Reading ...")
    assert notice.error == "" and "No rows." not in notice.value
    notice.tell("")
    assert notice.value == ""
