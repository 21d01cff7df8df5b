"""Mapping of other label schemes to the six classes, and of other names of splits to ours."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import get_args

from manifests.base.emotions import EMOTIONS, UNCLEAR, Emotion
from manifests.base.errors import ConfigurationError
from manifests.base.outcome import listed
from manifests.storage.records import Split

__all__ = ["SYNONYMS", "LabelMapping", "SplitMapping", "divided", "split_named"]

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
                    f"--map {name}={emotion}: {emotion!r} isn't one of {', '.join(EMOTIONS)}, "
                    f"nor a split: {', '.join(get_args(Split))}"
                )
        if both := sorted(self._mapped.keys() & self._dropped):
            raise ConfigurationError(f"{both[0]!r} is in both --map and --drop; choose one")

    def knows(self, label: str) -> bool:
        """Return True if a label has a class, is to be dropped, or says that there is none."""
        return self.read(label) is not None or self.drops(label) or label == UNCLEAR

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

    def check(self, labels: Iterable[str], advice: str = "") -> None:
        """Raise ConfigurationError if labels are unknown, naming all with their counts."""
        unknown = Counter(label for label in labels if not self.knows(label))
        if not unknown:
            return
        first = next(iter(unknown.most_common(1)))[0]
        raise ConfigurationError(
            f"labels other than {', '.join(EMOTIONS)}: {_counted(unknown)}; map each with "
            f"--map {first}=CLASS, or leave its clips out with --drop {first}{advice}"
        )


def split_named(name: str) -> Split | None:
    """Return the split that a name denotes, None if it denotes none.

    Example:
        >>> split_named("Validation"), split_named("Test1"), split_named("fold3")
        ('val', 'test', None)
    """
    plain = unicodedata.normalize("NFKC", name).strip().casefold()
    return _SPLITS.get(re.sub(r"[\s_-]*\d+$", "", plain))


@dataclass
class SplitMapping:
    """Mapping of the names of splits: the user's before the usual ones; and counts of names."""

    mapped: Mapping[str, Split] = field(default_factory=dict)
    used: Counter[tuple[str, Split]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._mapped = {key.strip().casefold(): value for key, value in self.mapped.items()}

    def read(self, name: str) -> Split | None:
        """Return the split that a name denotes, None if it denotes none.

        Example:
            >>> SplitMapping({"test2": "held"}).read("Test2"), SplitMapping().read("devel")
            ('held', 'val')
        """
        return self._mapped.get(name.strip().casefold()) or split_named(name)

    def check(self, names: Iterable[str]) -> None:
        """Raise ConfigurationError if names denote no split, naming all with their counts."""
        unknown = Counter(name for name in names if self.read(name) is None)
        if not unknown:
            return
        first = next(iter(unknown.most_common(1)))[0]
        raise ConfigurationError(
            f"splits other than train, val, test: {_counted(unknown)}; map each with "
            f"--map {first}=SPLIT, or, if the column holds no splits, pass it over with --ignore"
        )


def divided(mapped: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Split]]:
    """Return the pairs of ``--map`` that name classes, and those that name splits.

    >>> divided({"exc": "happy", "Test2": "held"})
    ({'exc': 'happy'}, {'Test2': 'held'})
    """
    names: tuple[Split, ...] = get_args(Split)
    splits = {key: split for key, value in mapped.items() for split in names if split == value}
    return {key: value for key, value in mapped.items() if key not in splits}, splits


def _counted(names: Counter[str]) -> str:
    return listed((f"{name!r} ({n})" for name, n in names.most_common()), most=20)


_NAMES: dict[Split, str] = {
    "train": "train training trn tr trainset trainingset 训练 训练集",
    "val": "val valid validation validate dev devel develop development cv devset valset "
    "validationset developmentset 验证 验证集 开发 开发集",
    "test": "test testing tst eval evaluation testset evalset evaluationset 测试 测试集",
    "held": "held",
}
_SPLITS = {name: split for split, names in _NAMES.items() for name in names.split()}
