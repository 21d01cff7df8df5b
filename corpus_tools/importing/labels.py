"""Mapping of other label schemes to the six classes."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from manifests.base.emotions import EMOTIONS, UNCLEAR, Emotion
from manifests.base.errors import ConfigurationError

__all__ = ["SYNONYMS", "LabelMapping"]

SYNONYMS: dict[Emotion, tuple[str, ...]] = {
    "angry": ("angry", "anger", "ang", "愤怒", "生气"),
    "fear": ("fear", "fearful", "fea", "afraid", "scared", "恐惧", "害怕"),
    "happy": ("happy", "happiness", "hap", "joy", "joyful", "高兴", "开心", "快乐"),
    "neutral": ("neutral", "neutrality", "neu", "中性", "中立"),
    "surprise": ("surprise", "surprised", "sur", "惊讶", "惊奇"),
    "sad": ("sad", "sadness", "悲伤", "伤心", "难过"),
}
"""Unambiguous labels of each class; excitement, calm or disgust are none."""

_BY_SYNONYM: dict[str, Emotion] = {
    name: emotion for emotion, names in SYNONYMS.items() for name in names
}


@dataclass
class LabelMapping:
    """Mapping of labels to classes: the user's, the labels to drop, and counts of applied ones."""

    mapped: Mapping[str, str] = field(default_factory=dict)
    dropped: Collection[str] = ()
    used: Counter[tuple[str, Emotion]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._mapped = {key.casefold(): value for key, value in self.mapped.items()}
        self._dropped = {name.casefold() for name in self.dropped}
        for name, emotion in self.mapped.items():
            if emotion not in EMOTIONS:
                raise ConfigurationError(
                    f"--map {name}={emotion}: {emotion!r} isn't one of {', '.join(EMOTIONS)}"
                )
        if both := sorted(self._mapped.keys() & self._dropped):
            raise ConfigurationError(f"{both[0]!r} is in both --map and --drop; choose one")

    def drops(self, label: str) -> bool:
        """Return True if clips with a label are left out."""
        return label.casefold() in self._dropped

    def read(self, label: str) -> Emotion | None:
        """Return the class of a label, None if it has none.

        Example:
            >>> LabelMapping({"exc": "happy"}).read("EXC"), LabelMapping().read("Anger")
            ('happy', 'angry')
            >>> LabelMapping().read("exc") is None
            True
        """
        name = label.casefold()
        emotion = self._mapped.get(name) or _BY_SYNONYM.get(name)
        return emotion if emotion in EMOTIONS else None

    def take(self, label: str) -> Emotion | None:
        """Return the class of a label like `read`, and count it."""
        emotion = self.read(label)
        if emotion is not None:
            self.used[label, emotion] += 1
        return emotion

    def check(self, labels: Iterable[str]) -> None:
        """Raise ConfigurationError if labels are unknown, naming all with their counts."""
        unknown = Counter(
            label
            for label in labels
            if not self.drops(label) and self.read(label) is None and label != UNCLEAR
        )
        if not unknown:
            return
        listed = ", ".join(f"{label!r} ({count})" for label, count in unknown.most_common(_SHOWN))
        more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        first = next(iter(unknown.most_common(1)))[0]
        raise ConfigurationError(
            f"labels other than {', '.join(EMOTIONS)}: {listed}{more}; map each with "
            f"--map {first}=CLASS, or leave its clips out with --drop {first}"
        )


_SHOWN = 20
