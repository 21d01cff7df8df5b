"""Of clips that sound the same one is accepted: the first that would be if it were alone."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from corpus_tools.segmentation.choices import HUMAN_KEEP, read_choices
from corpus_tools.segmentation.screening import Rules, reviewed_edges, screen_clips
from corpus_tools.segmentation.verdicts import (
    check_finished,
    clips_of,
    is_decided,
    noted_rules,
    noted_yielding,
    rescreen,
)
from manifests.errors import CorpusError
from manifests.outcome import Outcome
from manifests.records import Clip, Screen, Source

__all__ = ["Copy", "settle_repeats", "yielding_among"]


@dataclass(frozen=True, slots=True)
class Copy:
    """A clip that may sound like others.

    Attributes:
        clip_id: which clip.
        original: the clip that it repeats, itself if it repeats none.
        rank: the lower, the sooner it is the one to be accepted.
        acceptable: whether it would be accepted if it were alone.
        reviewed: whether a person decided on this very clip.
    """

    clip_id: str
    original: str
    rank: tuple[bool, bool, bool, int, float]
    acceptable: bool
    reviewed: bool = False


def yielding_among(copies: Iterable[Copy]) -> dict[str, str]:
    """Return which clips are rejected as repeats, each with the one that stands for it.

    Of each group the first acceptable clip stands, or the original if none is. All repeats but that
    one yield, and so does the original if it would be accepted itself; clips that a person
    decided on never do.

    Args:
        copies: clips of the corpus, in any order; those that are alone don't matter.

    Example:
        >>> noisy = Copy("a", "a", (False, False, False, 0, 0.0), acceptable=False)
        >>> clean = Copy("b", "a", (False, False, False, 1, 0.0), acceptable=True)
        >>> again = Copy("c", "a", (False, False, False, 2, 0.0), acceptable=True)
        >>> yielding_among([noisy, clean, again])
        {'c': 'b'}
    """
    groups: defaultdict[str, list[Copy]] = defaultdict(list)
    for copy in copies:
        groups[copy.original].append(copy)
    found = {}
    for original, group in groups.items():
        group.sort(key=lambda copy: copy.rank)
        stands = next((copy.clip_id for copy in group if copy.acceptable), original)
        for copy in group:
            repeats = copy.clip_id != original or copy.acceptable
            if copy.clip_id != stands and repeats and not copy.reviewed:
                found[copy.clip_id] = stands
    return found


def settle_repeats(
    corpus: Path,
    sources: Sequence[Source],
    rules: Rules,
    frozen: Collection[str],
    outcome: Outcome,
) -> set[str]:
    """Accept one clip of each group that sounds the same, and reject the others as ``duplicate``.

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
    copies: dict[str, list[Copy]] = {}
    judged_by: dict[str, Rules] = {}
    for number, source in enumerate(sources):
        name = source.source_id
        try:
            check_finished(corpus, name)
            judged_by[name] = noted_rules(corpus, name) or rules
            copies[name] = _copies(corpus, name, number, judged_by[name], frozen)
        except CorpusError as error:
            outcome.fail(name, str(error))
    stands = yielding_among(chain.from_iterable(copies.values()))
    changed = set()
    for name, own in copies.items():
        yielding = {one.clip_id: stands[one.clip_id] for one in own if one.clip_id in stands}
        if not is_decided(corpus, name, judged_by[name], yielding):
            if noted_yielding(corpus, name).keys() != yielding.keys():
                changed.add(name)
            rescreen(corpus, name, judged_by[name], yielding)
    return changed


def _copies(
    corpus: Path, source_id: str, number: int, rules: Rules, frozen: Collection[str]
) -> list[Copy]:
    """Return the clips of a source as if each were alone."""
    clips = [clip for clip in clips_of(corpus, source_id) if clip.superseded_by is None]
    choices = read_choices(corpus, source_id)
    reviewed = reviewed_edges(choices)

    def copy(clip: Clip, alone: Screen) -> Copy:
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
        return Copy(clip.clip_id, original, rank, alone.accepted, chosen)

    return [
        copy(clip, alone)
        for clip, alone in zip(clips, screen_clips(clips, rules, choices), strict=True)
    ]
