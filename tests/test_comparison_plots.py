"""Pictures of comparisons: what is drawn is what was measured, and methods can be told apart without colour."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from finetune_kit import plots
from finetune_kit.comparisons import BASELINE, Comparison, LearningRates, Result, Sweep
from finetune_kit.errors import ConfigError
from finetune_kit.plots.comparisons import LOOKS
from finetune_kit.tasks.text_classification import TextClassification

METHODS = ("scratch", "head", "last-2", "lora", "bitfit", "full", "gradual")


@pytest.fixture
def comparison():
    made = Comparison(TextClassification(names=["no", "yes"]), "toy")
    for labels, base in ((8, 0.5), (128, 0.7)):
        for place, method in enumerate(METHODS):
            for seed, off in enumerate((-0.04, 0.0, 0.04)):
                score = {"accuracy": base + 0.02 * place + off}
                made.results.append(Result(method, "model", labels, seed, score, 1.0 + place + seed, 1.0))
        made.results += [
            Result("majority class", BASELINE, labels, seed, {"accuracy": 0.5}, 0.0, 0.0) for seed in range(3)
        ]
    return made


@pytest.fixture
def ax():
    return Figure().subplots()


def swept(grid, scores):
    made = Sweep(TextClassification(names=["no", "yes"]), "toy", grid=grid)
    names = list(grid)
    for point, score in scores.items():
        config = {"task": "text-classification", **dict(zip(names, point, strict=True))}
        made.results.append(
            Result(str(point), "model", 8, 0, {"accuracy": score}, 1.0, 1.0, {"accuracy": score}, config=config)
        )
    return made


def test_the_label_curve_has_a_band_of_the_spread_on_a_log_axis(comparison, ax):
    plots.label_curve(comparison, ax)
    bands = [
        band.get_paths()[0].vertices
        for band in ax.collections
        if type(band).__name__ == "FillBetweenPolyCollection" or type(band).__name__ == "PolyCollection"
    ]  # the former from matplotlib 3.10 on
    assert len(bands) == len(METHODS) and ax.get_xscale() == "log"
    first = bands[0][bands[0][:, 0] == 8][:, 1]
    assert (first.min(), first.max()) == pytest.approx((0.5 - 0.04, 0.5 + 0.04))


@pytest.mark.parametrize("draw", [plots.label_curve, plots.side_by_side, plots.time_and_score])
def test_an_empty_comparison_draws_an_empty_plot(draw, ax):
    assert draw(Comparison(TextClassification(names=["no", "yes"]), "toy"), ax) is ax


def test_looks_differ_in_colour_line_and_marker():
    for part in range(3):
        assert len({str(look[part]) for look in LOOKS}) == len(LOOKS) >= len(METHODS)


def test_side_by_side_shows_every_seed_and_the_mean(comparison, ax):
    plots.side_by_side(comparison, ax)
    names = [tick.get_text() for tick in ax.get_yticklabels()]
    assert names[0] == "scratch, 8 labels" and len(names) == 2 * (len(METHODS) + 1)
    seeds = [line for line in ax.lines if len(line.get_xdata()) == 3]
    np.testing.assert_allclose(seeds[0].get_xdata(), [0.46, 0.5, 0.54])
    means = list(ax.containers)
    assert means[0][0].get_xdata()[0] == pytest.approx(0.5)
    low, high = means[0][2][0].get_segments()[0][:, 0]
    assert (low, high) == pytest.approx((0.46, 0.54))
    assert ax.yaxis_inverted()


def test_one_number_of_labels_needs_no_mention(comparison, ax):
    comparison.results = [r for r in comparison.results if r.labels == 8]
    plots.side_by_side(comparison, ax)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [*METHODS, "majority class"]


def test_time_and_score_joins_the_means_of_a_method(comparison, ax):
    plots.time_and_score(comparison, ax)
    lines = {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}
    assert set(lines) == set(METHODS)
    np.testing.assert_allclose(lines["head"].get_xydata(), [[3.0, 0.52], [3.0, 0.72]])
    assert ax.get_xlim()[0] == 0


def looked(method, labels, seed, score, old):
    both = {"old_before": {"old_perplexity": 40.0}, "old_after": {"old_perplexity": old}} if old else {}
    return Result(method, "model", labels, seed, {"accuracy": score}, 1.0, 1.0, **both)


@pytest.fixture
def looking_back():
    made = Comparison(TextClassification(names=["no", "yes"]), "toy")
    for seed, off in enumerate((-0.02, 0.0, 0.02)):
        made.results += [
            looked("scratch", 8, seed, 0.5 + off, None),
            looked("head", 8, seed, 0.6 + off, 40.0),
            looked("full", 8, seed, 0.8 + off, 60.0 + 100 * off),
        ]
    made.results.append(Result("majority class", BASELINE, 8, 0, {"accuracy": 0.5}, 0.0, 0.0))
    return made


def test_new_and_old_has_a_mark_a_method_with_its_spread_both_ways(looking_back, ax):
    plots.new_and_old(looking_back, ax)
    head, full = ax.containers
    assert full[0].get_xydata()[0] == pytest.approx((60, 0.8)) and head[0].get_xydata()[0] == pytest.approx((40, 0.6))
    across, up = (segments.get_segments()[0] for segments in full[2])
    assert across[:, 0] == pytest.approx((58, 62)) and up[:, 1] == pytest.approx((0.78, 0.82))
    assert head[0].get_marker() != full[0].get_marker()
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert sorted(names) == ["full", "head", "scratch: nothing to forget"]
    (untouched,) = [line for line in ax.lines if list(line.get_xdata()) == [40.0, 40.0]]
    (level,) = [line for line in ax.lines if list(line.get_ydata()) == [0.5, 0.5]]
    assert untouched.get_linestyle() == ":" and level.get_label().startswith("scratch")
    assert ax.get_xlabel() == "old task: perplexity (lower is better)"


def test_new_and_old_joins_the_marks_of_a_method_from_few_labels_to_many(looking_back, ax):
    looking_back.results += [looked("full", 128, seed, 0.9, 90.0) for seed in range(2)]
    plots.new_and_old(looking_back, ax)
    marks = [c for c in ax.containers if c.get_label() == "full"]
    assert [c[0].get_xdata()[0] for c in marks] == pytest.approx([60, 90])
    assert marks[0][0].get_markersize() < marks[1][0].get_markersize()
    assert any(len(line.get_xdata()) == 2 and list(line.get_ydata()) == pytest.approx([0.8, 0.9]) for line in ax.lines)


def test_without_an_old_task_there_is_nothing_to_draw(comparison, ax):
    with pytest.raises(ConfigError, match="forgetting=True"):
        plots.new_and_old(comparison, ax)


GRID = {"learning_rate": [1e-4, 1e-3], "batch_size": [8, 16, 32]}
SCORES = {(1e-4, 8): 0.61, (1e-3, 8): 0.82, (1e-4, 16): 0.6, (1e-3, 16): 0.93, (1e-3, 32): 0.7}


def test_the_map_writes_each_score_and_marks_the_best(ax):
    plots.sweep_map(swept(GRID, SCORES), ax)
    texts = {tuple(int(x) for x in text.get_position()): text.get_text() for text in ax.texts}
    assert texts == {(0, 0): "61.0", (1, 0): "82.0", (0, 1): "60.0", (1, 1): "★ 93.0", (0, 2): "-", (1, 2): "70.0"}
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0.0001", "0.001"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["8", "16", "32"]
    (frame,) = [patch for patch in ax.patches if patch.get_linewidth() > 2]
    assert (frame.get_x(), frame.get_y()) == (0.5, 0.5)


def test_the_map_reads_in_grey_darker_is_better(ax):
    plots.sweep_map(swept(GRID, SCORES), ax)
    (image,) = ax.images
    shades = image.cmap(image.norm(image.get_array()))[..., :3] @ [0.2126, 0.7152, 0.0722]
    order = [shades[0, 1], shades[2, 1], shades[0, 0], shades[1, 0]]  # 82, 70, 61, 60
    assert shades[1, 1] < min(order) and order == sorted(order)


def test_a_sweep_of_one_setting_is_a_row_and_of_three_has_no_map(ax):
    plots.sweep_map(swept({"learning_rate": [1e-4, 1e-3]}, {(1e-4,): 0.5, (1e-3,): 0.6}), ax)
    assert [text.get_text() for text in ax.texts] == ["50.0", "★ 60.0"]
    three = {**GRID, "max_length": [16, 32]}
    with pytest.raises(ConfigError, match="one or two"):
        plots.sweep_map(swept(three, {}), ax)


def test_an_equal_or_empty_map_can_be_drawn(ax):
    plots.sweep_map(swept(GRID, dict.fromkeys(SCORES, 0.5)), ax)
    assert {text.get_text().lstrip("★ ") for text in ax.texts} >= {"50.0"}
    empty = Figure().subplots()
    plots.sweep_map(swept(GRID, {}), empty)
    assert not any("★" in text.get_text() for text in empty.texts)


def rates(suggested):
    x = np.geomspace(1e-6, 0.1, 30)
    return LearningRates("toy", "full", x, np.linspace(1, 0.5, 30), np.linspace(1, 0.6, 30), suggested, False)


def test_the_rate_curve_shows_losses_mean_and_suggestion(ax):
    found = rates(1e-3)
    plots.rate_curve(found, ax)
    lines = {line.get_label(): line for line in ax.lines}
    np.testing.assert_array_equal(lines["loss of a step"].get_ydata(), found.losses)
    np.testing.assert_array_equal(lines["running mean"].get_ydata(), found.smoothed)
    assert set(lines["suggested: 0.001"].get_xdata()) == {1e-3} and ax.get_xscale() == "log"
    plain = plots.rate_curve(rates(None), Figure().subplots())
    assert len(plain.lines) == 2


def test_pictures_are_drawn_without_axes_and_as_png(comparison):
    for draw in (plots.label_curve, plots.side_by_side, plots.time_and_score):
        assert plots.png(lambda ax, draw=draw: draw(comparison, ax)).startswith(b"\x89PNG")
    ax = plots.sweep_map(swept(GRID, SCORES))
    try:
        assert plt.fignum_exists(ax.figure.number)
    finally:
        plt.close(ax.figure)
