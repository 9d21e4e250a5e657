"""Completion: every token counted once, whole works in one split, the baseline by hand, whole runs."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
import tiny
import torch
import transformers as hf
from torch.nn import functional as F

import finetune_kit as ftk
from finetune_kit import checkpoints, data, tasks, training
from finetune_kit.config import RunConfig
from finetune_kit.errors import DataError, FinetuneKitError, ModelError, StorageError
from finetune_kit.metrics import LOSS
from finetune_kit.tasks.completion import Completion, token_frequencies

SETTINGS = {"max_length": 16, "batch_size": 8, "learning_rate": 1e-2, "epochs": 3}
LENGTHS = [1, 2, 5, 14, 15, 16, 29, 30, 31, 100]


def sentence(words, seed=0):
    return " ".join(np.random.default_rng(seed).choice(tiny.WORDS, words))


def texts(*rows):
    """Texts outside any split."""
    return data.running({"all": pd.DataFrame({"text": rows})})["all"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(tiny.write_tiny_gpt2(tmp_path_factory.mktemp("models") / "gpt", spread=0.1))


@pytest.fixture(scope="module")
def loaded(folder):
    return hf.AutoModelForCausalLM.from_pretrained(folder).eval(), hf.AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def task():
    return Completion(tiny.tiny_works())


@pytest.fixture(scope="module")
def run(task, folder):
    return ftk.fine_tune(task, folder, **SETTINGS)


# Blocks


@pytest.mark.parametrize("length", [8, 16])
def test_each_token_is_guessed_once(task, loaded, length):
    tokenizer = loaded[1]
    part = texts(*(sentence(words, words) for words in LENGTHS))
    encoded = task.encode(part, tokenizer, length)
    for number, text in enumerate(part["text"]):
        blocks = [row for row in encoded if row["example"] == number]
        guessed = [label for row in blocks for label in row["labels"] if label != -100]
        assert guessed == [*tokenizer(text)["input_ids"], 0]
        assert blocks[0]["input_ids"][0] == 0
        for before, after in itertools.pairwise(blocks):
            assert after["input_ids"][0] == before["input_ids"][-1] and len(before["input_ids"]) == length
        assert all(row["labels"] == [-100, *row["input_ids"][1:]] and len(row["labels"]) > 1 for row in blocks)


def test_the_nats_are_those_of_a_plain_computation(task, loaded):
    model, tokenizer = loaded
    part = texts(*(sentence(words, words) for words in LENGTHS))
    found = training.predict(model, tokenizer, task, part, 16)
    for text, (nats, tokens, hits) in zip(part["text"], found, strict=True):
        whole = [0, *tokenizer(text)["input_ids"], 0]
        expected = np.zeros(3)
        for place in range(1, len(whole)):
            start = (place - 1) // 15 * 15  # where the block of this token begins
            with torch.no_grad():
                chances = model(torch.tensor([whole[start:place]])).logits[0, -1].log_softmax(0)
            expected += [-chances[whole[place]].item(), 1, int(chances.argmax()) == whole[place]]
        assert (tokens, hits) == tuple(expected[1:]) and nats == pytest.approx(expected[0], rel=1e-4)


def test_a_short_text_loses_what_transformers_says(task, loaded):
    model, tokenizer = loaded
    ids = torch.tensor([[0, *tokenizer("the film was good")["input_ids"], 0]])
    with torch.no_grad():
        loss = model(ids, attention_mask=torch.ones_like(ids), labels=ids).loss.item()
    nats, tokens, _ = training.predict(model, tokenizer, task, texts("the film was good"), 16)[0]
    assert tokens == 5 and nats == pytest.approx(5 * loss, rel=1e-5)


def test_the_training_loss_is_the_mean_over_the_tokens_of_a_batch(task, loaded):
    model, tokenizer = loaded
    part = texts("the film", "we was very so", "it")
    batch = task.collator(tokenizer)(list(task.encode(part, tokenizer, 16)))
    nats, tokens, _ = training.predict(model, tokenizer, task, part, 16).sum(0)
    with torch.no_grad():
        assert task.loss(model, batch)[0].item() == pytest.approx(nats / tokens, rel=1e-5)
        logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits[:, :-1]
    by_hand = F.cross_entropy(logits.flatten(0, 1), batch["labels"][:, 1:].flatten(), ignore_index=-100)
    assert task.loss(model, batch)[0].item() == pytest.approx(by_hand.item(), rel=1e-5)


def test_texts_in_a_batch_do_not_change_each_other(task, loaded):
    model, tokenizer = loaded
    part = texts(*(sentence(words, words) for words in LENGTHS))
    together = training.predict(model, tokenizer, task, part, 16)
    alone = [training.predict(model, tokenizer, task, part.select([i]), 16)[0] for i in range(len(part))]
    np.testing.assert_allclose(together, alone, rtol=1e-4)


def test_a_prompt_stands_after_the_end_of_a_text_and_keeps_its_own_end(task, loaded):
    tokenizer = loaded[1]
    encoded = task.encode(task.inputs(["the film", sentence(30)]), tokenizer, 16)
    assert encoded.to_dict() == {
        "input_ids": [[0, *tokenizer("the film")["input_ids"]], tokenizer(sentence(30))["input_ids"][-16:]]
    }


def test_a_tokenizer_without_an_end_token_is_a_clear_error(task, loaded):
    bare = hf.PreTrainedTokenizerFast(tokenizer_object=loaded[1].backend_tokenizer)
    with pytest.raises(ModelError, match="no end token"):
        task.encode(texts("a"), bare, 16)


# Scores


def test_scores_by_hand(task):
    outputs = np.array([[8 * np.log(2), 8, 1], [2 * np.log(8), 2, 2]])
    assert task.measure(outputs, ["", ""]) == pytest.approx({"perplexity": 2**1.4, "next_word_accuracy": 0.3})
    assert task.quality(outputs, ["", ""]).tolist() == [1 / 8, 1]
    assert task.words(outputs) == ["perplexity 2.0", "perplexity 8.0"] and task.words(["a"]) == ["a"]
    assert task.metric.name == "perplexity" and not task.metric.higher_is_better and task.chooses is LOSS


def test_token_frequencies_by_hand(task, loaded):
    tokenizer = loaded[1]
    train, test = texts("the film the", "the"), texts("the film", "film film film it")
    # 6 tokens: the 3, film 1, end 2; one is added to each of the 21 of the vocabulary
    chances = {"the": 4 / 27, "film": 2 / 27, "end": 3 / 27, "it": 1 / 27}
    expected = [
        [-np.log([chances["the"], chances["film"], chances["end"]]).sum(), 3, 1],
        [-np.log([chances["film"]] * 3 + [chances["it"], chances["end"]]).sum(), 5, 0],
    ]
    assert len(tokenizer) == 21
    np.testing.assert_allclose(token_frequencies(task, tokenizer, train, test), expected)
    assert task.baselines() == {}
    baseline = task.baselines(tokenizer)["token frequencies"]
    np.testing.assert_allclose(baseline(train, test), expected)


# Data


def works(rows):
    return {name: set(part["text"]) for name, part in rows.items()}


def test_a_frame_and_its_column():
    frame = tiny.tiny_works().rename(columns={"text": "story"})
    made = Completion(frame, text="story")
    assert list(made.splits) == ["train", "validation", "test"]
    assert made.splits["train"].column_names == ["text"] and sum(map(len, made.splits.values())) == 96


@pytest.mark.parametrize("folder_of_files", [True, False])
def test_whole_works_go_to_one_split(tmp_path, folder_of_files):
    """A folder of eight stories, or one file long enough to be eight pieces of twenty paragraphs."""
    paragraphs = [[f"story {i} paragraph {j} {sentence(4, 9 * i + j)}" for j in range(20)] for i in range(8)]
    for i, story in enumerate(paragraphs):
        with (tmp_path / (f"{i}.txt" if folder_of_files else "all.txt")).open("a", encoding="utf-8") as file:
            file.write("\n\n".join(story) + "\n\n")
    made = Completion(str(tmp_path) if folder_of_files else tmp_path / "all.txt")
    found = works(made.splits)
    assert set().union(*found.values()) == {text for story in paragraphs for text in story}
    assert {name: len(part) for name, part in found.items()} == {"train": 120, "validation": 20, "test": 20}
    for story in paragraphs:
        assert sum(not part.isdisjoint(story) for part in found.values()) == 1


def test_a_list_of_texts_and_another_seed(tmp_path):
    rows = [f"text {i} {sentence(5, i)}" for i in range(400)]
    splits = [works(Completion(rows, seed=seed).splits) for seed in (0, 0, 1)]
    assert splits[0] == splits[1] != splits[2]
    assert set().union(*splits[0].values()) == set(rows)


def test_few_works_are_divided_by_paragraphs(tmp_path):
    file = tmp_path / "short.md"
    file.write_text("\n\n".join(f"{i} {sentence(5, i)}" for i in range(30)), encoding="utf-8")
    found = works(Completion(str(file)).splits)
    assert all(found.values()) and sum(map(len, found.values())) == 30


def test_a_paragraph_of_several_works_is_in_one_split(tmp_path):
    for i in range(8):
        own = [f"story {i} paragraph {j}" for j in range(5)]
        (tmp_path / f"{i}.txt").write_text("\n\n".join(["The  same licence", *own, "the same Licence"]))
    made = Completion(tmp_path)
    found = [text for part in made.splits.values() for text in part["text"]]
    assert len(found) == 8 * 5 + 2  # the first work keeps both


def test_the_python_documentation():
    made = tasks.resolve(RunConfig(task="completion"))
    assert isinstance(made, Completion)
    found = works(made.splits)
    assert min(map(len, found.values())) == 400
    assert not found["train"] & found["test"] and not found["train"] & found["validation"]
    assert not found["validation"] & found["test"]


def test_a_part_of_the_training_texts(task, folder):
    assert len(task.sample(5, 0)) == 5 and task.sample(None, 0) is task.splits["train"]
    run = ftk.fine_tune(task, folder, labels=5, **{**SETTINGS, "max_length": 32, "epochs": 1})
    assert run.trainer.train_dataset.num_rows == 5


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ("there/is/no/such.txt", StorageError, "such.txt"),
        ("x" * 5000, StorageError, "..."),
        (3, DataError, "int"),
        (["one text", "two"], DataError, "at least 3 are needed"),
    ],
)
def test_data_that_cannot_be_used(source, error, words):
    with pytest.raises(error) as caught:
        Completion(source)
    assert words in str(caught.value) and len(str(caught.value)) < 400


# Runs


def test_a_run_learns_the_manner_of_its_texts(run):
    assert run.after["perplexity"] < run.before["perplexity"] / 3
    assert run.after["next_word_accuracy"] > run.before["next_word_accuracy"] + 0.3
    _, losses = run.history.series("validation_loss")
    assert min(losses) == pytest.approx(np.log(run.after["perplexity"]), rel=0.05)  # means of batches, not of tokens


def test_it_beats_the_token_frequencies(run):
    task, splits = run.task, run.task.splits
    found = task.baselines(run.processor)["token frequencies"](splits["train"], splits["test"])
    frequencies = task.score(found, task.truth(splits["test"]))
    assert run.evaluate()["perplexity"] < frequencies["perplexity"] < run.before["perplexity"]


def test_a_prompt_is_gone_on_with(run):
    table = run.predict(["the film was", "it"])
    assert list(table.columns) == ["prompt", "prediction"] and list(table["prompt"]) == ["the film was", "it"]
    assert all(0 < len(text.split()) <= 40 for text in table["prediction"])
    assert run.predict("the film was")["prediction"][0] == table["prediction"][0]
    assert run.task.generation == ftk.Generation(sample=True, temperature=0.8, top_p=0.9, new_tokens=40)


def test_greedy_goes_on_as_transformers_does(run):
    task = Completion(generation={"sample": False, "new_tokens": 5})
    found = training.predict(run.model, run.processor, task, task.inputs("the film was"), 16)
    ids = torch.tensor([[0, *run.processor("the film was")["input_ids"]]])
    expected = run.model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=5)
    assert found == [run.processor.decode(expected[0, 4:], skip_special_tokens=True)]


def test_changes_are_the_texts_guessed_right_for_the_most_part_now(run):
    changes = run.changes()
    assert list(changes.columns) == ["change", "text", "truth", "before", "after"]
    assert set(changes["change"]) == {"fixed"} and (changes["text"] == changes["truth"]).all()
    for row in changes.itertuples():
        assert float(row.before.split()[1]) > float(row.after.split()[1])


def test_a_saved_run_goes_on_as_before(run, tmp_path):
    again = ftk.Run.load(run.save(tmp_path / "run"))
    assert again.predict(["the film was", "it"]).equals(run.predict(["the film was", "it"]))
    assert (again.before, again.after) == (pytest.approx(run.before), pytest.approx(run.after))
    assert again.changes().equals(run.changes()) and again.task.generation == run.task.generation


def test_the_settings_make_the_same_task_again():
    first = Completion(generation={"sample": False, "beams": 2, "stop": ["."]})
    assert Completion(**json.loads(json.dumps(first.settings))).generation == first.generation
    assert first.generation.new_tokens == 40  # the usual one


@pytest.mark.parametrize("given", ["", ["good", None], {"text": "a"}, 5, [], "a" * 200_000])
def test_bad_prompts_are_one_clear_sentence(run, given):
    with pytest.raises(DataError) as caught:
        run.predict(given)
    assert len(str(caught.value)) < 300 and isinstance(caught.value, FinetuneKitError)


# Bad input


def test_a_text_with_too_few_paragraphs_says_what_parts_them(tmp_path):
    file = tmp_path / "a.txt"
    for text, count in (("one\rtwo\rthree", 1), ("one\n\ntwo", 2), (" \n\n", 0), ("", 0)):
        file.write_bytes(text.encode())
        with pytest.raises(
            DataError, match=f"a.txt holds {count} paragraphs; at least 3 are needed.* Empty lines part"
        ):
            Completion(str(file))
    with pytest.raises(DataError, match="The list holds 2 paragraphs"):
        Completion(["one", "two"])
    assert sum(map(len, Completion(["one", "two", "three"]).splits.values())) == 3


def test_a_text_in_utf_16_is_read(tmp_path):
    (tmp_path / "a.txt").write_bytes("Grüße\r\n\r\n😀\r\n\r\nשָׁלוֹם".encode("utf-16"))
    splits = Completion(str(tmp_path / "a.txt")).splits
    assert {text for part in splits.values() for text in part["text"]} == {"Grüße", "😀", "שָׁלוֹם"}


def test_prompts_that_are_too_long_are_counted(recwarn):
    made, tokenizer = Completion(), checkpoints.processor("pocket-gpt")
    prompts = made.inputs(["one " * 30, "one", "two " * 30])
    made.encode(prompts, tokenizer, 64)
    assert not recwarn.list
    with pytest.warns(UserWarning, match="2 of 3 prompts are too long for max_length=16: their beginning is left out"):
        made.encode(prompts, tokenizer, 16)


@pytest.mark.parametrize("model", ["pocket-bert", "t5"])
def test_a_model_that_cannot_go_on_is_named(model, tmp_path):
    if model == "t5":
        model = str(tiny.write_tiny_t5(tmp_path / "t5"))
    with pytest.raises(ModelError, match=r"has no head for completion\. Expected one such as pocket-gpt"):
        ftk.fine_tune(Completion(tiny.tiny_works()), model)
