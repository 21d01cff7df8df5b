"""Changes of a withdrawal to tasks, judgements and tables of people."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from annotation.batches.batches import PLAN_FILE, read_plan
from annotation.batches.gold import gold_path
from annotation.judgements.store import judgements_folder
from annotation.label_studio.address import ServerFolder
from corpus_tools.segmentation.ledger.commit import source_of
from corpus_tools.withdrawal.changes import (
    Change,
    Removal,
    csv_change,
    csv_rows,
    files,
    filter_rows,
)
from corpus_tools.withdrawal.stage_records import overlap_test
from manifests.base.encodings import read_bytes
from manifests.base.errors import DataError
from manifests.storage.store import canonical_json

__all__ = ["changes_to_answers", "changes_to_tables", "changes_to_tasks"]

Row = dict[str, Any]


def changes_to_tasks(removal: Removal) -> Iterator[Change]:
    """Yield changes to task lists, batch plans and the table of gold clips."""
    folder = removal.corpus / "annotations" / "tasks"
    for path in [*files(folder, "*.json"), *files(folder, "*/*.json")]:
        if path.name == PLAN_FILE or path.parent.name.startswith("."):
            continue
        if path.parent != folder and path.stem == removal.annotator:
            yield Change(path, None, "tasks", len(_read_tasks(path)))
            continue
        rows = _read_tasks(path)
        kept = [row for row in rows if not removal.covers(row["data"].get("clip_id"))]
        new = [_redacted_task(row, removal) for row in kept]
        if new != rows:
            lines = ",\n".join(map(canonical_json, new))
            yield Change(path, f"[\n{lines}\n]\n".encode(), "tasks", len(rows) - len(new))
    for path in files(folder, f"*/{PLAN_FILE}"):
        plan = read_plan(path.parent, whole=False)
        gold = [clip for clip in plan.gold if not removal.covers(clip)]
        names = [name for name in plan.annotators if name != removal.annotator]
        new_plan = plan.changed(gold=gold, annotators=names)
        if new_plan != plan:
            yield Change(path, f"{canonical_json(new_plan.row())}\n".encode(), "plans", 1)
    yield from csv_change(gold_path(removal.corpus), "gold", lambda row: removal.covers(row[0]))


def _read_tasks(path: Path) -> list[Row]:
    try:
        rows: list[Row] = json.loads(read_bytes(path))
        if not all(isinstance(row["data"], dict) for row in rows):
            raise TypeError
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(f"{path}: not a list of tasks; restore it or move it elsewhere") from error
    return rows


def _redacted_task(row: Row, removal: Removal) -> Row:
    """Return a kept task without the speaker among its speakers and without excerpts of them."""
    data = dict(row["data"])
    if removal.speaker is not None and data.get("cast"):
        data["cast"] = [choice for choice in data["cast"] if choice.get("value") != removal.speaker]
    if data.get("context") and overlap_test(removal, source_of(data["clip_id"]))(data["clip_id"]):
        data["context"] = ""
    return row if data == row["data"] else {**row, "data": data}


def changes_to_answers(removal: Removal) -> Iterator[Change]:
    """Yield changes to files of judgements; an empty one is deleted."""

    def change(row: Row) -> Row | None:
        if removal.covers(row.get("clip_id")) or (
            removal.annotator is not None and row.get("annotator") == removal.annotator
        ):
            return None
        if removal.speaker is not None and row.get("speaker") == removal.speaker:
            return {**row, "speaker": None}
        return row

    for path in files(judgements_folder(removal.corpus), "*.jsonl"):
        data, changed, left = filter_rows(path, change)
        if changed:
            yield Change(path, data if left else None, "judgements", changed)


def changes_to_tables(removal: Removal) -> Iterator[Change]:
    """Yield changes to speakers, annotators, their projects and passwords.

    The annotator's own row is deleted last: it holds the address that identifies the others.
    """
    corpus = removal.corpus
    if removal.speaker is not None:
        yield from csv_change(
            corpus / "speakers.csv", "speakers", lambda row: row[0].strip() in removal.names
        )
    if removal.annotator is None:
        return
    annotators = corpus / "annotations" / "annotators.csv"
    own = [row for row in csv_rows(annotators) if row[0].strip() == removal.annotator]
    ids = {removal.annotator, *(row[3].strip() for row in own if len(row) > 3)} - {""}
    yield from csv_change(
        ServerFolder(corpus).passwords,
        "passwords",
        lambda row: any(cell.strip() in ids for cell in row),
    )
    yield from _project_changes(corpus / "annotations" / "server.json", removal.annotator)
    yield from csv_change(annotators, "annotators", lambda row: row[0].strip() == removal.annotator)


def _project_changes(path: Path, annotator: str) -> Iterator[Change]:
    """Yield the server file without the annotator's projects, so that no pull requests them."""
    if not path.is_file():
        return
    table = json.loads(read_bytes(path))
    removed = 0
    for server in table.get("servers", {}).values():
        projects = server.get("projects", {})
        for key in [key for key in projects if key.partition(":")[0] == annotator]:
            del projects[key]
            removed += 1
    if removed:
        text = json.dumps(table, ensure_ascii=False, indent=2)
        yield Change(path, f"{text}\n".encode(), "projects", removed)
