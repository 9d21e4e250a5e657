import threading
import time

import pandas as pd
import pytest

from finetune_kit.history import History


@pytest.fixture
def history():
    made = History()
    made.log(1, 0.5, train_loss=0.9)
    made.log(2, 1.0, validation_accuracy=0.6, validation_loss=0.8)
    made.log(3, 1.5, train_loss=0.4)
    made.log(4, 2.0, validation_accuracy=0.7, validation_loss=0.9)
    made.log(6, 3.0, validation_accuracy=0.7, validation_loss=0.5)
    return made


def test_rows_hold_step_epoch_seconds_and_what_was_logged(history):
    first = history.rows[0]
    assert (first["step"], first["epoch"], first["train_loss"]) == (1, 0.5, 0.9)
    assert first["seconds"] >= 0 and len(history.rows) == 5


def test_rows_is_a_copy(history):
    history.rows.clear()
    assert len(history.rows) == 5


def test_series_takes_only_rows_that_logged_it(history):
    assert history.series("validation_accuracy") == ([2, 4, 6], [0.6, 0.7, 0.7])
    assert history.series("train_loss") == ([1, 3], [0.9, 0.4])
    assert history.series("nothing") == ([], [])


def test_best_is_the_first_of_the_highest_or_lowest(history):
    assert history.best("validation_accuracy")["step"] == 4
    assert history.best("validation_loss", higher_is_better=False)["step"] == 6
    assert history.best("nothing") is None


@pytest.mark.parametrize("higher", [True, False])
def test_best_leaves_nan_aside(higher):
    history = History()
    assert history.best("validation_loss", higher) is None
    history.log(1, 1.0, validation_loss=float("nan"))
    assert history.best("validation_loss", higher) is None
    history.log(2, 2.0, validation_loss=0.5)
    assert history.best("validation_loss", higher)["step"] == 2


def test_listeners_hear_of_every_change_and_see_it():
    history, heard = History(), []
    history.subscribe(lambda h: heard.append((h.phase, h.step, len(h.rows))))
    history.start(10)
    history.advance(1)
    history.log(1, 0.1, train_loss=1.0)
    history.enter("finished")
    assert heard == [("training", 0, 0), ("training", 1, 0), ("training", 1, 1), ("finished", 1, 1)]


def test_two_threads_lose_no_row():
    history, heard = History(), []
    history.subscribe(lambda h: heard.append(len(h.rows)))

    def write(writer):
        for i in range(500):
            history.log(i, i / 10, **{f"from_{writer}": i})

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in "ab":
        assert history.series(f"from_{name}") == (list(range(500)), list(range(500)))
    assert len(history.rows) == len(heard) == max(heard) == 1000


def test_seconds_left_is_unknown_at_first_then_positive_then_none_to_go():
    history = History()
    assert history.seconds_left is None
    history.start(4)
    assert history.seconds_left is None
    time.sleep(0.002)
    history.advance(1)
    assert history.seconds_left > 0
    history.advance(4)
    assert history.seconds_left == 0


def test_a_loaded_history_is_finished_and_keeps_its_seconds():
    loaded = History([{"step": 7, "epoch": 1.0, "seconds": 12.5, "train_loss": 0.1}], total_steps=7)
    assert (loaded.step, loaded.phase, loaded.seconds, loaded.seconds_left) == (7, "finished", 12.5, None)


def test_a_new_history_waits():
    history = History()
    assert (history.rows, history.phase, history.step, history.seconds) == ([], "waiting", 0, 0.0)


def test_to_frame_has_a_column_a_quantity_and_gaps_where_nothing_was_logged(history):
    frame = history.to_frame()
    assert frame["step"].tolist() == [1, 2, 3, 4, 6]
    assert frame["train_loss"].isna().tolist() == [False, True, False, True, True]
    pd.testing.assert_series_equal(
        frame["validation_loss"].dropna(), pd.Series([0.8, 0.9, 0.5], index=[1, 3, 4], name="validation_loss")
    )


def test_a_second_start_goes_on_counting_where_the_first_ended():
    history = History()
    history.total_steps = 30
    assert history.start(10) == 0
    for step in range(1, 11):
        history.advance(step)
    assert history.start(20) == 10
    assert (history.step, history.total_steps) == (10, 30)
    history.advance(11)
    history.log(11, 0.1, train_loss=1.0)
    assert history.rows[0]["step"] == 11


def test_the_total_grows_with_a_stage_that_nobody_announced():
    history = History()
    history.start(10)
    history.advance(10)
    history.start(5)
    assert history.total_steps == 15


def test_steps_done_in_an_earlier_session_count_for_the_step_but_not_for_the_pace():
    history = History()
    assert history.pace == 0.0
    assert history.start(100, done=60) == 0
    assert (history.step, history.pace, history.seconds_left) == (60, 0.0, None)
    time.sleep(0.02)
    history.advance(62)
    assert 0 < history.pace <= 2 / 0.02
    assert history.seconds_left == pytest.approx(38 / history.pace, rel=0.2)


def test_the_pace_is_that_of_the_latest_stage():
    history = History()
    history.start(1000)
    history.advance(1000)  # no time at all
    history.start(10)
    assert history.pace == 0.0
    time.sleep(0.02)
    history.advance(1001)
    assert 0 < history.pace <= 1 / 0.02


def test_a_note_is_added_to_the_latest_row_and_heard():
    history, heard = History(), []
    history.subscribe(lambda h: heard.append(len(h.rows)))
    history.note(guesses={"a": "b"})  # before the first row there is nothing to add it to
    assert history.rows == []
    history.log(1, 0.1, validation_loss=1.0)
    history.log(2, 0.2, validation_loss=0.5)
    copies = history.rows
    history.note(guesses={"a [MASK]": "film 90%"})
    assert [("guesses" in row) for row in history.rows] == [False, True]
    assert history.rows[1]["validation_loss"] == 0.5 and history.rows[1]["guesses"] == {"a [MASK]": "film 90%"}
    assert "guesses" not in copies[1]  # a row that was given away does not change
    assert heard == [0, 1, 2, 2]


def test_a_loaded_history_has_no_pace():
    assert History([{"step": 7, "epoch": 1.0, "seconds": 12.5}]).pace == 0.0
