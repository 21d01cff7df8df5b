"""Finished runs of a comparison on disk, for resuming it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from manifests.store import write_text
from models.training.history import Epoch

__all__ = ["SystemRun", "load_run", "save_run"]


@dataclass(frozen=True)
class SystemRun:
    """Finished run of one system.

    Attributes:
        system: key of the system.
        seed: training seed.
        fingerprint: fingerprint of everything the run depends on.
        told: predicted class numbers of the test clips.
        history: epochs; empty for a system without training by epochs.
        test_accuracy: accuracy on the test clips after each epoch; never used for selection.
        kept_epoch: epoch of the model's weights.
    """

    system: str
    seed: int
    fingerprint: str
    told: tuple[int, ...]
    history: tuple[Epoch, ...] = ()
    test_accuracy: tuple[float, ...] = ()
    kept_epoch: int = 0


def save_run(folder: Path, run: SystemRun) -> None:
    """Write a run atomically."""
    write_text(_run_path(folder, run.system, run.seed), json.dumps(asdict(run)) + "\n")


def load_run(
    folder: Path, system: str, seed: int, fingerprint: str, clips: int
) -> SystemRun | None:
    """Return a stored run, or None if there is no usable one.

    Args:
        folder: folder of the comparison.
        system: key of the system.
        seed: training seed.
        fingerprint: expected fingerprint.
        clips: number of test clips.
    """
    try:
        row = json.loads(_run_path(folder, system, seed).read_text(encoding="utf-8"))
        run = SystemRun(
            system=system,
            seed=seed,
            fingerprint=str(row["fingerprint"]),
            told=tuple(int(label) for label in row["told"]),
            history=tuple(Epoch(**epoch) for epoch in row["history"]),
            test_accuracy=_floats(row["test_accuracy"]),
            kept_epoch=int(row["kept_epoch"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return run if run.fingerprint == fingerprint and len(run.told) == clips else None


def _floats(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _run_path(folder: Path, system: str, seed: int) -> Path:
    return folder / "parts" / f"{system}-{seed}.json"
