"""Peers of the repeat search: equal samples, and chromaprint in ffmpeg."""

import hashlib
import shutil
import subprocess
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.constructed import RATE

__all__ = ["chromaprint_repeats", "equal_samples", "has_chromaprint"]

Samples = NDArray[np.int16]


def equal_samples(clips: Mapping[str, Samples]) -> dict[str, str]:
    """Return the clips with the same samples as an earlier one."""
    first: dict[str, str] = {}
    found = {}
    for name, samples in clips.items():
        digest = hashlib.sha256(samples.tobytes()).hexdigest()
        if first.setdefault(digest, name) != name:
            found[name] = first[digest]
    return found


def has_chromaprint() -> bool:
    """Return whether ffmpeg with chromaprint is available."""
    if shutil.which("ffmpeg") is None:
        return False
    muxers = subprocess.run(["ffmpeg", "-muxers"], capture_output=True, text=True, check=True)
    return "chromaprint" in muxers.stdout


def chromaprint_repeats(clips: Mapping[str, Samples], most_errors: float) -> dict[str, str]:
    """Return the clips that differ from an earlier one in few bits, at the best offset.

    Args:
        clips: samples of each clip; those shorter than 2.7 s have no fingerprint.
        most_errors: maximum share of different bits, over at least half of the clip's items and
            at least three of them.
    """
    prints = {name: _chromaprint(samples) for name, samples in clips.items()}
    names = [name for name, items in prints.items() if len(items)]
    longest = max((len(prints[name]) for name in names), default=0)
    table = np.zeros((len(names), longest), dtype=np.uint32)
    lengths = np.array([len(prints[name]) for name in names])
    for row, name in zip(table, names, strict=True):
        row[: len(prints[name])] = prints[name]
    found: dict[str, str] = {}
    for number, name in enumerate(names[1:], start=1):
        values, least = prints[name], max(3, -(-len(prints[name]) // 2))
        best = (most_errors, -1)
        for shift in range(-longest + least, len(values) - least + 1):
            start, end = max(shift, 0), min(len(values), longest + shift)
            valid = np.arange(start - shift, end - shift) < lengths[:number, None]
            different = np.bitwise_count(
                values[start:end] ^ table[:number, start - shift : end - shift]
            )
            shared = valid.sum(axis=1)
            rate = np.where(
                shared >= least, (different * valid).sum(axis=1) / np.maximum(32 * shared, 1), 1
            )
            best = min(best, (float(rate.min()), int(rate.argmin())))
        if best[1] >= 0:
            found[name] = names[best[1]]
    return found


def _chromaprint(samples: Samples) -> NDArray[np.uint32]:
    command = ["ffmpeg", "-v", "error", "-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "-"]
    command += ["-f", "chromaprint", "-fp_format", "raw", "-"]
    made = subprocess.run(command, input=samples.tobytes(), capture_output=True, check=True)
    return np.frombuffer(made.stdout, dtype="<u4")
