"""Where one clip may be audible in another: hashes that both have, in the same order of time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.fingerprint import BITS, Hashes

__all__ = ["ClipHashes", "ClipMatch", "Entries", "align", "verify"]

Entries = NDArray[np.uint64]
"""Hash and number of its frame in 32 bits each, sorted: those of one hash lie in order of time."""


@dataclass(frozen=True)
class ClipHashes:
    """The hashes of many clips, one after another.

    Attributes:
        hashes: of all frames.
        clip_of_frame: the number of the clip that each frame is of.
        first_frames: the first frame of each clip, and at the end the number of frames.
    """

    hashes: Hashes
    clip_of_frame: NDArray[np.int64]
    first_frames: NDArray[np.int64]

    @classmethod
    def of(cls, clips: Sequence[Hashes]) -> "ClipHashes":
        """Return the clips of clips."""
        lengths = np.array([0, *map(len, clips)], dtype=np.int64)
        hashes = np.concatenate([np.zeros(0, dtype=np.uint32), *clips])
        return cls(hashes, np.repeat(np.arange(len(clips)), lengths[1:]), np.cumsum(lengths))

    def entries(self, clips: range) -> Entries:
        """Return the entries of consecutive clips."""
        start, end = self.first_frames[clips.start], self.first_frames[clips.stop]
        frames = np.arange(start, end, dtype=np.uint64)
        entries = (self.hashes[start:end].astype(np.uint64) << _SHIFT) | frames
        return np.sort(entries[self.hashes[start:end] > 0])

    def clips_of(self, entries: Entries) -> NDArray[np.int64]:
        """Return the clip that each entry is of."""
        return self.clip_of_frame[_frames(entries)]

    def audible(self, clip: int) -> NDArray[np.bool_]:
        """Return which frames of a clip are more than silence."""
        audible: NDArray[np.bool_] = (
            self.hashes[self.first_frames[clip] : self.first_frames[clip + 1]] > 0
        )
        return audible


@dataclass(frozen=True)
class ClipMatch:
    """A clip of which something is audible in an earlier one.

    Attributes:
        later: its number.
        earlier: that of the other clip.
        matched: the frames of the later clip that are.
    """

    later: int
    earlier: int
    matched: NDArray[np.int64]


def align(clips: ClipHashes, indexed: Entries, query: Entries) -> NDArray[np.int64]:
    """Return the pairs of clips that have hashes in common at one distance in time.

    Args:
        clips: all clips.
        indexed: entries to look in; only frames before the one query for count, and of one hash no
            more than the first few.
        query: entries to look for.

    Returns:
        Shape (pairs, 3): the later clip, the earlier one, and the frame of the later at which the
        earlier begins.
    """
    low = np.searchsorted(indexed, query & ~_FRAME)
    count = np.minimum(np.searchsorted(indexed, query) - low, _MOST_FRAMES)
    at = np.repeat(low - np.cumsum(count) + count, count) + np.arange(count.sum())
    earlier = _frames(indexed[at])
    later = np.repeat(_frames(query), count)
    return _agreed(clips, later, earlier)


def _agreed(
    clips: ClipHashes, later: NDArray[np.int64], earlier: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return, of each pair of clips, the distance that most pairs of frames vote for."""
    clip_of_frame, first_frames = clips.clip_of_frame, clips.first_frames
    foreign = clip_of_frame[later] != clip_of_frame[earlier]
    later, earlier = later[foreign], earlier[foreign]
    if not len(later):
        return np.zeros((0, 3), dtype=np.int64)
    one, other = clip_of_frame[later], clip_of_frame[earlier]
    distance = (later - first_frames[one]) - (earlier - first_frames[other])
    reach = int(np.diff(first_frames).max()) + 1
    span = 2 * reach + 1
    codes, votes = np.unique(
        (one * len(first_frames) + other) * span + distance + reach, return_counts=True
    )
    near = np.diff(codes) == 1
    pooled = votes.copy()
    pooled[1:] += votes[:-1] * near
    pooled[:-1] += votes[1:] * near
    codes, pooled = codes[pooled >= _LEAST_VOTES], pooled[pooled >= _LEAST_VOTES]
    order = np.lexsort((codes, -pooled, codes // span))
    pairs, best = np.unique(codes[order] // span, return_index=True)
    return np.stack(
        [*np.divmod(pairs, len(first_frames)), codes[order][best] % span - reach], axis=1
    )


def verify(clips: ClipHashes, pairs: NDArray[np.int64]) -> Iterator[ClipMatch]:
    """Yield the pairs that sound alike for a while, frame by frame.

    A frame is matched where few bits differ within a second on either side, looking only at frames
    in which both clips are audible.

    Args:
        clips: all clips.
        pairs: as from `align`.
    """
    longest = int(np.diff(clips.first_frames).max(initial=1))
    together = max(_BATCH_FRAMES // longest, 1)
    for start in range(0, len(pairs), together):
        yield from _verify(clips, pairs[start : start + together])


def _verify(clips: ClipHashes, pairs: NDArray[np.int64]) -> Iterator[ClipMatch]:
    later, earlier, distance = pairs.T
    lengths = np.diff(clips.first_frames)
    start = np.maximum(distance, 0)
    length = np.minimum(lengths[later] - start, lengths[earlier] - start + distance)
    ends = np.cumsum(length)
    frame = np.arange(length.sum())
    begin, end = np.repeat(ends - length, length), np.repeat(ends, length)
    mine = np.repeat(clips.first_frames[later] + start, length) + frame - begin
    theirs = np.repeat(clips.first_frames[earlier] + start - distance, length) + frame - begin
    ours, other = clips.hashes[mine], clips.hashes[theirs]
    audible = (ours > 0) & (other > 0)
    wrong = np.where(audible, np.bitwise_count(ours ^ other), 0)
    low, high = np.maximum(frame - _NEIGHBOURS, begin), np.minimum(frame + _NEIGHBOURS + 1, end)
    frames, errors = (_sums(values, low, high) for values in (audible, wrong))
    matched = audible & (frames >= _LEAST_AUDIBLE) & (errors <= _ERROR_RATE * BITS * frames)
    for number in np.unique(np.repeat(np.arange(len(pairs)), length)[matched]):
        where = slice(ends[number] - length[number], ends[number])
        yield ClipMatch(
            int(later[number]), int(earlier[number]), start[number] + np.flatnonzero(matched[where])
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
_MOST_FRAMES = 32  # frames of one hash; what is more common tells nothing
_LEAST_VOTES = 3  # pairs of frames at one distance, give or take a frame
_BATCH_FRAMES = 2**19  # frames laid over others at a time
_NEIGHBOURS = 64  # frames on either side
_LEAST_AUDIBLE = 16  # frames
_ERROR_RATE = 0.2  # share of bits; other speech has 0.5 on average
