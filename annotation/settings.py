"""Sections [annotation] and [labels] of corpus.toml."""

from typing import Literal

from pydantic import Field

from annotation.controls import Problem
from manifests.settings import Settings

__all__ = ["AnnotationSettings", "LabelSettings", "Method"]

Method = Literal["majority", "weighted", "dawid_skene"]


class AnnotationSettings(Settings):
    """Labelling screen.

    Attributes:
        label_config: custom Label Studio configuration, a path below the corpus folder; it is
            checked against what the importer can read. Default: the built-in one.
    """

    label_config: str | None = None


class LabelSettings(Settings):
    """Aggregation of votes into labels.

    Attributes:
        method: ``majority`` counts votes; ``weighted`` weighs each annotator's by their accuracy on
            gold clips (annotations/gold.csv); ``dawid_skene`` estimates each annotator's
            confusion matrix from all votes together.
        margin: ``weighted`` and ``dawid_skene`` only: a clip is a tie if the shares of its two
            best classes are less than this apart.
        min_votes: fewest answers a clip needs; ``unclear`` counts as an answer, a skip doesn't.
        drop_problems: a clip is left out if at least half of those who answered name the same one
            of these: music, noise, speakers (several at once), cut_word, mandarin, other_dialect.
    """

    method: Method = "majority"
    margin: float = Field(0.1, gt=0, lt=1)
    min_votes: int = Field(1, ge=1)
    drop_problems: tuple[Problem, ...] = ("music", "noise", "speakers", "cut_word")
