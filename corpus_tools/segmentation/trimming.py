"""Move the edges of clips as people wished, and leave the other cuts of the source alone."""

from collections.abc import Sequence

from corpus_tools.segmentation.choices import read_choices
from corpus_tools.segmentation.cut import cut_source
from corpus_tools.segmentation.inputs import MediaInput
from corpus_tools.segmentation.planning import Cut
from corpus_tools.segmentation.publish import (
    SEGMENTS,
    SUBTITLES,
    Found,
    clips_of,
    frozen_in,
    publish,
)
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.update import Update
from manifests.errors import CorpusError
from manifests.records import Clip, SubtitleLine
from manifests.shards import read_header, read_shard

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
    clips = clips_of(corpus, name)
    cuts = _with(choices.fixed(), clips)
    touched = frozen_in(update.frozen, name)
    hashes = {clip.clip_id: clip.sha256 for clip in clips}
    for clip in clips:
        if clip.clip_id in touched and _cut(clip) not in cuts:
            raise CorpusError(
                f"its clip {clip.clip_id} is frozen (named by {update.frozen[clip.clip_id]}) and "
                f"can't get other edges; keep or drop it as it is"
            )
    header = read_header(SEGMENTS.path(corpus, name))
    subtitles = SUBTITLES.path(corpus, name)
    lines = read_shard(subtitles, SubtitleLine) if subtitles.is_file() else []
    cut = cut_source(
        one.path,
        one.source.track,
        name,
        corpus,
        lines,
        SegmentSettings.model_validate(header.inputs["parameters"]),
        {clip: hashes[clip] for clip in touched if clip in hashes},
        choices=choices,
        cuts=cuts,
    )
    inputs = {**header.inputs, "choices": choices.inputs}
    found = Found(one.source, cut.clips, lines, cut.outside_ms, inputs, cut.fingerprints)
    publish(corpus, found, update.rules, touched)


def _with(fixed: Sequence[Cut], clips: Sequence[Clip]) -> list[Cut]:
    """Return the cuts of a source after some were fixed by hand."""
    others = [
        cut
        for cut in map(_cut, clips)
        if not any(cut.start_ms < one.end_ms and one.start_ms < cut.end_ms for one in fixed)
    ]
    return sorted([*fixed, *others])


def _cut(clip: Clip) -> Cut:
    return Cut(round(clip.start * 1000), round(clip.end * 1000))
