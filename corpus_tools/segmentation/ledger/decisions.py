"""Screening decisions on the clips of a source, and the ledger that follows from them.

Both record their inputs: cuts, rules, manual decisions and suppressed repeats.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from corpus_tools.segmentation.intake.selections import read_choices
from corpus_tools.segmentation.ledger.ledger import ledger_of, outside_from_ledger
from corpus_tools.segmentation.screening.rules import Rules, screen_clips
from manifests.base.errors import DataError
from manifests.storage.records import Clip, LedgerEntry, Screen, Source
from manifests.storage.shards import STAGES, read_header, read_shard

__all__ = [
    "SourceDecisions",
    "check_finished",
    "clips_of",
    "decide",
    "ledger_fits",
    "recorded_rules",
    "recorded_suppressed",
    "sum_reports",
]

SEGMENTS, SCREEN, LEDGER = (STAGES[name] for name in ("segments", "screen", "ledger"))


@dataclass(frozen=True)
class SourceDecisions:
    """Screening decisions on a source's clips, and its ledger in seconds, with their inputs.

    ``marked`` is true if the clips have other marks of repeats than on disk.
    """

    source: Source
    clips: Sequence[Clip]
    screens: Sequence[Screen]
    ledger: Sequence[LedgerEntry]
    inputs: dict[str, Any]
    marked: bool = False

    def report(self, media: str, status: str) -> dict[str, Any]:
        """Return a source's clips and seconds, JSON-ready; rejected clips by their first reason.

        ``status`` is ``cut``, ``screened`` (new screening decisions), ``unchanged``, or ``kept``
        (would be cut differently now, but has frozen clips); ``media`` is a path.
        """
        rejected = Counter(screen.reasons[0] for screen in self.screens if not screen.accepted)
        return {
            "source_id": self.source.source_id,
            "series": self.source.series,
            "media": media,
            "status": status,
            "seconds": self.source.duration,
            "clips": len(self.screens),
            "accepted": sum(screen.accepted for screen in self.screens),
            "rejected": dict(sorted(rejected.items())),
            "ledger": {entry.reason: entry.seconds for entry in self.ledger},
        }


def sum_reports(reports: Sequence[Mapping[str, Any]]) -> tuple[Counter[str], dict[str, float]]:
    """Return the rejected clips and the seconds of all reports, by reason."""
    rejected: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    for report in reports:
        rejected.update(report["rejected"])
        spent.update({reason: round(s * 1000) for reason, s in report["ledger"].items()})
    return rejected, {reason: ms / 1000 for reason, ms in sorted(spent.items())}


def decide(
    corpus: Path,
    source: Source,
    rules: Rules,
    clips: Sequence[Clip],
    suppressed: Mapping[str, str] | None = None,
    *,
    marked: bool = False,
) -> SourceDecisions:
    """Return the screening decisions on a source's clips; nothing is written.

    ``suppressed`` maps suppressed repeats to the clip kept instead (``None``: those on record);
    ``marked`` is as in `SourceDecisions`. `DataError` if a shard can't be read, or cutting the
    source was interrupted.
    """
    name = source.source_id
    check_finished(corpus, name)
    if (stored := SCREEN.path(corpus, name)).is_file():
        read_shard(stored, Screen)  # a damaged one is reported, not replaced in silence
    if suppressed is None:
        suppressed = recorded_suppressed(corpus, name)
    choices = read_choices(corpus, name)
    screens = screen_clips(clips, rules, choices, suppressed)
    outside_ms = outside_from_ledger(read_shard(LEDGER.path(corpus, name), LedgerEntry))
    inputs = {
        "segments": read_header(SEGMENTS.path(corpus, name)).fingerprint,
        "rules": rules.model_dump(mode="json"),
        "choices": [[row.start, row.end, row.origin, row.decision] for row in choices.rows],
        "duplicates": [list(pair) for pair in sorted(suppressed.items())],
    }
    ledger = ledger_of(name, clips, screens, outside_ms)
    return SourceDecisions(source, clips, screens, ledger, inputs, marked)


def clips_of(corpus: Path, source_id: str) -> list[Clip]:
    """Return the clips of a source, none without a shard; `DataError` if it can't be read."""
    path = SEGMENTS.path(corpus, source_id)
    return read_shard(path, Clip) if path.is_file() else []


def ledger_fits(corpus: Path, source_id: str) -> bool:
    """Return whether a source has a ledger of its current cuts."""
    if not (
        SEGMENTS.path(corpus, source_id).is_file() and LEDGER.path(corpus, source_id).is_file()
    ):
        return False
    segments = read_header(SEGMENTS.path(corpus, source_id)).fingerprint
    recorded = read_header(LEDGER.path(corpus, source_id)).inputs.get("segments")
    return bool(recorded == segments)


def check_finished(corpus: Path, source_id: str) -> None:
    """Raise DataError if cutting a source was interrupted."""
    if not ledger_fits(corpus, source_id):
        raise DataError("cutting it was interrupted; give its film to corpus segment again")


def recorded_suppressed(corpus: Path, source_id: str) -> dict[str, str]:
    """Return the recorded suppressed repeats of a source, and the clip kept instead of each."""
    return dict(_recorded_inputs(corpus, source_id).get("duplicates", []))


def recorded_rules(corpus: Path, source_id: str) -> Rules | None:
    """Return the rules of a source's decisions on record, or to come; ``None`` if unknown.

    Rules that this version doesn't have are left out.
    """
    try:
        recorded = _recorded_inputs(corpus, source_id)["rules"]
        known = {key: recorded[key] for key in recorded if key in Rules.model_fields}
        rules: Rules = Rules.model_validate(known)
    except (KeyError, TypeError, ValidationError):
        return None
    return rules


def _recorded_inputs(corpus: Path, source_id: str) -> dict[str, Any]:
    """Return the inputs of a source's decisions; without any, those of its ledger."""
    for stage in (SCREEN, LEDGER):
        path = stage.path(corpus, source_id)
        if path.is_file():
            return read_header(path).inputs
    return {}
