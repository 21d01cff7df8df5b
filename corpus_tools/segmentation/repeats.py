"""Clips that come again: openings, recaps, re-uploads, however they were cut and encoded."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.alignments import ClipHashes, ClipMatch, Entries, align, verify
from corpus_tools.segmentation.fingerprint import HOP, SUPPORT, Hashes

__all__ = ["find_repeats"]


def find_repeats(clips: Sequence[tuple[str, Hashes]], kept: Collection[str] = ()) -> dict[str, str]:
    """Return which clips repeat earlier ones, each with the one of these that it shares most with.

    A clip is a repeat when at least half of what is audible in it, and no less than 0.5 s, is found
    in earlier clips that are no repeats themselves. So of what comes again one clip is kept, and
    every repeat names a clip that is kept. Time grows little faster than the number of clips.

    Args:
        clips: id and `fingerprint` of each; of those that sound alike the first is kept.
        kept: clips that are no repeats, whatever they sound like.

    Returns:
        The original's id for each repeat, in the order of the clips.

    Example:
        >>> song = np.random.default_rng(0).integers(1, 2**24, 200).astype(np.uint32)
        >>> find_repeats([("a", song), ("b", song[::-1]), ("c", song[50:])])
        {'c': 'a'}
    """
    hashes_of = ClipHashes.of([hashes for _, hashes in clips])
    firm = {number for number, (name, _) in enumerate(clips) if name in kept}
    originals: dict[int, int] = {}
    indexed: Entries = np.zeros(0, dtype=np.uint64)
    for first in range(0, len(clips), _BLOCK):
        numbers = range(first, min(first + _BLOCK, len(clips)))
        query = hashes_of.entries(numbers)
        pairs = [align(hashes_of, place, query) for place in (indexed, query)]
        found = chain.from_iterable(verify(hashes_of, one) for one in pairs)
        _decide(hashes_of, (one for one in found if one.later not in firm), originals)
        new = np.array([number not in originals for number in numbers])
        indexed = np.concatenate([indexed, query[new[hashes_of.clips_of(query) - first]]])
        indexed.sort(kind="stable")  # two sorted runs: merged in linear time
    names = [name for name, _ in clips]
    return {names[repeat]: names[original] for repeat, original in originals.items()}


def _decide(
    hashes_of: ClipHashes, alignments: Iterable[ClipMatch], originals: dict[int, int]
) -> None:
    """Add the repeats among clips to the originals of those before."""
    by_clip: dict[int, list[ClipMatch]] = defaultdict(list)
    for one in alignments:
        by_clip[one.later].append(one)
    for number in sorted(by_clip):
        places = [one for one in by_clip[number] if one.earlier not in originals]
        if not places:
            continue
        audible = hashes_of.audible(number)
        found = audible & _around(places, len(audible))
        if np.count_nonzero(found) >= max(
            _LEAST_REPEATED, _REPEATED_SHARE * np.count_nonzero(audible)
        ):
            best = max(places, key=lambda one: (len(one.matched), -one.earlier))
            originals[number] = best.earlier


def _around(places: Sequence[ClipMatch], length: int) -> NDArray[np.bool_]:
    """Return which frames were found, or hear more of such sound than of what lies beyond."""
    found = np.zeros(length, dtype=np.int64)
    for one in places:
        found[one.matched] = 1
    near: NDArray[np.bool_] = np.convolve(np.pad(found, _REACH), _NEAR, mode="valid") > 0
    return near


_BLOCK = 256  # clips looked up together
_LEAST_REPEATED = 34  # frames
_REPEATED_SHARE = 0.5
_REACH = SUPPORT // (2 * HOP)  # frames
_NEAR = np.ones(2 * _REACH + 1, dtype=np.int64)
