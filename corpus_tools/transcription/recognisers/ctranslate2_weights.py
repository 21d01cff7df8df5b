"""Whisper in CTranslate2's format: lookup, validation and download of converted folders."""

import json
import math
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.transcription.recognisers.whisper_weights import Weights, is_whisper_size
from manifests.base.errors import DataError
from manifests.storage.store import sha256_file

__all__ = ["check_folder", "check_links", "find_folder", "read_tensors"]

Tensors = dict[str, NDArray[Any]]


def find_folder(model: str, download: bool, announce: Callable[[str], None]) -> Weights:
    """Return the folder of a model that faster-whisper names (``large-v3``), or of a path.

    A name is looked up in Hugging Face's cache; a download must be allowed, and is announced. Raise
    DataError if there is no such model, it isn't in the cache, or its folder isn't one.
    """
    from faster_whisper.utils import available_models

    path = Path(model).expanduser()
    if path.is_file():
        raise DataError(
            f"{model} is a file; give the folder of a Whisper model converted for CTranslate2 "
            f"(with model.bin), or use --recogniser whisper for a checkpoint (.pt)"
        )
    if path.is_dir():
        digest = _sha256(path)
        return Weights(f"{path.resolve().name}-{digest[:8]}", path, digest)
    if model not in available_models():
        raise DataError(
            f"no faster-whisper model '{model}': neither a folder nor a known name; the names are "
            f"{', '.join(available_models())}"
        )
    folder = _cached(model) or _downloaded(model, download, announce)
    return Weights(f"faster-{model}", folder, _sha256(folder))


def _sha256(folder: Path) -> str:
    check_links(folder, ("model.bin", "config.json", "vocabulary.json", "vocabulary.txt"))
    if not (folder / "model.bin").is_file() or not (folder / "config.json").is_file():
        raise DataError(
            f"{folder}: not a Whisper model converted for CTranslate2 (model.bin or config.json "
            f"is missing); convert one with ct2-transformers-converter"
        )
    return sha256_file(folder / "model.bin")


def _cached(model: str) -> Path | None:
    from faster_whisper.utils import download_model
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = Path(download_model(model, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    return folder if (folder / "model.bin").is_file() else None


def _downloaded(model: str, download: bool, announce: Callable[[str], None]) -> Path:
    from faster_whisper.utils import _MODELS, download_model

    if not download:
        raise DataError(
            f"faster-whisper model '{model}' is not in Hugging Face's cache; give a converted "
            f"folder with --model FOLDER, or download it with --download"
        )
    announce(f"downloading faster-whisper {model} from https://huggingface.co/{_MODELS[model]}")
    try:
        return Path(download_model(model))
    except Exception as error:  # of several network libraries
        reason = " ".join(str(error).split())[:_MAX_MESSAGE]
        raise DataError(
            f"faster-whisper model '{model}' can't be downloaded ({reason}); get its folder on "
            f"another machine and give it with --model FOLDER, or try --download again"
        ) from error


_MAX_MESSAGE = 300  # characters of another package's error message


def check_links(folder: Path, names: Iterable[str]) -> None:
    """Raise DataError if a file of a model's folder is a link out of it."""
    home = folder.resolve()
    # Hugging Face's cache has links from snapshots/COMMIT to blobs beside it
    inside = home.parents[1] if home.parent.name == "snapshots" else home
    for name in names:
        path = folder / name
        if path.is_symlink() and not path.resolve().is_relative_to(inside):
            raise DataError(f"{path}: a link that leads out of the model's folder; copy the file")


def check_folder(folder: Path) -> None:
    """Raise DataError if a folder's model isn't Whisper's, is truncated or doesn't fit its config.

    CTranslate2 has no code in its files, but trusts their sizes.
    """
    tensors = read_tensors(folder / "model.bin")
    if not _is_whisper(tensors):
        raise DataError(
            f"{folder / 'model.bin'}: not a Whisper model (its tensors don't match); give one "
            f"converted for CTranslate2"
        )
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        vocabulary = _vocabulary_size(folder)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"{folder}: its config.json or vocabulary can't be read ({error}); copy the folder "
            f"again"
        ) from error
    words = len(tensors["decoder/embeddings/weight"])
    if vocabulary != words:
        raise DataError(
            f"{folder}: its vocabulary has {vocabulary} words, its model {words}; copy the folder "
            f"again"
        )
    if not _config_fits(config, _layers(tensors), int(tensors["decoder/num_heads"]), words):
        raise DataError(
            f"{folder / 'config.json'}: doesn't fit the model (alignment_heads or token ids); "
            f"copy the folder again"
        )


def _is_whisper(tensors: Tensors) -> bool:
    def shape(name: str) -> tuple[int, ...]:
        return tensors[name].shape if name in tensors else ()

    convolution, embeddings = shape("encoder/conv1/weight"), shape("decoder/embeddings/weight")
    if len(convolution) != 3 or len(embeddings) != 2 or not _layers(tensors):
        return False
    heads = [tensors.get(f"{side}/num_heads") for side in ("encoder", "decoder")]
    if any(one is None or one.size != 1 or int(one) < 1 for one in heads):
        return False
    width, mels, _ = convolution
    dims = {
        "n_mels": mels,
        "n_audio_ctx": (shape("encoder/position_encodings/encodings") or (0,))[0],
        "n_text_ctx": (shape("decoder/position_encodings/encodings") or (0,))[0],
        "n_vocab": embeddings[0],
        "n_audio_state": width,
        "n_text_state": embeddings[1],
        "n_audio_head": int(heads[0] or 1),
        "n_text_head": int(heads[1] or 1),
    }
    return is_whisper_size(dims)


def _layers(tensors: Tensors) -> int:
    names = (name.split("/")[1] for name in tensors if name.startswith("decoder/layer_"))
    return len({name for name in names if name.removeprefix("layer_").isdecimal()})


def _vocabulary_size(folder: Path) -> int:
    path = folder / "vocabulary.json"
    if path.is_file():
        return len(json.loads(path.read_text(encoding="utf-8")))
    return len(
        (folder / "vocabulary.txt").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    )


def _config_fits(config: Any, layers: int, heads: int, words: int) -> bool:
    """Return whether the config's indices lie in the model, as CTranslate2 doesn't check."""
    try:
        pairs = [(int(layer), int(head)) for layer, head in config["alignment_heads"]]
        ids = [
            int(number)
            for name in ("suppress_ids", "suppress_ids_begin", "lang_ids")
            for number in config.get(name) or ()
        ]
    except (KeyError, TypeError, ValueError):
        return False
    return (
        bool(pairs)
        and all(0 <= layer < layers and 0 <= head < heads for layer, head in pairs)
        and all(-1 <= number < words for number in ids)
    )


def read_tensors(path: Path) -> Tensors:
    """Return the tensors of a model.bin (binary version 6), aliases included, not yet in memory.

    Raise DataError if it isn't one, or is truncated.
    """
    try:
        return _Reader(path).tensors()
    except (struct.error, ValueError, KeyError, OSError, OverflowError) as error:
        raise DataError(
            f"{path}: not a model of CTranslate2, or truncated ({error}); copy or download it again"
        ) from error


class _Reader:
    def __init__(self, path: Path) -> None:
        self.data = np.memmap(path, np.uint8, "r")
        self.at = 0

    def tensors(self) -> Tensors:
        if (version := self.number("I")) != _VERSION:
            raise ValueError(f"binary version {version}, not {_VERSION}")
        if (kind := self.string()) != "WhisperSpec":
            raise ValueError(f"its kind is {kind[:40]!r}, not WhisperSpec")
        self.number("I")  # revision of the kind
        found: Tensors = {}
        for _ in range(self.number("I")):
            name = self.string()
            shape = [self.number("I") for _ in range(self.number("B"))]
            kind_of = np.dtype(_TYPES[self.number("B")])
            size = self.number("I")
            if size != math.prod(shape) * kind_of.itemsize:
                raise ValueError(f"{name[:60]!r} has another size than its shape")
            found[name] = self.take(size).view(kind_of).reshape(shape)
        for _ in range(self.number("I")):
            alias = self.string()
            found[alias] = found[self.string()]
        return found

    def take(self, size: int) -> NDArray[Any]:
        self.at += size
        if self.at > len(self.data):
            raise ValueError("it ends too early")
        return self.data[self.at - size : self.at]

    def number(self, kind: str) -> int:
        (value,) = struct.unpack(f"<{kind}", self.take(struct.calcsize(f"<{kind}")).tobytes())
        return int(value)

    def string(self) -> str:
        return self.take(self.number("H")).tobytes().rstrip(b"\0").decode()


_VERSION = 6
_TYPES = {0: "<f4", 1: "i1", 2: "<i2", 3: "<i4", 4: "<f2", 5: "<u2"}  # the last is bfloat16
