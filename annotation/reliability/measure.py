"""Inter-annotator agreement: of the corpus, by class, by pair and by annotator."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.batches.gold import read_gold
from annotation.judgements.store import latest, read_judgements
from annotation.labels.shares import gold_codes
from annotation.labels.votes import MISSING, VoteTable, vote_table
from annotation.reliability.annotator_stats import annotator_histories, annotator_row
from annotation.reliability.metrics import (
    alpha,
    alpha_interval,
    cohen_kappa,
    coincidences,
    fleiss_kappa,
)
from annotation.reliability.report import AgreementReport, Alpha, ClassRow, PairRow
from annotation.scheme.answers import gc_paused, quoted
from manifests.base.emotions import EMOTIONS, Emotion
from manifests.base.outcome import Outcome, counted
from manifests.storage.records import Clip, Judgement
from manifests.storage.shards import STAGES, read_stage

__all__ = ["agreement_report", "measure_agreement"]

LEVEL = 0.95
_SEGMENTS = STAGES["segments"]


@gc_paused()
def measure_agreement(
    corpus: Path,
    *,
    resamples: int = 1000,
    seed: int = 0,
    judgements: Sequence[Judgement] | None = None,
) -> tuple[AgreementReport, Outcome]:
    """Measure the agreement of a corpus's annotators; ``resamples`` bootstraps give α's interval.

    The latest judgement of each annotator on each clip counts, except adjudications. ``unclear``
    and skips are missing values. A vote on a clip of annotations/gold.csv counts like any other and
    also towards the annotator's gold accuracy. ``judgements`` are the latest if read already.

    Raises DataError if a file of judgements, the gold clips or a shard can't be read.
    """
    rows = latest(read_judgements(corpus)) if judgements is None else judgements
    judgements = [row for row in rows if row.role != "adjudication"]
    gold = read_gold(corpus)
    durations = {clip.clip_id: clip.duration for clip in read_stage(corpus, _SEGMENTS, Clip)}
    report = agreement_report(judgements, gold, durations, resamples=resamples, seed=seed)
    outcome = _outcome(report, sum(report.clips.values()))
    outcome.warnings += _gold_warnings(gold.keys(), durations.keys(), judgements)
    return report, outcome


def agreement_report(
    judgements: Sequence[Judgement],
    gold: Mapping[str, Emotion] = MappingProxyType({}),
    durations: Mapping[str, float] = MappingProxyType({}),
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> AgreementReport:
    """Return the agreement of judgements, at most one per annotator and clip, no adjudications.

    ``gold`` has the class of each gold clip, ``durations`` are the clips' in seconds.
    """
    table = vote_table(judgements)
    counts = table.counts()
    votes = counts.sum(axis=1)
    gold_of = gold_codes(table, gold)
    histories = annotator_histories(table, judgements, gold_of, durations)
    return AgreementReport(
        clips={
            "none": int((votes == 0).sum()),
            "one": int((votes == 1).sum()),
            "several": int((votes >= 2).sum()),
        },
        alpha=_alpha(table, counts, resamples, seed),
        observed=_observed(counts),
        fleiss=_rounded(fleiss_kappa(counts)),
        gold_clips=int(((gold_of != MISSING) & (votes > 0)).sum()),
        classes=_classes(counts),
        pairs=_pairs(table),
        annotators=[
            annotator_row(history, counts, own)
            for history, own in zip(histories, table.codes, strict=True)
        ],
    )


def _outcome(report: AgreementReport, clips: int) -> Outcome:
    outcome = Outcome(items_in=clips, kept=report.clips["several"], details=_json_ready(report))
    for name, reason in (("none", "no vote for a class"), ("one", "one vote only")):
        if report.clips[name]:
            outcome.rejected[reason] = report.clips[name]
    if not clips:
        outcome.warnings.append("no judgements yet; import some with: corpus import-annotations")
    elif report.alpha.undefined:
        outcome.warnings.append(report.alpha.undefined)
    return outcome


def _gold_warnings(
    gold: Set[str], clips: Set[str], judgements: Sequence[Judgement]
) -> Iterator[str]:
    unknown = sorted(gold - clips)
    if unknown:
        yield (
            "annotations/gold.csv names "
            f"{counted(len(unknown), 'clip that is', 'clips that are')} not in this corpus, the "
            f"first {quoted(unknown[0])}; correct their clip_id"
        )
    marked = {row.clip_id for row in judgements if row.role == "gold"} - gold
    if marked:
        yield (
            f"{counted(len(marked), 'clip has an answer', 'clips have an answer')} marked as "
            "ground truth and no row in "
            f"annotations/gold.csv; add their class there to measure annotators on them"
        )


def _json_ready(report: AgreementReport) -> dict[str, Any]:
    details = asdict(report)
    for pair in details["pairs"]:
        pair["annotators"] = list(pair["annotators"])
    return {"class_order": list(EMOTIONS), **details}


def _alpha(table: VoteTable, counts: NDArray[np.int64], resamples: int, seed: int) -> Alpha:
    value = alpha(counts)
    interval = alpha_interval(counts, resamples=resamples, seed=seed, level=LEVEL)
    low, high = interval or (None, None)
    undefined = None if value is not None else _why_undefined(table, counts)
    return Alpha(_rounded(value), _rounded(low), _rounded(high), LEVEL, resamples, undefined)


def _why_undefined(table: VoteTable, counts: NDArray[np.int64]) -> str:
    voting = int((table.codes != MISSING).any(axis=1).sum()) if table.clips else 0
    if voting < 2:
        return "agreement needs two annotators who gave a class; α is undefined"
    if not (counts.sum(axis=1) >= 2).any():
        return "no clip has two votes; give annotators clips in common; α is undefined"
    return "all votes are for one class, so chance alone would agree; α is undefined"


def _observed(counts: NDArray[np.int64]) -> float | None:
    matrix = coincidences(counts)
    total = matrix.sum()
    return _rounded(np.trace(matrix) / total) if total > 0 else None


def _classes(counts: NDArray[np.int64]) -> list[ClassRow]:
    matrix = coincidences(counts)
    rows = []
    for place, emotion in enumerate(EMOTIONS):
        total = matrix[place].sum()
        shares = [round(float(value / total), 6) for value in matrix[place]] if total > 0 else None
        rows.append(
            ClassRow(emotion, round(total), None if shares is None else shares[place], shares)
        )
    return rows


def _pairs(table: VoteTable) -> list[PairRow]:
    size = len(EMOTIONS)
    rows = []
    for one, other in combinations(range(len(table.annotators)), 2):
        both = (table.codes[one] != MISSING) & (table.codes[other] != MISSING)
        if not both.any():
            continue
        cells = table.codes[one][both].astype(np.int64) * size + table.codes[other][both]
        confusion = np.bincount(cells, minlength=size * size).reshape(size, size)
        rows.append(
            PairRow(
                annotators=(table.annotators[one], table.annotators[other]),
                clips=int(both.sum()),
                agreement=round(float(np.trace(confusion) / both.sum()), 6),
                kappa=_rounded(cohen_kappa(confusion)),
                confusion=confusion.tolist(),
            )
        )
    return rows


def _rounded(value: Any) -> float | None:
    return None if value is None else round(float(value), 6)
