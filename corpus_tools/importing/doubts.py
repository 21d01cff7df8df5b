"""What the rows of a table say that makes one doubt them, though each can be used."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from corpus_tools.importing.rows import Row

__all__ = ["doubts"]


def doubts(rows: Sequence[Row]) -> list[str]:
    """Return, in sentences, what whoever imports these rows should look at.

    Args:
        rows: those that can be used.
    """
    return [*_of_votes(rows), *_of_sides(rows), *_of_sources(rows)]


def _of_votes(rows: Iterable[Row]) -> Iterator[str]:
    other = [row.where for row in rows if row.votes and row.emotion and not _agree(row)]
    if other:
        more = f" and {len(other) - _SHOWN} more" if len(other) > _SHOWN else ""
        yield (
            f"the votes of {len(other)} row{'s' * (len(other) != 1)} don't come to the class that "
            f"stands beside them; the votes count: {', '.join(other[:_SHOWN])}{more}"
        )


def _agree(row: Row) -> bool:
    """Return whether no other class has more votes than the row's own, or somebody decided it."""
    if row.adjudicated:
        return row.votes[-1][1] == row.emotion
    found = Counter(emotion for _, emotion in row.votes if emotion)
    most = max(found.values(), default=0)
    return row.emotion is not None and found[row.emotion] == most > 0


def _of_sides(rows: Iterable[Row]) -> Iterator[str]:
    named = {row.split for row in rows} - {None}
    lacking = [side for side in ("train", "val", "test") if side not in named]
    if named and lacking:
        yield f"the splits of the table name no {' and no '.join(lacking)}"


def _of_sources(rows: Iterable[Row]) -> Iterator[str]:
    sides: defaultdict[str, set[str]] = defaultdict(set)
    files: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.source:
            files[row.source].add(row.file)
            if row.split in ("train", "val", "test"):
                sides[row.source].add(row.split)
    shared = sorted(name for name, on in sides.items() if len(on) > 1 and len(files[name]) > 1)
    if shared:
        more = f" and {len(shared) - _SHOWN} more" if len(shared) > _SHOWN else ""
        yield (
            f"{len(shared)} of the {len(files)} sources that the table names have files on more "
            f"than one side, which the leakage report doesn't tell, since each file becomes a "
            f"source of its own: {', '.join(shared[:_SHOWN])}{more}"
        )


_SHOWN = 5
