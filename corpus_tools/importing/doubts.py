"""Warnings about usable but suspicious rows."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from corpus_tools.importing.rows import Row

__all__ = ["import_warnings"]


def import_warnings(rows: Sequence[Row]) -> list[str]:
    """Return warnings about rows of an imported table.

    Args:
        rows: usable rows.
    """
    return [*_vote_warnings(rows), *_split_warnings(rows), *_source_warnings(rows)]


def _vote_warnings(rows: Iterable[Row]) -> Iterator[str]:
    conflicting = [row.where for row in rows if row.votes and row.emotion and not _votes_agree(row)]
    if conflicting:
        more = f" and {len(conflicting) - _SHOWN} more" if len(conflicting) > _SHOWN else ""
        yield (
            f"the votes of {len(conflicting)} row{'s' * (len(conflicting) != 1)} contradict the "
            f"emotion column; the votes count: {', '.join(conflicting[:_SHOWN])}{more}"
        )


def _votes_agree(row: Row) -> bool:
    """Return True if the row's class has the most votes, or was set by adjudication."""
    if row.adjudicated:
        return row.votes[-1][1] == row.emotion
    counts = Counter(emotion for _, emotion in row.votes if emotion)
    most = max(counts.values(), default=0)
    return row.emotion is not None and counts[row.emotion] == most > 0


def _split_warnings(rows: Iterable[Row]) -> Iterator[str]:
    splits = {row.split for row in rows} - {None}
    missing = [split for split in ("train", "val", "test") if split not in splits]
    if splits and missing:
        yield f"the table's splits lack {' and '.join(missing)}"


def _source_warnings(rows: Iterable[Row]) -> Iterator[str]:
    splits: defaultdict[str, set[str]] = defaultdict(set)
    files: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.source:
            files[row.source].add(row.file)
            if row.split in ("train", "val", "test"):
                splits[row.source].add(row.split)
    shared = sorted(name for name, own in splits.items() if len(own) > 1 and len(files[name]) > 1)
    if shared:
        more = f" and {len(shared) - _SHOWN} more" if len(shared) > _SHOWN else ""
        yield (
            f"{len(shared)} of the {len(files)} sources in the table have files in more than one "
            f"split, which the leakage report doesn't show, since each file becomes a source of "
            f"its own: {', '.join(shared[:_SHOWN])}{more}"
        )


_SHOWN = 5
