"""Tokenizers trained on a corpus: what they keep, how many pieces they have, and how finely they cut."""

import random
import string

import pytest
import transformers

from finetune_kit import vocabulary
from finetune_kit.errors import ConfigError, UnknownNameError

KINDS = ["bert", "gpt2", "t5"]


def made_words(count, seed=0):
    draw = random.Random(seed)
    return ["".join(draw.choices(string.ascii_lowercase, k=draw.randint(2, 9))) for _ in range(count)]


@pytest.fixture(scope="module")
def texts():
    """Lower-case words, the commoner ones far commoner."""
    draw, words = random.Random(1), made_words(400)
    shares = [1 / (rank + 1) for rank in range(len(words))]
    return [" ".join(draw.choices(words, shares, k=12)) + "." for _ in range(1500)]


@pytest.fixture(scope="module")
def tokenizers(texts):
    return {kind: vocabulary.train(kind, iter(texts), 500) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_it_has_as_many_pieces_as_asked_special_ones_included(tokenizers, kind):
    processor = tokenizers[kind]
    assert len(processor) == 500
    assert sorted(processor.get_vocab().values()) == list(range(500))


@pytest.mark.parametrize("kind", KINDS)
def test_texts_come_back_from_their_pieces(tokenizers, texts, kind):
    processor = tokenizers[kind]
    for text in texts[:50]:
        back = processor.decode(processor(text, add_special_tokens=False).input_ids, skip_special_tokens=True)
        assert back.replace(" .", ".") == text  # WordPiece keeps no white space before a full stop


def test_byte_level_pieces_give_back_any_text(tokenizers):
    processor = tokenizers["gpt2"]
    for text in ("Ünïcödé — “quotes” 漢字 🎈", "  two  spaces\n\ttab", "don't , stop ."):
        assert processor.decode(processor(text).input_ids) == text
    assert processor("a b").input_ids == processor("a b", add_special_tokens=False).input_ids


def test_bert_is_lower_cased_and_put_between_its_marks(tokenizers):
    processor = tokenizers["bert"]
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert processor.convert_tokens_to_ids(names) == [0, 1, 2, 3, 4]
    assert [getattr(processor, f"{n}_token") for n in ("pad", "unk", "cls", "sep", "mask")] == names
    assert processor("ÀB c").input_ids == processor("ab C").input_ids
    assert processor("a", "b").input_ids == [2, *processor.convert_tokens_to_ids(["a"]), 3,
                                             *processor.convert_tokens_to_ids(["b"]), 3]  # fmt: skip
    assert processor("a", "b").token_type_ids == [0, 0, 0, 1, 1]
    assert processor("a [MASK] b").input_ids[2] == 4
    assert processor("漢").input_ids == [2, 1, 3]


def test_gpt2_begins_and_ends_with_one_mark(tokenizers):
    processor = tokenizers["gpt2"]
    assert {processor.bos_token_id, processor.eos_token_id, processor.pad_token_id} == {0}
    assert processor.convert_ids_to_tokens(0) == "<|endoftext|>"
    assert processor("a<|endoftext|>").input_ids[-1] == 0


def test_t5_ends_a_text_and_has_its_sentinels_at_the_end(tokenizers):
    processor = tokenizers["t5"]
    assert processor.convert_tokens_to_ids(["<pad>", "</s>", "<unk>"]) == [0, 1, 2]
    assert processor("a b").input_ids[-1] == processor.eos_token_id == 1
    ids = processor.convert_tokens_to_ids([f"<extra_id_{i}>" for i in range(vocabulary.SENTINELS)])
    assert ids == list(range(400, 500))
    assert ids[7] in processor("a <extra_id_7> b").input_ids
    assert "<extra_id_7>" not in processor.decode(processor("a <extra_id_7> b").input_ids, skip_special_tokens=True)


def test_t5_parts_words_from_marks_and_from_what_is_elided_before_them():
    texts = ["L'homme a dit qu'il n'aime pas Lyon ! \"He said it wasn't, he'd said.\""] * 50
    processor = vocabulary.train("t5", iter(texts), 166)  # as many as these words allow
    cut = processor.tokenize(texts[0])
    assert cut == ["▁L'", "homme", "▁a", "▁dit", "▁qu'", "il", "▁n'", "aime", "▁pas", "▁Lyon", "▁!",
                   '▁"', "He", "▁said", "▁it", "▁wasn't", ",", "▁he'd", "▁said", ".", '"']  # fmt: skip
    assert processor.decode(processor(texts[0]).input_ids, skip_special_tokens=True) == texts[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_tokenizer_cuts_and_joins_alike(tokenizers, texts, tmp_path, kind):
    processor = tokenizers[kind]
    processor.save_pretrained(tmp_path)
    samples = [*texts[:50], "Ünïcödé, 漢字 and <extra_id_3> [MASK] <|endoftext|>!", ""]
    for loaded in (transformers.AutoTokenizer.from_pretrained(tmp_path),
                   transformers.AutoProcessor.from_pretrained(tmp_path)):  # fmt: skip
        assert loaded(samples).input_ids == processor(samples).input_ids
        assert loaded.get_vocab() == processor.get_vocab()
        assert loaded.special_tokens_map == processor.special_tokens_map
        ids = processor(samples[0]).input_ids
        assert loaded.decode(ids, skip_special_tokens=True) == processor.decode(ids, skip_special_tokens=True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_texts_give_the_same_ids(tokenizers, texts, kind):
    # A pretraining that stopped before its first step trains its tokenizer once more.
    assert vocabulary.train(kind, iter(texts), 500).get_vocab() == tokenizers[kind].get_vocab()


@pytest.mark.parametrize("kind", KINDS)
def test_more_pieces_than_the_corpus_allows_is_an_error_that_names_how_many_it_does(kind):
    corpus = ["the cat sat on the mat", "the dog sat on the log"] * 5
    with pytest.raises(ConfigError, match=r"vocabulary=3000: expected at most [\d,]+ pieces") as caught:
        vocabulary.train(kind, iter(corpus), 3000)
    most = int(str(caught.value).split("at most ")[1].split(" pieces")[0].replace(",", ""))
    assert len(vocabulary.train(kind, iter(corpus), most)) == most


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [100, 103, 110, 130, 200])
def test_fewer_pieces_than_the_kind_needs_is_an_error_or_what_was_asked(texts, kind, size):
    try:
        made = vocabulary.train(kind, iter(texts), size)
    except ConfigError as error:
        assert f"vocabulary={size}" in str(error) and "expected" in str(error)
    else:
        assert len(made) == size


def test_a_kind_without_a_maker_is_named_with_what_to_do():
    with pytest.raises(UnknownNameError, match=r"'distilbert'.*vocabulary=None"):
        vocabulary.train("distilbert", iter(["a"]), 100)


def test_fertility_is_pieces_a_word():
    from toys import tokenizer

    processor = tokenizer()  # whole words: as many pieces as words, and one more for each mark that stands alone
    assert vocabulary.fertility(processor, ["the film was good", "a meal"]) == 1.0
    assert vocabulary.fertility(processor, ["good!", "bad"]) == 3 / 2
    assert vocabulary.fertility(processor, []) == 0.0


def test_fertility_falls_as_the_vocabulary_grows(texts):
    found = [vocabulary.fertility(vocabulary.train("bert", iter(texts), n), texts[:100]) for n in (100, 200, 400)]
    assert found == sorted(found, reverse=True) and found[0] > found[-1] + 0.2 and found[-1] >= 1


def test_words_are_those_that_word_pieces_are_cut_from():
    assert vocabulary.words("The café's, open-air!") == ["the", "cafe", "'", "s", ",", "open", "-", "air", "!"]


def test_whole_words_are_added_in_order_until_the_size_is_reached():
    texts = ["the film was good, the meal was bad"] * 20
    made = vocabulary.train("bert", iter(texts), 45)
    larger = vocabulary.with_words(made, ["the", "harbour", "lighthouse", "never"], 47)
    assert len(larger) == 47 and larger.tokenize("Harbour lighthouse") == ["harbour", "lighthouse"]
    assert larger.tokenize("the film was never") == [*made.tokenize("the film was"), *made.tokenize("never")]
    assert larger("the film")["input_ids"] == made("the film")["input_ids"]
    assert larger.decode(larger("harbour film")["input_ids"]) == "[CLS] harbour film [SEP]"


def test_too_few_words_for_the_size_is_an_error():
    made = vocabulary.train("bert", iter(["the film was good, the meal was bad"] * 20), 45)
    with pytest.raises(ConfigError, match="size=70: expected 46"):
        vocabulary.with_words(made, ["harbour"], 70)
