"""Search for clips that share a recording: re-encoded, shifted, scaled, mixed with other sound."""

from collections.abc import Sequence

import numpy as np

from corpus_tools.segmentation.alignments import ClipHashes, ClipMatch, Entries, align, verify
from corpus_tools.segmentation.fingerprint import Hashes

__all__ = ["find_shared"]


def find_shared(clips: Sequence[tuple[str, Hashes]]) -> dict[str, str]:
    """Return the clips that share a recording with others, each with the first of its group.

    Two clips share one if at least half of the audible frames of the shorter, and at least 0.3 s,
    are found in the other. Sharing is transitive: a clip with the end of a second and the beginning
    of a third puts all three into one group. Run time grows little faster than the number of clips.

    Args:
        clips: id and `fingerprint` of each clip.

    Example:
        >>> song = np.random.default_rng(0).integers(1, 2**24, 200).astype(np.uint32)
        >>> find_shared([("a", song), ("b", song[::-1]), ("c", song[50:])])
        {'a': 'a', 'c': 'a'}
    """
    hashes = ClipHashes.of([own for _, own in clips])
    audible = [int(np.count_nonzero(own)) for _, own in clips]
    first_of = list(range(len(clips)))
    indexed: Entries = np.zeros(0, dtype=np.uint64)
    for start in range(0, len(clips), _BLOCK):
        numbers = range(start, min(start + _BLOCK, len(clips)))
        query = hashes.entries(numbers)
        copied: set[int] = set()
        for entries in (indexed, query):
            for match in verify(hashes, align(hashes, entries, query)):
                if _shared(match, audible):
                    _join(first_of, match.later, match.earlier)
                if len(match.matched) >= _COPIED * audible[match.later]:
                    copied.add(match.later)
        new = np.array([number not in copied for number in numbers])
        indexed = np.concatenate([indexed, query[new[hashes.clips_of(query) - start]]])
        indexed.sort(kind="stable")  # two sorted runs: merged in linear time
    firsts = [_first(first_of, number) for number in range(len(clips))]
    sizes = np.bincount(firsts, minlength=len(clips))
    return {
        name: clips[first][0]
        for (name, _), first in zip(clips, firsts, strict=True)
        if sizes[first] > 1
    }


def _shared(match: ClipMatch, audible: Sequence[int]) -> bool:
    shorter = min(audible[match.later], audible[match.earlier])
    return len(match.matched) >= max(_LEAST_SHARED, _SHARED_SHARE * shorter)


def _join(first_of: list[int], one: int, other: int) -> None:
    low, high = sorted((_first(first_of, one), _first(first_of, other)))
    first_of[high] = low


def _first(first_of: list[int], number: int) -> int:
    while first_of[number] != number:
        first_of[number] = number = first_of[first_of[number]]
    return number


_BLOCK = 256  # clips searched together
_LEAST_SHARED = 20  # frames
_SHARED_SHARE = 0.5
_COPIED = 0.9  # share of a clip found in an earlier one at which it needn't be indexed
