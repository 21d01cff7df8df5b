"""Names that label configuration, tasks and importer share (task data and controls)."""

from typing import Literal, get_args

__all__ = ["CONTROLS", "MAX_CONFIDENCE", "PROBLEMS", "TASK_KEYS", "Problem"]

TASK_KEYS = ("clip_id", "audio", "asr_text", "asr_flags", "context", "batch", "votes", "cast")
"""What a task's data holds, no more and no less; ``cast`` is a list of choices, the rest texts."""

CONTROLS: dict[str, tuple[str, ...]] = {
    "emotion": ("Choices",),
    "emotion2": ("Choices",),
    "confidence": ("Rating",),
    "transcript": ("TextArea",),
    "problems": ("Choices",),
    "speaker": ("Choices", "TextArea"),
}
"""Every control whose answer is read, and the tags it may be; none is named like task data."""

MAX_CONFIDENCE = 3

Problem = Literal["music", "noise", "speakers", "cut_word", "mandarin", "other_dialect"]

PROBLEMS: tuple[Problem, ...] = get_args(Problem)
"""What an annotator may find wrong with a clip."""
