"""The word pieces of pocket-bert: words of old books and of today's texts, half and half.

pip install wordfreq
python benchmarks/pocket_bert_vocabulary.py --corpus FOLDER --out FOLDER [--size 8000]

Public-domain books know no film studios, software or airlines. The frequencies of today's words come from
wordfreq (Speer 2022, CC BY-SA 4.0), those of the books from the corpus. First the pieces that WordPiece learns
from both, so that any word can be spelt; then whole words, the most frequent first. The tokenizer takes the place
of `vocabulary:` in a recipe.
"""

from __future__ import annotations

import argparse
import itertools
from collections import Counter

import finetune_kit as ftk
from finetune_kit import corpora, vocabulary

EVERY = 5  # paragraphs of the corpus: one in so many is counted
LEARNED = 2500  # pieces that WordPiece learns
SAMPLE = 2_000_000  # words, by their frequency, that it learns them from
WORDS = 60_000  # of today's words, the most frequent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", nargs="+", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--size", type=int, default=8000)
    args = parser.parse_args()
    share = frequencies(args.corpus)
    words = sorted(share, key=lambda word: (-share[word], word))
    sample = (" ".join([word] * round(share[word] * SAMPLE)) for word in words)
    made = vocabulary.train("bert", sample, LEARNED)
    whole = [word for word in words if word.isalpha() and word.isascii()]
    made = vocabulary.with_words(made, whole, args.size)
    made.save_pretrained(args.out)
    for name in ("books", "wikipedia_sample"):
        texts = [text for _, text in itertools.islice(corpora.read(f"{args.corpus[0]}/{name}.parquet"), 2000)]
        print(f"{name}: {vocabulary.fertility(made, texts):.2f} pieces a word")
    reviews = [row["text"] for row in ftk.TextClassification("reviews").splits["train"]]
    print(f"reviews: {vocabulary.fertility(made, reviews):.2f} pieces a word")


def frequencies(corpus: list[str]) -> dict[str, float]:
    """The share of each word, the mean of its shares in the corpus and in today's texts."""
    import wordfreq

    counts: Counter[str] = Counter()
    for _, text in itertools.islice(corpora.read(corpus), 0, None, EVERY):
        counts.update(vocabulary.words(text))
    today = {word: wordfreq.word_frequency(word, "en") for word in wordfreq.top_n_list("en", WORDS)}
    sums = sum(counts.values()), sum(today.values())
    return {w: (counts[w] / sums[0] + today.get(w, 0.0) / sums[1]) / 2 for w in {*counts, *today}}


if __name__ == "__main__":
    main()
