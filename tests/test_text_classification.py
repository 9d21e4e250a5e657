import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch
import toys
import transformers
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from tiny import tiny_frame, write_tiny_gpt2, write_tiny_t5
from tokenizers import processors

import finetune_kit as ftk
from finetune_kit import catalog, tasks
from finetune_kit.config import RunConfig
from finetune_kit.errors import ConfigError, DataError, FinetuneKitError, ModelError, UnknownNameError
from finetune_kit.tasks.classification import majority_class
from finetune_kit.tasks.text_classification import TextClassification, tfidf_logistic_regression

GOOD, BAD = ["good", "loved", "a good film"], ["bad", "dull", "a slow meal"]


def frame(rows=60):
    texts = [f"{(GOOD if i % 3 else BAD)[i % 2]} {GOOD[2] if i % 4 else BAD[2]} {i}" for i in range(rows)]
    return pd.DataFrame({"text": texts, "label": ["pos" if i % 3 else "neg" for i in range(rows)]})


@pytest.fixture(scope="module")
def task():
    return TextClassification(frame())


@pytest.fixture(scope="module")
def tokenizer():
    return toys.tokenizer()


def few(*rows):
    """A labelled data set outside any split."""
    from finetune_kit import data

    return data.labelled({"all": pd.DataFrame(rows, columns=["text", "label"])}, "text", "label")["all"]


def test_splits_names_and_head_agree(task):
    assert list(task.splits) == ["train", "validation", "test"]
    assert sum(map(len, task.splits.values())) == 60
    assert task.names == ["neg", "pos"] == task.splits["test"].features["label"].names
    settings = task.head_settings
    assert settings["num_labels"] == 2 and settings["problem_type"] == "single_label_classification"
    assert settings["id2label"] == {0: "neg", 1: "pos"} and settings["label2id"] == {"neg": 0, "pos": 1}


def test_the_head_settings_make_a_transformers_head(task):
    model = toys.bert(**task.head_settings)
    assert model.classifier.out_features == 2 and model.config.id2label[1] == "pos"


def test_own_columns_are_named():
    renamed = frame().rename(columns={"text": "review", "label": "stars"})
    made = TextClassification(renamed, text="review", label="stars")
    assert made.splits["train"].column_names == ["text", "label"]


def test_sample_is_the_whole_split_or_a_part(task):
    assert task.sample(None, 0) is task.splits["train"]
    assert Counter(task.sample(10, 0)["label"]) == {0: 5, 1: 5}


def test_encode_truncates_and_keeps_labels(task, tokenizer):
    examples = few(("good film", "pos"), ("it was a dull slow bad film", "neg"), ("zebra", "pos"))
    encoded = task.encode(examples, tokenizer, max_length=6)
    ids = {word: i for i, word in enumerate(toys.WORDS, 4)}
    long = [ids[word] for word in ("it", "was", "a", "dull")]  # the first 4, between [CLS] 2 and [SEP] 3
    assert encoded["input_ids"][:] == [[2, ids["good"], ids["film"], 3], [2, *long, 3], [2, 1, 3]]
    assert encoded["attention_mask"][:] == [[1] * 4, [1] * 6, [1] * 3]
    assert encoded["labels"][:] == [1, 0, 1]
    assert "text" not in encoded.column_names


def test_encode_without_labels(task, tokenizer):
    assert "labels" not in task.encode(task.inputs(["good film"]), tokenizer, 8).column_names


def test_the_collator_pads_to_the_longest_of_the_batch(task, tokenizer):
    encoded = task.encode(few(("good film", "pos"), ("a dull slow meal", "neg")), tokenizer, 16)
    batch = task.collator(tokenizer)([encoded[0], encoded[1]])
    assert batch["input_ids"].shape == (2, 6)
    assert batch["input_ids"][0].tolist() == [*encoded[0]["input_ids"], 0, 0]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1, 0, 0], [1] * 6]
    assert torch.equal(batch["labels"], torch.tensor([1, 0]))


def test_a_padded_batch_goes_through_a_model_as_single_examples_do(task, tokenizer):
    model, collate = toys.bert(**task.head_settings).eval(), task.collator(tokenizer)
    encoded = task.encode(task.inputs(["good film", "it was a dull slow meal"]), tokenizer, 16)
    with torch.no_grad():
        together = model(**collate([encoded[0], encoded[1]])).logits
        alone = torch.cat([model(**collate([row])).logits for row in encoded])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)


def test_probabilities_are_those_of_scipy(task):
    outputs = np.random.default_rng(0).normal(scale=3, size=(20, 2)).astype(np.float32)
    table = task.show(task.inputs([f"text {i}" for i in range(20)]), outputs)
    expected = softmax(outputs.astype(float), axis=1)
    np.testing.assert_allclose(table[["p(neg)", "p(pos)"]].to_numpy(), expected, atol=5.1e-5)
    assert table["prediction"].tolist() == [task.names[i] for i in expected.argmax(axis=1)]
    assert table["text"].tolist() == [f"text {i}" for i in range(20)]


def test_large_outputs_do_not_overflow(task):
    with np.errstate(all="raise", under="ignore"):
        table = task.show(task.inputs(["a", "b"]), np.array([[1000.0, 0.0], [-1000.0, -1000.0]]))
    assert table[["p(neg)", "p(pos)"]].to_numpy().tolist() == [[1, 0], [0.5, 0.5]]


def test_decide_takes_the_largest_output(task):
    assert task.decide(np.array([[0.1, 0.2], [3.0, -1.0], [-2.0, -1.0]])).tolist() == [1, 0, 1]


def test_measure_is_that_of_scikit_learn(task):
    draw = np.random.default_rng(1)
    outputs, truth = draw.normal(size=(50, 2)), draw.integers(0, 2, 50)
    guess = outputs.argmax(axis=1)
    expected = {"accuracy": accuracy_score(truth, guess), "macro_f1": f1_score(truth, guess, average="macro")}
    assert task.measure(outputs, truth) == pytest.approx(expected)
    assert task.metric.name == "accuracy"


@pytest.mark.parametrize("examples", ["one", ["one"], ("one",), pd.Series(["one"], index=[7]), np.array(["one"])])
def test_inputs_take_a_text_or_several(task, examples):
    assert task.inputs(examples)["text"][:] == ["one"]


@pytest.mark.parametrize(
    ("examples", "words"),
    [
        ("", "Text 1 of 1 is ''"),
        (["good", " \n"], "Text 2 of 2 is ' \\n'"),
        (["good", None], "Text 2 of 2 is None"),
        ([3.5], "Text 1 of 1 is 3.5"),
        (["good", "a" * 10**6], "Text 2 of 2 has 1,000,000 characters; expected at most 100,000"),
        ([], "no text"),
        (None, "NoneType"),
        (5, "int"),
        (b"good", "bytes"),
        ({"text": "good"}, "dict"),
        (pd.DataFrame({"text": ["good"]}), "Found DataFrame in place of texts"),
        (["good", "\u200b\ufeff"], "Text 2 of 2 is '\\u200b\\ufeff'; expected a string that is not empty"),
        ("\0", "Text 1 of 1 is '\\x00'"),
        ("go\0od", "Text 1 of 1 holds a null character: 'go\\x00od'"),
        ("good \ud83d", "Text 1 of 1 holds half a character (a lone surrogate): 'good \\ud83d'"),
        ([["good"] * 1000], "Text 1 of 1 is ['good', 'good', 'good'"),
    ],
)
def test_inputs_refuse_what_is_no_text(task, examples, words):
    with pytest.raises(DataError) as caught:
        task.inputs(examples)
    assert words in str(caught.value) and isinstance(caught.value, (FinetuneKitError, ValueError))
    assert len(str(caught.value)) < 300


def test_a_text_of_the_greatest_length_is_taken(task):
    assert len(task.inputs("a" * 100_000)) == 1


def test_the_majority_class_by_hand(task):
    train = few(("a", "pos"), ("b", "pos"), ("c", "neg"))
    assert majority_class(train, task.splits["test"]).tolist() == [1] * len(task.splits["test"])


def test_the_logistic_regression_is_that_of_scikit_learn(task):
    train, test = task.splits["train"], task.splits["test"]
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    model = LogisticRegression(C=10, max_iter=1000).fit(words.fit_transform(list(train["text"])), list(train["label"]))
    expected = model.predict(words.transform(list(test["text"])))
    assert tfidf_logistic_regression(train, test).tolist() == expected.tolist()
    assert len(set(expected)) == 2


def test_without_words_or_a_second_class_the_logistic_regression_is_the_majority():
    faces = few(("😀", "pos"), ("😡", "neg"), ("👍🏽 ❤️", "pos"))
    assert tfidf_logistic_regression(faces, faces).tolist() == [1, 1, 1]
    part = few(("good", "pos"), ("bad", "neg"))
    assert tfidf_logistic_regression(part.select([1]), part).tolist() == [0, 0]


def test_the_baselines_by_name(task):
    assert task.baselines() == {
        "majority class": majority_class,
        "TF-IDF + logistic regression": tfidf_logistic_regression,
    }


def test_a_task_without_data_needs_names_and_can_show(task):
    bare = TextClassification(names=["no", "yes"])
    assert bare.show(bare.inputs("a"), np.array([[0.0, 9.0]]))["prediction"].tolist() == ["yes"]
    with pytest.raises(DataError, match="needs a source of data"):
        TextClassification()


# Resolving a configuration


def test_a_catalogue_task_has_its_own_data():
    made = tasks.resolve(RunConfig(task="sentiment"))
    assert isinstance(made, TextClassification) and made.names == ["negative", "positive"]


def test_a_file_and_its_columns_make_a_task(tmp_path):
    file = tmp_path / "own.csv"
    frame().rename(columns={"text": "review", "label": "stars"}).to_csv(file, index=False)
    made = tasks.resolve(RunConfig(task="text-classification", data=str(file), text="review", label="stars"))
    assert made.names == ["neg", "pos"] and sum(map(len, made.splits.values())) == 60


def test_bad_rows_of_a_file_are_dropped_when_the_configuration_says_so(tmp_path):
    file = tmp_path / "own.csv"
    pd.concat([frame(), pd.DataFrame({"text": [""], "label": ["pos"]})]).to_csv(file, index=False)
    settings = {"task": "text-classification", "data": str(file)}
    with pytest.raises(DataError, match=r"1 of 61 rows cannot be used: 1 with an empty or missing text \(row 61\)"):
        tasks.resolve(RunConfig(**settings))
    with pytest.warns(UserWarning, match=r"1 of 61 rows are left out: 1 with an empty or missing text \(row 61\)"):
        made = tasks.resolve(RunConfig(**settings, drop_bad_rows=True))
    assert sum(map(len, made.splits.values())) == 60


def test_columns_without_the_data_that_they_are_of():
    with pytest.raises(ConfigError, match="expected data="):
        tasks.resolve(RunConfig(task="sentiment", text="review"))


def test_settings_of_a_task_reach_its_class_and_unknown_ones_are_named():
    assert tasks.resolve(RunConfig(task="translation", settings={"prefix": "translate: "})).prefix == "translate: "
    with pytest.raises(UnknownNameError, match=r"setting of the task 'translation' 'prefx'\. Did you mean 'prefix'\?"):
        tasks.resolve(RunConfig(task="translation", settings={"prefx": "x"}))
    with pytest.raises(UnknownNameError, match="'text'"):
        tasks.resolve(RunConfig(task="translation", data="x.csv", text="en"))


def test_each_task_has_its_data_and_its_model_by_name():
    for record in catalog.TASKS:
        made = tasks.resolve(RunConfig(task=record.name))
        assert made.record in {record.name, "text-classification"}
        assert {"train", "validation", "test"} <= set(made.splits)
        assert tasks.configure(record.name).model == record.model


@pytest.mark.parametrize("kind", ["gpt2", "t5"])
def test_writers_classify_too_through_transformers_own_heads(tmp_path, kind):
    folder = {"gpt2": write_tiny_gpt2, "t5": write_tiny_t5}[kind](tmp_path / kind)
    made = ftk.fine_tune(TextClassification(tiny_frame()), str(folder), epochs=12, learning_rate=1e-2, batch_size=8)
    assert made.after["accuracy"] >= 0.8 > made.before["accuracy"]
    texts = ["the film was good", "the film was bad and so it was not", "the </s> film <|endoftext|> was good </s>"]
    together, alone = made.predict(texts), [made.predict(text) for text in texts]
    for number, row in enumerate(alone):  # what pads a batch is not read
        assert row["p(positive)"][0] == pytest.approx(together["p(positive)"][number], abs=2e-4)


def test_a_gpt_without_a_padding_token_classifies_too(tmp_path):
    folder = write_tiny_gpt2(tmp_path / "gpt", spread=0.1)
    for name, key in (("config.json", "pad_token_id"), ("tokenizer_config.json", "pad_token")):
        settings = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**settings, key: None}))
    made = ftk.fine_tune(TextClassification(tiny_frame()), str(folder), epochs=1, learning_rate=1e-2, batch_size=8)
    texts = ["good", "the film was bad and so it was not"]
    together, alone = made.predict(texts), [made.predict(text) for text in texts]
    for number, row in enumerate(alone):
        assert row["p(positive)"][0] == pytest.approx(together["p(positive)"][number], abs=2e-4)


@pytest.mark.parametrize("end", ["", " </s>"])
@pytest.mark.parametrize("length", [4, 16])
def test_a_t5_reads_one_end_token_in_each_text(tmp_path, end, length):
    tokenizer = transformers.AutoTokenizer.from_pretrained(write_tiny_t5(tmp_path / "t5"))
    if end:
        tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing("$A </s>", None, [("</s>", 1)])
    made = TextClassification(names=["no", "yes"])
    part = made.inputs(["the </s> film", "the film was bad and so it was not", "</s>"])
    encoded = made.encode(part, tokenizer, length, transformers.T5Config())
    assert all(ids.count(1) == 1 and ids[-1] == 1 and len(ids) <= length for ids in encoded["input_ids"])
    assert [len(mask) for mask in encoded["attention_mask"]] == [len(ids) for ids in encoded["input_ids"]]
    film = tokenizer.convert_tokens_to_ids("film")
    assert encoded["input_ids"][0] == [tokenizer.convert_tokens_to_ids("the"), film, 1]


def test_texts_that_are_too_long_are_counted(task, tokenizer, recwarn):
    texts = ["good film", "it was a dull slow bad film", "a dull slow meal", "loved"]
    task.encode(task.inputs(texts), tokenizer, max_length=9)
    assert not recwarn.list
    with pytest.warns(UserWarning, match="1 of 4 texts are too long for max_length=6: their end is left out"):
        task.encode(task.inputs(texts), tokenizer, max_length=6)


CONFIGURATIONS = {"a wav2vec2": transformers.Wav2Vec2Config(), "a ResNet": transformers.ResNetConfig()}


AT_HOME = {("image-classification", "a ResNet"), ("audio-classification", "a wav2vec2")}
STRANGERS = [(r, k) for r in catalog.TASKS for k in CONFIGURATIONS if (r.name, k) not in AT_HOME]


@pytest.mark.parametrize("record, kind", STRANGERS, ids=lambda value: getattr(value, "name", value))
def test_a_model_of_another_kind_has_no_head_and_the_error_names_some_that_have(record, kind):
    config = CONFIGURATIONS[kind]
    made = catalog.handler(record).__new__(catalog.handler(record))  # without data, of which the head is none
    with pytest.raises(ModelError) as caught:
        made.model_class(config)
    message = str(caught.value)
    assert f"A model of the type {config.model_type!r} has no head for {made.record}. Expected one such as" in message
    named = message.split("such as ")[1].split(";")[0].split(", ")
    listed = ftk.models(made.record)["name"].tolist()
    assert f"ftk.models({made.record!r}) lists those that fit" in message and named == listed[:3]


def test_a_model_without_the_head_is_refused_before_it_is_loaded():
    with pytest.raises(ModelError, match="'wav2vec2' has no head for text-classification"):
        ftk.zero_step(TextClassification(tiny_frame()), "pocket-wav2vec2")


def test_labels_of_emoji_come_back_in_predictions(tmp_path):
    frame = tiny_frame().replace({"label": {"positive": "👍🏽", "negative": "👎"}})
    folder = str(write_tiny_gpt2(tmp_path / "gpt"))
    run = ftk.fine_tune(TextClassification(frame), folder, labels=4, epochs=1, batch_size=8)
    again = ftk.Run.load(run.save(tmp_path / "run"))
    assert again.task.names == ["👍🏽", "👎"] and set(again.predict("good")) == {
        "text", "prediction", "p(👍🏽)", "p(👎)"
    }  # fmt: skip
