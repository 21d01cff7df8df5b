"""What the columns of a stranger's table mean."""

import difflib
from collections.abc import Iterable, Mapping

from manifests.errors import ConfigurationError

__all__ = ["ALIASES", "columns_of"]

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
"""Names that a column may have, the first that is there counts; case doesn't matter."""


def columns_of(header: Iterable[str], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return which column of a table holds what.

    Args:
        header: names of the columns.
        given: what the user said of some of them.

    Raises:
        ConfigurationError: if the user named a column or a meaning that there isn't, or no column
            names the sound files.

    Example:
        >>> columns_of(["Path", "Emo", "note"])
        {'file': 'Path', 'emotion': 'Emo'}
    """
    names = list(header)
    by_name = {name.strip().casefold(): name for name in reversed(names)}
    found: dict[str, str] = {}
    for meaning, aliases in ALIASES.items():
        there = [by_name[alias] for alias in aliases if alias in by_name]
        if there:
            found[meaning] = there[0]
    for meaning, column in (given or {}).items():
        if meaning not in ALIASES:
            near = difflib.get_close_matches(meaning, ALIASES, n=1, cutoff=0.0)[0]
            raise ConfigurationError(
                f"--column {meaning}={column}: nothing is called {meaning!r}; did you mean "
                f"{near!r}? Known are {', '.join(ALIASES)}"
            )
        if column not in names:
            raise ConfigurationError(
                f"--column {meaning}={column}: the table has no such column; it has "
                f"{', '.join(names[:_SHOWN])}"
            )
        found[meaning] = column
    if "file" not in found:
        raise ConfigurationError(
            f"no column names the sound files; say which does, e.g. --column file=NAME; the table "
            f"has {', '.join(names[:_SHOWN]) or 'none'}"
        )
    return found


_SHOWN = 30
