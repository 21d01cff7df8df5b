"""Where one clip may be heard in another: hashes that both have, in the same order of time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.fingerprint import BITS, Hashes

__all__ = ["Alignment", "Entries", "Recordings", "align", "verify"]

Entries = NDArray[np.uint64]
"""Hash and number of its frame in 32 bits each, sorted: those of one hash lie in order of time."""


@dataclass(frozen=True)
class Recordings:
    """The hashes of many clips, one after another.

    Attributes:
        hashes: of all frames.
        owners: the number of the clip that each frame is of.
        firsts: the first frame of each clip, and at the end the number of frames.
    """

    hashes: Hashes
    owners: NDArray[np.int64]
    firsts: NDArray[np.int64]

    @classmethod
    def of(cls, clips: Sequence[Hashes]) -> "Recordings":
        """Return the recordings of clips."""
        lengths = np.array([0, *map(len, clips)], dtype=np.int64)
        hashes = np.concatenate([np.zeros(0, dtype=np.uint32), *clips])
        return cls(hashes, np.repeat(np.arange(len(clips)), lengths[1:]), np.cumsum(lengths))

    def entries(self, clips: range) -> Entries:
        """Return the entries of consecutive clips."""
        start, end = self.firsts[clips.start], self.firsts[clips.stop]
        frames = np.arange(start, end, dtype=np.uint64)
        entries = (self.hashes[start:end].astype(np.uint64) << _SHIFT) | frames
        return np.sort(entries[self.hashes[start:end] > 0])

    def owners_of(self, entries: Entries) -> NDArray[np.int64]:
        """Return the clip that each entry is of."""
        return self.owners[_frames(entries)]

    def heard(self, clip: int) -> NDArray[np.bool_]:
        """Return which frames of a clip are more than silence."""
        heard: NDArray[np.bool_] = self.hashes[self.firsts[clip] : self.firsts[clip + 1]] > 0
        return heard


@dataclass(frozen=True)
class Alignment:
    """A clip of which something is heard in an earlier one.

    Attributes:
        later: its number.
        earlier: that of the other clip.
        found: the frames of the later clip that are.
    """

    later: int
    earlier: int
    found: NDArray[np.int64]


def align(recordings: Recordings, known: Entries, asked: Entries) -> NDArray[np.int64]:
    """Return the pairs of clips that have hashes in common at one distance in time.

    Args:
        recordings: all clips.
        known: entries to look in; only frames before the one asked for count, and of one hash no
            more than the first few.
        asked: entries to look for.

    Returns:
        Shape (pairs, 3): the later clip, the earlier one, and the frame of the later at which the
        earlier begins.
    """
    low = np.searchsorted(known, asked & ~_FRAME)
    count = np.minimum(np.searchsorted(known, asked) - low, _MOST)
    at = np.repeat(low - np.cumsum(count) + count, count) + np.arange(count.sum())
    earlier = _frames(known[at])
    later = np.repeat(_frames(asked), count)
    return _agreed(recordings, later, earlier)


def _agreed(
    recordings: Recordings, later: NDArray[np.int64], earlier: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return, of each pair of clips, the distance that most pairs of frames vote for."""
    owners, firsts = recordings.owners, recordings.firsts
    foreign = owners[later] != owners[earlier]
    later, earlier = later[foreign], earlier[foreign]
    if not len(later):
        return np.zeros((0, 3), dtype=np.int64)
    one, other = owners[later], owners[earlier]
    distance = (later - firsts[one]) - (earlier - firsts[other])
    reach = int(np.diff(firsts).max()) + 1
    span = 2 * reach + 1
    codes, votes = np.unique(
        (one * len(firsts) + other) * span + distance + reach, return_counts=True
    )
    near = np.diff(codes) == 1
    pooled = votes.copy()
    pooled[1:] += votes[:-1] * near
    pooled[:-1] += votes[1:] * near
    codes, pooled = codes[pooled >= _LEAST_VOTES], pooled[pooled >= _LEAST_VOTES]
    order = np.lexsort((codes, -pooled, codes // span))
    pairs, best = np.unique(codes[order] // span, return_index=True)
    return np.stack([*np.divmod(pairs, len(firsts)), codes[order][best] % span - reach], axis=1)


def verify(recordings: Recordings, pairs: NDArray[np.int64]) -> Iterator[Alignment]:
    """Yield the pairs that sound alike for a while, frame by frame.

    A frame is found where few bits differ within a second on either side, looking only at frames
    in which both clips are heard.

    Args:
        recordings: all clips.
        pairs: as from `align`.
    """
    longest = int(np.diff(recordings.firsts).max(initial=1))
    together = max(_TOGETHER // longest, 1)
    for start in range(0, len(pairs), together):
        yield from _verify(recordings, pairs[start : start + together])


def _verify(recordings: Recordings, pairs: NDArray[np.int64]) -> Iterator[Alignment]:
    later, earlier, distance = pairs.T
    lengths = np.diff(recordings.firsts)
    start = np.maximum(distance, 0)
    length = np.minimum(lengths[later] - start, lengths[earlier] - start + distance)
    ends = np.cumsum(length)
    frame = np.arange(length.sum())
    begin, end = np.repeat(ends - length, length), np.repeat(ends, length)
    mine = np.repeat(recordings.firsts[later] + start, length) + frame - begin
    theirs = np.repeat(recordings.firsts[earlier] + start - distance, length) + frame - begin
    ours, other = recordings.hashes[mine], recordings.hashes[theirs]
    heard = (ours > 0) & (other > 0)
    wrong = np.where(heard, np.bitwise_count(ours ^ other), 0)
    low, high = np.maximum(frame - _AROUND, begin), np.minimum(frame + _AROUND + 1, end)
    frames, errors = (_sums(values, low, high) for values in (heard, wrong))
    found = heard & (frames >= _LEAST_HEARD) & (errors <= _ERROR_RATE * BITS * frames)
    for number in np.unique(np.repeat(np.arange(len(pairs)), length)[found]):
        where = slice(ends[number] - length[number], ends[number])
        yield Alignment(
            int(later[number]), int(earlier[number]), start[number] + np.flatnonzero(found[where])
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
_MOST = 32  # frames of one hash; what is more common tells nothing
_LEAST_VOTES = 3  # pairs of frames at one distance, give or take a frame
_TOGETHER = 2**19  # frames laid over others at a time
_AROUND = 64  # frames on either side
_LEAST_HEARD = 16  # frames
_ERROR_RATE = 0.2  # share of bits; other speech has 0.5 on average
