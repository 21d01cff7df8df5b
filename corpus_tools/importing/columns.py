"""Mapping of a foreign table's columns to fields."""

import difflib
from collections.abc import Iterable, Mapping

from manifests.errors import ConfigurationError

__all__ = ["ALIASES", "map_columns"]

ALIASES: dict[str, tuple[str, ...]] = {
    "file": ("file", "file_name", "filename", "path", "filepath", "file_path", "audio", "wav",
             "audio_path", "wav_path"),
    "emotion": ("emotion", "emo", "label", "emotion_label", "class", "category"),
    "votes": ("votes",),
    "adjudicated": ("adjudicated",),
    "speaker": ("speaker", "speaker_id", "spk", "spk_id", "actor", "actor_id"),
    "gender": ("gender", "sex"),
    "age": ("age",),
    "region": ("region", "accent"),
    "native": ("native",),
    "text": ("text", "transcript", "transcription", "utterance", "sentence_text"),
    "sentence": ("sentence", "sentence_id"),
    "split": ("split", "partition", "subset", "set"),
    "source": ("source", "source_id", "episode", "dialogue", "dialogue_id", "session"),
    "series": ("series", "show"),
    "start": ("start", "start_time", "begin"),
    "end": ("end", "end_time", "stop"),
}  # fmt: skip
"""Accepted column names of each field, in order of precedence; case-insensitive."""


def map_columns(header: Iterable[str], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the column name of each field in a table.

    Args:
        header: column names.
        given: user-defined column names by field.

    Raises:
        ConfigurationError: if a given column or field doesn't exist, or no column names the audio
            files.

    Example:
        >>> map_columns(["Path", "Emo", "note"])
        {'file': 'Path', 'emotion': 'Emo'}
    """
    names = list(header)
    by_name = {name.strip().casefold(): name for name in reversed(names)}
    columns: dict[str, str] = {}
    for field, aliases in ALIASES.items():
        matches = [by_name[alias] for alias in aliases if alias in by_name]
        if matches:
            columns[field] = matches[0]
    for field, column in (given or {}).items():
        if field not in ALIASES:
            near = difflib.get_close_matches(field, ALIASES, n=1, cutoff=0.0)[0]
            raise ConfigurationError(
                f"--column {field}={column}: no field {field!r}; did you mean "
                f"{near!r}? Fields: {', '.join(ALIASES)}"
            )
        if column not in names:
            raise ConfigurationError(
                f"--column {field}={column}: the table has no such column; it has "
                f"{', '.join(names[:_SHOWN])}"
            )
        columns[field] = column
    if "file" not in columns:
        raise ConfigurationError(
            f"no column names the audio files; name it, e.g. --column file=NAME; the table "
            f"has {', '.join(names[:_SHOWN]) or 'none'}"
        )
    return columns


_SHOWN = 30
