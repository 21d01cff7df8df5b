"""Whether the texts of a corpus tell anything about the classes of its clips, beyond chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.text.vocabulary import ngrams

__all__ = ["TextWorth", "text_worth"]

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class TextWorth:
    """UAR of predicting the classes of ``n`` clips from texts of other speakers, and chance.

    ``tells`` is True if the UAR is above chance, in a one-sided test at 5 %.
    """

    n: int
    uar: float
    chance: float
    tells: bool

    def warning(self, consequence: str) -> str:
        """Return the sentence for the user, with what follows."""
        return (
            f"the text tells nothing here: from the texts of other speakers the classes of {self.n} "
            f"training clips are predicted with UAR {self.uar:.3f}, at chance ({self.chance:.3f}); "
            f"{consequence}"
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
    from sklearn.naive_bayes import ComplementNB

    rows = [row for row, words in enumerate(texts) if words]
    own = np.array([labels[row] for row in rows], dtype=np.int64)
    if len(rows) < _FEWEST or len(np.unique(own)) < 2:
        return None
    folds = _folds([groups[row] for row in rows])
    counts = CountVectorizer(analyzer=ngrams, binary=True).fit_transform([texts[row] for row in rows])
    predicted, counted = np.full(len(rows), -1), np.ones(len(rows), dtype=bool)
    for fold in np.unique(folds):
        tested = folds == fold
        model = ComplementNB().fit(counts[~tested], own[~tested])
        predicted[tested] = model.predict(counts[tested])
        if repeated:
            known = {tuple(texts[rows[place]]) for place in np.flatnonzero(~tested)}
            for place in np.flatnonzero(tested):
                counted[place] = tuple(texts[rows[place]]) in known
    if counted.sum() < _FEWEST:
        return None
    numbers = {text: place for place, text in enumerate(dict.fromkeys(map(tuple, texts)))}
    same = np.array([numbers[tuple(texts[row])] for row in rows])
    return _tested(own[counted], predicted[counted], same[counted])


def _tested(truth: Labels, predicted: Labels, same: Labels) -> TextWorth:
    """Return the UAR of predictions, tested against guesses; clips of the ``same`` text depend."""
    classes, of, sizes = np.unique(truth, return_inverse=True, return_counts=True)
    chance, share = 1 / len(classes), 1 / (len(classes) * sizes[of])
    uar = float(((predicted == truth) * share).sum())
    alone = float(np.sqrt(chance * (1 - chance) * np.sum(share**2)))  # if all texts differ
    shared = float(np.linalg.norm(np.bincount(same, ((predicted == truth) - uar) * share)))
    return TextWorth(len(truth), uar, chance, uar > chance + _ONE_SIDED * max(alone, shared))


def _folds(groups: Sequence[str]) -> Labels:
    """Return the fold (n,) of each clip: at most five, of whole groups, of even size."""
    names, sizes = np.unique(groups, return_counts=True)
    if len(names) < 2:
        return np.arange(len(groups)) % _WITHOUT_GROUPS
    filled = [0] * min(_FOLDS, len(names))
    fold_of = {}
    for place in np.argsort(-sizes, kind="stable"):
        smallest = filled.index(min(filled))
        fold_of[str(names[place])] = smallest
        filled[smallest] += int(sizes[place])
    return np.array([fold_of[group] for group in groups], dtype=np.int64)


_FEWEST = 50  # clips
_FOLDS = 5
_WITHOUT_GROUPS = 10
_ONE_SIDED = 1.645  # standard deviations
