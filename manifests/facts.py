"""What a card tells that isn't in the clips themselves."""

from pydantic import Field

from manifests.settings import Settings

__all__ = ["AgreementFacts", "CardFacts", "ScreeningFacts"]


class AgreementFacts(Settings):
    """How far annotators agree, over all judgements of the corpus.

    Attributes:
        clips: those with two votes for a class or more.
        annotators: who voted.
        alpha: Krippendorff's nominal α, None where it isn't defined.
        low: lower end of its bootstrap interval over clips.
        high: upper end.
        level: of the interval.
        resamples: of the bootstrap.
        undefined: why α isn't defined.
        observed: share of pairs of votes on a clip that are for one class.
        fleiss: Fleiss's κ, None where clips differ in their number of votes.
        classes: of the votes that stand beside one for a class, the share for it too.
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
    """Which of the clips that were cut were offered for labelling.

    Attributes:
        cut: all clips.
        accepted: of them.
        reasons: of the others; one may have several.
        thresholds: by name, each value in words and the sources judged by it.
    """

    cut: int
    accepted: int
    reasons: dict[str, int]
    thresholds: dict[str, dict[str, int]]


class CardFacts(Settings):
    """What a card tells that isn't in the clips themselves; None where nobody measured it.

    Attributes:
        agreement: of the annotators.
        screening: what was screened out.
        texts: the models that texts of each origin are by.
    """

    agreement: AgreementFacts | None = None
    screening: ScreeningFacts | None = None
    texts: dict[str, list[str]] = Field(default_factory=dict)
