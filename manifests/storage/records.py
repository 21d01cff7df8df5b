"""Records of the corpus; the only place where field names are defined.

Times are seconds on the source's presentation timeline, levels are dB relative to full scale,
durations are seconds. Paths are relative to the corpus folder and POSIX.
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, field_validator

from manifests.base.emotions import EMOTIONS, Emotion
from manifests.base.errors import DataError
from manifests.storage.record import Record, record

__all__ = [
    "SCHEMA",
    "TEXT_SOURCES",
    "Channel",
    "Choice",
    "Clip",
    "Fingerprint",
    "Gender",
    "Grouping",
    "Judgement",
    "Label",
    "LedgerEntry",
    "ManifestEntry",
    "ManifestHeader",
    "Screen",
    "Side",
    "Sound",
    "Source",
    "Speaker",
    "Split",
    "SubtitleLine",
    "TextSource",
    "Transcript",
    "check_schema",
    "rounded_shares",
    "text_doubts",
]

SCHEMA = 1
"""Version of the record formats; files with a higher version are refused."""


def check_schema(schema: object, path: Path) -> None:
    """Raise DataError, with what to do, unless a file's version of the formats is a known one."""
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise DataError(f"{path}: its schema is {schema!r}, no version; restore it from a copy")
    if schema > SCHEMA:
        raise DataError(
            f"{path}: written by a newer corpus-tools (schema {schema}, this one reads up to "
            f"{SCHEMA}); update corpus-tools"
        )


Channel = Literal["left", "right"]
Side = Literal["train", "val", "test"]
Split = Literal["train", "val", "test", "held"]
SpeakerSource = Literal["script", "subtitle", "annotator", "file", "cluster"]
Gender = Literal["female", "male", "other"]
TextSource = Literal[
    "whisper", "recogniser", "subtitle", "ocr", "script", "import", "annotator", "combined"
]
TEXT_SOURCES: tuple[TextSource, ...] = get_args(TextSource)

Sound = Literal[
    "applause",
    "breathing",
    "coughing",
    "crying",
    "laughter",
    "music",
    "noise",
    "singing",
    "sneezing",
]
"""Flags of a text for what a recogniser finds beside speech; no doubts about the text."""


def text_doubts(flags: Iterable[str]) -> list[str]:
    """Return a text's flags but those of sounds, by which an annotator might choose an emotion."""
    return [flag for flag in flags if flag not in get_args(Sound)]


@lru_cache(maxsize=65_536)  # few combinations of votes occur, so most clips share one list
def rounded_shares(shares: tuple[float, ...]) -> list[float]:
    """Return shares of the classes as records have them, rounded to six digits."""
    return [round(share, 6) for share in shares]


Shares = Annotated[
    list[float],
    Field(min_length=len(EMOTIONS), max_length=len(EMOTIONS)),
    AfterValidator(lambda shares: rounded_shares(tuple(shares))),
]
"""Share of each class in class order, rounded to six digits."""


@record
class Source(Record):
    """One audio track of one media file, or one of its two channels.

    ``media_path`` is relative to the corpus folder if the file lies in it, else its bare name, so
    that private paths aren't published; the hash identifies the file.
    """

    source_id: str
    series: str | None
    episode: str | None
    title: str
    kind: Literal["drama", "scripted"]
    media_path: str
    sha256: str
    size: int
    duration: float
    track: int
    sample_rate: int
    channels: int
    channel: Channel | None = Field(default=None, exclude_if=lambda channel: channel is None)
    licence: str | None = None


@record
class Clip(Record):
    """One clip of a source, in a WAV file, with its measures.

    ``sha256`` is of the PCM samples, ``file_sha256`` of the file. ``music`` is a score in 0..1,
    null where not measured. ``snr_db`` is null where there is no speech. ``measures`` holds those
    that other packages add, and is left out where there are none.
    """

    clip_id: str
    source_id: str
    path: str
    start: float
    end: float
    duration: float
    sha256: str
    file_sha256: str
    rms_db: float
    peak_db: float
    snr_db: float | None = None
    music: float | None = None
    speech_ratio: float
    clipping: float = 0.0
    dropouts: int = 0
    left_edge_db: float | None = None
    right_edge_db: float | None = None
    speaker: str | None = None
    speaker_source: SpeakerSource | None = None
    sentence: str | None = None
    duplicate_of: str | None = None
    superseded_by: str | None = None
    measures: dict[str, float | None] | None = Field(
        default=None, exclude_if=lambda values: values is None
    )


@record
class Choice(Record):
    """A manual region or review decision: a part of a source that a person kept or dropped.

    ``origin`` gives its scope: ``regions`` applies to everything cut there, ``review`` to one clip,
    ``clip_id``, as it was planned; where its edges differ from ``start`` and ``end``, the reviewer
    moved them.
    """

    source_id: str
    start: float
    end: float
    decision: Literal["keep", "drop"]
    origin: Literal["regions", "review"]
    clip_id: str | None = None
    note: str | None = None
    speaker: str | None = None


@record
class Fingerprint(Record):
    """Audio fingerprint of a clip, robust to encoding and cutting."""

    clip_id: str
    hashes: str


@record
class Screen(Record):
    """Screening decision on a clip, with the reasons of a rejection."""

    clip_id: str
    accepted: bool
    reasons: list[str] = Field(default_factory=list)


@record
class LedgerEntry(Record):
    """Seconds of a source by outcome; the entries of a source add up to its duration."""

    source_id: str
    reason: str
    seconds: float


@record
class SubtitleLine(Record):
    """One line of a subtitle file or track, or of the film's picture (``origin`` is ``ocr``).

    ``text_raw`` has remarks and names, if it has any. ``confidence``, from 0 to 1, is that of the
    reader of the picture.
    """

    source_id: str
    start: float
    end: float
    text: str
    speaker: str | None = None
    text_raw: str | None = None
    origin: Literal["ocr"] | None = Field(default=None, exclude_if=lambda origin: origin is None)
    confidence: float | None = Field(default=None, exclude_if=lambda confidence: confidence is None)


@record
class Transcript(Record):
    """One text for one clip from one origin; the key is clip, source and model.

    ``source`` is ``whisper`` for Whisper, ``recogniser`` for every other recogniser run here, and
    ``import`` for imported texts, ``ocr`` for subtitles read from the picture, and ``combined`` the
    vote of the others. ``confidence``, from 0 to 1, is the share of the vote of a combined text;
    for timed lines their match with the clip: the share of their time that lies in the clip, times
    the share of its speech that they cover; else null. ``words`` are start, end, text and
    probability, with times on the source's timeline. ``imported_from`` is the origin that the table
    of an imported text gives, as exports of a manifest do; then ``confidence`` is of there.
    """

    clip_id: str
    text: str
    text_raw: str
    source: TextSource
    model: str | None = None
    language: str | None = None
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None
    confidence: float | None = None
    words: list[tuple[float, float, str, float | None]] | None = None
    imported_from: TextSource | None = Field(default=None, exclude_if=lambda source: source is None)
    flags: list[str] = Field(default_factory=list)

    @property
    def made_by(self) -> TextSource:
        """Origin of the text; of an imported one that which its table gives."""
        return self.imported_from or self.source


@record
class Judgement(Record):
    """One annotator's judgement of one clip; the key is server, annotation_id and updated_at."""

    clip_id: str
    annotator: str
    server: str
    project_id: int | None
    task_id: int | None
    annotation_id: int
    unique_id: str | None
    created_at: str
    updated_at: str
    status: Literal["answered", "skipped"]
    emotion: Emotion | None
    emotion2: Emotion | None = None
    confidence: int | None = None
    transcript: str | None = None
    problems: list[str] = Field(default_factory=list)
    speaker: str | None = None
    origin: str | None = None
    lead_time: float | None = None
    role: Literal["label", "gold", "adjudication"] = "label"
    batch: str | None = None
    import_sha256: str


@record
class Label(Record):
    """Label of a clip, aggregated from its votes.

    ``emotion`` is null without a majority; ``reason`` then gives the cause (``tie``, ``unclear``,
    ``too_few_votes``, ``problem:music`` …). ``soft`` is the share of each class in class order by
    ``[labels] method``, null without votes for a class. ``adjudicated`` labels were decided by one
    person who may have seen the votes; that vote is the last.
    """

    clip_id: str
    emotion: Emotion | None
    reason: str | None = None
    soft: Shares | None = None
    votes: list[tuple[str, Emotion | None]]
    agreement: float | None = None
    adjudicated: bool = False


@record
class ManifestEntry(Record):
    """One clip of a manifest, with its file, speaker, text, votes, label and split.

    ``soft`` is the share of each class in class order by ``[labels] method``; its sum is 1.
    ``text_confidence`` is the share of the vote of a combined text, absent for others.
    ``agreement`` is the share of the votes that agree with ``emotion``. If ``adjudicated``, the
    last vote decided. ``fold`` counts from 1 if the clips are divided into folds; ``split`` is then
    the clip's split while the first fold is tested.
    """

    clip_id: str
    path: str
    sha256: str
    file_sha256: str
    source_id: str
    series: str | None
    speaker: str | None
    gender: str | None
    start: float
    end: float
    duration: float
    text: str
    text_source: TextSource | None
    text_confidence: float | None = Field(None, exclude_if=lambda share: share is None)
    emotion: Emotion
    soft: Shares
    votes: list[tuple[str, Emotion | None]]
    agreement: float
    adjudicated: bool = False
    sentence: str | None = None
    group: str
    split: Split
    fold: int | None = None

    def row(self) -> dict[str, Any]:
        """Return the entry as JSON-ready built-in types, without ``fold`` if there are no folds."""
        row = Record.row(self)
        if row["fold"] is None:
            del row["fold"]
        return row


@record
class Grouping(Record):
    """Grouping of the clips of a manifest.

    ``by`` names the keys kept whole (empty: every clip is its own group), ``largest`` is the share
    of all clips in the largest group, ``counts`` is the number of groups per split.
    """

    by: list[str]
    largest: float
    counts: dict[Split, int]


@record
class ManifestHeader(Record):
    """Header of a version (``manifest.json``): its name, parameters and content.

    ``digest`` covers manifest.jsonl and ``params`` only: two versions with equal digests have the
    same content. ``counts`` is the number of clips per split and class. ``files`` gives the sha256
    of every other file of the version.
    """

    version: str
    schema_version: int = Field(alias="schema")
    created: str
    parent: str | None
    digest: str
    params: dict[str, Any]
    counts: dict[Split, dict[Emotion, int]]
    groups: Grouping
    files: dict[str, str]

    @field_validator("params")
    @classmethod
    def _split_is_an_object(cls, params: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(params.get("split", {}), dict):
            raise ValueError("split must be an object")
        return params

    @field_validator("counts")
    @classmethod
    def _counts_every_class(
        cls, counts: dict[Split, dict[Emotion, int]]
    ) -> dict[Split, dict[Emotion, int]]:
        every: dict[Split, dict[Emotion, int]] = {}
        for split in get_args(Split):
            given = counts.get(split, {})
            every[split] = {name: given.get(name, 0) for name in EMOTIONS}
        return every


@record
class Speaker(Record):
    """One row of speakers.csv; the id is a corpus-wide pseudonym, never a name."""

    speaker_id: str
    gender: Gender | None = None
    age: int | None = None
    region: str | None = None
    native: str | None = None
    consent: str | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_unknown(cls, value: Any) -> Any:
        return None if value == "" else value
