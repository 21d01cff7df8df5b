"""Screening of all clips of a corpus, for ``corpus screen``."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from corpus_tools.segmentation.ledger.commit import SOURCES, SourceReport, report_of, sweep
from corpus_tools.segmentation.ledger.ledger import is_screened, rescreen
from corpus_tools.segmentation.repeats.resolve import mark_repeats
from corpus_tools.segmentation.screening.rules import Rules
from corpus_tools.workspace.runner import run_each
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.storage.frozen import frozen_clips
from manifests.storage.records import Source
from manifests.storage.shards import read_stage

__all__ = ["screen_corpus"]


def screen_corpus(
    corpus: Path, rules: Mapping[str, Rules], *, progress: Progress = no_progress
) -> Outcome:
    """Screen every clip again by its measures and repeats, without cutting.

    The caller holds the corpus's lock.

    Args:
        corpus: corpus folder.
        rules: screening rules for each kind of source (``drama``, ``scripted``).
        progress: called after each source.

    Returns:
        Counts of clips; in ``details`` the number of changed sources, and the seconds by reason.

    Raises:
        DataError: if the frozen clips can't be determined.
    """
    outcome = Outcome()
    frozen = frozen_clips(corpus)
    sweep(corpus)

    def renew(source: Source) -> bool:
        current = is_screened(corpus, source.source_id, rules[source.kind])
        if not current:
            rescreen(corpus, source.source_id, rules[source.kind])
        return not current

    sources = list(read_stage(corpus, SOURCES, Source))
    renewed = list(
        run_each(sources, renew, outcome, name=lambda source: source.source_id, progress=progress)
    )
    changed = mark_repeats(corpus, rules["drama"], frozen, outcome)
    ledger: Counter[str] = Counter()
    reports = []

    def report_on(item: tuple[Source, bool]) -> SourceReport:
        source, new = item
        status = "screened" if new or source.source_id in changed else "unchanged"
        return report_of(corpus, source.source_id, source.media_path, status)

    for _, report in run_each(renewed, report_on, outcome, name=lambda item: item[0].source_id):
        reports.append(report)
        outcome.items_in += report.clips
        outcome.kept += report.accepted
        outcome.rejected += Counter(report.rejected)
        ledger += Counter({reason: round(s * 1000) for reason, s in report.ledger.items()})
    outcome.details |= {
        "sources": [asdict(report) for report in reports],
        "changed": sum(report.status == "screened" for report in reports),
        "ledger": {reason: ms / 1000 for reason, ms in sorted(ledger.items())},
    }
    return outcome
