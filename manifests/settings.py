"""Sections of corpus.toml that concern labels' targets, texts and splits, and their common base."""

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

from manifests.emotions import EMOTIONS
from manifests.records import TextSource

__all__ = [
    "GROUP_KEYS",
    "GROUP_MODES",
    "CardSettings",
    "Settings",
    "SplitSettings",
    "Targets",
    "TextSettings",
]

GROUP_KEYS = ("speaker", "series", "source", "sentence")
"""What ``[split] group_by`` may keep whole, alone or together."""

GROUP_MODES = ("auto", "none")
"""What stands in its place."""


class Settings(BaseModel):
    """A section of corpus.toml: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TextSettings(Settings):
    """Which of a clip's texts goes into the manifest: the first of ``order`` that it has.

    Attributes:
        order: sources of text, the most trusted first: ``annotator``, ``import``, ``script``,
            ``subtitle``, ``recogniser`` (any but Whisper), ``whisper``; those not named don't
            count. ``source:model`` stands for those of one model or name alone, such as
            ``whisper:large-v3`` or ``import:li``.
    """

    order: tuple[str, ...] = (
        "annotator",
        "import",
        "script",
        "subtitle",
        "recogniser",
        "whisper",
    )

    @field_validator("order")
    @classmethod
    def _known(cls, order: tuple[str, ...]) -> tuple[str, ...]:
        if not order:
            raise ValueError("name one source of text at least")
        twice = next((name for name in order if order.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"'{twice}' is in it twice; leave one out")
        for name in order:
            if name.endswith(":"):
                raise ValueError(f"'{name}' names no model; write one behind the colon")
            if name.partition(":")[0] not in get_args(TextSource):
                raise ValueError(
                    f"'{name}' is no source of text; there are {', '.join(get_args(TextSource))}"
                )
        return order


class SplitSettings(Settings):
    """How clips are divided into train, val and test.

    Attributes:
        ratios: shares of train, val and test.
        group_by: ``auto`` keeps speakers and sources whole if one connected group does not then
            hold more than ``largest_group`` of the clips, else speakers alone (an unknown speaker
            counts as anybody of the series), else known speakers and sources, else known speakers;
            ``speaker``, ``series``, ``source`` and ``sentence`` group by that key (by the series,
            else the source, where the speaker is unknown), several with commas between or as a
            list by all of them; ``none`` is the paper's random split, which leaks.
        largest_group: share of the clips that one group may hold; where it is more, the build stops
            and names the ways out. 1 never stops.
        folds: how many parts to divide the clips into, each to be tested once, in place of
            ``ratios``; ``speakers`` for one a speaker. Not set: none, or those of the version
            before.
        drop_bridges: leave out up to so many percent of the clips, as few as can be found, where
            that divides what hangs together too much otherwise.
        seed: settles what is otherwise equal.
    """

    ratios: tuple[float, float, float] = (0.8, 0.1, 0.1)
    group_by: str = "auto"
    largest_group: float = Field(0.8, gt=0, le=1)
    folds: str | None = None
    drop_bridges: float = Field(0.0, ge=0, lt=100)
    seed: int = 0

    @field_validator("group_by", mode="before")
    @classmethod
    def _known_keys(cls, asked: Any) -> str:
        given = asked.split(",") if isinstance(asked, str) else asked
        names = [str(name).strip() for name in given] if isinstance(given, list | tuple) else []
        if names not in ([name] for name in GROUP_MODES) and not (
            names and set(names) <= {*GROUP_KEYS}
        ):
            raise ValueError(
                f"must be {' or '.join(GROUP_MODES)}, or one or more of {', '.join(GROUP_KEYS)}, "
                f"separated by commas"
            )
        return ",".join(dict.fromkeys(names))

    @field_validator("folds", mode="before")
    @classmethod
    def _some_folds(cls, asked: Any) -> str | None:
        text = None if asked is None or isinstance(asked, bool) else str(asked).strip()
        if asked is None or text == "speakers":
            return text
        if text is None or not text.isdecimal() or not 2 <= int(text) <= _MOST_FOLDS:
            raise ValueError(f"give a number from 2 to {_MOST_FOLDS}, or speakers")
        return str(int(text))

    @field_validator("ratios")
    @classmethod
    def _sum_to_one(cls, ratios: tuple[float, float, float]) -> tuple[float, float, float]:
        if min(ratios) < 0 or abs(sum(ratios) - 1) > 1e-6:
            raise ValueError("three shares of train, val and test that sum to 1 are needed")
        return ratios


_MOST_FOLDS = 1000


class CardSettings(Settings):
    """What only you can say about the corpus; whatever is missing is marked in the card.

    Attributes:
        description: what the corpus is, in a sentence or two.
        collection: how the recordings came about, and who may hear them.
        consent: what the speakers and rights holders agreed to.
        intended_use: what it is meant for, and what it must not be used for.
        contact: whom to write to.
        citation: how to cite it.
    """

    description: str | None = None
    collection: str | None = None
    consent: str | None = None
    intended_use: str | None = None
    contact: str | None = None
    citation: str | None = None


PAPER_COUNTS = (1002, 336, 1001, 1022, 394, 755)
"""Clips per class in the reference corpus (Wei & Sun, Table 1), in class order."""


class Targets(Settings):
    """How many labelled clips of each class the corpus aims for; default: the paper's Table 1."""

    angry: int = Field(PAPER_COUNTS[0], ge=0)
    fear: int = Field(PAPER_COUNTS[1], ge=0)
    happy: int = Field(PAPER_COUNTS[2], ge=0)
    neutral: int = Field(PAPER_COUNTS[3], ge=0)
    surprise: int = Field(PAPER_COUNTS[4], ge=0)
    sad: int = Field(PAPER_COUNTS[5], ge=0)

    def counts(self) -> tuple[int, ...]:
        """Return the targets in class order."""
        return tuple(getattr(self, emotion) for emotion in EMOTIONS)
