"""Whisper's model on a device: loaded, ready to align words, and asked which languages it knows."""

from typing import Any

from corpus_tools.transcription.whisper_weights import Weights, check_checkpoint, official_name
from manifests.errors import ConfigurationError, DataError

__all__ = ["language_code", "load_model", "resolve_device", "use_half_precision"]


def resolve_device(device: str) -> str:
    """Return the device of a name, and for ``auto`` a GPU if there is one.

    Raises:
        ConfigurationError: if there is no such device.
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


def use_half_precision(asked: bool | None, device: str) -> bool:
    """Return whether to calculate in half precision; unless asked, on a GPU.

    Raises:
        ConfigurationError: if it is asked of a processor.
    """
    on_gpu = device.startswith("cuda")
    if asked and not on_gpu:
        raise ConfigurationError("--fp16 needs a GPU; leave it out, or give --device cuda")
    return on_gpu if asked is None else asked


def load_model(weights: Weights, device: str) -> Any:
    """Return the model of a checkpoint, checked first.

    An official model gets the attention heads that are known to follow the words' times, wherever
    its file lies; of any other the upper half of the decoder is listened to.

    Raises:
        DataError: if the checkpoint turns out to be none.
    """
    import torch
    import whisper

    check_checkpoint(weights.path)
    try:
        # by path, never by name: for a name whisper may download
        model = whisper.load_model(str(weights.path), device="cpu")
        if (name := official_name(weights.sha256)) is not None:
            model.set_alignment_heads(whisper._ALIGNMENT_HEADS[name])
    except (RuntimeError, TypeError, KeyError, ValueError) as error:
        reason = " ".join(str(error).split())[:_MOST_SAID]
        raise DataError(
            f"{weights.path}: its weights don't fit its dims ({reason}); download it again"
        ) from error
    if not all(bool(torch.isfinite(weight).all()) for weight in model.state_dict().values()):
        raise DataError(f"{weights.path}: holds weights that are no numbers; download it again")
    try:
        return model.to(device).eval()
    except torch.OutOfMemoryError as error:
        raise ConfigurationError(
            f"{weights.name} doesn't fit into the GPU's memory; use a smaller model or --device cpu"
        ) from error


_MOST_SAID = 300  # characters of what torch says


def language_code(model: Any, language: str | None) -> str | None:
    """Return Whisper's code of a language tag (``cmn`` and ``zh-Hans`` are ``zh``).

    Raises:
        ConfigurationError: if the model doesn't know the language.
    """
    from whisper.tokenizer import LANGUAGES

    if language is None:
        return None if model.is_multilingual else "en"
    code = language.lower().split("-")[0]
    code = "zh" if code == "cmn" else code
    known = list(LANGUAGES)[: model.num_languages] if model.is_multilingual else ["en"]
    if code not in known:
        raise ConfigurationError(
            f"this Whisper model doesn't know the language '{language}'; give one of the "
            f"{len(known)} codes it knows, such as {', '.join(known[:3])}"
        )
    return code
