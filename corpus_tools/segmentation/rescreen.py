"""Screening of all clips of a corpus, for ``corpus screen``."""

from collections.abc import Mapping
from pathlib import Path

from corpus_tools.segmentation.ledger.commit import FINGERPRINTS, SOURCES, sweep
from corpus_tools.segmentation.ledger.decisions import SourceDecisions, sum_reports
from corpus_tools.segmentation.ledger.update import Update
from corpus_tools.segmentation.repeats.resolve import resolve_repeats
from corpus_tools.segmentation.screening.rules import Rules
from corpus_tools.workspace.runner import run_each
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.storage.copies import copy_warnings
from manifests.storage.frozen import frozen_clips
from manifests.storage.records import Source
from manifests.storage.shards import read_stage

__all__ = ["screen_corpus"]


def screen_corpus(
    corpus: Path, rules: Mapping[str, Rules], *, progress: Progress = no_progress
) -> Outcome:
    """Screen every clip again by its measures and repeats, without cutting.

    The caller holds the corpus's lock. Rules are by kind of source (``drama``, ``scripted``). The
    outcome counts clips; ``details`` has the number of changed sources, and seconds by reason.
    `DataError` if the frozen clips can't be determined.
    """
    outcome = Outcome(warnings=copy_warnings(corpus))
    frozen = frozen_clips(corpus)
    sweep(corpus)
    sources = list(read_stage(corpus, SOURCES, Source))
    alone = [
        source for source in sources if not FINGERPRINTS.path(corpus, source.source_id).is_file()
    ]

    def renew(source: Source) -> tuple[bool, SourceDecisions]:
        return Update(corpus, rules[source.kind], frozen).screen(source)

    changed: set[str] = set()
    decisions: dict[str, SourceDecisions] = {}
    for source, (new, own) in run_each(
        alone, renew, outcome, name=lambda source: source.source_id, progress=progress
    ):
        decisions[source.source_id] = own
        changed |= {source.source_id} if new else set()
    names = {source.source_id for source in sources}
    of_films, changed_films = resolve_repeats(
        corpus, names, rules["drama"], frozen, outcome, progress
    )
    decisions |= of_films
    changed |= changed_films
    reports = [
        decisions[source.source_id].report(
            source.media_path, "screened" if source.source_id in changed else "unchanged"
        )
        for source in sources
        if source.source_id in decisions
    ]
    rejected, ledger = sum_reports(reports)
    outcome.items_in += sum(report["clips"] for report in reports)
    outcome.kept += sum(report["accepted"] for report in reports)
    outcome.rejected += rejected
    outcome.details |= {"sources": reports, "changed": len(changed), "ledger": ledger}
    return outcome
