"""Trained model: the network with the preprocessing of its inputs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from torch import Tensor

from models.adaptation import adapt_speakers
from models.config.train import TrainSettings
from models.data import Clips, Example, speaker_numbers, split_batches
from models.encoders.audio import AudioEncoder
from models.encoders.fusion import BimodalClassifier
from models.encoders.text import TextCNN, TextLinear
from models.features.functionals import functional_count, prosodic_functionals
from models.features.mfcc import FeatureExtractor, Features
from models.features.normalise import UNSEEN_SPEAKER, Normaliser
from models.text.vocabulary import Vocabulary

__all__ = ["FittedModel", "build_network", "functional_inputs", "functional_rows", "truncate"]

_POOLING_BATCH = 64  # clips


def build_network(
    settings: TrainSettings, vectors: Tensor | None, classes: int, runs: int = 0
) -> BimodalClassifier:
    """Return an untrained network.

    Args:
        settings: settings of the branches.
        vectors: word vectors (V, size); None without a text branch.
        classes: number of classes.
        runs: number of n-grams in the vocabulary.
    """
    audio: AudioEncoder | None = None
    text: TextCNN | TextLinear | None = None
    if settings.modality != "text":
        width = FeatureExtractor(settings.features).width
        audio = AudioEncoder(width, settings.audio, settings.prior, functional_inputs(settings))
    if settings.modality != "audio" and settings.words.kind == "linear":
        text = TextLinear(runs, classes)
    elif settings.modality != "audio" and vectors is not None:
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
            padded_to=words.max_words if words.pad else 0,
        )
    return BimodalClassifier(audio, text, classes)


def truncate(features: Features, settings: TrainSettings) -> Features:
    """Return the first ``max_seconds`` of a clip's features."""
    frames = round(settings.max_seconds * 1000 / settings.features.hop_ms)
    return features[:frames]


def functional_rows(features: Sequence[Features], settings: TrainSettings) -> list[Features]:
    """Return the functionals of each clip as a single frame (1, F)."""
    return [prosodic_functionals(clip, settings.features)[None] for clip in features]


def functional_inputs(settings: TrainSettings) -> int:
    """Return F, the number of functionals that the network takes."""
    used = settings.modality != "text" and settings.audio.functionals
    return functional_count(settings.features) if used else 0


@dataclass(frozen=True)
class FittedModel:
    """Trained model with all that prediction needs.

    Attributes:
        network: trained network, on the CPU.
        normaliser: normaliser of the features.
        functional_scaler: normaliser of the functionals; None if the network takes none.
        vocabulary: vocabulary of the text branch.
        settings: training settings.
        classes: class names in the order of the outputs.
        temperature: divisor of the logits, fitted on validation clips; 1 if not fitted.
    """

    network: BimodalClassifier
    normaliser: Normaliser
    vocabulary: Vocabulary
    settings: TrainSettings
    classes: tuple[str, ...]
    temperature: float = 1.0
    functional_scaler: Normaliser | None = None

    def prepare(self, examples: Sequence[Example]) -> Clips:
        """Return the network inputs of clips, normalised by group."""
        raw = [truncate(example.features, self.settings) for example in examples]
        rows = functional_rows(raw, self.settings) if self.functional_scaler is not None else []
        words = [self.encode_words(example) for example in examples]
        return self.normalise_clips(raw, rows, words, [example.group for example in examples])

    def encode_words(self, example: Example) -> list[int]:
        """Return the word ids of a clip, at most ``max_words`` words."""
        return self.vocabulary.encode(example.words, self.settings.words.max_words)

    def normalise_clips(
        self,
        features: Sequence[Features],
        functionals: Sequence[Features],
        words: Sequence[Sequence[int]],
        groups: Sequence[str],
    ) -> Clips:
        """Return the network inputs of clips, normalised by group.

        Args:
            features: features of each clip (T, D), not normalised.
            functionals: functionals of each clip (1, F), not normalised; ignored if the network
                takes none.
            words: word ids of each clip.
            groups: speaker or source of each clip, "" if unknown.
        """
        rows: list[Features] = [np.zeros((1, 0), dtype=np.float32)] * len(features)
        if self.functional_scaler is not None:
            rows = self.functional_scaler.apply(functionals, groups)
        scales = self.normaliser.scales(features, groups)
        return Clips(features, scales, words, speaker_numbers(groups), np.concatenate(rows))

    def probabilities(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the probability of each class for each clip (n, classes).

        Clips of a group are normalised together, and the model may be adapted to each speaker
        (``settings.adapt``), so pass all clips of a speaker at once.
        """
        if not examples:
            return np.zeros((0, len(self.classes)))
        clips = self.prepare(examples)
        by_length = np.argsort([len(clip) for clip in clips.features], kind="stable")
        self.network.eval()
        pooled: list[Tensor] = []
        with torch.inference_mode():
            for rows in split_batches(by_length, _POOLING_BATCH):
                batch = clips.batch(rows)
                if self.network.audio is not None:
                    pooled.append(self.network.audio.pool(batch.frames, batch.lengths))
            frameless = replace(clips, features=[clip[:1] for clip in clips.features])
            everything = frameless.batch(by_length)
            logits = self.network.classify(
                torch.cat(pooled) if pooled else None,
                everything.words,
                everything.speakers,
                everything.functionals,
            )
        ordered: NDArray[np.float64] = np.empty((len(examples), len(self.classes)))
        ordered[by_length] = logits.double().numpy()
        if self.settings.adapt and self.functional_scaler is not None:
            speakers = [
                example.group if example.single_speaker else UNSEEN_SPEAKER for example in examples
            ]
            ordered = adapt_speakers(ordered, clips.functionals, speaker_numbers(speakers))
        probabilities: NDArray[np.float64] = softmax(ordered / self.temperature, axis=1)
        return probabilities
