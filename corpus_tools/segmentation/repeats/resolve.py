"""Marking of the clips of a corpus that repeat others: openings, recaps, re-uploads.

Choose one accepted clip from each set of repeats.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from corpus_tools.segmentation.intake.selections import HUMAN_KEEP, read_choices
from corpus_tools.segmentation.ledger.commit import (
    FINGERPRINTS,
    MARKED,
    SEGMENTS,
    SETTLED,
    SOURCES,
    mark_duplicates,
)
from corpus_tools.segmentation.ledger.ledger import (
    check_finished,
    clips_of,
    is_decided,
    recorded_rules,
    recorded_suppressed,
    rescreen,
)
from corpus_tools.segmentation.repeats.fingerprint import Hashes, from_text
from corpus_tools.segmentation.repeats.search import find_repeats
from corpus_tools.segmentation.screening.rules import Rules, reviewed_edges, screen_clips
from manifests.base.errors import CorpusError
from manifests.base.outcome import Outcome
from manifests.storage.records import Clip, Fingerprint, Screen, Source
from manifests.storage.shards import read_header, read_shard, read_stage
from manifests.storage.store import fingerprint, inside, write_text

__all__ = ["RepeatCandidate", "find_suppressed", "mark_repeats", "warn_of_other_sources"]


@dataclass(frozen=True, slots=True)
class RepeatCandidate:
    """A clip that may be one of several repeats.

    Attributes:
        clip_id: id of the clip.
        original: id of the clip that it is marked as a repeat of; its own id if it isn't marked.
        rank: sort key; the acceptable clip of lowest rank is accepted.
        acceptable: whether it would be accepted without its repeats.
        reviewed: whether there is a review decision on the clip itself.
    """

    clip_id: str
    original: str
    rank: tuple[bool, bool, bool, int, float]
    acceptable: bool
    reviewed: bool = False


def find_suppressed(
    copies: Iterable[RepeatCandidate], repeats: Mapping[str, str]
) -> dict[str, str]:
    """Return the suppressed repeats, and the clip kept instead of each.

    An acceptable repeat is suppressed in favour of the clip that it was found in. An unacceptable
    clip that is marked as a repeat is suppressed too, in favour of the first acceptable clip with
    the same mark, or else of the marked original. Reviewed clips are never suppressed.

    Args:
        copies: clips of the corpus, in any order.
        repeats: acceptable clips that repeat others, each with the acceptable clip that it was
            found in and that repeats none (from `find_repeats`, in order of rank).

    Example:
        >>> noisy = RepeatCandidate("a", "a", (False, False, False, 0, 0.0), acceptable=False)
        >>> clean = RepeatCandidate("b", "a", (False, False, False, 1, 0.0), acceptable=True)
        >>> again = RepeatCandidate("c", "a", (False, False, False, 2, 0.0), acceptable=True)
        >>> worse = RepeatCandidate("d", "a", (False, False, False, 3, 0.0), acceptable=False)
        >>> find_suppressed([noisy, clean, again, worse], {"c": "b"})
        {'c': 'b', 'd': 'b'}
    """
    groups: defaultdict[str, list[RepeatCandidate]] = defaultdict(list)
    for copy in copies:
        groups[copy.original].append(copy)
    suppressed = {}
    for original, group in groups.items():
        group.sort(key=lambda copy: copy.rank)
        first = next((copy.clip_id for copy in group if copy.acceptable), original)
        for copy in group:
            if copy.reviewed:
                continue
            if copy.acceptable and copy.clip_id in repeats:
                suppressed[copy.clip_id] = repeats[copy.clip_id]
            elif not copy.acceptable and copy.clip_id != original:
                suppressed[copy.clip_id] = repeats.get(first, first)
    return suppressed


def resolve_repeats(
    corpus: Path,
    sources: Sequence[Source],
    rules: Rules,
    frozen: Collection[str],
    outcome: Outcome,
) -> set[str]:
    """Accept one clip from each set of repeats, and reject the others as ``duplicate``.

    Each source is screened with the rules last used for it, so that a run on some films doesn't
    apply other thresholds to the rest. Only records are read, no audio.

    Args:
        corpus: corpus folder.
        sources: sources searched for repeats, in order of precedence.
        rules: rules for sources without recorded ones.
        frozen: ids of frozen clips.
        outcome: receives a failure for each source with unreadable or unfinished shards; their
            clips are left out.

    Returns:
        Ids of the sources with changed suppressed repeats.
    """
    copies: dict[str, list[RepeatCandidate]] = {}
    rules_of: dict[str, Rules] = {}
    for number, source in enumerate(sources):
        name = source.source_id
        try:
            check_finished(corpus, name)
            rules_of[name] = recorded_rules(corpus, name) or rules
            copies[name] = _copies(corpus, name, number, rules_of[name], frozen)
        except CorpusError as error:
            outcome.fail(name, str(error))
    state = _resolution_state(corpus, copies)
    note = inside(corpus, SETTLED)
    if note.is_file() and note.read_text(encoding="utf-8") == state:
        repeats = _recorded_repeats(corpus, copies)
    else:
        note.unlink(missing_ok=True)
        repeats = _repeats(corpus, copies, outcome)
    kept_instead = find_suppressed(chain.from_iterable(copies.values()), repeats)
    changed = set()
    for name, own in copies.items():
        suppressed = {
            copy.clip_id: kept_instead[copy.clip_id] for copy in own if copy.clip_id in kept_instead
        }
        if not is_decided(corpus, name, rules_of[name], suppressed):
            if recorded_suppressed(corpus, name).keys() != suppressed.keys():
                changed.add(name)
            rescreen(corpus, name, rules_of[name], suppressed)
    if copies and outcome.ok:
        write_text(note, state)
    return changed


def _repeats(
    corpus: Path, copies: dict[str, list[RepeatCandidate]], outcome: Outcome
) -> dict[str, str]:
    """Find the acceptable clips that repeat others; unreadable sources are dropped."""
    hashes: dict[str, Hashes] = {}
    for source_id in list(copies):
        try:
            for row in read_shard(FINGERPRINTS.path(corpus, source_id), Fingerprint):
                hashes[row.clip_id] = from_text(row.hashes)
        except CorpusError as error:
            outcome.fail(source_id, str(error))
            del copies[source_id]
    ranked = [copy for copy in _acceptable(copies) if copy.clip_id in hashes]
    reviewed = {copy.clip_id for copy in ranked if copy.reviewed}
    return find_repeats([(copy.clip_id, hashes[copy.clip_id]) for copy in ranked], reviewed)


def _recorded_repeats(corpus: Path, sources: Iterable[str]) -> dict[str, str]:
    """Return the recorded result of `_repeats`."""
    recorded: dict[str, str] = {}
    for source_id in sources:
        recorded |= recorded_suppressed(corpus, source_id)
    return recorded


def _resolution_state(corpus: Path, copies: Mapping[str, list[RepeatCandidate]]) -> str:
    """Return a fingerprint of the clips compared and their order."""
    cuts = [read_header(SEGMENTS.path(corpus, name)).inputs for name in copies]
    order = [[copy.clip_id, copy.reviewed] for copy in _acceptable(copies)]
    return fingerprint({"algorithm": _RESOLUTION_ALGORITHM, "cuts": cuts, "order": order})


def _acceptable(copies: Mapping[str, list[RepeatCandidate]]) -> list[RepeatCandidate]:
    """Return the clips that would be accepted without their repeats, in order of rank."""
    acceptable = (copy for copy in chain.from_iterable(copies.values()) if copy.acceptable)
    return sorted(acceptable, key=lambda copy: copy.rank)


def _copies(
    corpus: Path, source_id: str, number: int, rules: Rules, frozen: Collection[str]
) -> list[RepeatCandidate]:
    """Return the clips of a source, each screened without its repeats."""
    clips = [clip for clip in clips_of(corpus, source_id) if clip.superseded_by is None]
    choices = read_choices(corpus, source_id)
    reviewed = reviewed_edges(choices)

    def copy(clip: Clip, alone: Screen) -> RepeatCandidate:
        chosen = (clip.start, clip.end) in reviewed
        kept = alone.reasons == [HUMAN_KEEP]
        rank = (
            not (chosen and kept),
            clip.clip_id not in frozen,
            not kept,
            number,
            clip.start,
        )
        original = clip.duplicate_of or clip.clip_id
        return RepeatCandidate(clip.clip_id, original, rank, alone.accepted, chosen)

    return [
        copy(clip, alone)
        for clip, alone in zip(clips, screen_clips(clips, rules, choices), strict=True)
    ]


_RESOLUTION_ALGORITHM = 1


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
