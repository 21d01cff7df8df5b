"""Imported judgements and the selection of the latest ones."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from manifests.records import Judgement
from manifests.store import read_jsonl

__all__ = ["JudgementKey", "judgement_key", "judgements_folder", "latest", "read_judgements"]

K = TypeVar("K")

JudgementKey = tuple[str, int, str]
"""Server, annotation_id and updated_at; relabelling a clip gives a new key."""


def judgements_folder(corpus: Path) -> Path:
    """Return the folder with one file per import."""
    return corpus / "annotations" / "judgements"


def judgement_key(judgement: Judgement) -> JudgementKey:
    """Return the identifying key of a judgement."""
    return (judgement.server, judgement.annotation_id, judgement.updated_at)


def read_judgements(corpus: Path) -> Iterator[Judgement]:
    """Yield every imported judgement, superseded ones included, import by import.

    Raises:
        DataError: if a row is invalid, naming file and line.
    """
    for path in sorted(judgements_folder(corpus).glob("*.jsonl")):
        if path.name.startswith("."):
            continue  # temporary file of an interrupted writer
        for number, row in enumerate(read_jsonl(path), start=1):
            yield Judgement.parse(row, f"{path}, line {number}")


def latest(judgements: Iterable[Judgement]) -> list[Judgement]:
    """Return the judgements that count, by clip and annotator.

    These are the latest versions of annotations, and of each annotator's annotations of a clip the
    latest one. An adjudication doesn't replace the same person's vote.
    """
    by_annotation: dict[tuple[str, int], Judgement] = {}
    for judgement in judgements:
        _keep_later(by_annotation, (judgement.server, judgement.annotation_id), judgement)
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
