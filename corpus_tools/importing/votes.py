"""Judgements from the labels of an imported corpus."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from annotation.judgements.annotators import Annotators
from annotation.judgements.store import (
    IMPORT_SERVER,
    IMPORTED,
    latest,
    read_judgements,
    write_judgements,
)
from corpus_tools.importing.rows import Row
from manifests.base.emotions import Emotion
from manifests.base.outcome import Outcome, counted, listed
from manifests.storage.records import Judgement
from manifests.storage.store import created_now
from manifests.storage.tombstones import Withdrawn

__all__ = ["add_judgements"]


def add_judgements(corpus: Path, rows: Mapping[str, Row], sha256: str, outcome: Outcome) -> int:
    """Write labels missing from the corpus to a new file, and return their number.

    A changed label is added as a newer version, and a label without an annotator counts no more
    once there are votes; a warning says so. Annotators keep their pseudonyms unless this corpus
    uses the same one already; addresses and names become pseudonyms. ``sha256`` is the digest of
    the table; the outcome gets the file, and a warning about votes of withdrawn annotators.

    Raises DataError if judgements or annotators can't be read.
    """
    earlier = list(read_judgements(corpus))
    own = {row.annotator for row in earlier if row.server != IMPORT_SERVER}
    own |= set(Annotators(corpus).names())
    known = {row.annotation_id: row for row in latest(earlier) if row.server == IMPORT_SERVER}
    withdrawn = Withdrawn.of(corpus)
    now = created_now()
    new: list[Judgement] = []
    withdrawn_votes = 0
    changed: dict[str, None] = {}
    for clip_id, row in rows.items():
        votes = list(_row_votes(row, own))
        unnamed = known.get(_annotation_id(clip_id, IMPORTED, adjudicates=False))
        named = row.votes and IMPORTED not in {annotator for annotator, _, _ in votes}
        if named and unnamed is not None and unnamed.status == "answered":
            replaced = unnamed.changed(status="skipped", emotion=None, import_sha256=sha256)
            new.append(replaced.changed(updated_at=_after(unnamed, now)))
            changed[row.where] = None
        for annotator, emotion, adjudicates in votes:
            number = _annotation_id(clip_id, annotator, adjudicates)
            if annotator in withdrawn.annotators or (IMPORT_SERVER, number) in withdrawn.answers:
                withdrawn_votes += 1
                continue
            existing = known.get(number)
            if existing is not None and existing.status != "skipped":
                if existing.emotion == emotion:
                    continue
                changed[row.where] = None
            new.append(
                Judgement(
                    clip_id=clip_id,
                    annotator=annotator,
                    server=IMPORT_SERVER,
                    project_id=None,
                    task_id=None,
                    annotation_id=number,
                    unique_id=None,
                    created_at=now,
                    updated_at=_after(existing, now),
                    status="answered",
                    emotion=emotion,
                    role="adjudication" if adjudicates else "label",
                    import_sha256=sha256,
                )
            )
    if changed:
        outcome.warnings.append(
            f"the labels of {counted(len(changed), 'clip')} differ from those imported before, "
            f"which they replace: {listed(changed)}"
        )
    if withdrawn_votes:
        left_out = counted(withdrawn_votes, "vote")
        outcome.warnings.append(f"left out {left_out} of withdrawn annotators")
    if new:
        outcome.outputs.append(write_judgements(corpus, new))
    return len(new)


def _row_votes(row: Row, own: Iterable[str]) -> Iterator[tuple[str, Emotion | None, bool]]:
    """Yield annotator, class, and True for an adjudication."""
    if not row.votes:
        if row.emotion is not None:
            yield IMPORTED, row.emotion, False
        return
    for place, (name, emotion) in enumerate(row.votes, start=1):
        is_pseudonym = re.fullmatch(r"a\d{1,9}", name) or name == IMPORTED
        annotator = name if is_pseudonym and name not in own else f"i{_sha256(name)[:10]}"
        yield annotator, emotion, row.adjudicated and place == len(row.votes)


def _after(existing: Judgement | None, now: str) -> str:
    """Return the time of a newer version; imports may be made within a second."""
    if existing is None or existing.updated_at < now:
        return now
    moment = datetime.fromisoformat(existing.updated_at) + timedelta(seconds=1)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _annotation_id(clip_id: str, annotator: str, adjudicates: bool) -> int:
    return int(_sha256(f"{clip_id}\0{annotator}\0{adjudicates}")[:12], 16)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
