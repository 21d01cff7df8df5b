"""Clips that have a recording in common, re-encoded, shifted or scaled, whatever else they hold."""

from collections.abc import Sequence

import numpy as np

from corpus_tools.segmentation.alignments import Alignment, Entries, Recordings, align, verify
from corpus_tools.segmentation.fingerprint import Hashes

__all__ = ["find_shared"]


def find_shared(clips: Sequence[tuple[str, Hashes]]) -> dict[str, str]:
    """Return the clips that share a recording with others, each with the first of these.

    Two clips do where at least half of what is heard in the shorter, and no less than 0.3 s of
    frames, is found in the other. Sharing is passed on: a clip that has the end of a second and the
    beginning of a third ties all three. Time grows little faster than the number of clips.

    Args:
        clips: id and `fingerprint` of each.

    Example:
        >>> song = np.random.default_rng(0).integers(1, 2**24, 200).astype(np.uint32)
        >>> find_shared([("a", song), ("b", song[::-1]), ("c", song[50:])])
        {'a': 'a', 'c': 'a'}
    """
    recordings = Recordings.of([hashes for _, hashes in clips])
    heard = [int(np.count_nonzero(hashes)) for _, hashes in clips]
    first_of = list(range(len(clips)))
    known: Entries = np.zeros(0, dtype=np.uint64)
    for start in range(0, len(clips), _BLOCK):
        numbers = range(start, min(start + _BLOCK, len(clips)))
        asked = recordings.entries(numbers)
        copied: set[int] = set()
        for place in (known, asked):
            for one in verify(recordings, align(recordings, place, asked)):
                if _shared(one, heard):
                    _join(first_of, one.later, one.earlier)
                if len(one.found) >= _COPIED * heard[one.later]:
                    copied.add(one.later)
        new = np.array([number not in copied for number in numbers])
        known = np.concatenate([known, asked[new[recordings.owners_of(asked) - start]]])
        known.sort(kind="stable")  # two sorted runs: merged in linear time
    firsts = [_first(first_of, number) for number in range(len(clips))]
    together = np.bincount(firsts, minlength=len(clips))
    return {
        name: clips[first][0]
        for (name, _), first in zip(clips, firsts, strict=True)
        if together[first] > 1
    }


def _shared(one: Alignment, heard: Sequence[int]) -> bool:
    shorter = min(heard[one.later], heard[one.earlier])
    return len(one.found) >= max(_LEAST_FOUND, _SHARE * shorter)


def _join(first_of: list[int], one: int, other: int) -> None:
    low, high = sorted((_first(first_of, one), _first(first_of, other)))
    first_of[high] = low


def _first(first_of: list[int], number: int) -> int:
    while first_of[number] != number:
        first_of[number] = number = first_of[first_of[number]]
    return number


_BLOCK = 256  # clips looked up together
_LEAST_FOUND = 20  # frames
_SHARE = 0.5
_COPIED = 0.9  # found of a clip in an earlier one so that it needn't be searched itself
