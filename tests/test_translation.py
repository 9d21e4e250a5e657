"""Translation, and what all text-to-text tasks share: what a model reads, what its loss counts, that it learns."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
import sacrebleu
import tiny
import torch
import transformers as hf
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from torch.nn import functional as F

import finetune_kit as ftk
from finetune_kit import tasks, training
from finetune_kit.config import RunConfig
from finetune_kit.data import rows
from finetune_kit.errors import DataError, ModelError, UnknownNameError
from finetune_kit.metrics import LOSS
from finetune_kit.tasks.translation import Translation, cut, joined, word_for_word

SETTINGS = {"learning_rate": 1e-2, "max_length": 24, "batch_size": 8, "epochs": 8}
SHORT = ftk.Generation(new_tokens=6)
CHAT = (
    "{% for message in messages %}the {{ message['content'] }} {% endfor %}{% if add_generation_prompt %}so{% endif %}"
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    return {
        "gpt": str(tiny.write_tiny_gpt2(place / "gpt", spread=0.1)),
        "t5": str(tiny.write_tiny_t5(place / "t5", sentinels=0)),
    }


@pytest.fixture(scope="module")
def loaded(folders):
    kinds = {"gpt": hf.AutoModelForCausalLM, "t5": hf.AutoModelForSeq2SeqLM}
    return {
        name: (kinds[name].from_pretrained(folder).eval(), hf.AutoTokenizer.from_pretrained(folder))
        for name, folder in folders.items()
    }


@pytest.fixture(scope="module")
def task():
    return Translation(tiny.tiny_pairs(), generation=SHORT)


@pytest.fixture(scope="module", params=["gpt", "t5"])
def run(request, folders, task):
    return ftk.fine_tune(task, folders[request.param], **SETTINGS)


def pairs(*rows):
    """Pairs outside any split."""
    from finetune_kit import data

    frame = pd.DataFrame(rows, columns=["source", "target"])
    return data.pairs({"all": frame}, "source", "target")["all"]


def sentence(words, seed=0):
    return " ".join(np.random.default_rng(seed).choice(tiny.WORDS, words))


def ids(tokenizer, text):
    return tokenizer.convert_tokens_to_ids(text.split())


# What a model reads


def test_a_decoder_reads_both_in_one_sequence_and_the_labels_are_the_answer(task, loaded):
    model, tokenizer = loaded["gpt"]
    encoded = task.encode(pairs(("the film", "it was so"), ("a", "we")), tokenizer, 24, model.config)
    assert encoded.to_dict() == {
        "input_ids": [[0, *ids(tokenizer, "the film it was so"), 0], [0, *ids(tokenizer, "a we"), 0]],
        "labels": [[-100] * 3 + [*ids(tokenizer, "it was so"), 0], [-100] * 2 + [*ids(tokenizer, "we"), 0]],
    }


def test_an_encoder_reads_the_prompt_and_the_labels_are_the_answer_and_its_end(task, loaded):
    model, tokenizer = loaded["t5"]
    encoded = task.encode(pairs(("the film", "it was so"), ("a", "we")), tokenizer, 24, model.config)
    assert encoded.to_dict() == {
        "input_ids": [ids(tokenizer, "the film"), ids(tokenizer, "a")],
        "labels": [[*ids(tokenizer, "it was so"), 1], [*ids(tokenizer, "we"), 1]],
    }


def ending(tokenizer):
    """A copy of the T5 tokenizer that puts the end token behind each text, as the real one does."""
    raw = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    raw.post_processor = processors.TemplateProcessing("$A </s>", special_tokens=[("</s>", 1)])
    return hf.PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")


def test_the_end_token_stands_once_where_the_tokenizer_puts_it(task, loaded):
    model, tokenizer = loaded["t5"]
    encoded = task.encode(pairs(("the film", "it was so")), ending(tokenizer), 24, model.config)
    assert encoded["labels"][:] == [[*ids(tokenizer, "it was so"), 1]]


@pytest.mark.parametrize("kind", ["gpt", "t5"])
def test_without_the_truth_there_is_the_prompt_alone(kind, task, loaded):
    model, tokenizer = loaded[kind]
    encoded = task.encode(task.inputs("the film"), tokenizer, 24, model.config)
    start = [0] if kind == "gpt" else []
    assert encoded.to_dict() == {"input_ids": [[*start, *ids(tokenizer, "the film")]]}


@pytest.mark.parametrize("kind", ["gpt", "t5"])
def test_another_prompt_leaves_the_labels_as_they_are(kind, task, loaded):
    model, tokenizer = loaded[kind]
    batches = [
        task.collator(tokenizer)(list(task.encode(pairs((source, "it was so")), tokenizer, 24, model.config)))
        for source in ("the film was", "the film is")
    ]
    assert torch.equal(batches[0]["labels"], batches[1]["labels"])
    with torch.no_grad():
        losses = [task.loss(model, batch)[0] for batch in batches]
    assert losses[0] != losses[1]  # yet the model reads it


def test_a_prefix_stands_before_each_sentence(loaded):
    model, tokenizer = loaded["t5"]
    made = Translation(prefix="very so ")
    encoded = made.encode(made.inputs(["the film"]), tokenizer, 24, model.config)
    assert encoded["input_ids"][:] == [ids(tokenizer, "very so the film")]


def bytewise(**settings):
    """A tokenizer of single bytes, in which white space counts."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    raw = Tokenizer(models.BPE(vocab={byte: number for number, byte in enumerate(["<end>", *alphabet])}, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    return hf.PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<end>", **settings)


def test_a_line_ends_where_a_decoder_is_to_translate(task, loaded):
    """Else it could not tell 'I see' from the beginning of 'I see you'."""
    tokenizer = bytewise()
    config = loaded["gpt"][0].config
    whole = task.encode(pairs(("I see", "Je vois")), tokenizer, 64, config)[0]
    assert tokenizer.decode(whole["input_ids"]) == "I see\nJe vois<end>"
    assert whole["labels"].count(-100) == len("I see\n")
    prompt = task.encode(task.inputs("I see"), tokenizer, 64, config)[0]
    assert tokenizer.decode(prompt["input_ids"]) == "I see\n"


def test_a_chat_template_is_used_where_there_is_one(task, loaded):
    model, tokenizer = loaded["gpt"]
    chatting = hf.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer.backend_tokenizer, eos_token="<|endoftext|>", bos_token="<|endoftext|>"
    )
    chatting.chat_template = CHAT
    encoded = task.encode(pairs(("film was", "it is")), chatting, 24, model.config)
    assert encoded.to_dict() == {
        "input_ids": [[*ids(tokenizer, "the film was so it is"), 0]],
        "labels": [[-100] * 4 + [*ids(tokenizer, "it is"), 0]],
    }
    asked = task.encode(task.inputs("film was"), chatting, 24, model.config)
    assert asked["input_ids"][:] == [ids(tokenizer, "the film was so")]


# What is too long


def test_a_decoder_loses_the_beginning_of_a_long_prompt(task, loaded):
    model, tokenizer = loaded["gpt"]
    source, target = sentence(20), sentence(3, 1)
    encoded = task.encode(pairs((source, target)), tokenizer, 12, model.config)[0]
    answer = [*ids(tokenizer, target), 0]
    assert encoded["input_ids"] == ids(tokenizer, source)[-8:] + answer
    assert encoded["labels"] == [-100] * 8 + answer
    asked = task.encode(task.inputs(source), tokenizer, 12, model.config)[0]
    assert asked["input_ids"] == ids(tokenizer, source)[-12:]


def test_an_encoder_loses_the_beginning_of_a_long_prompt_too(task, loaded):
    model, tokenizer = loaded["t5"]
    source = sentence(20)
    assert task.encode(task.inputs(source), tokenizer, 12, model.config)["input_ids"][:] == [
        ids(tokenizer, source)[-12:]
    ]
    closed = ending(tokenizer)
    assert task.encode(task.inputs(source), closed, 12, model.config)["input_ids"][:] == [
        [*ids(tokenizer, source)[-11:], 1]
    ]
    assert closed.truncation_side == "right"  # as it was, and so it is saved
    assert (closed.backend_tokenizer.truncation or {}).get("direction") != "left"


def test_a_long_answer_loses_its_end_and_still_ends(task, loaded):
    source, target = sentence(3), sentence(20, 1)
    model, tokenizer = loaded["gpt"]
    encoded = task.encode(pairs((source, target)), tokenizer, 12, model.config)[0]
    assert encoded["input_ids"] == [0, *ids(tokenizer, source), *ids(tokenizer, target)[:6], 0]
    model, tokenizer = loaded["t5"]
    for made in (tokenizer, ending(tokenizer)):
        encoded = task.encode(pairs((source, target)), made, 12, model.config)[0]
        assert encoded["labels"] == [*ids(tokenizer, target)[:11], 1]


@pytest.mark.parametrize("kind", ["gpt", "t5"])
def test_what_is_too_long_is_counted(kind, task, loaded):
    model, tokenizer = loaded[kind]
    rows = pairs((sentence(3), sentence(3, 1)), (sentence(20), sentence(3, 1)), (sentence(3), sentence(20, 1)))
    with pytest.warns(UserWarning) as caught:
        encoded = task.encode(rows, tokenizer, 12, model.config)
    found = [str(one.message) for one in caught]
    left = [sum(label != -100 for label in labels) - 1 for labels in encoded["labels"]]  # without the end token
    assert [3 - left[0], 3 - left[1], 20 - left[2]] == [0, 0, 14 if kind == "gpt" else 9]
    assert found == [
        "1 of 3 sources are too long for max_length=12: their beginning is left out. A larger max_length takes more.",
        "1 of 3 targets are too long for max_length=12: their end is not learnt. A larger max_length takes more.",
        "1 of 3 targets have more than new_tokens=6 tokens: they cannot be written to the end. "
        "A generation with more new_tokens writes more.",
    ]


@pytest.mark.parametrize("kind", ["gpt", "t5"])
@pytest.mark.parametrize("words", [5, 6, 7, 10, 11, 12])
def test_a_target_is_counted_when_a_token_of_it_is_lost(kind, words, loaded, recwarn):
    model, tokenizer = loaded[kind]
    for made in [tokenizer] + [ending(tokenizer)] * (kind == "t5"):
        recwarn.clear()
        rows._TOLD.clear()  # what was said of the first tokenizer is said of the second too
        encoded = Translation().encode(pairs(("a", sentence(words))), made, 12, model.config)[0]
        lost = words - (sum(label != -100 for label in encoded["labels"]) - 1)
        assert len(recwarn.list) == (lost > 0)


def test_a_prompt_leaves_places_for_what_is_yet_to_be_written(loaded):
    model, tokenizer = loaded["gpt"]  # of 32 places
    made = Translation(generation={"new_tokens": 10})
    with pytest.warns(UserWarning, match="1 of 2 sources are too long for max_length=32"):
        encoded = made.encode(made.inputs([sentence(21), sentence(22)]), tokenizer, 32, model.config)
    assert list(map(len, encoded["input_ids"])) == [22, 22]


def test_predictions_that_break_off_are_counted_and_measurements_are_not(run):
    asked = run.task.splits["validation"]["source"][:3]
    task, generation = run.task, run.task.generation
    try:
        task.generation = ftk.Generation(new_tokens=3)  # of the five that each has with its end
        with pytest.warns(
            UserWarning, match="3 of 3 predictions reached new_tokens=3: they break off before the model"
        ):
            found = run.predict(asked)["prediction"].tolist()
        assert {len(text.split()) for text in found} == {3}
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            measured = training.predict(run.model, run.processor, task, task.splits["validation"], 24)
        assert measured[:3] == found
    finally:
        task.generation = generation
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert {len(text.split()) for text in run.predict(asked)["prediction"]} == {4}


@pytest.mark.parametrize("model", ["pocket-bert", "pocket-wav2vec2"])
def test_a_model_that_cannot_write_is_named_beside_some_that_can(model, task):
    with pytest.raises(
        ModelError, match=r"has no head for translation\. Expected one such as pocket-gpt.*ftk\.models\('tr"
    ):
        ftk.fine_tune(task, model)


@pytest.mark.parametrize("side", [0, 1])
def test_null_bytes_and_other_encodings_of_aligned_files(tmp_path, side):
    texts = ["\n".join(tiny.tiny_pairs()[name]) for name in ("source", "target")]
    files = [tmp_path / "a.en", tmp_path / "a.fr"]
    for file, text in zip(files, texts, strict=True):
        file.write_bytes(text.encode("utf-16" if file == files[side] else "utf-8-sig"))
    rows = [row for part in Translation(files).splits.values() for row in part]
    assert sorted(row["source"] for row in rows) == sorted(tiny.tiny_pairs()["source"])
    files[side].write_bytes(texts[side].encode() + b"\0")
    with pytest.raises(
        DataError, match=f"{files[side].name} is a binary file, in UTF-16 or damaged: it holds 1 null byte"
    ):
        Translation(files)


# What the loss counts

UNLIKE = (("the film was good", "it is"), ("a book", "they was so very so"), ("we", "so"))


def test_the_loss_of_a_decoder_by_hand(task, loaded):
    model, tokenizer = loaded["gpt"]
    batch = task.collator(tokenizer)(list(task.encode(pairs(*UNLIKE), tokenizer, 24, model.config)))
    nats, tokens = 0.0, 0
    with torch.no_grad():
        for source, target in UNLIKE:
            prompt, answer = [0, *ids(tokenizer, source)], [*ids(tokenizer, target), 0]
            logits = model(torch.tensor([prompt + answer])).logits[0]
            nats += F.cross_entropy(logits[len(prompt) - 1 : -1], torch.tensor(answer), reduction="sum").item()
            tokens += len(answer)
        found = task.loss(model, batch)[0]
    assert found.item() == pytest.approx(nats / tokens, rel=1e-5)


def test_the_loss_of_an_encoder_and_decoder_by_hand(task, loaded):
    model, tokenizer = loaded["t5"]
    batch = task.collator(tokenizer)(list(task.encode(pairs(*UNLIKE), tokenizer, 24, model.config)))
    nats, tokens = 0.0, 0
    with torch.no_grad():
        for source, target in UNLIKE:
            answer = [*ids(tokenizer, target), 1]
            read = torch.tensor([ids(tokenizer, source)])
            logits = model(input_ids=read, decoder_input_ids=torch.tensor([[0, *answer[:-1]]])).logits[0]
            nats += F.cross_entropy(logits, torch.tensor(answer), reduction="sum").item()
            tokens += len(answer)
        found = task.loss(model, batch)[0]
    assert found.item() == pytest.approx(nats / tokens, rel=1e-5)


def test_the_least_loss_chooses_and_the_kind_of_model_decides_its_class(task, loaded):
    assert task.chooses is LOSS and task.metric.name == "bleu"
    found = {kind: task.model_class(model.config) for kind, (model, _) in loaded.items()}
    assert found == {"gpt": "AutoModelForCausalLM", "t5": "AutoModelForSeq2SeqLM"}


def test_what_a_model_must_tell_and_a_tokenizer_must_have(task, loaded):
    tokenizer = loaded["gpt"][1]
    with pytest.raises(ModelError, match=r"pass config=model\.config"):
        task.encode(pairs(("a", "we")), tokenizer, 24)
    endless = hf.PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer, pad_token="<|endoftext|>")
    for kind in ("gpt", "t5"):
        with pytest.raises(ModelError, match="no end token"):
            task.encode(pairs(("a", "we")), endless, 24, loaded[kind][0].config)


# Runs


def test_some_dozens_of_steps_teach_a_small_language(run):
    validation = run.task.splits["validation"]
    assert list(run.predict(validation["source"][:])["prediction"]) == validation["target"][:]
    assert run.after == pytest.approx({"bleu": 100, "chrf": 100}) and run.before["bleu"] < 20


def test_scores_are_those_of_sacrebleu_on_the_predictions(run):
    validation = run.task.splits["validation"]
    found = list(run.predict(validation["source"][:])["prediction"])
    assert run.after["bleu"] == pytest.approx(sacrebleu.corpus_bleu(found, [validation["target"][:]]).score)


def test_changes_are_the_sentences_that_are_right_now(run):
    changes = run.changes()
    assert list(changes.columns) == ["change", "source", "truth", "before", "after"]
    assert set(changes["change"]) == {"fixed"} and (changes["truth"] == changes["after"]).all()
    chrf = [sacrebleu.sentence_chrf(row.before, [row.truth]).score for row in changes.itertuples()]
    assert max(chrf) < 50 and len(changes) > 5


def test_a_saved_run_translates_as_before(run, tmp_path):
    again = ftk.Run.load(run.save(tmp_path / "run"))
    asked = ["the film was good", "so book was bad"]
    assert again.predict(asked).equals(run.predict(asked))
    assert (again.before, again.after) == (run.before, run.after)
    assert again.changes().equals(run.changes())
    assert again.task.generation == SHORT and again.task.prefix == ""


@pytest.mark.parametrize("kind", ["gpt", "t5"])
def test_a_saved_run_that_draws_its_words_loads_too(kind, folders, tmp_path):
    drawing = Translation(
        tiny.tiny_pairs(), prefix="so ", generation={"sample": True, "new_tokens": 6, "temperature": 2.0}
    )
    run = ftk.fine_tune(drawing, folders[kind], labels=8, **{**SETTINGS, "epochs": 1})
    again = ftk.Run.load(run.save(tmp_path / "run"))
    assert again.predict("the film was good").equals(run.predict("the film was good"))
    assert again.task.settings == run.task.settings and again.task.prefix == "so "


def test_a_part_of_the_training_pairs(task, folders):
    assert len(task.sample(5, 0)) == 5 and task.sample(None, 0) is task.splits["train"]
    assert set(task.sample(5, 0)["source"]) <= set(task.sample(9, 0)["source"])
    with pytest.raises(DataError, match="training examples"):
        ftk.fine_tune(task, folders["t5"], labels=1000)


@pytest.mark.parametrize(
    ("examples", "words"),
    [
        ("", "Text 1 of 1 is ''"),
        (["good", None], "Text 2 of 2 is None"),
        (["good", "a" * 200_000], "Text 2 of 2 has 200,000 characters; expected at most 100,000"),
        ({"source": "good"}, "dict"),
        (5, "int"),
        ([], "no text"),
    ],
)
def test_bad_examples_are_one_clear_sentence(run, examples, words):
    with pytest.raises(DataError) as caught:
        run.predict(examples)
    assert words in str(caught.value) and len(str(caught.value)) < 300


# The data, the baseline, words and quality


def test_own_columns_and_the_embedded_data():
    frame = tiny.tiny_pairs().rename(columns={"source": "en", "target": "fr"})
    made = Translation(frame, source="en", target="fr")
    assert made.splits["train"].column_names == ["source", "target"] and sum(map(len, made.splits.values())) == 128
    with pytest.raises(UnknownNameError, match="no column 'source'"):
        Translation(frame)
    assert isinstance(tasks.resolve(RunConfig(task="translation")), Translation)


def test_the_settings_make_the_same_task_again():
    first = Translation(prefix="so ", generation={"beams": 2, "stop": ["."]})
    again = Translation(**json.loads(json.dumps(first.settings)))
    assert (again.prefix, again.generation) == (first.prefix, first.generation)


def test_word_for_word_by_hand():
    train = pairs(
        ("The cat sleeps.", "Le chat dort."),
        ("the dog sleeps.", "le chien dort."),
        ("the cat eats!", "le chat mange !"),
        ("A cat", "Un chat"),
    )
    # 'the' and 'le': together in 2 of 3 and 2, as much as 'the' and 'dort' or '.'; 'cat' and 'chat': always;
    # 'dog' and 'chien': in the one sentence each; 'bird' is in none and stays
    found = word_for_word(train, pairs(("CAT sleeps.", "-"), ("dog eats", "-"), ("bird", "-")))
    assert found[2] == "bird"
    assert found[0].split()[0] == "chat" and found[1].split()[0] == "chien"
    # 'sleeps' and '.' keep company with 'dort' and '.' alike; the later word in the alphabet wins a tie
    assert found[0] == "chat dort dort"
    # 'eats' is once with le, chat, mange and '!'; mange and '!' are once themselves
    assert found[1] == "chien mange"


def test_the_baseline_learns_from_the_training_pairs_alone(task):
    assert task.baselines() == {"word for word": word_for_word}
    found = word_for_word(task.splits["train"], task.splits["test"])
    assert 0 < task.score(found, task.truth(task.splits["test"]))["chrf"] < 100
    with pytest.raises(DataError, match="no training pairs"):
        word_for_word(task.splits["train"].select([]), task.splits["test"])


def test_words_and_marks_come_apart_and_together():
    assert cut("L’homme, qu'il voit !") == ["L’", "homme", ",", "qu'", "il", "voit", "!"]
    assert joined(["L’", "homme", ",", "qu'", "il", "voit", "."]) == "L’homme, qu'il voit."


def test_quality_is_the_chrf_of_each_sentence(task):
    found, truth = ["it is so", "a", "we"], ["it is so", "they", "we are"]
    expected = [sacrebleu.sentence_chrf(f, [t]).score / 100 for f, t in zip(found, truth, strict=True)]
    assert task.quality(found, truth).tolist() == pytest.approx(expected) and expected[0] == 1 > expected[2] > 0
    assert task.words(found) == found
