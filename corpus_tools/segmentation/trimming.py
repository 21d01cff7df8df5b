"""Move the edges of clips as people wished, and leave the other cuts of the source alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from corpus_tools.segmentation.choices import Choices, read_choices
from corpus_tools.segmentation.cut import cut_source
from corpus_tools.segmentation.inputs import MediaInput
from corpus_tools.segmentation.planning import Cut
from corpus_tools.segmentation.publish import (
    SEGMENTS,
    SUBTITLES,
    SourceCuts,
    clips_of,
    publish,
)
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.superseding import with_superseded
from corpus_tools.segmentation.update import Update
from manifests.errors import CorpusError
from manifests.records import Choice, Clip, SubtitleLine
from manifests.shards import Header, read_header, read_shard

__all__ = ["retrim", "undone_trims"]


def undone_trims(corpus: Path, source_id: str, choices: Choices) -> list[Cut]:
    """Return the edges that a person gave clips of a source and took back since.

    Args:
        corpus: the corpus folder.
        source_id: of which source; it was cut.
        choices: what people choose for it now.

    Raises:
        DataError: if the shard of its clips can't be read.
    """
    known = read_header(SEGMENTS.path(corpus, source_id)).inputs.get("choices") or {}
    fixed = choices.fixed()
    cuts = [Cut.at(start, end) for start, end in known.get("trims", [])]
    return [cut for cut in cuts if not _overlaps(cut, fixed)]


def retrim(update: Update, one: MediaInput) -> None:
    """Write the clips of a source whose edges its stored reviews have moved.

    Each takes the place of the clips that it overlaps. Where moved edges were taken back, the plan
    fills what they leave free; all other clips stay, and so do the settings that the source was cut
    with. Its `segments` fingerprint changes in the choices only: ``corpus segment`` finds the
    source unchanged.

    Args:
        update: the corpus, its rules and its frozen clips.
        one: the source, with its film.

    Raises:
        CorpusError: if a frozen clip would go.
        MediaError: if the film can't be decoded.
    """
    corpus, name = update.corpus, one.source.source_id
    choices = read_choices(corpus, name)
    earlier = clips_of(corpus, name)
    freed = undone_trims(corpus, name, choices)
    live = [clip for clip in earlier if clip.superseded_by is None]
    cuts = _with(choices.fixed(), [clip for clip in live if _cut(clip) not in freed])
    frozen = update.frozen_clips(name)
    hashes = {clip.clip_id: clip.sha256 for clip in earlier}
    for clip in live:
        if clip.clip_id in frozen and _cut(clip) not in cuts:
            raise CorpusError(
                f"its clip {clip.clip_id} is frozen (named by {update.frozen[clip.clip_id]}) and "
                f"can't get other edges; keep or drop it as it is"
            )
    header = read_header(SEGMENTS.path(corpus, name))
    settings = _settings_of(header).model_copy(update={"align_subtitles": False})
    lines, alignment = _subtitles(corpus, name)
    cut = cut_source(
        one.path,
        one.source.track,
        name,
        corpus,
        lines,
        settings,
        {clip: hashes[clip] for clip in frozen if clip in hashes},
        choices=_holding(choices, cuts, name) if freed else choices,
        cuts=None if freed else cuts,
    )
    inputs = {**header.inputs, "choices": choices.inputs}
    clips = with_superseded(cut.clips, earlier, frozen, name)
    found = SourceCuts(
        one.source, clips, lines, cut.outside_ms, inputs, cut.fingerprints, alignment
    )
    publish(corpus, found, update.rules, frozen)


def _subtitles(corpus: Path, source_id: str) -> tuple[list[SubtitleLine], dict[str, Any] | None]:
    """Return a source's lines, whose times were put right before, and how they were."""
    path = SUBTITLES.path(corpus, source_id)
    if not path.is_file():
        return [], None
    return read_shard(path, SubtitleLine), read_header(path).inputs.get("alignment")


def _settings_of(header: Header) -> SegmentSettings:
    """Return what a source was cut with."""
    try:
        return SegmentSettings.model_validate(header.inputs["parameters"])
    except (KeyError, ValidationError) as error:
        raise CorpusError(
            "was cut by another version of corpus-tools; run corpus segment on its film first"
        ) from error


def _with(fixed: Sequence[Cut], clips: Sequence[Clip]) -> list[Cut]:
    """Return the cuts of a source after some were fixed by hand."""
    others = [cut for cut in map(_cut, clips) if not _overlaps(cut, fixed)]
    return sorted([*fixed, *others])


def _holding(choices: Choices, cuts: Sequence[Cut], source_id: str) -> Choices:
    """Return choices by which the plan leaves all these cuts alone, not only the chosen ones."""
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


def _cut(clip: Clip) -> Cut:
    return Cut.at(clip.start, clip.end)


def _overlaps(cut: Cut, others: Sequence[Cut]) -> bool:
    return any(cut.start_ms < one.end_ms and one.start_ms < cut.end_ms for one in others)
