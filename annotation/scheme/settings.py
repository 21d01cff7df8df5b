"""Sections [annotation], [labels] and [label_studio], and the names of task data and controls."""

from typing import Literal, get_args

from pydantic import Field

from manifests.base.settings import Settings

__all__ = [
    "CONTROLS",
    "MAX_CONFIDENCE",
    "PROBLEMS",
    "TASK_KEYS",
    "AnnotationSettings",
    "LabelSettings",
    "LabelStudioSettings",
    "Method",
]

TASK_KEYS = ("clip_id", "audio", "asr_text", "asr_flags", "context", "batch", "votes", "cast")
"""All keys of task data; ``cast`` is a list of choices, the others are texts."""

CONTROLS: dict[str, tuple[str, ...]] = {
    "emotion": ("Choices",),
    "emotion2": ("Choices",),
    "confidence": ("Rating",),
    "transcript": ("TextArea",),
    "problems": ("Choices",),
    "speaker": ("Choices", "TextArea"),
}
"""Imported controls and their allowed tags; none has the name of a task data key."""

MAX_CONFIDENCE = 3

Problem = Literal["music", "noise", "speakers", "cut_word", "mandarin", "other_dialect"]

PROBLEMS: tuple[Problem, ...] = get_args(Problem)
"""Problems of a clip that annotators can report."""


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


class LabelStudioSettings(Settings):
    """Access to Label Studio.

    Attributes:
        token_file: a file in the corpus folder with only a token, readable by its owner only (mode
            0600). Default: `annotations/.label-studio-token`. The variable `LABEL_STUDIO_API_KEY`
            takes precedence, for tokens kept elsewhere.
    """

    token_file: str | None = None
