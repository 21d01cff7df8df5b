"""Final fit on training and validation clips, so that no speaker is lost to validation."""

from collections.abc import Callable, Collection
from dataclasses import replace

from manifests.base.errors import CorpusError
from manifests.base.outcome import Progress
from manifests.versions.manifest import Manifest
from models.config.train import TrainSettings
from models.data import Examples
from models.evaluation.calibration import calibrated
from models.training.loop import FitResult, fit
from models.training.resume import StateStore
from models.training.tensorboard import EpochLog, no_log

__all__ = ["fit_calibrated", "validation_joined"]


def validation_joined(
    manifest: Manifest, settings: TrainSettings
) -> tuple[Manifest, frozenset[str]]:
    """Return the version with its validation clips in training, and their ids, if to be refit."""
    entries = manifest.entries
    joining = frozenset(entry.clip_id for entry in entries if entry.split == "val")
    if not settings.refit or not joining:
        return manifest, frozenset()
    joined = [
        entry.changed(split="train") if entry.clip_id in joining else entry for entry in entries
    ]
    return replace(manifest, entries=joined), joining


def fit_calibrated(
    examples: Examples,
    joined: Collection[str],
    settings: TrainSettings,
    *,
    progress: Progress,
    should_stop: Callable[[], bool],
    state_store: StateStore,
    log: EpochLog = no_log,
) -> tuple[FitResult, str | None]:
    """Return the fit on the training clips, calibrated if it can be, and a warning if it can't.

    With ``settings.refit``, ``joined`` names the training clips that were validation clips. Where
    the best epoch is kept, a first fit without them finds it for each branch, and the temperature;
    the second has the same schedule and ends there; ``log`` gets its history. Otherwise the only
    fit is on all clips.

    Raises:
        CorpusError: if training was stopped in the first of two fits, or as for :func:`fit`.
    """
    clips, validation = examples["train"], examples["val"]
    if not settings.refit:
        fitted = fit(
            clips,
            validation,
            settings,
            progress=progress,
            should_stop=should_stop,
            state_store=state_store,
            log=log,
        )
        model, doubt = calibrated(fitted.model, validation)
        return replace(fitted, model=model), doubt
    temperature, until = 1.0, dict[str, int]()
    inner = [clip for clip in clips if clip.clip_id not in joined]
    if settings.keep == "best" and 0 < len(inner) < len(clips):
        validation = [clip for clip in clips if clip.clip_id in joined]
        chosen = fit(
            inner,
            validation,
            settings,
            progress=_half(progress, 0),
            should_stop=should_stop,
            state_store=replace(state_store, folder=state_store.folder / "inner"),
        )
        if chosen.stopped:
            raise CorpusError("stopped while the number of epochs was chosen; there is no model")
        progress = _half(progress, 1)
        temperature, until = calibrated(chosen.model, validation)[0].temperature, dict(chosen.kept)
    fitted = fit(
        clips,
        [],
        settings,
        progress=progress,
        should_stop=should_stop,
        state_store=state_store,
        until=until,
        log=log,
    )
    return replace(fitted, model=replace(fitted.model, temperature=temperature)), None


def _half(progress: Progress, half: int) -> Progress:
    """Return the progress of the first (0) or the second half of the work (1)."""
    return lambda done, total, item: progress(half * total + done, 2 * total, item)
