"""Predictions for one uploaded file, as the page shows them."""

import re
import tempfile
from dataclasses import dataclass, field
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.prediction.predict import predict_files
from corpus_tools.prediction.segments import SegmentTranscriber, SoundChoice
from manifests.base.errors import CorpusError, DataError
from models.branches import needs_sound, needs_text
from models.prediction import Predictor

__all__ = ["MOST_HOURS", "Service"]

MOST_HOURS = 3.0
"""Longest file that the page takes, in hours of sound."""


@dataclass(frozen=True)
class Service:
    """Model of a run, with the settings of the corpus; it predicts one file after the other.

    ``folder`` takes the uploaded files, each for as long as it is predicted.
    """

    name: str
    predictor: Predictor
    folder: Path
    settings: SegmentSettings = field(default_factory=SegmentSettings)
    language: str = ""
    transcriber: SegmentTranscriber | None = None

    @property
    def takes_text(self) -> bool:
        """True if the model uses what is said."""
        return needs_text(self.predictor.model.settings)

    def predict(
        self, body: BufferedIOBase, length: int, name: str, text: str = ""
    ) -> dict[str, Any]:
        """Return the clips of a file of ``length`` bytes with their probabilities, JSON-ready.

        ``text`` is what is said in a file that is no longer than a clip, "" if unknown.

        Raises:
            DataError: if the file ends early, or can't be decoded.
        """
        shown = _shown(name)
        with tempfile.TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True) as folder:
            path = Path(folder) / f"upload{_suffix(name)}"
            _receive(body, length, path)
            try:
                return self._answer(path, shown, text)
            except CorpusError as error:
                raise type(error)(str(error).replace(str(path), shown)) from error

    def _answer(self, path: Path, shown: str, text: str) -> dict[str, Any]:
        files, outcome = predict_files(
            self.predictor,
            [path],
            text=text or None,
            choice=SoundChoice(longest=MOST_HOURS * 3600),
            settings=self.settings,
            transcriber=self.transcriber,
            language=self.language,
        )
        for failure in outcome.failures:
            reason = failure.reason
            if failure.item != str(path):
                reason = f"{failure.item}: {reason}"
            raise DataError(f"{shown}: {reason.replace(str(path), shown)}")
        row = files[0].row(self.predictor.classes)
        notes = [
            warning.replace(str(path), shown)
            for warning in outcome.warnings
            if warning.startswith(str(path))
        ]
        silent = sum(not clip["text"] for clip in row["clips"])
        if silent and self.takes_text:
            of = "" if silent == len(row["clips"]) else f"{silent} of {len(row['clips'])} clips: "
            notes.append(f"{of}no text is known, so the sound alone decides")
        if row["reason"] == "no_text":
            notes.append("this model uses texts only; type what is said, or give subtitles")
        return {
            "name": shown,
            "classes": list(self.predictor.classes),
            "clips": row["clips"],
            "normalisation": row["normalisation"] if needs_sound(self._settings) else "",
            "notes": notes,
        }

    @property
    def _settings(self) -> Any:
        return self.predictor.model.settings


def _receive(body: BufferedIOBase, length: int, path: Path) -> None:
    """Write the bytes of an upload into a file."""
    with path.open("xb") as out:
        while length > 0:
            block = body.read(min(length, _BLOCK))
            if not block:
                raise DataError("the upload was cut off; try again")
            out.write(block)
            length -= len(block)


def _suffix(name: str) -> str:
    """Return the suffix of a file's name, "" if it has an odd one."""
    found = re.search(r"\.[A-Za-z0-9]{1,8}$", name)
    return found.group().lower() if found else ""


def _shown(name: str) -> str:
    """Return the last part of a file's name, for messages."""
    last = re.split(r"[/\\]", name)[-1]
    printable = "".join(character if character.isprintable() else "�" for character in last)
    return printable.strip()[-_LONGEST_NAME:] or "recording"


_BLOCK = 1 << 20  # bytes
_LONGEST_NAME = 80  # characters
