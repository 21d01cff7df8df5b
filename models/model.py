"""Trained model: the network with the preprocessing of its inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from torch import Tensor

from manifests.base.emotions import EMOTIONS
from models.adaptation import adapt_speakers
from models.branches import AudioBranch, Branch, TextBranch, branch_class
from models.config.train import TrainSettings
from models.data import Clips, Example, speaker_numbers, split_batches
from models.encoders.fusion import BimodalClassifier
from models.encoders.statistics import StatisticsEncoder
from models.features.normalise import UNSEEN_SPEAKER, Scale

__all__ = ["FittedModel", "build_network", "untrained_model"]

_POOLING_BATCH = 64  # clips


def build_network(branches: Mapping[str, Branch], classes: int) -> BimodalClassifier:
    """Return an untrained network with these branches."""
    encoders = {name: branch.build(classes) for name, branch in branches.items()}
    audio, text = encoders.pop("audio", None), encoders.pop("text", None)
    return BimodalClassifier(audio, text, classes, encoders)  # type: ignore[arg-type]


@dataclass(frozen=True)
class FittedModel:
    """Trained model with all that prediction needs.

    ``network`` is on the CPU, ``branches`` has the fitted preprocessing of each of its branches,
    ``classes`` the names in the order of the outputs. ``temperature`` divides the logits; it is
    fitted on validation clips, or 1. ``language`` is that of the training corpus, None if unknown.
    """

    network: BimodalClassifier
    branches: Mapping[str, Branch]
    settings: TrainSettings
    classes: tuple[str, ...]
    temperature: float = 1.0
    language: str | None = None

    @property
    def audio(self) -> AudioBranch | None:
        """Audio branch, if the model has one."""
        branch = self.branches.get("audio")
        return branch if isinstance(branch, AudioBranch) else None

    @property
    def text(self) -> TextBranch | None:
        """Text branch, if the model has one."""
        branch = self.branches.get("text")
        return branch if isinstance(branch, TextBranch) else None

    def prepare(self, examples: Sequence[Example]) -> Clips:
        """Return the network inputs of clips, normalised by group."""
        return self.normalise(self.encode(examples), [example.group for example in examples])

    def encode(self, examples: Sequence[Example]) -> Clips:
        """Return the network inputs of clips, not normalised."""
        n = len(examples)
        encoded = {name: branch.encode(examples) for name, branch in self.branches.items()}
        features = encoded.pop("audio", [np.zeros((1, 1), dtype=np.float32)] * n)
        words = encoded.pop("text", [[]] * n)
        extra = {name: np.asarray(rows, dtype=np.float32) for name, rows in encoded.items()}
        return Clips(features, [_UNSCALED] * n, words, np.full(n, -1), extra)

    def normalise(self, clips: Clips, groups: Sequence[str]) -> Clips:
        """Return clips from :meth:`encode`, normalised by group (speaker or source; "" if none)."""
        clips = replace(clips, speakers=speaker_numbers(groups))
        if self.audio is None:
            return clips
        return replace(clips, scales=self.audio.normaliser.scales(clips.features, groups))

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
            if self.network.audio is not None:
                for rows in split_batches(by_length, _POOLING_BATCH):
                    batch = clips.batch(rows)
                    pooled.append(self.network.audio.pool(batch.frames, batch.lengths))
            frameless = replace(clips, features=[clip[:1] for clip in clips.features])
            everything = frameless.batch(by_length)
            logits = self.network.classify(
                torch.cat(pooled) if pooled else None,
                everything.words,
                everything.speakers,
                everything.extra,
            )
        ordered: NDArray[np.float64] = np.empty((len(examples), len(self.classes)))
        ordered[by_length] = logits.double().numpy()
        if self.settings.adapt and isinstance(self.network.audio, StatisticsEncoder):
            statistics = np.empty((len(examples), clips.features[0].shape[1]), dtype=np.float32)
            statistics[by_length] = torch.cat(pooled).numpy()
            speakers = [
                example.group if example.single_speaker else UNSEEN_SPEAKER for example in examples
            ]
            ordered = adapt_speakers(ordered, statistics, speaker_numbers(speakers))
        probabilities: NDArray[np.float64] = softmax(ordered / self.temperature, axis=1)
        return probabilities


def untrained_model(training: Sequence[Example], settings: TrainSettings) -> FittedModel:
    """Return a model with branches fitted to training clips and an untrained network."""
    branches = {name: branch_class(name).fit(training, settings) for name in settings.branch_names}
    return FittedModel(build_network(branches, len(EMOTIONS)), branches, settings, EMOTIONS)


_UNSCALED = Scale(np.zeros(1), np.ones(1))  # of clips without sound
