"""Facts of the dataset card that aren't in the manifest's entries."""

from pydantic import Field

from manifests.settings import Settings

__all__ = ["AgreementFacts", "CardFacts", "ScreeningFacts"]


class AgreementFacts(Settings):
    """Agreement of the annotators over all judgements of the corpus.

    Attributes:
        clips: number of clips with two votes or more for a class.
        annotators: number of annotators.
        alpha: Krippendorff's nominal α, None if undefined.
        low: lower end of its bootstrap interval over clips.
        high: upper end of the interval.
        level: confidence level of the interval.
        resamples: number of bootstrap samples.
        undefined: reason why α is undefined.
        observed: share of agreeing pairs of votes on a clip.
        fleiss: Fleiss's κ, None if clips differ in their number of votes.
        classes: specific agreement: share of the votes paired with one for a class that agree.
    """

    clips: int
    annotators: int
    alpha: float | None
    low: float | None
    high: float | None
    level: float
    resamples: int
    undefined: str | None
    observed: float | None
    fleiss: float | None
    classes: dict[str, float | None]


class ScreeningFacts(Settings):
    """Screening decisions on all clips.

    Attributes:
        cut: number of clips.
        accepted: number of accepted clips.
        reasons: number of rejected clips by reason; a clip may have several.
        thresholds: number of sources by value, by name of the threshold.
    """

    cut: int
    accepted: int
    reasons: dict[str, int]
    thresholds: dict[str, dict[str, int]]


class CardFacts(Settings):
    """Facts of the dataset card that aren't in the manifest's entries; None if not measured.

    Attributes:
        agreement: agreement of the annotators.
        screening: screening decisions.
        texts: models of the texts, by text source.
    """

    agreement: AgreementFacts | None = None
    screening: ScreeningFacts | None = None
    texts: dict[str, list[str]] = Field(default_factory=dict)
