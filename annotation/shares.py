"""The share of each class in each clip's votes, as the method of [labels] makes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from annotation.dawid_skene import dawid_skene
from annotation.settings import Method
from annotation.votes import MISSING, VoteTable, vote_table
from annotation.weights import gold_accuracy, vote_weights, weighted_shares
from manifests.emotions import EMOTIONS, Emotion
from manifests.records import Judgement

__all__ = ["Shares", "class_shares", "gold_codes"]


@dataclass(frozen=True)
class Shares:
    """What a method makes of all votes.

    Attributes:
        method: the one used; ``majority`` where the one asked for can't be.
        by_clip: shares in class order by clip id; clips that the method says nothing about are
            missing, and for ``majority`` all are.
        weights: for ``weighted``, what the vote of each annotator is worth.
        warnings: why another method was used than the one asked for, or not to rely on this one.
    """

    method: Method
    by_clip: Mapping[str, Sequence[float]] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def class_shares(
    judgements: Sequence[Judgement], gold: Mapping[str, Emotion], method: Method
) -> Shares:
    """Return the shares of the classes in every clip's votes.

    Args:
        judgements: those that count (``judgements.latest``); adjudications teach nothing here.
        gold: class of each gold clip.
        method: how.
    """
    if method == "majority":
        return Shares("majority")
    table = vote_table(judgements)
    if method == "dawid_skene":
        by_clip = _by_clip(table, dawid_skene(table.codes, len(EMOTIONS)).posterior)
        few = (_FEW.format(len(by_clip)),) if len(by_clip) < _ENOUGH else ()
        return Shares(method, by_clip, warnings=few)
    answers, right = gold_accuracy(table.codes, gold_codes(table, gold))
    if not answers.any():
        return Shares("majority", warnings=(_NO_GOLD,))
    weights = vote_weights(answers, right, len(EMOTIONS))
    return Shares(
        method,
        _by_clip(table, weighted_shares(table.codes, weights, len(EMOTIONS))),
        dict(zip(table.annotators, weights.round(6).tolist(), strict=True)),
    )


def gold_codes(table: VoteTable, gold: Mapping[str, Emotion]) -> NDArray[np.int8]:
    """Return the place of the gold class of each of the table's clips, or ``MISSING``, (C,)."""
    places = (EMOTIONS.index(gold[clip]) if clip in gold else MISSING for clip in table.clips)
    return np.fromiter(places, dtype=np.int8, count=len(table.clips))


def _by_clip(table: VoteTable, shares: NDArray[np.float64]) -> dict[str, list[float]]:
    rows = shares.round(_DECIMALS).tolist()
    return {table.clips[place]: rows[place] for place in np.flatnonzero(~np.isnan(shares[:, 0]))}


_DECIMALS = 6
_ENOUGH = 200  # clips, from which on Dawid and Skene's model seldom loses against the majority
_FEW = (
    "[labels] method = 'dawid_skene' has only {} clips with votes to learn from and may be worse "
    "than the majority; label 200 or more, or set method = 'majority'"
)
_NO_GOLD = (
    "[labels] method = 'weighted' needs votes on gold clips and there are none, so the majority "
    "decided; name clips whose class is known in annotations/gold.csv (clip_id,emotion)"
)
