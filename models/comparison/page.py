"""HTML page of a comparison, with everything in one file; no scripts or external resources."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from manifests.base.outcome import counted
from models.comparison.table import COLUMNS, cells
from models.evaluation.page import render_page

__all__ = ["comparison_page"]


def comparison_page(
    document: Mapping[str, Any],
    figures: Mapping[str, Path],
    settings: str,
    warnings: Sequence[str] = (),
) -> str:
    """Return the HTML of a ``compare.json``, with PNGs by title, where they exist, embedded."""
    return render_page(
        "models.comparison",
        document=document,
        clips=", ".join(
            f"{counted(count, f'{split} clip')}" for split, count in document["clips"].items()
        ),
        heads=COLUMNS,
        rows=[cells(row) for row in document["systems"]],
        spans=document["systems"],
        figures=[(title, _data_uri(path)) for title, path in figures.items() if path.is_file()],
        settings=settings,
        warnings=warnings,
    )


def _data_uri(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
