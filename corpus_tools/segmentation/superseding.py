"""Keep the clips that people have frozen when their source is cut anew."""

from collections.abc import Collection, Sequence

from manifests.records import Clip

__all__ = ["with_superseded"]


def with_superseded(
    clips: Sequence[Clip], earlier: Sequence[Clip], frozen: Collection[str], source_id: str
) -> list[Clip]:
    """Return new clips and those of the earlier ones that people have frozen, in order of time.

    An earlier clip that is not cut again is superseded by the new one that overlaps it most, or,
    where none does, by its source's new cuts as a whole.

    Args:
        clips: the new ones.
        earlier: those of the source until now.
        frozen: clips that some task, judgement or manifest names.
        source_id: of the source.
    """
    there = {clip.clip_id for clip in clips}
    kept = [
        clip.changed(superseded_by=_heir(clip, clips) or source_id)
        for clip in earlier
        if clip.clip_id in frozen and clip.clip_id not in there
    ]
    return sorted([*clips, *kept], key=lambda clip: (clip.start, clip.end))


def _heir(clip: Clip, clips: Sequence[Clip]) -> str | None:
    overlaps = [(min(clip.end, one.end) - max(clip.start, one.start), one.clip_id) for one in clips]
    most, name = max(overlaps, default=(0.0, ""))
    return name if most > 0 else None
