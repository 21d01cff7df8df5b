"""How far two texts of the same clips differ: character error rates."""

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
        clip_id: the clip.
        source_id: what it was cut from.
        reference: the text that counts as right.
        hypothesis: the text that is measured against it.
    """

    clip_id: str
    source_id: str
    reference: str
    hypothesis: str


@dataclass(frozen=True)
class ErrorCounts:
    """Edits that turn references into hypotheses, in characters.

    Attributes:
        clips: how many clips they are of.
        characters: of the references.
        substitutions: characters that became others.
        deletions: characters that are missing.
        insertions: characters that came in.
    """

    clips: int = 0
    characters: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    @property
    def edits(self) -> int:
        """All of them."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float | None:
        """Character error rate: edits over characters; above 1 where much came in."""
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
    """The errors of one clip."""

    pair: TextPair
    errors: ErrorCounts


def comparable(text: str) -> str:
    """Return what counts when texts are compared: letters and digits, lower case, half width.

    Example:
        >>> comparable("巴适 得很，ＯＫ！")
        '巴适得很ok'
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(one for one in plain if unicodedata.category(one)[0] in "LMN")


def clip_errors(pairs: Sequence[TextPair], *, exact: bool = False) -> list[ClipErrors]:
    """Count the errors of each clip, by the fewest edits.

    Args:
        pairs: the texts.
        exact: compare texts as they are written but for spaces at their ends, not what is
            `comparable` in them.

    Example:
        >>> found = clip_errors([TextPair("c", "s", "今天巴适！", "今天八四得")])
        >>> found[0].errors.row()["cer"]
        0.75
    """
    form = str.strip if exact else comparable
    return [
        ClipErrors(pair, _errors(form(pair.reference), form(pair.hypothesis))) for pair in pairs
    ]


def by_source(found: Iterable[ClipErrors]) -> dict[str, ErrorCounts]:
    """Return the sums of each source, by source id."""
    sums: dict[str, ErrorCounts] = defaultdict(ErrorCounts)
    for one in found:
        sums[one.pair.source_id] += one.errors
    return dict(sorted(sums.items()))


def _errors(reference: str, hypothesis: str) -> ErrorCounts:
    import jiwer

    if not reference:
        return ErrorCounts(clips=1, insertions=len(hypothesis))
    found = jiwer.process_characters(reference, hypothesis)
    return ErrorCounts(1, len(reference), found.substitutions, found.deletions, found.insertions)
