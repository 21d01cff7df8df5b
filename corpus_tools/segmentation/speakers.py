"""Speaker of a clip, from the speakers of subtitle lines."""

from collections import defaultdict
from collections.abc import Sequence

from corpus_tools.segmentation.planning import Cut
from corpus_tools.segmentation.settings import SegmentSettings
from manifests.records import SubtitleLine

__all__ = ["subtitle_speaker"]


def subtitle_speaker(
    cut: Cut, lines: Sequence[SubtitleLine], settings: SegmentSettings
) -> str | None:
    """Return the speaker of a clip, if its subtitle lines name one clearly enough.

    Args:
        cut: start and end of the clip.
        lines: subtitle lines of the source; only those that overlap the clip matter.
        settings: ``speaker_share`` and ``other_speaker_seconds``.
    """
    seconds: dict[str | None, float] = defaultdict(float)
    for line in lines:
        overlap = min(line.end, cut.end_ms / 1000) - max(line.start, cut.start_ms / 1000)
        if overlap > 0:
            seconds[line.speaker] += overlap
    total = sum(seconds.values())
    named = sorted(((time, speaker) for speaker, time in seconds.items() if speaker), reverse=True)
    if not named or named[0][0] < settings.speaker_share * total:
        return None
    if any(time > settings.other_speaker_seconds for time, _ in named[1:]):
        return None
    return named[0][1]
