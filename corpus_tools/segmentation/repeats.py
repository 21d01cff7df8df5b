"""Search for repeats: openings, recaps, re-uploads, however they were cut and encoded."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.alignments import ClipHashes, ClipMatch, Entries, align, verify
from corpus_tools.segmentation.fingerprint import HOP, SUPPORT, Hashes

__all__ = ["find_repeats"]


def find_repeats(clips: Sequence[tuple[str, Hashes]], kept: Collection[str] = ()) -> dict[str, str]:
    """Find the clips that repeat earlier ones.

    A clip is a repeat if at least half of its audible frames, and at least 0.5 s, are found in
    earlier clips that aren't repeats themselves. So one clip of each set of repeats is kept, and
    every repeat names a kept clip. Run time grows little faster than the number of clips.

    Args:
        clips: id and `fingerprint` of each clip; the first of those that sound alike is kept.
        kept: ids of clips that never count as repeats.

    Returns:
        For each repeat the earlier clip that it shares most with, in the order of the clips.

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
        sources = [match for match in by_clip[number] if match.earlier not in originals]
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
