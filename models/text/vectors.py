"""Word vectors: read from a file, or trained on the texts of the training split."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from manifests.errors import ConfigurationError
from models.settings import WordSettings
from models.text.pieces import pieces
from models.text.vocabulary import PADDING, UNKNOWN, Vocabulary

__all__ = ["WordVectors", "learn_words", "random_vectors", "read_vectors", "train_vectors"]


@dataclass(frozen=True)
class WordVectors:
    """A vector for every word of a vocabulary.

    Attributes:
        table: (V, size); row 0 (padding) is zero, row 1 (unknown) the mean of the others.
        known: share of the vocabulary's words that have a vector of their own.
    """

    table: NDArray[np.float32]
    known: float


def learn_words(
    texts: Sequence[Sequence[str]], settings: WordSettings, seed: int
) -> tuple[Vocabulary, WordVectors]:
    """Return the vocabulary of the training split's texts, and its vectors.

    Args:
        texts: words of each text of the training split, and of no other.
        settings: whether there are pieces and runs, and a file of vectors.
        seed: settles everything random.

    Raises:
        ConfigurationError: if the file of vectors doesn't help.
    """
    vocabulary = Vocabulary.build(
        texts, with_pieces=settings.units == "pieces", with_runs=settings.run_size > 0
    )
    if settings.vectors is not None:
        return vocabulary, read_vectors(Path(settings.vectors), vocabulary)
    if settings.word2vec:
        return vocabulary, train_vectors(texts, vocabulary, size=settings.size, seed=seed)
    return vocabulary, random_vectors(vocabulary, size=settings.size, seed=seed)


def random_vectors(vocabulary: Vocabulary, *, size: int, seed: int = 0) -> WordVectors:
    """Return random vectors, for training to change.

    Args:
        vocabulary: that gets them.
        size: numbers in a vector.
        seed: settles everything random.
    """
    table = np.random.default_rng(seed).normal(scale=_DEVIATION, size=(len(vocabulary), size))
    table[PADDING] = 0.0
    return WordVectors(table.astype(np.float32), 1.0)


def train_vectors(
    texts: Sequence[Sequence[str]], vocabulary: Vocabulary, *, size: int = 300, seed: int = 0
) -> WordVectors:
    """Return word2vec vectors trained on texts; the same ones every time.

    Args:
        texts: words of each text of the training split, and of no other.
        vocabulary: of these texts.
        size: numbers in a vector.
        seed: settles everything random.
    """
    from gensim.models import Word2Vec

    logging.getLogger("gensim").setLevel(logging.WARNING)
    table = np.zeros((len(vocabulary), size), dtype=np.float32)
    spoken = [list(text) for text in texts if text]
    if not spoken:
        return WordVectors(table, 0.0)
    marked = [_PIECE + piece for piece in vocabulary.pieces]
    if marked:
        spoken += [[_PIECE + piece for piece, _ in pieces(text)] for text in spoken]
    model = Word2Vec(
        sentences=spoken,
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
    """Return the vectors that a file has for a vocabulary.

    Args:
        path: word2vec's text or binary format (``.bin``), or GloVe's text; gzip is seen through.
        vocabulary: words to look for; one that the file lacks gets the mean of the others.

    Raises:
        ConfigurationError: if the file is missing, a pickle, no word vectors, or knows none of the
            words.
    """
    from gensim.models import KeyedVectors

    if not path.is_file():
        raise ConfigurationError(f"{path}: no such file of word vectors")
    if not path.stat().st_size:
        raise ConfigurationError(f"{path}: empty, so it has no word vectors; get or make it again")
    if _is_pickle(path):
        raise ConfigurationError(
            f"{path}: saved in gensim's own format, a pickle, which may run anything when it is "
            f"opened; where you trust it, convert it with gensim: KeyedVectors.load(PATH)"
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
    found = [(row, item) for row, item in enumerate(items, start=UNKNOWN + 1) if item in vectors]
    known = sum(word in vectors for word in vocabulary.words)
    if not known and vocabulary.words:
        raise ConfigurationError(
            f"{path}: knows none of the {len(vocabulary.words)} words of the training texts; "
            f"is it of another language?"
        )
    for row, word in found:
        table[row] = vectors[word]
    return WordVectors(_scaled(table), known / max(len(vocabulary.words), 1))


def _scaled(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the table with known rows of length 1 on average, and the mean where none is known."""
    lengths = np.linalg.norm(table, axis=1)
    known = lengths > 0
    table = table / max(float(lengths[known].mean()) if known.any() else 1.0, 1e-12)
    if known.any():
        table[~known] = table[known].mean(axis=0)
    table[PADDING] = 0.0
    return table.astype(np.float32)


def _is_pickle(path: Path) -> bool:
    """Return whether a file begins as pickles of protocol 2 and later do, and no text does."""
    from gensim.utils import open as open_any

    with open_any(str(path), "rb") as stream:
        start: bytes = stream.read(2)
    return len(start) == 2 and start[0] == 0x80 and start[1] <= _LATEST_PICKLE


def _is_glove(path: Path) -> bool:
    """Return whether a text file has no header line of two numbers."""
    from gensim.utils import open as open_any

    with open_any(str(path), "rb") as stream:
        return len(stream.readline(1 << 16).split()) != 2


def _stable_hash(text: str) -> int:
    """Return a hash that doesn't depend on PYTHONHASHSEED, as Python's own does."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


_PIECE = " "  # before a piece in training, for no word begins with a space
_DEVIATION = 0.1  # of the numbers in a random vector
_LATEST_PICKLE = 15  # its protocol; 5 today
