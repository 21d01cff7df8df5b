"""Predictions as files: tables, and a timeline of each file that was cut."""

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from manifests.emotions import EMOTIONS
from manifests.errors import ConfigurationError
from manifests.store import write_text
from models.plots import draw_timeline
from models.result_folder import check_result_folder, result_folder

__all__ = ["MARK", "check_place", "write_predictions"]

MARK = "predictions.json"


def check_place(folder: Path, *, force: bool) -> None:
    """Refuse a folder that holds something else, or predictions that may not be replaced.

    Raises:
        ConfigurationError: if so.
    """
    if check_result_folder(folder, MARK) and not force:
        raise ConfigurationError(
            f"{folder}: there are predictions here; choose another --out, or replace them with "
            f"--force"
        )


def write_predictions(
    folder: Path, rows: Sequence[Mapping[str, Any]], run: str, *, force: bool = False
) -> None:
    """Write ``predictions.json``, ``predictions.csv`` and ``timelines/``, whole or not at all.

    A file, or a source of a manifest, with several clips has a timeline as CSV, JSON and PNG.

    Args:
        folder: to make.
        rows: JSON form of each :class:`corpus_tools.prediction.pieces.FilePrediction`.
        run: name of the model's run.
        force: replace predictions that are there.

    Raises:
        ConfigurationError: if they may not be, or something else is there.
    """
    check_place(folder, force=force)
    with result_folder(folder, MARK) as new:
        clips = [(row["file"], clip) for row in rows for clip in row["clips"]]
        write_text(new / MARK, _json({"run": run, "files": rows}))
        write_text(new / "predictions.csv", _table(clips))
        taken: set[str] = set()
        for name, timeline in _timelines(rows):
            stem = _file_name(name, taken)
            lines = sorted(timeline, key=lambda clip: (clip["start"], clip["end"]))
            path = new / "timelines" / stem
            write_text(path.with_name(f"{stem}.csv"), _table((name, clip) for clip in lines))
            write_text(path.with_name(f"{stem}.json"), _json({"file": name, "clips": lines}))
            draw_timeline(path.with_name(f"{stem}.png"), lines, PurePosixPath(name).name)


def _timelines(
    rows: Sequence[Mapping[str, Any]],
) -> Iterable[tuple[str, Sequence[Mapping[str, Any]]]]:
    """Yield each file, or source, that has several clips, with them."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        for clip in row["clips"]:
            path = PurePosixPath(row["file"])
            found[str(path.parent) if "clip_id" in clip else row["file"]].append(clip)
    return [(name, clips) for name, clips in found.items() if len(clips) > 1]


def _file_name(name: str, taken: set[str]) -> str:
    """Return a name for the timeline of a file that no other has."""
    base = re.sub(r"[^\w+-]+", "_", PurePosixPath(name).name).strip("_")[:_LONGEST] or "file"
    found, number = base, 2
    while found.casefold() in taken:
        found, number = f"{base}-{number}", number + 1
    taken.add(found.casefold())
    return found


def _table(clips: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    rows = list(clips)
    known = list(dict.fromkeys(key for _, clip in rows for key in clip if key not in _OWN))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    shares = [f"p_{name}" for name in EMOTIONS]
    writer.writerow(["file", *known, "start", "end", "emotion", "probability", *shares, "text"])
    for name, clip in rows:
        values = [clip["probabilities"][one] for one in EMOTIONS]
        times = [f"{clip[key]:.3f}" for key in ("start", "end")]
        figures = [f"{value:.4f}" for value in (max(values), *values)]
        labels = [clip.get(key, "") for key in known]
        writer.writerow([name, *labels, *times, clip["emotion"], *figures, clip["text"]])
    return stream.getvalue()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


_OWN = ("start", "end", "text", "emotion", "probabilities")
_LONGEST = 60  # characters of a file's name
