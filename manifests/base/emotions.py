"""The six classes, in the one order used everywhere."""

from typing import Literal

__all__ = ["EMOTIONS", "UNCLEAR", "Emotion"]

Emotion = Literal["angry", "fear", "happy", "neutral", "surprise", "sad"]

EMOTIONS: tuple[Emotion, ...] = ("angry", "fear", "happy", "neutral", "surprise", "sad")
"""Class order of every table, vector and matrix."""

UNCLEAR = "unclear"
"""Answer of an annotator who is unsure; a vote for no class."""
