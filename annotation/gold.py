"""Gold clips: clips of known class, for measuring annotators."""

import csv
import io
from pathlib import Path

from annotation.answers import quoted
from manifests.emotions import EMOTIONS, Emotion
from manifests.errors import DataError

__all__ = ["gold_path", "read_gold"]

_COLUMNS = ["clip_id", "emotion"]


def gold_path(corpus: Path) -> Path:
    """Return the CSV file with the classes of gold clips, written by hand or by another tool."""
    return corpus / "annotations" / "gold.csv"


def read_gold(corpus: Path) -> dict[str, Emotion]:
    """Return the class of each gold clip by clip id; empty without the file.

    Args:
        corpus: the corpus folder.

    Raises:
        DataError: if a line is invalid, naming it.
    """
    path = gold_path(corpus)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a UTF-8 text file; save it as UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    gold: dict[str, Emotion] = {}
    try:
        if [cell.strip() for cell in next(reader, [])] != _COLUMNS:
            raise DataError(f"{path}, line 1: the columns must be {','.join(_COLUMNS)}")
        for cells in reader:
            if cells:
                _add(gold, [cell.strip() for cell in cells], f"{path}, line {reader.line_num}")
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: not valid CSV; correct it") from error
    return gold


def _add(gold: dict[str, Emotion], cells: list[str], where: str) -> None:
    if len(cells) != len(_COLUMNS) or not cells[0]:
        raise DataError(f"{where}: expected a clip_id and its emotion, and nothing else")
    clip_id, emotion = cells
    if emotion not in EMOTIONS:
        raise DataError(
            f"{where}: {quoted(emotion)} isn't one of the classes {', '.join(EMOTIONS)}"
        )
    if clip_id in gold:
        raise DataError(f"{where}: clip {quoted(clip_id)} has a row already; keep one")
    gold[clip_id] = emotion
