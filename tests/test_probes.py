"""Probes against transformers' own pipelines and hand-made vectors."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import toys
import transformers
from tiny import WORDS, write_tiny_bert, write_tiny_gpt2, write_tiny_t5

import finetune_kit as ftk
from finetune_kit import probes
from finetune_kit.errors import DataError, FinetuneKitError, ModelError


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    writers = {"bert": write_tiny_bert, "gpt2": write_tiny_gpt2, "t5": write_tiny_t5}
    return {kind: str(write(root / kind)) for kind, write in writers.items()}


def pretrained(folder, auto):
    """What a Pretrained looks like to a probe."""
    model = getattr(transformers, auto).from_pretrained(folder)
    return SimpleNamespace(model=model, processor=transformers.AutoTokenizer.from_pretrained(folder))


# --- fill_mask


def test_fill_mask_is_transformers_own(folders):
    text = "the [MASK] was very [MASK]"
    found = ftk.fill_mask(text, folders["bert"], count=4)
    expected = transformers.pipeline("fill-mask", folders["bert"])(text, top_k=4)
    assert list(found.columns) == ["mask", "word", "probability"] and found["mask"].tolist() == [1] * 4 + [2] * 4
    assert found["word"].tolist() == [guess["token_str"] for place in expected for guess in place]
    scores = [guess["score"] for place in expected for guess in place]
    np.testing.assert_allclose(found["probability"], scores, atol=6e-5)


def test_fill_mask_of_a_pretrained_is_that_of_its_folder_and_leaves_its_mode_for_evaluation(folders):
    one = pretrained(folders["bert"], "AutoModelForMaskedLM")
    text = "the [MASK] was good"
    assert ftk.fill_mask(text, one).equals(ftk.fill_mask(text, folders["bert"]))
    assert len(ftk.fill_mask(text, one)) == 5


def test_fill_mask_takes_a_tokenizers_own_mask(folders):
    one = pretrained(folders["bert"], "AutoModelForMaskedLM")
    one.processor.add_special_tokens({"mask_token": "[UNK]"})  # any other name will do
    found = ftk.fill_mask("the [MASK] was good", one)
    assert found.equals(ftk.fill_mask("the [UNK] was good", one)) and len(found) == 5


def test_a_text_without_a_mask_is_shown(folders):
    with pytest.raises(DataError, match=r"'no mask here' has no \[MASK\]"):
        ftk.fill_mask("no mask here", folders["bert"])


@pytest.mark.parametrize("kind", ["gpt2", "t5"])
def test_models_that_guess_no_masked_words(folders, kind):
    with pytest.raises(ModelError):
        ftk.fill_mask("the [MASK] was good", folders[kind])
    auto = {"gpt2": "AutoModelForCausalLM", "t5": "AutoModelForSeq2SeqLM"}[kind]
    with pytest.raises(ModelError, match="no mask"):
        ftk.fill_mask("the [MASK] was good", pretrained(folders[kind], auto))


def test_a_text_longer_than_the_model_takes_is_cut_or_refused(folders):
    assert len(ftk.fill_mask("the [MASK] was " + "very " * 100, folders["bert"])) == 5
    with pytest.raises(DataError):
        ftk.fill_mask("very " * 100 + "the [MASK] was", folders["bert"])


def test_more_guesses_than_words_are_all_words(folders):
    assert len(ftk.fill_mask("the [MASK] was", folders["bert"], count=10_000)) == 5 + len(WORDS)


# --- guessing


def test_guessing_is_the_share_of_hidden_pieces_found_and_their_perplexity(folders):
    one = pretrained(folders["bert"], "AutoModelForMaskedLM")
    texts = ["the film was very good", "a bad meal and a poor hotel", "we", "they but not it"] * 20
    found = probes.guessing(texts, folders["bert"], masked_share=0.3, seed=2)
    torch.manual_seed(2)
    collate = transformers.DataCollatorForLanguageModeling(one.processor, mlm_probability=0.3)
    hits, losses = [], []
    for start in range(0, len(texts), 32):
        batch = collate([{"input_ids": one.processor(text).input_ids} for text in texts[start : start + 32]])
        hidden = batch["labels"] != -100
        with torch.no_grad():
            shares = one.model.eval()(**batch).logits.log_softmax(-1)[hidden]
        wanted = batch["labels"][hidden]
        hits += (shares.argmax(-1) == wanted).tolist()
        losses += (-shares.gather(1, wanted[:, None])).ravel().tolist()
    assert found["accuracy"] == pytest.approx(np.mean(hits))
    assert found["perplexity"] == pytest.approx(np.exp(np.mean(losses)), rel=1e-4)
    assert probes.guessing(texts, one, masked_share=0.3, seed=2) == found
    with pytest.raises(DataError, match="Nothing was hidden"):
        probes.guessing(["we", "they"] * 3, one, masked_share=0.01)
    with pytest.raises(DataError, match="list of texts"):
        probes.guessing([], one)


# --- complete


def test_complete_begins_with_the_prompt_and_is_the_same_for_a_seed(folders):
    made = [ftk.complete("the film", folders["gpt2"], words=15, seed=seed) for seed in range(6)]
    assert made == [ftk.complete("the film", folders["gpt2"], words=15, seed=seed) for seed in range(6)]
    assert len(set(made)) > 3
    assert all(text.startswith("the film") and 2 <= len(text.split()) <= 17 for text in made)


def test_complete_leaves_the_global_generator_as_it_was(folders):
    torch.manual_seed(0)
    state = torch.get_rng_state()
    ftk.complete("the film", folders["gpt2"])
    assert torch.equal(torch.get_rng_state(), state)


def test_complete_at_temperature_0_takes_the_likeliest_each_time(folders):
    one = pretrained(folders["gpt2"], "AutoModelForCausalLM")
    ids = one.processor("the film was", return_tensors="pt").input_ids
    for _ in range(6):
        with torch.no_grad():
            chosen = one.model.eval()(input_ids=ids).logits[0, -1].argmax()
        ids = torch.cat([ids, chosen.reshape(1, 1)], dim=1)
        if chosen == one.processor.eos_token_id:
            break
    expected = one.processor.decode(ids[0], skip_special_tokens=True)
    assert ftk.complete("the film was", folders["gpt2"], words=6, temperature=0) == expected
    assert ftk.complete("the film was", one, words=6, temperature=0.0, seed=9) == expected


def test_complete_stops_at_the_longest_that_the_model_takes(folders):
    assert len(ftk.complete("the film " * 14, folders["gpt2"], words=500).split()) <= 32
    with pytest.raises(DataError, match="40 tokens; this model takes at most 32"):
        ftk.complete("the film " * 20, folders["gpt2"])
    with pytest.raises(DataError, match="empty"):
        ftk.complete("", folders["gpt2"])


# --- completions


def test_completions_are_what_complete_puts_after_each_prompt(folders, tmp_path):
    other = str(write_tiny_gpt2(tmp_path / "other", seed=1, spread=0.3))
    prompts, settings = ["the film", "a very bad"], {"words": 12, "temperature": 0.9, "top_p": 0.8, "seed": 4}
    found = ftk.completions(prompts, [folders["gpt2"], other], **settings)
    assert list(found.columns) == [folders["gpt2"], other] and found.index.name == "prompt"
    for prompt in prompts:
        for model in (folders["gpt2"], other):
            assert prompt + found.loc[prompt, model] == ftk.complete(prompt, model, **settings)
        assert found.loc[prompt].nunique() == 2
    assert found.equals(ftk.completions(prompts, [folders["gpt2"], other], **settings))
    alone = ftk.completions(prompts[1], other, **settings)
    assert alone.shape == (1, 1) and alone.iloc[0, 0] == found.loc[prompts[1], other]


def test_completions_name_their_columns(folders):
    run = pretrained(folders["gpt2"], "AutoModelForCausalLM")
    run.config = SimpleNamespace(model="pocket-gpt", strategy="full")
    named = ftk.completions("the film", {"before": folders["gpt2"], "after": run})
    assert list(named.columns) == ["before", "after"]
    assert named.iloc[0, 0] == named.iloc[0, 1]  # the same weights, from the same seed
    plain = pretrained(folders["gpt2"], "AutoModelForCausalLM")
    found = ftk.completions("the film", [Path(folders["gpt2"]), run, plain])
    assert list(found.columns) == [folders["gpt2"], "pocket-gpt, full", "SimpleNamespace"]


def test_completions_without_a_prompt_a_model_or_a_name(folders):
    gpt2 = folders["gpt2"]
    with pytest.raises(DataError, match=f"Two models are called '{Path(gpt2).parent}.*dict"):
        ftk.completions("the film", [gpt2, Path(gpt2)])
    for none in ([], {}):
        with pytest.raises(DataError, match="Found no model"):
            ftk.completions("the film", none)
    for prompts in ([], "", ["the film", " "], [3]):
        with pytest.raises(DataError):
            ftk.completions(prompts, gpt2)
    with pytest.raises(DataError, match="40 tokens"):
        ftk.completions("the film " * 20, gpt2)
    with pytest.raises(ModelError, match="does not continue"):
        ftk.completions("the film", [gpt2, pretrained(folders["bert"], "AutoModelForMaskedLM")])


def test_next_words_are_the_softmax_of_the_last_logits(folders):
    made = pretrained(folders["gpt2"], "AutoModelForCausalLM")
    model, processor = made.model.eval(), made.processor
    with torch.no_grad():
        logits = model(**processor("the film was", return_tensors="pt")).logits[0, -1]
    shares = torch.exp(logits - logits.logsumexp(0)).numpy()
    found = ftk.next_words("the film was", folders["gpt2"], count=5)
    best = np.argsort(-shares)[:5]
    assert found["word"].tolist() == [processor.decode([i]) for i in best]
    np.testing.assert_allclose(found["probability"], shares[best], atol=1e-4)
    assert len(ftk.next_words("so " * 100, folders["gpt2"], count=3)) == 3  # longer than the model takes
    with pytest.raises(DataError, match="empty"):
        ftk.next_words("", folders["gpt2"])
    with pytest.raises(ModelError, match="does not continue"):
        ftk.next_words("the film", pretrained(folders["t5"], "AutoModelForSeq2SeqLM"))


def test_models_that_do_not_write_on_say_so(folders):
    for one in (
        folders["t5"],
        pretrained(folders["t5"], "AutoModelForSeq2SeqLM"),
        pretrained(folders["bert"], "AutoModelForMaskedLM"),
    ):
        with pytest.raises(FinetuneKitError):
            ftk.complete("the film", one)


# --- neighbours


def hand_made():
    """A vocabulary of a few words whose embeddings are angles."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    angles = {"sea": 0, "ship": 20, "wind": 50, "king": 180, "queen": 190, "Crown": 230}
    pieces = ["[UNK]", *angles, "##s", "##ship", "a", "42"]
    raw = Tokenizer(models.WordLevel({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    processor = transformers.PreTrainedTokenizerFast(tokenizer_object=raw, unk_token="[UNK]")
    table = np.full((len(pieces), 2), 100.0)
    table[1 : 1 + len(angles)] = [[np.cos(np.radians(a)), np.sin(np.radians(a))] for a in angles.values()]
    model = SimpleNamespace(get_input_embeddings=lambda: torch.nn.Embedding.from_pretrained(torch.tensor(table)))
    return SimpleNamespace(model=model, processor=processor), table[1 : 1 + len(angles)], list(angles)


def test_neighbours_are_ordered_by_the_cosine_of_centred_embeddings():
    one, table, words = hand_made()
    table = table - table.mean(0)
    cosine = table @ table[0] / np.linalg.norm(table, axis=1) / np.linalg.norm(table[0])
    expected = [words[i] for i in np.argsort(-cosine) if i != 0]
    found = ftk.neighbours("sea", one)
    assert found["word"].tolist() == expected and expected[0] == "ship"  # neither "a", "42" nor a part of a word
    np.testing.assert_allclose(found["cosine"], np.sort(cosine)[::-1][1:], atol=6e-4)
    assert ftk.neighbours("sea", one, count=2)["word"].tolist() == expected[:2]


def test_a_word_may_be_written_in_capitals_and_with_spaces():
    one, _, _ = hand_made()
    assert ftk.neighbours(" SEA ", one).equals(ftk.neighbours("sea", one))
    assert "Crown" not in ftk.neighbours("Crown", one)["word"].tolist()


@pytest.mark.parametrize("word", ["seagull", "", "##s", "sea ship", "42"])
def test_a_word_without_a_piece_of_its_own_is_shown(word):
    one, _, _ = hand_made()
    with pytest.raises(DataError, match="no single piece"):
        ftk.neighbours(word, one)


@pytest.mark.parametrize("kind", ["bert", "gpt2", "t5"])
def test_neighbours_of_every_kind_of_checkpoint_leave_the_word_itself_out(folders, kind):
    found = ftk.neighbours("good", folders[kind], count=30)
    assert sorted(found["word"]) == sorted(set(WORDS) - {"good", "a"})
    assert found["cosine"].is_monotonic_decreasing


def test_pieces_that_begin_a_word_are_told_from_those_that_go_on():
    found, ids = probes._whole_words(
        SimpleNamespace(get_vocab=lambda: {"Ġsea": 1, "sea": 2, "Ġship": 3, "er": 4, "Ġ": 5, "Ġa": 6, "Ġ42": 7})
    )
    assert (found, ids) == (["sea", "ship"], [1, 3])


# --- nearest


def test_nearest_is_by_the_mean_of_the_last_hidden_states_centred(folders):
    texts = ["the film was good", "a very bad meal", "the hotel", "we and they but not it", "the book was so poor"]
    model = transformers.AutoModel.from_pretrained(folders["bert"]).eval()
    processor = transformers.AutoTokenizer.from_pretrained(folders["bert"])
    with torch.no_grad():
        vectors = np.stack(
            [
                model(**processor(t, return_tensors="pt")).last_hidden_state[0].mean(0).numpy()
                for t in ["a film", *texts]
            ]
        )
    vectors = vectors - vectors[1:].mean(0)
    cosine = vectors[1:] @ vectors[0] / np.linalg.norm(vectors[1:], axis=1) / np.linalg.norm(vectors[0])
    found = ftk.nearest("a film", texts, folders["bert"], count=5)
    assert found["text"].tolist() == [texts[i] for i in np.argsort(-cosine)]
    np.testing.assert_allclose(found["cosine"], np.sort(cosine)[::-1], atol=1e-3)
    assert len(ftk.nearest("a film", texts, folders["bert"])) == 3


@pytest.mark.parametrize("kind", ["bert", "gpt2", "t5"])
def test_a_text_is_nearest_to_itself(folders, kind):
    texts = ["the film was good", "a very bad meal and a poor hotel", "the hotel", "we and they"]
    for text in texts:
        row = ftk.nearest(text, texts, folders[kind], count=1).iloc[0]
        assert row["text"] == text and row["cosine"] == pytest.approx(1, abs=2e-3)


def written(network, processor, folder):
    network.save_pretrained(folder)
    processor.save_pretrained(folder)
    return str(folder)


def test_nearest_images_are_by_the_mean_over_the_places_of_the_last_map(tmp_path):
    draw = np.random.default_rng(0)
    images = [draw.integers(0, 256, (32, 32, 3), dtype=np.uint8) for _ in range(5)]
    images += [np.clip(images[2].astype(int) + 9, 0, 255).astype(np.uint8)]
    network = transformers.ResNetModel(toys.resnet().config).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(
        written(network, transformers.ConvNextImageProcessorPil(size={"shortest_edge": 32}, crop_pct=1.0), tmp_path)
    )
    with torch.no_grad():
        maps = [network(**processor(image, return_tensors="pt")).last_hidden_state[0] for image in images]
    means = np.stack([m.mean((1, 2)).numpy() for m in maps])
    means -= means[1:].mean(0)
    cosine = means[1:] @ means[0] / np.linalg.norm(means[1:], axis=1) / np.linalg.norm(means[0])
    found = ftk.nearest_images(images[0], images[1:], str(tmp_path), count=5)
    assert found["place"].tolist() == np.argsort(-cosine).tolist()
    np.testing.assert_allclose(found["cosine"], np.sort(cosine)[::-1], atol=1e-3)
    assert ftk.nearest_images(images[5], images[:5], str(tmp_path))["place"][0] == 2
    with pytest.raises(DataError, match="list of images"):
        ftk.nearest_images(images[0], [], str(tmp_path))


def test_nearest_sounds_hear_no_padding(tmp_path):
    draw = np.random.default_rng(0)
    sounds = [draw.normal(0, 0.1, size).astype(np.float32) for size in (4000, 9000, 6000, 5000)]
    network = transformers.Wav2Vec2Model(toys.wav2vec2().config).eval()
    folder = written(network, transformers.Wav2Vec2FeatureExtractor(), tmp_path)
    alone = ftk.nearest_sounds(sounds[0], sounds, folder, count=4)
    assert alone["place"][0] == 0 and alone["cosine"][0] == pytest.approx(1, abs=1e-3)
    other = ftk.nearest_sounds(sounds[0], [sounds[3], sounds[0], sounds[2], sounds[1]], folder, count=4)
    assert other["place"].tolist() == [{0: 1, 1: 3, 2: 2, 3: 0}[i] for i in alone["place"]]
    np.testing.assert_allclose(other["cosine"], alone["cosine"], atol=2e-3)
    with pytest.raises(DataError, match="list of arrays"):
        ftk.nearest_sounds(sounds[0], [], folder)


def test_nothing_to_compare_with(folders):
    with pytest.raises(DataError, match="list of texts"):
        ftk.nearest("a film", [], folders["bert"])


# --- guess


def test_a_guess_is_one_line_for_a_mask_or_the_words_that_follow(folders):
    bert, gpt2 = (
        pretrained(folders["bert"], "AutoModelForMaskedLM"),
        pretrained(folders["gpt2"], "AutoModelForCausalLM"),
    )
    rows = ftk.fill_mask("the [MASK] was good", bert, count=3)
    line = probes.guess(bert.model, bert.processor, "the [MASK] was good")
    assert line == ", ".join(f"{w} {p:.0%}" for w, p in zip(rows["word"], rows["probability"], strict=True))
    whole = ftk.complete("the film", gpt2, words=12, temperature=0)
    assert probes.guess(gpt2.model, gpt2.processor, "the film") == whole.removeprefix("the film").strip()
    with pytest.raises(DataError, match=r"no \[MASK\]"):
        probes.guess(bert.model, bert.processor, "the film")


def test_an_unknown_model_is_an_error_with_the_nearest_name():
    with pytest.raises(FinetuneKitError, match="Did you mean 'pocket-bert'"):
        ftk.fill_mask("the [MASK]", "pocket-bart")
