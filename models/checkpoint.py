"""Model files: weights as safetensors, everything else as JSON; loading executes no code."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError
from torch import Tensor

from manifests.base.emotions import EMOTIONS
from manifests.base.errors import DataError
from manifests.storage.checksums import read_whole
from manifests.storage.store import canonical_json, sha256_file, write_bytes, write_text
from models.branches import (
    AudioBranch,
    Branch,
    TextBranch,
    branch_class,
    pretrained_encoders,
)
from models.config.branches import BRANCHES
from models.config.train import TrainSettings
from models.features.extractor import make_extractor
from models.features.normalise import Normaliser
from models.model import FittedModel, build_network
from models.runs import DESCRIPTION
from models.text.vocabulary import Vocabulary

__all__ = ["WEIGHTS", "read_model", "write_model"]

WEIGHTS = "model.safetensors"

_SCHEMA = 4
_KEYS = {
    "schema",
    "classes",
    "settings",
    "normalisation",
    "vocabulary",
    "weights_sha256",
}
_LATER_KEYS = {"temperature", "branches", "language", "encoders", "features"}  # often missing


def write_model(folder: Path, model: FittedModel) -> None:
    """Write ``model.safetensors`` and ``model.json`` into a folder."""
    from safetensors.torch import save

    audio, text = model.audio, model.text
    normaliser = _NO_SOUND if audio is None else audio.normaliser
    vocabulary = Vocabulary(()) if text is None else text.vocabulary
    others = {
        name: branch.document() for name, branch in model.branches.items() if name not in BRANCHES
    }
    weights = {name: value.contiguous() for name, value in model.network.state_dict().items()}
    write_bytes(folder / WEIGHTS, save(weights))
    description = {
        "schema": _SCHEMA,
        "classes": list(model.classes),
        "settings": model.settings.model_dump(mode="json"),
        "normalisation": normaliser.document(),
        "temperature": model.temperature,
        "vocabulary": vocabulary.document(),
        "weights_sha256": sha256_file(folder / WEIGHTS),
    }
    if others:
        description["branches"] = others
    if audio is not None and model.settings.audio.checkpoint is not None:
        description["features"] = make_extractor(model.settings).fingerprint()
    if model.language:
        description["language"] = model.language
    if encoders := pretrained_encoders(model.settings):
        description["encoders"] = {one.name: one.fingerprint() for one in encoders}
    write_text(folder / DESCRIPTION, canonical_json(description) + "\n")


def read_model(folder: Path) -> FittedModel:
    """Return the model of a run folder, on the CPU.

    Raises:
        DataError: if a file is missing, truncated, changed or invalid; the message names it.
        ConfigurationError: if a branch or feature extractor of the model isn't installed.
    """
    path = folder / DESCRIPTION
    description = _read_description(path)
    try:
        settings = TrainSettings.model_validate(description["settings"])
        branches = {
            name: _parse_branch(name, description, settings) for name in settings.branch_names
        }
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{path}: settings '{where}': {first['msg']}; {_REMEDY}") from error
    except DataError as error:
        raise DataError(f"{path}: {error}; {_REMEDY}") from error
    _check_encoders(path, settings, description.get("encoders", {}))
    weights = _read_weights(folder / WEIGHTS, description["weights_sha256"])
    text = branches.get("text")
    own_vectors = settings.words.kind == "cnn" and settings.words.encoder is None
    if isinstance(text, TextBranch) and own_vectors:
        vectors = weights.get("text.vectors.weight")
        if vectors is None or vectors.ndim != 2 or len(vectors) != len(text.vocabulary):
            raise DataError(f"{folder / WEIGHTS}: word vectors don't fit the vocabulary; {_REMEDY}")
        branches["text"] = replace(text, vectors=vectors)
    network = build_network(branches, len(EMOTIONS))
    _check_weights(folder / WEIGHTS, weights, network.state_dict())
    network.load_state_dict(weights)
    temperature = _parse_temperature(path, description.get("temperature", 1.0))
    language = description.get("language")
    if not isinstance(language, str | None):
        raise DataError(f"{path}: language is not a code; {_REMEDY}")
    return FittedModel(network.eval(), branches, settings, EMOTIONS, temperature, language)


def _check_encoders(path: Path, settings: TrainSettings, recorded: Any) -> None:
    """Raise DataError if a pretrained encoder isn't the one that the model was trained on."""
    for one in pretrained_encoders(settings):
        if not isinstance(recorded, dict) or recorded.get(one.name) != one.fingerprint():
            raise DataError(
                f"{path}: the model was trained on another version of {one.name} (its files "
                f"differ); put that version back, or train again"
            )


def _parse_branch(name: str, description: dict[str, Any], settings: TrainSettings) -> Branch:
    if name == "audio":
        extractor = make_extractor(settings)
        if description.get("features", fingerprint := extractor.fingerprint()) != fingerprint:
            raise DataError(
                f"the model needs the features of other weights than those of "
                f"'{settings.audio.checkpoint}' on this machine; put the file there that it was "
                f"trained with"
            )
        return AudioBranch(
            settings, Normaliser.parse(description["normalisation"], extractor.width)
        )
    if name == "text":
        return TextBranch(settings, Vocabulary.parse(description["vocabulary"]))
    return branch_class(name).parse(description.get("branches", {}).get(name), settings)


def _read_description(path: Path) -> dict[str, Any]:
    try:
        description = json.loads(read_whole(path, _REMEDY))
    except OSError as error:
        raise DataError(
            f"{path.parent}: no trained model ({DESCRIPTION} can't be read); train one with: "
            f"corpus train"
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid JSON ({error}); {_REMEDY}") from error
    if not isinstance(description, dict) or "schema" not in description:
        raise DataError(f"{path}: not the description of a model; {_REMEDY}")
    schema = description["schema"]
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise DataError(f"{path}: its schema is {schema!r}, no version; {_REMEDY}")
    if schema != _SCHEMA:
        raise DataError(
            f"{path}: schema {schema}, but this version reads schema {_SCHEMA}; update "
            f"corpus-tools, or train again"
        )
    if set(description) - _LATER_KEYS != _KEYS:
        raise DataError(f"{path}: not the description of a model; {_REMEDY}")
    if not isinstance(description.get("branches", {}), dict):
        raise DataError(f"{path}: 'branches' is not an object; {_REMEDY}")
    if description["classes"] != list(EMOTIONS):
        raise DataError(f"{path}: classes are not {', '.join(EMOTIONS)}; {_REMEDY}")
    return description


def _parse_temperature(path: Path, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.01 <= value <= 100:
        raise DataError(f"{path}: temperature is not a number from 0.01 to 100; {_REMEDY}")
    return float(value)


def _read_weights(path: Path, sha256: object) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path}: the weights can't be read ({error.strerror}); {_REMEDY}"
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DataError(f"{path}: not the weights that {DESCRIPTION} describes; {_REMEDY}")
    try:
        weights: dict[str, Tensor] = load(data)
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise DataError(
            f"{path}: truncated or not a safetensors file ({error}); {_REMEDY}"
        ) from error
    return weights


def _check_weights(path: Path, weights: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    if different := expected.keys() ^ weights.keys():
        raise DataError(f"{path}: weights '{min(different)}' don't fit the settings; {_REMEDY}")
    for name, value in expected.items():
        if weights[name].shape != value.shape or weights[name].dtype != value.dtype:
            raise DataError(f"{path}: weights '{name}' have another shape or type; {_REMEDY}")
        if value.is_floating_point() and not bool(torch.isfinite(weights[name].float()).all()):
            raise DataError(f"{path}: weights '{name}' are not all finite; {_REMEDY}")


_NO_SOUND = Normaliser(np.zeros(1), np.zeros(1), 1.0, 0.0)  # not used
_REMEDY = "restore the run from a copy, or train it again"
