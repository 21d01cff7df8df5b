"""Frozen clips, which no command may change: those named by tasks, judgements or manifests."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from manifests.base.encodings import check_size
from manifests.base.errors import DataError
from manifests.storage.checksums import read_whole
from manifests.storage.store import lines_naming, parse_jsonl, read_json, sha256_file

__all__ = ["frozen_clips"]


def frozen_clips(
    corpus: Path,
    *,
    whole: bool = True,
    naming: str | None = None,
    known: Mapping[Path, Iterable[str]] = MappingProxyType({}),
) -> dict[str, str]:
    """Return the clips named by exported tasks, judgements and manifests, with the file.

    It is the first file that names the clip, relative to the corpus folder. A DataError says that
    one can't be read, or a manifest was cut or changed, since going on could lose labels; ``whole``
    is False while a withdrawal changes them. With ``naming`` only lines with this text are read;
    ``known`` are the clips that files name which were read already.
    """
    named: dict[str, str] = {}
    for path in sorted(corpus.glob(_ENTRIES)) if whole else ():
        _check_whole(path)
    for pattern, clips_of in _NAMING:
        for path in sorted(corpus.glob(pattern)):
            place = path.relative_to(corpus)
            if place.match("tasks/*/plan.json") or any(part[0] == "." for part in place.parts):
                continue  # plans of batches name no clips; partial writes are hidden
            for clip_id in known[path] if path in known else clips_of(path, naming):
                named.setdefault(clip_id, place.as_posix())
    return named


def _task_clips(path: Path, naming: str | None) -> Iterator[str]:
    data = read_whole(path)
    if naming is not None and not lines_naming(data, naming):
        return
    try:
        tasks = json.loads(data)
        yield from [_text(task["data"]["clip_id"]) for task in tasks]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(f"{path}: {_UNREADABLE} (no Label Studio tasks)") from error


def _row_clips(path: Path, naming: str | None) -> Iterator[str]:
    data = read_whole(path)
    rows = parse_jsonl(path, io.BytesIO(data if naming is None else lines_naming(data, naming)))
    for number, row in enumerate(rows, start=1):
        name = row.get("clip_id")
        if isinstance(name, str):
            yield name
        elif "_" not in row:
            raise DataError(f"{path}, line {number}: {_UNREADABLE} (no clip_id)")


def _check_whole(path: Path) -> None:
    """Compare a manifest.jsonl with the checksum in its header or redaction, if it has a header."""
    lists = [path.with_name(name) for name in ("withdrawn.json", "manifest.json")]
    known = [read_json(file).get("files", {}).get(path.name) for file in lists if file.is_file()]
    check_size(path, _RESTORE)
    if known and sha256_file(path) != known[0]:
        raise DataError(f"{path}: changed since the version was written; {_RESTORE}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"clip_id {value!r} is not a string")
    return value


_UNREADABLE = "its clips can't be read, so none may change; restore or remove the file"
_RESTORE = "restore it from a copy, or move its folder out of manifests/"
_ENTRIES = "manifests/v*/manifest.jsonl"
_NAMING = (
    ("annotations/tasks/*.json", _task_clips),
    ("annotations/tasks/*/*.json", _task_clips),
    ("annotations/judgements/*.jsonl", _row_clips),
    (_ENTRIES, _row_clips),
)
