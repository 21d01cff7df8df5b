"""Matching of fingerprints: candidate pairs of clips, and the frames that they share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.fingerprint import BITS, Hashes

__all__ = ["ClipHashes", "ClipMatch", "Entries", "align", "verify"]

Entries = NDArray[np.uint64]
"""Sorted pairs of a hash and the index of its frame, 32 bits each."""


@dataclass(frozen=True)
class ClipHashes:
    """Hashes of many clips, concatenated.

    Attributes:
        hashes: hash of each frame.
        clip_of_frame: number of the clip of each frame.
        first_frames: index of the first frame of each clip, then the number of frames.
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
    """A clip that shares sound with an earlier one.

    Attributes:
        later: number of the clip.
        earlier: number of the earlier clip.
        matched: frames of the later clip that were found in the earlier one.
    """

    later: int
    earlier: int
    matched: NDArray[np.int64]


def align(clips: ClipHashes, indexed: Entries, query: Entries) -> NDArray[np.int64]:
    """Return the pairs of clips that share hashes at a constant time offset.

    Args:
        clips: all clips.
        indexed: entries to search; only frames before the query count, and only the first few of
            each hash.
        query: entries to search for.

    Returns:
        Shape (pairs, 3): number of the later clip, number of the earlier one, and frame of the
        later at which the earlier begins.
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
    """Compare pairs of clips frame by frame, and yield those that share sound.

    A frame matches if few bits differ within a second on either side, over the frames in which
    neither clip is silent.

    Args:
        clips: all clips.
        pairs: as from `align`.
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
        yield ClipMatch(
            int(later[number]),
            int(earlier[number]),
            start[number] + np.flatnonzero(matched[of_pair]),
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
