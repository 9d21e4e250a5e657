"""Corpora: unlabelled text from files, folders, data sets or the Python installation, whole works held out."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.machinery
import inspect
import itertools
import json
import pydoc_data.topics
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .data.loading import decode, read_file
from .errors import ConfigError, DataError, StorageError

PYTHON_DOCS, PHRASES = "python-docs", "phrases"
PHRASES_DRAWN = 300_000  # of the grammar's 3.2 million sentences
SENTENCES = 8  # of one language that make a paragraph
TEXT_SUFFIXES = (".txt", ".md", ".rst", ".text")
TABLE_SUFFIXES = (".parquet", ".csv", ".tsv", ".jsonl")
COUNTS = "corpus.json"
PARAGRAPHS = 20  # of one file that are held out, or not, together
# Tokenised WikiText writes hyphens and separators inside numbers as " @-@ ", " @,@ ", " @.@ ".
WIKITEXT_MARKS = {" @-@ ": "-", " @,@ ": ",", " @.@ ": ".", "<unk>": "[UNK]"}

Corpus = Any  # a name, a path, a list of texts, a data set, or a list of these
Passage = tuple[str, str]  # the work it is from, and a paragraph of it


def read(corpus: Corpus) -> Iterator[Passage]:
    """Yield (work, paragraph) for all of a corpus; paragraphs of white space alone are passed over.

    corpus: 'python-docs', or 'phrases', the kit's English and its French sentences without
    pairing them; the path of a text file (paragraphs are parted by empty lines) or of
    a parquet, CSV or JSON lines file with a column `text` (and `title` or `article` for the
    work); a folder of such files; a pandas frame, `datasets.Dataset` or list of texts; or a
    list of paths and names. Raises StorageError for a path that is not there, DataError for
    a file that is no text, or a corpus without any.
    """
    return (passage for passage in _read(corpus) if passage[1].strip())


def _read(corpus: Corpus) -> Iterator[Passage]:
    if isinstance(corpus, datasets.Dataset):
        return _rows(corpus.to_pandas(), "data set")
    if isinstance(corpus, pd.DataFrame):
        return _rows(corpus, "frame")
    if isinstance(corpus, (str, Path)):
        return NAMED[str(corpus)]() if str(corpus) in NAMED else _path(Path(corpus))
    if isinstance(corpus, (list, tuple)) and corpus:
        return _several(corpus)
    raise DataError(
        f"A corpus of type {type(corpus).__name__} cannot be read; expected {' or '.join(map(repr, NAMED))}, the path "
        "of a text file or of a folder, a list of texts, a pandas DataFrame or a datasets.Dataset."
    )


def _several(corpus: Iterable[Any]) -> Iterator[Passage]:
    """A list of corpora, or a list of texts: a text has white space, a name or a path has none or exists."""
    for number, part in enumerate(corpus):
        if not isinstance(part, str) or part in NAMED or _exists(part):
            yield from read(part)
        elif not part.strip("./\\ ") or re.search(r"\s", part.strip()) or not re.search(r"[/\\]|\.\w+$", part):
            yield f"texts {number // PARAGRAPHS}", part
        else:
            raise StorageError(f"There is no file or folder {part!r} to read a corpus from.")


def _exists(path: str) -> bool:
    try:
        return bool(path.strip("./\\ ")) and Path(path).exists()
    except (OSError, ValueError):  # a text is too long for a path
        return False


def _path(path: Path) -> Iterator[Passage]:
    if path.is_file():
        return _file(path)
    if not path.is_dir():
        raise StorageError(f"There is no file or folder {str(path)!r} to read a corpus from.")
    files = sorted(f for f in path.rglob("*") if f.is_file() and not f.name.startswith("."))
    known = (*TEXT_SUFFIXES, *TABLE_SUFFIXES)
    strange = [f for f in files if f.suffix.lower() not in known]
    if strange:
        raise DataError(
            f"{path} holds {len(strange)} files that are no text, such as {strange[0].name!r}; expected only "
            f"{', '.join(known)}. Move the others away, or pass a list of the files."
        )
    if not files:
        raise DataError(f"{path} holds no file; expected text files ({', '.join(known)}).")
    return (passage for file in files for passage in _file(file))


def _file(path: Path) -> Iterator[Passage]:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        yield from _parquet(path)
    elif suffix in TABLE_SUFFIXES:
        yield from _rows(read_file(path), path.name)
    else:
        paragraphs = [p for p in re.split(r"\n\s*\n", decode(path).replace("\r\n", "\n")) if p.strip()]
        for number, paragraph in enumerate(paragraphs):
            yield f"{path.name} {number // PARAGRAPHS}", " ".join(paragraph.split())


def _parquet(path: Path) -> Iterator[Passage]:
    """By batches: the kit's own corpora are larger than a frame should be."""
    try:
        names = pq.read_schema(path).names
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is not a parquet file: {' '.join(str(error).split())[:200]}") from error
    work = next((n for n in ("title", "article") if n in names), None)
    if "text" not in names:
        raise DataError(f"{path} has the columns {names}; expected 'text', and 'title' or 'article' for the work.")
    number = 0
    for batch in pq.ParquetFile(path).iter_batches(columns=[name for name in (work, "text") if name]):
        for row in batch.to_pylist():
            number += 1
            yield str(row[work] or "") if work else f"{path.name} {number // PARAGRAPHS}", plain(row["text"], path.name)


def _rows(frame: pd.DataFrame, name: str) -> Iterator[Passage]:
    if "text" not in frame.columns:
        raise DataError(f"The {name} has the columns {list(frame.columns)}; expected one that is called 'text'.")
    work = next((n for n in ("title", "article") if n in frame.columns), None)
    for number, text in enumerate(frame["text"]):
        yield str(frame[work].iloc[number]) if work else f"{name} {number // PARAGRAPHS}", plain(text, name)


def plain(text: Any, name: str) -> str:
    """A row's text without WikiText's marks. Raises DataError for what is no text."""
    if not isinstance(text, str):
        raise DataError(f"{name} has a row whose text is {text!r}; expected a string. Leave such rows out first.")
    for mark, replacement in WIKITEXT_MARKS.items():
        text = text.replace(mark, replacement)
    return text


# --- the corpus of every machine -------------------------------------------------------------------------


def python_docs() -> Iterator[Passage]:
    """The documentation topics and the docstrings of the running Python installation; nothing is imported for it."""
    return iter(_python_docs())


@functools.cache
def _python_docs() -> tuple[Passage, ...]:
    return tuple(_read_python_docs())


def python_docs_held_out(share: float) -> Iterator[Passage]:
    """Those paragraphs of `python_docs` whose works `held_out` keeps from training; no other work is read for it."""
    return _read_python_docs(lambda work: held_out(work, share))


def phrases() -> Iterator[Passage]:
    """Everyday sentences of the kit's grammar, eight of one language to a paragraph, in no order of meaning."""
    return iter(_phrases())


@functools.cache
def _phrases() -> tuple[Passage, ...]:
    from .synthetic.phrases import monolingual

    made = []
    for language, sentences in itertools.groupby(monolingual(PHRASES_DRAWN, seed=1), key=lambda pair: pair[0]):
        texts = [text for _, text in sentences]
        for number, start in enumerate(range(0, len(texts), SENTENCES)):
            work = f"phrases {language} {number // PARAGRAPHS}"
            made.append((work, " ".join(texts[start : start + SENTENCES])))
    return tuple(made)


NAMED = {PYTHON_DOCS: python_docs, PHRASES: phrases}


def _read_python_docs(wanted: Callable[[str], bool] = bool) -> Iterator[Passage]:
    for topic, text in sorted(pydoc_data.topics.topics.items()):
        for paragraph in _paragraphs(text) if wanted(f"topic {topic}") else ():
            yield f"topic {topic}", paragraph
    seen: set[str] = set()
    for name in sorted(sys.stdlib_module_names):
        for text in _docstrings(name) if wanted(f"module {name}") else ():
            for paragraph in _paragraphs(text):
                if paragraph not in seen:
                    seen.add(paragraph)
                    yield f"module {name}", paragraph


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        words = " ".join(re.sub(r"[*=\-~^]{3,}", " ", paragraph).split())
        if words.count(" ") >= 3:
            yield words


def _docstrings(name: str) -> Iterator[str]:
    """The docstrings of a module or package: out of its source, or of its compiled members if it is loaded."""
    try:
        # Not importlib.util.find_spec, which asks finders that other packages have put in and may import them.
        spec = importlib.machinery.PathFinder.find_spec(name)
    except (ImportError, ValueError):
        return
    origin = Path((spec and spec.origin) or "")
    if origin.suffix == ".py":
        for file in sorted(origin.parent.rglob("*.py")) if origin.name == "__init__.py" else [origin]:
            if not {"test", "tests", "site-packages"} & set(file.parts):
                yield from _source_docstrings(file)
    elif name in sys.modules:
        yield from _live_docstrings(sys.modules[name])


def _source_docstrings(file: Path) -> Iterator[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the standard library's own deprecations
            tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return  # a file that this Python cannot parse has no docstring for it
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node)
            if text:
                yield text


def _live_docstrings(module: Any) -> Iterator[str]:
    for _, member in sorted(vars(module).items()):
        for one in (member, *(vars(member).values() if isinstance(member, type) else ())):
            text = getattr(one, "__doc__", None)
            if isinstance(text, str):
                yield text


# --- what is held out ------------------------------------------------------------------------------------


def held_out(work: str, share: float) -> bool:
    """Whether a whole work belongs to the validation split: a stable hash of its name decides."""
    return _place(work) < share


def _place(work: str) -> float:
    return int(hashlib.sha256(work.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF


@dataclass(frozen=True)
class Material:
    """A corpus made ready for objectives: token streams on disk, and the works they are from.

    folder holds `train.npy` and `validation.npy` (flat, uint16 or uint32). passages reads the
    texts again, for objectives that need them.
    """

    corpus: Corpus
    folder: Path
    processor: Any
    share: float
    seed: int

    def tokens(self, split: str) -> np.ndarray:
        """The split's token ids, (tokens,), mapped from disk."""
        stream: np.ndarray = np.load(self.folder / f"{split}.npy", mmap_mode="r")
        return stream

    def counts(self, split: str) -> dict[str, int]:
        """The split's numbers of paragraphs, words (between white space) and word pieces."""
        return json.loads((self.folder / COUNTS).read_text(encoding="utf-8"))[split]  # type: ignore[no-any-return]

    def check_corpus(self) -> None:
        """Refuse another corpus than the one that the token streams were made of."""
        held = json.loads((self.folder / COUNTS).read_text(encoding="utf-8")).get("corpus")
        if held not in (None, describe(self.corpus)):
            raise ConfigError(
                f"{self.folder} was begun with another corpus ({held}); expected the same one, or another folder."
            )

    def passages(self, split: str) -> Iterator[Passage]:
        """The split's paragraphs with their works."""
        works = validation_works(self.corpus, self.share)
        return ((work, text) for work, text in read(self.corpus) if (work in works) == (split == "validation"))


def validation_works(corpus: Corpus, share: float) -> set[str]:
    """The works that are held out: those whose hash falls within `share`, one at least and never all.

    Raises DataError when the corpus has no text, or only one work.
    """
    works = {work for work, _ in read(corpus)}
    if not works:
        raise DataError("The corpus holds no text; expected at least a few paragraphs.")
    if len(works) == 1:
        raise DataError(
            f"The corpus is a single piece of at most {PARAGRAPHS} paragraphs; some of it must be held out to measure "
            "on. Add text, or part it into paragraphs by empty lines."
        )
    inwards = sorted(works, key=lambda work: (_place(work), work))
    wanted = sum(held_out(work, share) for work in works)
    return set(inwards[: min(max(wanted, 1), len(works) - 1)])


def describe(corpus: Corpus) -> str:
    """A corpus in a few words, by which another one is told from it."""
    if isinstance(corpus, (list, tuple)) and all(isinstance(part, (str, Path)) for part in corpus):
        return hashlib.sha256("\0".join(map(str, corpus)).encode()).hexdigest()[:16]
    return str(corpus) if isinstance(corpus, (str, Path)) else type(corpus).__name__


def encode(corpus: Corpus, processor: Any, share: float, separator: list[int], folder: Path) -> None:
    """Write the corpus as two flat token streams into `folder`, `separator` after every paragraph, and their counts."""
    works = validation_works(corpus, share)
    kind = np.uint16 if len(processor) < 2**16 else np.uint32
    streams: dict[str, list[np.ndarray]] = {"train": [], "validation": []}
    pending: dict[str, list[str]] = {"train": [], "validation": []}
    counts = {split: {"paragraphs": 0, "words": 0, "pieces": 0} for split in streams}

    def flush(split: str) -> None:
        encoded = processor(pending[split], add_special_tokens=False, verbose=False)["input_ids"]
        streams[split] += [np.asarray(ids + separator, dtype=kind) for ids in encoded]
        counts[split]["paragraphs"] += len(encoded)
        counts[split]["words"] += sum(len(text.split()) for text in pending[split])
        counts[split]["pieces"] += sum(len(ids) for ids in encoded)
        pending[split].clear()

    for work, text in read(corpus):
        split = "validation" if work in works else "train"
        pending[split].append(text)
        if len(pending[split]) == 10_000:
            flush(split)
    for split in streams:
        if pending[split]:
            flush(split)
        np.save(folder / f"{split}.npy", np.concatenate(streams[split]))
    (folder / COUNTS).write_text(json.dumps(counts | {"corpus": describe(corpus)}), encoding="utf-8")
