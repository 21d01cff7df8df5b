"""Public functions of the package, for use from Python; import them from `annotation`.

A table of votes is a DataFrame, or rows, of ``clip_id``, ``annotator`` and ``emotion``. ``unclear``
and missing values are no votes. If an annotator has several votes on a clip, the last counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from annotation.judgements.store import latest, read_judgements
from annotation.labels import dawid_skene as model
from annotation.labels.votes import VoteTable, vote_codes
from annotation.reliability.measure import agreement_report, measure_agreement
from annotation.reliability.metrics import alpha
from annotation.reliability.report import AgreementReport
from annotation.scheme.answers import quoted
from manifests.base.emotions import EMOTIONS, UNCLEAR
from manifests.base.errors import DataError
from manifests.storage.records import Judgement

__all__ = ["DawidSkeneLabels", "Votes", "agreement", "dawid_skene", "krippendorff_alpha", "votes"]

Votes = pd.DataFrame | Iterable[Sequence[str | None]]
"""A table of votes, with or without further columns."""

_COLUMNS = ["clip_id", "annotator", "emotion"]


def votes(corpus: str | Path) -> pd.DataFrame:
    """Return the latest votes of a corpus, one row per clip and annotator, without adjudications.

    Args:
        corpus: the corpus folder.

    Raises:
        DataError: if it is no corpus folder, or a file of judgements can't be read.
    """
    rows = [row for row in latest(read_judgements(_folder(corpus))) if row.role != "adjudication"]
    table = pd.DataFrame([row.row() for row in rows], columns=list(Judgement.fields()))
    return table[[*_COLUMNS, *(name for name in table if name not in _COLUMNS)]]


def agreement(
    votes: Votes | str | Path, *, resamples: int = 1000, seed: int = 0
) -> AgreementReport:
    """Return inter-annotator agreement: α with a 95 % interval, by class, by pair, by annotator.

    Args:
        votes: a corpus folder, or a table of votes for the six classes.
        resamples: bootstrap samples for the interval of α.
        seed: seed of the bootstrap.

    Raises:
        DataError: if it is no corpus folder, a file of it can't be read, or a vote is for no class.

    Example:
        >>> votes = [(f"c{n}", name, "sad" if n < 5 else "fear") for n in range(9) for name in "ab"]
        >>> report = agreement([*votes, ("c9", "a", "sad"), ("c9", "b", "fear")])
        >>> round(report.alpha.value, 3), report.pairs[0].agreement
        (0.808, 0.9)
    """
    if isinstance(votes, str | Path):
        return measure_agreement(_folder(votes), resamples=resamples, seed=seed)[0]
    table = _table(votes, EMOTIONS)
    judgements = [
        Judgement(
            clip_id=clip_id,
            annotator=annotator,
            server="",
            project_id=None,
            task_id=None,
            annotation_id=number,
            unique_id=None,
            created_at="",
            updated_at="",
            status="answered",
            emotion=EMOTIONS[code],
            import_sha256="",
        )
        for number, (annotator, codes) in enumerate(zip(table.annotators, table.codes, strict=True))
        for clip_id, code in zip(table.clips, codes.tolist(), strict=True)
        if code >= 0
    ]
    return agreement_report(judgements, resamples=resamples, seed=seed)


def krippendorff_alpha(votes: Votes) -> float | None:
    """Return Krippendorff's nominal α; None without two votes on a clip, or with one class only.

    Args:
        votes: table of votes for any classes.

    Example:
        >>> krippendorff_alpha([("c1", "a", "x"), ("c1", "b", "x"), ("c2", "a", "y")]) is None
        True
    """
    return alpha(_table(votes).counts())


@dataclass(frozen=True)
class DawidSkeneLabels:
    """Labels by Dawid and Skene's model.

    Attributes:
        posterior: probability of each class (columns) for each clip (rows); NaN without a vote.
        priors: probability of each class.
        confusion: probability of each answer (columns) by annotator and true class (rows).
    """

    posterior: pd.DataFrame
    priors: pd.Series
    confusion: pd.DataFrame


def dawid_skene(
    votes: Votes, classes: Sequence[str] | None = None, *, smoothing: float = model.SMOOTHING
) -> DawidSkeneLabels:
    """Estimate labels and each annotator's confusion matrix from the votes alone.

    Args:
        votes: table of votes.
        classes: order of the classes; default: those voted for, sorted.
        smoothing: pseudo-counts for each annotator and class; 0 is the paper's model.

    Raises:
        DataError: if a vote is for no class.

    Example:
        >>> votes = [(f"c{n}", name, "xy"[n % 2]) for n in range(6) for name in "abc"]
        >>> labels = dawid_skene([*votes, ("c6", "a", "x"), ("c6", "b", "x"), ("c6", "c", "y")])
        >>> labels.posterior.idxmax(axis=1)["c6"]
        'x'
    """
    table = _table(votes, classes)
    fitted = model.dawid_skene(table.codes, len(table.classes), smoothing=smoothing)
    names = list(table.classes)
    index = pd.MultiIndex.from_product([table.annotators, names], names=["annotator", "true"])
    return DawidSkeneLabels(
        posterior=pd.DataFrame(fitted.posterior, index=table.clips, columns=names),
        priors=pd.Series(fitted.priors, index=names),
        confusion=pd.DataFrame(fitted.confusion.reshape(-1, len(names)), index, columns=names),
    )


def _table(votes: Votes, classes: Sequence[str] | None = None) -> VoteTable:
    if not isinstance(votes, pd.DataFrame):
        votes = pd.DataFrame([tuple(row)[:3] for row in votes], columns=_COLUMNS)
    missing = [name for name in _COLUMNS if name not in votes]
    if missing:
        raise DataError(f"votes: no column '{missing[0]}'; the columns must be {_COLUMNS}")
    last = votes[_COLUMNS].drop_duplicates(["clip_id", "annotator"], keep="last")
    rows = [
        (clip_id, annotator, emotion if isinstance(emotion, str) and emotion != UNCLEAR else None)
        for clip_id, annotator, emotion in last.itertuples(index=False, name=None)
    ]
    given = sorted({emotion for _, _, emotion in rows if emotion is not None})
    known = given if classes is None else classes
    unknown = [emotion for emotion in given if emotion not in known]
    if unknown:
        raise DataError(f"votes: {quoted(unknown[0])} isn't one of the classes {', '.join(known)}")
    return vote_codes(rows, tuple(known))


def _folder(corpus: str | Path) -> Path:
    if not (Path(corpus) / "corpus.toml").is_file():
        raise DataError(f"{corpus}: no corpus.toml here; give the folder of a corpus")
    return Path(corpus)
