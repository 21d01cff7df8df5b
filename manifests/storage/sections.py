"""Sections [text], [split], [card] and [targets] of corpus.toml."""

from typing import Any, get_args

from pydantic import Field, field_validator

from manifests.base.emotions import EMOTIONS
from manifests.base.settings import Settings
from manifests.storage.records import TextSource

__all__ = [
    "GROUP_KEYS",
    "GROUP_MODES",
    "PAPER_COUNTS",
    "SPEAKERS",
    "CardSettings",
    "SplitSettings",
    "Targets",
    "TextSettings",
]

GROUP_KEYS = ("speaker", "series", "source", "sentence")
"""Keys that ``[split] group_by`` may keep whole, alone or combined."""

GROUP_MODES = ("auto", "none")
"""Values of ``[split] group_by`` that name no key."""

SPEAKERS = "speakers"
"""Value of ``[split] folds`` for one fold per speaker (leave one speaker out)."""

_TRUST = (
    "annotator",
    "import",
    "script",
    "combined",
    "subtitle",
    "ocr",
    "recogniser",
    "whisper",
)


class TextSettings(Settings):
    """Choice of a clip's text in the manifest: the first of ``order`` that the clip has.

    Attributes:
        order: text sources, the most trusted first: ``annotator``, ``import``, ``script``,
            ``combined`` (the vote of the others), ``subtitle``, ``ocr`` (subtitles in the picture),
            ``recogniser`` (any but Whisper), ``whisper``; sources not named are ignored.
            ``source:model`` selects one model or name, such as ``whisper:large-v3`` or
            ``import:li``.
        min_confidence: leaves out clips with a smaller share of the vote for their combined text;
            texts of other sources have none and stay.
    """

    order: tuple[str, ...] = _TRUST
    min_confidence: float = Field(0.0, ge=0, le=1)

    @field_validator("order")
    @classmethod
    def _known(cls, order: tuple[str, ...]) -> tuple[str, ...]:
        if not order:
            raise ValueError("name at least one text source")
        twice = next((name for name in order if order.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"'{twice}' is listed twice; remove one")
        for name in order:
            if name.endswith(":"):
                raise ValueError(f"'{name}' names no model; write one after the colon")
            if name.partition(":")[0] not in get_args(TextSource):
                raise ValueError(
                    f"'{name}' is no text source; choose from {', '.join(get_args(TextSource))}"
                )
        return order


class SplitSettings(Settings):
    """Division of the clips into train, val and test.

    Attributes:
        ratios: shares of train, val and test.
        group_by: ``auto`` keeps speakers and sources whole unless one connected group then holds
            more than ``largest_group`` of the clips, else speakers alone (an unknown speaker may
            be any speaker of the series), else known speakers and sources, else known speakers;
            ``speaker``, ``series``, ``source`` and ``sentence`` group by that key (by the series,
            else the source, where the speaker is unknown); several keys, as a list or separated
            by commas, are combined; ``none`` is the paper's random split, which leaks.
        largest_group: largest share of the clips that one group may hold; above it the build stops
            and suggests remedies. 1 never stops.
        folds: number of folds, each tested once, instead of ``ratios``; ``speakers`` for one fold
            per speaker. Not set: none, or those of the previous version.
        drop_bridges: percentage of the clips that may be left out, as few as can be found, to
            divide a group that is otherwise too large.
        seed: seed that breaks ties.
    """

    ratios: tuple[float, float, float] = (0.8, 0.1, 0.1)
    group_by: str = "auto"
    largest_group: float = Field(0.8, gt=0, le=1)
    folds: str | None = None
    drop_bridges: float = Field(0.0, ge=0, lt=100)
    seed: int = 0

    @field_validator("group_by", mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> str:
        given = value.split(",") if isinstance(value, str) else value
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
    def _valid_folds(cls, value: Any) -> str | None:
        text = None if value is None or isinstance(value, bool) else str(value).strip()
        if value is None or text == SPEAKERS:
            return text
        if text is None or not text.isdecimal() or not 2 <= int(text) <= 1000:
            raise ValueError(f"give a number from 2 to 1000, or {SPEAKERS}")
        return str(int(text))

    @field_validator("ratios")
    @classmethod
    def _sum_to_one(cls, ratios: tuple[float, float, float]) -> tuple[float, float, float]:
        if min(ratios) < 0 or abs(sum(ratios) - 1) > 1e-6:
            raise ValueError("must be three shares (train, val, test) that sum to 1")
        return ratios


class CardSettings(Settings):
    """Parts of the dataset card that only you can write; missing ones are marked in the card.

    Attributes:
        description: description of the corpus in one or two sentences.
        collection: how the recordings were made, and who may listen to them.
        consent: consent of the speakers and rights holders.
        intended_use: intended use, and use that is not permitted.
        contact: contact address.
        citation: citation of the corpus.
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
    """Target number of labelled clips per class; default: the paper's Table 1."""

    angry: int = Field(PAPER_COUNTS[0], ge=0)
    fear: int = Field(PAPER_COUNTS[1], ge=0)
    happy: int = Field(PAPER_COUNTS[2], ge=0)
    neutral: int = Field(PAPER_COUNTS[3], ge=0)
    surprise: int = Field(PAPER_COUNTS[4], ge=0)
    sad: int = Field(PAPER_COUNTS[5], ge=0)

    def counts(self) -> tuple[int, ...]:
        """Return the targets in class order."""
        return tuple(getattr(self, emotion) for emotion in EMOTIONS)
