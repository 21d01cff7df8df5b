"""Withdrawn clips, annotations and annotators, which are not imported again."""

from collections.abc import Set
from pathlib import Path

from annotation.annotators import Rater
from manifests.records import Judgement
from manifests.tombstones import Withdrawn

__all__ = ["WITHDRAWN", "WithdrawnAnswers"]

WITHDRAWN = "withdrawn"


class WithdrawnAnswers:
    """Tombstones of a corpus that concern annotations.

    Args:
        corpus: the corpus folder.

    Raises:
        DataError: if the tombstones can't be read.
    """

    def __init__(self, corpus: Path) -> None:
        self._withdrawn = Withdrawn.of(corpus)

    @property
    def clips(self) -> Set[str]:
        """Ids of the withdrawn clips."""
        return self._withdrawn.clips.keys()

    def covers(self, answer: Judgement, rater: Rater) -> bool:
        """Return whether an annotation, its clip or its annotator was withdrawn."""
        if answer.clip_id in self._withdrawn.clips:
            return True
        if (answer.server, answer.annotation_id) in self._withdrawn.answers:
            return True
        number = rater.number
        return number is not None and (answer.server, number) in self._withdrawn.accounts
