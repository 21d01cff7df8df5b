"""A trained model on disk: weights as safetensors, all else as JSON; nothing in it is executed."""

import json
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from manifests.emotions import EMOTIONS
from manifests.errors import DataError
from manifests.store import canonical_json, sha256_file, write_bytes, write_text
from models.features import FeatureExtractor
from models.fitted import FittedModel, build_network, functional_inputs
from models.normalisation import Normaliser
from models.runs import DESCRIPTION
from models.settings import TrainSettings
from models.text.vocabulary import Vocabulary

__all__ = ["WEIGHTS", "read_model", "write_model"]

WEIGHTS = "model.safetensors"

_SCHEMA = 3
_KEYS = {
    "schema",
    "classes",
    "settings",
    "normalisation",
    "levelling",
    "vocabulary",
    "weights_sha256",
}


def write_model(folder: Path, model: FittedModel) -> None:
    """Write ``model.safetensors`` and ``model.json`` into a folder."""
    from safetensors.torch import save

    weights = {name: value.contiguous() for name, value in model.network.state_dict().items()}
    write_bytes(folder / WEIGHTS, save(weights))
    description = {
        "schema": _SCHEMA,
        "classes": list(model.classes),
        "settings": model.settings.model_dump(mode="json"),
        "normalisation": model.normaliser.document(),
        "levelling": None
        if model.functional_scaler is None
        else model.functional_scaler.document(),
        "temperature": model.temperature,
        "vocabulary": model.vocabulary.document(),
        "weights_sha256": sha256_file(folder / WEIGHTS),
    }
    write_text(folder / DESCRIPTION, canonical_json(description) + "\n")


def read_model(folder: Path) -> FittedModel:
    """Return the model of a run folder, on the CPU.

    Raises:
        DataError: naming the file, if one is missing, cut short, changed or of something else.
    """
    path = folder / DESCRIPTION
    description = _description(path)
    try:
        settings = TrainSettings.model_validate(description["settings"])
        width = FeatureExtractor(settings.features).width
        normaliser = Normaliser.parse(description["normalisation"], width)
        functionals = functional_inputs(settings)
        functional_scaler = (
            Normaliser.parse(description["levelling"], functionals) if functionals else None
        )
        vocabulary = Vocabulary.parse(description["vocabulary"])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{path}: settings '{where}': {first['msg']}; {_AGAIN}") from error
    except DataError as error:
        raise DataError(f"{path}: {error}; {_AGAIN}") from error
    weights = _weights(folder / WEIGHTS, description["weights_sha256"])
    vectors = weights.get("text.vectors.weight")
    if (
        settings.modality != "audio"
        and settings.words.kind == "cnn"
        and (vectors is None or vectors.ndim != 2 or len(vectors) != len(vocabulary))
    ):
        raise DataError(f"{folder / WEIGHTS}: has no vectors for the vocabulary; {_AGAIN}")
    network = build_network(settings, vectors, len(EMOTIONS), len(vocabulary.ngrams))
    _check_shapes(folder / WEIGHTS, weights, network.state_dict())
    network.load_state_dict(weights)
    temperature = _temperature(path, description.get("temperature", 1.0))
    return FittedModel(
        network.eval(), normaliser, vocabulary, settings, EMOTIONS, temperature, functional_scaler
    )


def _description(path: Path) -> dict[str, Any]:
    try:
        description = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(
            f"{path.parent}: no trained model here ({DESCRIPTION} can't be read); train one with: "
            f"corpus train"
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid JSON ({error}); {_AGAIN}") from error
    if not isinstance(description, dict) or set(description) - {"temperature"} != _KEYS:
        raise DataError(f"{path}: not the description of a model; {_AGAIN}")
    if description["schema"] != _SCHEMA:
        raise DataError(
            f"{path}: schema {description['schema']!r}, where this corpus-tools reads {_SCHEMA}; "
            f"update corpus-tools, or train again"
        )
    if description["classes"] != list(EMOTIONS):
        raise DataError(f"{path}: its classes are not {', '.join(EMOTIONS)}; {_AGAIN}")
    return description


def _temperature(path: Path, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.01 <= value <= 100:
        raise DataError(f"{path}: its temperature is no number from 0.01 to 100; {_AGAIN}")
    return float(value)


def _weights(path: Path, sha256: object) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path}: the weights can't be read ({error.strerror}); {_AGAIN}"
        ) from error
    try:
        weights: dict[str, Tensor] = load(data)
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise DataError(f"{path}: cut short or no safetensors file ({error}); {_AGAIN}") from error
    for name, value in weights.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise DataError(f"{path}: weights '{name}' are not all numbers; {_AGAIN}")
    if sha256_file(path) != sha256:
        raise DataError(f"{path}: not the weights that {DESCRIPTION} describes; {_AGAIN}")
    return weights


def _check_shapes(path: Path, weights: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    if missing := expected.keys() ^ weights.keys():
        raise DataError(f"{path}: weights '{min(missing)}' don't fit the settings; {_AGAIN}")
    for name, value in expected.items():
        if weights[name].shape != value.shape or weights[name].dtype != value.dtype:
            raise DataError(f"{path}: weights '{name}' have another shape or kind; {_AGAIN}")


_AGAIN = "restore the run from a copy, or train it again"
