"""Vectors of texts from a frozen pretrained encoder such as BERT or RoBERTa."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from manifests.base.errors import ConfigurationError
from manifests.base.plugins import reason
from manifests.storage.store import fingerprint
from models.features.packs import Name, Packs, is_linked
from models.pretrained.encoder import Pretrained

__all__ = ["TextVectors", "Vectors", "cached_vectors"]

Vectors = NDArray[np.float16]
"""Vectors of the tokens of a text (N, H), without marks of beginning and end; N may be 0."""


class TextVectors:
    """Last hidden state of an encoder for the first ``longest`` tokens of texts.

    Raises:
        ConfigurationError: if it isn't there, or is no encoder of text.
    """

    def __init__(self, name: str, longest: int) -> None:
        self.pretrained = Pretrained(name)
        config = self.pretrained.config
        positions = config.get("max_position_embeddings", 0)
        if config.get("is_encoder_decoder") or not config.get("vocab_size") or "conv_dim" in config:
            raise ConfigurationError(
                f"{name}: a model of type {config.get('model_type')!r}, not an encoder of text, "
                f"such as bert or roberta; take one of these"
            )
        marks = 2 + (config.get("pad_token_id") or 0) + 1  # RoBERTa counts positions from there
        self.longest = min(longest, positions - marks) if positions > marks else longest
        self.width = self.pretrained.width
        self._model: Any = None

    def fingerprint(self) -> str:
        """Return a fingerprint of the weights and the number of tokens."""
        of = {"texts": "hf", "version": 1, "longest": self.longest}
        return fingerprint({**of, "weights": self.pretrained.fingerprint()})

    def __call__(self, texts: Sequence[str]) -> list[Vectors]:
        """Return the vectors of each text, computed in batches of texts of similar length."""
        import torch

        if self._model is None:
            self._model, self._tokenizer = self.pretrained.load(), self._load_tokenizer()
        found: list[Vectors] = [np.zeros((0, self.width), dtype=np.float16)] * len(texts)
        order = sorted(
            (row for row, text in enumerate(texts) if text.strip()), key=lambda row: len(texts[row])
        )
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            inputs = self._tokenizer(
                [texts[row] for row in rows],
                padding=True,
                truncation=True,
                max_length=self.longest + 2,
                return_tensors="pt",
                return_special_tokens_mask=True,
            )
            marks = inputs.pop("special_tokens_mask")
            unknown = inputs["input_ids"] == self._tokenizer.unk_token_id
            inside = ((marks == 0) | unknown) & (inputs["attention_mask"] == 1)
            with torch.inference_mode():
                hidden = self._model(**inputs).last_hidden_state
            for row, vectors, own in zip(rows, hidden, inside, strict=True):
                found[row] = vectors[own].half().numpy()
        return found

    def _load_tokenizer(self) -> Any:
        folder = self.pretrained.folder
        if not any((folder / name).is_file() for name in _VOCABULARIES):  # all would be unknown
            raise ConfigurationError(
                f"{self.pretrained.name}: {folder} has no vocabulary; fetch tokenizer.json or "
                f"vocab.txt of the model, too"
            )
        try:
            tokenizer: Any = self.pretrained.library().AutoTokenizer.from_pretrained(
                folder, trust_remote_code=False, local_files_only=True
            )
        except ConfigurationError:
            raise
        except Exception as error:
            raise ConfigurationError(
                f"{self.pretrained.name}: its tokenizer can't be loaded ({reason(error)[:300]}); "
                f"fetch the model again"
            ) from error
        tokenizer.padding_side = "right"
        return tokenizer


def cached_vectors(
    encoder: TextVectors, clips: Sequence[tuple[str, str]], folder: Path | None
) -> list[Vectors]:
    """Return the vectors of clips, given by sha256 of the file and text; new ones are stored.

    Stored vectors are named by the clip's file as features are, so that a withdrawal deletes them;
    a number made from the text stands where these have the speed.
    """
    names: list[Name] = [(sha256, _number(text)) for sha256, text in clips]
    own = None if folder is None else folder / encoder.fingerprint()[:16]
    packs = None if own is None or is_linked(own) else Packs(own, encoder.width, np.float16)
    found: dict[Name, Any] = {} if packs is None else packs.find(names)
    wanted = {
        name: text
        for name, (_, text) in zip(names, clips, strict=True)
        if name not in found and text.strip()
    }
    fresh = dict(zip(wanted, encoder([*wanted.values()]), strict=True)) if wanted else {}
    found |= fresh
    stored = {name: rows for name, rows in fresh.items() if len(rows)}
    if packs is not None and stored:
        with suppress(OSError):  # computed again the next time, as features are
            packs.add(stored)
    empty: Vectors = np.zeros((0, encoder.width), dtype=np.float16)
    return [found.get(name, empty) for name in names]


def _number(text: str) -> float:
    return float(int(hashlib.sha256(text.encode()).hexdigest()[:13], 16))  # exact: 52 bits


_BATCH = 64  # texts
_VOCABULARIES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "tokenizer.model",
    "sentencepiece.bpe.model",
    "spiece.model",
)
