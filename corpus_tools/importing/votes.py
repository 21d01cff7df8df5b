"""The labels of an imported corpus as judgements."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from annotation.annotators import Annotators
from annotation.judgements import judgement_key, judgements_folder, latest, read_judgements
from corpus_tools.importing.rows import Row
from manifests.emotions import Emotion
from manifests.outcome import Outcome
from manifests.records import Judgement
from manifests.store import created_now, write_jsonl
from manifests.tombstones import Withdrawn

__all__ = ["IMPORTED", "SERVER", "add_judgements"]

SERVER, IMPORTED = "import", "imported"
"""Where imported labels come from, and who gave those of which the table names nobody."""


def add_judgements(corpus: Path, rows: Mapping[str, Row], sha256: str, outcome: Outcome) -> int:
    """Write the labels that the corpus doesn't have yet into a new file, and return how many.

    A label that has changed since is added as a newer version. Annotators keep their pseudonyms,
    unless somebody of this corpus has the same one already; addresses and names become pseudonyms.

    Args:
        corpus: the corpus folder.
        rows: by clip id.
        sha256: of the table.
        outcome: takes the file, and a warning about votes of those who withdrew.

    Raises:
        DataError: if judgements or annotators can't be read.
    """
    earlier = list(read_judgements(corpus))
    own = {row.annotator for row in earlier if row.server != SERVER}
    own |= set(Annotators(corpus).names())
    known = {(one.annotation_id): one for one in latest(earlier) if one.server == SERVER}
    withdrawn = Withdrawn.of(corpus)
    now = created_now()
    new: list[Judgement] = []
    gone = 0
    for clip_id, row in rows.items():
        for annotator, emotion, decides in _said(row, own):
            number = _number(clip_id, annotator, decides)
            if annotator in withdrawn.annotators or (SERVER, number) in withdrawn.answers:
                gone += 1
                continue
            held = known.get(number)
            if held is not None and held.emotion == emotion:
                continue
            new.append(
                Judgement(
                    clip_id=clip_id,
                    annotator=annotator,
                    server=SERVER,
                    project_id=None,
                    task_id=None,
                    annotation_id=number,
                    unique_id=None,
                    created_at=now,
                    updated_at=now,
                    status="answered",
                    emotion=emotion,
                    role="adjudication" if decides else "label",
                    import_sha256=sha256,
                )
            )
    if gone:
        outcome.warnings.append(f"{gone} votes of annotators who withdrew were left out")
    if new:
        outcome.outputs.append(_write(corpus, new, now, sha256))
    return len(new)


def _said(row: Row, own: Iterable[str]) -> Iterator[tuple[str, Emotion | None, bool]]:
    """Yield annotator, class, and whether that decides."""
    if not row.votes:
        if row.emotion is not None:
            yield IMPORTED, row.emotion, False
        return
    for place, (name, emotion) in enumerate(row.votes, start=1):
        fits = re.fullmatch(r"a\d{1,9}", name) or name == IMPORTED
        who = name if fits and name not in own else f"i{_sha(name)[:10]}"
        yield who, emotion, row.adjudicated and place == len(row.votes)


def _number(clip_id: str, annotator: str, decides: bool) -> int:
    return int(_sha(f"{clip_id}\0{annotator}\0{decides}")[:12], 16)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _write(corpus: Path, rows: Iterable[Judgement], now: str, sha256: str) -> Path:
    stem = f"{re.sub(r'[-:]', '', now)}-{sha256[:8]}"
    folder = judgements_folder(corpus)
    path, again = folder / f"{stem}.jsonl", 1
    while path.exists():
        again += 1
        path = folder / f"{stem}-{again}.jsonl"
    write_jsonl(path, (row.row() for row in sorted(rows, key=judgement_key)))
    return path
