"""Training of a model on clips."""

from collections.abc import Sequence
from dataclasses import replace

from manifests.base.errors import DataError
from manifests.base.outcome import no_progress
from models.config.train import TrainSettings
from models.data import Example
from models.training.context import FitResult, TrainingContext
from models.training.late_fusion import fuse_branches
from models.training.loop import TrainingLoop
from models.training.optim import deterministic
from models.training.solvers import fit_text

__all__ = ["fit"]


def fit(
    training: Sequence[Example],
    validation: Sequence[Example],
    settings: TrainSettings,
    context: TrainingContext | None = None,
) -> FitResult:
    """Train a model; the result is deterministic on the same machine.

    Args:
        training: labelled clips.
        validation: labelled clips to choose the epoch by if ``settings.keep`` is ``best``; may be
            empty.
        settings: settings of features, network and training.
        context: callbacks and state store.

    Raises:
        DataError: if there are fewer than two training clips.
        CorpusError: if the loss is not finite, or training was stopped in the first epoch.
        ConfigurationError: if the device or the file of word vectors doesn't exist.
    """
    if len(training) < 2:
        raise DataError(f"{len(training)} training clips, but at least 2 are needed; label more")
    context = context or TrainingContext()
    with deterministic(settings.seed, settings.threads):
        if settings.modality == "both" and settings.branches == "apart":
            return _fit_apart(training, validation, settings, context)
        return _fit_jointly(training, validation, settings, context)


def _fit_jointly(
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
    text = _fit_jointly(training, validation, settings.changed(modality="text"), quiet)
    with deterministic(settings.seed, settings.threads):  # independent of the text training
        audio = TrainingLoop(
            training,
            validation,
            settings.changed(modality="audio"),
            lambda model: fuse_branches(model, text.model, settings),
        )
        return replace(audio.run(context), vector_coverage=text.vector_coverage)
