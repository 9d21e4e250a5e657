import io
import threading

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from finetune_kit import plots
from finetune_kit.comparisons import BASELINE, Comparison, Result
from finetune_kit.history import History
from finetune_kit.tasks.text_classification import TextClassification


@pytest.fixture
def history():
    made = History(total_steps=30)
    for step, loss in ((5, 0.9), (10, 0.7), (20, 0.5), (30, 0.4)):
        made.log(step, step / 10, train_loss=loss)
    for step, loss, accuracy in ((10, 0.8, 0.6), (20, 0.6, 0.9), (30, 0.7, 0.8)):
        made.log(step, step / 10, validation_loss=loss, validation_accuracy=accuracy)
    return made


@pytest.fixture
def comparison():
    made = Comparison(TextClassification(names=["no", "yes"]), "toy")
    for labels, full in ((8, 0.6), (32, 0.7), (128, 0.9)):
        for seed, off in enumerate((-0.05, 0.05)):
            made.results.append(Result("full", "model", labels, seed, {"accuracy": full + off}, 1.0, 1.0))
            made.results.append(Result("majority class", BASELINE, labels, seed, {"accuracy": 0.5}, 0.0, 0.0))
    return made


@pytest.fixture
def ax():
    return Figure().subplots()


def lines(ax):
    return {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in ax.lines}


def test_the_loss_curve_draws_the_history(history, ax):
    assert plots.loss_curve(history, ax) is ax
    drawn = lines(ax)
    assert drawn == {"train": history.series("train_loss"), "validation": history.series("validation_loss")}
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("step", "loss")
    assert ax.get_xlim()[0] == 0 and 30 <= ax.get_xlim()[1] < 33 and ax.get_ylim()[0] == 0


def test_the_metric_curve_draws_the_history_and_rings_the_best(history, ax):
    assert plots.metric_curve(history, "accuracy", ax=ax) is ax
    assert lines(ax) == {"validation": history.series("validation_accuracy"), "best": ([20], [0.9])}
    assert ax.get_ylabel() == "accuracy"


def test_the_metric_curve_starts_from_before(history, ax):
    plots.metric_curve(history, "accuracy", before=0.95, ax=ax)
    drawn = lines(ax)
    assert drawn["validation"] == ([0, 10, 20, 30], [0.95, 0.6, 0.9, 0.8])
    assert drawn["best"] == ([0], [0.95]) and drawn["before"][1] == [0.95, 0.95]


@pytest.mark.parametrize("draw", [plots.loss_curve, lambda history, ax: plots.metric_curve(history, "macro_f1", ax=ax)])
def test_an_empty_history_draws_an_empty_plot(draw, ax):
    assert draw(History(), ax) is ax
    assert lines(ax) == {} and ax.get_legend() is None


def test_the_label_curve_draws_means_and_spreads(comparison, ax):
    assert plots.label_curve(comparison, ax) is ax
    drawn = {bars.get_label(): bars for bars in ax.containers}
    means = {name: np.asarray(bars[0].get_ydata(), float) for name, bars in drawn.items()}
    assert set(means) == {"full", "majority class"}
    np.testing.assert_allclose(means["full"], [0.6, 0.7, 0.9])
    np.testing.assert_allclose(means["majority class"], [0.5, 0.5, 0.5])
    assert list(drawn["full"][0].get_xdata()) == [8, 32, 128] and ax.get_xscale() == "log"
    low, high = drawn["full"][2][0].get_segments()[0][:, 1]
    assert high - low == pytest.approx(2 * np.std([0.55, 0.65], ddof=1))
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["8", "32", "128"]


def test_methods_differ_in_colour_and_in_line(comparison, ax):
    comparison.results += [Result("head", "model", n, 0, {"accuracy": 0.6}, 1.0, 0.1) for n in (8, 32, 128)]
    plots.label_curve(comparison, ax)
    looks = [bars[0] for bars in ax.containers]
    assert len({line.get_color() for line in looks}) == len({line.get_linestyle() for line in looks}) == 3


@pytest.mark.parametrize("name", ["loss_curve", "metric_curve", "label_curve"])
def test_without_axes_a_pyplot_figure_is_made(name, history, comparison):
    arguments = {"loss_curve": (history,), "metric_curve": (history, "accuracy"), "label_curve": (comparison,)}[name]
    ax = getattr(plots, name)(*arguments)
    try:
        assert plt.fignum_exists(ax.figure.number) and ax.get_legend() is not None
    finally:
        plt.close(ax.figure)


def pixels(image):
    return imread(io.BytesIO(image), format="png")


def test_png_is_an_image_of_the_size_asked_for(history):
    image = plots.png(lambda ax: plots.loss_curve(history, ax), width=3, height=2)
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    assert pixels(image).shape == (300, 450, 4)
    assert pixels(image)[..., 3].min() == 0  # see-through, for a dark page


def test_png_gives_a_list_of_axes_to_several_columns(history):
    seen = []

    def draw(axes):
        assert isinstance(axes, list)
        seen.extend(axes)
        plots.loss_curve(history, axes[0])
        plots.metric_curve(history, "accuracy", ax=axes[1])

    assert pixels(plots.png(draw, columns=2)).shape == (390, 1050, 4)
    assert len(seen) == 2 and all(ax.lines for ax in seen)


def test_png_leaves_no_pyplot_figure_open(history):
    before = plt.get_fignums()
    plots.png(lambda ax: plots.loss_curve(history, ax))
    assert plt.get_fignums() == before


def test_png_in_other_threads_draws_the_same(history):
    def draw():
        return plots.png(lambda ax: plots.loss_curve(history, ax))

    images = []
    threads = [threading.Thread(target=lambda: images.append(draw())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(images) == 2
    assert all(np.array_equal(pixels(image), pixels(draw())) for image in images)
