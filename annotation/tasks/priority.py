"""Labelling priority of clips: model uncertainty and scarcity of the predicted classes.

For a clip with predicted probabilities p of the K classes,

    priority = (H + B) / 2
    H = −Σ p_c ln p_c / ln K
    B = Σ p_c s_c / max s,  s_c = (t_c / Σ t) / (e_c / Σ e)

H is the normalised entropy of the prediction, 0..1. B is the expected scarcity of the clip's class,
0..1: t_c is the target of class c, and e_c its expected count, the number of clips labelled as c
plus the probabilities of c of all candidates. A class with target 0 isn't scarce.
The probabilities are read from the output of ``corpus predict --json``.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotation.scheme.answers import quoted
from annotation.tasks.export import hash_order
from manifests.base.emotions import EMOTIONS
from manifests.base.encodings import read_text
from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.records import Clip, Source
from manifests.storage.shards import STAGES, read_stage

__all__ = ["priorities", "ranked", "read_predictions"]


def priorities(
    probabilities: NDArray[np.float64], labelled: Sequence[int], targets: Sequence[int]
) -> NDArray[np.float64]:
    """Return the labelling priority of each clip, (N,), 0..1.

    Args:
        probabilities: predicted class probabilities of the candidates, (N, K).
        labelled: number of labelled clips of each class, (K,).
        targets: target number of clips of each class, (K,).

    Example:
        >>> priorities(np.array([[1, 0], [0.5, 0.5], [0, 1]]), [8, 2], [5, 5]).round(2)
        array([0.18, 0.84, 0.5 ])
    """
    uncertainty = _entropy(probabilities) / np.log(probabilities.shape[1])
    expected = np.asarray(labelled, dtype=float) + probabilities.sum(axis=0)
    wanted = np.asarray(targets, dtype=float)
    if not wanted.any():
        wanted = np.ones_like(wanted)
    scarcity = wanted / wanted.sum() / np.maximum(expected / expected.sum(), _MIN_SHARE)
    balance = probabilities @ (scarcity / scarcity.max())
    return np.asarray((uncertainty + balance) / 2)


def ranked(
    clips: Sequence[str],
    predictions: Mapping[str, Sequence[float]],
    labelled: Mapping[str, int],
    targets: Sequence[int],
    seed: int,
) -> list[str]:
    """Return the clips with the highest priority first; those without a prediction come last.

    Predictions are class probabilities by clip id, these and the targets in class order;
    ``labelled`` is by class. The seed is of the order of equal priorities.
    """
    known = [clip_id for clip_id in hash_order(clips, seed) if clip_id in predictions]
    unknown = [clip_id for clip_id in hash_order(clips, seed) if clip_id not in predictions]
    if not known:
        return unknown
    table = np.array([predictions[clip_id] for clip_id in known], dtype=float)
    have = [labelled.get(emotion, 0) for emotion in EMOTIONS]
    order = np.argsort(-priorities(table, have, targets).round(9), kind="stable")
    return [known[place] for place in order] + unknown


def _entropy(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithms = np.log(np.where(probabilities > 0, probabilities, 1))
    return np.asarray(-(probabilities * logarithms).sum(axis=1))


_MIN_SHARE = 1e-3  # expected share of a class, so that a rare one doesn't dominate


def read_predictions(corpus: Path, path: Path) -> dict[str, list[float]]:
    """Return class probabilities, in class order, by clip id from a JSON document.

    Clip files are matched by name. Segments of a longer media file are matched with the clips of
    the same start and end of the source with a media file of that name.

    Raises:
        ConfigurationError: if the file can't be read.
        DataError: if it isn't the output of ``corpus predict``, has no clip of the corpus, or a
            shard can't be read.
    """
    clips = {clip.clip_id: clip for clip in read_stage(corpus, STAGES["segments"], Clip)}
    sources: dict[str, list[str]] = defaultdict(list)
    for source in read_stage(corpus, STAGES["sources"], Source):
        sources[PurePosixPath(source.media_path).name].append(source.source_id)
    probabilities: dict[str, list[float]] = {}
    try:
        text = read_text(path)  # PowerShell redirects in UTF-16
    except OSError as error:
        raise ConfigurationError(
            f"--predictions {path}: can't be read ({error.strerror}); make it with: "
            f"corpus predict --json FILE… > {path.name}"
        ) from error
    try:
        document = json.loads(text)
        for name, segment in _segments(document):
            for clip_id in _clip_ids(name, segment, sources):
                if clip_id in clips:
                    probabilities[clip_id] = _probabilities(segment["probabilities"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DataError(
            f"{path}: not the predictions that corpus predict --json prints; make them again with: "
            f"corpus predict --json FILE… > {path.name}"
        ) from error
    if not probabilities:
        raise DataError(
            f"{path}: has no clip of this corpus; predict its media files or files below clips/"
        )
    return probabilities


def _segments(document: dict[str, Any]) -> Iterator[tuple[PurePosixPath, dict[str, Any]]]:
    for file in document["files"]:
        name = PurePosixPath(file["file"])
        for segment in file["clips"]:
            yield name, segment


def _clip_ids(
    name: PurePosixPath, segment: dict[str, Any], sources: dict[str, list[str]]
) -> Iterator[str]:
    yield name.stem
    start, end = (round(float(segment[key]) * 1000) for key in ("start", "end"))
    for source_id in sources.get(name.name, ()):
        yield f"{source_id}-{start:08d}-{end:08d}"


def _probabilities(shares: dict[str, Any]) -> list[float]:
    row = [float(shares[name]) for name in EMOTIONS]
    if not all(0 <= share <= 1 for share in row) or abs(sum(row) - 1) > _ROUNDING:
        raise ValueError(f"{quoted(str(shares))} aren't probabilities")
    return row


_ROUNDING = 1e-3
"""Tolerance of the sum of rounded probabilities."""
