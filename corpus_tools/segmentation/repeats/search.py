"""Search for clips that repeat others, or share a recording, by their fingerprints.

Openings, recaps and re-uploads are found however they were cut and encoded.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from corpus_tools.segmentation.repeats.fingerprint import BITS, HOP, SUPPORT, Hashes

__all__ = ["find_repeats", "find_shared"]

Entries = NDArray[np.uint64]
"""Sorted pairs of a hash and the index of its frame, 32 bits each."""


@dataclass(frozen=True)
class ClipHashes:
    """Hashes of many clips, concatenated, with the number of the clip of each frame.

    ``first_frames`` has the index of each clip's first frame, then the number of frames.
    """

    hashes: Hashes
    clip_of_frame: NDArray[np.int64]
    first_frames: NDArray[np.int64]

    @classmethod
    def of(cls, clips: Sequence[Hashes]) -> "ClipHashes":
        """Concatenate the hashes of clips."""
        lengths = np.array([0, *map(len, clips)], dtype=np.int64)
        hashes = np.concatenate([np.zeros(0, dtype=np.uint32), *clips])
        return cls(hashes, np.repeat(np.arange(len(clips)), lengths[1:]), np.cumsum(lengths))

    def entries(self, clips: range) -> Entries:
        """Return the entries of consecutive clips, without silent frames."""
        start, end = self.first_frames[clips.start], self.first_frames[clips.stop]
        frames = np.arange(start, end, dtype=np.uint64)
        entries = (self.hashes[start:end].astype(np.uint64) << _SHIFT) | frames
        return np.sort(entries[self.hashes[start:end] > 0])

    def clips_of(self, entries: Entries) -> NDArray[np.int64]:
        """Return the number of the clip of each entry."""
        return self.clip_of_frame[_frames(entries)]

    def audible(self, clip: int) -> NDArray[np.bool_]:
        """Return which frames of a clip are not silent."""
        audible: NDArray[np.bool_] = (
            self.hashes[self.first_frames[clip] : self.first_frames[clip + 1]] > 0
        )
        return audible


@dataclass(frozen=True)
class ClipMatch:
    """Numbers of two clips that share sound, and the later one's frames found in the earlier.

    ``errors`` is the share of the bits that differ in these frames.
    """

    later: int
    earlier: int
    matched: NDArray[np.int64]
    errors: float

    @property
    def of_one_recording(self) -> bool:
        """Whether the sound is the same recording: another take of a short line comes close."""
        return len(self.matched) >= _LONG or self.errors <= _SHORT_ERROR_RATE


def align(clips: ClipHashes, indexed: Entries, query: Entries) -> NDArray[np.int64]:
    """Return the pairs of clips that share hashes at a constant time offset.

    Of the ``indexed`` entries only frames before the query count, and the first few of each hash.
    Shape (pairs, 3): later clip, earlier clip, and frame of the later at which the earlier begins.
    """
    low = np.searchsorted(indexed, query & ~_FRAME)
    count = np.minimum(np.searchsorted(indexed, query) - low, _MOST_FRAMES)
    at = np.repeat(low - np.cumsum(count) + count, count) + np.arange(count.sum())
    earlier = _frames(indexed[at])
    later = np.repeat(_frames(query), count)
    return _best_offsets(clips, later, earlier)


def _best_offsets(
    clips: ClipHashes, later: NDArray[np.int64], earlier: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return for each pair of clips the offset that most pairs of frames agree on."""
    clip_of, first = clips.clip_of_frame, clips.first_frames
    foreign = clip_of[later] != clip_of[earlier]
    later, earlier = later[foreign], earlier[foreign]
    if not len(later):
        return np.zeros((0, 3), dtype=np.int64)
    one, other = clip_of[later], clip_of[earlier]
    offset = (later - first[one]) - (earlier - first[other])
    reach = int(np.diff(first).max()) + 1
    span = 2 * reach + 1
    codes, votes = np.unique((one * len(first) + other) * span + offset + reach, return_counts=True)
    near = np.diff(codes) == 1
    pooled = votes.copy()
    pooled[1:] += votes[:-1] * near
    pooled[:-1] += votes[1:] * near
    codes, pooled = codes[pooled >= _LEAST_VOTES], pooled[pooled >= _LEAST_VOTES]
    order = np.lexsort((codes, -pooled, codes // span))
    pairs, best = np.unique(codes[order] // span, return_index=True)
    return np.stack([*np.divmod(pairs, len(first)), codes[order][best] % span - reach], axis=1)


def verify(clips: ClipHashes, pairs: NDArray[np.int64]) -> Iterator[ClipMatch]:
    """Compare pairs of clips from `align` frame by frame, and yield those that share sound.

    A frame matches if few bits differ within a second on either side, over the frames in which
    neither clip is silent.
    """
    longest = int(np.diff(clips.first_frames).max(initial=1))
    together = max(_BATCH_FRAMES // longest, 1)
    for start in range(0, len(pairs), together):
        yield from _verify(clips, pairs[start : start + together])


def _verify(clips: ClipHashes, pairs: NDArray[np.int64]) -> Iterator[ClipMatch]:
    later, earlier, offset = pairs.T
    lengths = np.diff(clips.first_frames)
    start = np.maximum(offset, 0)
    length = np.minimum(lengths[later] - start, lengths[earlier] - start + offset)
    ends = np.cumsum(length)
    frame = np.arange(length.sum())
    begin, end = np.repeat(ends - length, length), np.repeat(ends, length)
    later_frames = np.repeat(clips.first_frames[later] + start, length) + frame - begin
    earlier_frames = np.repeat(clips.first_frames[earlier] + start - offset, length) + frame - begin
    hashes, other = clips.hashes[later_frames], clips.hashes[earlier_frames]
    audible = (hashes > 0) & (other > 0)
    wrong = np.where(audible, np.bitwise_count(hashes ^ other), 0)
    low, high = np.maximum(frame - _NEIGHBOURS, begin), np.minimum(frame + _NEIGHBOURS + 1, end)
    frames, errors = (_sums(values, low, high) for values in (audible, wrong))
    matched = audible & (frames >= _LEAST_AUDIBLE) & (errors <= _ERROR_RATE * BITS * frames)
    for number in np.unique(np.repeat(np.arange(len(pairs)), length)[matched]):
        of_pair = slice(ends[number] - length[number], ends[number])
        found = np.flatnonzero(matched[of_pair])
        yield ClipMatch(
            int(later[number]),
            int(earlier[number]),
            start[number] + found,
            float(wrong[of_pair][found].mean()) / BITS,
        )


def _frames(entries: Entries) -> NDArray[np.int64]:
    return (entries & _FRAME).astype(np.int64)


def _sums(
    values: NDArray[np.bool_] | NDArray[np.uint8], low: NDArray[np.int64], high: NDArray[np.int64]
) -> NDArray[np.int64]:
    total = np.concatenate(([0], np.cumsum(values, dtype=np.int64)))
    sums: NDArray[np.int64] = total[high] - total[low]
    return sums


_SHIFT = np.uint64(32)
_FRAME = np.uint64(2**32 - 1)
_MOST_FRAMES = 32  # frames of one hash; more common ones are no evidence
_LEAST_VOTES = 3  # pairs of frames at one offset, give or take a frame
_BATCH_FRAMES = 2**19  # frames compared at once
_NEIGHBOURS = 64  # frames on either side
_LEAST_AUDIBLE = 16  # frames
_ERROR_RATE = 0.2  # share of bits; unrelated speech has 0.5 on average
_LONG = 134  # frames, 2 s
_SHORT_ERROR_RATE = 0.125  # other takes of a sentence have 0.13 to 0.2


def find_repeats(clips: Sequence[tuple[str, Hashes]], kept: Collection[str] = ()) -> dict[str, str]:
    """Return for each clip that repeats earlier ones the one that it shares most with, in order.

    A clip is a repeat if at least half of its audible frames, and at least 0.5 s, are found in
    earlier clips that aren't repeats themselves. So one clip of each set of repeats is kept, and
    every repeat names a kept clip. Run time grows little faster than the number of clips. Clips
    have an id and a `fingerprint`; those with ids in ``kept`` never count as repeats.

    Example:
        >>> song = np.random.default_rng(0).integers(1, 2**24, 200).astype(np.uint32)
        >>> find_repeats([("a", song), ("b", song[::-1]), ("c", song[50:])])
        {'c': 'a'}
    """
    hashes = ClipHashes.of([own for _, own in clips])
    firm = {number for number, (name, _) in enumerate(clips) if name in kept}
    originals: dict[int, int] = {}
    indexed: Entries = np.zeros(0, dtype=np.uint64)
    for first in range(0, len(clips), _BLOCK):
        numbers = range(first, min(first + _BLOCK, len(clips)))
        query = hashes.entries(numbers)
        pairs = [align(hashes, entries, query) for entries in (indexed, query)]
        matches = chain.from_iterable(verify(hashes, some) for some in pairs)
        _add_repeats(hashes, (match for match in matches if match.later not in firm), originals)
        new = np.array([number not in originals for number in numbers])
        indexed = np.concatenate([indexed, query[new[hashes.clips_of(query) - first]]])
        indexed.sort(kind="stable")  # two sorted runs: merged in linear time
    names = [name for name, _ in clips]
    return {names[repeat]: names[original] for repeat, original in originals.items()}


def _add_repeats(
    hashes: ClipHashes, matches: Iterable[ClipMatch], originals: dict[int, int]
) -> None:
    """Add the original of each repeat among the matches to ``originals``."""
    by_clip: dict[int, list[ClipMatch]] = defaultdict(list)
    for match in matches:
        by_clip[match.later].append(match)
    for number in sorted(by_clip):
        sources = [
            match
            for match in by_clip[number]
            if match.of_one_recording and match.earlier not in originals
        ]
        if not sources:
            continue
        audible = hashes.audible(number)
        repeated = audible & _covered_by(sources, len(audible))
        if np.count_nonzero(repeated) >= max(
            _LEAST_REPEATED, _REPEATED_SHARE * np.count_nonzero(audible)
        ):
            best = max(sources, key=lambda match: (len(match.matched), -match.earlier))
            originals[number] = best.earlier


def _covered_by(matches: Sequence[ClipMatch], length: int) -> NDArray[np.bool_]:
    """Return which frames were matched, or depend on matched sound for the most part."""
    matched = np.zeros(length, dtype=np.int64)
    for match in matches:
        matched[match.matched] = 1
    near: NDArray[np.bool_] = np.convolve(np.pad(matched, _REACH), _NEAR, mode="valid") > 0
    return near


_BLOCK = 256  # clips searched together
_LEAST_REPEATED = 34  # frames
_REPEATED_SHARE = 0.5
_REACH = SUPPORT // (2 * HOP)  # frames
_NEAR = np.ones(2 * _REACH + 1, dtype=np.int64)


def find_shared(clips: Sequence[tuple[str, Hashes]]) -> dict[str, str]:
    """Return the clips that share a recording with others, each with the first of its group.

    Clips have an id and a `fingerprint`. Two share a recording if at least half of the audible
    frames of the shorter, and at least 0.3 s, are found in the other. Sharing is transitive: a clip
    with the end of a second and the beginning of a third puts all three into one group. Run time
    grows little faster than the number of clips.

    Example:
        >>> song = np.random.default_rng(0).integers(1, 2**24, 200).astype(np.uint32)
        >>> find_shared([("a", song), ("b", song[::-1]), ("c", song[50:])])
        {'a': 'a', 'c': 'a'}
    """
    hashes = ClipHashes.of([own for _, own in clips])
    audible = [int(np.count_nonzero(own)) for _, own in clips]
    pairs: list[tuple[int, int]] = []
    indexed: Entries = np.zeros(0, dtype=np.uint64)
    for start in range(0, len(clips), _BLOCK):
        numbers = range(start, min(start + _BLOCK, len(clips)))
        query = hashes.entries(numbers)
        copied: set[int] = set()
        for entries in (indexed, query):
            for match in verify(hashes, align(hashes, entries, query)):
                if _shared(match, audible):
                    pairs.append((match.later, match.earlier))
                if len(match.matched) >= _COPIED * audible[match.later]:
                    copied.add(match.later)
        new = np.array([number not in copied for number in numbers])
        indexed = np.concatenate([indexed, query[new[hashes.clips_of(query) - start]]])
        indexed.sort(kind="stable")  # two sorted runs: merged in linear time
    later, earlier = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    shape = (len(clips), len(clips))
    _, group = connected_components(coo_array((np.ones(len(pairs)), (later, earlier)), shape))
    _, first, sizes = np.unique(group, return_index=True, return_counts=True)
    return {
        name: clips[first[own]][0]
        for (name, _), own in zip(clips, group, strict=True)
        if sizes[own] > 1
    }


def _shared(match: ClipMatch, audible: Sequence[int]) -> bool:
    shorter = min(audible[match.later], audible[match.earlier])
    return len(match.matched) >= max(_LEAST_SHARED, _SHARED_SHARE * shorter)


_LEAST_SHARED = 20  # frames
_SHARED_SHARE = 0.5
_COPIED = 0.9  # share of a clip found in an earlier one at which it needn't be indexed
