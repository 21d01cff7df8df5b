"""A tiny Whisper checkpoint, converted for CTranslate2 with its own specification of Whisper."""

from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import torch
from ctranslate2.specs.whisper_spec import WhisperSpec
from whisper.tokenizer import get_tokenizer


def write_folder(checkpoint: Path, folder: Path) -> Path:
    given = torch.load(checkpoint, weights_only=True)
    weights = {name: one.float().numpy() for name, one in given["model_state_dict"].items()}
    dims = given["dims"]
    spec = WhisperSpec(
        dims["n_audio_layer"], dims["n_audio_head"], dims["n_text_layer"], dims["n_text_head"]
    )
    for side, norm in (("encoder", "ln_post"), ("decoder", "ln")):
        part = getattr(spec, side)
        part.position_encodings.encodings = weights[f"{side}.positional_embedding"]
        set_norm(part.layer_norm, weights, f"{side}.{norm}")
        for number, layer in enumerate(part.layer):
            set_layer(layer, weights, f"{side}.blocks.{number}")
    for name in ("conv1", "conv2"):
        set_linear(getattr(spec.encoder, name), weights, f"encoder.{name}")
    spec.decoder.embeddings.weight = weights["decoder.token_embedding.weight"]
    spec.decoder.projection.weight = weights["decoder.token_embedding.weight"]
    encoding = get_tokenizer(True, num_languages=99).encoding
    special = {number: name for name, number in encoding._special_tokens.items()}
    tokens = [special.get(n) or spelled(encoding, n) for n in range(dims["n_vocab"])]
    spec.register_vocabulary(tokens)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [220, 50257]
    spec.config.lang_ids = list(range(50259, 50358))
    spec.config.alignment_heads = [(0, 0), (0, 1)]
    folder.mkdir(parents=True)
    spec.validate()
    spec.save(str(folder))
    assert ctranslate2.contains_model(str(folder))
    return folder


def spelled(encoding: Any, token: int) -> str:
    """Return a token as vocabulary.json spells it: bytes that aren't letters are letters, too."""
    if token == 50256:  # a gap in Whisper's multilingual vocabulary
        return ""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in shown}
    letters |= {b: chr(256 + n) for n, b in enumerate(b for b in range(256) if b not in shown)}
    return "".join(letters[byte] for byte in encoding.decode_single_token_bytes(token))


def set_layer(layer: Any, weights: dict[str, Any], block: str) -> None:
    attention = layer.self_attention
    set_norm(attention.layer_norm, weights, f"{block}.attn_ln")
    set_joined(attention.linear[0], weights, f"{block}.attn", ("query", "key", "value"))
    set_linear(attention.linear[1], weights, f"{block}.attn.out")
    if f"{block}.cross_attn_ln.weight" in weights:
        set_norm(layer.attention.layer_norm, weights, f"{block}.cross_attn_ln")
        set_linear(layer.attention.linear[0], weights, f"{block}.cross_attn.query")
        set_joined(layer.attention.linear[1], weights, f"{block}.cross_attn", ("key", "value"))
        set_linear(layer.attention.linear[2], weights, f"{block}.cross_attn.out")
    set_norm(layer.ffn.layer_norm, weights, f"{block}.mlp_ln")
    set_linear(layer.ffn.linear_0, weights, f"{block}.mlp.0")
    set_linear(layer.ffn.linear_1, weights, f"{block}.mlp.2")


def set_joined(target: Any, weights: dict[str, Any], name: str, parts: tuple[str, ...]) -> None:
    width = len(weights[f"{name}.query.bias"])
    biases = [weights.get(f"{name}.{part}.bias", np.zeros(width, np.float32)) for part in parts]
    target.weight = np.concatenate([weights[f"{name}.{part}.weight"] for part in parts])
    target.bias = np.concatenate(biases)


def set_norm(target: Any, weights: dict[str, Any], name: str) -> None:
    target.gamma, target.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]


def set_linear(target: Any, weights: dict[str, Any], name: str) -> None:
    target.weight, target.bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
