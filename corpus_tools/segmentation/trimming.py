"""Move the edges of clips as people wished, and leave the other cuts of the source alone."""

from collections.abc import Sequence

from pydantic import ValidationError

from corpus_tools.segmentation.choices import read_choices
from corpus_tools.segmentation.cut import cut_source
from corpus_tools.segmentation.inputs import MediaInput
from corpus_tools.segmentation.planning import Cut
from corpus_tools.segmentation.publish import (
    SEGMENTS,
    SUBTITLES,
    Found,
    clips_of,
    publish,
)
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.superseding import with_superseded
from corpus_tools.segmentation.update import Update
from manifests.errors import CorpusError
from manifests.records import Clip, SubtitleLine
from manifests.shards import Header, read_header, read_shard

__all__ = ["retrim"]


def retrim(update: Update, one: MediaInput) -> None:
    """Write the clips of a source whose edges its stored reviews have moved.

    Each takes the place of the clips that it overlaps; the settings that the source was cut with
    stay. So does its `segments` fingerprint but for the choices: ``corpus segment`` finds the
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
    live = [clip for clip in earlier if clip.superseded_by is None]
    cuts = _with(choices.fixed(), live)
    touched = update.touched(name)
    hashes = {clip.clip_id: clip.sha256 for clip in earlier}
    for clip in live:
        if clip.clip_id in touched and Cut.at(clip.start, clip.end) not in cuts:
            raise CorpusError(
                f"its clip {clip.clip_id} is frozen (named by {update.frozen[clip.clip_id]}) and "
                f"can't get other edges; keep or drop it as it is"
            )
    header = read_header(SEGMENTS.path(corpus, name))
    settings = _settings_of(header)
    subtitles = SUBTITLES.path(corpus, name)
    lines = read_shard(subtitles, SubtitleLine) if subtitles.is_file() else []
    cut = cut_source(
        one.path,
        one.source.track,
        name,
        corpus,
        lines,
        settings,
        {clip: hashes[clip] for clip in touched if clip in hashes},
        choices=choices,
        cuts=cuts,
    )
    inputs = {**header.inputs, "choices": choices.inputs}
    clips = with_superseded(cut.clips, earlier, touched, name)
    found = Found(one.source, clips, lines, cut.outside_ms, inputs, cut.fingerprints)
    publish(corpus, found, update.rules, touched)


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
    others = [
        cut
        for cut in (Cut.at(clip.start, clip.end) for clip in clips)
        if not any(cut.start_ms < one.end_ms and one.start_ms < cut.end_ms for one in fixed)
    ]
    return sorted([*fixed, *others])
