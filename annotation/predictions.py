"""Read class probabilities of clips from the output of ``corpus predict --json``."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from annotation.answers import quoted
from manifests.emotions import EMOTIONS
from manifests.errors import ConfigurationError, DataError
from manifests.records import Clip, Source
from manifests.shards import STAGES, read_stage

__all__ = ["read_predictions"]


def read_predictions(corpus: Path, path: Path) -> dict[str, list[float]]:
    """Return class probabilities, in class order, by clip id.

    Clip files are matched by name. Segments of a longer media file are matched with the clips of
    the same start and end of the source with a media file of that name.

    Args:
        corpus: the corpus folder.
        path: JSON document.

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
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"--predictions {path}: can't be read ({error.strerror}); make it with: "
            f"corpus predict --json FILE… > {path.name}"
        ) from error
    try:
        document = json.loads(data.decode("utf-8"))
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
