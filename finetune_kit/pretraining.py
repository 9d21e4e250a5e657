"""Pretraining a small masked-word model: tokenizer, counted word vectors, masked words.

The recipe first counts and then predicts. Word vectors that are a factorised table of
positive pointwise mutual information (Levy and Goldberg 2014, "Neural Word Embedding as
Implicit Matrix Factorization") become the embedding layer, and masked-word training
(Devlin et al. 2019, "BERT") starts from there, past the plateau on which it otherwise
spends most of a small budget.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
import transformers
from torch.nn import functional as F

from .config import PretrainingRecipe, Stage
from .errors import DataError

SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# Tokenised WikiText writes hyphens and separators inside numbers as " @-@ ", " @,@ ", " @.@ ".
WIKITEXT_MARKS = {" @-@ ": "-", " @,@ ": ",", " @.@ ": ".", "<unk>": "[UNK]"}


def read_corpus(folder: str | Path) -> Iterator[tuple[str, str]]:
    """Yield (source, paragraph) for every row of the parquet files in `folder`.

    The source is the row's title or article, by which whole works are held out.
    Raises DataError when the folder holds no parquet file with a `text` column.
    """
    files = sorted(Path(folder).glob("*.parquet"))
    if not files:
        raise DataError(f"No parquet file in {folder}; a corpus folder holds parquet files with a 'text' column.")
    for file in files:
        names = pq.read_schema(file).names
        source = next((n for n in ("title", "article") if n in names), None)
        if "text" not in names or source is None:
            raise DataError(f"{file} has the columns {names}; expected 'text' and one of 'title' and 'article'.")
        for batch in pq.ParquetFile(file).iter_batches(columns=[source, "text"]):
            for title, text in zip(batch[source].to_pylist(), batch["text"].to_pylist(), strict=True):
                for mark, plain in WIKITEXT_MARKS.items():
                    text = text.replace(mark, plain)
                yield title or "", text


def held_out(source: str, share: float) -> bool:
    """Whether a whole work belongs to the held-out split: a stable hash of its title decides."""
    return int(hashlib.sha256(source.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF < share


def train_tokenizer(texts: Iterator[str], vocabulary: int) -> transformers.PreTrainedTokenizerFast:
    """Train a lower-casing WordPiece tokenizer (Wu et al. 2016) with BERT's special tokens."""
    from tokenizers import BertWordPieceTokenizer

    pieces = BertWordPieceTokenizer(lowercase=True)
    pieces.train_from_iterator(
        texts, vocab_size=vocabulary, limit_alphabet=200, special_tokens=SPECIAL_TOKENS, show_progress=False
    )
    return transformers.BertTokenizerFast(tokenizer_object=pieces._tokenizer, do_lower_case=True)


def encode_corpus(folder: str | Path, tokenizer: transformers.PreTrainedTokenizerFast, share: float, out: Path) -> None:
    """Write the corpus as two flat token files, `train.npy` and `validation.npy` (uint16)."""
    streams: dict[str, list[np.ndarray]] = {"train": [], "validation": []}
    pending: dict[str, list[str]] = {"train": [], "validation": []}

    def flush(split: str) -> None:
        encoded = tokenizer.backend_tokenizer.encode_batch_fast(pending[split], add_special_tokens=False)
        streams[split] += [np.asarray(e.ids, dtype=np.uint16) for e in encoded]
        pending[split].clear()

    for source, text in read_corpus(folder):
        split = "validation" if held_out(source, share) else "train"
        pending[split].append(text)
        if len(pending[split]) == 10_000:
            flush(split)
    for split in streams:
        flush(split)
        if not streams[split]:
            raise DataError(
                f"The corpus leaves nothing for {split}: whole works are held out, {share:.0%} of them. "
                "Add works, or change held_out_share in the recipe."
            )
        np.save(out / f"{split}.npy", np.concatenate(streams[split]))


def count_word_vectors(tokens: np.ndarray, vocabulary: int, width: int, window: int = 5, seed: int = 0) -> np.ndarray:
    """Word vectors by counting: (vocabulary, width) float32 with a standard deviation of 0.05.

    Co-occurrences within `window` tokens, nearer ones weighing more (1/distance); context
    counts smoothed by the power 0.75; positive pointwise mutual information; randomised
    SVD, its first component (word frequency) dropped, scaled by the square roots of the
    singular values. Levy, Goldberg and Dagan 2015, "Improving Distributional Similarity".
    """
    from scipy import sparse
    from sklearn.utils.extmath import randomized_svd

    counts = np.zeros(vocabulary * vocabulary, dtype=np.float32)
    for start in range(0, len(tokens), 5_000_000):
        chunk = tokens[start : start + 5_000_000].astype(np.int64)
        for distance in range(1, window + 1):
            pairs = chunk[:-distance] * vocabulary + chunk[distance:]
            counts += np.bincount(pairs, minlength=len(counts)).astype(np.float32) / distance
    table = sparse.csr_matrix(counts.reshape(vocabulary, vocabulary))
    del counts
    table = (table + table.T).tocoo()
    word = np.asarray(table.sum(axis=1)).ravel()
    context = word**0.75
    pmi = np.log(table.data * context.sum() / (word[table.row] * context[table.col]))
    positive = pmi > 0
    ppmi = sparse.csr_matrix((pmi[positive], (table.row[positive], table.col[positive])), shape=table.shape)
    u, s, _ = randomized_svd(ppmi, n_components=width + 1, n_iter=4, random_state=seed)
    vectors = u[:, 1:] * np.sqrt(s[1:])
    return (vectors * (0.05 / vectors.std())).astype(np.float32)


class TokenBlocks(torch.utils.data.Dataset):
    """A flat token stream cut into `[CLS] ... [SEP]` blocks of one length, as int64 tensors."""

    def __init__(self, tokens: np.ndarray, length: int, cls: int, sep: int):
        inner = length - 2
        self.tokens = tokens[: len(tokens) // inner * inner].reshape(-1, inner)
        self.cls, self.sep = cls, sep
        self.special = torch.tensor([1] + [0] * inner + [1])

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        ids = np.concatenate([[self.cls], self.tokens[index], [self.sep]]).astype(np.int64)
        return {"input_ids": torch.from_numpy(ids), "special_tokens_mask": self.special}


class MaskedWordTrainer(transformers.Trainer):
    """Computes the vocabulary's logits at the masked positions alone, a third of the work saved."""

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **kwargs: Any) -> Any:
        """Cross-entropy over the masked positions, in nats a word piece."""
        labels = inputs["labels"]
        masked = labels != -100  # (batch, length)
        # Trainer's mixed precision wraps `model.forward`, which this does not call.
        with self.accelerator.autocast():
            hidden = model.bert(input_ids=inputs["input_ids"]).last_hidden_state  # (batch, length, width)
            logits = model.cls(hidden[masked])  # (masked, vocabulary)
        loss = F.cross_entropy(logits.float(), labels[masked])
        return (loss, {"loss": loss}) if return_outputs else loss


def build(recipe: PretrainingRecipe, tokenizer: Any, tokens: np.ndarray) -> transformers.BertForMaskedLM:
    """A BERT of the recipe's shape whose embeddings are counted and whose output bias is log frequency."""
    transformers.set_seed(recipe.seed)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.width,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        intermediate_size=recipe.inner_width,
        max_position_embeddings=recipe.positions,
        pad_token_id=tokenizer.pad_token_id,
        # Each sentence is seen once, so there is nothing to overfit, and dropout costs a fifth of the time.
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = transformers.BertForMaskedLM(config)
    vectors = count_word_vectors(tokens[: recipe.counted_tokens], len(tokenizer), recipe.width, seed=recipe.seed)
    frequency = np.bincount(tokens, minlength=len(tokenizer)) + 1.0
    with torch.no_grad():
        model.bert.embeddings.word_embeddings.weight.copy_(torch.from_numpy(vectors))
        model.cls.predictions.bias.copy_(torch.from_numpy(np.log(frequency / frequency.sum())))
    return model


def train_stage(
    model: Any, tokenizer: Any, tokens: dict[str, np.ndarray], stage: Stage, recipe: PretrainingRecipe, out: Path
) -> dict[str, float]:
    """Train `model` in place for one stage, resuming from the stage's last checkpoint; its validation scores."""
    cls, sep = tokenizer.cls_token_id, tokenizer.sep_token_id
    args = transformers.TrainingArguments(
        output_dir=str(out),
        max_steps=stage.steps,
        per_device_train_batch_size=stage.batch_size,
        per_device_eval_batch_size=stage.batch_size,
        learning_rate=stage.learning_rate,
        lr_scheduler_type=stage.schedule,
        warmup_steps=stage.warmup_steps,
        adam_beta2=0.98,
        weight_decay=0.05,
        bf16=True,
        use_cpu=not torch.cuda.is_available(),
        eval_strategy="steps",
        eval_steps=500,
        save_steps=250,
        save_total_limit=1,
        logging_steps=50,
        seed=recipe.seed,
        remove_unused_columns=False,
        prediction_loss_only=True,
        report_to="none",
    )
    trainer = MaskedWordTrainer(
        model,
        args,
        train_dataset=TokenBlocks(tokens["train"], stage.length, cls, sep),
        eval_dataset=TokenBlocks(tokens["validation"][: 1000 * (stage.length - 2)], stage.length, cls, sep),
        data_collator=transformers.DataCollatorForLanguageModeling(tokenizer, mlm_probability=recipe.masked_share),
    )
    trainer.train(resume_from_checkpoint=bool(list(out.glob("checkpoint-*"))))
    transformers.set_seed(recipe.seed)  # the same words masked at every stage's end
    loss = trainer.evaluate()["eval_loss"]
    (out / "log.json").write_text(json.dumps(trainer.state.log_history))
    return {"validation_loss": loss, "validation_perplexity": math.exp(loss)}


def pretrain(recipe: PretrainingRecipe, corpus: str | Path, out: str | Path) -> Path:
    """Run the recipe on a folder of parquet files; resumes where an earlier call stopped.

    Leaves tokenizer, token files, checkpoints and, at `out/model`, the finished
    `from_pretrained` folder in half precision.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "tokenizer").exists():
        every_third = (text for i, (_, text) in enumerate(read_corpus(corpus)) if i % 3 == 0)
        train_tokenizer(every_third, recipe.vocabulary).save_pretrained(out / "tokenizer")
    tokenizer = transformers.AutoTokenizer.from_pretrained(out / "tokenizer")
    if not (out / "validation.npy").exists():
        encode_corpus(corpus, tokenizer, recipe.held_out_share, out)
    tokens = {split: np.load(out / f"{split}.npy", mmap_mode="r") for split in ("train", "validation")}
    if not (out / "start").exists():
        build(recipe, tokenizer, tokens["train"]).save_pretrained(out / "start")
    latest = out / "start"
    for number, stage in enumerate(recipe.stages, 1):
        finished = out / f"stage-{number}-done"
        if not finished.exists():
            attention = "sdpa" if torch.cuda.is_available() else "eager"
            model = transformers.BertForMaskedLM.from_pretrained(latest, attn_implementation=attention)
            scores = train_stage(model, tokenizer, tokens, stage, recipe, out / f"stage-{number}")
            model.save_pretrained(finished)
            (finished / "scores.json").write_text(json.dumps(scores))
        latest = finished
    model = transformers.BertForMaskedLM.from_pretrained(latest, dtype=torch.float16)
    model.save_pretrained(out / "model")
    tokenizer.save_pretrained(out / "model")
    return out / "model"
