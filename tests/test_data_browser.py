"""The data browser, driven as a notebook drives it: what it shows, not only that it was built."""

import html
import re

import datasets
import pandas as pd
import pytest
from tiny import tiny_frame, tiny_pairs, tiny_questions, write_tiny_gpt2

import finetune_kit as ftk
from finetune_kit import checkpoints, data, inspection
from finetune_kit.errors import ConfigError, DataError, UnknownNameError
from finetune_kit.inspection import Passage
from finetune_kit.inspection.pieces import cut
from finetune_kit.widgets import parts

SIGNS = str.maketrans("␣", " ", "✂·↵")


@pytest.fixture
def panel(folder):
    return ftk.data_browser(ftk.TextClassification(tiny_frame()), folder)


@pytest.fixture(scope="module")
def gpt(tmp_path_factory):
    return str(write_tiny_gpt2(tmp_path_factory.mktemp("writers") / "gpt2"))


@pytest.fixture(scope="module")
def reviews():
    """Some of the embedded reviews as a task."""
    return ftk.TextClassification(data.read("reviews")["validation"][:100])


def everything(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything(child)


def plain(page):
    """HTML as its reader sees it, the style aside."""
    return html.unescape(re.sub("<[^>]*>", "", re.sub("<style>.*?</style>|<sup>.</sup>", "", page, flags=re.S)))


def titles(panel):
    return [panel.tabs.get_title(i) for i in range(len(panel.tabs.children))]


def open_tab(panel, title):
    panel.tabs.selected_index = titles(panel).index(title)


def texts_shown(panel):
    """The texts on the page of examples."""
    found = re.findall(r'<div class="ftk-text[^>]*>(.*?)</div>', panel.page.value, flags=re.S)
    return [plain(one).translate(SIGNS) for one in found]


# --- a text in pieces


@pytest.mark.parametrize("model", ["pocket-bert", "pocket-gpt"])
@pytest.mark.parametrize("text", ["Don't  unbelievably, café!", "<b>a</b> & b\n\nc", "שלום עולם", "emoji 😀 here"])
def test_pieces_say_what_the_text_says(model, text):
    pieces = cut(checkpoints.processor(model), [text])[0]
    shown = parts.pieces(Passage("text", text, pieces))
    assert "<b>" not in shown and shown.count("title=") == len(pieces) and 'dir="auto"' in shown
    assert plain(shown).translate(SIGNS) == text
    assert [html.unescape(t) for t in re.findall('title="(.*?), number', shown)] == [piece.token for piece in pieces]


def test_words_take_turns_in_colour_and_unknown_pieces_have_a_sign():
    text = "the unbelievable 🪗 it"
    pieces = cut(checkpoints.processor("pocket-bert"), [text])[0]
    looks = re.findall('<span class="([^"]*)" title', parts.pieces(Passage("text", text, pieces)))
    colours = [look.split()[0] for look in looks]
    word = sum(piece.continues for piece in pieces)
    assert word >= 2  # of the long word
    assert colours == ["ftk-blue", *["ftk-orange"] * (word + 1), "ftk-unknown", "ftk-orange"]
    assert ["ftk-goes-on" in look for look in looks] == [piece.continues for piece in pieces]
    assert parts.pieces(Passage("text", text, pieces)).count("<sup>?</sup>") == 1


def test_numbers_stand_above_the_pieces():
    pieces = cut(checkpoints.processor("pocket-gpt"), ["the film"])[0]
    numbered = parts.pieces(Passage("text", "the film", pieces), numbers=True)
    assert re.findall("<rt>(.*?)</rt>", numbered) == [str(piece.id) for piece in pieces]
    assert "<rt>" not in parts.pieces(Passage("text", "the film", pieces))


def test_what_is_cut_off_is_faint_behind_scissors():
    text = "a b c d e"
    pieces = cut(checkpoints.processor("pocket-bert"), [text])[0]
    end = parts.pieces(Passage("text", text, pieces, unread=(3, 5)))
    assert plain(end) == "a b c✂ d e" and end.count("ftk-unread") == 2
    beginning = parts.pieces(Passage("text", text, pieces, unread=(0, 2)))
    assert plain(beginning) == "✂a b✂ c d e" and beginning.count("ftk-unread") == 2
    window = parts.pieces(Passage("text", text, pieces, border=2))
    assert plain(window) == "a b✂ c d e" and "ftk-unread" not in window and "window ends here" in window


@pytest.mark.parametrize("unread", [(0, 0), (0, 49_900), (25_000, 50_000)])
def test_of_a_very_long_text_the_middle_is_left_out_but_not_where_it_is_cut(unread):
    text = "good " * 50_000
    pieces = cut(checkpoints.processor("pocket-bert"), [text])[0]
    shown = parts.pieces(Passage("text", text, pieces, unread=unread))
    left_out = sum(int(n.replace(",", "")) for n in re.findall(r"([\d,]+) more pieces", shown))
    assert shown.count(">good<") + left_out == 50_000 and len(shown) < 200_000
    assert shown.count("✂") == len({place for place in unread if sum(unread) > 0 and place < 50_000})


# --- the panel


def test_all_parts_are_on_the_panel(panel):
    shown = list(everything(panel))
    wanted = (panel.model, panel.max_length, panel.split, panel.label, panel.search, panel.order, panel.back)
    for part in (*wanted, panel.forth, panel.numbers, panel.page, panel.summary, panel.message, panel.code):
        assert part in shown
    assert titles(panel) == ["Examples", "Lengths", "Balance", "Words", "Repeats"]


def test_it_opens_on_the_first_examples(panel):
    train = panel.task.splits["train"]
    assert texts_shown(panel) == train["text"][:5]
    names = [train.features["label"].int2str(label) for label in train["label"][:5]]
    assert re.findall("<b>(.*?)</b>", panel.page.value) == names
    assert f"1 to 5 of {len(train)}" in panel.position.value and "train[4], 9 tokens" in panel.page.value
    assert plain(panel.summary.value).startswith(panel.inspection.summary)
    assert all(warning in plain(panel.summary.value) for warning in panel.inspection.warnings)
    assert panel.error == "" and panel.message.value == ""


def test_pages_turn_forth_and_back(panel):
    train = panel.task.splits["train"]
    assert panel.back.disabled and not panel.forth.disabled
    panel.forth.click()
    assert texts_shown(panel) == train["text"][5:10] and not panel.back.disabled
    for _ in range(len(train)):
        panel.forth.click()
    last = (len(train) - 1) // 5 * 5
    assert texts_shown(panel) == train["text"][last:] and panel.forth.disabled
    assert f"{last + 1} to {len(train)} of {len(train)}" in panel.position.value
    for _ in range(len(train)):
        panel.back.click()
    assert texts_shown(panel) == train["text"][:5]


def test_split_class_and_search_choose(panel):
    panel.forth.click()
    panel.split.value = "test"
    test = panel.task.splits["test"]
    assert texts_shown(panel) == test["text"][:5]  # from the first page on
    panel.label.value = "positive"
    panel.search.value = "  The HOTEL"
    wanted = [row["text"] for row in test if row["label"] == 1 and "the hotel" in row["text"]]
    assert wanted and texts_shown(panel) == wanted[:5]
    panel.search.value = "nowhere to be found"
    assert "has no example of the class 'positive' and that holds" in plain(panel.page.value)
    assert panel.back.disabled and panel.forth.disabled and "None" in panel.position.value
    panel.search.value, panel.label.value = "   ", ""
    assert texts_shown(panel) == test["text"][:5]


def test_orders(folder):
    frame = pd.DataFrame({"text": [f"good {'so ' * i}film" for i in range(20)], "label": ["a", "b"] * 10})
    panel = ftk.data_browser(ftk.TextClassification(frame), folder)
    panel.order.value = "longest"
    longest = sorted(panel.task.splits["train"]["text"], key=lambda text: -len(text.split()))
    assert texts_shown(panel) == longest[:5]
    panel.order.value = "repeats"
    assert panel.inspection.find("train", order="repeats") == [] or "nearly the same" in panel.page.value


def test_numbers_of_the_pieces_are_shown_on_demand(panel, folder):
    assert "<rt>" not in panel.page.value
    panel.numbers.value = True
    first = panel.task.splits["train"]["text"][0]
    ids = checkpoints.processor(folder)(first, add_special_tokens=False)["input_ids"]
    assert re.findall(r"<rt>(\d+)</rt>", panel.page.value)[: len(ids)] == [str(number) for number in ids]


def test_another_model_reads_anew(reviews):
    panel = ftk.data_browser(reviews)
    before = panel.inspection.summary
    assert "##" in panel.page.value
    panel.model.value = "pocket-gpt"
    assert panel.inspection.model == "pocket-gpt" and panel.inspection.summary != before
    assert "Ġ" in panel.page.value and "##" not in panel.page.value
    assert "pocket-gpt reads" in panel.summary.value and "'pocket-gpt'" in plain(panel.code.value)
    assert "pocket-gpt" in panel.model.options and "pocket-wav2vec2" not in panel.model.options


def test_max_length_cuts(panel):
    assert "✂" not in panel.page.value
    frame = tiny_frame()
    frame["text"] += " and it was so very good but they were not"
    panel = ftk.data_browser(ftk.TextClassification(frame), panel.config.model, max_length=32)
    assert "✂" not in panel.page.value and "too long" not in plain(panel.summary.value)
    panel.max_length.value = 16
    assert panel.page.value.count("✂") == 5 and "their end is cut off" in panel.summary.value
    assert texts_shown(panel) == panel.task.splits["train"]["text"][:5]


def test_a_model_that_cannot_be_read_is_said_in_the_panel_and_the_last_one_stays(panel):
    page = panel.page.value
    panel.model.value = "pocket-brt"
    assert "Did you mean 'pocket-bert'" in panel.error and "Error:" in panel.message.value
    assert panel.page.value == page
    panel.model.value = "pocket-wav2vec2"
    assert "no fast tokenizer" in panel.error
    panel.model.value = "pocket-gpt"
    assert panel.error == "" and panel.message.value == "" and panel.page.value != page


def test_it_opens_without_a_model_and_takes_one_later(gpt):
    panel = ftk.data_browser(ftk.Translation(tiny_pairs()), "no-such-model")
    assert panel.inspection is None and "no-such-model" in panel.error
    for title in titles(panel):
        open_tab(panel, title)
    panel.forth.click()
    panel.split.value = "test"
    open_tab(panel, "Examples")
    assert "no-such-model" in panel.error  # still
    panel.model.value = gpt
    pair = panel.task.splits["test"][0]
    assert panel.error == "" and texts_shown(panel)[:2] == [f"{pair['source']}\n", pair["target"]]
    assert "prompt:" in panel.page.value and "answer:" in panel.page.value


def test_an_unforeseen_error_is_shown_too(panel, monkeypatch):
    def broken(*arguments, **settings):
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(inspection.Inspection, "find", broken)
    panel.search.value = "good"
    assert "RuntimeError: the disk is on fire" in panel.error and "on fire" in panel.message.value
    monkeypatch.undo()
    panel.search.value = "film"
    assert panel.error == "" and panel.message.value == ""


# --- the other tabs


def test_lengths_balance_and_words(panel):
    assert panel.length_table.value == "" and not panel.lengths.widget.value  # drawn when they are looked at
    open_tab(panel, "Lengths")
    assert bytes(panel.lengths.widget.value).startswith(b"\x89PNG")
    sizes = [len(part) for part in panel.task.splits.values()]
    assert all("<td" in panel.length_table.value and f">{size}</td>" in panel.length_table.value for size in sizes)
    open_tab(panel, "Balance")
    assert bytes(panel.balance.widget.value).startswith(b"\x89PNG")
    for name, count in panel.inspection.classes["train"].items():
        assert re.search(f">{name}</td><td[^>]*>{count}</td>", panel.class_table.value)
    open_tab(panel, "Words")
    assert "has pieces for everything" in panel.words.value


def test_words_without_a_piece_and_words_that_shatter_are_listed():
    frame = pd.DataFrame({"text": [f"unbelievable 🪗 number {i}" for i in range(20)], "label": ["a", "b"] * 10})
    panel = ftk.data_browser(ftk.TextClassification(frame), "pocket-bert")
    open_tab(panel, "Words")
    assert re.search(">🪗</td><td[^>]*>20<", panel.words.value)
    pieces = "|".join(one.token.removeprefix("##") for one in panel.inspection.pieces("unbelievable"))
    assert ">unbelievable</td>" in panel.words.value and f">{pieces}</td>" in panel.words.value


def test_a_tab_follows_the_model(reviews):
    panel = ftk.data_browser(reviews)
    open_tab(panel, "Lengths")
    first = panel.length_table.value
    panel.model.value = "pocket-gpt"
    assert panel.length_table.value != first
    assert "##" in panel.page.value  # not looked at
    open_tab(panel, "Examples")
    assert "##" not in panel.page.value and "Ġ" in panel.page.value


REPEATED = pd.DataFrame(
    {
        "text": ["the film was good and <b>long</b>", "The film was GOOD and <b>long</b>", "a meal", "a book"],
        "label": ["yes", "no", "no", "yes"],
    }
)


@pytest.fixture
def repeated(folder):
    frames = {"train": REPEATED, "validation": REPEATED[2:], "test": REPEATED[2:].assign(text=["so", "we"])}
    parts = datasets.DatasetDict({name: datasets.Dataset.from_pandas(part) for name, part in frames.items()})
    return ftk.TextClassification(parts)


def test_repeats_are_listed_and_said_at_the_examples(repeated, folder):
    panel = ftk.data_browser(repeated, folder)
    assert "train[0], 14 tokens, the same, other label as train[1]" in plain(panel.page.value)
    assert "the same as validation[0]" in plain(panel.page.value)
    open_tab(panel, "Repeats")
    rows = [re.findall("<td[^>]*>(.*?)</td>", row) for row in panel.repeats.value.split("<tr>")[2:]]
    assert [[html.unescape(cell).replace("\xa0", " ") for cell in row] for row in rows] == [
        ["the same, other label", "train[0]", REPEATED["text"][0], "train[1]", REPEATED["text"][1]],
        ["the same", "train[2]", "a meal", "validation[0]", "a meal"],
        ["the same", "train[3]", "a book", "validation[1]", "a book"],
    ]
    open_tab(panel, "Examples")
    panel.split.value, panel.order.value = "test", "repeats"
    assert "has no example whose text stands anywhere else" in plain(panel.page.value)


def test_a_long_text_among_the_repeats_keeps_its_beginning_though_it_has_no_spaces(folder):
    frame = tiny_frame()
    frame["text"] = [f"{row}{'猫' * 200}" for row in range(len(frame))]
    frame.loc[1, "text"] = frame["text"][0]
    panel = ftk.data_browser(ftk.TextClassification(frame), folder)
    open_tab(panel, "Repeats")
    assert panel.error == "" and panel.repeats.value.count(f">0{'猫' * 159} …</td>") == 2


def test_repeats_among_many_examples_are_looked_for_on_demand(repeated, folder, monkeypatch):
    monkeypatch.setattr(inspection, "SMALL", 3)
    panel = ftk.data_browser(repeated, folder)
    assert "the tab Repeats does it" in panel.summary.value and "other label" not in panel.page.value
    assert "report" not in vars(panel.inspection)
    open_tab(panel, "Repeats")
    assert "the tab Repeats" not in panel.summary.value and "another label: 1." in panel.summary.value
    panel.model.value = "pocket-gpt"
    assert "another label: 1." in panel.summary.value  # which no other model changes


def test_data_without_classes_have_no_balance(folder):
    panel = ftk.data_browser(ftk.ExtractiveQA(tiny_questions(), stride=2), folder, max_length=12)
    assert titles(panel) == ["Examples", "Lengths", "Words", "Repeats"] and panel.label not in list(everything(panel))
    row = panel.task.splits["train"][0]
    assert texts_shown(panel)[:2] == [row["context"], row["question"]]
    assert "read in 2 windows" in panel.page.value
    for title in titles(panel):
        open_tab(panel, title)
        assert panel.error == ""


def test_a_search_finds_the_text_of_a_question(folder):
    panel = ftk.data_browser(ftk.ExtractiveQA(tiny_questions()), folder)
    panel.search.value = "is the meal"
    assert texts_shown(panel)[1::2] == ["is the meal"] * 5


# --- as code


def test_the_code_finds_what_the_panel_shows(panel):
    panel.split.value, panel.label.value, panel.order.value = "validation", "negative", "longest"
    panel.search.value = "the"
    panel.max_length.value = 16
    scope = {"task": panel.task}
    exec(plain(panel.code.value), scope)
    shown = [passage.text for example in scope["examples"] for passage in example.passages]
    assert shown == texts_shown(panel) and shown
    assert scope["inspection"].max_length == 16 and len(scope["rows"]) == len(panel._rows)


def test_the_code_names_the_users_file(tmp_path, folder):
    tiny_frame().rename(columns={"text": "review"}).to_csv(tmp_path / "mine.csv", index=False)
    panel = ftk.data_browser("sentiment", folder, data=str(tmp_path / "mine.csv"), text="review")
    panel.forth.click()
    scope = {}
    exec(plain(panel.code.value), scope)
    assert [example.passages[0].text for example in scope["examples"]] == texts_shown(panel)


# --- bad input


def test_bad_data_fail_when_the_panel_is_made():
    with pytest.raises(UnknownNameError, match="Did you mean 'sentiment'"):
        ftk.data_browser("sentimet")
    with pytest.raises(DataError, match="no data"):
        ftk.data_browser(ftk.TextClassification(names=["no", "yes"]))
    with pytest.raises(ConfigError, match="max_length=2"):
        ftk.data_browser("sentiment", max_length=2)


def test_no_unknown_constructor_arguments(recwarn, folder):
    ftk.data_browser(ftk.TextClassification(tiny_frame()), folder)
    assert not [warning for warning in recwarn if "unrecognized arguments" in str(warning.message)]
