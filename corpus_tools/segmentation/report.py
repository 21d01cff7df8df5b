"""Report of a source's clips and seconds."""

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
        source_id: id of the source.
        series: its series, if known.
        media: path as given, or as recorded.
        status: ``cut``, ``screened`` (new screening decisions), ``unchanged``, or ``kept`` (would
            be cut differently now, but has frozen clips).
        seconds: duration.
        clips: number of clips.
        accepted: number of accepted clips.
        rejected: number of rejected clips, by their first reason.
        ledger: seconds by ledger reason.
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
    """Return the report of a source in its current state.

    Raises:
        DataError: if one of its shards can't be read.
    """
    source = read_shard(SOURCES.path(corpus, source_id), Source)[0]
    decisions = read_shard(SCREEN.path(corpus, source_id), Screen)
    ledger = read_shard(LEDGER.path(corpus, source_id), LedgerEntry)
    rejected = Counter(screen.reasons[0] for screen in decisions if not screen.accepted)
    return SourceReport(
        source_id=source_id,
        series=source.series,
        media=media,
        status=status,
        seconds=source.duration,
        clips=len(decisions),
        accepted=sum(screen.accepted for screen in decisions),
        rejected=dict(sorted(rejected.items())),
        ledger={entry.reason: entry.seconds for entry in ledger},
    )
