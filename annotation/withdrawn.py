"""Answers that are not taken again, since their clip or their annotator was withdrawn."""

from collections.abc import Set
from pathlib import Path

from annotation.annotators import Rater
from manifests.records import Judgement
from manifests.tombstones import Withdrawn

__all__ = ["WITHDRAWN", "WithdrawnAnswers"]

WITHDRAWN = "withdrawn"


class WithdrawnAnswers:
    """What the tombstones of a corpus say about answers.

    Args:
        corpus: the corpus folder.

    Raises:
        DataError: if the tombstones can't be read.
    """

    def __init__(self, corpus: Path) -> None:
        self._withdrawn = Withdrawn.of(corpus)

    @property
    def clips(self) -> Set[str]:
        """Clips that were withdrawn."""
        return self._withdrawn.clips.keys()

    def covers(self, answer: Judgement, rater: Rater) -> bool:
        """Return whether an answer is on a withdrawn clip, or by somebody who withdrew."""
        if answer.clip_id in self._withdrawn.clips:
            return True
        if (answer.server, answer.annotation_id) in self._withdrawn.answers:
            return True
        number = rater.number
        return number is not None and (answer.server, number) in self._withdrawn.accounts
