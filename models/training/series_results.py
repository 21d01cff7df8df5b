"""Figures of a series of runs, and their table: by fold, on all test clips, and by speaker."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from manifests.base.csv_tables import unguarded
from manifests.base.emotions import EMOTIONS
from manifests.base.errors import DataError
from manifests.storage.checksums import read_whole
from manifests.versions.manifest import Manifest
from models.config.train import TrainSettings
from models.evaluation.bootstrap import (
    Intervals,
    SystemResamples,
    bootstrap,
    interval,
    resample_systems,
)
from models.evaluation.metrics import confusion_matrix, measure
from models.evaluation.report import FIGURES, rounded

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["RunPredictions", "markdown", "read_run_predictions", "rich_table", "summarise_series"]

Classes = dict[str, tuple[int, int]]
"""True and predicted class of each test clip, by clip id."""

ClassesBySeed = Mapping[int, Classes]
SpeakerOf = Mapping[str, str | None]


@dataclass(frozen=True)
class RunPredictions:
    """Predictions of a run for the clips of its test fold, None without folds."""

    fold: int | None
    seed: int
    clips: Classes


def read_run_predictions(path: Path) -> Classes:
    """Return a run's predictions for its test clips; DataError if the file is missing or bad."""
    try:
        text = read_whole(path, "restore it, or delete the run's folder and train again").decode()
        return {
            unguarded(row["clip_id"]): (
                EMOTIONS.index(row["emotion"]),
                EMOTIONS.index(row["predicted"]),
            )
            for row in csv.DictReader(io.StringIO(text, newline=""))
            if row["split"] == "test"
        }
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise DataError(
            f"{path}: predictions are missing or invalid; delete the run's folder and train again"
        ) from error


def summarise_series(
    manifest: Manifest, settings: TrainSettings, folds: str | None, runs: Iterable[RunPredictions]
) -> dict[str, Any]:
    """Return the figures of a series, JSON-ready.

    ``pooled`` has the figures of all test clips of a seed as one set, ``folds`` those of each fold,
    and ``speakers`` those of each known speaker. Each has accuracy, UAR and macro-F1: ``mean`` and
    ``deviation`` over seeds (None for one seed) and the value of each seed. ``over_folds`` has the
    mean and deviation of the folds' means, ``confusion`` counts the clips of all seeds.

    The figures of ``pooled`` have bootstrap 95 % intervals, over speakers if ten or more are known,
    else over clips: ``run_intervals`` for each seed, and ``interval`` for the mean, which also
    resamples the seeds if there are several. ``interval``, ``interval_over`` and ``interval_units``
    of the document describe the latter.

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
            f"{manifest.folder}: the test split is empty, so the models can't be evaluated; build "
            f"a manifest with another split, or use --folds"
        )
    by_fold: dict[int, dict[int, Classes]] = {}
    for run in runs:
        if run.fold is not None and run.clips:
            by_fold.setdefault(run.fold, {})[run.seed] = run.clips
    rows = [
        {"fold": fold, "speakers": _speakers(by_seed, speaker_of), **_figures(by_seed)}
        for fold, by_seed in sorted(by_fold.items())
    ]
    confusions = [
        confusion_matrix(*_class_arrays(clips), len(EMOTIONS)) for clips in pooled.values()
    ]
    document: dict[str, Any] = rounded(
        {
            "manifest": manifest.header.version,
            "digest": manifest.header.digest,
            "preset": settings.preset,
            "modality": settings.modality,
            "division": folds,
            "refit": bool(settings.refit),
            "seeds": seeds,
            **_pooled_figures(pooled, speaker_of),
            "folds": rows,
            "over_folds": _fold_means(rows),
            "speakers": [
                {"speaker": speaker, **_figures(_of_speaker(speaker, pooled, speaker_of))}
                for speaker in _speakers(pooled, speaker_of)
            ],
            "confusion": np.sum(confusions, axis=0).tolist(),
        }
    )
    return document


def _pooled_figures(by_seed: ClassesBySeed, speaker_of: SpeakerOf) -> dict[str, Any]:
    """Return the figures of all test clips, with intervals and their description."""
    intervals = {
        seed: bootstrap(
            *_class_arrays(clips), len(EMOTIONS), [speaker_of[clip] for clip in sorted(clips)]
        )
        for seed, clips in by_seed.items()
    }
    resampled: Intervals | SystemResamples = next(iter(intervals.values()))
    overall = {key: getattr(resampled, key) for _, key in FIGURES}
    if len(by_seed) > 1:
        resampled = _resample_seeds(by_seed, speaker_of)
        overall = {key: interval(values) for key, values in resampled.figures[_ALL].items()}
    figures = _figures(by_seed)
    for _, key in FIGURES:
        figures[key]["interval"] = overall[key]
        figures[key]["run_intervals"] = {
            str(seed): getattr(own, key) for seed, own in intervals.items()
        }
    return {
        "pooled": figures,
        "interval": resampled.describe(),
        "interval_over": resampled.over,
        "interval_units": resampled.units,
    }


def _resample_seeds(by_seed: ClassesBySeed, speaker_of: SpeakerOf) -> SystemResamples:
    """Return bootstrap resamples of seeds, and of the clips that all seeds have."""
    common = sorted(set.intersection(*(set(clips) for clips in by_seed.values())))
    arrays = [_class_arrays({clip: clips[clip] for clip in common}) for clips in by_seed.values()]
    runs = {_ALL: [predicted for _, predicted in arrays]}
    return resample_systems(
        arrays[0][0], runs, len(EMOTIONS), [speaker_of[clip] for clip in common]
    )


def _figures(by_seed: ClassesBySeed) -> dict[str, Any]:
    """Return each figure of a set of clips over the seeds."""
    measured = {seed: measure(*_class_arrays(clips), EMOTIONS) for seed, clips in by_seed.items()}
    figures: dict[str, Any] = {"n": max(metrics.n for metrics in measured.values())}
    for _, key in FIGURES:
        values = {str(seed): getattr(metrics, key) for seed, metrics in measured.items()}
        figures[key] = _mean_deviation(list(values.values())) | {"runs": values}
    return figures


def _fold_means(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    if not rows:
        return None
    return {key: _mean_deviation([row[key]["mean"] for row in rows]) for _, key in FIGURES}


def _mean_deviation(values: Sequence[float]) -> dict[str, float | None]:
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "deviation": deviation}


def _class_arrays(clips: Classes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return true and predicted classes (n,) in the order of the clip ids."""
    truth, predicted = np.array([clips[clip] for clip in sorted(clips)], dtype=np.int64).T
    return truth, predicted


def _of_speaker(speaker: str, by_seed: ClassesBySeed, speaker_of: SpeakerOf) -> ClassesBySeed:
    own = {
        seed: {clip: pair for clip, pair in clips.items() if speaker_of[clip] == speaker}
        for seed, clips in by_seed.items()
    }
    return {seed: clips for seed, clips in own.items() if clips}


def _speakers(by_seed: ClassesBySeed, speaker_of: SpeakerOf) -> list[str]:
    speakers = {speaker_of[clip] for clips in by_seed.values() for clip in clips}
    return sorted(speaker for speaker in speakers if speaker is not None)


_ALL = "all"  # all seeds as one system


def markdown(document: Mapping[str, Any]) -> str:
    """Return the table of :func:`summarise_series` as Markdown."""
    lines = [["", "clips", *(name for name, _ in FIGURES)], ["---", *["---:"] * 4]]
    lines += [[_escape(cell) for cell in row] for row in _table_rows(document)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{table}\n\n{_caption(document)}\n"


def rich_table(document: Mapping[str, Any]) -> "Table":
    """Return the table for the terminal."""
    from rich.table import Table

    table = Table(caption=_caption(document))
    for head in ("", "clips", *(name for name, _ in FIGURES)):
        table.add_column(head, justify="right" if head else "left")
    for row in _table_rows(document):
        table.add_row(*(cell.replace(" (", "\n(") for cell in row))
    return table


def _table_rows(document: Mapping[str, Any]) -> Iterator[list[str]]:
    for row in document["folds"]:
        speakers = ", ".join(row["speakers"]) if len(row["speakers"]) <= _NAMED_SPEAKERS else ""
        yield _table_row(f"fold {row['fold']}" + (f": {speakers}" if speakers else ""), row)
    if document["over_folds"] is not None:
        yield _table_row("mean of the folds", document["over_folds"])
    yield _table_row("all test clips", document["pooled"])
    if len(document["seeds"]) > 1:
        for seed in document["seeds"]:
            yield _table_row(f"all, seed {seed}", _seed_figures(str(seed), document["pooled"]))
    if any(len(row["speakers"]) != 1 for row in document["folds"]) or not document["folds"]:
        for row in document["speakers"]:
            yield _table_row(f"speaker {row['speaker']}", row)


def _table_row(name: str, figures: Mapping[str, Any]) -> list[str]:
    return [name, str(figures.get("n", "")), *(_format_figure(figures[key]) for _, key in FIGURES)]


def _seed_figures(seed: str, pooled: Mapping[str, Any]) -> dict[str, Any]:
    figures = {
        key: {
            "mean": pooled[key]["runs"][seed],
            "deviation": None,
            "interval": pooled[key]["run_intervals"][seed],
        }
        for _, key in FIGURES
    }
    return {"n": pooled["n"], **figures}


def _format_figure(figure: Mapping[str, Any]) -> str:
    text = f"{figure['mean']:.3f}"
    if figure["deviation"] is not None:
        text += f" ± {figure['deviation']:.3f}"
    if "interval" in figure:
        low, high = figure["interval"]
        text += f" ({low:.3f} to {high:.3f})"
    return text


def _caption(document: Mapping[str, Any]) -> str:
    seeds = document["seeds"]
    number = f"{len(seeds)} seed{'s' if len(seeds) > 1 else ''}"
    spread = ["± deviation over seeds" if len(seeds) > 1 else ""]
    if document["over_folds"] is not None:
        spread.append("± deviation over folds in the mean of the folds")
    spread.append(f"in brackets {document['interval']}")
    if document["refit"]:
        spread.append("refit: each model is trained on all clips but those it is tested on")
    explanation = "; ".join(part for part in spread if part)
    return (
        f"Manifest {document['manifest']}, preset {document['preset']}, modality "
        f"{document['modality']}, {number} ({', '.join(map(str, seeds))}); {explanation}."
    )


def _escape(cell: str) -> str:
    return cell.replace("|", "\\|")


_NAMED_SPEAKERS = 3  # speakers of a fold that the table names
