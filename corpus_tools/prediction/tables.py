"""Predictions as files: tables, and a timeline for each segmented file."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from corpus_tools.prediction.summary import prediction_page
from manifests.base.csv_tables import csv_text
from manifests.base.emotions import EMOTIONS
from manifests.base.errors import ConfigurationError
from manifests.storage.store import write_text
from models.plots import draw_timeline
from models.runs import check_result_folder, result_folder

__all__ = ["PREDICTIONS_FILE", "check_output_folder", "write_predictions"]

PREDICTIONS_FILE = "predictions.json"


def check_output_folder(folder: Path, *, force: bool) -> None:
    """Raise ConfigurationError for other content, or for predictions unless forced."""
    if check_result_folder(folder, PREDICTIONS_FILE) and not force:
        raise ConfigurationError(
            f"{folder}: predictions exist here; choose another --out, or replace them with --force"
        )


def write_predictions(
    folder: Path, rows: Sequence[Mapping[str, Any]], run: str, *, force: bool = False
) -> None:
    """Write ``predictions.json``, ``.csv``, ``timelines/`` and ``report.html`` atomically.

    A file, or a source of a manifest, with several clips has a timeline as CSV, JSON and PNG.
    ``rows`` are JSON forms of :class:`corpus_tools.prediction.segments.FilePrediction`.

    Raises:
        ConfigurationError: if the folder holds predictions and ``force`` is off, or something else.
    """
    check_output_folder(folder, force=force)
    with result_folder(folder, PREDICTIONS_FILE) as new:
        clips = [(row["file"], clip) for row in rows for clip in row["clips"]]
        write_text(new / PREDICTIONS_FILE, _json({"run": run, "files": rows}))
        write_text(new / "predictions.csv", _table(clips))
        taken: set[str] = set()
        pictures: dict[str, tuple[Sequence[Mapping[str, Any]], Path]] = {}
        for name, timeline in _timelines(rows):
            stem = _file_name(name, taken)
            lines = sorted(timeline, key=lambda clip: (clip["start"], clip["end"]))
            path = new / "timelines" / stem
            write_text(path.with_name(f"{stem}.csv"), _table((name, clip) for clip in lines))
            write_text(path.with_name(f"{stem}.json"), _json({"file": name, "clips": lines}))
            picture = path.with_name(f"{stem}.png")
            draw_timeline(picture, lines, PurePosixPath(name).name)
            pictures[name] = lines, picture
        write_text(new / "report.html", prediction_page(run, pictures, len(clips)))
        check_output_folder(folder, force=force)  # again, since others may have written there


def _timelines(
    rows: Sequence[Mapping[str, Any]],
) -> Iterable[tuple[str, Sequence[Mapping[str, Any]]]]:
    """Return each file or source with several clips, and its clips."""
    by_name: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        for clip in row["clips"]:
            path = PurePosixPath(row["file"])
            by_name[str(path.parent) if "clip_id" in clip else row["file"]].append(clip)
    return [(name, clips) for name, clips in by_name.items() if len(clips) > 1]


def _file_name(name: str, taken: set[str]) -> str:
    """Return a unique file name for a timeline."""
    base = re.sub(r"[^\w+-]+", "_", PurePosixPath(name).name).strip("_")[:_MAX_NAME] or "file"
    candidate, number = base, 2
    while candidate.casefold() in taken:
        candidate, number = f"{base}-{number}", number + 1
    taken.add(candidate.casefold())
    return candidate


def _table(clips: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    rows = list(clips)
    extra = list(dict.fromkeys(key for _, clip in rows for key in clip if key not in _FIXED_KEYS))
    shares = [f"p_{name}" for name in EMOTIONS]
    lines = [["file", *extra, "start", "end", "emotion", "probability", *shares, "text"]]
    for name, clip in rows:
        values = [clip["probabilities"][emotion] for emotion in EMOTIONS]
        times = [f"{clip[key]:.3f}" for key in ("start", "end")]
        figures = [f"{value:.4f}" for value in (max(values), *values)]
        labels = [clip.get(key, "") for key in extra]
        lines.append([name, *labels, *times, clip["emotion"], *figures, clip["text"]])
    return csv_text(lines)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


_FIXED_KEYS = ("start", "end", "text", "emotion", "probabilities")
_MAX_NAME = 60  # characters of a file name
