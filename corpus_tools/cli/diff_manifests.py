"""`corpus diff-manifests`: differences between two manifest versions."""

from typing import TYPE_CHECKING, Annotated

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose, manifest_folder
from corpus_tools.cli.session import one_line, session

if TYPE_CHECKING:
    from rich.table import Table

    from manifests.versions.diff import Change, ManifestDiff

__all__ = ["diff_manifests"]


def diff_manifests(
    a: Annotated[str, typer.Argument(metavar="A", help="The older version, e.g. v1.")],
    b: Annotated[
        str | None,
        typer.Argument(metavar="B", help="The newer version.", show_default="the newest"),
    ] = None,
    most: Annotated[int, typer.Option(min=0, help="Maximum number of clips to list.")] = 20,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown, for a changelog or an issue.")
    ] = False,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """List clips added, removed, relabelled, re-transcribed or moved to another split."""
    with session("diff-manifests", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.workspace.workspace import Workspace
        from manifests.versions.diff import diff_as_markdown
        from manifests.versions.diff import diff_manifests as diff

        root = Workspace.find(corpus).root
        found = run.read(root, lambda: diff(manifest_folder(root, a), manifest_folder(root, b)))
        run.outcome.details |= found.row() if json else {}
        if markdown:
            run.result(diff_as_markdown(found, most))
            return
        run.result(_summary(found))
        run.result(_counts_table(found))
        if found.changes and most:
            run.result(_changes_table(found, most))


def _summary(found: "ManifestDiff") -> str:
    changed = [f"{n} {kind}" for kind, n in found.kinds.items() if n]
    return f"{found.before} → {found.after}: {', '.join([*changed, f'{found.same} unchanged'])}"


def _counts_table(found: "ManifestDiff") -> "Table":
    from rich.table import Table

    splits = [
        split
        for split in found.counts[1]
        if split != "held" or any(sum(count.get(split, {}).values()) for count in found.counts)
    ]
    table = Table("class", title="Clips, before → after", title_justify="left")
    for split in splits:
        table.add_column(split, justify="right")
    for name in found.counts[1]["train"]:
        pairs = ([count[split][name] for count in found.counts] for split in splits)
        table.add_row(name, *(str(x) if x == y else f"{x} → {y}" for x, y in pairs))
    return table


def _changes_table(found: "ManifestDiff", most: int) -> "Table":
    from rich.table import Table

    shown = found.changes[:most]
    title = f"{len(shown)} of {len(found.changes)} changed clips"
    table = Table(title=title, title_justify="left")
    table.add_column("clip", overflow="fold")
    table.add_column("change")
    table.add_column("before → after")
    for change in shown:
        table.add_row(one_line(change.clip_id), ", ".join(change.kinds), _values(change))
    return table


def _values(change: "Change") -> str:

    shown = {name: change.fields[name] for name in _SHOWN if name in change.fields}
    if "added" in change.kinds or "removed" in change.kinds:
        values = [old or new for old, new in shown.values()]
        return one_line(", ".join(str(value) for value in values if value))
    return one_line("; ".join(f"{old or '–'} → {new or '–'}" for old, new in shown.values()))


_SHOWN = ("emotion", "split", "text", "speaker", "start", "end")
