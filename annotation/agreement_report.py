"""What is reported about the agreement of annotators; JSON-ready by ``dataclasses.asdict``."""

from dataclasses import dataclass

__all__ = ["AgreementReport", "Alpha", "AnnotatorRow", "ClassRow", "PairRow"]


@dataclass(frozen=True)
class Alpha:
    """Krippendorff's nominal α over clips with two or more votes.

    Attributes:
        value: null where it isn't defined; ``undefined`` then says why.
        low: lower end of the bootstrap interval over clips.
        high: upper end.
        level: of the interval.
        resamples: of the bootstrap.
        undefined: a sentence, or null.
    """

    value: float | None
    low: float | None
    high: float | None
    level: float
    resamples: int
    undefined: str | None


@dataclass(frozen=True)
class ClassRow:
    """One class: its votes on pairable clips, and how many of the other votes there say the same.

    Attributes:
        emotion: the class.
        votes: for it, on clips with two or more votes.
        agreement: share of the other votes on those clips that are for it too.
        confused_with: share of those other votes for each class, in class order.
    """

    emotion: str
    votes: int
    agreement: float | None
    confused_with: list[float] | None


@dataclass(frozen=True)
class PairRow:
    """Two annotators on the clips that both gave a class.

    Attributes:
        annotators: the two.
        clips: both voted on.
        agreement: share on which they agree.
        kappa: Cohen's κ, null where chance alone would always agree.
        confusion: (6, 6) clips by the first's class (rows) and the second's, in class order.
    """

    annotators: tuple[str, str]
    clips: int
    agreement: float
    kappa: float | None
    confusion: list[list[int]]


@dataclass(frozen=True)
class AnnotatorRow:
    """One annotator.

    Attributes:
        annotator: pseudonym.
        answered: clips, ``unclear`` included.
        unclear: of these, answered ``unclear``.
        skipped: clips.
        median_seconds: spent on an answer, as Label Studio measured it.
        agreement: share of the others' votes on the same clips that are the same.
        votes: per class, in class order.
    """

    annotator: str
    answered: int
    unclear: int
    skipped: int
    median_seconds: float | None
    agreement: float | None
    votes: list[int]


@dataclass(frozen=True)
class AgreementReport:
    """Everything `corpus agreement` reports.

    Attributes:
        clips: judged clips by how many votes for a class they have: ``none one several``.
        alpha: Krippendorff's α with its interval.
        observed: share of agreeing pairs of votes, as α weighs them: 1 less observed disagreement.
        classes: agreement by class.
        pairs: every two annotators who share a clip.
        annotators: each annotator.
    """

    clips: dict[str, int]
    alpha: Alpha
    observed: float | None
    classes: list[ClassRow]
    pairs: list[PairRow]
    annotators: list[AnnotatorRow]
