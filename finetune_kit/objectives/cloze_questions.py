"""Cloze questions: a sentence of a passage becomes a question on the passage, the words cut from it the answer.

Lewis, Denoyer and Riedel 2019, "Unsupervised Question Answering by Cloze Translation": answers are drawn from the
passage, the sentence around each becomes a cloze, and noise (words left out, a question word for the gap) makes it
read more like a question. The model marks where in the passage the answer stands.
"""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from .. import heads
from ..config import require_number, require_share
from ..corpora import Material
from ..errors import DataError
from ..synthetic import facts
from ..synthetic.facts import Asked
from .base import VALIDATION, Batch
from .masked_words import MaskedWords, last_hidden, words_loss

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
PAUSE = re.compile(r"[^\w\s'’-]")
SENTENCE = re.compile(r"(?<=[.!?;])[\"')\]’”]*\s+")
LONGEST_ANSWER = 4  # words
COMMON = 150  # words of the corpus that occur most: an answer neither begins nor ends with one
SAMPLED = 20_000  # paragraphs in which these are counted
SENTENCE_WORDS = 5, 40  # the shortest and the longest sentence that becomes a question
HELD_OUT = 1_000  # questions that measure
ENDS = ("start_positions", "end_positions")
CUTS = 2  # questions that one passage gives at most


class ClozeQuestions(MaskedWords):
    """The start and the end of the answer, each among all tokens, and masked words beside it; [CLS] is no answer.

    questions: how many to learn from, spread over the corpus. no_answer_share: how many are
    asked of another passage. question_word_share: how many begin with a question word (who, when,
    how many, what) in place of a mask in the gap. kept_share: of the sentence's other words that
    stay in the question. facts_share: how many are whole questions on passages made of facts
    (`synthetic.facts`) in place of these. sentences: how many of each passage are left, those with the answer
    among them, or None for all: a model learns to look for the answer sooner where there is less to look at.
    masked_share: of all words, hidden in question and passage. The two outputs that mark start and end are saved
    with the model, under the name that a BERT's question answering reads.
    """

    labels = ("labels", "start_positions", "end_positions")
    by_length = True

    def __init__(
        self,
        questions: int = 40_000,
        no_answer_share: float = 0.15,
        question_word_share: float = 0.7,
        kept_share: float = 0.7,
        facts_share: float = 0.0,
        sentences: int | None = None,
        masked_share: float = 0.15,
    ):
        super().__init__(masked_share)
        require_number("questions", questions, int, 1, "a whole number, 1 or more")
        require_share("no_answer_share", no_answer_share)
        require_share("question_word_share", question_word_share)
        require_share("kept_share", kept_share)
        require_share("facts_share", facts_share)
        self.questions, self.no_answer_share = questions, no_answer_share
        self.question_word_share, self.kept_share = question_word_share, kept_share
        if sentences is not None:
            require_number("sentences", sentences, int, 1, "a whole number, 1 or more, or None for all")
        self.facts_share, self.sentences = facts_share, sentences

    def examples(self, split: str, length: int, material: Material) -> AskedPassages:
        return AskedPassages(self.asked(split, length, material), material.processor, length)

    def asked(self, split: str, length: int, material: Material) -> list[Asked]:
        """The questions of a split, shuffled, each with its passage; `length` bounds the passages of the corpus."""
        wanted = self.questions if split == "train" else HELD_OUT
        seed = material.seed + (VALIDATION if split == "validation" else 0)
        draw, of_facts = random.Random(seed), round(self.facts_share * wanted)
        found: list[Asked] = [*facts.make(of_facts, seed)] if of_facts else []
        found += self._of_the_corpus(split, length, material, wanted - of_facts, draw) if of_facts < wanted else []
        found = [cropped(asked, self.sentences, draw) for asked in found]
        draw.shuffle(found)
        return found

    def _of_the_corpus(
        self, split: str, length: int, material: Material, wanted: int, draw: random.Random
    ) -> list[Asked]:
        passages = list(self._passages(split, length, material))
        draw.shuffle(passages)
        asked = self._ask(passages, common_words(material), material.processor, draw)
        found = list(itertools.islice(asked, wanted))
        if not found:
            raise DataError(
                f"The {split} part of the corpus has no sentence of {SENTENCE_WORDS[0]} to {SENTENCE_WORDS[1]} words "
                "to ask about; take a larger corpus."
            )
        return found

    def _passages(self, split: str, length: int, material: Material) -> Iterator[str]:
        """Paragraphs of a work, joined until they fill a sequence, with some tokens to spare for the question."""
        enough, most = int(0.4 * length), int(0.6 * length)  # words: a piece is three quarters of one
        held, of = "", None
        for work, text in material.passages(split):
            if work != of or held.count(" ") >= enough:
                yield held
                held, of = "", work
            held = " ".join(f"{held} {text}".split()[:most])
        yield held

    def _ask(self, passages: list[str], common: set[str], processor: Any, draw: random.Random) -> Iterator[Asked]:
        for number, passage in enumerate(passages):
            for sentence, span, place in answers(passage, common, draw)[:CUTS]:
                asked = self._question(sentence, span, processor.mask_token, draw)
                other = passages[number - 1]
                elsewhere = draw.random() < self.no_answer_share
                if elsewhere and sentence[slice(*span)].lower() not in other.lower():
                    yield Asked(asked, other, None)
                else:
                    yield Asked(asked, passage, place)

    def _question(self, sentence: str, span: tuple[int, int], mask: str, draw: random.Random) -> str:
        """The sentence without the span and without some of its words, which each side keeps in their order."""
        start, end = span
        rests = sentence[:start].split(), sentence[end:].split()
        before, after = ([word for word in rest if draw.random() < self.kept_share] for rest in rests)
        if draw.random() < self.question_word_share:
            begins = not WORD.search(sentence, 0, start)
            words = [question_word(sentence[start:end], begins), *before, *after]
        else:
            words = [*before, mask, *after]
        return " ".join(words).rstrip(" .,;:!?") + "?"

    def collator(self, processor: Any) -> Any:
        mask = super().collator(processor)

        def collate(examples: list[dict[str, Any]]) -> Batch:
            ends = {name: torch.tensor([example[name] for example in examples]) for name in ENDS}
            return {**mask([{k: v for k, v in e.items() if k not in ENDS} for e in examples]), **ends}

        return collate

    def equip(self, model: Any) -> None:
        """Put the two outputs of start and end on a model that has none."""
        if not hasattr(model, "qa_outputs"):
            heads.add_qa_outputs(model)

    def loss(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, Any]:
        """Cross-entropy of the masked words plus the mean of those of start and end, in nats."""
        hidden = last_hidden(model, inputs)
        words, _ = words_loss(model, hidden, inputs["labels"])
        # ModernBERT's question answering reads its word head's dense layer, BERT's the hidden states themselves.
        states = model.head(hidden) if model.config.model_type == "modernbert" else hidden
        scores = model.qa_outputs(states).float().masked_fill(inputs["attention_mask"].unsqueeze(-1) == 0, -1e4)
        truth = torch.stack([inputs[name] for name in ENDS], dim=1)  # (batch, 2)
        loss = words + F.cross_entropy(scores, truth)  # scores: (batch, length, 2)
        hits = (scores.argmax(dim=1) == truth).all(dim=1).long()
        return loss, {"loss": loss} if model.training else {"loss": loss, "hits": hits}

    def measure(self, outputs: np.ndarray, labels: Any) -> dict[str, float]:
        """The share of questions with both ends right."""
        return {"answers": float(outputs.mean())}

    def read(self, loss: float) -> dict[str, float]:
        return {}  # a sum of two losses is no perplexity


class AskedPassages(torch.utils.data.Dataset[dict[str, Any]]):
    """Questions with passages as a BERT kind reads them, `length` tokens at most, and the answers' places in tokens.

    Where the answer lies beyond what fits, both are the place of [CLS].
    """

    def __init__(self, questions: Sequence[Asked], processor: Any, length: int):
        asked, contexts = [one.question for one in questions], [one.context for one in questions]
        self.encoded = processor(asked, contexts, truncation=True, max_length=length)
        self.places = [self._place(number, one, processor) for number, one in enumerate(questions)]

    def _place(self, number: int, question: Asked, processor: Any) -> tuple[int, int]:
        mark = self.encoded["input_ids"][number].index(processor.cls_token_id)
        if question.span is None:
            return mark, mark
        first, last = question.span[0], question.span[1] - 1
        ends = [self.encoded.char_to_token(number, place, sequence_index=1) for place in (first, last)]
        return (mark, mark) if None in ends else (ends[0], ends[1])

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> dict[str, Any]:
        start, end = self.places[index]
        row = {name: values[index] for name, values in self.encoded.items()}
        return {**row, "start_positions": start, "end_positions": end}


def cropped(asked: Asked, sentences: int | None, draw: random.Random) -> Asked:
    """The question on so many sentences in a row of its passage, drawn from those that hold the whole answer.

    None leaves the passage whole, and draws nothing.
    """
    if sentences is None:
        return asked
    breaks = [match.end() for match in SENTENCE.finditer(asked.context)]
    starts, ends = [0, *breaks], [*breaks, len(asked.context)]
    if asked.span is None:
        size, lowest, highest = sentences, 0, len(starts) - sentences
    else:
        first, last = (sum(start <= place for start in starts) - 1 for place in (asked.span[0], asked.span[1] - 1))
        size = max(sentences, last - first + 1)
        lowest, highest = max(0, last - size + 1), min(first, len(starts) - size)
    begin = draw.randint(lowest, max(lowest, highest))
    left, right = starts[begin], ends[min(begin + size, len(ends)) - 1]
    span = asked.span and (asked.span[0] - left, asked.span[1] - left)
    return Asked(asked.question, asked.context[left:right], span)


def common_words(material: Material) -> set[str]:
    """The commonest words of the training part, in lower case; of a small vocabulary a fifth at most."""
    texts = (text for _, text in itertools.islice(material.passages("train"), SAMPLED))
    counts = Counter(word.lower() for text in texts for word in WORD.findall(text))
    return {word for word, _ in counts.most_common(min(COMMON, len(counts) // 5))}


def answers(passage: str, common: set[str], draw: random.Random) -> list[tuple[str, tuple[int, int], tuple[int, int]]]:
    """An answer from each sentence of a passage that has one, the sentences in random order.

    Each as the sentence, the answer's characters (start, end) in it, and those in the passage, where
    its words stand nowhere else.
    """
    found, begin, lower = [], 0, passage.lower()
    for sentence in SENTENCE.split(passage):
        begin = passage.index(sentence, begin)
        spans = _spans(sentence, common)
        once = [span for words, span in spans.items() if lower.count(words) == 1]
        if once and SENTENCE_WORDS[0] <= sentence.count(" ") + 1 <= SENTENCE_WORDS[1]:
            start, end = draw.choice(once)
            found.append((sentence, (start, end), (begin + start, begin + end)))
        begin += len(sentence)
    draw.shuffle(found)
    return found


def _spans(sentence: str, common: set[str]) -> dict[str, tuple[int, int]]:
    """The runs of 1 to LONGEST_ANSWER words without a pause that no common word begins or ends, in lower case."""
    words = list(WORD.finditer(sentence))
    plain = [match.group().lower() not in common for match in words]
    found: dict[str, tuple[int, int]] = {}
    for first in range(len(words)):
        for last in range(first, min(first + LONGEST_ANSWER, len(words))):
            start, end = words[first].start(), words[last].end()
            if plain[first] and plain[last] and not PAUSE.search(sentence, start, end):
                found.setdefault(sentence[start:end].lower(), (start, end))
    return found


def question_word(words: str, begins: bool = False) -> str:
    """What asks for these words: 'when' for a year, 'how many' for a number, 'who' for a name, else 'what'.

    begins: whether they begin a sentence, so that a capital says nothing.
    """
    if re.fullmatch(r"1\d{3}|20\d{2}", words):
        return "when"
    if words.isdigit():
        return "how many"
    return "who" if words[0].isupper() and not begins else "what"
