"""What a withdrawal changes in what people were asked, what they said, and who they are."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from annotation.gold import gold_path
from annotation.judgements import judgements_folder
from annotation.label_studio.folders import ServerFolder
from annotation.plans import PLAN_FILE, read_plan
from corpus_tools.segmentation.publish import source_of
from corpus_tools.withdrawal.removal import Change, Removal, files, filtered
from corpus_tools.withdrawal.stages import hears_it
from manifests.errors import DataError
from manifests.store import canonical_json

__all__ = ["changes_to_answers", "changes_to_tables", "changes_to_tasks"]

Row = dict[str, Any]


def changes_to_tasks(removal: Removal) -> Iterator[Change]:
    """Yield the lists of tasks, plans and the table of gold clips that change."""
    folder = removal.corpus / "annotations" / "tasks"
    for path in [*files(folder, "*.json"), *files(folder, "*/*.json")]:
        if path.name == PLAN_FILE or path.parent.name.startswith("."):
            continue
        if path.parent != folder and path.stem == removal.annotator:
            yield Change(path, None, "tasks", len(_tasks(path)))
            continue
        rows = _tasks(path)
        kept = [row for row in rows if not removal.takes(row["data"].get("clip_id"))]
        new = [_told_less(row, removal) for row in kept]
        if new != rows:
            lines = ",\n".join(map(canonical_json, new))
            yield Change(path, f"[\n{lines}\n]\n".encode(), "tasks", len(rows) - len(new))
    for path in files(folder, f"*/{PLAN_FILE}"):
        plan = read_plan(path.parent)
        gold = [clip for clip in plan.gold if not removal.takes(clip)]
        names = [name for name in plan.annotators if name != removal.annotator]
        new_plan = plan.changed(gold=gold, annotators=names)
        if new_plan != plan:
            yield Change(path, f"{canonical_json(new_plan.row())}\n".encode(), "plans", 1)
    yield from _without_rows(gold_path(removal.corpus), "gold", lambda row: removal.takes(row[0]))


def _tasks(path: Path) -> list[Row]:
    try:
        rows: list[Row] = json.loads(path.read_bytes())
        if not all(isinstance(row["data"], dict) for row in rows):
            raise TypeError
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(f"{path}: not a list of tasks; restore it or move it elsewhere") from error
    return rows


def _told_less(row: Row, removal: Removal) -> Row:
    """Return a task that stays, without the speaker in its cast and without what is heard of it."""
    data = dict(row["data"])
    if removal.speaker is not None and data.get("cast"):
        data["cast"] = [one for one in data["cast"] if one.get("value") != removal.speaker]
    if data.get("context") and hears_it(removal, source_of(data["clip_id"]))(data["clip_id"]):
        data["context"] = ""
    return row if data == row["data"] else {**row, "data": data}


def changes_to_answers(removal: Removal) -> Iterator[Change]:
    """Yield the files of judgements that change; one with nothing left in it goes."""

    def change(row: Row) -> Row | None:
        if removal.takes(row.get("clip_id")) or (
            removal.annotator is not None and row.get("annotator") == removal.annotator
        ):
            return None
        if removal.speaker is not None and row.get("speaker") == removal.speaker:
            return {**row, "speaker": None}
        return row

    for path in files(judgements_folder(removal.corpus), "*.jsonl"):
        data, changed, left = filtered(path, change)
        if changed:
            yield Change(path, data if left else None, "judgements", changed)


def changes_to_tables(removal: Removal) -> Iterator[Change]:
    """Yield the tables of people that change: speakers, annotators, their projects and passwords.

    The annotator's own row goes last of all: it tells the address by which the others are found.
    """
    corpus = removal.corpus
    if removal.speaker is not None:
        yield from _without_rows(
            corpus / "speakers.csv", "speakers", lambda row: row[0] == removal.speaker
        )
    if removal.annotator is None:
        return
    annotators = corpus / "annotations" / "annotators.csv"
    own = [row for row in _rows(annotators) if row[0].strip() == removal.annotator]
    known = {removal.annotator, *(row[3].strip() for row in own if len(row) > 3)} - {""}
    yield from _without_rows(
        ServerFolder(corpus).passwords,
        "passwords",
        lambda row: any(cell.strip() in known for cell in row),
    )
    yield from _projects(corpus / "annotations" / "server.json", removal.annotator)
    yield from _without_rows(
        annotators, "annotators", lambda row: row[0].strip() == removal.annotator
    )


def _projects(path: Path, annotator: str) -> Iterator[Change]:
    """Yield the file of servers without the annotator's projects, so that no pull asks for them."""
    if not path.is_file():
        return
    table = json.loads(path.read_bytes())
    gone = 0
    for server in table.get("servers", {}).values():
        projects = server.get("projects", {})
        for key in [key for key in projects if key.partition(":")[0] == annotator]:
            del projects[key]
            gone += 1
    if gone:
        text = json.dumps(table, ensure_ascii=False, indent=2)
        yield Change(path, f"{text}\n".encode(), "projects", gone)


def _rows(path: Path) -> list[list[str]]:
    if not path.is_file():
        return []
    try:
        text = path.read_text(encoding="utf-8-sig")
        return [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not a CSV file in UTF-8; save it as one and run again") from error


def _without_rows(path: Path, place: str, goes: Callable[[list[str]], bool]) -> Iterator[Change]:
    rows = _rows(path)
    kept = [row for number, row in enumerate(rows) if number == 0 or not goes(row)]
    if len(kept) < len(rows):
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(kept)
        yield Change(path, out.getvalue().encode(), place, len(rows) - len(kept))
