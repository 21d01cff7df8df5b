"""Whisper's weights: lookup, validation and download of checkpoints."""

import os
import pickle
import shutil
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manifests.base.errors import DataError
from manifests.storage.partials import clear_partials
from manifests.storage.store import atomic_path, sha256_file

__all__ = [
    "Weights",
    "cache_folder",
    "check_checkpoint",
    "encoder_size",
    "find_weights",
    "is_whisper_size",
    "official_name",
    "read_weights",
]

_MEGABYTES = {
    "tiny": 76,
    "base": 145,
    "small": 484,
    "medium": 1530,
    "large": 3090,
    "turbo": 1620,
}
"""Sizes of the official files, by a part of the name."""


@dataclass(frozen=True)
class Weights:
    """A local checkpoint, and its name in transcripts: official, or from file name and hash."""

    name: str
    path: Path
    sha256: str


def find_weights(model: str, download: bool, announce: Callable[[str], None]) -> Weights:
    """Return the checkpoint of an official name (``large-v3``) or path.

    An official name is looked up in Whisper's own cache; a download must be allowed, and is
    announced with its size. Raise DataError if the model doesn't exist, isn't in the cache, or has
    a wrong hash.
    """
    import whisper

    path = Path(model).expanduser()
    if path.is_file():
        digest = sha256_file(path)
        return Weights(f"{path.stem}-{digest[:8]}", path, digest)
    if path.is_dir():
        raise DataError(f"{model} is a folder; give the file of the Whisper model in it (.pt)")
    if model not in whisper.available_models():
        raise DataError(
            f"no Whisper model '{model}': neither a file nor an official name; the names are "
            f"{', '.join(whisper.available_models())}"
        )
    url: str = whisper._MODELS[model]
    cached = cache_folder() / url.rsplit("/", 1)[1]
    published = url.split("/")[-2]
    if cached.is_file() and sha256_file(cached) == published:
        return Weights(cached.stem, cached, published)
    if not download:
        state = "is damaged in" if cached.is_file() else "is not in"
        raise DataError(
            f"Whisper model '{model}' {state} {cached.parent}; give a checkpoint with "
            f"--model PATH, or download it ({_size(model)}) with --download"
        )
    announce(f"downloading Whisper {cached.stem}, {_size(model)}, from {url}")
    _download(url, cached, published)
    return Weights(cached.stem, cached, published)


def official_name(sha256: str) -> str | None:
    """Return the official name of the checkpoint with this hash, None if it isn't official."""
    import whisper

    names = {url.split("/")[-2]: name for name, url in whisper._MODELS.items()}
    return names.get(sha256)


def check_checkpoint(path: Path) -> Sequence[tuple[int, int]]:
    """Return the alignment heads that a Whisper checkpoint names; it is checked without its code.

    Its dimensions are compared with its tensors, so that no file can allocate more memory than its
    own size. Raise DataError if it has pickled code, is truncated, or isn't a checkpoint.
    """
    checkpoint = read_weights(path, "use a checkpoint in openai-whisper's format")
    dims, weights = checkpoint.get("dims"), checkpoint.get("model_state_dict")
    if not (isinstance(dims, dict) and isinstance(weights, dict) and _dims_match(dims, weights)):
        raise DataError(
            f"{path}: not a Whisper checkpoint (dims and model_state_dict are missing or don't "
            f"match); give one in openai-whisper's format"
        )
    heads: Sequence[tuple[int, int]] = checkpoint.get("alignment_heads", ())
    return heads


def encoder_size(path: Path) -> tuple[int, int]:
    """Return the number of layers and the width of a checkpoint's encoder, once it is checked."""
    check_checkpoint(path)
    dims = read_weights(path, "use a checkpoint in openai-whisper's format")["dims"]
    return dims["n_audio_layer"], dims["n_audio_state"]


def _dims_match(dims: dict[str, Any], weights: dict[str, Any]) -> bool:
    from whisper import ModelDimensions

    positive = all(isinstance(value, int) and value > 0 for value in dims.values())
    if (
        set(dims) != set(ModelDimensions.__annotations__)
        or not positive
        or not is_whisper_size(dims)
    ):
        return False
    shapes = {
        "encoder.conv1.weight": (dims["n_audio_state"], dims["n_mels"], 3),
        "encoder.positional_embedding": (dims["n_audio_ctx"], dims["n_audio_state"]),
        "decoder.token_embedding.weight": (dims["n_vocab"], dims["n_text_state"]),
        "decoder.positional_embedding": (dims["n_text_ctx"], dims["n_text_state"]),
        f"encoder.blocks.{dims['n_audio_layer'] - 1}.attn_ln.weight": (dims["n_audio_state"],),
        f"decoder.blocks.{dims['n_text_layer'] - 1}.attn_ln.weight": (dims["n_text_state"],),
    }
    return all(
        tuple(getattr(weights.get(name), "shape", ())) == shape for name, shape in shapes.items()
    )


def is_whisper_size(dims: dict[str, Any]) -> bool:
    """Return whether audio, tokens and heads have Whisper's sizes, as the code assumes."""
    return (
        dims["n_mels"] in (80, 128)
        and dims["n_audio_ctx"] == 1500
        and dims["n_text_ctx"] == 448
        and 51864 <= dims["n_vocab"] <= 51866
        and dims["n_audio_state"] == dims["n_text_state"]
        and dims["n_audio_state"] % dims["n_audio_head"] == 0
        and dims["n_text_state"] % dims["n_text_head"] == 0
    )


def read_weights(path: Path, remedy: str) -> dict[str, Any]:
    """Return the content of a checkpoint, without its values, opened without running its code.

    Raise DataError, which ends in ``remedy``, if it has pickled code, or says that it is truncated
    or no checkpoint.
    """
    import torch

    try:
        with warnings.catch_warnings(action="ignore"):  # about the age of the file's format
            value = torch.load(path, map_location="meta", weights_only=True)
    except pickle.UnpicklingError as error:
        raise DataError(
            f"{path}: refused, since it has more than weights (pickled code) or isn't a "
            f"checkpoint; no code in it was run; {remedy}"
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, OSError, AttributeError) as error:
        raise DataError(
            f"{path}: not a checkpoint, or truncated; copy or download it again"
        ) from error
    return value if isinstance(value, dict) else {}


def cache_folder() -> Path:
    """Return the folder of Whisper's downloaded models."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "whisper"


def _size(model: str) -> str:
    kind = next(kind for kind in reversed(_MEGABYTES) if kind in model)
    return f"{_MEGABYTES[kind]} MB"


def _download(url: str, target: Path, published: str) -> None:
    clear_partials(target.parent)
    try:
        with (
            urllib.request.urlopen(url, timeout=60) as source,  # noqa: S310 - from whisper's table
            atomic_path(target) as temporary,
        ):
            with temporary.open("wb") as sink:
                shutil.copyfileobj(source, sink, 2**20)
            if sha256_file(temporary) != published:
                raise DataError(f"{url}: the downloaded file has a wrong hash; download it again")
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise DataError(
            f"{url} can't be reached ({error}); get the file on another machine and give it with "
            f"--model PATH, or try --download again"
        ) from error
