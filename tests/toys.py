"""Toy models of a few thousand random weights, one a family, each in under a second; and a toy tokenizer."""

import torch
import transformers as hf
from tokenizers import Tokenizer, models, pre_tokenizers, processors

ENCODER = {
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 32,
}
SPECIALS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
WORDS = ["a", "bad", "dull", "film", "good", "loved", "it", "meal", "slow", "the", "was"]


def bert(**settings):
    return hf.BertForSequenceClassification(hf.BertConfig(**ENCODER, **settings))


def distilbert():
    shape = {"dim": 16, "n_layers": 3, "n_heads": 2, "hidden_dim": 32}
    return hf.DistilBertForSequenceClassification(
        hf.DistilBertConfig(vocab_size=50, max_position_embeddings=32, **shape)
    )


def modernbert():
    return hf.ModernBertForSequenceClassification(
        hf.ModernBertConfig(**ENCODER, **SPECIALS, cls_token_id=1, sep_token_id=2)
    )


def gpt2():
    shape = {"vocab_size": 50, "n_embd": 16, "n_layer": 3, "n_head": 2, "n_positions": 32}
    return hf.GPT2ForSequenceClassification(hf.GPT2Config(**shape, **SPECIALS))


def t5():
    shape = {"vocab_size": 50, "d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}
    return hf.T5ForConditionalGeneration(hf.T5Config(**shape, decoder_start_token_id=0))


def resnet(depths=(1, 1, 2, 1)):
    return hf.ResNetForImageClassification(
        hf.ResNetConfig(embedding_size=8, hidden_sizes=[8, 8, 16, 16][: len(depths)], depths=list(depths))
    )


def wav2vec2():
    convolutions = {"conv_dim": (8, 8, 8), "conv_stride": (5, 2, 2), "conv_kernel": (10, 3, 3)}
    positions = {"num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2}
    shape = {name: ENCODER[name] for name in ENCODER if name != "max_position_embeddings"}
    return hf.Wav2Vec2ForSequenceClassification(
        hf.Wav2Vec2Config(**shape, **convolutions, **positions, num_feat_extract_layers=3)
    )


def vit():
    shape = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
    return hf.ViTForImageClassification(hf.ViTConfig(**shape, image_size=16, patch_size=8))


def tokenizer():
    """Whole words: [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, and then WORDS in order."""
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    raw = Tokenizer(models.WordLevel({word: i for i, word in enumerate([*specials, *WORDS])}, unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    raw.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token"), specials, strict=True))
    return hf.PreTrainedTokenizerFast(tokenizer_object=raw, **names)


def token_ids(rows=2, length=6, seed=0):
    return torch.randint(3, 50, (rows, length), generator=torch.Generator().manual_seed(seed))
