"""Character error rates between the texts of two origins: ``corpus compare-transcripts``."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.judgements.store import corrected_transcripts
from corpus_tools.segmentation.ledger.commit import source_of
from corpus_tools.transcription.store import transcript_origin
from manifests.base.errors import ConfigurationError
from manifests.base.letters import plain_letters
from manifests.base.outcome import Outcome
from manifests.storage.records import Clip, Transcript
from manifests.storage.shards import STAGES, read_stage

__all__ = [
    "ClipErrors",
    "Comparison",
    "ErrorCounts",
    "TextPair",
    "by_source",
    "clip_errors",
    "compare_clips",
    "compare_transcripts",
    "total",
]


@dataclass(frozen=True)
class TextPair:
    """Reference text of a clip and the hypothesis measured against it."""

    clip_id: str
    source_id: str
    reference: str
    hypothesis: str


@dataclass(frozen=True)
class ErrorCounts:
    """Numbers of clips, reference characters, and character edits that make the hypotheses."""

    clips: int = 0
    characters: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    @property
    def edits(self) -> int:
        """Number of all edits."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float | None:
        """Character error rate, edits over characters; above 1 with many insertions."""
        return self.edits / self.characters if self.characters else None

    def __add__(self, other: "ErrorCounts") -> "ErrorCounts":
        return ErrorCounts(
            self.clips + other.clips,
            self.characters + other.characters,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )

    def row(self) -> dict[str, Any]:
        """Return the counts and the rate (``cer``, 4 decimals), JSON-ready."""
        return {
            "clips": self.clips,
            "characters": self.characters,
            "substitutions": self.substitutions,
            "deletions": self.deletions,
            "insertions": self.insertions,
            "cer": None if self.rate is None else round(self.rate, 4),
        }


@dataclass(frozen=True)
class ClipErrors:
    """Texts and errors of a clip."""

    pair: TextPair
    errors: ErrorCounts

    @property
    def worst_first(self) -> tuple[float, int, str]:
        """Sort key by falling error rate; additions to nothing come first."""
        rate = self.errors.rate
        return (
            -math.inf if rate is None and self.errors.edits else -(rate or 0.0),
            -self.errors.edits,
            self.pair.clip_id,
        )


def clip_errors(pairs: Sequence[TextPair], *, exact: bool = False) -> list[ClipErrors]:
    """Count the minimum edits of each clip's `plain_letters`, or of its stripped text if ``exact``.

    Example:
        >>> found = clip_errors([TextPair("c", "s", "今天巴适！", "今天八四得")])
        >>> found[0].errors.row()["cer"]
        0.75
    """
    form = str.strip if exact else plain_letters
    return [
        ClipErrors(pair, _count_edits(form(pair.reference), form(pair.hypothesis)))
        for pair in pairs
    ]


def by_source(found: Iterable[ClipErrors]) -> dict[str, ErrorCounts]:
    """Return the total errors of each source, by source id."""
    sums: dict[str, ErrorCounts] = defaultdict(ErrorCounts)
    for clip in found:
        sums[clip.pair.source_id] += clip.errors
    return dict(sorted(sums.items()))


def total(found: Iterable[ClipErrors]) -> ErrorCounts:
    """Return the total errors of some clips."""
    return sum((one.errors for one in found), start=ErrorCounts())


def _count_edits(reference: str, hypothesis: str) -> ErrorCounts:
    import jiwer

    if not reference:
        return ErrorCounts(clips=1, insertions=len(hypothesis))
    found = jiwer.process_characters(reference, hypothesis)
    return ErrorCounts(1, len(reference), found.substitutions, found.deletions, found.insertions)


_ANNOTATOR = "annotator"


@dataclass(frozen=True)
class Comparison:
    """Errors of each clip between two origins.

    Attributes:
        reference: origin of the reference texts.
        hypothesis: origin of the texts measured.
        exact: whether spaces, punctuation, case and width count.
        found: the clips compared, in order of their ids.
        flags: flags of the texts measured, by clip id.
        clips: records of the clips, by id.
    """

    reference: str
    hypothesis: str
    exact: bool
    found: list[ClipErrors]
    flags: Mapping[str, Sequence[str]]
    clips: Mapping[str, Clip]


def compare_transcripts(
    corpus: Path,
    reference: str,
    hypothesis: str,
    *,
    raw: bool = False,
    exact: bool = False,
    worst: int = 10,
) -> Outcome:
    """Measure character error rates between two origins; see `compare_clips`."""
    return compare_clips(corpus, reference, hypothesis, raw=raw, exact=exact, worst=worst)[1]


def compare_clips(
    corpus: Path,
    reference: str,
    hypothesis: str,
    *,
    raw: bool = False,
    exact: bool = False,
    worst: int = 10,
) -> tuple[Comparison, Outcome]:
    """Measure character error rates of the transcripts of one origin against another's.

    Args:
        corpus: the corpus folder.
        reference: origin of the reference texts: ``script``, ``subtitle``, ``annotator``,
            ``whisper``, or with the model if there are several (``whisper:large-v3``).
        hypothesis: origin of the texts to measure.
        raw: compare raw texts (``text_raw``), including those that a flag emptied.
        exact: count spaces, punctuation, case and width too.
        worst: number of worst clips to list.

    Returns:
        Clips as items: kept if they have a reference and were transcribed, else rejected by what is
        missing. A text that a flag emptied counts, as characters deleted. ``details``: the origins,
        the errors ``overall`` and by source, those ``without_emptied`` texts, and the worst clips.

    Raises:
        ConfigurationError: if an origin has no texts, or its name is ambiguous.
        DataError: if a shard can't be read.
    """
    records = list(read_stage(corpus, STAGES["transcripts"], Transcript))
    texts = _texts_by_origin(records, raw=raw)
    if _ANNOTATOR in (reference, hypothesis):
        texts[_ANNOTATOR] = corrected_transcripts(corpus)
    first, second = _resolve_origin(reference, texts), _resolve_origin(hypothesis, texts)
    if first == second:
        raise ConfigurationError(
            f"'{reference}' and '{hypothesis}' are the same texts; name two origins"
        )
    outcome = Outcome()
    found = clip_errors(_pairs(texts[first], texts[second], outcome), exact=exact)
    compared = Comparison(
        first,
        second,
        exact,
        found,
        {r.clip_id: r.flags for r in records if r.flags and transcript_origin(r) == second},
        {clip.clip_id: clip for clip in read_stage(corpus, STAGES["segments"], Clip)},
    )
    outcome.kept = len(found)
    outcome.details |= {
        "reference": first,
        "hypothesis": second,
        "overall": total(found).row(),
        "without_emptied": total([one for one in found if one.pair.hypothesis]).row(),
        "sources": {source: errors.row() for source, errors in by_source(found).items()},
        "worst": [
            _worst_row(clip)
            for clip in sorted(found, key=lambda one: one.worst_first)[:worst]
            if clip.errors.edits
        ],
    }
    if not found:
        outcome.warnings.append(f"no clip has a text from both {first} and {second}")
    if _ANNOTATOR in (first, second):
        outcome.warnings.append(
            "annotator: only texts that an annotator changed count, so the rate is that of clips "
            "which needed a correction"
        )
    return compared, outcome


def _texts_by_origin(records: Sequence[Transcript], *, raw: bool) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = defaultdict(dict)
    for record in records:
        texts[transcript_origin(record)][record.clip_id] = record.text_raw if raw else record.text
    return texts


def _resolve_origin(name: str, texts: Mapping[str, Mapping[str, str]]) -> str:
    """Return the origin that a name identifies."""
    known = sorted(origin for origin, of_clips in texts.items() if of_clips)
    fitting = [origin for origin in known if name in (origin, origin.split(":", 1)[0])]
    if name in fitting:
        return name
    if not fitting:
        hint = f"there are {', '.join(known)}" if known else "run corpus transcribe first"
        raise ConfigurationError(f"no texts from '{name}' in this corpus; {hint}")
    if len(fitting) > 1:
        raise ConfigurationError(f"'{name}' may be {' or '.join(fitting)}; name one of them")
    return fitting[0]


def _pairs(
    references: Mapping[str, str], hypotheses: Mapping[str, str], outcome: Outcome
) -> list[TextPair]:
    missing: Counter[str] = Counter()
    pairs = []
    for clip_id in sorted(references.keys() | hypotheses.keys()):
        reference, hypothesis = references.get(clip_id), hypotheses.get(clip_id)
        if reference and hypothesis is not None:
            pairs.append(TextPair(clip_id, source_of(clip_id), reference, hypothesis))
        elif not reference:
            missing["no_reference" if reference is None else "empty_reference"] += 1
        else:
            missing["no_hypothesis"] += 1
    outcome.items_in = len(pairs) + missing.total()
    outcome.rejected += missing
    return pairs


def _worst_row(clip: ClipErrors) -> dict[str, object]:
    return {
        "clip_id": clip.pair.clip_id,
        "cer": clip.errors.row()["cer"],
        "edits": clip.errors.edits,
        "reference": clip.pair.reference,
        "hypothesis": clip.pair.hypothesis,
    }
