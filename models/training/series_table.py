"""What the runs of a series come to: by fold, on all test clips, and by speaker."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from manifests.emotions import EMOTIONS
from manifests.errors import DataError
from manifests.versions import Manifest
from models.evaluation.metrics import confusion_matrix, measure
from models.evaluation.report import FIGURES, rounded
from models.settings import TrainSettings

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["Told", "markdown", "read_told", "rich_table", "summary"]

Classes = dict[str, tuple[int, int]]
"""Class and told class of each test clip, by id."""


@dataclass(frozen=True)
class Told:
    """What one run told of the clips that it was tested on.

    Attributes:
        fold: that was tested; None without folds.
        seed: of the run.
        clips: class and told class, by id.
    """

    fold: int | None
    seed: int
    clips: Classes


def read_told(path: Path) -> Classes:
    """Return what a run told of its test clips.

    Args:
        path: its ``predictions.csv``.

    Raises:
        DataError: if it is missing or no such file.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return {
                row["clip_id"]: (EMOTIONS.index(row["emotion"]), EMOTIONS.index(row["predicted"]))
                for row in csv.DictReader(stream)
                if row["split"] == "test"
            }
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise DataError(
            f"{path}: no predictions of a run; delete its folder, and it is trained again"
        ) from error


def summary(
    manifest: Manifest, settings: TrainSettings, folds: str | None, runs: Iterable[Told]
) -> dict[str, Any]:
    """Return the figures of a series, JSON-ready.

    ``pooled`` is of all test clips of a seed as one set; ``folds`` of each fold, none without;
    ``speakers`` of each speaker who is known. Each has accuracy, UAR and macro-F1: ``mean`` and
    ``deviation`` over seeds (None for one) and the value of each seed. ``over_folds`` has mean and
    deviation of the folds' means, ``confusion`` the clips of all seeds.

    Args:
        manifest: that was trained on.
        settings: of the runs.
        folds: as asked; None for none.
        runs: what each told.

    Raises:
        DataError: if there are no test clips.
    """
    runs = list(runs)
    seeds = sorted({run.seed for run in runs})
    speaker_of = {entry.clip_id: entry.speaker for entry in manifest.entries}
    pooled: dict[int, Classes] = {seed: {} for seed in seeds}
    for run in runs:
        pooled[run.seed] |= run.clips
    if not all(pooled.values()):
        raise DataError(
            f"{manifest.folder}: the test split is empty, so nothing says how good the models are; "
            f"build a manifest with another split, or ask for --folds"
        )
    by_fold: dict[int, dict[int, Classes]] = {}
    for run in runs:
        if run.fold is not None and run.clips:
            by_fold.setdefault(run.fold, {})[run.seed] = run.clips
    rows = [
        {"fold": fold, "speakers": _speakers(told, speaker_of), **_figures(told)}
        for fold, told in sorted(by_fold.items())
    ]
    found: dict[str, Any] = rounded(
        {
            "manifest": manifest.header.version,
            "digest": manifest.header.digest,
            "preset": settings.preset,
            "modality": settings.modality,
            "division": folds,
            "seeds": seeds,
            "pooled": _figures(pooled),
            "folds": rows,
            "over_folds": _over(rows),
            "speakers": [
                {"speaker": speaker, **_figures(_of(speaker, pooled, speaker_of))}
                for speaker in _speakers(pooled, speaker_of)
            ],
            "confusion": np.sum(
                [confusion_matrix(*_columns(told), len(EMOTIONS)) for told in pooled.values()],
                axis=0,
            ).tolist(),
        }
    )
    return found


def _figures(told: Mapping[int, Classes]) -> dict[str, Any]:
    """Return the figures of the same clips over seeds."""
    measured = {seed: measure(*_columns(one), EMOTIONS) for seed, one in told.items()}
    found: dict[str, Any] = {"n": max(one.n for one in measured.values())}
    for _, key in FIGURES:
        values = {str(seed): getattr(one, key) for seed, one in measured.items()}
        found[key] = _spread(list(values.values())) | {"runs": values}
    return found


def _over(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    if not rows:
        return None
    return {key: _spread([row[key]["mean"] for row in rows]) for _, key in FIGURES}


def _spread(values: Sequence[float]) -> dict[str, float | None]:
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "deviation": deviation}


def _columns(told: Classes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    truth, named = np.array([told[clip] for clip in sorted(told)], dtype=np.int64).T
    return truth, named


def _of(
    speaker: str, told: Mapping[int, Classes], speaker_of: Mapping[str, str | None]
) -> dict[int, Classes]:
    chosen = {
        seed: {clip: pair for clip, pair in one.items() if speaker_of[clip] == speaker}
        for seed, one in told.items()
    }
    return {seed: one for seed, one in chosen.items() if one}


def _speakers(told: Mapping[int, Classes], speaker_of: Mapping[str, str | None]) -> Sequence[str]:
    found = {speaker_of[clip] for one in told.values() for clip in one}
    return sorted(speaker for speaker in found if speaker is not None)


def markdown(document: Mapping[str, Any]) -> str:
    """Return the table for a paper: the folds, all clips, the speakers.

    Args:
        document: as from `summary`.
    """
    lines = [["", "clips", *(name for name, _ in FIGURES)], ["---", *["---:"] * 4]]
    lines += [[_safe(cell) for cell in row] for row in _rows(document)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{table}\n\n{_caption(document)}\n"


def rich_table(document: Mapping[str, Any]) -> "Table":
    """Return the table to print."""
    from rich.table import Table

    table = Table(caption=_caption(document))
    for head in ("", "clips", *(name for name, _ in FIGURES)):
        table.add_column(head, justify="right" if head else "left")
    for row in _rows(document):
        table.add_row(*row)
    return table


def _rows(document: Mapping[str, Any]) -> Iterator[list[str]]:
    for row in document["folds"]:
        who = ", ".join(row["speakers"]) if len(row["speakers"]) <= _NAMED else ""
        yield _row(f"fold {row['fold']}" + (f": {who}" if who else ""), row)
    if document["over_folds"] is not None:
        yield _row("mean of the folds", document["over_folds"])
    yield _row("all test clips", document["pooled"])
    if any(len(row["speakers"]) != 1 for row in document["folds"]) or not document["folds"]:
        for row in document["speakers"]:
            yield _row(f"speaker {row['speaker']}", row)


def _row(name: str, figures: Mapping[str, Any]) -> list[str]:
    return [name, str(figures.get("n", "")), *(_shown(figures[key]) for _, key in FIGURES)]


def _shown(figure: Mapping[str, float | None]) -> str:
    deviation = figure["deviation"]
    return f"{figure['mean']:.3f}" + ("" if deviation is None else f" ± {deviation:.3f}")


def _caption(document: Mapping[str, Any]) -> str:
    seeds = document["seeds"]
    number = f"{len(seeds)} seed{'s' if len(seeds) > 1 else ''}"
    spread = ["± deviation over seeds" if len(seeds) > 1 else ""]
    if document["over_folds"] is not None:
        spread.append("± deviation over folds in the mean of the folds")
    said = "; ".join(one for one in spread if one)
    return (
        f"Manifest {document['manifest']}, preset {document['preset']}, modality "
        f"{document['modality']}, {number} ({', '.join(map(str, seeds))})"
        + (f"; {said}." if said else ".")
    )


def _safe(cell: str) -> str:
    return cell.replace("|", "\\|")


_NAMED = 3  # speakers of a fold that the table names
