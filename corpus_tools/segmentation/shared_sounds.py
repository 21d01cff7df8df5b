"""Clips that have a recording in common, re-encoded, shifted or scaled, whatever else they hold."""

from collections.abc import Sequence

import numpy as np

from corpus_tools.segmentation.alignments import ClipHashes, ClipMatch, Entries, align, verify
from corpus_tools.segmentation.fingerprint import Hashes

__all__ = ["find_shared"]


def find_shared(clips: Sequence[tuple[str, Hashes]]) -> dict[str, str]:
    """Return the clips that share a recording with others, each with the first of these.

    Two clips do where at least half of what is audible in the shorter, and no less than 0.3 s of
    frames, is found in the other. Sharing is passed on: a clip that has the end of a second and the
    beginning of a third ties all three. Time grows little faster than the number of clips.

    Args:
        clips: id and `fingerprint` of each.

    Example:
        >>> song = np.random.default_rng(0).integers(1, 2**24, 200).astype(np.uint32)
        >>> find_shared([("a", song), ("b", song[::-1]), ("c", song[50:])])
        {'a': 'a', 'c': 'a'}
    """
    hashes_of = ClipHashes.of([hashes for _, hashes in clips])
    audible = [int(np.count_nonzero(hashes)) for _, hashes in clips]
    first_of = list(range(len(clips)))
    indexed: Entries = np.zeros(0, dtype=np.uint64)
    for start in range(0, len(clips), _BLOCK):
        numbers = range(start, min(start + _BLOCK, len(clips)))
        query = hashes_of.entries(numbers)
        copied: set[int] = set()
        for place in (indexed, query):
            for one in verify(hashes_of, align(hashes_of, place, query)):
                if _shared(one, audible):
                    _join(first_of, one.later, one.earlier)
                if len(one.matched) >= _COPIED * audible[one.later]:
                    copied.add(one.later)
        new = np.array([number not in copied for number in numbers])
        indexed = np.concatenate([indexed, query[new[hashes_of.clips_of(query) - start]]])
        indexed.sort(kind="stable")  # two sorted runs: merged in linear time
    firsts = [_first(first_of, number) for number in range(len(clips))]
    together = np.bincount(firsts, minlength=len(clips))
    return {
        name: clips[first][0]
        for (name, _), first in zip(clips, firsts, strict=True)
        if together[first] > 1
    }


def _shared(one: ClipMatch, audible: Sequence[int]) -> bool:
    shorter = min(audible[one.later], audible[one.earlier])
    return len(one.matched) >= max(_LEAST_SHARED, _SHARED_SHARE * shorter)


def _join(first_of: list[int], one: int, other: int) -> None:
    low, high = sorted((_first(first_of, one), _first(first_of, other)))
    first_of[high] = low


def _first(first_of: list[int], number: int) -> int:
    while first_of[number] != number:
        first_of[number] = number = first_of[first_of[number]]
    return number


_BLOCK = 256  # clips looked up together
_LEAST_SHARED = 20  # frames
_SHARED_SHARE = 0.5
_COPIED = 0.9  # found of a clip in an earlier one so that it needn't be searched itself
