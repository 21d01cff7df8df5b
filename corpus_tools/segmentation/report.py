"""What a source came to, in a few numbers."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from corpus_tools.segmentation.publish import LEDGER, SCREEN, SOURCES
from manifests.records import LedgerEntry, Screen, Source
from manifests.shards import read_shard

__all__ = ["SourceReport", "report_of"]


@dataclass(frozen=True)
class SourceReport:
    """A source's clips and seconds.

    Attributes:
        source_id: which source.
        series: that it is of, if known.
        media: the file as given, or where the record says it is.
        status: ``cut``, ``screened`` (decided on again), ``unchanged``, or ``kept`` (would be cut
            otherwise now, but people have touched clips of it).
        seconds: how long it is.
        clips: how many cuts it has.
        accepted: how many of them passed the screen.
        rejected: the others by their first reason.
        ledger: seconds by what became of them.
    """

    source_id: str
    series: str | None
    media: str
    status: str
    seconds: float
    clips: int
    accepted: int
    rejected: dict[str, int]
    ledger: dict[str, float]


def report_of(corpus: Path, source_id: str, media: str, status: str) -> SourceReport:
    """Return the report of a source as it is in the corpus now.

    Raises:
        DataError: if one of its shards can't be read.
    """
    source = read_shard(SOURCES.path(corpus, source_id), Source)[0]
    decisions = read_shard(SCREEN.path(corpus, source_id), Screen)
    ledger = read_shard(LEDGER.path(corpus, source_id), LedgerEntry)
    rejected = Counter(one.reasons[0] for one in decisions if not one.accepted)
    return SourceReport(
        source_id=source_id,
        series=source.series,
        media=media,
        status=status,
        seconds=source.duration,
        clips=len(decisions),
        accepted=sum(one.accepted for one in decisions),
        rejected=dict(sorted(rejected.items())),
        ledger={entry.reason: entry.seconds for entry in ledger},
    )
