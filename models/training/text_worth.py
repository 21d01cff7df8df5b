"""Whether the texts of a corpus tell anything about the classes of its clips, beyond chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evaluation.metrics import uar
from models.text.vocabulary import ngrams

__all__ = ["TextWorth", "text_worth"]

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class TextWorth:
    """UAR of predicting the classes of ``n`` clips from texts of other speakers, and chance.

    Chance is what the same prediction reaches with each speaker's texts exchanged, at least one
    over the classes. ``tells`` is True if the UAR is above it, in a one-sided test at 5 %.
    """

    n: int
    uar: float
    chance: float
    tells: bool

    @property
    def sentence(self) -> str:
        """Sentence for the user, without a full stop, if the texts tell nothing."""
        return (
            f"the text tells nothing here: from the texts of other speakers the classes of "
            f"{self.n} training clips are predicted with UAR {self.uar:.3f}, no better than chance "
            f"({self.chance:.3f})"
        )


def text_worth(
    texts: Sequence[Sequence[str]],
    labels: Sequence[int],
    groups: Sequence[str],
    *,
    repeated: bool = False,
) -> TextWorth | None:
    """Return the worth of texts for naive Bayes on n-grams, out of fold by group; None if unsure.

    Clips without a text are left out; fewer than 50, or one class, show nothing. With ``repeated``
    only texts count that other folds have too: what a text says that is nowhere else is beyond
    n-grams, but not beyond a pretrained encoder. Without a second group, every tenth clip is one.

    Example:
        >>> words, labels = [["ja"], ["nein"]] * 60, [0, 1] * 60
        >>> text_worth(words, labels, ["a", "a", "b", "b"] * 30).tells
        True
        >>> text_worth(words, [0, 0, 1, 1] * 30, ["a"] * 60 + ["b"] * 60).tells
        False
        >>> text_worth(words[:40], labels[:40], ["a", "b"] * 20) is None
        True
    """
    from sklearn.feature_extraction.text import CountVectorizer

    rows = [row for row, words in enumerate(texts) if words]
    truth = np.array([labels[row] for row in rows], dtype=np.int64)
    if len(rows) < _FEWEST or len(np.unique(truth)) < 2:
        return None
    own = [tuple(texts[row]) for row in rows]
    numbers = {text: number for number, text in enumerate(dict.fromkeys(own))}
    same: Labels = np.array([numbers[text] for text in own])
    speakers = np.unique([groups[row] for row in rows], return_inverse=True)[1]
    folds = _folds(speakers)
    counted = np.ones(len(rows), dtype=bool)
    if repeated:
        for fold in np.unique(folds):
            counted[folds == fold] = np.isin(same[folds == fold], same[folds != fold])
    if counted.sum() < _FEWEST:
        return None
    counts = CountVectorizer(analyzer=ngrams, binary=True).fit_transform(own)
    predicted = _out_of_fold(counts, truth, folds)[counted]
    random = np.random.default_rng(0)
    guesses = []
    for _ in range(_EXCHANGES):
        guessed = _out_of_fold(counts[_exchanged(speakers, random)], truth, folds)
        guesses.append(uar(truth[counted], guessed[counted]))
    return _tested(truth[counted], predicted, same[counted], float(np.mean(guesses)))


def _out_of_fold(counts: Any, truth: Labels, folds: Labels) -> Labels:
    """Return the class (n,) that is predicted for each row of ``counts`` by the other folds."""
    from sklearn.naive_bayes import ComplementNB

    predicted = np.full(len(truth), -1)
    for fold in np.unique(folds):
        tested = folds == fold
        model = ComplementNB().fit(counts[~tested], truth[~tested])
        predicted[tested] = model.predict(counts[tested])
    return predicted


def _exchanged(speakers: Labels, random: np.random.Generator) -> Labels:
    """Return an order (n,) that exchanges rows of the same speaker."""
    order = np.arange(len(speakers))
    for speaker in np.unique(speakers):
        order[speakers == speaker] = random.permutation(order[speakers == speaker])
    return order


def _tested(truth: Labels, predicted: Labels, same: Labels, guessed: float) -> TextWorth:
    """Return the UAR of predictions, tested against guesses; clips of the ``same`` text depend."""
    classes, of, sizes = np.unique(truth, return_inverse=True, return_counts=True)
    one, share = 1 / len(classes), 1 / (len(classes) * sizes[of])
    found = float(((predicted == truth) * share).sum())
    alone = float(np.sqrt(one * (1 - one) * np.sum(share**2)))  # if all texts differ
    shared = float(np.linalg.norm(np.bincount(same, ((predicted == truth) - found) * share)))
    chance = max(one, guessed)
    return TextWorth(len(truth), found, chance, found > chance + _ONE_SIDED * max(alone, shared))


def _folds(speakers: Labels) -> Labels:
    """Return the fold (n,) of each clip: at most five, of whole speakers, of even size."""
    names, sizes = np.unique(speakers, return_counts=True)
    if len(names) < 2:
        return np.arange(len(speakers)) % _WITHOUT_GROUPS
    filled = [0] * min(_FOLDS, len(names))
    fold_of = {}
    for place in np.argsort(-sizes, kind="stable"):
        smallest = filled.index(min(filled))
        fold_of[int(names[place])] = smallest
        filled[smallest] += int(sizes[place])
    return np.array([fold_of[int(speaker)] for speaker in speakers], dtype=np.int64)


_FEWEST = 50  # clips
_FOLDS = 5
_EXCHANGES = 5
_WITHOUT_GROUPS = 10
_ONE_SIDED = 1.645  # standard deviations
