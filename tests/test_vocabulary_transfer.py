"""Another tokenizer's pieces in a pretrained model: what both know stays, the rest follows the teacher."""

import numpy as np
import pytest
import torch
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from finetune_kit import vocabulary_transfer
from finetune_kit.errors import ModelError

MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = "abcdefghij"
WIDTH = 16


def word(number):
    """A word of four letters for a number below 10,000."""
    return "".join(LETTERS[int(digit)] for digit in f"{number:04}")


def tokenizer(words):
    pieces = {piece: number for number, piece in enumerate([*MARKS, *words])}
    made = Tokenizer(models.WordPiece(pieces, unk_token="[UNK]"))
    made.normalizer, made.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 2), ("[SEP]", 3)])
    return transformers.BertTokenizerFast(tokenizer_object=made)


@pytest.fixture
def exchanged():
    """A BERT whose word vectors are a linear map of a teacher's; its pieces, and others of which half are the same."""
    draw = np.random.default_rng(0)
    old, new = tokenizer([word(n) for n in range(300)]), tokenizer([word(n) for n in range(499, 149, -1)])
    teacher = draw.normal(size=(500, 12)).astype(np.float32)
    teacher /= np.linalg.norm(teacher, axis=1, keepdims=True)
    mapped = teacher @ draw.normal(size=(12, WIDTH)).astype(np.float32) + 0.3
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(old), hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=16,
    )  # fmt: skip
    model = transformers.BertForMaskedLM(config).eval()
    with torch.no_grad():
        model.get_input_embeddings().weight[5:] = torch.from_numpy(mapped[:300])
        model.cls.predictions.bias.copy_(torch.linspace(-1, -8, len(old)))
    taught = np.zeros((len(new), 12), np.float32)
    taught[5:] = teacher[499:149:-1]
    # Of the pieces of both, those with a higher bias occur more often.
    counts = {number: 1000 // (n + 1) for n in range(500) if (number := new.get_vocab().get(word(n))) is not None}
    tokens = np.repeat(list(counts), list(counts.values()))
    return model, old, new, taught, tokens, mapped


def shares(model, processor, text):
    with torch.no_grad():
        return model(**processor(text, return_tensors="pt")).logits[0].double()


def test_what_both_know_is_read_and_guessed_as_before(exchanged):
    model, old, new, taught, tokens, _ = exchanged
    text = " ".join(word(n) for n in (150, 222, 299, 180))
    before = shares(model, old, text)
    vocabulary_transfer.transfer(model, old, new, taught, tokens)
    after = shares(model, new, text)
    assert model.config.vocab_size == len(new) == after.shape[1]
    both = [(old.get_vocab()[word(n)], new.get_vocab()[word(n)]) for n in range(150, 300)]
    both += [(number, number) for number in range(5)]
    torch.testing.assert_close(after[:, [n for _, n in both]], before[:, [o for o, _ in both]])
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight


def test_a_new_word_stands_where_its_teacher_says(exchanged):
    model, old, new, taught, tokens, mapped = exchanged
    vocabulary_transfer.transfer(model, old, new, taught, tokens)
    made = model.get_input_embeddings().weight.detach().numpy()[[new.get_vocab()[word(n)] for n in range(300, 500)]]
    truth = mapped[300:] - mapped[150:300].mean(0)
    found = made - mapped[150:300].mean(0)
    cosines = (truth * found).sum(1) / np.linalg.norm(truth, axis=1) / np.linalg.norm(found, axis=1)
    assert cosines.mean() > 0.97
    assert np.linalg.norm(found, axis=1).mean() == pytest.approx(np.linalg.norm(truth, axis=1).mean(), rel=0.1)


def test_the_bias_of_a_new_word_follows_its_frequency(exchanged):
    model, old, new, taught, tokens, _ = exchanged
    vocabulary_transfer.transfer(model, old, new, taught, tokens)
    bias = model.get_output_embeddings().bias.detach()
    frequent, rare = (new.get_vocab()[word(n)] for n in (300, 499))
    assert bias[frequent] > bias[rare] and bias[new.get_vocab()[word(150)]] > bias[frequent]


def test_tokenizers_that_share_few_words_are_refused(exchanged):
    model, old, _, taught, tokens, _ = exchanged
    other = tokenizer([word(n) for n in range(260, 610)])
    with pytest.raises(ModelError, match=r"shares 40 words .* expected 50 or more"):
        vocabulary_transfer.transfer(model, old, other, taught, tokens)
