"""Branches of the model: the interface, the audio and text branches, and the registry."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from manifests.base.plugins import load_plugin
from models.config.branches import BRANCH_GROUP, BRANCHES
from models.config.pretrained import is_pretrained
from models.config.train import TrainSettings
from models.data import Example
from models.encoders.audio import AudioEncoder
from models.encoders.statistics import StatisticsEncoder
from models.encoders.text import TextCNN, TextLinear
from models.encoders.text_vectors import VectorCNN, VectorMean
from models.features.extractor import Features, truncate
from models.features.normalise import Normaliser
from models.pretrained.encoder import Pretrained
from models.text.pretrained import TextVectors
from models.text.vectors import learn_words
from models.text.vocabulary import Vocabulary

__all__ = [
    "AudioBranch",
    "Branch",
    "TextBranch",
    "branch_class",
    "needs_sound",
    "needs_text",
    "pretrained_encoders",
    "text_encoder",
]


class Branch(ABC):
    """Branch of a model: the preprocessing of its input, fitted to training clips.

    A subclass from another package is named by an entry point of the group
    ``corpus_tools.model_branches``; its settings are ``settings.options[NAME]``. ``needs_sound`` is
    True if it uses the features of the clips, ``needs_text`` if it uses their words.
    """

    needs_sound: ClassVar[bool] = False
    needs_text: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def fit(cls, training: Sequence[Example], settings: TrainSettings) -> Self:
        """Return the branch with its preprocessing fitted to training clips."""

    @abstractmethod
    def build(self, classes: int) -> nn.Module:
        """Return an untrained encoder from encoded clips to vectors f (B, ``encoder.width``)."""

    @abstractmethod
    def encode(self, examples: Sequence[Example]) -> Sequence[Any]:
        """Return the input of each clip; a branch from another package returns an array (n, F)."""

    @property
    def weight(self) -> float:
        """Weight of its logits if branches are trained apart."""
        return 1.0

    def document(self) -> Any:
        """Return the preprocessing, JSON-ready."""
        return None

    @classmethod
    def parse(cls, document: Any, settings: TrainSettings) -> Self:
        """Return the branch of a :meth:`document`, here without values; DataError if invalid."""
        return cls.fit([], settings)


@dataclass(frozen=True)
class AudioBranch(Branch):
    """Audio branch: features, normalised by speaker, for the encoder that the settings choose."""

    needs_sound = True

    settings: TrainSettings
    normaliser: Normaliser

    @classmethod
    def fit(cls, training: Sequence[Example], settings: TrainSettings) -> Self:
        """Return the branch with the normaliser of training clips."""
        prior = math.inf if settings.normalise == "corpus" else settings.prior
        features = truncate([example.features for example in training], settings)
        return cls(settings, Normaliser.fit(features, prior))

    def build(self, classes: int) -> AudioEncoder | StatisticsEncoder:
        """Return an untrained encoder."""
        width = len(self.normaliser.mean)
        if self.settings.audio.encoder == "statistics":
            return StatisticsEncoder(width)
        return AudioEncoder(width, self.settings.audio, self.settings.prior)

    def encode(self, examples: Sequence[Example]) -> list[Features]:
        """Return the features of each clip (T, D), at most ``max_seconds``, not normalised."""
        return truncate([example.features for example in examples], self.settings)


@dataclass(frozen=True)
class TextBranch(Branch):
    """Text branch: word, piece and n-gram ids → :class:`TextCNN` or :class:`TextLinear`.

    ``vectors`` are initial word vectors (V, size), None for the linear branch; ``vector_coverage``
    is the share of the vocabulary with a pretrained one.
    """

    needs_text = True

    settings: TrainSettings
    vocabulary: Vocabulary
    vectors: Tensor | None = None
    vector_coverage: float = 0.0

    @classmethod
    def fit(cls, training: Sequence[Example], settings: TrainSettings) -> Self:
        """Return the branch with the vocabulary and the vectors of training clips."""
        if settings.words.encoder is not None:
            return cls(settings, Vocabulary(()))
        texts = [example.words for example in training]
        if settings.words.kind == "linear":
            ngrams = Vocabulary.build(texts, with_ngrams=True).ngrams
            return cls(settings, Vocabulary((), (), ngrams))
        vocabulary, vectors = learn_words(texts, settings.words, settings.seed)
        return cls(settings, vocabulary, torch.from_numpy(vectors.table), vectors.known)

    def build(self, classes: int) -> TextCNN | TextLinear | VectorCNN | VectorMean:
        """Return an untrained encoder."""
        if (encoder := text_encoder(self.settings)) is not None:
            own = self.settings.words
            if own.kind == "linear":
                return VectorMean(encoder.width)
            return VectorCNN(
                encoder.width,
                filters=own.filters,
                widths=own.widths,
                dropout=own.dropout,
                input_dropout=own.input_dropout,
            )
        words, ngrams = self.settings.words, len(self.vocabulary.ngrams)
        if self.vectors is None:
            return TextLinear(ngrams, classes)
        return TextCNN(
            self.vectors,
            filters=words.filters,
            widths=words.widths,
            tune=words.tune,
            dropout=words.dropout,
            channels=2 if words.units == "pieces" else 1,
            runs=ngrams,
            run_size=words.run_size,
            blank=words.blank,
            input_dropout=words.input_dropout,
            padded_to=words.max_words if words.pad else 0,
        )

    def encode(self, examples: Sequence[Example]) -> Sequence[Sequence[int] | NDArray[np.float32]]:
        """Return the word ids of each clip, at most ``max_words`` words.

        With a pretrained encoder they are vectors (N, H), or their mean (1, H) for a linear layer.
        """
        longest = self.settings.words.max_words
        if (encoder := text_encoder(self.settings)) is not None:
            none = np.zeros((0, encoder.width), dtype=np.float32)
            found = [
                none if own.text_vectors is None else own.text_vectors[:longest].astype(np.float32)
                for own in examples
            ]
            if self.settings.words.kind == "cnn":
                return found
            return [rows.mean(axis=0, keepdims=True) if len(rows) else rows for rows in found]
        return [self.vocabulary.encode(example.words, longest) for example in examples]

    @property
    def weight(self) -> float:
        """Weight of the logits of the text."""
        return self.settings.words.weight


def branch_class(name: str) -> type[Branch]:
    """Return the class of a branch; ConfigurationError if it isn't installed."""
    if name in BRANCHES:
        return AudioBranch if name == "audio" else TextBranch
    found: type[Branch] = load_plugin(BRANCH_GROUP, name, "model branch", shipped=BRANCHES)
    return found


def needs_sound(settings: TrainSettings) -> bool:
    """Return True if a branch uses the features of the clips."""
    return any(branch_class(name).needs_sound for name in settings.branch_names)


def needs_text(settings: TrainSettings) -> bool:
    """Return True if a branch uses the words of the clips."""
    return any(branch_class(name).needs_text for name in settings.branch_names)


def text_encoder(settings: TrainSettings) -> TextVectors | None:
    """Return the pretrained encoder of the text branch, None if it has none."""
    name = settings.words.encoder if "text" in settings.branch_names else None
    return None if name is None else TextVectors(name, settings.words.max_words)


def pretrained_encoders(settings: TrainSettings) -> list[Pretrained]:
    """Return the pretrained encoders that a model of these settings needs."""
    named = {"audio": settings.audio.features, "text": settings.words.encoder}
    return [
        Pretrained(name)
        for branch, name in named.items()
        if branch in settings.branch_names and name is not None and is_pretrained(name)
    ]
