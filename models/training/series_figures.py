"""What the runs of a series come to: by fold, on all test clips, and by speaker."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.emotions import EMOTIONS
from manifests.errors import DataError
from manifests.versions import Manifest
from models.evaluation.bootstrap import Intervals, bootstrap
from models.evaluation.draws import SystemResamples, interval, resample_systems
from models.evaluation.metrics import confusion_matrix, measure
from models.evaluation.report import FIGURES, rounded
from models.settings import TrainSettings

__all__ = ["RunPredictions", "read_run_predictions", "summarise_series"]

Classes = dict[str, tuple[int, int]]
"""Class and told class of each test clip, by id."""


@dataclass(frozen=True)
class RunPredictions:
    """What one run told of the clips that it was tested on.

    Attributes:
        fold: that was tested; None without folds.
        seed: of the run.
        clips: class and told class, by id.
    """

    fold: int | None
    seed: int
    clips: Classes


def read_run_predictions(path: Path) -> Classes:
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


def summarise_series(
    manifest: Manifest, settings: TrainSettings, folds: str | None, runs: Iterable[RunPredictions]
) -> dict[str, Any]:
    """Return the figures of a series, JSON-ready.

    ``pooled`` is of all test clips of a seed as one set; ``folds`` of each fold, none without;
    ``speakers`` of each speaker who is known. Each has accuracy, UAR and macro-F1: ``mean`` and
    ``deviation`` over seeds (None for one) and the value of each seed. ``over_folds`` has mean and
    deviation of the folds' means, ``confusion`` the clips of all seeds.

    The figures of ``pooled`` have bootstrap 95 % intervals, over speakers where ten or more are
    known, else over clips: ``run_intervals`` of each seed, and ``interval`` of the mean, for which
    seeds are drawn, too, where there are several. ``interval``, ``interval_over`` and
    ``interval_units`` of the document say what the latter are.

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
            **_pooled(pooled, speaker_of),
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


def _pooled(told: Mapping[int, Classes], speaker_of: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the figures of all test clips with their intervals, and what these are."""
    each = {
        seed: bootstrap(*_columns(one), len(EMOTIONS), [speaker_of[clip] for clip in sorted(one)])
        for seed, one in told.items()
    }
    drawn: Intervals | SystemResamples = next(iter(each.values()))
    whole = {key: getattr(drawn, key) for _, key in FIGURES}
    if len(told) > 1:
        drawn = _drawn(told, speaker_of)
        whole = {key: interval(values) for key, values in drawn.figures[_ALL].items()}
    figures = _figures(told)
    for _, key in FIGURES:
        figures[key]["interval"] = whole[key]
        figures[key]["run_intervals"] = {str(seed): getattr(one, key) for seed, one in each.items()}
    return {
        "pooled": figures,
        "interval": drawn.describe(),
        "interval_over": drawn.over,
        "interval_units": drawn.units,
    }


def _drawn(told: Mapping[int, Classes], speaker_of: Mapping[str, str | None]) -> SystemResamples:
    """Return draws of the clips that all seeds told, and of seeds."""
    clips = sorted(set.intersection(*(set(one) for one in told.values())))
    columns = [_columns({clip: one[clip] for clip in clips}) for one in told.values()]
    runs = {_ALL: [named for _, named in columns]}
    return resample_systems(
        columns[0][0], runs, len(EMOTIONS), [speaker_of[clip] for clip in clips]
    )


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


_ALL = "all"  # seeds, as one system
