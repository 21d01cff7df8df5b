"""The formats there are, and what each of them needs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from manifests.errors import ConfigurationError
from manifests.exports import (
    audformat_database,
    croissant,
    csv_table,
    huggingface,
    lhotse_sets,
    parquet,
)
from manifests.exports.audio import Layout
from manifests.exports.contents import Contents

__all__ = ["FORMATS", "Format", "find_format"]


@dataclass(frozen=True)
class Format:
    """A way to write a version for other tools.

    Attributes:
        name: as ``--format`` takes it.
        description: for whom it is, in a few words.
        write: writes everything but the sound into the export's folder.
        layout: the folder, within the export, of each clip.
        needs_audio: whether the sound has to be part of the export.
    """

    name: str
    description: str
    write: Callable[[Contents, Path], None]
    layout: Layout = lambda entry: "audio"
    needs_audio: bool = False


FORMATS = {
    found.name: found
    for found in (
        Format("csv", "a table for spreadsheets and scripts", csv_table.write),
        Format("parquet", "a typed table for pandas, Polars, DuckDB", parquet.write),
        Format(
            "hf",
            "a folder that Hugging Face's datasets loads (audiofolder)",
            huggingface.write,
            layout=huggingface.folder_of,
            needs_audio=True,
        ),
        Format(
            "audformat",
            "an audEERING database, with annotators as raters",
            audformat_database.write,
            needs_audio=True,
        ),
        Format("lhotse", "recordings, supervisions and cuts", lhotse_sets.write, needs_audio=True),
        Format("croissant", "a table described in MLCommons' Croissant", croissant.write),
    )
}
"""By name, in the order in which they are listed."""


def find_format(name: str) -> Format:
    """Return a format by its name.

    Raises:
        ConfigurationError: naming those there are.
    """
    if name not in FORMATS:
        raise ConfigurationError(f"--format {name}: there are {', '.join(FORMATS)}")
    return FORMATS[name]
