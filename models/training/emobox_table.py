"""Table of a series over published folds, with the figures and columns of EmoBox's tables."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["emobox_markdown", "emobox_rich_table"]


def emobox_markdown(document: Mapping[str, Any]) -> str:
    """Return the table as Markdown, with its caption."""
    rows = [_HEADS, ("---", *["---:"] * 4), *_rows(document)]
    lines = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{lines}\n\n{_caption(document)}\n"


def emobox_rich_table(document: Mapping[str, Any]) -> "Table":
    """Return the table for the terminal."""
    from rich.table import Table

    table = Table(caption=_caption(document))
    for head in _HEADS:
        table.add_column(head, justify="right" if head else "left")
    for row in _rows(document):
        table.add_row(*row)
    return table


def _rows(document: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for row in document["folds"]:
        yield (f"fold {row['fold']}", str(row["n"]), *_percents(row))
    yield ("mean of the folds", "", *_percents(document["over_folds"]))


def _percents(figures: Mapping[str, Any]) -> Iterator[str]:
    for key in ("uar", "accuracy", "macro_f1"):
        yield f"{100 * figures[key]['mean']:.2f}"


def _caption(document: Mapping[str, Any]) -> str:
    return (
        f"{document['division']}: UA is the mean recall of the classes (UAR), WA the accuracy, F1 "
        f"the mean over the classes, as in EmoBox's tables; on the clips of {document['manifest']}."
    )


_HEADS = ("", "clips", "UA (%)", "WA (%)", "F1 (%)")
