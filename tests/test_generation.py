"""Generation against loops written by hand and transformers' own generate; padding, stopping, drawing, settings."""

import random

import numpy as np
import pytest
import tiny
import torch
import transformers as hf

from finetune_kit.errors import ConfigError, FinetuneKitError, ModelError, UnknownNameError
from finetune_kit.tasks.generation import IGNORED, Generation, generate, pad, with_padding, write

PROMPTS = ["the film was", "it", "we was not very good and they is so", "a book"]
MORE = [*PROMPTS, *(f"{word} was so" for word in tiny.WORDS)]
LENGTHS = (1, 2, 7)


def lively(model, scale):
    """The model with wider weights in place, so that it writes other words after other prompts."""
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.mul_(scale)
    return model.eval()


@pytest.fixture(scope="module")
def gpt(tmp_path_factory):
    folder = tiny.write_tiny_gpt2(tmp_path_factory.mktemp("gpt"), seed=1, spread=0.3)
    return hf.AutoModelForCausalLM.from_pretrained(folder).eval(), hf.AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def t5(tmp_path_factory):
    folder = tiny.write_tiny_t5(tmp_path_factory.mktemp("t5"), seed=1, sentinels=0)
    return lively(hf.AutoModelForSeq2SeqLM.from_pretrained(folder), 8.0), hf.AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def bart():
    """An encoder-decoder that numbers its places, which T5 does not."""
    torch.manual_seed(4)
    layers = {f"{side}_{name}": n for side in ("encoder", "decoder") for name, n in
              {"layers": 2, "attention_heads": 2, "ffn_dim": 32}.items()}  # fmt: skip
    tokenizer = tiny.t5_tokenizer(0)
    config = hf.BartConfig(
        vocab_size=len(tokenizer), d_model=16, max_position_embeddings=32, pad_token_id=0, bos_token_id=1,
        eos_token_id=1, decoder_start_token_id=1, forced_eos_token_id=None, **layers,
    )  # fmt: skip
    return lively(hf.BartForConditionalGeneration(config), 16.0), tokenizer


@pytest.fixture(params=["gpt", "t5", "bart"])
def pair(request):
    return request.getfixturevalue(request.param)


def batch(tokenizer, prompts):
    return pad(tokenizer, [{"input_ids": tokenizer(text)["input_ids"]} for text in prompts])


def written(pair, prompts, **settings):
    return generate(*pair, batch(pair[1], prompts), Generation(**settings))


def greedily(model, tokenizer, prompt, new_tokens):
    """The text of the likeliest next token, again and again."""
    tokens, _ = tokens_by_hand(model, tokenizer, prompt, new_tokens, {tokenizer.eos_token_id})
    return tokenizer.decode(tokens, skip_special_tokens=True)


@torch.no_grad()
def tokens_by_hand(model, tokenizer, prompt, new_tokens, ends):
    """The likeliest next tokens of one prompt, without padding or cache, and whether an end token came after them."""
    ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
    found = [model.config.decoder_start_token_id] if model.config.is_encoder_decoder else []
    start = len(found)
    for _ in range(new_tokens):
        if model.config.is_encoder_decoder:
            logits = model(input_ids=ids, decoder_input_ids=torch.tensor([found])).logits
        else:
            logits = model(torch.cat([ids, torch.tensor([found], dtype=torch.long)], dim=1)).logits
        token = int(logits[0, -1].argmax())
        if token in ends:
            return found[start:], True
        found.append(token)
    return found[start:], False


@pytest.mark.parametrize("length", LENGTHS)
def test_greedy_is_the_likeliest_token_again_and_again(pair, length):
    expected = [greedily(*pair, prompt, length) for prompt in PROMPTS]
    assert written(pair, PROMPTS, new_tokens=length) == expected
    assert length == 1 or len(set(expected)) > 1


def test_what_stands_beside_a_prompt_changes_nothing(pair):
    for settings in ({}, {"beams": 3}, {"sample": True, "seed": 3}):
        together = written(pair, PROMPTS, new_tokens=7, **settings)
        assert together == [written(pair, [prompt], new_tokens=7, **settings)[0] for prompt in PROMPTS]


def test_beams_are_those_of_transformers(pair):
    model, tokenizer = pair
    found = written(pair, PROMPTS, new_tokens=6, beams=3)
    for prompt, text in zip(PROMPTS, found, strict=True):
        ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
        expected = model.generate(ids, attention_mask=torch.ones_like(ids), num_beams=3, max_new_tokens=6)
        start = 0 if model.config.is_encoder_decoder else ids.shape[1]
        assert text == tokenizer.decode(expected[0, start:], skip_special_tokens=True)
    assert found != written(pair, PROMPTS, new_tokens=6)


# Drawing


def test_the_same_seed_gives_the_same_sample_and_another_seed_another(pair):
    def drawn(seed):
        return written(pair, PROMPTS, new_tokens=7, sample=True, temperature=3.0, seed=seed)

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_prompts_have_draws_of_their_own():
    """A model that gives every token the same chance would otherwise write the same after every prompt."""
    tokenizer = tiny.t5_tokenizer()
    tokenizer.bos_token = "</s>"
    config = hf.GPT2Config(vocab_size=len(tokenizer), n_embd=8, n_layer=1, n_head=1, eos_token_id=1, bos_token_id=1)
    model = hf.GPT2LMHeadModel(config).eval()
    torch.nn.init.zeros_(model.lm_head.weight)
    assert len(set(written((model, tokenizer), PROMPTS, new_tokens=12, sample=True))) == len(PROMPTS)


def test_the_global_random_states_are_untouched(pair):
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    written(pair, PROMPTS, new_tokens=3, sample=True)
    written(pair, PROMPTS, new_tokens=3)
    assert torch.equal(torch.get_rng_state(), before[0]) and random.getstate() == before[1]
    assert (np.random.get_state()[1] == before[2]).all()


def test_the_outer_seed_does_not_reach_the_draws(pair):
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        found.append(written(pair, PROMPTS, new_tokens=7, sample=True))
    assert found[0] == found[1]


@pytest.mark.parametrize("settings", [{"temperature": 1e-4}, {"top_p": 1e-6}])
def test_a_draw_without_choice_is_greedy(pair, settings):
    expected = written(pair, PROMPTS, new_tokens=6)
    assert written(pair, PROMPTS, new_tokens=6, sample=True, **settings) == expected


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (2.0, 0.6)])
def test_tokens_are_drawn_with_their_probability(gpt, temperature, top_p):
    model, tokenizer = gpt
    ids = tokenizer("the film was", return_tensors="pt")["input_ids"]
    with torch.no_grad():
        chances = (model(ids).logits[0, -1] / temperature).softmax(0).numpy().astype(float)
    kept = np.argsort(-chances)
    kept = kept[: int(np.searchsorted(np.cumsum(chances[kept]), top_p)) + 1]
    expected = np.zeros_like(chances)
    expected[kept] = chances[kept] / chances[kept].sum()
    draws = 200
    counts = np.zeros_like(expected)
    for seed in range(draws):
        how = {"sample": True, "temperature": temperature, "top_p": top_p, "seed": seed}
        text = written(gpt, ["the film was"], new_tokens=1, **how)
        counts[tokenizer.convert_tokens_to_ids(text[0]) if text[0] else 0] += 1  # the end token leaves no text
    assert counts[expected == 0].sum() == 0
    # Five standard deviations of a binomial count, and one draw for what is rarer than that.
    spread = np.sqrt(draws * expected * (1 - expected))
    assert (np.abs(counts - draws * expected) <= 5 * spread + 1).all()


# Ending


def test_new_tokens_are_the_most(pair):
    for length in LENGTHS:
        assert all(len(text.split()) <= length for text in written(pair, PROMPTS, new_tokens=length))
    assert max(len(text.split()) for text in written(pair, PROMPTS, new_tokens=7)) == 7


def without_end(pair):
    """A prompt and the words that follow it, of which the third is none of the first two."""
    for prompt, text in zip(MORE, written(pair, MORE, new_tokens=8), strict=True):
        words = text.split()
        if len(words) == 8 and words[2] not in words[:2]:
            return prompt, words
    raise AssertionError("no prompt of this model will do")


@pytest.mark.parametrize("name", ["gpt", "t5"])
@pytest.mark.parametrize("beams", [1, 2])
def test_a_stop_text_ends_it_and_is_cut_off(request, name, beams):
    pair = request.getfixturevalue(name)
    prompt, words = without_end(pair)
    forwards = []
    hook = pair[0].register_forward_hook(lambda *_: forwards.append(1))
    try:
        for stop, expected in [
            ((words[2],), words[:2]),
            ((" ".join(words[2:4]),), words[:2]),
            (("nowhere", words[2]), words[:2]),
            (("nowhere",), words),
        ]:
            forwards.clear()
            found = written(pair, [prompt], new_tokens=8, stop=stop)
            assert found == [" ".join(expected)]
            assert len(forwards) < 8 or expected is words  # the rest was not written
    finally:
        hook.remove()
    for text in written(pair, MORE, new_tokens=8, stop=(words[2],), beams=beams):
        assert words[2] not in text


def test_a_stop_text_of_one_prompt_does_not_end_the_others(gpt):
    _, words = without_end(gpt)
    stop = (words[2],)
    plain = written(gpt, MORE, new_tokens=8)
    expected = [text.split(words[2])[0].strip() for text in plain]
    assert written(gpt, MORE, new_tokens=8, stop=stop) == expected
    assert 0 < sum(found != text for found, text in zip(expected, plain, strict=True)) < len(plain)


def test_a_stop_text_in_the_prompt_ends_nothing(gpt):
    prompt, words = without_end(gpt)
    last = prompt.split()[-1]
    expected = " ".join(words).split(last)[0].strip()
    assert written(gpt, [prompt], new_tokens=8, stop=(last,)) == [expected] != [""]


def test_the_end_token_ends_it(gpt):
    model, tokenizer = gpt
    prompt, words = without_end(gpt)
    other = tokenizer.__class__(tokenizer_object=tokenizer.backend_tokenizer, eos_token=words[2], pad_token="the")
    assert written((model, other), [prompt], new_tokens=8)[0].split()[:2] == words[:2]
    assert len(written((model, other), [prompt], new_tokens=8)[0].split()) == 2


def test_an_end_token_of_the_model_ends_it_too(gpt, monkeypatch):
    """Models that chat often end a turn with another token than a text; some list both."""
    prompt, words = without_end(gpt)
    model, tokenizer = gpt
    monkeypatch.setattr(model.generation_config, "eos_token_id", [0, tokenizer.convert_tokens_to_ids(words[2])])
    assert written(gpt, [prompt], new_tokens=8)[0].split()[:3] == words[:3]
    assert len(written(gpt, [prompt], new_tokens=8)[0].split()) == 3  # it is no special token, so it is shown


def test_what_was_broken_off_is_told_from_what_ended(pair):
    """By the loop: an end token among those new tokens, or none. An end token at the start of a decoder is none."""
    model, tokenizer = pair
    prompt, words = without_end(pair)
    other = tokenizer.__class__(tokenizer_object=tokenizer.backend_tokenizer, eos_token=words[2], pad_token="the")
    seen = set()
    for reader in (tokenizer, other):
        for length in (1, 3, 8):
            found = write(model, reader, batch(reader, MORE), Generation(new_tokens=length))
            ends = {reader.eos_token_id, model.generation_config.eos_token_id}
            expected = [tokens_by_hand(model, reader, text, length, ends)[1] for text in MORE]
            assert [one.ended for one in found] == expected
            seen |= set(expected)
    assert seen == {True, False}
    for stop, ended in ((words[2], True), ("nowhere", False)):
        (found,) = write(model, tokenizer, batch(tokenizer, [prompt]), Generation(new_tokens=8, stop=(stop,)))
        assert found == (" ".join(words[:2] if ended else words), ended)


# The places of a decoder


def test_a_prompt_that_leaves_no_room_loses_its_beginning(gpt):
    model, tokenizer = gpt  # of 32 places
    long = " ".join(random.Random(0).choices(tiny.WORDS, k=60))
    for new, kept in ((20, 16), (10, 22), (1, 31)):
        expected = greedily(model, tokenizer, " ".join(long.split()[-kept:]), min(new, 16))
        assert written(gpt, ["it", long], new_tokens=new)[1] == expected
    assert written(gpt, ["it"], new_tokens=10) == [greedily(model, tokenizer, "it", 10)]


def test_a_model_without_numbered_places_reads_and_writes_as_much_as_it_likes(t5):
    long = " ".join(random.Random(0).choices(tiny.WORDS, k=60))
    assert written(t5, [long], new_tokens=50) == [greedily(*t5, long, 50)]


# Padding


def test_pad_fills_up_on_the_right(gpt):
    tokenizer = gpt[1]
    found = pad(tokenizer, [{"input_ids": [5, 6, 7], "labels": [IGNORED, 6]}, {"input_ids": [8], "labels": [8]}])
    assert {name: rows.tolist() for name, rows in found.items()} == {
        "input_ids": [[5, 6, 7], [8, 0, 0]],
        "attention_mask": [[1, 1, 1], [1, 0, 0]],
        "labels": [[IGNORED, 6], [8, IGNORED]],
    }
    assert all(rows.dtype == torch.int64 for rows in found.values())
    assert "labels" not in pad(tokenizer, [{"input_ids": [5]}])


def test_a_prompt_may_hold_the_token_that_it_is_padded_with(gpt):
    found = pad(gpt[1], [{"input_ids": [0, 5, 0]}, {"input_ids": [0]}])
    assert found["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]


def test_a_tokenizer_without_a_padding_token_takes_its_end_token(gpt):
    model, tokenizer = gpt
    bare = hf.PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer, eos_token="<|endoftext|>")
    assert bare.pad_token is None
    assert written((model, bare), PROMPTS, new_tokens=6) == written(gpt, PROMPTS, new_tokens=6)
    assert bare.pad_token == "<|endoftext|>"


def test_a_tokenizer_with_neither_is_a_clear_error(gpt):
    bare = hf.PreTrainedTokenizerFast(tokenizer_object=gpt[1].backend_tokenizer)
    with pytest.raises(ModelError, match="no end token"):
        with_padding(bare)


def test_generating_says_nothing(gpt, caplog, capfd):
    """Of a prompt that holds the padding token, transformers would say once that its mask is missing."""
    hf.utils.logging.warning_once.cache_clear()
    model, tokenizer = gpt
    generate(model, tokenizer, pad(tokenizer, [{"input_ids": [0, 5]}]), Generation(new_tokens=2))
    assert capfd.readouterr() == ("", "") and not caplog.records


# Settings


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"beams": 0}, "beams=0: expected a whole number"),
        ({"beams": 2.5}, "beams=2.5"),
        ({"beams": True}, "beams=True"),
        ({"new_tokens": 0}, "new_tokens=0"),
        ({"new_tokens": "8"}, "new_tokens='8'"),
        ({"sample": "yes"}, "sample='yes': expected True or False"),
        ({"temperature": 0}, "temperature=0: expected a number above 0"),
        ({"temperature": float("nan")}, "temperature=nan"),
        ({"temperature": float("inf")}, "temperature=inf"),
        ({"temperature": "1"}, "temperature='1'"),
        ({"top_p": 0}, "top_p=0"),
        ({"top_p": 1.1}, "top_p=1.1"),
        ({"top_p": None}, "top_p=None"),
        ({"stop": "end"}, "stop='end': expected texts in a list"),
        ({"stop": [""]}, r"stop=\[''\]"),
        ({"stop": [3]}, r"stop=\[3\]"),
        ({"stop": 3}, "stop=3"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": 1.5}, "seed=1.5"),
        ({"seed": 2**32}, "seed=4294967296"),
    ],
)
def test_bad_settings_are_named(settings, words):
    with pytest.raises(ConfigError, match=words) as caught:
        Generation(**settings)
    assert isinstance(caught.value, (FinetuneKitError, ValueError))


def test_settings_come_as_an_object_as_a_mapping_or_not_at_all():
    given = Generation(beams=2)
    assert Generation.of(given, new_tokens=9) is given
    assert Generation.of({"beams": 2}, beams=3, new_tokens=9) == Generation(beams=2, new_tokens=9)
    assert Generation.of(None, new_tokens=9) == Generation(new_tokens=9)
    assert Generation(stop=["a", "b"]).stop == ("a", "b")


def test_a_setting_that_is_none_and_what_is_no_setting():
    with pytest.raises(UnknownNameError, match="Did you mean 'beams'"):
        Generation.of({"beam": 2})
    with pytest.raises(ConfigError, match="expected a Generation or a mapping"):
        Generation.of("greedy")
