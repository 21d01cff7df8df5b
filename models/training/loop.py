"""Training loop: from labelled clips to a trained model."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray

from manifests.base.errors import CorpusError, DataError
from manifests.base.outcome import Progress, no_progress
from models.config.train import TrainSettings
from models.data import Batch, Example
from models.evaluation.calibration import log_loss
from models.evaluation.metrics import uar
from models.model import FittedModel, untrained_model
from models.runs import Epoch
from models.training.augment import AugmentedClips
from models.training.batches import drop_texts, epoch_order, mask_features
from models.training.distributed import (
    any_process,
    as_in_first,
    is_first,
    same_weights,
    share_of_batch,
    synchronised,
    total,
)
from models.training.late_fusion import fuse_branches, weigh_text
from models.training.optim import (
    class_weights,
    deterministic,
    mixed_precision,
    pick_device,
    target_shares,
    weighted_cross_entropy,
)
from models.training.resume import StateStore, TrainingState
from models.training.solvers import fit_statistics, fit_text, fit_vectors, named
from models.training.tensorboard import EpochLog, no_log

__all__ = ["FitResult", "fit"]


@dataclass(frozen=True)
class FitResult:
    """Result of a training: the model with the weights of ``kept_epoch``, and its history.

    ``epochs`` is the maximum number, ``stopped`` True if training ended early on request. ``kept``
    has the kept epoch of each part that was trained by itself, by its modality; ``warning`` says if
    the text has no weight, else it is "".
    """

    model: FittedModel
    history: list[Epoch]
    kept_epoch: int
    stopped: bool = False
    epochs: int = 0
    kept: Mapping[str, int] = field(default_factory=dict)
    warning: str = ""


_TO_THE_END: Mapping[str, int] = MappingProxyType({})


def fit(
    training: Sequence[Example],
    validation: Sequence[Example],
    settings: TrainSettings,
    *,
    progress: Progress = no_progress,
    watch: Callable[[FittedModel], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    state_store: StateStore | None = None,
    until: Mapping[str, int] = _TO_THE_END,
    log: EpochLog = no_log,
) -> FitResult:
    """Train a model; the result is deterministic on the same machine.

    Branches that are trained ``apart`` are fitted one after another, the first that is trained by
    epochs last; its model is fused with the others before it is validated, watched and returned.
    A layer on statistics and a linear text branch are solved, in one epoch.

    The validation clips, if any, choose the epoch if ``settings.keep`` is ``best``. ``progress``
    and ``watch`` are called after every epoch, the latter with the current model, which it must not
    change. ``should_stop`` is called before every step; True ends training after the last complete
    epoch. With a ``state_store``, a killed run can be resumed. ``until`` ends parts after an epoch,
    by modality, with the schedule of all. ``log`` gets the history of the last part after each
    of its epochs.

    Raises:
        DataError: if there are fewer than two training clips.
        CorpusError: if the loss is not finite, or training was stopped in the first epoch.
        ConfigurationError: if the device or the file of word vectors doesn't exist.
    """
    if len(training) < 2:
        raise DataError(f"{len(training)} training clips, but at least 2 are needed; label more")
    trained, parts, kept, warning = settings, dict[str, FittedModel](), dict[str, int](), ""
    if settings.branches == "apart" and len(settings.branch_names) > 1:
        settings, warning = weigh_text(training, settings)
        names = settings.branch_names
        main = next((name for name in names if not _is_solved(name, settings)), names[0])
        trained = settings.changed(modality=main)
        for name in names:
            if name == main:
                continue
            part = settings.changed(modality=name)
            result = fit(
                training,
                validation,
                part,
                should_stop=should_stop,
                state_store=state_store,
                until=until,
            )
            parts[name] = result.model
            kept |= result.kept

    def finished(model: FittedModel) -> FittedModel:
        if not parts:
            return model
        own = parts | {trained.modality: model}
        return fuse_branches(*(own[name] for name in settings.branch_names), settings=settings)

    with deterministic(trained.seed, trained.threads):
        device = pick_device(trained.device)
        model = untrained_model(training, trained)
        network = model.network
        if _is_solved(trained.modality, trained):
            if trained.words.encoder is not None and trained.modality == "text":
                fit_vectors(model, training, validation)
            else:
                solve = fit_text if trained.modality == "text" else fit_statistics
                solve(model, training)
            fused = finished(model)
            epoch = Epoch(1, 0.0, *_measure(model, training)[:2], *_validate(fused, validation))
            if watch is not None:
                watch(fused)
            log([epoch])
            progress(1, 1, epoch.line)
            kept |= {trained.modality: 1}
            return FitResult(fused, [epoch], 1, epochs=1, kept=kept, warning=warning)
        synchronised(network, device).to(device)
        augmented = AugmentedClips(model, training)
        clips = augmented.original
        sequences = clips.words if model.audio is None else clips.features
        lengths = np.array([len(sequence) for sequence in sequences])
        labels = np.array([example.label for example in training])
        targets = target_shares(training, trained).to(device)
        weights = class_weights(labels, trained).to(device)
        per_epoch = math.ceil(len(training) / trained.batch_size)
        epochs = max(trained.epochs, math.ceil(trained.least_steps / per_epoch))
        state = TrainingState(network, trained, epochs * per_epoch, device)
        last = min(epochs, until.get(trained.modality, epochs))
        stage, clip_ids = trained.modality, [clip.clip_id for clip in (*training, *validation)]
        if state_store is not None:
            state.resume(state_store, stage, clip_ids)
        same_weights(network)
        stopped = False
        while not _is_done(state, trained, last):
            number, losses, right = len(state.history) + 1, 0.0, 0
            network.train()
            clips = augmented.sample_epoch(state.generators.shuffle)
            for rows in epoch_order(lengths, trained.batch_size, state.generators.shuffle):
                if stopped := any_process(should_stop()):
                    break
                batch = _augmented(clips.batch(rows), trained, state.generators.masks)
                own, weight = share_of_batch(targets[rows] @ weights)
                batch, mine = batch.part(own).to(device), rows[own]
                with mixed_precision(device, trained):
                    logits = network(
                        batch.frames,
                        batch.lengths,
                        batch.words,
                        batch.speakers,
                        batch.extra,
                    )
                loss = weighted_cross_entropy(logits.float(), targets[mine], weights) * weight
                state.optimiser.step(loss)
                value = float(total(loss.detach()))
                if not math.isfinite(value):
                    own_ids = [clip_ids[row] for row in rows]
                    raise CorpusError(_divergence(number, value, own_ids, state.optimiser.lr))
                losses += value * len(rows)
                if weight:
                    right += int((logits.argmax(dim=1).cpu().numpy() == labels[mine]).sum())
            if stopped:
                break
            right = int(total(torch.tensor(float(right), device=device)))
            same_weights(network)
            current = finished(replace(model, network=network.cpu()))
            epoch = Epoch(
                number,
                state.optimiser.lr,
                losses / len(training),
                right / len(training),
                *as_in_first(partial(_validate, current, validation), 3 if validation else 0),
            )
            if watch is not None:
                watch(current)
            network.to(device)
            state.record(epoch, keep_last=trained.keep == "last")
            if state_store is not None and is_first():
                final = _is_done(state, trained, last)
                state_store.save(stage, clip_ids, state.snapshot(), final=final)
            log(state.history)
            progress(number, last, epoch.line)
        if not state.history:
            raise CorpusError("stopped before the end of the first epoch, so there is no model")
        network.load_state_dict(state.kept_weights)
        network.cpu().eval()
        kept |= {trained.modality: state.kept_epoch}
        return FitResult(
            finished(model), state.history, state.kept_epoch, stopped, last, kept, warning
        )


def _is_solved(branch: str, settings: TrainSettings) -> bool:
    """Return whether a branch alone is solved, not trained by epochs."""
    if branch == "audio":
        return settings.audio.encoder == "statistics"
    return branch == "text" and settings.words.kind == "linear"


def _is_done(state: TrainingState, settings: TrainSettings, epochs: int) -> bool:
    done, patience = len(state.history), settings.patience
    return done >= epochs or bool(patience and done - state.kept_epoch >= patience)


def _augmented(batch: Batch, settings: TrainSettings, generator: torch.Generator) -> Batch:
    frames, words = batch.frames, batch.words
    if settings.mask:
        frames = mask_features(frames, batch.lengths, settings.mask, generator)
    if settings.drop_text and len(settings.branch_names) > 1:
        words = drop_texts(words, settings.drop_text, generator)
    return replace(batch, frames=frames, words=words)


def _validate(
    model: FittedModel, examples: Sequence[Example]
) -> tuple[float, float, float] | tuple[()]:
    """Return loss, accuracy and UAR on the validation clips, if any, without adaptation: faster."""
    if not examples:
        return ()
    return _measure(replace(model, settings=model.settings.changed(adapt=False)), examples)


def _measure(model: FittedModel, examples: Sequence[Example]) -> tuple[float, float, float]:
    probabilities = model.probabilities(examples)
    truth: NDArray[np.int64] = np.array([example.label for example in examples])
    predicted = probabilities.argmax(axis=1)
    accuracy = float((predicted == truth).mean())
    return log_loss(probabilities, truth), accuracy, uar(truth, predicted)


def _divergence(epoch: int, loss: float, clips: Sequence[str], lr: float) -> str:
    return (
        f"epoch {epoch}: the loss is {loss} on the batch of {named(clips)}"
        f"; try a lower --lr (it was {lr:.3g}), and check these clips if that doesn't help"
    )
