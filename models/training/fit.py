"""Fit a network to training clips."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from manifests.emotions import EMOTIONS
from manifests.errors import CorpusError, DataError
from manifests.outcome import Progress, no_progress
from models.evaluation.metrics import uar
from models.examples import Batch, Example
from models.fitted import FittedModel, build_network, cut, functionals_of, summaries
from models.normalisation import Normaliser
from models.settings import TrainSettings
from models.text.vectors import WordVectors, learn_words
from models.text.vocabulary import Vocabulary
from models.training.batches import drop_texts, epoch_order, mask_features
from models.training.device import pick_device, steady
from models.training.history import Epoch
from models.training.joining import join
from models.training.objective import class_weights, target_shares, weighted_cross_entropy
from models.training.optimiser import make_optimiser, make_schedule
from models.training.voices import Voices

__all__ = ["Fit", "fit"]


@dataclass(frozen=True)
class Fit:
    """What fitting leaves.

    Attributes:
        model: trained.
        history: its epochs.
        kept: number of the epoch whose weights the model has.
        vectors_known: share of the vocabulary that the word vectors knew.
    """

    model: FittedModel
    history: list[Epoch]
    kept: int
    vectors_known: float


def fit(
    training: Sequence[Example],
    validation: Sequence[Example],
    settings: TrainSettings,
    progress: Progress = no_progress,
    *,
    watch: Callable[[FittedModel], None] | None = None,
) -> Fit:
    """Return a model fitted to training clips; the same one every time on the same machine.

    Args:
        training: clips with labels.
        validation: clips with labels, which choose the epoch if ``settings.keep`` is ``best``;
            maybe none.
        settings: of features, network and training.
        progress: called after every epoch.
        watch: called after every epoch with the model as it is then, to be looked at only.

    Raises:
        DataError: if there are fewer than two training clips.
        CorpusError: if the loss is no longer a number.
        ConfigurationError: if the device or the file of word vectors isn't there.
    """
    if len(training) < 2:
        raise DataError(
            f"{len(training)} training clips, where at least 2 are needed; label more clips"
        )
    with steady(settings.seed, settings.threads):
        if settings.modality == "both" and settings.branches == "apart":
            return _fit_apart(training, validation, settings, progress, watch)
        return _Fitting(training, validation, settings).run(progress, watch)


def _fit_apart(
    training: Sequence[Example],
    validation: Sequence[Example],
    settings: TrainSettings,
    progress: Progress,
    watch: Callable[[FittedModel], None] | None,
) -> Fit:
    words = _Fitting(training, validation, settings.changed(modality="text")).run(no_progress, None)
    with steady(settings.seed, settings.threads):  # as if there had been no words before
        sound = _Fitting(
            training,
            validation,
            settings.changed(modality="audio"),
            lambda model: join(model, words.model, settings),
        )
        return replace(sound.run(progress, watch), vectors_known=words.vectors_known)


class _Fitting:
    """The state of a fit; ``finish`` makes of the model what is validated, watched and kept."""

    def __init__(
        self,
        training: Sequence[Example],
        validation: Sequence[Example],
        settings: TrainSettings,
        finish: Callable[[FittedModel], FittedModel] = lambda model: model,
    ) -> None:
        self.settings, self.validation, self.finish = settings, validation, finish
        self.device = pick_device(settings.device)
        vocabulary, vectors = _words(training, settings)
        self.vectors_known = vectors.known
        table = torch.from_numpy(vectors.table) if settings.modality != "audio" else None
        network = build_network(settings, table, len(EMOTIONS), len(vocabulary.runs))
        prior = math.inf if settings.normalise == "corpus" else settings.prior
        raw = [cut(one.features, settings) for one in training]
        rows = summaries(raw, settings) if functionals_of(settings) else []
        self.model = FittedModel(
            network,
            Normaliser.fit(raw, prior),
            vocabulary,
            settings,
            EMOTIONS,
            leveller=Normaliser.fit(rows, prior) if rows else None,
        )
        self.network = network.to(self.device)
        self.voices = Voices(self.model, training, rows)
        own = self.voices.own
        long = own.words if settings.modality == "text" else own.features
        self.lengths = np.array([len(clip) for clip in long])
        self.targets = target_shares(training, settings).to(self.device)
        self.clip_ids = [one.clip_id for one in training]
        self.labels = np.array([one.label for one in training])
        self.truth = np.array([one.label for one in validation])
        self.weights = class_weights(self.labels, settings).to(self.device)
        self.shuffle = np.random.default_rng(settings.seed)
        self.generator = torch.Generator().manual_seed(settings.seed)
        self.optimiser = make_optimiser(self.network.parameters(), settings)
        per_epoch = math.ceil(len(training) / settings.batch_size)
        self.epochs = max(settings.epochs, math.ceil(settings.least_steps / per_epoch))
        self.schedule = make_schedule(self.optimiser, settings, self.epochs * per_epoch)

    def run(self, progress: Progress, watch: Callable[[FittedModel], None] | None) -> Fit:
        history: list[Epoch] = []
        best, kept, weights = -math.inf, 0, _copy(self.network)
        for number in range(1, self.epochs + 1):
            epoch = self._epoch(number)
            history.append(epoch)
            score = number if epoch.val_accuracy is None else _score(epoch)
            if self.settings.keep == "last" or score > best:
                best, kept, weights = score, number, _copy(self.network)
            if watch is not None:
                watch(self.finish(replace(self.model, network=self.network.cpu())))
                self.network.to(self.device)
            progress(number, self.epochs, _line(epoch))
            if self.settings.patience and number - kept >= self.settings.patience:
                break
        self.network.load_state_dict(weights)
        self.network.cpu().eval()
        return Fit(self.finish(self.model), history, kept, self.vectors_known)

    def _epoch(self, number: int) -> Epoch:
        self.network.train()
        losses, right = 0.0, 0
        clips = self.voices.cast(self.shuffle)
        for rows in epoch_order(self.lengths, self.settings.batch_size, self.shuffle):
            loss, told = self._step(self._disturbed(clips.batch(rows)).to(self.device))
            if not math.isfinite(loss):
                raise CorpusError(
                    f"epoch {number}: the loss is {loss} on the batch with clip "
                    f"{self.clip_ids[rows[0]]}; try a lower --lr"
                )
            losses += loss * len(rows)
            right += int((told == self.labels[rows]).sum())
        n = len(self.labels)
        lr = float(self.optimiser.param_groups[0]["lr"])
        return Epoch(number, lr, losses / n, right / n, *self._validate())

    def _disturbed(self, batch: Batch) -> Batch:
        frames, words = batch.frames, batch.words
        if self.settings.mask:
            frames = mask_features(frames, batch.lengths, self.settings.mask, self.generator)
        if self.settings.drop_text and self.settings.modality == "both":
            words = drop_texts(words, self.settings.drop_text, self.generator)
        return replace(batch, frames=frames, words=words)

    def _step(self, batch: Batch) -> tuple[float, NDArray[np.int64]]:
        logits = self.network(
            batch.frames, batch.lengths, batch.words, batch.speakers, batch.functionals
        )
        loss = weighted_cross_entropy(logits, self.targets[batch.rows], self.weights)
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        self.optimiser.step()
        if self.schedule is not None:
            self.schedule.step()
        return float(loss.detach()), logits.detach().argmax(dim=1).cpu().numpy()

    def _validate(self) -> tuple[float, float, float] | tuple[()]:
        if not self.validation:
            return ()
        self.network.cpu()
        probabilities = self.finish(self.model).probabilities(self.validation)
        self.network.to(self.device)
        told = probabilities.argmax(axis=1)
        own = probabilities[np.arange(len(self.truth)), self.truth]
        loss = float(-np.log(np.maximum(own, 1e-12)).mean())
        return loss, float((told == self.truth).mean()), uar(self.truth, told)


def _words(training: Sequence[Example], settings: TrainSettings) -> tuple[Vocabulary, WordVectors]:
    if settings.modality == "audio":
        empty = Vocabulary(())
        return empty, WordVectors(np.zeros((len(empty), 1), dtype=np.float32), 0.0)
    return learn_words([one.words for one in training], settings.words, settings.seed)


def _score(epoch: Epoch) -> float:
    """Return what the best epoch has most of: accuracy, then a low loss."""
    return (epoch.val_accuracy or 0.0) - 1e-6 * min(epoch.val_loss or 0.0, 1e3)


def _copy(network: torch.nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def _line(epoch: Epoch) -> str:
    validation = "" if epoch.val_uar is None else f", validation UAR {epoch.val_uar:.3f}"
    return f"loss {epoch.train_loss:.3f}{validation}"
