"""Registry of the export formats: those shipped, and those of other packages.

A package adds a format by an entry point in the group ``corpus_tools.export_formats`` that names a
`Format`; see docs/how-to/add-an-export-format.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from manifests.base.errors import ConfigurationError
from manifests.base.plugins import installed_entries, reason
from manifests.exports import (
    audformat_database,
    croissant,
    csv_table,
    huggingface,
    latex_card,
    lhotse_sets,
    parquet,
)
from manifests.exports.audio import Layout
from manifests.exports.contents import Contents

__all__ = ["FORMATS", "GROUP", "Format", "find_format"]

GROUP = "corpus_tools.export_formats"
"""Entry point group of formats of other packages."""


@dataclass(frozen=True)
class Format:
    """Export format; ``name`` is the value of ``--format``.

    ``write`` writes everything but the audio into the export's folder, ``layout`` gives the folder
    of each clip within the export, ``needs_audio`` refuses exports without audio, ``with_audio``
    is False for those that never have any.
    """

    name: str
    description: str
    write: Callable[[Contents, Path], None]
    layout: Layout = lambda entry: "audio"
    needs_audio: bool = False
    with_audio: bool = True


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
        Format(
            "latex", "the card's table and figures for a paper", latex_card.write, with_audio=False
        ),
        Format("croissant", "a table described in MLCommons' Croissant", croissant.write),
    )
}
"""Formats shipped with corpus-tools by name, in the order of listings."""


def find_format(name: str) -> Format:
    """Return a format by name; ConfigurationError names the others, or the package to reinstall."""
    if name in FORMATS:
        return FORMATS[name]
    added = installed_entries(GROUP)
    if name not in added:
        known = ", ".join((*FORMATS, *sorted(added.keys() - FORMATS)))
        raise ConfigurationError(f"--format {name}: choose from {known}")
    try:
        found = added[name].load()
    except Exception as error:
        raise ConfigurationError(
            f"--format {name}: can't be imported ({reason(error)}); reinstall its package"
        ) from error
    if not isinstance(found, Format):
        raise ConfigurationError(
            f"--format {name}: {added[name].value} is no manifests.exports.formats.Format; report "
            f"it to the format's author"
        )
    return found
