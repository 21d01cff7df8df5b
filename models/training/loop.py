"""Training loop of one network with one loss."""

import math
from collections.abc import Callable, Sequence
from dataclasses import astuple, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from manifests.base.emotions import EMOTIONS
from manifests.base.errors import CorpusError
from models.config.train import TrainSettings
from models.data import Batch, Example
from models.encoders.audio import clamp_functionals
from models.evaluation.metrics import uar
from models.features.normalise import Normaliser
from models.model import FittedModel, build_network, functional_inputs, functional_rows, truncate
from models.runs import Epoch
from models.text.vectors import WordVectors, learn_words
from models.text.vocabulary import Vocabulary
from models.training.augment import AugmentedClips
from models.training.batches import Generators, drop_texts, epoch_order, mask_features
from models.training.context import FitResult, TrainingContext
from models.training.late_fusion import add_functional_layers
from models.training.optim import (
    OptimiserState,
    class_weights,
    pick_device,
    target_shares,
    weighted_cross_entropy,
)
from models.training.resume import StateStore, TrainingState
from models.training.solvers import FunctionalLayers, solve_linear

__all__ = ["TrainingLoop"]


class TrainingLoop:
    """Training loop of a network, with its state.

    Args:
        training: labelled clips.
        validation: labelled clips; may be empty.
        settings: settings of the network and its training.
        finish: applied to the trained model before it is validated, watched and returned.
    """

    def __init__(
        self,
        training: Sequence[Example],
        validation: Sequence[Example],
        settings: TrainSettings,
        finish: Callable[[FittedModel], FittedModel] = lambda model: model,
    ) -> None:
        self.settings, self.validation, self.finish = settings, validation, finish
        self.device = pick_device(settings.device)
        vocabulary, vectors = _learn_vectors(training, settings)
        self.vector_coverage = vectors.known
        table = torch.from_numpy(vectors.table) if settings.modality != "audio" else None
        network = build_network(settings, table, len(EMOTIONS), len(vocabulary.ngrams))
        prior = math.inf if settings.normalise == "corpus" else settings.prior
        raw = [truncate(example.features, settings) for example in training]
        rows = functional_rows(raw, settings) if functional_inputs(settings) else []
        self.model = FittedModel(
            network,
            Normaliser.fit(raw, prior),
            vocabulary,
            settings,
            EMOTIONS,
            functional_scaler=Normaliser.fit(rows, prior) if rows else None,
        )
        self.network = network.to(self.device)
        self.augmented = AugmentedClips(self.model, training, rows)
        clips = self.augmented.original
        sequences = clips.words if settings.modality == "text" else clips.features
        self.lengths = np.array([len(sequence) for sequence in sequences])
        self.targets = target_shares(training, settings).to(self.device)
        self.clip_ids = [example.clip_id for example in (*training, *validation)]
        self.labels = np.array([example.label for example in training])
        self.truth = np.array([example.label for example in validation])
        self.weights = class_weights(self.labels, settings).to(self.device)
        self.functional_layers = (
            self._solve_functional_layers() if settings.branches == "apart" and rows else None
        )
        self.generators = Generators(settings.seed, self.device)
        per_epoch = math.ceil(len(training) / settings.batch_size)
        self.epochs = max(settings.epochs, math.ceil(settings.least_steps / per_epoch))
        self.optimiser = OptimiserState(
            self.network.parameters(), settings, self.epochs * per_epoch
        )
        self.history: list[Epoch] = []
        self.best_score, self.kept_epoch = -math.inf, 0
        self.kept_weights = _copy_weights(self.network)

    def run(self, context: TrainingContext) -> FitResult:
        """Train to the end or until stopped.

        Raises:
            CorpusError: if the loss is not finite, or training was stopped in the first epoch.
        """
        stage = self.settings.modality
        if context.state_store is not None:
            self._resume(context.state_store)
        stopped = False
        while not self._finished():
            epoch = self._train_epoch(len(self.history) + 1, context.should_stop)
            if epoch is None:
                stopped = True
                break
            self._record(epoch)
            if context.state_store is not None:
                final = self._finished()
                context.state_store.save(stage, self.clip_ids, self.state(), final=final)
            if context.watch is not None:
                context.watch(self._finish(replace(self.model, network=self.network.cpu())))
                self.network.to(self.device)
            context.progress(epoch.epoch, self.epochs, epoch.line)
        if not self.history:
            raise CorpusError("stopped before the end of the first epoch, so there is no model")
        self.network.load_state_dict(self.kept_weights)
        self.network.cpu().eval()
        model = self._finish(self.model)
        return FitResult(
            model, self.history, self.kept_epoch, self.vector_coverage, stopped, self.epochs
        )

    def state(self) -> TrainingState:
        """Return the state between two epochs, from which training can be resumed."""
        tensors = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"good.{name}": value for name, value in self.kept_weights.items()}
        tensors |= self.optimiser.tensors() | self.generators.tensors()
        document = {
            "history": [list(astuple(epoch)) for epoch in self.history],
            "best": self.best_score,
            "kept": self.kept_epoch,
            "schedule": self.optimiser.document(),
            "shuffle": self.generators.document(),
        }
        return TrainingState(tensors, document)

    def restore(self, state: TrainingState) -> None:
        """Restore a state.

        Raises:
            ValueError, KeyError, TypeError, RuntimeError: if it doesn't fit this training.
        """
        document, tensors = state.document, state.tensors
        history = [Epoch(*row) for row in document["history"]]
        self.network.load_state_dict(state.part("network."))
        self.optimiser.restore(tensors, document["schedule"])
        self.generators.restore(tensors, document["shuffle"])
        kept_weights = state.part("good.")
        if kept_weights.keys() != self.kept_weights.keys():
            raise KeyError("weights are missing")
        self.kept_weights = {name: value.to(self.device) for name, value in kept_weights.items()}
        self.best_score, self.kept_epoch = float(document["best"]), int(document["kept"])
        self.history = history

    def _solve_functional_layers(self) -> FunctionalLayers:
        """Return the layers of the functionals for seen and unseen speakers."""
        rows, speakers = self.augmented.functionals()
        shares = self.targets.cpu().repeat(len(rows) // len(self.targets), 1)
        clamped, weights = clamp_functionals(rows), shares @ self.weights.cpu()
        layers = [
            solve_linear(clamped[mask], shares[mask], weights[mask])
            for mask in (speakers >= 0, speakers < 0)
            if mask.any()
        ]
        return FunctionalLayers(layers[0], layers[-1])

    def _finish(self, model: FittedModel) -> FittedModel:
        """Return the model that is validated, watched and returned."""
        if self.functional_layers is not None:
            model = add_functional_layers(model, self.functional_layers)
        return self.finish(model)

    def _resume(self, state_store: StateStore) -> None:
        stage = self.settings.modality
        stored = state_store.load(stage, self.clip_ids)
        if stored is None:
            return
        fresh = self.state()
        fresh = TrainingState(
            {name: value.clone() for name, value in fresh.tensors.items()}, fresh.document
        )
        try:
            self.restore(stored)
        except (ValueError, KeyError, TypeError, RuntimeError):
            self.restore(fresh)
            state_store.report_damage(stage)
        else:
            state_store.resumed[stage] = len(self.history)

    def _finished(self) -> bool:
        done, patience = len(self.history), self.settings.patience
        return done >= self.epochs or bool(patience and done - self.kept_epoch >= patience)

    def _record(self, epoch: Epoch) -> None:
        """Record an epoch, and its weights if they are to be kept."""
        self.history.append(epoch)
        if self.settings.keep == "last" or epoch.score > self.best_score:
            self.best_score, self.kept_epoch = epoch.score, epoch.epoch
            self.kept_weights = _copy_weights(self.network)

    def _train_epoch(self, number: int, should_stop: Callable[[], bool]) -> Epoch | None:
        """Train on every clip once; return None if stopped before the end."""
        self.network.train()
        losses, right = 0.0, 0
        clips = self.augmented.sample_epoch(self.generators.shuffle)
        for rows in epoch_order(self.lengths, self.settings.batch_size, self.generators.shuffle):
            if should_stop():
                return None
            loss, predicted = self._step(self._augment(clips.batch(rows)).to(self.device))
            if not math.isfinite(loss):
                raise CorpusError(self._divergence(number, loss, rows))
            losses += loss * len(rows)
            right += int((predicted == self.labels[rows]).sum())
        n = len(self.labels)
        return Epoch(number, self.optimiser.lr, losses / n, right / n, *self._validate())

    def _divergence(self, epoch: int, loss: float, rows: NDArray[np.int64]) -> str:
        clips = ", ".join(self.clip_ids[row] for row in rows[:_NAMED_CLIPS])
        more = f" and {len(rows) - _NAMED_CLIPS} more" if len(rows) > _NAMED_CLIPS else ""
        return (
            f"epoch {epoch}: the loss is {loss} on the batch of {clips}{more}; try a lower --lr "
            f"(it was {self.optimiser.lr:.3g}), and check these clips if that doesn't help"
        )

    def _augment(self, batch: Batch) -> Batch:
        frames, words = batch.frames, batch.words
        if self.settings.mask:
            frames = mask_features(frames, batch.lengths, self.settings.mask, self.generators.masks)
        if self.settings.drop_text and self.settings.modality == "both":
            words = drop_texts(words, self.settings.drop_text, self.generators.masks)
        return replace(batch, frames=frames, words=words)

    def _step(self, batch: Batch) -> tuple[float, NDArray[np.int64]]:
        functionals = batch.functionals
        if self.functional_layers is not None:
            functionals = torch.zeros_like(functionals)
        logits = self.network(batch.frames, batch.lengths, batch.words, batch.speakers, functionals)
        loss = weighted_cross_entropy(logits, self.targets[batch.rows], self.weights)
        self.optimiser.step(loss)
        return float(loss.detach()), logits.detach().argmax(dim=1).cpu().numpy()

    def _validate(self) -> tuple[float, float, float] | tuple[()]:
        if not self.validation:
            return ()
        self.network.cpu()
        model = self._finish(self.model)
        unadapted = replace(model, settings=model.settings.changed(adapt=False))  # faster
        probabilities = unadapted.probabilities(self.validation)
        self.network.to(self.device)
        predicted = probabilities.argmax(axis=1)
        likelihoods = probabilities[np.arange(len(self.truth)), self.truth]
        loss = float(-np.log(np.maximum(likelihoods, 1e-12)).mean())
        return loss, float((predicted == self.truth).mean()), uar(self.truth, predicted)


def _learn_vectors(
    training: Sequence[Example], settings: TrainSettings
) -> tuple[Vocabulary, WordVectors]:
    if settings.modality == "audio":
        empty = Vocabulary(())
        return empty, WordVectors(np.zeros((len(empty), 1), dtype=np.float32), 0.0)
    return learn_words([example.words for example in training], settings.words, settings.seed)


def _copy_weights(network: torch.nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


_NAMED_CLIPS = 3  # clips of a batch that an error names
