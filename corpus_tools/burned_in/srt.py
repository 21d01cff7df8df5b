"""Subtitle file of the lines read from a film's picture."""

from collections.abc import Sequence
from pathlib import Path

from manifests.storage.records import SubtitleLine
from manifests.storage.shards import STAGES

__all__ = ["srt_path", "to_srt"]


def srt_path(corpus: Path, source_id: str) -> Path:
    """Return the path of a source's file, beside the shard of its lines."""
    return STAGES["burned_in"].path(corpus, source_id).with_suffix(".srt")


def to_srt(lines: Sequence[SubtitleLine]) -> str:
    r"""Return lines in the format SRT, with names and remarks.

    Example:
        >>> print(to_srt([SubtitleLine(source_id="s", start=1, end=62.5, text="要得")]), end="")
        1
        00:00:01,000 --> 00:01:02,500
        要得
        <BLANKLINE>
    """
    return "".join(
        f"{number}\n{_stamp(line.start)} --> {_stamp(line.end)}\n{line.text_raw or line.text}\n\n"
        for number, line in enumerate(lines, start=1)
    )


def _stamp(seconds: float) -> str:
    total, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, second = divmod(total, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d},{thousandths:03d}"
