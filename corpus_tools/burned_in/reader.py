"""Readers of text in pictures: the protocol, and the one that is shipped."""

import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus_tools.burned_in.boxes import Box
from manifests.base.errors import ConfigurationError

__all__ = ["Luma", "Reading", "TextReader", "load_reader"]

Luma = NDArray[np.uint8]
"""Brightness of a picture, rows by columns."""


@dataclass(frozen=True)
class Reading:
    """Text of a picture of one line, and the reader's confidence, from 0 to 1."""

    text: str
    confidence: float


class TextReader(Protocol):
    """Finds lines of text in pictures, and reads them.

    ``name`` is part of the results' fingerprint: it changes with what the reader returns.
    """

    name: str

    def find(self, picture: Luma) -> list[Box]:
        """Return the boxes around text, in any order."""

    def read(self, lines: Sequence[Luma]) -> list[Reading]:
        """Return the text of each picture of one line."""


def load_reader() -> TextReader:
    """Load the shipped reader; ConfigurationError if its packages aren't installed."""
    try:
        return _RapidOcr()
    except ImportError as error:
        raise ConfigurationError(
            f"reading text in pictures needs packages that aren't installed ({error.name}); "
            "install them with: pip install 'corpus-tools[ocr]'"
        ) from error


class _RapidOcr:
    """PP-OCRv6 small, of PaddleOCR, with the weights that rapidocr brings."""

    def __init__(self) -> None:
        from rapidocr import RapidOCR
        from rapidocr.ch_ppocr_rec import TextRecInput

        # the default limit enlarges a narrow band six times: slower, and worse text
        engine = RapidOCR(
            params={
                "Global.log_level": "error",
                "Det.limit_type": "max",
                "Det.limit_side_len": _LONGEST_SIDE,
                # the film is decoded by other threads meanwhile
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            }
        )
        self.name = f"PP-OCRv6_small rapidocr {importlib.metadata.version('rapidocr')}"
        self._find = engine._load_det_model()
        self._read = engine._load_rec_model()
        self._lines = TextRecInput

    def find(self, picture: Luma) -> list[Box]:
        height, width = picture.shape
        found = self._find(_coloured(picture)).boxes
        boxes = []
        for corners in () if found is None else np.asarray(found):
            (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
            box = Box(
                max(int(top), 0),
                min(int(np.ceil(bottom)), height),
                max(int(left), 0),
                min(int(np.ceil(right)), width),
            )
            if box.height >= _LEAST_SIDE and box.width >= _LEAST_SIDE:
                boxes.append(box)
        return boxes

    def read(self, lines: Sequence[Luma]) -> list[Reading]:
        if not lines:
            return []
        found: Any = self._read(self._lines(img=[_coloured(line) for line in lines]))
        return [
            Reading(text.strip(), float(score))
            for text, score in zip(found.txts, found.scores, strict=True)
        ]


def _coloured(picture: Luma) -> NDArray[np.uint8]:
    return np.repeat(picture[..., None], 3, axis=2)


_LONGEST_SIDE = 640  # pixels; subtitles are still found, in half the time of 960
_LEAST_SIDE = 6  # pixels
