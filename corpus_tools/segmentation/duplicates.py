"""Marking of the clips of a corpus that repeat others: openings, recaps, re-uploads."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from corpus_tools.segmentation.fingerprint import from_text
from corpus_tools.segmentation.publish import FINGERPRINTS, MARKED, SOURCES, mark_duplicates
from corpus_tools.segmentation.repeats import find_repeats
from corpus_tools.segmentation.screening import Rules
from corpus_tools.segmentation.stand_ins import resolve_repeats
from manifests.errors import CorpusError
from manifests.outcome import Outcome
from manifests.records import Fingerprint, Source
from manifests.shards import read_header, read_shard, read_stage
from manifests.store import fingerprint, inside, write_text

__all__ = ["mark_repeats", "warn_of_other_sources"]


def mark_repeats(corpus: Path, rules: Rules, frozen: Collection[str], outcome: Outcome) -> set[str]:
    """Mark the repeats in the films of a corpus, and accept one clip of each set of repeats.

    Frozen clips come first, then series by name, episodes by number, and the clips of a film by
    time: the result doesn't depend on the order in which films were added. The first clip of a set
    isn't marked; `resolve_repeats` chooses the one that is accepted. Fingerprints are compared only
    if they, or their order, changed.

    Args:
        corpus: corpus folder.
        rules: screening rules of films, for sources without recorded rules.
        frozen: ids of frozen clips.
        outcome: receives a failure for each source with unreadable or unfinished shards; the
            others are processed.

    Returns:
        Ids of the sources with changed marks or changed suppressed repeats.
    """
    sources = _searched(corpus)
    own = Outcome()
    changed = _mark(corpus, sources, frozen, own)
    changed |= resolve_repeats(corpus, sources, rules, frozen, own)
    named = {failure.item for failure in outcome.failures}
    for failure in own.failures:
        if failure.item not in named:
            named.add(failure.item)
            outcome.failures.append(failure)
    return changed


def _mark(
    corpus: Path, sources: Sequence[Source], frozen: Collection[str], outcome: Outcome
) -> set[str]:
    """Mark the clips that repeat others, and return the sources with changed marks."""
    note = inside(corpus, MARKED)
    state = _search_state(corpus, sources, frozen)
    if not sources or (note.is_file() and note.read_text(encoding="utf-8") == state):
        return set()
    clips = [
        (clip.clip_id not in frozen, number, clip)
        for number, source in enumerate(sources)
        for clip in _fingerprints(corpus, source, outcome)
    ]
    clips.sort(key=lambda entry: entry[:2])
    originals = find_repeats([(clip.clip_id, from_text(clip.hashes)) for _, _, clip in clips])
    changed = set()
    for source in sources:
        try:
            if mark_duplicates(corpus, source.source_id, originals):
                changed.add(source.source_id)
        except CorpusError as error:
            outcome.fail(source.source_id, str(error))
    if outcome.ok:
        write_text(note, state)
    return changed


def warn_of_other_sources(sources: Collection[str], outcome: Outcome) -> None:
    """Warn of sources outside a run that were screened again because of their repeats.

    Args:
        sources: ids of the sources.
        outcome: receives the warning, if there are any.
    """
    if sources:
        named = ", ".join(sorted(sources)[:_NAMED])
        more = f" and {len(sources) - _NAMED} more" if len(sources) > _NAMED else ""
        outcome.warnings.append(
            f"in sources that were not given, some clips repeat others now or no longer do, and "
            f"were screened again: {named}{more}"
        )


def _fingerprints(corpus: Path, source: Source, outcome: Outcome) -> list[Fingerprint]:
    try:
        return read_shard(FINGERPRINTS.path(corpus, source.source_id), Fingerprint)
    except CorpusError as error:
        outcome.fail(source.source_id, str(error))
        return []


def _searched(corpus: Path) -> list[Source]:
    """Return the sources with fingerprints, in order of precedence."""
    searched = (
        source
        for source in read_stage(corpus, SOURCES, Source)
        if FINGERPRINTS.path(corpus, source.source_id).is_file()
    )
    return sorted(
        searched,
        key=lambda source: (source.series or "", _by_number(source.title), source.source_id),
    )


def _by_number(title: str) -> list[tuple[int, str]]:
    """Return a sort key by which episode 2 comes before episode 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBERS.split(title)]


def _search_state(corpus: Path, sources: Sequence[Source], frozen: Collection[str]) -> str:
    """Return a fingerprint of the clips searched and their order."""
    searched = [
        [source.source_id, read_header(FINGERPRINTS.path(corpus, source.source_id)).fingerprint]
        for source in sources
    ]
    return fingerprint(
        {"algorithm": _SEARCH_ALGORITHM, "searched": searched, "frozen": sorted(frozen)}
    )


_SEARCH_ALGORITHM = 1
_NUMBERS = re.compile(r"(\d+)")
_NAMED = 5  # sources in a warning
