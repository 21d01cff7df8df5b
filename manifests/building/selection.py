"""Select the clips of a manifest, with their texts, before they are grouped and split."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from manifests.base.emotions import EMOTIONS
from manifests.base.errors import DataError
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.base.voices import alike_warnings, is_nobody, one_spelling, spelling_warnings
from manifests.storage.records import (
    Clip,
    Label,
    ManifestEntry,
    Source,
    Speaker,
    TextSource,
    Transcript,
)
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.store import inside, sha256_file
from manifests.storage.tombstones import Withdrawn

__all__ = [
    "ManifestInputs",
    "best_of",
    "best_transcripts",
    "choose_texts",
    "kept_repeats",
    "rejection",
    "select",
    "text_rank",
]


@dataclass(frozen=True)
class ManifestInputs:
    """Inputs of a manifest: accepted clips; labels and texts with their sources, by clip id.

    ``confidences`` are those of the texts that have one; clips with one below ``least_confidence``
    are left out. A clip may have no text, a speaker no row of speakers.csv; every clip's source
    must be there.
    """

    clips: Iterable[Clip]
    labels: Mapping[str, Label]
    texts: Mapping[str, tuple[str, TextSource]] = field(default_factory=dict)
    speakers: Mapping[str, Speaker] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    confidences: Mapping[str, float] = field(default_factory=dict)
    least_confidence: float = 0.0


def select(
    corpus: Path,
    inputs: ManifestInputs,
    outcome: Outcome,
    *,
    check_files: bool = True,
    progress: Progress = no_progress,
) -> list[ManifestEntry]:
    """Return the entries of the labelled clips by clip id, not yet grouped or split.

    One clip of each set of repeats is kept. The others, superseded clips, clips without a class,
    withdrawn clips and those with a doubtful text are counted in ``outcome`` as rejected. A
    speaker's id is spelled alike in all entries, as in ``speakers`` if it is there. An unknown
    source is a failure, as is a missing file, or with ``check_files`` one that doesn't match its
    sha256.
    """
    clips = sorted(inputs.clips, key=lambda clip: clip.clip_id)
    kept = kept_repeats(clips, inputs.labels)
    outcome.items_in += len(clips)
    if withdrawn := len(Withdrawn.of(corpus).clips):
        outcome.items_in += withdrawn
        outcome.rejected["withdrawn"] += withdrawn
    names = {clip.speaker for clip in clips if clip.speaker and not is_nobody(clip.speaker)}
    spelling = one_spelling(sorted(names), inputs.speakers)
    outcome.warnings += [*spelling_warnings(spelling), *alike_warnings(spelling.values())]
    entries: list[ManifestEntry] = []
    for done, clip in enumerate(clips, start=1):
        reason = rejection(clip, inputs.labels.get(clip.clip_id), kept)
        if not reason and inputs.confidences.get(clip.clip_id, 1.0) < inputs.least_confidence:
            reason = "doubtful_text"
        if reason is not None:
            outcome.rejected[reason] += 1
        else:
            try:
                if entries and entries[-1].clip_id == clip.clip_id:
                    raise DataError("two clips have this id; run: corpus segment, for its source")
                entries.append(_entry(corpus, clip, inputs, spelling, check_files))
            except DataError as error:
                outcome.fail(clip.clip_id, str(error))
        progress(done, len(clips), clip.clip_id)
    outcome.kept += len(entries)
    return entries


def kept_repeats(clips: Sequence[Clip], labels: Mapping[str, Label]) -> dict[str, str]:
    """Return the clip kept from each set of repeats, by the id of the repeated clip.

    It is the repeated clip, or the first repeat with a class if that has none.
    """
    found: dict[str, str] = {}
    for clip in sorted(clips, key=lambda clip: clip.duplicate_of is not None):
        label = labels.get(clip.clip_id)
        if label is not None and label.emotion is not None and clip.superseded_by is None:
            found.setdefault(clip.duplicate_of or clip.clip_id, clip.clip_id)
    return found


def rejection(clip: Clip, label: Label | None, kept: Mapping[str, str]) -> str | None:
    """Return the reason to leave a clip out, None if it is kept; ``kept`` is of `kept_repeats`."""
    if clip.superseded_by is not None:
        return "superseded"
    if clip.duplicate_of is not None and kept.get(clip.duplicate_of) != clip.clip_id:
        return "duplicate"
    if label is None:
        return "not_labelled"
    return (label.reason or "no_class") if label.emotion is None else None


def _entry(
    corpus: Path,
    clip: Clip,
    inputs: ManifestInputs,
    spelling: Mapping[str, str],
    check_file: bool,
) -> ManifestEntry:
    source = inputs.sources.get(clip.source_id)
    if source is None:
        raise DataError(
            f"its source {clip.source_id} is not in stages/sources; run: corpus segment, for it"
        )
    if check_file:
        _check(inside(corpus, clip.path), clip)
    label = inputs.labels[clip.clip_id]
    text, text_source = inputs.texts.get(clip.clip_id, ("", None))
    name = spelling.get(clip.speaker or "")
    speaker = inputs.speakers.get(name) if name else None
    emotion = label.emotion
    if emotion is None:
        raise DataError("it has no class")
    class_votes = [vote for _, vote in label.votes if vote is not None]
    return ManifestEntry.trusted(
        clip_id=clip.clip_id,
        path=clip.path,
        sha256=clip.sha256,
        file_sha256=clip.file_sha256,
        source_id=clip.source_id,
        series=source.series,
        speaker=name,
        gender=speaker.gender if speaker else None,
        start=clip.start,
        end=clip.end,
        duration=clip.duration,
        text=text,
        text_source=text_source,
        text_confidence=inputs.confidences.get(clip.clip_id),
        emotion=emotion,
        soft=label.soft or _SURE[emotion],
        votes=label.votes,
        agreement=round(class_votes.count(emotion) / len(class_votes), 6) if class_votes else 1.0,
        adjudicated=label.adjudicated,
        sentence=clip.sentence,
        group="",
        split="held",
        fold=None,
    )


def _check(path: Path, clip: Clip) -> None:
    try:
        found = sha256_file(path)
    except FileNotFoundError as error:
        raise DataError(f"{clip.path} is missing; {_REMEDY}") from error
    except OSError as error:
        raise DataError(f"{clip.path} can't be read ({error.strerror}); {_REMEDY}") from error
    if found != clip.file_sha256:
        raise DataError(f"{clip.path} changed since it was cut; {_REMEDY}")


_REMEDY = (
    "restore it from a copy, or delete it and make it again with: corpus segment or "
    "corpus add-recordings"
)
_SURE = {name: [float(name == other) for other in EMOTIONS] for name in EMOTIONS}


def best_transcripts(corpus: Path, order: Sequence[str]) -> dict[str, Transcript]:
    """Return the preferred transcript of each clip of a corpus, as `best_of`.

    Raises:
        DataError: if a shard can't be read.
    """
    return best_of(read_stage(corpus, STAGES["transcripts"], Transcript), order)


def best_of(transcripts: Iterable[Transcript], order: Sequence[str]) -> dict[str, Transcript]:
    """Return the preferred transcript of each clip, by clip id.

    It is the first non-empty one in the order of trust (see `text_rank`); among equal ranks, the
    first by model name. If all texts of a clip are empty, it is the first of them.
    """
    best: dict[str, tuple[tuple[bool, int, str], Transcript]] = {}
    for transcript in transcripts:
        rank = text_rank(transcript.source, transcript.model, order)
        if rank is None:
            continue
        key = (not transcript.text, rank, transcript.model or "")
        previous = best.get(transcript.clip_id)
        if previous is None or key < previous[0]:
            best[transcript.clip_id] = (key, transcript)
    return {clip_id: transcript for clip_id, (_, transcript) in best.items()}


def text_rank(source: str, model: str | None, order: Sequence[str]) -> int | None:
    """Return the rank of a text in the order of trust, ``None`` if it isn't listed.

    ``order`` has entries ``source`` or ``source:model``, the most trusted first; the model of
    imported texts is their author.

    Example:
        >>> order = ("whisper:large-v3", "import", "whisper")
        >>> [text_rank("whisper", model, order) for model in ("large-v3", "base")]
        [0, 2]
    """
    for name in (f"{source}:{model}", source):
        if name in order:
            return order.index(name)
    return None


def choose_texts(
    transcripts: Mapping[str, Transcript], corrected: Mapping[str, str], order: Sequence[str]
) -> dict[str, tuple[str, TextSource]]:
    """Return each clip's text and its source; clips with empty text have none.

    Texts corrected by annotators, with text source ``annotator``, and the best transcripts are
    chosen by ``order``, as for `text_rank`.
    """
    trusted = {clip_id: best for clip_id, best in transcripts.items() if best.text.strip()}
    texts: dict[str, tuple[str, TextSource]] = {
        clip_id: (best.text, best.made_by) for clip_id, best in trusted.items()
    }
    if "annotator" not in order:
        return texts
    for clip_id, text in corrected.items():
        if text.strip() and not _outranks(trusted.get(clip_id), "annotator", order):
            texts[clip_id] = (text, "annotator")
    return texts


def _outranks(best: Transcript | None, source: TextSource, order: Sequence[str]) -> bool:
    rank = text_rank(best.source, best.model, order) if best else None
    return rank is not None and rank < order.index(source)
