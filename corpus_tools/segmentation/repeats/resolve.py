"""Resolution of the repeats in a corpus: openings, recaps, re-uploads.

Of each set of repeats one clip is accepted. Clips are marked as repeats of the first one, whatever
the screening rules; the rules then choose the clip to accept.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from corpus_tools.segmentation.intake.selections import HUMAN_KEEP, Choices, read_choices
from corpus_tools.segmentation.ledger.commit import (
    FINGERPRINTS,
    MARKED,
    SEGMENTS,
    SETTLED,
    SOURCES,
    commit,
    is_of_these_cuts,
)
from corpus_tools.segmentation.ledger.decisions import (
    SourceDecisions,
    check_finished,
    clips_of,
    decide,
    recorded_rules,
    recorded_suppressed,
)
from corpus_tools.segmentation.repeats.fingerprint import Hashes, from_text
from corpus_tools.segmentation.repeats.search import find_repeats
from corpus_tools.segmentation.screening.rules import Rules, reviewed_edges, screen_clips
from corpus_tools.workspace.runner import run_each
from manifests.base.errors import DataError
from manifests.base.outcome import Outcome, Progress, listed, no_progress
from manifests.storage.records import Clip, Fingerprint, Source
from manifests.storage.shards import read_header, read_shard, read_stage
from manifests.storage.store import fingerprint, inside, write_text

__all__ = ["RepeatCandidate", "find_suppressed", "resolve_repeats", "warn_of_other_sources"]


@dataclass(frozen=True, slots=True)
class RepeatCandidate:
    """A clip that may be one of several repeats; ``original`` is its own id if it has no mark.

    Of the clips that are ``acceptable`` but for their repeats, that of lowest ``rank`` is accepted.
    ``reviewed`` clips have a review decision of their own. ``music`` is the copy with most music if
    the clip isn't acceptable only because the sound is music by all copies' scores.
    """

    clip_id: str
    original: str
    rank: tuple[bool, bool, bool, int, float]
    acceptable: bool
    reviewed: bool = False
    music: str | None = None


def find_suppressed(
    copies: Iterable[RepeatCandidate], repeats: Mapping[str, str]
) -> dict[str, str]:
    """Return the suppressed repeats, and the clip that each repeats: if any, one that is kept.

    An acceptable repeat is suppressed in favour of the clip that it was found in: ``repeats`` maps
    it to an acceptable clip that repeats none (from `find_repeats`, in order of rank). An
    unacceptable clip marked as a repeat is suppressed too, in favour of the first acceptable clip
    with the same mark, or else of the marked original; one with ``music`` in favour of that copy.
    Reviewed clips are never suppressed.

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
        first = next((copy.clip_id for copy in group if copy.acceptable), None)
        kept = repeats.get(first, first) if first else None
        for copy in group:
            if copy.reviewed:
                continue
            if copy.acceptable and copy.clip_id in repeats:
                suppressed[copy.clip_id] = repeats[copy.clip_id]
            elif not copy.acceptable and (copy.clip_id != original or copy.music):
                suppressed[copy.clip_id] = kept or copy.music or original
    return suppressed


@dataclass(frozen=True)
class Film:
    """Records of a film: rank among films, rules, clips with their marks of repeats, and choices.

    ``cuts`` are the inputs of its cuts, ``searched`` is the hash of the shard of fingerprints.
    """

    corpus: Path
    source: Source
    number: int
    rules: Rules
    clips: Sequence[Clip]
    choices: Choices
    cuts: dict[str, Any]
    searched: str

    @cached_property
    def hashes(self) -> dict[str, Hashes]:
        """Fingerprints of its clips, by clip id."""
        path = FINGERPRINTS.path(self.corpus, self.source.source_id)
        return {row.clip_id: from_text(row.hashes) for row in read_shard(path, Fingerprint)}

    def copies(
        self,
        frozen: Collection[str],
        originals: Mapping[str, str],
        music: Mapping[str, tuple[float, str]],
    ) -> list[RepeatCandidate]:
        """Return its clips, each screened without its repeats; ``music`` is of `_music`."""
        clips = [clip for clip in self.clips if clip.superseded_by is None]
        screens = screen_clips(clips, self.rules, self.choices)
        reviewed = reviewed_edges(self.choices)
        copies = []
        for clip, alone in zip(clips, screens, strict=True):
            chosen = (clip.start, clip.end) in reviewed
            kept = alone.reasons == [HUMAN_KEEP]
            rank = (
                not (chosen and kept),
                clip.clip_id not in frozen,
                not kept,
                self.number,
                clip.start,
            )
            original = originals.get(clip.clip_id, clip.clip_id)
            fine, copy = alone.accepted, None
            limit = self.rules.max_music
            if fine and not kept and limit is not None and (clip.music or 0) > _CLEAN * limit:
                score, loudest = music[original]
                if score > limit:
                    fine, copy = False, loudest
            copies.append(RepeatCandidate(clip.clip_id, original, rank, fine, chosen, copy))
        return copies

    def decide(
        self, originals: Mapping[str, str], kept_instead: Mapping[str, str]
    ) -> SourceDecisions:
        """Return the decisions on its clips, from the first occurrence of each repeat in a corpus.

        ``kept_instead`` maps the suppressed repeats of the corpus to the clip kept instead.
        """
        clips = [
            clip
            if clip.duplicate_of == originals.get(clip.clip_id)
            else clip.changed(duplicate_of=originals.get(clip.clip_id))
            for clip in self.clips
        ]
        suppressed = {
            clip.clip_id: kept_instead[clip.clip_id]
            for clip in clips
            if clip.clip_id in kept_instead
        }
        marked = clips != self.clips
        return decide(self.corpus, self.source, self.rules, clips, suppressed, marked=marked)


def resolve_repeats(
    corpus: Path,
    given: Collection[str],
    rules: Rules,
    frozen: Collection[str],
    outcome: Outcome,
    progress: Progress = no_progress,
) -> tuple[dict[str, SourceDecisions], set[str]]:
    """Screen the films of a corpus, accept one clip of each set of repeats, and write the result.

    Frozen clips come first, then series by name, episodes by number, and the clips of a film by
    time: the result doesn't depend on the order in which films were added. Only records are read,
    no audio; fingerprints are compared only if they, or their order, changed. The rules apply to
    the sources in ``given``. The others keep the rules last used for them, so that a run on some
    films doesn't apply other thresholds to the rest. A source with unreadable or unfinished shards
    is a failure in the outcome and left as it is; the others are processed. Return the decisions by
    source id, and the ids of the sources with changed ones.
    """
    own = Outcome()
    films = _read_films(corpus, given, rules, own)
    marked = _marking_state(films, frozen)
    if _is_noted(corpus, MARKED, marked):
        clips = chain.from_iterable(film.clips for film in films)
        originals = {clip.clip_id: clip.duplicate_of for clip in clips if clip.duplicate_of}
    else:
        films = _with_fingerprints(films, own)
        hashes = [pair for film in films for pair in film.hashes.items()]
        hashes.sort(key=lambda pair: pair[0] not in frozen)
        originals = find_repeats(hashes)
    copies = _copies(films, frozen, originals)
    settled = _resolution_state(films, copies)
    if _is_noted(corpus, SETTLED, settled):
        recorded = [recorded_suppressed(corpus, _id(film)) for film in films]
        repeats = dict(chain.from_iterable(row.items() for row in recorded))
    else:
        films = _with_fingerprints(films, own)
        copies = _copies(films, frozen, originals)
        repeats = _acceptable_repeats(films, copies)
    suppressed = find_suppressed(copies, repeats)
    deciding = run_each(films, lambda film: film.decide(originals, suppressed), own, name=_id)
    decisions = {_id(film): decided for film, decided in deciding}
    changed = commit(corpus, decisions.values(), progress)
    if films and own.ok:
        for note, state in ((MARKED, marked), (SETTLED, settled)):
            if not _is_noted(corpus, note, state):
                write_text(inside(corpus, note), state)
    named = {failure.item for failure in outcome.failures}
    outcome.failures += [failure for failure in own.failures if failure.item not in named]
    return decisions, changed


def _read_films(corpus: Path, given: Collection[str], rules: Rules, outcome: Outcome) -> list[Film]:
    """Return the films with fingerprints, in order of precedence."""
    searched = [
        source
        for source in read_stage(corpus, SOURCES, Source)
        if FINGERPRINTS.path(corpus, source.source_id).is_file()
    ]
    searched.sort(
        key=lambda source: (source.series or "", _by_number(source.title), source.source_id)
    )

    def read(ranked: tuple[int, Source]) -> Film:
        number, source = ranked
        name = source.source_id
        check_finished(corpus, name)
        if not is_of_these_cuts(corpus, FINGERPRINTS, name):
            raise DataError("cutting it was interrupted; give its film to corpus segment again")
        return Film(
            corpus,
            source,
            number,
            rules=(None if name in given else recorded_rules(corpus, name)) or rules,
            clips=clips_of(corpus, name),
            choices=read_choices(corpus, name),
            cuts=read_header(SEGMENTS.path(corpus, name)).inputs,
            searched=read_header(FINGERPRINTS.path(corpus, name)).fingerprint,
        )

    ranked = list(enumerate(searched))
    return [
        film for _, film in run_each(ranked, read, outcome, name=lambda pair: pair[1].source_id)
    ]


def _by_number(title: str) -> list[tuple[int, str]]:
    """Return a sort key by which episode 2 comes before episode 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBERS.split(title)]


def _with_fingerprints(films: Sequence[Film], outcome: Outcome) -> list[Film]:
    """Return the films with readable fingerprints; the others are failures."""
    return [film for film, _ in run_each(films, lambda film: film.hashes, outcome, name=_id)]


def _id(film: Film) -> str:
    return film.source.source_id


def _copies(
    films: Sequence[Film], frozen: Collection[str], originals: Mapping[str, str]
) -> list[RepeatCandidate]:
    """Return the clips of all films, in order of rank."""
    music = _music(films, originals)
    copies = [copy for film in films for copy in film.copies(frozen, originals, music)]
    return sorted(copies, key=lambda copy: copy.rank)


def _music(films: Sequence[Film], originals: Mapping[str, str]) -> dict[str, tuple[float, str]]:
    """Return for each original the mean music score of its copies, and the copy with the highest.

    One jingle scores 0.2 to 0.95 by cut and encoding, so one copy's score doesn't decide.
    """
    scores: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    for clip in chain.from_iterable(film.clips for film in films):
        if clip.music is not None and clip.superseded_by is None:
            original = originals.get(clip.clip_id, clip.clip_id)
            scores[original].append((clip.music, clip.clip_id))
    return {
        original: (sum(score for score, _ in found) / len(found), max(found)[1])
        for original, found in scores.items()
    }


def _acceptable_repeats(films: Sequence[Film], copies: Sequence[RepeatCandidate]) -> dict[str, str]:
    """Return the acceptable clips that repeat others, each with the one that it was found in."""
    hashes = dict(chain.from_iterable(film.hashes.items() for film in films))
    ranked = [copy for copy in copies if copy.acceptable and copy.clip_id in hashes]
    reviewed = {copy.clip_id for copy in ranked if copy.reviewed}
    return find_repeats([(copy.clip_id, hashes[copy.clip_id]) for copy in ranked], reviewed)


def _marking_state(films: Sequence[Film], frozen: Collection[str]) -> str:
    """Return a fingerprint of the clips searched and their order."""
    searched = [[_id(film), film.searched] for film in films]
    return fingerprint(
        {"algorithm": _SEARCH_ALGORITHM, "searched": searched, "frozen": sorted(frozen)}
    )


def _resolution_state(films: Sequence[Film], copies: Sequence[RepeatCandidate]) -> str:
    """Return a fingerprint of the clips compared and their order."""
    cuts = [film.cuts for film in films]
    order = [[copy.clip_id, copy.reviewed] for copy in copies if copy.acceptable]
    return fingerprint({"algorithm": _RESOLUTION_ALGORITHM, "cuts": cuts, "order": order})


def _is_noted(corpus: Path, note: str, state: str) -> bool:
    path = inside(corpus, note)
    return path.is_file() and path.read_text(encoding="utf-8") == state


def warn_of_other_sources(sources: Collection[str], outcome: Outcome) -> None:
    """Warn of sources outside a run that were screened again because of their repeats, if any."""
    if sources:
        outcome.warnings.append(
            f"in sources that were not given, some clips repeat others now or no longer do, or "
            f"their screening was out of date; they were screened again: "
            f"{listed(sorted(sources), most=5)}"
        )


_SEARCH_ALGORITHM = 2
_RESOLUTION_ALGORITHM = 2
_NUMBERS = re.compile(r"(\d+)")
_CLEAN = 0.2  # share of the limit; clean speech, which a recap may repeat under music, is below it
