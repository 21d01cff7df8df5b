"""Preservation of frozen clips when their source is cut anew."""

from collections.abc import Collection, Sequence

from manifests.records import Clip

__all__ = ["with_superseded"]


def with_superseded(
    clips: Sequence[Clip], earlier: Sequence[Clip], frozen: Collection[str], source_id: str
) -> list[Clip]:
    """Return the new clips with the frozen earlier ones, in order of time.

    A frozen clip that is not cut again is superseded by the new one that overlaps it most, or, if
    none does, by the source as a whole.

    Args:
        clips: new clips.
        earlier: clips of the source so far.
        frozen: ids of clips that some task, judgement or manifest names.
        source_id: id of the source.
    """
    current = {clip.clip_id for clip in clips}
    kept = [
        clip.changed(superseded_by=_successor(clip, clips) or source_id)
        for clip in earlier
        if clip.clip_id in frozen and clip.clip_id not in current
    ]
    return sorted([*clips, *kept], key=lambda clip: (clip.start, clip.end))


def _successor(clip: Clip, clips: Sequence[Clip]) -> str | None:
    overlaps = [(min(clip.end, new.end) - max(clip.start, new.start), new.clip_id) for new in clips]
    most, name = max(overlaps, default=(0.0, ""))
    return name if most > 0 else None
