"""`corpus export-manifest`: write a version in another tool's format."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose, Version, manifest_folder
from corpus_tools.cli.session import session

__all__ = ["export_manifest"]


def export_manifest(
    version: Version = None,
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder to create; it must not exist.",
            show_default="exports/VERSION-FORMAT in the corpus",
        ),
    ] = None,
    format_name: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="csv, parquet, hf (Hugging Face audiofolder), audformat, lhotse, croissant, latex "
            "(tables and figures, no clips), or one that an installed package adds.",
        ),
    ] = "csv",
    audio: Annotated[
        Literal["copy", "link", "flac", "none"],
        typer.Option(
            help="Audio: copy it; link it (hard links: editing them damages the corpus); encode it "
            "as FLAC, lossless; or leave it where it is.",
        ),
    ] = "copy",
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write a version, with its clips, in the format of another tool.

    It includes classes, votes, speakers, texts and splits. If a clip is missing or changed, nothing
    is written.
    """
    with session("export-manifest", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.workspace.workspace import Workspace
        from manifests.exports.export import export_manifest as export
        from manifests.storage.speakers import read_speakers
        from manifests.versions.manifest import load_manifest

        workspace = Workspace.find(corpus)
        manifest = load_manifest(manifest_folder(workspace.root, version))
        name = f"{manifest.header.version}-{format_name}"
        with run.progress("exporting") as progress:
            outcome = export(
                manifest,
                read_speakers(workspace.speakers, workspace.configuration.corpus.language),
                to or workspace.root / "exports" / name,
                format_name=format_name,
                audio=audio,
                progress=progress,
            )
        run.outcome.merge(outcome)
        for folder in outcome.outputs:
            run.result(f"{manifest.header.version} as {format_name}: {folder}")
            run.result(f"  {', '.join(outcome.details['files'])}")
