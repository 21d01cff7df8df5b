"""Tiny pretrained encoders with random weights, in the format of ``transformers``."""

from pathlib import Path

import torch

__all__ = ["save_speech_encoder", "save_text_encoder"]

_SPEECH = {
    "wav2vec2": "Wav2Vec2",
    "hubert": "Hubert",
    "wavlm": "WavLM",
    "data2vec-audio": "Data2VecAudio",
}
_TEXT = {"bert": "Bert", "roberta": "Roberta"}
_WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"今天巴适得很我不去你好word012"]


def save_speech_encoder(folder: Path, kind: str, seed: int = 0, **options) -> Path:
    """Write an encoder with vectors of 16 numbers, every 20 ms."""
    import transformers

    name = _SPEECH[kind]
    config = getattr(transformers, f"{name}Config")(
        **{
            "hidden_size": 16,
            "num_hidden_layers": 3,
            "num_attention_heads": 2,
            "intermediate_size": 16,
            "conv_dim": (8, 8, 8, 8, 8, 8, 8),
            "num_conv_pos_embeddings": 8,
            "num_conv_pos_embedding_groups": 2,
            "conv_pos_kernel_size": 3,
            **options,
        }
    )
    torch.manual_seed(seed)
    getattr(transformers, f"{name}Model")(config).save_pretrained(folder)
    return folder


def save_text_encoder(folder: Path, kind: str, seed: int = 0, **options) -> Path:
    """Write an encoder of text with vectors of 8 numbers, and its tokenizer."""
    import transformers

    name = _TEXT[kind]
    config = getattr(transformers, f"{name}Config")(
        **{
            "vocab_size": len(_WORDS),
            "hidden_size": 8,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 16,
            "max_position_embeddings": 40,
            "pad_token_id": 0,
            **options,
        }
    )
    torch.manual_seed(seed)
    getattr(transformers, f"{name}Model")(config).save_pretrained(folder)
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(_WORDS), encoding="utf-8")
    transformers.BertTokenizer(str(vocabulary)).save_pretrained(folder)
    return folder
