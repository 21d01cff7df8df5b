"""What is reported about the agreement of annotators; JSON-ready by ``dataclasses.asdict``."""

from dataclasses import dataclass

__all__ = [
    "AgreementReport",
    "Alpha",
    "AnnotatorRow",
    "ClassRow",
    "GoldAccuracy",
    "PairRow",
    "Quarter",
    "Suspicion",
]


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
class GoldAccuracy:
    """An annotator's votes on gold clips.

    Attributes:
        answers: votes for a class.
        right: of them.
        accuracy: their share.
        low: lower end of Wilson's 95 % interval.
        high: upper end.
    """

    answers: int
    right: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class Quarter:
    """A quarter of an annotator's answers, in the order in which they were given.

    Attributes:
        answered: clips.
        agreement: share of the others' votes on the same clips that are the same.
        gold_accuracy: share of the votes on gold clips that are right.
        median_seconds: spent on an answer.
    """

    answered: int
    agreement: float | None
    gold_accuracy: float | None
    median_seconds: float | None


@dataclass(frozen=True)
class Suspicion:
    """Something odd about an annotator's work.

    Attributes:
        pattern: its name.
        sentence: with the figures.
    """

    pattern: str
    sentence: str


@dataclass(frozen=True)
class AnnotatorRow:
    """One annotator.

    Attributes:
        annotator: pseudonym.
        answered: clips, ``unclear`` included.
        unclear: of these, answered ``unclear``.
        skipped: clips.
        median_seconds: spent on an answer, as Label Studio measured it.
        seconds: a tenth of the answers took less, half, nine tenths; null where not measured.
        faster_than_clip: answers that took less than the clip lasts; null where not known.
        agreement: share of the others' votes on the same clips that are the same.
        kappa: Cohen's, between these votes and each of the others' on the same clips.
        alpha_without: α of all the others.
        gold: votes on gold clips; null if there are none.
        votes: per class, in class order.
        confusion: (6, 6) the others' votes (columns) on clips by the class given here (rows).
        quarters: four, or none below 20 answers.
        suspicions: what is odd.
    """

    annotator: str
    answered: int
    unclear: int
    skipped: int
    median_seconds: float | None
    seconds: list[float] | None
    faster_than_clip: int | None
    agreement: float | None
    kappa: float | None
    alpha_without: float | None
    gold: GoldAccuracy | None
    votes: list[int]
    confusion: list[list[int]]
    quarters: list[Quarter]
    suspicions: list[Suspicion]


@dataclass(frozen=True)
class AgreementReport:
    """Everything `corpus agreement` reports.

    Attributes:
        clips: judged clips by how many votes for a class they have: ``none one several``.
        alpha: Krippendorff's α with its interval.
        fleiss: Fleiss' κ for any number of votes, null where it isn't defined.
        gold_clips: with a known class, and with a vote.
        observed: share of agreeing pairs of votes, as α weighs them: 1 less observed disagreement.
        classes: agreement by class.
        pairs: every two annotators who share a clip.
        annotators: each annotator.
    """

    clips: dict[str, int]
    alpha: Alpha
    observed: float | None
    fleiss: float | None
    gold_clips: int
    classes: list[ClassRow]
    pairs: list[PairRow]
    annotators: list[AnnotatorRow]
