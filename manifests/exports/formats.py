"""Registry of the export formats."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from manifests.base.errors import ConfigurationError
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
    """Export format.

    Attributes:
        name: value of ``--format``.
        description: description in a few words.
        write: function that writes everything but the audio into the export's folder.
        layout: folder of each clip within the export.
        needs_audio: the audio must be part of the export.
    """

    name: str
    description: str
    write: Callable[[Contents, Path], None]
    layout: Layout = lambda entry: "audio"
    needs_audio: bool = False


FORMATS = {
    format_.name: format_
    for format_ in (
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
"""Formats by name, in the order of listings."""


def find_format(name: str) -> Format:
    """Return a format by its name.

    Raises:
        ConfigurationError: naming the available formats.
    """
    if name not in FORMATS:
        raise ConfigurationError(f"--format {name}: choose from {', '.join(FORMATS)}")
    return FORMATS[name]
