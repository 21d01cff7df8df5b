"""Moving of clip edges as decided in review, without changing the source's other cuts."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.cut import Cut
from corpus_tools.segmentation.intake.identify import MediaInput
from corpus_tools.segmentation.intake.selections import Choices, read_choices
from corpus_tools.segmentation.ledger.commit import SEGMENTS, SUBTITLES, write_result
from corpus_tools.segmentation.ledger.decisions import clips_of
from corpus_tools.segmentation.ledger.update import Update, with_superseded
from corpus_tools.segmentation.source import analyse
from manifests.base.errors import CorpusError
from manifests.storage.records import Choice, Clip, SubtitleLine
from manifests.storage.shards import Header, read_header, read_shard

__all__ = ["retrim", "undone_trims"]


def undone_trims(corpus: Path, source_id: str, choices: Choices) -> list[Cut]:
    """Return a source's cuts with edges that were moved in review and have been undone since.

    `DataError` if the shard of its clips can't be read.
    """
    stored = read_header(SEGMENTS.path(corpus, source_id)).inputs.get("choices") or {}
    fixed = choices.fixed()
    cuts = [Cut.at(start, end) for start, end in stored.get("trims", [])]
    return [cut for cut in cuts if not _overlaps(cut, fixed)]


def retrim(update: Update, media: MediaInput) -> None:
    """Write the clips of a film with edges moved by its stored review decisions, undecided.

    Each replaces the clips that it overlaps. Where moved edges were undone, the free time is
    planned again. All other clips stay, and so do the settings that the source was cut with: its
    `segments` fingerprint changes only in the choices, and ``corpus segment`` finds the source
    unchanged. `CorpusError` if a frozen clip would go, `MediaError` if decoding fails.
    """
    corpus, name = update.corpus, media.source.source_id
    choices = read_choices(corpus, name)
    earlier = clips_of(corpus, name)
    undone = undone_trims(corpus, name, choices)
    active = [clip for clip in earlier if clip.superseded_by is None]
    cuts = _with_fixed(choices.fixed(), [clip for clip in active if _cut_of(clip) not in undone])
    frozen = update.frozen_clips(name)
    hashes = {clip.clip_id: clip.sha256 for clip in earlier}
    for clip in active:
        if clip.clip_id in frozen and _cut_of(clip) not in cuts:
            raise CorpusError(
                f"its clip {clip.clip_id} is frozen (named by {update.frozen[clip.clip_id]}) and "
                f"can't be given other edges; keep or drop it as it is"
            )
    header = read_header(SEGMENTS.path(corpus, name))
    settings = _settings_of(header).model_copy(update={"align_subtitles": False})
    lines, alignment = _subtitles(corpus, name)
    result = analyse(
        media,
        corpus,
        lines,
        settings,
        {**header.inputs, "choices": choices.inputs},
        {clip: hashes[clip] for clip in frozen if clip in hashes},
        choices=_fixing(choices, cuts, name) if undone else choices,
        cuts=None if undone else cuts,
    )
    clips = with_superseded(result.clips, earlier, frozen, name)
    result = replace(result, source=media.source, clips=clips, alignment=alignment)
    write_result(corpus, result, update.rules, frozen)


def _subtitles(corpus: Path, source_id: str) -> tuple[list[SubtitleLine], dict[str, Any] | None]:
    """Return a source's synchronised subtitle lines, and how their times were changed."""
    path = SUBTITLES.path(corpus, source_id)
    if not path.is_file():
        return [], None
    return read_shard(path, SubtitleLine), read_header(path).inputs.get("alignment")


def _settings_of(header: Header) -> SegmentSettings:
    """Return the settings that a source was cut with."""
    try:
        return SegmentSettings.model_validate(header.inputs["parameters"])
    except (KeyError, ValidationError) as error:
        raise CorpusError(
            "was cut by another version of corpus-tools; run corpus segment on its film first"
        ) from error


def _with_fixed(fixed: Sequence[Cut], clips: Sequence[Clip]) -> list[Cut]:
    """Return the fixed cuts and those of the clips that overlap none of them."""
    others = [cut for cut in map(_cut_of, clips) if not _overlaps(cut, fixed)]
    return sorted([*fixed, *others])


def _fixing(choices: Choices, cuts: Sequence[Cut], source_id: str) -> Choices:
    """Return choices that fix all these cuts, not only those decided in review."""
    rows = [
        Choice(
            source_id=source_id,
            start=cut.start_ms / 1000,
            end=cut.end_ms / 1000,
            decision="keep",
            origin="review",
        )
        for cut in cuts
    ]
    return Choices((*choices.regions, *rows))


def _cut_of(clip: Clip) -> Cut:
    return Cut.at(clip.start, clip.end)


def _overlaps(cut: Cut, others: Sequence[Cut]) -> bool:
    return any(cut.start_ms < other.end_ms and other.start_ms < cut.end_ms for other in others)
