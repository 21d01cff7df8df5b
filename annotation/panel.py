"""Annotators of a batch, checked against annotators.csv."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from annotation.annotators import Annotators
from annotation.answers import quoted
from annotation.gold_mixing import check_gold_rate
from annotation.plans import is_pseudonym
from manifests.errors import ConfigurationError

__all__ = ["Panel", "check_annotators"]


@dataclass(frozen=True)
class Panel:
    """The annotators of a batch.

    Attributes:
        annotators: pseudonyms.
        per_clip: number of annotators of each clip; null: all.
        gold_rate: share of gold clips among each annotator's tasks.
    """

    annotators: Sequence[str]
    per_clip: int | None = None
    gold_rate: float = 0.0

    @property
    def votes(self) -> int:
        """Number of annotators of each clip."""
        return len(self.annotators) if self.per_clip is None else self.per_clip

    def check(self, corpus: Path) -> None:
        """Check annotators, gold rate and votes per clip.

        Raises:
            ConfigurationError: if one of them is invalid.
            DataError: if annotators.csv can't be read.
        """
        check_annotators(corpus, self.annotators)
        check_gold_rate(self.gold_rate)
        if not 1 <= self.votes <= len(self.annotators):
            raise ConfigurationError(
                f"--per-clip {self.votes}: give 1 to {len(self.annotators)}, the number of "
                f"--annotators"
            )


def check_annotators(corpus: Path, names: Sequence[str]) -> None:
    """Refuse annotators that aren't in annotators.csv; with an empty file any are accepted.

    Args:
        corpus: the corpus folder.
        names: pseudonyms.

    Raises:
        ConfigurationError: if a name is invalid, naming it and the known ones.
        DataError: if annotators.csv can't be read.
    """
    if not names:
        raise ConfigurationError("--annotators: name at least one, such as a01,a02,a03")
    known = Annotators(corpus).names()
    for name in names:
        if not is_pseudonym(name):
            raise ConfigurationError(
                f"--annotators: {quoted(name)} isn't a pseudonym; use letters, digits, '-' and '_'"
            )
        if known and name not in known:
            raise ConfigurationError(
                f"--annotators: {quoted(name)} is not in annotations/annotators.csv, which has "
                f"{', '.join(known)}; correct the name, or add a row"
            )
    twice = next((name for name in names if list(names).count(name) > 1), None)
    if twice is not None:
        raise ConfigurationError(f"--annotators: {quoted(twice)} is named twice")
