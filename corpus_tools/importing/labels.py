"""Labels of other schemes as our six classes."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from manifests.emotions import EMOTIONS, UNCLEAR, Emotion
from manifests.errors import ConfigurationError

__all__ = ["SYNONYMS", "Scheme"]

SYNONYMS: dict[Emotion, tuple[str, ...]] = {
    "angry": ("angry", "anger", "ang", "愤怒", "生气"),
    "fear": ("fear", "fearful", "fea", "afraid", "scared", "恐惧", "害怕"),
    "happy": ("happy", "happiness", "hap", "joy", "joyful", "高兴", "开心", "快乐"),
    "neutral": ("neutral", "neutrality", "neu", "中性", "中立"),
    "surprise": ("surprise", "surprised", "sur", "惊讶", "惊奇"),
    "sad": ("sad", "sadness", "悲伤", "伤心", "难过"),
}
"""What is plainly one of the classes; excitement, calm or disgust are not."""

_KNOWN: dict[str, Emotion] = {name: one for one, names in SYNONYMS.items() for name in names}


@dataclass
class Scheme:
    """How labels are read.

    Attributes:
        mapped: what the user said they are.
        dropped: labels whose clips the user doesn't want.
        used: what was read as what, and how often.
    """

    mapped: Mapping[str, str] = field(default_factory=dict)
    dropped: Collection[str] = ()
    used: Counter[tuple[str, Emotion]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._mapped = {key.casefold(): value for key, value in self.mapped.items()}
        self._dropped = {name.casefold() for name in self.dropped}
        for name, emotion in self.mapped.items():
            if emotion not in EMOTIONS:
                raise ConfigurationError(
                    f"--map {name}={emotion}: {emotion!r} is none of {', '.join(EMOTIONS)}"
                )
        if both := sorted(self._mapped.keys() & self._dropped):
            raise ConfigurationError(f"{both[0]!r} is given to --map and to --drop; choose one")

    def drops(self, label: str) -> bool:
        """Return whether clips of a label are left out."""
        return label.casefold() in self._dropped

    def read(self, label: str) -> Emotion | None:
        """Return the class of a label, ``None`` if it has none.

        Example:
            >>> Scheme({"exc": "happy"}).read("EXC"), Scheme().read("Anger"), Scheme().read("exc")
            ('happy', 'angry', None)
        """
        name = label.casefold()
        found = self._mapped.get(name) or _KNOWN.get(name)
        return found if found in EMOTIONS else None

    def take(self, label: str) -> Emotion | None:
        """Return the class of a label as `read` does, and count it."""
        found = self.read(label)
        if found is not None:
            self.used[label, found] += 1
        return found

    def check(self, labels: Iterable[str]) -> None:
        """Raise ConfigurationError if labels can't be read, naming all with their counts."""
        strange = Counter(
            label
            for label in labels
            if not self.drops(label) and self.read(label) is None and label != UNCLEAR
        )
        if not strange:
            return
        listed = ", ".join(f"{label!r} ({count})" for label, count in strange.most_common(_SHOWN))
        more = f" and {len(strange) - _SHOWN} more" if len(strange) > _SHOWN else ""
        first = next(iter(strange.most_common(1)))[0]
        raise ConfigurationError(
            f"labels that are none of {', '.join(EMOTIONS)}: {listed}{more}; say what each is with "
            f"--map {first}=CLASS, or leave its clips out with --drop {first}"
        )


_SHOWN = 20
