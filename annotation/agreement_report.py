"""Records of the agreement report; JSON-ready by ``dataclasses.asdict``."""

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
        value: α; null where undefined.
        low: lower end of the bootstrap interval over clips.
        high: upper end of the interval.
        level: confidence level of the interval.
        resamples: number of bootstrap samples.
        undefined: reason why α is undefined, or null.
    """

    value: float | None
    low: float | None
    high: float | None
    level: float
    resamples: int
    undefined: str | None


@dataclass(frozen=True)
class ClassRow:
    """Agreement on one class.

    Attributes:
        emotion: the class.
        votes: votes for the class on clips with two or more votes.
        agreement: share of the other votes on those clips for the same class.
        confused_with: shares of those other votes for each class, in class order.
    """

    emotion: str
    votes: int
    agreement: float | None
    confused_with: list[float] | None


@dataclass(frozen=True)
class PairRow:
    """Agreement of two annotators.

    Attributes:
        annotators: pseudonyms of the pair.
        clips: number of clips with a vote of both.
        agreement: share of these clips with equal votes.
        kappa: Cohen's κ, null where chance agreement is 1.
        confusion: (6, 6) clips by class of the first (rows) and of the second, in class order.
    """

    annotators: tuple[str, str]
    clips: int
    agreement: float
    kappa: float | None
    confusion: list[list[int]]


@dataclass(frozen=True)
class GoldAccuracy:
    """Accuracy of an annotator on gold clips.

    Attributes:
        answers: number of votes.
        right: number of correct votes.
        accuracy: share of correct votes.
        low: lower end of Wilson's 95 % interval.
        high: upper end of the interval.
    """

    answers: int
    right: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class Quarter:
    """Statistics of a chronological quarter of an annotator's answers.

    Attributes:
        answered: number of answers.
        agreement: share of the other annotators' votes on the same clips that are equal.
        gold_accuracy: share of correct votes on gold clips.
        median_seconds: median answering time.
    """

    answered: int
    agreement: float | None
    gold_accuracy: float | None
    median_seconds: float | None


@dataclass(frozen=True)
class Suspicion:
    """Suspicious pattern in an annotator's answers.

    Attributes:
        pattern: name of the pattern.
        sentence: description with figures.
    """

    pattern: str
    sentence: str


@dataclass(frozen=True)
class AnnotatorRow:
    """Statistics of one annotator.

    Attributes:
        annotator: pseudonym.
        answered: number of answers, ``unclear`` included.
        unclear: number of ``unclear`` answers.
        skipped: number of skipped clips.
        median_seconds: median answering time as measured by Label Studio.
        seconds: 10th, 50th and 90th percentile of answering times; null where not measured.
        faster_than_clip: answers in less than the clip's duration; null where unknown.
        agreement: share of the other annotators' votes on the same clips that are equal.
        kappa: Cohen's κ between these votes and each other vote on the same clips.
        alpha_without: α of all other annotators.
        gold: accuracy on gold clips; null without votes on them.
        votes: votes by class, in class order.
        confusion: (6, 6) own class (rows) by the other annotators' votes (columns).
        quarters: four quarters, or none below 20 answers.
        suspicions: suspicious patterns.
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
    """Report of `corpus agreement`.

    Attributes:
        clips: judged clips by number of votes for a class: ``none one several``.
        alpha: Krippendorff's α with its interval.
        fleiss: Fleiss' κ for any number of votes, null where undefined.
        gold_clips: number of gold clips with a vote.
        observed: share of agreeing pairs of votes, weighted as in α: 1 − observed disagreement.
        classes: agreement by class.
        pairs: agreement of every two annotators with common clips.
        annotators: statistics by annotator.
    """

    clips: dict[str, int]
    alpha: Alpha
    observed: float | None
    fleiss: float | None
    gold_clips: int
    classes: list[ClassRow]
    pairs: list[PairRow]
    annotators: list[AnnotatorRow]
