"""Read Label Studio's JSON exports; refuse formats that lose skips or ids."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from manifests.errors import DataError

__all__ = ["Export", "decode_export", "read_export"]

_HOW = "in Label Studio choose Export > JSON (not JSON-MIN, not CSV)"


@dataclass(frozen=True)
class Export:
    """A JSON export.

    Attributes:
        name: display name: the file, or the project that was exported.
        sha256: SHA-256 of the exported bytes.
        tasks: decoded tasks, not validated.
        refused: ids of the annotations that the import refused.
    """

    name: str
    sha256: str
    tasks: list[Any]
    refused: set[int] = field(default_factory=set)


def read_export(path: Path) -> Export:
    """Read a JSON export.

    Raises:
        DataError: if the file can't be read or has another format; no error quotes it.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"can't be read ({error.strerror}); give a JSON export") from error
    return decode_export(data, str(path), path.suffix.lower())


def decode_export(data: bytes, name: str, suffix: str = ".json") -> Export:
    """Decode a JSON export.

    Args:
        data: bytes of the export.
        name: display name.
        suffix: suffix of the file name.

    Raises:
        DataError: if the data has another format; no error quotes it.
    """
    value = _decode(data, suffix)
    tasks = [value] if isinstance(value, dict) and "annotations" in value else value
    if not isinstance(tasks, list):
        raise DataError(f"not a list of tasks, so not a Label Studio export; {_HOW}")
    if tasks and not any(isinstance(task, dict) and "annotations" in task for task in tasks):
        raise DataError(_other_kind([task for task in tasks if isinstance(task, dict)]))
    return Export(name, hashlib.sha256(data).hexdigest(), tasks)


def _decode(data: bytes, suffix: str) -> Any:
    if not data.strip():
        raise DataError(f"the file is empty; {_HOW}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"not a UTF-8 text file; {_HOW}") from error
    if suffix in (".csv", ".tsv") or text.lstrip()[:1] not in ("[", "{"):
        raise DataError(f"not JSON: CSV and TSV exports lose skipped tasks and ids; {_HOW}")
    try:
        return json.loads(text)
    except RecursionError as error:
        raise DataError(f"nested too deeply for a Label Studio export; {_HOW}") from error
    except ValueError as error:
        raise DataError(f"not valid JSON ({error}); export it again: {_HOW}") from error


def _other_kind(rows: list[dict[str, Any]]) -> str:
    keys = {key for row in rows for key in row}
    if keys & {"annotator", "annotation_id"}:
        return f"a JSON-MIN export, which loses skipped tasks and the origin of answers; {_HOW}"
    if "completed_by" in keys:
        return f"annotations without their tasks, so without clips; {_HOW}"
    if "data" in keys:
        return f"tasks without annotations (a file of export-tasks?); {_HOW}"
    return f"not a Label Studio export; {_HOW}"
