"""`corpus import-manifest`: import another corpus into this one."""

from pathlib import Path
from typing import Annotated

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session
from manifests.base.outcome import counted

__all__ = ["import_manifest"]


def import_manifest(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|FOLDER",
            help="CSV, TSV, JSON Lines (as in EmoBox) or Parquet; or a folder: Hugging Face "
            "audiofolder, a fold of EmoBox, or one folder per class.",
        ),
    ],
    audio_folder: Annotated[
        Path | None,
        typer.Option(
            help="Base folder of the paths in the table; they may not leave it.",
            show_default="the table's folder",
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHAT=NAME",
            help="Column that holds a field, e.g. emotion=Emo; for names that aren't recognised.",
        ),
    ] = None,
    map_label: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="LABEL=CLASS",
            help="Read a label as a class, or the name of a split as train, val, test or held.",
        ),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL", help="Skip clips with this label."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Pass over a column that looks like one that matters."),
    ] = None,
    series: Annotated[
        str | None,
        typer.Option(
            help="Series of rows without one.", show_default="their source, or the table's name"
        ),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Import clips, labels, speakers, texts and splits of another corpus.

    If the table has splits, a manifest version is written with them and its leakage is reported.
    Run it again after an interruption; finished clips are skipped.
    """
    with session("import-manifest", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.cli.build_manifest import class_table
        from corpus_tools.importing.columns import name_value_pairs
        from corpus_tools.importing.run import import_manifest as import_table
        from corpus_tools.workspace.workspace import Workspace

        with run.progress("importing") as progress:
            outcome = import_table(
                Workspace.find(corpus),
                file,
                audio_folder=audio_folder,
                columns=name_value_pairs("--column", column or ()),
                mapped=name_value_pairs("--map", map_label or ()),
                dropped=drop or (),
                ignored=ignore or (),
                series=series,
                progress=progress,
            )
        run.outcome.merge(outcome)
        details = outcome.details
        run.result(
            f"{counted(details['clips'], 'clip')} of "
            f"{counted(details['speakers'], 'known speaker')}, "
            f"{details['unlabelled']} without a label; {details['new_judgements']} new labels"
        )
        if details["labels"]:
            mapping = ", ".join(f"{pair} ({count})" for pair, count in details["labels"].items())
            run.result(f"labels mapped to classes: {mapping}")
        if details["from_names"]:
            read = ", ".join(field for field in details["columns"] if field != "file")
            run.result(
                f"read from the names of folders and files: {read}; for others give e.g. "
                f"--column speaker=folder1, the outermost"
            )
        if details["unread_columns"]:
            run.result(f"columns not read: {', '.join(details['unread_columns'])}")
        names = [f"{pair} ({n})" for pair, n in details["split_names"].items()]
        if any(len(set(pair.split("="))) > 1 for pair in details["split_names"]):
            run.result(f"splits read as: {', '.join(names)}")
        manifest = details.get("manifest")
        if manifest:
            run.result(f"{manifest['version']}: clips per class and split, as imported")
            run.result(class_table(manifest["counts"]))
            by = " and ".join(manifest["groups"]["by"]).replace("_", " ") or "nothing"
            run.result(f"keys that stay in one split: {by}")
            for key, found in manifest["leakage"].items():
                if found["shared"]:
                    run.result(
                        f"shared between splits by {key.replace('_', ' ')}: {len(found['shared'])}"
                    )
        elif details["clips"] and not details["splits"] and not outcome.full:
            run.result("it has no splits; split the clips with: corpus build-manifest")
