"""Folders of FunASR's models: lookup, download, and what of them FunASR gets.

FunASR takes code, checkpoints, addresses and further models from a folder's configuration. So the
configuration is read here, and only known parts, numbers and the folder's own files are passed on.
"""

import re
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_tools.transcription.recognisers.ctranslate2_weights import check_links
from corpus_tools.transcription.recognisers.whisper_weights import read_weights
from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.store import fingerprint, sha256_file

__all__ = ["MODELS", "FunasrFolder", "find_folder", "missing_tensors", "read_checkpoint"]

MODELS = {
    "paraformer-zh": (
        "iic/speech_seaco_paraformer_large_asr_nat-zh-cn-16k-common-vocab8404-pytorch"
    ),
    "sensevoice-small": "iic/SenseVoiceSmall",
}
"""Short names of models, and their names on ModelScope."""

_KINDS = (
    "Paraformer",
    "BiCifParaformer",
    "ContextualParaformer",
    "SeacoParaformer",
    "SenseVoiceSmall",
)
_PARTS = {
    "encoder": ("SANMEncoder", "SenseVoiceEncoderSmall"),
    "decoder": ("ParaformerSANMDecoder", "ContextualParaformerDecoder"),
    "seaco_decoder": ("ParaformerSANMDecoder",),
    "predictor": ("CifPredictor", "CifPredictorV2", "CifPredictorV3"),
    "tokenizer": ("CharTokenizer", "SentencepiecesTokenizer"),
    "frontend": ("WavFrontend",),
    "normalize": (),
}
_TOKENIZER_KEYS = ("unk_symbol", "split_with_space")
_LARGEST = 100_000  # of a size
_MOST_LAYERS = 200
_LARGEST_FILE = 1 << 18  # bytes of config.yaml; published ones have less than 10,000
_DEEPEST = 20
_LAYERS = re.compile("block|layer_num|num_layer")


@dataclass(frozen=True)
class FunasrFolder:
    """A model's folder: its name in transcripts, the sha256 of its weights, FunASR's arguments.

    ``files`` is the fingerprint of the configuration and of all files but the weights.
    """

    path: Path
    name: str
    sha256: str
    files: str
    kind: str
    arguments: Mapping[str, Any]

    @property
    def takes_hotwords(self) -> bool:
        """Whether the model takes expected words, which it finds in its ``seg_dict``."""
        return self.kind in ("ContextualParaformer", "SeacoParaformer") and {
            "seg_dict",
            "am.mvn",
        } <= {path.name for path in self.path.iterdir()}


def find_folder(model: str, download: bool, announce: Callable[[str], None]) -> FunasrFolder:
    """Return the model in a folder, or of a name (of `MODELS`, or ``owner/name``) on ModelScope.

    A name is looked up in ModelScope's cache; a download must be allowed, and is announced. Raise
    DataError if there is no such model, it isn't in the cache, or its folder isn't one of
    Paraformer or SenseVoice with safe contents.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        return _read(path, None)
    if path.is_file():
        raise DataError(
            f"{model} is a file; give the folder that it lies in, with model.pt and config.yaml"
        )
    hub = MODELS.get(model.lower(), model)
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", hub):
        raise DataError(
            f"no FunASR model '{model}': neither a folder, nor {' or '.join(MODELS)}, nor a name "
            f"on ModelScope such as {MODELS['sensevoice-small']}"
        )
    return _read(_from_hub(hub, download, announce), hub.partition("/")[2])


def _from_hub(hub: str, download: bool, announce: Callable[[str], None]) -> Path:
    try:
        from modelscope.hub.snapshot_download import snapshot_download
    except ImportError as error:
        raise ConfigurationError(
            f"a FunASR model is found by its name with the package modelscope, which can't be "
            f"imported ({error}); run: pip install modelscope, or give the model's folder with "
            f"--model FOLDER"
        ) from error
    try:
        return Path(snapshot_download(hub, local_files_only=True))
    except Exception as error:  # of several kinds, by version
        if not download:
            raise DataError(
                f"FunASR model '{hub}' is not in ModelScope's cache; give its folder with --model "
                f"FOLDER, or download it (about 1 GB) with --download"
            ) from error
    announce(f"downloading {hub}, about 1 GB, from ModelScope")
    try:
        return Path(snapshot_download(hub))
    except Exception as error:  # of several network libraries
        raise DataError(
            f"FunASR model '{hub}' can't be downloaded ({_short(error)}); get its folder on "
            f"another machine and give it with --model FOLDER, or try --download again"
        ) from error


def _read(folder: Path, name: str | None) -> FunasrFolder:
    bpe = sorted(path.name for path in folder.glob("*bpe.model"))[:1]
    tokens = [name for name in ("tokens.json", "tokens.txt") if (folder / name).is_file()][:1]
    others = [one for one in ("am.mvn", "seg_dict") if (folder / one).is_file()]
    known = ["model.pt", "config.yaml", *others, *bpe, *tokens]
    check_links(folder, known)
    for required in known[:2]:
        if not (folder / required).is_file():
            raise DataError(
                f"{folder}: not a model of FunASR ({required} is missing); give the folder as it "
                f"was downloaded, or a name such as paraformer-zh"
            )
    config = _config(folder / "config.yaml")
    arguments = _arguments(config, folder / "config.yaml")
    arguments["tokenizer_conf"] |= {
        key: str(folder / file)
        for key, file in (
            *(("token_list", one) for one in tokens),
            *(("bpemodel", one) for one in bpe),
            *(("seg_dict", one) for one in others if one == "seg_dict"),
        )
    }
    wanted = "bpemodel" if arguments["tokenizer"] == "SentencepiecesTokenizer" else "token_list"
    if wanted not in arguments["tokenizer_conf"]:
        missing = "its *.bpe.model" if wanted == "bpemodel" else "tokens.json"
        raise DataError(f"{folder}: {missing} is missing; copy or download the folder again")
    arguments["frontend_conf"]["cmvn_file"] = str(folder / "am.mvn") if "am.mvn" in others else None
    digest = sha256_file(folder / "model.pt")
    return FunasrFolder(
        folder,
        name or f"{folder.resolve().name}-{digest[:8]}",
        digest,
        fingerprint([[one, sha256_file(folder / one)] for one in sorted(known[1:])])[:16],
        arguments["model"],
        arguments,
    )


def _config(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ValueError(f"it is larger than {_LARGEST_FILE >> 10} KiB")
        text = path.read_text(encoding="utf-8")
        depth = 0  # what follows would take endless time and memory
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > _DEEPEST:
                raise ValueError("it has references, or lists nested too deep")
        config = yaml.safe_load(text)
    except Exception as error:  # of several kinds, by what the YAML claims a value to be
        raise DataError(
            f"{path}: can't be read ({_short(error)}); copy the folder again"
        ) from error
    if not isinstance(config, dict):
        config = {}
    kind = config.get("model")
    if kind not in _KINDS:
        raise DataError(
            f"{path}: its model is {_quoted(kind)}, not one of {', '.join(_KINDS)}; give the "
            f"folder of a Paraformer or of SenseVoiceSmall"
        )
    for part, classes in _PARTS.items():
        if config.get(part) is not None and config[part] not in classes:
            raise DataError(
                f"{path}: its {part} is {_quoted(config[part])}, which isn't supported; give the "
                f"folder of a Paraformer or of SenseVoiceSmall as published"
            )
    for part in ("encoder", "tokenizer", "frontend"):
        if config.get(part) is None:
            raise DataError(f"{path}: names no {part}; copy or download the folder again")
    return dict(config)


def _arguments(config: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return the parts of a configuration that FunASR gets."""
    confs = {
        key: _plain(config.get(key), f"{path}: its {key}")
        for key in ("model_conf", "ctc_conf", *(f"{part}_conf" for part in _PARTS))
    }
    tokenizer = confs["tokenizer_conf"]
    parts = {part: config.get(part) for part in _PARTS}
    return {
        **confs,
        **parts,
        "model": config["model"],
        # what a model's own section may not bring in by the same name
        "model_conf": {
            key: value for key, value in confs["model_conf"].items() if key not in parts
        },
        "tokenizer_conf": {key: tokenizer[key] for key in _TOKENIZER_KEYS if key in tokenizer},
        "frontend_conf": confs["frontend_conf"] | {"dither": 0.0},  # else texts change by chance
        "specaug": None,
    }


def _plain(section: Any, where: str) -> dict[str, Any]:
    """Return a section of names, numbers and lists of numbers, or raise DataError."""
    section = {} if section is None else section
    if not isinstance(section, dict) or not all(isinstance(key, str) for key in section):
        raise DataError(f"{where} is no table; copy or download the folder again")
    for key, value in section.items():
        for one in value if isinstance(value, list) else [value]:
            most = _MOST_LAYERS if _LAYERS.search(key) else _LARGEST
            number = isinstance(one, int | float) and abs(one) <= most
            if not (number or one is None or isinstance(one, str)):
                raise DataError(
                    f"{where} has {key} = {_quoted(one)}; copy or download the folder again"
                )
    return dict(section)


def read_checkpoint(path: Path) -> Mapping[str, tuple[int, ...]]:
    """Return the names and shapes of a model.pt's tensors, which is opened without its code.

    Raise DataError if it has pickled code, is truncated, or isn't a checkpoint.
    """
    import torch

    state: Any = read_weights(path, "use the model as published")
    for key in ("state_dict", "model_state_dict", "model"):
        state = state.get(key, state) if isinstance(state, dict) else {}
    return {
        str(name).removeprefix("module."): tuple(tensor.shape)
        for name, tensor in (state.items() if isinstance(state, dict) else ())
        if isinstance(tensor, torch.Tensor)
    }


def missing_tensors(
    wanted: Mapping[str, tuple[int, ...]], there: Mapping[str, tuple[int, ...]]
) -> Sequence[str]:
    """Return the names of tensors that a checkpoint lacks, or has in another shape."""
    return [name for name, shape in wanted.items() if there.get(name) != shape]


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:_MAX_MESSAGE]


def _quoted(value: Any) -> str:
    try:
        return reprlib.repr(value)[:_MAX_QUOTED]
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "a huge number"


_MAX_MESSAGE = 300  # characters of another package's error message
_MAX_QUOTED = 60
