"""Shares of the classes in the votes of each clip, by a method that weighs annotators."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from annotation.labels.aggregate import Shares
from annotation.labels.dawid_skene import dawid_skene
from annotation.labels.votes import (
    MISSING,
    VoteTable,
    gold_accuracy,
    vote_table,
    vote_weights,
    weighted_shares,
)
from annotation.scheme.settings import Method
from manifests.base.emotions import EMOTIONS, Emotion
from manifests.storage.records import Judgement

__all__ = ["class_shares", "gold_codes"]


def class_shares(
    judgements: Sequence[Judgement], gold: Mapping[str, Emotion], method: Method
) -> Shares:
    """Return the shares of the classes in every clip's votes.

    The judgements are the latest (``judgements.latest``); adjudications are ignored.
    """
    table = vote_table(judgements)
    if method == "dawid_skene":
        by_clip = _by_clip(table, dawid_skene(table.codes, len(EMOTIONS)).posterior)
        few = (_FEW_CLIPS.format(len(by_clip)),) if len(by_clip) < _MIN_CLIPS else ()
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
    """Return the class index of each clip of the table in ``gold``, or ``MISSING``, (C,)."""
    places = (EMOTIONS.index(gold[clip]) if clip in gold else MISSING for clip in table.clips)
    return np.fromiter(places, dtype=np.int8, count=len(table.clips))


def _by_clip(table: VoteTable, shares: NDArray[np.float64]) -> dict[str, list[float]]:
    rows = shares.round(_DECIMALS).tolist()
    return {table.clips[place]: rows[place] for place in np.flatnonzero(~np.isnan(shares[:, 0]))}


_DECIMALS = 6
_MIN_CLIPS = 200  # clips above which Dawid and Skene's model is seldom worse than the majority
_FEW_CLIPS = (
    "[labels] method = 'dawid_skene' has only {} clips with votes to estimate from and may be "
    "worse than the majority; label 200 or more, or set method = 'majority'"
)
_NO_GOLD = (
    "[labels] method = 'weighted' needs votes on gold clips and there are none, so the majority "
    "decided; list clips of known class in annotations/gold.csv (clip_id,emotion)"
)
