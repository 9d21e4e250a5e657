import io
import itertools
import threading
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
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


def test_the_legend_keeps_out_of_a_falling_metrics_way(history, ax):
    plots.metric_curve(history, "accuracy", ax=ax, higher_is_better=False)
    assert ax.get_legend()._get_loc() == 3  # lower left


# --- confusion


def confused(names, seed=0, most=2000):
    """A table of counts in which some cells are empty."""
    draw = np.random.default_rng(seed)
    counts = draw.integers(0, 40, (len(names), len(names))) * draw.integers(0, 2, (len(names), len(names)))
    counts += np.diag(draw.integers(1, most, len(names)))
    return pd.DataFrame(counts, pd.Index(names, name="truth"), pd.Index(names, name="prediction"))


LONG = [f"a customer's complaint about {what}" for what in "abcdefghijklmnopqrst"]
NAMES = {2: ["negative", "positive"], 8: [f"intent {i}" for i in range(8)], 20: LONG}


def drawn(table):
    """The Axes of a figure that has been laid out, in the size that suits the table."""
    figure = Figure(figsize=plots.confusion_size(table), dpi=150, layout="constrained")
    ax = plots.confusion(table, figure.subplots())
    FigureCanvasAgg(figure).draw()
    return ax


def luminance(color):
    """Relative luminance by WCAG 2's own formula."""
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("classes", NAMES)
def test_confusion_shows_each_count_that_is_not_0_in_its_cell(classes, ax):
    table = confused(NAMES[classes])
    assert plots.confusion(table, ax) is ax
    found = {(text.get_position()[1], text.get_position()[0]): int(text.get_text()) for text in ax.texts}
    counts = table.to_numpy()
    assert found == {(row, column): counts[row, column] for row, column in zip(*counts.nonzero(), strict=True)}
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("truth", "prediction")


def test_confusions_shades_are_shares_of_the_rows(ax):
    table = pd.DataFrame([[1, 3, 0], [0, 100, 300], [0, 0, 0]], NAMES[8][:3], NAMES[8][:3])
    plots.confusion(table, ax)
    assert ax.images[0].get_array().tolist() == [[0.25, 0.75, 0], [0, 0.25, 0.75], [0, 0, 0]]
    assert ax.images[0].get_clim() == (0, 1)


def test_confusions_shades_stay_apart_in_grey():
    found = [luminance(plots.SHADES(share)) for share in np.linspace(0, 1, 101)]
    assert all(a > b for a, b in pairwise(found)) and contrast(plots.SHADES(0.0), plots.SHADES(1.0)) > 10


def test_confusions_numbers_stand_out_from_every_shade(ax):
    counts = np.array([[share, 100 - share] for share in range(1, 26)])
    for few in np.split(counts, 25):  # 2 classes: 1 to 25 and 75 to 99 %
        plots.confusion(pd.DataFrame(np.vstack([few, 50 + few[:, ::-1] // 2])), ax)
        shares = ax.images[-1].get_array()
        for text in ax.texts:
            column, row = map(int, text.get_position())
            assert contrast(text.get_color(), plots.SHADES(shares[row, column])) >= 4.5
        ax.clear()


@pytest.mark.parametrize("classes", NAMES)
def test_confusion_fits_a_notebook_and_nothing_in_it_overlaps(classes):
    table = confused(NAMES[classes])
    ax = drawn(table)
    assert ax.figure.get_figwidth() <= plots.WIDTH
    page = ax.figure.bbox
    labels = [*ax.get_xticklabels(), *ax.get_yticklabels()]
    for label in labels:
        box = label.get_window_extent()
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1, label
    rows = [label.get_window_extent() for label in ax.get_yticklabels()]
    assert all(low.y1 <= high.y0 or high.y1 <= low.y0 for low, high in pairwise(rows))
    columns = [label.get_window_extent() for label in ax.get_xticklabels()]
    if ax.get_xticklabels()[0].get_rotation() == 0:
        assert all(left.x1 < right.x0 for left, right in pairwise(columns))
    (left, _), (right, _) = ax.transData.transform([(0, 0), (1, 0)])
    assert max(text.get_window_extent().width for text in ax.texts) <= right - left


def test_confusion_tells_long_names_apart_and_takes_any(ax):
    shown = [label.get_text() for label in plots.confusion(confused(LONG), ax).get_yticklabels()]
    assert len(set(shown)) == 20 and all(len(name) <= 28 and "…" in name for name in shown)
    names = ["$5 to $10", "", "<b>", "Übermut", 7]
    image = plots.png(lambda ax: plots.confusion(confused(names), ax))
    assert pixels(image)[..., 3].min() == 0  # see-through, for a dark page
    assert "$" in drawn(confused(names)).get_yticklabels()[0].get_text()


def test_confusion_of_many_classes_leaves_the_numbers_out(ax):
    assert not plots.confusion(confused([f"class {i}" for i in range(60)]), ax).texts


def test_confusion_without_axes_makes_a_figure_of_a_fitting_size():
    table = confused(NAMES[8])
    ax = plots.confusion(table)
    try:
        assert tuple(ax.figure.get_size_inches()) == plots.confusion_size(table)
    finally:
        plt.close(ax.figure)


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


# --- what the data look like


def test_token_lengths_are_shares_of_each_split_with_the_bound(ax):
    lengths = {"train": np.array([3, 3, 4, 6]), "test": np.array([4, 5]), "empty": np.array([], int)}
    assert plots.token_lengths(lengths, 8, ax) is ax
    drawn = {steps.get_label(): steps.get_data() for steps in ax.patches}
    assert set(drawn) == {"train", "test"}
    np.testing.assert_allclose(drawn["train"].values, [0.5, 0.25, 0, 0.25])
    np.testing.assert_allclose(drawn["test"].values, [0, 0.5, 0.5, 0])
    np.testing.assert_allclose(drawn["test"].edges, [2.5, 3.5, 4.5, 5.5, 6.5])
    assert [list(line.get_xdata()) for line in ax.lines] == [[8, 8]] and ax.lines[0].get_label() == "max_length=8"


def test_token_lengths_take_few_bins_for_long_texts_and_leave_out_a_bound_far_off(ax):
    lengths = np.arange(5, 5005)
    plots.token_lengths({"train": lengths}, 10**6, ax)
    values, edges, _ = ax.patches[0].get_data()
    assert len(values) <= plots.BINS + 1 and values.sum() == pytest.approx(1)
    assert edges[0] < 5 and edges[-1] > 5004 and not ax.lines


def test_without_examples_there_are_axes_alone(ax):
    assert plots.token_lengths({"train": np.array([], int)}, ax=ax) is ax and not ax.patches
    assert plots.class_balance({}, ax) is ax and not ax.patches


def test_class_balance_is_shares_of_each_split(ax):
    classes = {"train": {"no": 6, "yes": 2}, "test": {"no": 1, "yes": 1}, "empty": {"no": 0, "yes": 0}}
    assert plots.class_balance(classes, ax) is ax
    widths = {bars.get_label(): [bar.get_width() for bar in bars] for bars in ax.containers}
    assert widths == {"train": [0.75, 0.25], "test": [0.5, 0.5], "empty": [0, 0]}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["no", "yes"]
    assert list(ax.lines[0].get_xdata()) == [0.5, 0.5]  # where both were equal
    places = sorted(bar.get_y() for bars in ax.containers for bar in bars)
    assert all(later - one >= 0.8 / 3 - 1e-9 for one, later in itertools.pairwise(places))  # none covers another
    looks = {(bars[0].get_facecolor(), bars[0].get_hatch()) for bars in ax.containers}
    assert len(looks) == len({color for color, _ in looks}) == len({hatch for _, hatch in looks}) == 3


def test_class_balance_of_many_classes_shows_the_commonest(ax):
    classes = {"train": {f"class {i}": i for i in range(100)}}
    plots.class_balance(classes, ax)
    assert len(ax.patches) == plots.MOST_BARS and "40 commonest of 100" in ax.get_xlabel()
    assert ax.patches[0].get_width() == pytest.approx(99 / sum(range(100)))
    assert plots.class_balance_height(classes) > plots.class_balance_height({"train": {"a": 1, "b": 1}})


def test_an_inspection_brings_its_arrays(ax, folder, task):
    from finetune_kit.inspection import inspect

    found = inspect(task, folder, max_length=20)
    plots.token_lengths(found, ax=ax)
    assert {steps.get_label() for steps in ax.patches} == {"train", "validation", "test"}
    assert list(ax.lines[0].get_xdata()) == [20, 20]
    plots.class_balance(found, bars := Figure().subplots())
    assert [label.get_text() for label in bars.get_yticklabels()] == ["negative", "positive"]
