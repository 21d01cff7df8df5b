"""Imported judgements: reading, the latest ones, and the transcripts that annotators corrected."""

import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from annotation.batches.batches import offered_texts
from manifests.storage.checksums import name_by_content, read_whole
from manifests.storage.copies import without_copies
from manifests.storage.records import Judgement, Transcript
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.store import (
    canonical_json,
    created_now,
    lines_naming,
    parse_jsonl,
    write_bytes,
)

__all__ = [
    "IMPORTED",
    "IMPORT_SERVER",
    "JudgementKey",
    "corrected_transcripts",
    "import_paths",
    "judgement_key",
    "judgements_folder",
    "latest",
    "read_import",
    "read_judgements",
    "write_judgements",
]

IMPORT_SERVER, IMPORTED = "import", "imported"
"""Server of imported labels, and annotator of those without one."""

K = TypeVar("K")

JudgementKey = tuple[str, int, str]
"""Server, annotation_id and updated_at; relabelling a clip gives a new key."""


def judgements_folder(corpus: Path) -> Path:
    """Return the folder with one file per import."""
    return corpus / "annotations" / "judgements"


def judgement_key(judgement: Judgement) -> JudgementKey:
    """Return the identifying key of a judgement."""
    return (judgement.server, judgement.annotation_id, judgement.updated_at)


def read_judgements(corpus: Path, naming: str | None = None) -> Iterator[Judgement]:
    """Yield every imported judgement, superseded ones included, import by import.

    With ``naming`` only rows that have this text are read, those of one clip among them.

    Raises DataError if a file isn't as it was written, or a row is invalid, naming file and line.
    """
    for path in import_paths(corpus):
        yield from read_import(path, naming)


def import_paths(corpus: Path) -> list[Path]:
    """Return the files of judgements, one per import, without copies."""
    return without_copies(judgements_folder(corpus).glob("*.jsonl"))


def read_import(path: Path, naming: str | None = None) -> list[Judgement]:
    """Return the judgements of one import; DataError as :func:`read_judgements`."""
    data = read_whole(path)
    judgements = Judgement.parse_lines(data) if naming is None else None
    if judgements is not None:
        return judgements
    rows = parse_jsonl(path, io.BytesIO(data if naming is None else lines_naming(data, naming)))
    return [
        Judgement.parse(row, f"{path}, line {number}" if naming is None else f"{path}, {naming}")
        for number, row in enumerate(rows, start=1)
    ]


def latest(judgements: Iterable[Judgement]) -> list[Judgement]:
    """Return the judgements that count, by clip and annotator.

    These are the latest versions of annotations, and of each annotator's annotations of a clip the
    latest one. An adjudication doesn't replace the same person's vote.
    """
    by_annotation: dict[tuple[str, int, str], Judgement] = {}
    for judgement in judgements:
        # An annotation never changes its clip: of two clips, two servers used the id.
        key = (judgement.server, judgement.annotation_id, judgement.clip_id)
        _keep_later(by_annotation, key, judgement)
    by_annotator: dict[tuple[str, str, bool], Judgement] = {}
    for judgement in by_annotation.values():
        adjudicates = judgement.role == "adjudication"
        _keep_later(by_annotator, (judgement.clip_id, judgement.annotator, adjudicates), judgement)
    return [by_annotator[key] for key in sorted(by_annotator)]


def _keep_later(held: dict[K, Judgement], key: K, judgement: Judgement) -> None:
    known = held.get(key)
    if known is None or _age(known) < _age(judgement):
        held[key] = judgement


def _age(judgement: Judgement) -> tuple[str, str, int]:
    return (judgement.updated_at, judgement.server, judgement.annotation_id)


def write_judgements(corpus: Path, judgements: Iterable[Judgement]) -> Path:
    """Write judgements to a new file, named by the time and its content."""
    rows = (row.row() for row in sorted(judgements, key=judgement_key))
    data = "".join(f"{canonical_json(row)}\n" for row in rows).encode()
    time = re.sub(r"[-:]", "", created_now())
    path = judgements_folder(corpus) / name_by_content(f"{time}-{'0' * 16}.jsonl", data)
    write_bytes(path, data)
    return path


def corrected_transcripts(
    corpus: Path, judgements: Sequence[Judgement] | None = None
) -> dict[str, str]:
    """Return the corrected transcripts by clip id; ``judgements`` are the latest if read already.

    A text counts as corrected if it differs, beyond surrounding spaces, from every text that the
    clip's tasks were prefilled with (for a clip without a task: from all its transcripts). An
    unchanged text is no vote against a correction, as the annotator may not have read it. Among
    several corrections an adjudicator's wins, then the most frequent, then the latest. Raises
    DataError if judgements, tasks or transcripts can't be read.
    """
    written: dict[str, list[Judgement]] = defaultdict(list)
    for judgement in latest(read_judgements(corpus)) if judgements is None else judgements:
        if judgement.transcript is not None:
            written[judgement.clip_id].append(judgement)
    if not written:
        return {}
    prefilled = _prefilled(corpus, written)
    corrected = {}
    for clip_id, rows in written.items():
        changed = [row for row in rows if row.transcript not in prefilled.get(clip_id, ())]
        if changed:
            corrected[clip_id] = _best_correction(changed)
    return corrected


def _prefilled(corpus: Path, clips: dict[str, list[Judgement]]) -> dict[str, set[str]]:
    prefilled = offered_texts(corpus)
    texts: dict[str, set[str]] = defaultdict(set)
    for clip_id in prefilled.keys() & clips.keys():
        texts[clip_id] = {text.strip() for text in prefilled[clip_id]}
    if clips.keys() <= prefilled.keys():
        return texts
    for transcript in read_stage(corpus, STAGES["transcripts"], Transcript):
        if transcript.clip_id not in prefilled:
            texts[transcript.clip_id].add(transcript.text.strip())
    return texts


def _best_correction(changed: list[Judgement]) -> str:
    times = Counter(row.transcript for row in changed)
    best = max(
        changed,
        key=lambda row: (
            row.role == "adjudication",
            times[row.transcript],
            row.updated_at,
            row.annotator,
        ),
    )
    return str(best.transcript)
