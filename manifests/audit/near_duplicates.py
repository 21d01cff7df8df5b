"""Near-duplicate texts: copies that differ in typos, punctuation or a word or two."""

import re
from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from manifests.base.letters import plain_letters

__all__ = ["MOST_TEXTS", "near_duplicate_texts"]

MOST_TEXTS = 300_000
"""Above this number of texts, only exact duplicates are found."""

Numbers = NDArray[np.int64]
Hashes = NDArray[np.uint64]


def near_duplicate_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the original of each text that has near-duplicates: the text that most clips have.

    Keys are clip ids. Texts are compared without punctuation, spaces and case. Near-duplicates have
    a Dice coefficient of character bigrams of at least 0.57. Candidates share a run of 4 Chinese,
    Japanese or Korean characters or of 8 letters; if many texts share a run, each is compared only
    with its neighbours in alphabetical order. So time grows little faster than the number of texts,
    in any script. Texts shorter than 8 such characters or 16 letters are ignored: 好, "yes" and
    "what are you" are too common. Of more than `MOST_TEXTS` texts only exact duplicates are found.

    Example:
        >>> said = {"a": "Where have you been all night?", "b": "where have you been all nigth"}
        >>> near_duplicate_texts(said | {"c": "Yes.", "d": "yes", "e": "Tell me where you live!"})
        {'a': 'Where have you been all night?', 'b': 'Where have you been all night?'}
    """
    plain = {clip: plain_letters(text) for clip, text in texts.items()}
    counts = Counter(text for text in plain.values() if _weight(text) >= _LEAST_WEIGHT)
    distinct = sorted(counts)
    original: Numbers = np.arange(len(distinct))
    if len(texts) <= MOST_TEXTS:
        original = _originals(distinct, np.array([counts[text] for text in distinct]))
    number = {text: place for place, text in enumerate(distinct)}
    members: Counter[int] = Counter()
    for text, clips in counts.items():
        members[int(original[number[text]])] += clips
    shown: dict[str, str] = {}
    for clip, text in plain.items():
        if text in number:
            shown[text] = min(texts[clip], shown.get(text, texts[clip]))
    copied = {}
    for clip, text in plain.items():
        if text in number:
            first = int(original[number[text]])
            if members[first] > 1:
                copied[clip] = shown[distinct[first]]
    return copied


def _weight(text: str) -> int:
    return len(text) + len(_DENSE.findall(text))


def _originals(texts: list[str], clips: Numbers) -> Numbers:
    """Return the original of each distinct, sorted text, as an index; texts of most clips first."""
    own = np.arange(len(texts))
    pairs = _alike(texts)
    order = np.lexsort((own, -clips))
    rank = np.empty_like(own)
    rank[order] = own
    pairs = pairs[np.argsort(rank[pairs].min(axis=1), kind="stable")]
    found = own.copy()
    taken = np.zeros(len(texts), dtype=bool)
    for one, other in pairs.tolist():
        first, second = (one, other) if rank[one] < rank[other] else (other, one)
        if found[first] == first and not taken[second]:
            found[second] = first
            taken[first] = taken[second] = True
    return found


def _alike(texts: list[str]) -> Numbers:
    """Return the pairs of near-duplicate texts, shape (pairs, 2)."""
    if len(texts) < 2:
        return np.zeros((0, 2), dtype=np.int64)
    letters = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.uint32)
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    firsts = np.concatenate(([0], np.cumsum(lengths)))
    owner = np.repeat(np.arange(len(texts)), lengths)
    candidates = _candidates(_runs(letters, owner, firsts), len(texts))
    longer, shorter = (extreme(lengths[candidates], axis=1) for extreme in (np.max, np.min))
    candidates = candidates[2 * (shorter - 1) >= _ALIKE * (longer + shorter - 2)]
    alike: Numbers = candidates[_dice(letters, owner, candidates) >= _ALIKE]
    return alike


def _dice(letters: NDArray[np.uint32], owner: Numbers, pairs: Numbers) -> NDArray[np.float64]:
    """Return the Dice coefficient of the character bigrams of pairs of texts, 0 to 1."""
    from scipy.sparse import csr_array

    inside = np.flatnonzero(owner[1:] == owner[:-1])
    bigrams = letters[inside].astype(np.uint64) << np.uint64(32) | letters[inside + 1]
    columns = np.unique(bigrams, return_inverse=True)[1]
    counts = csr_array((np.ones(len(inside), dtype=np.int32), (owner[inside], columns)))
    counts.sum_duplicates()
    sizes = counts.sum(axis=1)
    dice = [
        2 * counts[part[:, 0]].minimum(counts[part[:, 1]]).sum(axis=1) / sizes[part].sum(axis=1)
        for part in np.array_split(pairs, len(pairs) // _TOGETHER + 1)
    ]
    return np.concatenate(dice)


def _runs(letters: NDArray[np.uint32], owner: Numbers, firsts: Numbers) -> tuple[Hashes, Numbers]:
    """Return the hash and the text index of each run of characters of minimum weight."""
    weights = np.concatenate(([0], np.cumsum(1 + _dense(letters))))
    ends = np.searchsorted(weights, weights[:-1] + _RUN_WEIGHT)
    whole = ends <= firsts[owner + 1]
    powers = np.cumprod(np.full(len(letters) + 1, _BASE, dtype=np.uint64))
    zero = np.zeros(1, dtype=np.uint64)
    sums = np.concatenate((zero, np.cumsum(letters.astype(np.uint64) * powers[:-1])))
    # the hash of a run at i is scaled by BASE to the i; the odd base has an inverse
    starts = np.flatnonzero(whole)
    inverse = np.cumprod(np.full(len(letters) + 1, _INVERSE, dtype=np.uint64))
    hashes = (sums[ends[starts]] - sums[starts]) * inverse[starts]
    hashes ^= hashes >> np.uint64(32)
    return hashes * _BASE, owner[starts]


def _candidates(runs: tuple[Hashes, Numbers], count: int) -> Numbers:
    """Return pairs of texts with a common run, lower index first, shape (pairs, 2)."""
    hashes, owners = runs
    order = np.argsort(hashes, kind="stable")
    hashes, owners = hashes[order], owners[order]
    found: list[Numbers] = []
    for ahead in range(1, _NEIGHBOURS + 1):
        same = np.flatnonzero(
            (hashes[ahead:] == hashes[:-ahead]) & (owners[ahead:] != owners[:-ahead])
        )
        found.append(np.unique(owners[same] * count + owners[same + ahead]))
    codes = np.unique(np.concatenate(found))
    return np.stack(np.divmod(codes, count), axis=1)


def _dense(letters: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return a mask of the characters that stand for a syllable or a word."""
    dense: NDArray[np.bool_] = np.zeros(len(letters), dtype=bool)
    for low, high in _DENSE_RANGES:
        dense |= (letters >= low) & (letters <= high)
    return dense


_DENSE_RANGES = ((0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7A3), (0x20000, 0x3FFFF))
"""Kana, ideographs, Hangul, rarer ideographs."""
_DENSE = re.compile("[" + "".join(f"{chr(low)}-{chr(high)}" for low, high in _DENSE_RANGES) + "]")
_LEAST_WEIGHT = 16  # of a text; a character of the ranges above weighs 2, others 1
_RUN_WEIGHT = 8
_ALIKE = 0.57  # set on copies of lines of the first half of CPED, and on what repeats in it
_NEIGHBOURS = 8  # texts with the same run that each is compared with
_TOGETHER = 100_000  # pairs compared at a time
_BASE = np.uint64(0x9E3779B97F4A7C15)
_INVERSE = np.uint64(pow(0x9E3779B97F4A7C15, -1, 2**64))
