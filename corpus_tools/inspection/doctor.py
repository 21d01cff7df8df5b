"""Check of this machine: what is installed, what is missing, and the consequences."""

import importlib
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from manifests.storage.copies import copy_warnings

__all__ = ["Check", "examine"]

GIGABYTE = 1e9

REQUIRED = {
    "av": "decoding of video and audio",
    "soundfile": "reading and writing of clips",
    "webrtcvad": "voice activity",
    "pydub": "clip-level edits",
    "librosa": "audio features",
    "torch": "the models",
    "whisper": "transcription",
    "jieba": "Chinese words",
    "opencc": "simplified characters",
    "gensim": "word vectors",
    "label_studio_sdk": "label configuration and server",
    "pandas": "tables",
    "krippendorff": "agreement",
    "matplotlib": "plots",
}
"""Modules that the commands need, with their purpose."""

DISTRIBUTIONS = {"webrtcvad": "webrtcvad-wheels", "whisper": "openai-whisper"}
"""Package names that differ from their module's."""

OPTIONAL = {
    "faster-whisper": ("faster", "transcribe --recogniser faster-whisper"),
    "funasr": ("funasr", "transcribe --recogniser funasr"),
    "rapidocr": ("ocr", "read-subtitles"),
}
"""Packages of extras, with the extra and the command that it is for."""


@dataclass(frozen=True)
class Check:
    """Result of one check.

    Attributes:
        name: subject of the check.
        state: ``ok``, ``note`` (optional) or ``missing`` (some command will fail).
        text: finding and, if needed, advice.
    """

    name: str
    state: Literal["ok", "note", "missing"]
    text: str


def examine(folder: Path) -> Iterator[Check]:
    """Yield the checks of this machine, from Python to disk space.

    Args:
        folder: folder on the disk to check.
    """
    yield _python()
    for module, purpose in REQUIRED.items():
        yield _package(module, purpose)
    for distribution, (extra, purpose) in OPTIONAL.items():
        yield _optional(distribution, extra, purpose)
    checks: tuple[Callable[[], Check], ...] = (_device, _whisper_weights, _ffmpeg, _sample)
    for check in checks:
        yield check()
    yield _space(folder)
    for text in copy_warnings(folder) if (folder / "corpus.toml").is_file() else ():
        yield Check("copies", "note", text)


def _python() -> Check:
    return Check("python", "ok", ".".join(str(part) for part in sys.version_info[:3]))


def _package(module: str, purpose: str) -> Check:
    distribution = DISTRIBUTIONS.get(module, module)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # pydub's, about ffmpeg
            importlib.import_module(module)
        return Check(module, "ok", f"{version(distribution)} ({purpose})")
    except (ImportError, OSError, PackageNotFoundError) as error:
        fix = f"pip install {distribution}"
        return Check(module, "missing", f"{purpose} will not work: {error}; try: {fix}")


def _optional(distribution: str, extra: str, purpose: str) -> Check:
    try:
        return Check(distribution, "ok", f"{version(distribution)} ({purpose})")
    except PackageNotFoundError:
        fix = f"pip install 'corpus-tools[{extra}]'"
        return Check(distribution, "note", f"not installed; needed for {purpose} only: {fix}")


def _device() -> Check:
    try:
        import torch
    except (ImportError, OSError):
        return Check("accelerator", "note", "unknown: torch does not load")
    if torch.cuda.is_available():
        return Check("accelerator", "ok", torch.cuda.get_device_name(0))
    return Check(
        "accelerator",
        "note",
        f"none; training on the sample takes a minute on {torch.get_num_threads()} threads, but "
        "Whisper's larger models are slow",
    )


def _whisper_weights() -> Check:
    from corpus_tools.transcription.recognisers.whisper_weights import cache_folder

    folder = cache_folder()
    found = sorted(path.stem for path in folder.glob("*.pt"))
    if found:
        return Check("whisper weights", "ok", f"{', '.join(found)} in {folder}")
    return Check(
        "whisper weights",
        "note",
        "none; give corpus transcribe a checkpoint with --model PATH, or --download one; "
        "subtitles, scripts and import-transcripts need none",
    )


def _ffmpeg() -> Check:
    found = shutil.which("ffmpeg")
    if found:
        return Check("ffmpeg", "ok", f"{found} (not needed: decoding is built in)")
    return Check(
        "ffmpeg",
        "note",
        "not on the PATH; optional, for cutting test files and converting media that the "
        "built-in decoder refuses",
    )


def _sample() -> Check:
    from corpus_tools.inspection.sample import sample_folder
    from manifests.base.errors import CorpusError

    try:
        return Check("sample", "ok", str(sample_folder()))
    except CorpusError as error:
        return Check("sample", "note", str(error))


def _space(folder: Path) -> Check:
    free = shutil.disk_usage(folder if folder.exists() else Path.cwd()).free / GIGABYTE
    hours = free / (16_000 * 2 * 3600 / GIGABYTE)
    text = f"{free:.1f} GB free, enough for the clips of {hours:.0f} h"
    return Check("disk", "ok" if free >= 2 else "note", text)
