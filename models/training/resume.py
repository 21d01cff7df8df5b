"""Training state on disk, from which a killed run is resumed."""

import json
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from manifests.base.errors import CorpusError
from manifests.storage.store import fingerprint, write_bytes

__all__ = ["StateStore", "TrainingState"]


@dataclass(frozen=True)
class TrainingState:
    """State of a training between two epochs.

    Attributes:
        tensors: weights, moments of the optimiser and states of generators.
        document: everything else, JSON-ready.
    """

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
    """Store of the training state of an unfinished run: one safetensors file per stage.

    A file is used only for the same settings, clips and versions, and if it isn't damaged. If the
    disk is full, storing stops and training continues.

    Attributes:
        folder: folder of the files, created when needed.
        identity: settings, manifest and versions of the training.
        every: minimum seconds between two writes.
        resumed: number of resumed epochs by stage.
        warnings: warnings for the user.
    """

    folder: Path
    identity: dict[str, Any]
    every: float = 5.0
    resumed: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    _saved: float = field(default_factory=time.monotonic)
    _failed: bool = False

    def load(self, stage: str, clips: Sequence[str]) -> TrainingState | None:
        """Return the stored state of a stage of training on these clips, if any."""
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
        return TrainingState(tensors, document)

    def report_damage(self, stage: str) -> None:
        """Warn that the state of a stage is unusable."""
        self.warnings.append(f"{self._path(stage)}: damaged, so training restarted")

    def save(self, stage: str, clips: Sequence[str], state: TrainingState, *, final: bool) -> None:
        """Write the state of a stage, unless the last write is too recent.

        Args:
            stage: name of the stage.
            clips: ids of the training and validation clips.
            state: state to write.
            final: True for the last state of the stage, which is always written.
        """
        recent = not final and time.monotonic() - self._saved < self.every
        if recent or self._failed:
            return
        from safetensors.torch import save

        document = json.dumps(state.document)
        tensors = {name: value.cpu().contiguous() for name, value in state.tensors.items()}
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
        """Remove the state of a run that is finished."""
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
