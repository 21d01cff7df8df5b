"""Search of bytes for thousands of strings at once, and strings by which a recording is found."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["SHORTEST", "ByteSearch", "sound_pieces"]

SHORTEST = 8
"""Least number of bytes of a string to search for."""


class ByteSearch:
    """Search for strings of at least eight bytes, at the speed of one pass for any number of them.

    Of each string the last eight bytes are looked up, at every offset; where they are, the whole
    string is compared.
    """

    def __init__(self, strings: Iterable[bytes]) -> None:
        self._by_word: defaultdict[int, set[bytes]] = defaultdict(set)
        for string in strings:
            self._by_word[int.from_bytes(string[-SHORTEST:], "little")].add(string)
        self.longest = max(
            (len(string) for own in self._by_word.values() for string in own), default=0
        )
        self._known = np.zeros(1 << _BITS, dtype=np.bool_)
        words = np.fromiter(self._by_word, dtype=np.uint64, count=len(self._by_word))
        self._known[_places(words)] = True

    def find(self, data: bytes) -> dict[bytes, list[int]]:
        """Return the strings found, each with the offsets of its ends."""
        found: defaultdict[bytes, list[int]] = defaultdict(list)
        if not self._by_word:
            return found
        for shift in range(min(SHORTEST, max(0, len(data) - SHORTEST + 1))):
            count = (len(data) - shift) // SHORTEST
            words = np.frombuffer(data, dtype="<u8", count=count, offset=shift)
            for place in np.flatnonzero(self._known[_places(words)]).tolist():
                end = shift + SHORTEST * (place + 1)
                for string in self._by_word.get(int(words[place]), ()):
                    if data[max(0, end - len(string)) : end] == string:
                        found[string].append(end)
        return found


def sound_pieces(samples: NDArray[np.int16]) -> list[bytes]:
    """Return pieces of a recording's PCM that no other recording has, each around a peak."""
    pieces = []
    for part in np.array_split(samples, _PIECES):
        if len(part) < _PIECE:
            continue
        peak = int(np.argmax(np.abs(part.astype(np.int32))))
        start = min(max(0, peak - _PIECE // 2), len(part) - _PIECE)
        piece = part[start : start + _PIECE]
        if len(np.unique(piece)) >= _PIECE // 2:
            pieces.append(piece.astype("<i2").tobytes())
    return pieces


def _places(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the places of words in a table of bits (Fibonacci hashing, by Knuth)."""
    places: NDArray[np.uint64] = (words * _GOLDEN) >> np.uint64(64 - _BITS)
    return places


_BITS = 20
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_PIECES, _PIECE = 8, 32  # pieces of a clip, samples of each
