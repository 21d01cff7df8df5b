"""`corpus build-manifest`: write the next manifest version."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import one_line, session
from manifests.base.outcome import counted

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["build_manifest", "class_table"]


def build_manifest(
    group_by: Annotated[
        str | None,
        typer.Option(
            metavar="KEYS",
            help="Keys that keep their clips in one split: auto; speaker, series, source, "
            "sentence, or several of them separated by commas; or none (random clips, which "
            "leaks).",
            show_default="auto",
        ),
    ] = None,
    folds: Annotated[
        str | None,
        typer.Option(
            metavar="K|speakers",
            help="Cross-validation with K folds instead of --ratios, each tested once; speakers: "
            "one fold per speaker (leave one speaker out).",
            show_default="none",
        ),
    ] = None,
    drop_bridges: Annotated[
        float | None,
        typer.Option(
            metavar="PERCENT",
            help="Hold out at most this percentage of the clips, as few as possible, where shared "
            "keys otherwise join too many clips into one group.",
            show_default="0",
        ),
    ] = None,
    ratios: Annotated[
        str | None, typer.Option(help="Ratio of train/val/test.", show_default="8/1/1")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Random seed; breaks ties between equal splits.", show_default="0"),
    ] = None,
    min_votes: Annotated[
        int | None, typer.Option(help="Minimum number of answers per clip.", show_default="1")
    ] = None,
    min_text_confidence: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            min=0.0,
            max=1.0,
            help="Leave out clips with a smaller share of the vote for their combined text.",
            show_default="0",
        ),
    ] = None,
    resplit: Annotated[
        bool,
        typer.Option("--resplit", help="Split again: clips may move between train, val and test."),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Exit with 1 if train, val and test share a speaker, source, series, sentence, "
            "text or recording.",
        ),
    ] = False,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write the next version of the manifest: labelled clips, split without leakage.

    A version is immutable; in later versions its clips stay in their split.
    """
    with session("build-manifest", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.api.corpus import Corpus
        from corpus_tools.assembly.manifest import parse_ratios

        with run.progress("checking clips") as progress:
            outcome = Corpus.open(corpus).build_manifest(
                resplit=resplit,
                min_votes=min_votes,
                min_text_confidence=min_text_confidence,
                progress=progress,
                group_by=group_by,
                folds=folds,
                drop_bridges=drop_bridges,
                ratios=None if ratios is None else parse_ratios(ratios),
                seed=seed,
            )
        run.outcome.merge(outcome)
        oversized = outcome.details.get("tangle")
        if oversized:
            run.result("keys that join the clips of the largest group:")
            run.result(oversized_group_table(oversized))
        manifest = outcome.details.get("manifest")
        if manifest:
            run.result(f"{manifest['version']}: clips per class and split")
            run.result(class_table(manifest["counts"]))
            for line in _manifest_lines(manifest):
                run.result(line)
            leaks = [key for key, found in manifest["leakage"].items() if found["shared"]]
            if strict and leaks:
                run.outcome.fail(manifest["version"], _leak_message(leaks))


def oversized_group_table(group: Mapping[str, Any]) -> "Table":
    """Return the table of the keys that join the largest group, the most effective split first.

    Args:
        group: row of :meth:`manifests.splits.oversized_groups.OversizedGroup.row`.
    """
    from rich.table import Table

    table = Table()
    for column in ("key", "value", "clips", "joined", "largest group without it"):
        table.add_column(column, justify="left" if column in ("key", "value") else "right")
    for bridge in group["bridges"]:
        table.add_row(
            bridge["kind"],
            one_line(bridge["value"]),
            str(bridge["clips"]),
            str(bridge["tied"]),
            f"{100 * bridge['largest_without']:.0f} %",
        )
    return table


def class_table(counts: Mapping[str, Mapping[str, int]]) -> "Table":
    """Return the table of clips per class and split, with held clips if there are any.

    Args:
        counts: clips per split and class, as in manifest.json.
    """
    from rich.table import Table

    splits = [split for split in counts if split != "held" or any(counts[split].values())]
    table = Table()
    table.add_column("class")
    for column in (*splits, "all"):
        table.add_column(column, justify="right")
    classes = list(counts["train"])
    for name in classes:
        row = [counts[split][name] for split in splits]
        table.add_row(name, *map(str, row), str(sum(row)), end_section=name == classes[-1])
    totals = [sum(counts[split].values()) for split in splits]
    table.add_row("all", *map(str, totals), str(sum(totals)))
    return table


def _fold_lines(folds: Mapping[int, Mapping[str, int]]) -> list[str]:
    sizes = [sum(counts.values()) for counts in folds.values()]
    if not sizes:
        return []
    return [
        f"{len(sizes)} folds of {min(sizes)} to {max(sizes)} clips; the table is for the first: "
        f"test on it, validate on the next"
    ]


def _leak_message(leaks: list[str]) -> str:
    names = ", ".join(leaks).replace("_", " ")
    return f"its splits share by {names}, which --strict forbids; see its card and leakage.json"


def _manifest_lines(manifest: dict[str, Any]) -> list[str]:
    groups = manifest["groups"]
    by = " and ".join(groups["by"]).replace("_", " ") or "nothing (random clips)"
    sides = ("train", "val", "test")
    shares = " / ".join(f"{100 * manifest['shares'][side]:.1f} %" for side in sides)
    counts = " / ".join(str(groups["counts"][side]) for side in sides)
    return [
        f"grouped by {by}; groups in train / val / test: {counts}",
        f"shares of train / val / test: {shares}, "
        f"at most {manifest['size_deviation']:.1f} points from the requested shares",
        *_fold_lines(manifest["folds"]),
        *([f"held out: {counted(len(manifest['held']), 'clip')}"] if manifest["held"] else []),
        *(
            [f"of them bridges between groups: {len(manifest['bridges'])}"]
            if manifest["bridges"]
            else []
        ),
        f"{'wrote' if manifest['new'] else 'unchanged:'} {manifest['folder']}",
    ]
