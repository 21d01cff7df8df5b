"""A tiny Whisper checkpoint in the official format, with random weights.

Run it with a path to write one there, or take `write_checkpoint` through ``runpy.run_path``.
Decode with ``temperatures = [0.0]`` and a small ``max_tokens``, since its texts never end.
"""

import dataclasses
import sys
from pathlib import Path

import torch
import whisper


def write_checkpoint(path: Path, seed: int = 0, layers: int = 1) -> Path:
    dims = whisper.ModelDimensions(
        n_mels=80,
        n_audio_ctx=1500,
        n_audio_state=64,
        n_audio_head=2,
        n_audio_layer=layers,
        n_vocab=51865,
        n_text_ctx=448,
        n_text_state=64,
        n_text_head=2,
        n_text_layer=1,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = whisper.Whisper(dims)
        decoder = model.decoder
        cross_attention = decoder.blocks[0].cross_attn
        # larger than the defaults, with which every text repeats one token
        torch.nn.init.normal_(decoder.positional_embedding, std=0.1)  # unset by the class
        torch.nn.init.normal_(decoder.token_embedding.weight, std=0.1)
        torch.nn.init.normal_(cross_attention.query.weight, std=0.5)
        torch.nn.init.normal_(cross_attention.key.weight, std=0.5)
        torch.nn.init.normal_(cross_attention.out.weight, std=1.0)
    weights = {name: tensor.half() for name, tensor in model.state_dict().items()}
    torch.save({"dims": dataclasses.asdict(dims), "model_state_dict": weights}, path)
    return path


if __name__ == "__main__":
    write_checkpoint(Path(sys.argv[1]))
