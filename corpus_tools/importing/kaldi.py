"""Folders of Kaldi and ESPnet: ``wav.scp``, ``segments``, ``utt2spk``, ``text``, ``utt2emo``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from manifests.base.encodings import read_text

__all__ = ["kaldi_cells"]


def kaldi_cells(
    folder: Path, language: str | None = None
) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Yield place and cells of each utterance, or the reason why it can't be used.

    Raises:
        OSError: if a file can't be read.
        DataError: if one isn't text.
    """
    sounds = _pairs(folder / "wav.scp", language)
    segments = _pairs(folder / "segments", language)
    others = {path.name: path.name for path in sorted(folder.glob("utt2*"))}
    fields: dict[str, dict[str, str]] = {}
    for name, field in {**others, **_FILES}.items():
        fields.setdefault(field, {}).update(_pairs(folder / name, language))
    genders = _pairs(folder / "spk2gender", language)
    for utterance, value in (segments or sounds).items():
        where = f"{folder.name}, {utterance}"
        recording, *times = value.split() if segments else [utterance]
        sound = sounds.get(recording, "")
        if not sound or sound.endswith("|"):
            what = "is made by a command" if sound else "isn't in wav.scp"
            yield where, f"its sound {what}; write the sound to a file and name that in wav.scp"
            continue
        cells: dict[str, Any] = {"file": sound}
        cells |= dict(zip(("start", "end"), times, strict=False))
        for field, values in fields.items():
            if utterance in values:
                cells[field] = values[utterance]
        if gender := genders.get(str(cells.get("speaker"))):
            cells["gender"] = gender
        yield where, cells


def _pairs(path: Path, language: str | None) -> dict[str, str]:
    """Return the first word of each line and the rest, none without a file."""
    if not path.is_file():
        return {}
    lines = read_text(path, language).splitlines()
    words = (line.strip().split(maxsplit=1) for line in lines)
    return {pair[0]: pair[1] for pair in words if len(pair) == 2}


_FILES = {
    "utt2spk": "speaker", "text": "text", "utt2emo": "emotion", "utt2emotion": "emotion",
    "utt2label": "emotion", "emotion": "emotion", "emo": "emotion", "label": "emotion",
    "utt2gender": "gender",
}  # fmt: skip
