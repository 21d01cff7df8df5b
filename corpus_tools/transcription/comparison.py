"""Character error rates between two texts of the same clips."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["ClipErrors", "ErrorCounts", "TextPair", "by_source", "clip_errors", "comparable"]


@dataclass(frozen=True)
class TextPair:
    """Two texts of one clip.

    Attributes:
        clip_id: id of the clip.
        source_id: id of its source.
        reference: reference text.
        hypothesis: text measured against it.
    """

    clip_id: str
    source_id: str
    reference: str
    hypothesis: str


@dataclass(frozen=True)
class ErrorCounts:
    """Character edits that turn references into hypotheses.

    Attributes:
        clips: number of clips.
        characters: number of characters in the references.
        substitutions: number of substituted characters.
        deletions: number of deleted characters.
        insertions: number of inserted characters.
    """

    clips: int = 0
    characters: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    @property
    def edits(self) -> int:
        """Number of all edits."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float | None:
        """Character error rate, edits over characters; above 1 with many insertions."""
        return self.edits / self.characters if self.characters else None

    def __add__(self, other: "ErrorCounts") -> "ErrorCounts":
        return ErrorCounts(
            self.clips + other.clips,
            self.characters + other.characters,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )

    def row(self) -> dict[str, Any]:
        """Return the counts and the rate (``cer``, 4 decimals), JSON-ready."""
        return {
            "clips": self.clips,
            "characters": self.characters,
            "substitutions": self.substitutions,
            "deletions": self.deletions,
            "insertions": self.insertions,
            "cer": None if self.rate is None else round(self.rate, 4),
        }


@dataclass(frozen=True)
class ClipErrors:
    """Texts and errors of a clip."""

    pair: TextPair
    errors: ErrorCounts


def comparable(text: str) -> str:
    """Return the letters and digits of a text, in lower case and half width, for comparison.

    Example:
        >>> comparable("巴适 得很，ＯＫ！")
        '巴适得很ok'
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in plain if unicodedata.category(letter)[0] in "LMN")


def clip_errors(pairs: Sequence[TextPair], *, exact: bool = False) -> list[ClipErrors]:
    """Count the minimum edits of each clip.

    Args:
        pairs: texts of the clips.
        exact: compare the stripped texts as written instead of their `comparable` forms.

    Example:
        >>> found = clip_errors([TextPair("c", "s", "今天巴适！", "今天八四得")])
        >>> found[0].errors.row()["cer"]
        0.75
    """
    form = str.strip if exact else comparable
    return [
        ClipErrors(pair, _count_edits(form(pair.reference), form(pair.hypothesis)))
        for pair in pairs
    ]


def by_source(found: Iterable[ClipErrors]) -> dict[str, ErrorCounts]:
    """Return the total errors of each source, by source id."""
    sums: dict[str, ErrorCounts] = defaultdict(ErrorCounts)
    for clip in found:
        sums[clip.pair.source_id] += clip.errors
    return dict(sorted(sums.items()))


def _count_edits(reference: str, hypothesis: str) -> ErrorCounts:
    import jiwer

    if not reference:
        return ErrorCounts(clips=1, insertions=len(hypothesis))
    found = jiwer.process_characters(reference, hypothesis)
    return ErrorCounts(1, len(reference), found.substitutions, found.deletions, found.insertions)
