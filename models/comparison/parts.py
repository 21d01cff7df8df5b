"""Finished runs of a comparison, kept so that one that was broken off goes on."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from manifests.store import write_text
from models.training.history import Epoch

__all__ = ["Part", "keep_part", "kept_part"]


@dataclass(frozen=True)
class Part:
    """One run of one system.

    Attributes:
        system: its key.
        seed: of the run.
        fingerprint: of everything that the run depends on.
        told: numbers of the predicted classes of the test clips.
        history: its epochs; none without training by epochs.
        test_accuracy: on the test clips after each epoch, which chooses nothing.
        kept_epoch: whose weights the model has.
    """

    system: str
    seed: int
    fingerprint: str
    told: tuple[int, ...]
    history: tuple[Epoch, ...] = ()
    test_accuracy: tuple[float, ...] = ()
    kept_epoch: int = 0


def keep_part(folder: Path, part: Part) -> None:
    """Write a run, whole or not at all."""
    write_text(_path(folder, part.system, part.seed), json.dumps(asdict(part)) + "\n")


def kept_part(folder: Path, system: str, seed: int, fingerprint: str, clips: int) -> Part | None:
    """Return a run that was kept, or None if there is none that can be used.

    Args:
        folder: of the comparison.
        system: its key.
        seed: of the run.
        fingerprint: that it has to have.
        clips: of the test split.
    """
    try:
        row = json.loads(_path(folder, system, seed).read_text(encoding="utf-8"))
        part = Part(
            system=system,
            seed=seed,
            fingerprint=str(row["fingerprint"]),
            told=tuple(int(one) for one in row["told"]),
            history=tuple(Epoch(**epoch) for epoch in row["history"]),
            test_accuracy=_numbers(row["test_accuracy"]),
            kept_epoch=int(row["kept_epoch"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return part if part.fingerprint == fingerprint and len(part.told) == clips else None


def _numbers(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _path(folder: Path, system: str, seed: int) -> Path:
    return folder / "parts" / f"{system}-{seed}.json"
