"""Mark the clips of a corpus that repeat others: openings, recaps, re-uploads."""

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
    """Find what comes again in the films of a corpus, mark it, and accept it once.

    First are clips that people have touched, then those of the series in the order of their names,
    of the episodes in the order of their numbers, of a film in the order of time: the result
    doesn't depend on the order in which films came into the corpus. The first is not marked; which
    of them is accepted, `resolve_repeats` decides. Sounds are compared only if that is new.

    Args:
        corpus: the corpus folder.
        rules: which clips of films are accepted, for sources that don't tell their own.
        frozen: clips that people have touched.
        outcome: takes a failure for each source whose shards can't be read or were left unfinished;
            the others are done.

    Returns:
        The sources with other marks, or other clips that yield, than before.
    """
    sources = _searched(corpus)
    trouble = Outcome()
    changed = _mark(corpus, sources, frozen, trouble)
    changed |= resolve_repeats(corpus, sources, rules, frozen, trouble)
    named = {failure.item for failure in outcome.failures}
    for failure in trouble.failures:
        if failure.item not in named:
            named.add(failure.item)
            outcome.failures.append(failure)
    return changed


def _mark(
    corpus: Path, sources: Sequence[Source], frozen: Collection[str], outcome: Outcome
) -> set[str]:
    """Mark the clips that repeat others, and return the sources with other marks than before."""
    note = inside(corpus, MARKED)
    state = _search_state(corpus, sources, frozen)
    if not sources or (note.is_file() and note.read_text(encoding="utf-8") == state):
        return set()
    clips = [
        (one.clip_id not in frozen, number, one)
        for number, source in enumerate(sources)
        for one in _fingerprints(corpus, source, outcome)
    ]
    clips.sort(key=lambda clip: clip[:2])
    originals = find_repeats([(one.clip_id, from_text(one.hashes)) for _, _, one in clips])
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
    """Warn of sources that a run was not about, but that were decided on again for their repeats.

    Args:
        sources: their ids.
        outcome: takes the warning, if there are any.
    """
    if sources:
        named = ", ".join(sorted(sources)[:_NAMED])
        more = f" and {len(sources) - _NAMED} more" if len(sources) > _NAMED else ""
        outcome.warnings.append(
            f"in sources that were not given, some clips repeat others now or no longer do, and "
            f"were decided on again: {named}{more}"
        )


def _fingerprints(corpus: Path, source: Source, outcome: Outcome) -> list[Fingerprint]:
    try:
        return read_shard(FINGERPRINTS.path(corpus, source.source_id), Fingerprint)
    except CorpusError as error:
        outcome.fail(source.source_id, str(error))
        return []


def _searched(corpus: Path) -> list[Source]:
    """Return the sources that have fingerprints, in the order in which they count as first."""
    there = (
        source
        for source in read_stage(corpus, SOURCES, Source)
        if FINGERPRINTS.path(corpus, source.source_id).is_file()
    )
    return sorted(there, key=lambda one: (one.series or "", _by_number(one.title), one.source_id))


def _by_number(title: str) -> list[tuple[int, str]]:
    """Return a key by which episode 2 comes before episode 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBERS.split(title)]


def _search_state(corpus: Path, sources: Sequence[Source], frozen: Collection[str]) -> str:
    """Return what identifies the clips searched and their order."""
    searched = [
        [one.source_id, read_header(FINGERPRINTS.path(corpus, one.source_id)).fingerprint]
        for one in sources
    ]
    return fingerprint(
        {"algorithm": _SEARCH_ALGORITHM, "searched": searched, "frozen": sorted(frozen)}
    )


_SEARCH_ALGORITHM = 1
_NUMBERS = re.compile(r"(\d+)")
_NAMED = 5  # sources in a warning
