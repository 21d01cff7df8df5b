"""A trained network with everything that its input has to go through."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.encoders.audio import AudioEncoder
from models.encoders.fusion import BimodalClassifier
from models.encoders.text_cnn import TextCNN
from models.examples import Example, collate, in_pieces, speaker_numbers
from models.features import FeatureExtractor, Features
from models.normalisation import Normaliser
from models.prosody import summarise, summary_width
from models.settings import TrainSettings
from models.text.vocabulary import Vocabulary

__all__ = ["FittedModel", "Prepared", "build_network", "cut", "functionals_of", "summaries"]

_AT_ONCE = 64  # clips pooled together


def build_network(
    settings: TrainSettings, vectors: Tensor | None, classes: int, runs: int = 0
) -> BimodalClassifier:
    """Return an untrained network.

    Args:
        settings: of its branches.
        vectors: of the words (V, size); None where there is no text branch.
        classes: how many there are.
        runs: of the vocabulary.
    """
    audio = text = None
    if settings.modality != "text":
        width = FeatureExtractor(settings.features).width
        audio = AudioEncoder(width, settings.audio, settings.prior, functionals_of(settings))
    if settings.modality != "audio" and vectors is not None:
        words = settings.words
        text = TextCNN(
            vectors,
            filters=words.filters,
            widths=words.widths,
            tune=words.tune,
            dropout=words.dropout,
            channels=2 if words.units == "pieces" else 1,
            runs=runs,
            run_size=words.run_size,
            blank=words.blank,
            input_dropout=words.input_dropout,
        )
    return BimodalClassifier(audio, text, classes)


def cut(features: Features, settings: TrainSettings) -> Features:
    """Return the part of a clip that is used: its first ``max_seconds``."""
    frames = round(settings.max_seconds * 1000 / settings.features.hop_ms)
    return features[:frames]


def summaries(features: Sequence[Features], settings: TrainSettings) -> list[Features]:
    """Return the functionals of clips, each as a single frame (1, F)."""
    return [summarise(clip, settings.features)[None] for clip in features]


def functionals_of(settings: TrainSettings) -> int:
    """Return F, how many functionals of a clip the network takes."""
    taken = settings.modality != "text" and settings.audio.functionals
    return summary_width(settings.features) if taken else 0


@dataclass(frozen=True)
class Prepared:
    """Clips as a network takes them.

    Attributes:
        features: of each clip, normalised (T, D).
        words: numbers of the words of each clip.
        functionals: of the clips, normalised (n, F).
    """

    features: list[Features]
    words: list[list[int]]
    functionals: NDArray[np.float32]


@dataclass(frozen=True)
class FittedModel:
    """What training leaves: enough to tell the class of new clips.

    Attributes:
        network: trained, on the CPU.
        normaliser: of the features.
        leveller: of the functionals; None where the network takes none.
        vocabulary: words that have a vector.
        settings: that it was trained with.
        classes: in the order of its outputs.
        temperature: that the logits are divided by; fitted on validation, 1 where it wasn't.
    """

    network: BimodalClassifier
    normaliser: Normaliser
    vocabulary: Vocabulary
    settings: TrainSettings
    classes: tuple[str, ...]
    temperature: float = 1.0
    leveller: Normaliser | None = None

    def prepare(self, examples: Sequence[Example]) -> Prepared:
        """Return clips as the network takes them."""
        raw = [cut(example.features, self.settings) for example in examples]
        groups = [example.group for example in examples]
        limit = self.settings.words.max_words
        words = [self.vocabulary.encode(example.words, limit) for example in examples]
        return Prepared(self.normaliser.apply(raw, groups), words, self._functionals(raw, groups))

    def _functionals(
        self, features: Sequence[Features], groups: Sequence[str]
    ) -> NDArray[np.float32]:
        if self.leveller is None:
            return np.zeros((len(features), 0), dtype=np.float32)
        rows = summaries(features, self.settings)
        return np.concatenate(self.leveller.apply(rows, groups))

    def probabilities(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the probability of each class for each clip (n, classes).

        Clips of one group are normalised together, so give all of a speaker's at once.
        """
        if not examples:
            return np.zeros((0, len(self.classes)))
        clips = self.prepare(examples)
        speakers = speaker_numbers([example.group for example in examples])
        by_length = np.argsort([len(clip) for clip in clips.features], kind="stable")
        self.network.eval()
        pooled: list[Tensor] = []
        with torch.inference_mode():
            for rows in in_pieces(by_length, _AT_ONCE):
                batch = collate(rows, clips.features, clips.words, speakers, clips.functionals)
                if self.network.audio is not None:
                    pooled.append(self.network.audio.pool(batch.frames, batch.lengths))
            frameless = [clip[:1] for clip in clips.features]
            everything = collate(by_length, frameless, clips.words, speakers, clips.functionals)
            logits = self.network.classify(
                torch.cat(pooled) if pooled else None,
                everything.words,
                everything.speakers,
                everything.functionals,
            )
        found = np.empty((len(examples), len(self.classes)))
        found[by_length] = (logits.double() / self.temperature).softmax(dim=1).numpy()
        return found
