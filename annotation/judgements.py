"""Judgements as they were imported, and those among them that count."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from manifests.records import Judgement
from manifests.store import read_jsonl

__all__ = ["JudgementKey", "judgement_key", "judgements_folder", "latest", "read_judgements"]

K = TypeVar("K")

JudgementKey = tuple[str, int, str]
"""Server, annotation_id and updated_at; a relabelled clip has a new one."""


def judgements_folder(corpus: Path) -> Path:
    """Return the folder with one file per import."""
    return corpus / "annotations" / "judgements"


def judgement_key(judgement: Judgement) -> JudgementKey:
    """Return what identifies a judgement."""
    return (judgement.server, judgement.annotation_id, judgement.updated_at)


def read_judgements(corpus: Path) -> Iterator[Judgement]:
    """Yield every judgement ever imported, history included, import by import.

    Raises:
        DataError: naming file and line, for a row that is no judgement.
    """
    for path in sorted(judgements_folder(corpus).glob("*.jsonl")):
        if path.name.startswith("."):
            continue  # what a killed writer left
        for number, row in enumerate(read_jsonl(path), start=1):
            yield Judgement.parse(row, f"{path}, line {number}")


def latest(judgements: Iterable[Judgement]) -> list[Judgement]:
    """Return the judgements that count, by clip and annotator.

    Of an annotation it is the latest version; of an annotator's annotations of a clip the latest
    one, where an adjudication is apart from the same person's own vote.
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
