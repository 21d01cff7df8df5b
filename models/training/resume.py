"""State of a training, stored on disk so that a killed run is resumed."""

import json
import math
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from manifests.base.errors import CorpusError
from manifests.storage.store import fingerprint, write_bytes
from models.config.train import TrainSettings
from models.runs import Epoch
from models.training.batches import Generators
from models.training.optim import OptimiserState

__all__ = ["Snapshot", "StateStore", "TrainingState"]


@dataclass(frozen=True)
class Snapshot:
    """State of a training between two epochs: tensors, and all else as a JSON-ready document."""

    tensors: dict[str, Tensor]
    document: dict[str, Any]

    def part(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors with this name prefix, by name without the prefix."""
        return {
            name.removeprefix(prefix): value
            for name, value in self.tensors.items()
            if name.startswith(prefix)
        }


@dataclass
class StateStore:
    """Store of the snapshots of an unfinished run: one safetensors file per stage.

    A file is used only for the same settings, clips and versions (``identity``), and if it isn't
    damaged. If the disk is full, storing stops and training continues. Writes are at least
    ``every`` seconds apart; ``resumed`` counts resumed epochs by stage.
    """

    folder: Path
    identity: dict[str, Any]
    every: float = 5.0
    resumed: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    _saved: float = field(default_factory=time.monotonic)
    _failed: bool = False

    def load(self, stage: str, clips: Sequence[str]) -> Snapshot | None:
        """Return the snapshot of a stage of training on these clips, if any."""
        from safetensors import SafetensorError, safe_open

        path = self._path(stage)
        if not path.is_file():
            return None
        try:
            with safe_open(path, "pt") as stored:
                metadata = stored.metadata() or {}
                if metadata.get("of") != self._fingerprint(clips):
                    return None
                tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
                document = json.loads(metadata["document"])
        except (OSError, ValueError, KeyError, SafetensorError, RecursionError):
            self.report_damage(stage)
            return None
        return Snapshot(tensors, document)

    def report_damage(self, stage: str) -> None:
        """Warn that the snapshot of a stage is unusable."""
        self.warnings.append(f"{self._path(stage)}: damaged, so training restarted")

    def save(self, stage: str, clips: Sequence[str], snapshot: Snapshot, *, final: bool) -> None:
        """Write the snapshot of a stage, unless it isn't ``final`` and the last is too recent."""
        recent = not final and time.monotonic() - self._saved < self.every
        if recent or self._failed:
            return
        from safetensors.torch import save

        document = json.dumps(snapshot.document)
        tensors = {name: value.cpu().contiguous() for name, value in snapshot.tensors.items()}
        data = save(tensors, {"of": self._fingerprint(clips), "document": document})
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_bytes(self._path(stage), data)
        except CorpusError:  # raised by the store for a full disk
            self._give_up("no space left")
        except OSError as error:
            self._give_up(error.strerror or str(error))
        self._saved = time.monotonic()

    def remove(self) -> None:
        """Remove the snapshots of a run that is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):  # holds other unfinished runs, or doesn't exist
            self.folder.parent.rmdir()

    def _give_up(self, reason: str) -> None:
        self._failed = True
        self.warnings.append(
            f"{self.folder}: the training state can't be stored ({reason}), so an interrupted run "
            f"can't be resumed"
        )

    def _path(self, stage: str) -> Path:
        return self.folder / f"{stage}.safetensors"

    def _fingerprint(self, clips: Sequence[str]) -> str:
        return fingerprint(self.identity | {"clips": list(clips)})


class TrainingState:
    """Everything that changes during ``steps`` steps of training a network, on its device.

    ``kept_weights``, those of epoch ``kept_epoch``, are what the model gets in the end.
    """

    def __init__(
        self, network: torch.nn.Module, settings: TrainSettings, steps: int, device: torch.device
    ) -> None:
        self.network, self.device = network, device
        self.generators = Generators(settings.seed, device)
        self.optimiser = OptimiserState(network.parameters(), settings, steps, device)
        self.history: list[Epoch] = []
        self.best_score, self.kept_epoch = -math.inf, 0
        self.kept_weights = self._weights()

    def record(self, epoch: Epoch, *, keep_last: bool) -> None:
        """Add an epoch, and keep its weights if it is the best, or if the last is kept."""
        self.history.append(epoch)
        if keep_last or epoch.score > self.best_score:
            self.best_score, self.kept_epoch = epoch.score, epoch.epoch
            self.kept_weights = self._weights()

    def snapshot(self) -> Snapshot:
        """Return the state between two epochs."""
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
        return Snapshot(tensors, document)

    def resume(self, store: StateStore, stage: str, clips: Sequence[str]) -> None:
        """Restore the stored snapshot of a stage, if there is a usable one."""
        stored = store.load(stage, clips)
        if stored is None:
            return
        fresh = self.snapshot()
        copies = {name: value.clone() for name, value in fresh.tensors.items()}
        try:
            self._restore(stored)
        except (
            ValueError,
            KeyError,
            TypeError,
            RuntimeError,
            OverflowError,
        ):  # doesn't fit this training
            self._restore(Snapshot(copies, fresh.document))
            store.report_damage(stage)
        else:
            store.resumed[stage] = len(self.history)

    def _restore(self, snapshot: Snapshot) -> None:
        document, tensors = snapshot.document, snapshot.tensors
        history = [Epoch(*row) for row in document["history"]]
        self.network.load_state_dict(snapshot.part("network."))
        self.optimiser.restore(tensors, document["schedule"])
        self.generators.restore(tensors, document["shuffle"])
        kept_weights = snapshot.part("good.")
        if _kinds(kept_weights) != _kinds(self.kept_weights):
            raise KeyError("weights are missing, or of another kind")
        self.kept_weights = {name: value.to(self.device) for name, value in kept_weights.items()}
        self.best_score, self.kept_epoch = float(document["best"]), int(document["kept"])
        self.history = history

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self.network.state_dict().items()}


def _kinds(weights: dict[str, Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (value.shape, value.dtype) for name, value in weights.items()}
