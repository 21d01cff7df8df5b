"""CSV export: a row per clip, ``soft`` as a column per class, ``votes`` as JSON."""

import csv
import io
from pathlib import Path

from manifests.base.emotions import EMOTIONS
from manifests.exports.contents import COLUMNS, Contents
from manifests.storage.store import canonical_json, write_text

__all__ = ["TABLE", "write"]

TABLE = "clips.csv"


def write(contents: Contents, folder: Path) -> None:
    """Write ``clips.csv``: UTF-8, commas, LF, a header, unknown values empty.

    Texts are written unchanged, for scripts, even where a spreadsheet would take one for a formula;
    import the columns as text there.
    """
    soft = [f"soft_{name}" for name in EMOTIONS]
    place = COLUMNS.index("soft")
    head = [*COLUMNS[:place], *soft, *COLUMNS[place + 1 :]]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    for row in contents.rows():
        flat = {**row, **dict(zip(soft, row["soft"], strict=True))}
        flat["votes"] = canonical_json(row["votes"])
        flat["adjudicated"] = str(row["adjudicated"]).lower()
        writer.writerow(["" if flat[name] is None else flat[name] for name in head])
    write_text(folder / TABLE, text.getvalue())
