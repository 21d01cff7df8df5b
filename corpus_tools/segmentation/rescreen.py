"""Accept and reject the clips of a corpus again: the work behind ``corpus screen``."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from corpus_tools.runner import run_each
from corpus_tools.segmentation.publish import SOURCES, is_screened, rescreen, sweep
from corpus_tools.segmentation.report import SourceReport, report_of
from corpus_tools.segmentation.screening import Rules
from manifests.outcome import Outcome, Progress, no_progress
from manifests.records import Source
from manifests.shards import read_stage

__all__ = ["screen_corpus"]


def screen_corpus(
    corpus: Path, rules: Mapping[str, Rules], *, progress: Progress = no_progress
) -> Outcome:
    """Decide again on every clip, from its measures alone.

    The caller holds the corpus's lock.

    Args:
        corpus: the corpus folder.
        rules: for each kind of source (``drama``, ``scripted``).
        progress: told after each source.

    Returns:
        Counts of clips; in ``details`` how many sources changed, and the seconds by reason.
    """
    outcome = Outcome()
    sweep(corpus)

    def decide(source: Source) -> SourceReport:
        current = is_screened(corpus, source.source_id, rules[source.kind])
        if not current:
            rescreen(corpus, source.source_id, rules[source.kind])
        status = "unchanged" if current else "screened"
        return report_of(corpus, source.source_id, source.media_path, status)

    ledger: Counter[str] = Counter()
    reports = []
    sources = list(read_stage(corpus, SOURCES, Source))
    for _, report in run_each(
        sources, decide, outcome, name=lambda source: source.source_id, progress=progress
    ):
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
