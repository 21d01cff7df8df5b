"""Command-line application: all verbs, grouped into help panels."""

from typing import Annotated

import typer

from corpus_tools.cli.add_recordings import add_recordings
from corpus_tools.cli.agreement import agreement
from corpus_tools.cli.build_manifest import build_manifest
from corpus_tools.cli.combine_transcripts import combine_transcripts
from corpus_tools.cli.compare import compare
from corpus_tools.cli.compare_transcripts import compare_transcripts
from corpus_tools.cli.demo import demo
from corpus_tools.cli.diff_manifests import diff_manifests
from corpus_tools.cli.doctor import doctor
from corpus_tools.cli.evaluate import evaluate
from corpus_tools.cli.export_manifest import export_manifest
from corpus_tools.cli.export_tasks import export_tasks
from corpus_tools.cli.import_annotations import import_annotations
from corpus_tools.cli.import_manifest import import_manifest
from corpus_tools.cli.import_transcripts import import_transcripts
from corpus_tools.cli.init import init
from corpus_tools.cli.label_studio import label_studio
from corpus_tools.cli.predict import predict
from corpus_tools.cli.pull_annotations import pull_annotations
from corpus_tools.cli.push_tasks import push_tasks
from corpus_tools.cli.read_subtitles import read_subtitles
from corpus_tools.cli.review import review
from corpus_tools.cli.screen import screen
from corpus_tools.cli.segment import segment
from corpus_tools.cli.status import status
from corpus_tools.cli.train import train
from corpus_tools.cli.transcribe import transcribe
from corpus_tools.cli.verify import verify
from corpus_tools.cli.verify_manifest import verify_manifest
from corpus_tools.cli.why import why
from corpus_tools.cli.withdraw import withdraw

__all__ = ["app"]

BUILD, ANNOTATE, MANIFEST, MODEL, INSPECT = "Build", "Annotate", "Manifest", "Model", "Inspect"

app = typer.Typer(
    name="corpus",
    help="Turn drama video into a six-class emotional speech corpus, and train a model on it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("corpus-tools"))
        raise typer.Exit


@app.callback()
def _corpus(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


for _panel, _verb, _function in (
    (BUILD, "init", init),
    (BUILD, "segment", segment),
    (BUILD, "screen", screen),
    (BUILD, "review", review),
    (BUILD, "add-recordings", add_recordings),
    (BUILD, "read-subtitles", read_subtitles),
    (BUILD, "transcribe", transcribe),
    (BUILD, "import-transcripts", import_transcripts),
    (BUILD, "compare-transcripts", compare_transcripts),
    (BUILD, "combine-transcripts", combine_transcripts),
    (ANNOTATE, "export-tasks", export_tasks),
    (ANNOTATE, "push-tasks", push_tasks),
    (ANNOTATE, "pull-annotations", pull_annotations),
    (ANNOTATE, "import-annotations", import_annotations),
    (ANNOTATE, "agreement", agreement),
    (MANIFEST, "build-manifest", build_manifest),
    (MANIFEST, "diff-manifests", diff_manifests),
    (MANIFEST, "verify-manifest", verify_manifest),
    (MANIFEST, "export-manifest", export_manifest),
    (MANIFEST, "import-manifest", import_manifest),
    (MANIFEST, "withdraw", withdraw),
    (MODEL, "train", train),
    (MODEL, "compare", compare),
    (MODEL, "evaluate", evaluate),
    (MODEL, "predict", predict),
    (INSPECT, "status", status),
    (INSPECT, "why", why),
    (INSPECT, "verify", verify),
    (INSPECT, "doctor", doctor),
    (INSPECT, "demo", demo),
):
    app.command(_verb, rich_help_panel=_panel)(_function)

app.add_typer(label_studio, name="label-studio", rich_help_panel=ANNOTATE)
