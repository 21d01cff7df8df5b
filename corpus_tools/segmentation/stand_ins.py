"""Of clips that sound the same one is accepted: the first of those that would be if alone."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from corpus_tools.segmentation.choices import HUMAN_KEEP, read_choices
from corpus_tools.segmentation.fingerprint import Hashes, from_text
from corpus_tools.segmentation.publish import FINGERPRINTS, SEGMENTS, SETTLED
from corpus_tools.segmentation.repeats import find_repeats
from corpus_tools.segmentation.screening import Rules, reviewed_edges, screen_clips
from corpus_tools.segmentation.verdicts import (
    check_finished,
    clips_of,
    is_decided,
    noted_rules,
    noted_suppressed,
    rescreen,
)
from manifests.errors import CorpusError
from manifests.outcome import Outcome
from manifests.records import Clip, Fingerprint, Screen, Source
from manifests.shards import read_header, read_shard
from manifests.store import fingerprint, inside, write_text

__all__ = ["RepeatCandidate", "find_suppressed", "resolve_repeats"]


@dataclass(frozen=True, slots=True)
class RepeatCandidate:
    """A clip that may sound like others.

    Attributes:
        clip_id: which clip.
        original: the clip that it is marked as a repeat of, itself if it is none.
        rank: the lower, the sooner it is the one to be accepted.
        acceptable: whether it would be accepted if it were alone.
        reviewed: whether a person decided on this very clip.
    """

    clip_id: str
    original: str
    rank: tuple[bool, bool, bool, int, float]
    acceptable: bool
    reviewed: bool = False


def find_suppressed(
    copies: Iterable[RepeatCandidate], repeats: Mapping[str, str]
) -> dict[str, str]:
    """Return which clips are rejected as repeats, each with the one that stands for it.

    Acceptable clips yield to those that they were found in. Others that are marked as repeats
    are rejected as such too, beside their own reasons: the first acceptable clip of those with the
    same mark stands for them, or the one that they are marked with if there is none. Clips that a
    person decided on never yield.

    Args:
        copies: clips of the corpus, in any order.
        repeats: the acceptable ones that repeat other acceptable ones, each with the one that it
            was found in and that repeats none (`find_repeats`, in the order of rank).

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
    found = {}
    for original, group in groups.items():
        group.sort(key=lambda copy: copy.rank)
        first = next((copy.clip_id for copy in group if copy.acceptable), original)
        for copy in group:
            if copy.reviewed:
                continue
            if copy.acceptable and copy.clip_id in repeats:
                found[copy.clip_id] = repeats[copy.clip_id]
            elif not copy.acceptable and copy.clip_id != original:
                found[copy.clip_id] = repeats.get(first, first)
    return found


def resolve_repeats(
    corpus: Path,
    sources: Sequence[Source],
    rules: Rules,
    frozen: Collection[str],
    outcome: Outcome,
) -> set[str]:
    """Accept one clip of those that sound the same, and reject the others as ``duplicate``.

    Each source is judged by the rules that it was last decided by, so that a run about some films
    doesn't apply other thresholds to the rest. Only records are read, no sound.

    Args:
        corpus: the corpus folder.
        sources: those searched for repeats, in the order in which they count as first.
        rules: for a source that doesn't tell by which it was decided.
        frozen: clips that people have touched.
        outcome: takes a failure for each source that can't be read or was left unfinished; its
            clips neither stand nor yield.

    Returns:
        The sources of which clips now yield that did not, or the other way round.
    """
    copies: dict[str, list[RepeatCandidate]] = {}
    judged_by: dict[str, Rules] = {}
    for number, source in enumerate(sources):
        name = source.source_id
        try:
            check_finished(corpus, name)
            judged_by[name] = noted_rules(corpus, name) or rules
            copies[name] = _copies(corpus, name, number, judged_by[name], frozen)
        except CorpusError as error:
            outcome.fail(name, str(error))
    state = _resolution_state(corpus, copies)
    note = inside(corpus, SETTLED)
    if note.is_file() and note.read_text(encoding="utf-8") == state:
        repeats = _noted_repeats(corpus, copies)
    else:
        note.unlink(missing_ok=True)
        repeats = _repeats(corpus, copies, outcome)
    stands = find_suppressed(chain.from_iterable(copies.values()), repeats)
    changed = set()
    for name, own in copies.items():
        suppressed = {one.clip_id: stands[one.clip_id] for one in own if one.clip_id in stands}
        if not is_decided(corpus, name, judged_by[name], suppressed):
            if noted_suppressed(corpus, name).keys() != suppressed.keys():
                changed.add(name)
            rescreen(corpus, name, judged_by[name], suppressed)
    if copies and outcome.ok:
        write_text(note, state)
    return changed


def _repeats(
    corpus: Path, copies: dict[str, list[RepeatCandidate]], outcome: Outcome
) -> dict[str, str]:
    """Return which acceptable clips repeat others; sources that can't be read are left out."""
    heard: dict[str, Hashes] = {}
    for source_id in list(copies):
        try:
            for one in read_shard(FINGERPRINTS.path(corpus, source_id), Fingerprint):
                heard[one.clip_id] = from_text(one.hashes)
        except CorpusError as error:
            outcome.fail(source_id, str(error))
            del copies[source_id]
    ranked = [copy for copy in _acceptable(copies) if copy.clip_id in heard]
    kept = {copy.clip_id for copy in ranked if copy.reviewed}
    return find_repeats([(copy.clip_id, heard[copy.clip_id]) for copy in ranked], kept)


def _noted_repeats(corpus: Path, sources: Iterable[str]) -> dict[str, str]:
    """Return what `_repeats` found when the sources were last decided on."""
    noted: dict[str, str] = {}
    for source_id in sources:
        noted |= noted_suppressed(corpus, source_id)
    return noted


def _resolution_state(corpus: Path, copies: Mapping[str, list[RepeatCandidate]]) -> str:
    """Return what identifies the clips compared, and their order."""
    cuts = [read_header(SEGMENTS.path(corpus, name)).inputs for name in copies]
    order = [[copy.clip_id, copy.reviewed] for copy in _acceptable(copies)]
    return fingerprint({"algorithm": _RESOLUTION_ALGORITHM, "cuts": cuts, "order": order})


def _acceptable(copies: Mapping[str, list[RepeatCandidate]]) -> list[RepeatCandidate]:
    """Return the clips that would be accepted if they were alone, the first to be so first."""
    found = (copy for copy in chain.from_iterable(copies.values()) if copy.acceptable)
    return sorted(found, key=lambda copy: copy.rank)


def _copies(
    corpus: Path, source_id: str, number: int, rules: Rules, frozen: Collection[str]
) -> list[RepeatCandidate]:
    """Return the clips of a source as if each were alone."""
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
