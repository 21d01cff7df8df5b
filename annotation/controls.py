"""Names of task data and controls, shared by label configuration, tasks and importer."""

from typing import Literal, get_args

__all__ = ["CONTROLS", "MAX_CONFIDENCE", "PROBLEMS", "TASK_KEYS", "Problem"]

TASK_KEYS = ("clip_id", "audio", "asr_text", "asr_flags", "context", "batch", "votes", "cast")
"""All keys of task data; ``cast`` is a list of choices, the others are texts."""

CONTROLS: dict[str, tuple[str, ...]] = {
    "emotion": ("Choices",),
    "emotion2": ("Choices",),
    "confidence": ("Rating",),
    "transcript": ("TextArea",),
    "problems": ("Choices",),
    "speaker": ("Choices", "TextArea"),
}
"""Imported controls and their allowed tags; none has the name of a task data key."""

MAX_CONFIDENCE = 3

Problem = Literal["music", "noise", "speakers", "cut_word", "mandarin", "other_dialect"]

PROBLEMS: tuple[Problem, ...] = get_args(Problem)
"""Problems of a clip that annotators can report."""
