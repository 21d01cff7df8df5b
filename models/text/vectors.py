"""Word vectors: random, trained on the training split, or read from a file."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from manifests.base.errors import ConfigurationError
from manifests.base.outcome import counted
from models.config.branches import WordSettings
from models.text.vocabulary import PADDING, UNKNOWN, Vocabulary, split_pieces

__all__ = ["WordVectors", "learn_words", "random_vectors", "read_vectors", "train_vectors"]


@dataclass(frozen=True)
class WordVectors:
    """Vectors of a vocabulary, and the share of its words with a vector of their own.

    In the table (V, size) row 0 (padding) is zero, row 1 (unknown) the mean of the others.
    """

    table: NDArray[np.float32]
    known: float


def learn_words(
    texts: Sequence[Sequence[str]], settings: WordSettings, seed: int
) -> tuple[Vocabulary, WordVectors]:
    """Return the vocabulary of texts, which must be of the training split only, and its vectors.

    Raises:
        ConfigurationError: if the file of vectors is unusable.
    """
    vocabulary = Vocabulary.build(
        texts, with_pieces=settings.units == "pieces", with_ngrams=settings.run_size > 0
    )
    if settings.vectors is not None:
        return vocabulary, read_vectors(Path(settings.vectors), vocabulary)
    if settings.word2vec:
        return vocabulary, train_vectors(texts, vocabulary, size=settings.size, seed=seed)
    return vocabulary, random_vectors(vocabulary, size=settings.size, seed=seed)


def random_vectors(vocabulary: Vocabulary, *, size: int, seed: int = 0) -> WordVectors:
    """Return random vectors as initial values for training."""
    table = np.random.default_rng(seed).normal(scale=_DEVIATION, size=(len(vocabulary), size))
    table[PADDING] = 0.0
    return WordVectors(table.astype(np.float32), 1.0)


def train_vectors(
    texts: Sequence[Sequence[str]], vocabulary: Vocabulary, *, size: int = 300, seed: int = 0
) -> WordVectors:
    """Return word2vec vectors trained on texts of the training split only; deterministic."""
    from gensim.models import Word2Vec

    logging.getLogger("gensim").setLevel(logging.WARNING)
    table = np.zeros((len(vocabulary), size), dtype=np.float32)
    sentences = [list(text) for text in texts if text]
    if not sentences:
        return WordVectors(table, 0.0)
    marked = [_PIECE + piece for piece in vocabulary.pieces]
    if marked:
        sentences += [[_PIECE + piece for piece, _ in split_pieces(text)] for text in sentences]
    model = Word2Vec(
        sentences=sentences,
        vector_size=size,
        min_count=1,
        epochs=20,
        sg=1,
        workers=1,
        seed=seed,
        hashfxn=_stable_hash,
    )
    for row, item in enumerate((*vocabulary.words, *marked), start=UNKNOWN + 1):
        table[row] = model.wv[item]
    return WordVectors(_scaled(table), 1.0)


def read_vectors(path: Path, vocabulary: Vocabulary) -> WordVectors:
    """Return the vectors of a vocabulary from a file; a missing word gets the mean of the others.

    The file has word2vec's text or binary format (``.bin``), or GloVe's text format; it may be
    gzipped.

    Raises:
        ConfigurationError: if it is missing, a pickle, no word vectors, or has none of the words.
    """
    from gensim.models import KeyedVectors

    if not path.is_file():
        raise ConfigurationError(f"{path}: no such file of word vectors")
    if not path.stat().st_size:
        raise ConfigurationError(f"{path}: the file is empty; get or make it again")
    if _is_pickle(path):
        raise ConfigurationError(
            f"{path}: saved in gensim's own format, a pickle, which may run any code when "
            f"opened; if you trust it, convert it with gensim: KeyedVectors.load(PATH)"
            f".save_word2vec_format('vectors.bin', binary=True), and give vectors.bin"
        )
    binary = ".bin" in path.suffixes
    try:
        vectors = KeyedVectors.load_word2vec_format(
            str(path), binary=binary, no_header=not binary and _is_glove(path)
        )
    except (ValueError, TypeError, EOFError, OSError) as error:
        raise ConfigurationError(
            f"{path}: not word vectors in word2vec's or GloVe's format ({error})"
        ) from error
    table = np.zeros((len(vocabulary), vectors.vector_size), dtype=np.float32)
    items = (*vocabulary.words, *vocabulary.pieces)
    matches = [(row, item) for row, item in enumerate(items, start=UNKNOWN + 1) if item in vectors]
    known = sum(word in vectors for word in vocabulary.words)
    if not known and vocabulary.words:
        raise ConfigurationError(
            f"{path}: has none of the {counted(len(vocabulary.words), 'word')} of the training "
            "texts; "
            f"check its language"
        )
    for row, item in matches:
        table[row] = vectors[item]
    return WordVectors(_scaled(table), known / max(len(vocabulary.words), 1))


def _scaled(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the table with mean row length 1, and the mean vector for missing rows."""
    lengths = np.linalg.norm(table, axis=1)
    known = lengths > 0
    table = table / max(float(lengths[known].mean()) if known.any() else 1.0, 1e-12)
    if known.any():
        table[~known] = table[known].mean(axis=0)
    table[PADDING] = 0.0
    return table.astype(np.float32)


def _is_pickle(path: Path) -> bool:
    """Return True if a file starts like a pickle of protocol 2 or later; no text does."""
    from gensim.utils import open as open_any

    with open_any(str(path), "rb") as stream:
        start: bytes = stream.read(2)
    return len(start) == 2 and start[0] == 0x80 and start[1] <= _LATEST_PICKLE


def _is_glove(path: Path) -> bool:
    """Return True if a text file lacks word2vec's header line of two numbers."""
    from gensim.utils import open as open_any

    with open_any(str(path), "rb") as stream:
        return len(stream.readline(1 << 16).split()) != 2


def _stable_hash(text: str) -> int:
    """Return a hash independent of PYTHONHASHSEED, unlike Python's own."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


_PIECE = " "  # prefix of pieces in training; no word starts with a space
_DEVIATION = 0.1  # standard deviation of random vectors
_LATEST_PICKLE = 15  # protocol; 5 today
