"""The state of training on disk, so that a run that was killed goes on where it was."""

import json
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from manifests.errors import CorpusError
from manifests.store import fingerprint, write_bytes

__all__ = ["StateStore", "TrainingState"]


@dataclass(frozen=True)
class TrainingState:
    """All that training goes on from.

    Attributes:
        tensors: weights, the optimiser's moments, states of generators.
        document: all else, as JSON has it.
    """

    tensors: dict[str, Tensor]
    document: dict[str, Any]

    def part(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors whose names begin so, by the rest of their names."""
        return {
            name.removeprefix(prefix): value
            for name, value in self.tensors.items()
            if name.startswith(prefix)
        }


@dataclass
class StateStore:
    """Where a run that isn't finished keeps its state: a safetensors file for each stage.

    A file counts only for the same settings, clips and versions; one that is damaged doesn't count.
    Losing it costs the time to train again, so a disk that is full stops the keeping, not the run.

    Attributes:
        folder: made when there is something to keep.
        of: what the training is of: settings, manifest, versions.
        every: seconds from one keeping to the next, at least.
        resumed: epochs that were not trained again, by stage.
        warnings: what the user should know.
    """

    folder: Path
    of: dict[str, Any]
    every: float = 5.0
    resumed: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    _kept: float = field(default_factory=time.monotonic)
    _refused: bool = False

    def load(self, stage: str, clips: Sequence[str]) -> TrainingState | None:
        """Return the state in which a stage of training on these clips was left, if any."""
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
            self.discard(stage)
            return None
        return TrainingState(tensors, document)

    def discard(self, stage: str) -> None:
        """Note that a stage's state is of no use."""
        self.warnings.append(f"{self._path(stage)}: damaged, so training began anew")

    def keep(self, stage: str, clips: Sequence[str], state: TrainingState, *, whole: bool) -> None:
        """Write the state of a stage, unless the last one is so recent that it does.

        Args:
            stage: its name.
            clips: ids of the clips, training and validation.
            state: between two epochs.
            whole: whether it is the last of the stage, which is always written.
        """
        recent = not whole and time.monotonic() - self._kept < self.every
        if recent or self._refused:
            return
        from safetensors.torch import save

        document = json.dumps(state.document)
        tensors = {name: value.cpu().contiguous() for name, value in state.tensors.items()}
        data = save(tensors, {"of": self._fingerprint(clips), "document": document})
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_bytes(self._path(stage), data)
        except CorpusError:  # the store's word for a full disk
            self._refuse("no space left")
        except OSError as error:
            self._refuse(error.strerror or str(error))
        self._kept = time.monotonic()

    def remove(self) -> None:
        """Remove the state of a run that is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):  # others are unfinished, or there never was one
            self.folder.parent.rmdir()

    def _refuse(self, why: str) -> None:
        self._refused = True
        self.warnings.append(
            f"{self.folder}: the state of training can't be kept ({why}), so it can't go on after "
            f"an interruption"
        )

    def _path(self, stage: str) -> Path:
        return self.folder / f"{stage}.safetensors"

    def _fingerprint(self, clips: Sequence[str]) -> str:
        return fingerprint(self.of | {"clips": list(clips)})
