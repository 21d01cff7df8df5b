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
from models.settings import TrainSettings
from models.text.vocabulary import Vocabulary

__all__ = ["FittedModel", "build_network", "cut"]

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
        audio = AudioEncoder(width, settings.audio, settings.prior)
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


@dataclass(frozen=True)
class FittedModel:
    """What training leaves: enough to tell the class of new clips.

    Attributes:
        network: trained, on the CPU.
        normaliser: of the features.
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

    def prepare(self, examples: Sequence[Example]) -> tuple[list[Features], list[list[int]]]:
        """Return the normalised features and the numbers of the words of clips."""
        features = self.normaliser.apply(
            [cut(example.features, self.settings) for example in examples],
            [example.group for example in examples],
        )
        limit = self.settings.words.max_words
        return features, [self.vocabulary.encode(example.words, limit) for example in examples]

    def probabilities(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the probability of each class for each clip (n, classes).

        Clips of one group are normalised together, so give all of a speaker's at once.
        """
        if not examples:
            return np.zeros((0, len(self.classes)))
        features, words = self.prepare(examples)
        speakers = speaker_numbers([example.group for example in examples])
        by_length = np.argsort([len(clip) for clip in features], kind="stable")
        self.network.eval()
        pooled: list[Tensor] = []
        with torch.inference_mode():
            for rows in in_pieces(by_length, _AT_ONCE):
                batch = collate(rows, features, words, speakers)
                if self.network.audio is not None:
                    pooled.append(self.network.audio.pool(batch.frames, batch.lengths))
            everything = collate(by_length, [clip[:1] for clip in features], words, speakers)
            logits = self.network.classify(
                torch.cat(pooled) if pooled else None, everything.words, everything.speakers
            )
        found = np.empty((len(examples), len(self.classes)))
        found[by_length] = (logits.double() / self.temperature).softmax(dim=1).numpy()
        return found
