"""Loading of Whisper models, and their devices and languages."""

from typing import Any

from corpus_tools.transcription.whisper_weights import Weights, check_checkpoint, official_name
from manifests.errors import ConfigurationError, DataError

__all__ = ["language_code", "load_model", "resolve_device", "use_half_precision"]


def resolve_device(device: str) -> str:
    """Return the device of this name; ``auto`` is a GPU if there is one.

    Raises:
        ConfigurationError: if the device doesn't exist.
    """
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, number = device.partition(":")
    if kind not in ("cpu", "cuda") or (number and not number.isdecimal()):
        raise ConfigurationError(f"no device '{device}'; expected auto, cpu, cuda or cuda:N")
    if kind == "cuda" and int(number or 0) >= torch.cuda.device_count():
        raise ConfigurationError(
            f"no device '{device}': this machine has {torch.cuda.device_count()} usable GPUs; "
            f"use --device cpu"
        )
    return device


def use_half_precision(requested: bool | None, device: str) -> bool:
    """Return whether to use half precision; by default on a GPU only.

    Raises:
        ConfigurationError: if it is requested on a CPU.
    """
    on_gpu = device.startswith("cuda")
    if requested and not on_gpu:
        raise ConfigurationError("--fp16 needs a GPU; leave it out, or give --device cuda")
    return on_gpu if requested is None else requested


def load_model(weights: Weights, device: str) -> Any:
    """Load the model of a validated checkpoint.

    Official models, recognised by their hash, get Whisper's alignment heads; other models use all
    heads in the upper half of the decoder.

    Raises:
        DataError: if the checkpoint is invalid.
    """
    import torch
    import whisper

    check_checkpoint(weights.path)
    try:
        # by path, since whisper may download a model given by name
        model = whisper.load_model(str(weights.path), device="cpu")
        if (name := official_name(weights.sha256)) is not None:
            model.set_alignment_heads(whisper._ALIGNMENT_HEADS[name])
    except (RuntimeError, TypeError, KeyError, ValueError) as error:
        reason = " ".join(str(error).split())[:_MAX_MESSAGE]
        raise DataError(
            f"{weights.path}: its weights don't fit its dims ({reason}); download it again"
        ) from error
    if not all(bool(torch.isfinite(weight).all()) for weight in model.state_dict().values()):
        raise DataError(f"{weights.path}: has weights that aren't finite; download it again")
    try:
        return model.to(device).eval()
    except torch.OutOfMemoryError as error:
        raise ConfigurationError(
            f"{weights.name} doesn't fit into the GPU's memory; use a smaller model or --device cpu"
        ) from error


_MAX_MESSAGE = 300  # characters of torch's error message


def language_code(model: Any, language: str | None) -> str | None:
    """Return Whisper's code of a language tag (``zh`` for ``cmn`` and ``zh-Hans``).

    Raises:
        ConfigurationError: if the model doesn't support the language.
    """
    from whisper.tokenizer import LANGUAGES

    if language is None:
        return None if model.is_multilingual else "en"
    code = language.lower().split("-")[0]
    code = "zh" if code == "cmn" else code
    known = list(LANGUAGES)[: model.num_languages] if model.is_multilingual else ["en"]
    if code not in known:
        raise ConfigurationError(
            f"this Whisper model doesn't support the language '{language}'; give one of its "
            f"{len(known)} codes, such as {', '.join(known[:3])}"
        )
    return code
