"""Fit a network to training clips."""

from collections.abc import Sequence
from dataclasses import replace

from manifests.errors import DataError
from manifests.outcome import no_progress
from models.examples import Example
from models.settings import TrainSettings
from models.training.around import FitResult, TrainingContext
from models.training.device import deterministic
from models.training.fitting import TrainingLoop
from models.training.joining import fuse_branches
from models.training.words import fit_text

__all__ = ["FitResult", "TrainingContext", "fit"]


def fit(
    training: Sequence[Example],
    validation: Sequence[Example],
    settings: TrainSettings,
    context: TrainingContext | None = None,
) -> FitResult:
    """Return a model fitted to training clips; the same one every time on the same machine.

    Args:
        training: clips with labels.
        validation: clips with labels, which choose the epoch if ``settings.keep`` is ``best``;
            maybe none.
        settings: of features, network and training.
        context: who looks on, who may end it, and what keeps the state for a run that is killed.

    Raises:
        DataError: if there are fewer than two training clips.
        CorpusError: if the loss is no longer a number, or it was stopped in the first epoch.
        ConfigurationError: if the device or the file of word vectors isn't there.
    """
    if len(training) < 2:
        raise DataError(
            f"{len(training)} training clips, where at least 2 are needed; label more clips"
        )
    context = context or TrainingContext()
    with deterministic(settings.seed, settings.threads):
        if settings.modality == "both" and settings.branches == "apart":
            return _fit_apart(training, validation, settings, context)
        return _fit_one(training, validation, settings, context)


def _fit_one(
    training: Sequence[Example],
    validation: Sequence[Example],
    settings: TrainSettings,
    context: TrainingContext,
) -> FitResult:
    if settings.modality == "text" and settings.words.kind == "linear":
        return fit_text(training, validation, settings, context)
    return TrainingLoop(training, validation, settings).run(context)


def _fit_apart(
    training: Sequence[Example],
    validation: Sequence[Example],
    settings: TrainSettings,
    context: TrainingContext,
) -> FitResult:
    quiet = replace(context, progress=no_progress, watch=None)
    words = _fit_one(training, validation, settings.changed(modality="text"), quiet)
    with deterministic(settings.seed, settings.threads):  # as if there had been no words before
        sound = TrainingLoop(
            training,
            validation,
            settings.changed(modality="audio"),
            lambda model: fuse_branches(model, words.model, settings),
        )
        return replace(sound.run(context), vector_coverage=words.vector_coverage)
