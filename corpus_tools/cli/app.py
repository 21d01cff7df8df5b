"""Command-line application: all verbs, grouped into help panels."""

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

__all__ = ["app", "application"]

app: typer.Typer
"""Application with all verbs."""

ANNOTATE = "Annotate"
_PANELS = {
    "Build": (
        "init",
        "segment",
        "screen",
        "review",
        "add-recordings",
        "read-subtitles",
        "transcribe",
        "import-transcripts",
        "compare-transcripts",
        "combine-transcripts",
    ),
    ANNOTATE: (
        "export-tasks",
        "push-tasks",
        "pull-annotations",
        "import-annotations",
        "agreement",
    ),
    "Manifest": (
        "build-manifest",
        "diff-manifests",
        "verify-manifest",
        "export-manifest",
        "import-manifest",
        "withdraw",
    ),
    "Model": (
        "train",
        "compare",
        "evaluate",
        "predict",
        "serve",
        "suspects",
    ),
    "Inspect": (
        "status",
        "why",
        "verify",
        "doctor",
        "demo",
    ),
}
"""Verbs by help panel; each is the function of its name in the module of its name."""


def application(arguments: Sequence[str]) -> typer.Typer:
    """Return the application, with only the verb that the arguments begin with, if they do.

    The others, which it doesn't need, take a third of the time of a short command to load.
    """
    made = typer.Typer(
        name="corpus",
        help="Turn drama video into a six-class emotional speech corpus, and train a model on it.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(_corpus)
    known = {verb: panel for panel, verbs in _PANELS.items() for verb in verbs}
    given = arguments[0] if arguments else ""
    for verb in [given] if given in known else known:
        function = verb.replace("-", "_")
        module = import_module(f"corpus_tools.cli.{function}")
        made.command(verb, rich_help_panel=known[verb])(getattr(module, function))
    if given not in known:
        from corpus_tools.cli.label_studio import label_studio

        made.add_typer(label_studio, name="label-studio", rich_help_panel=ANNOTATE)
    return made


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("corpus-tools"))
        raise typer.Exit


def _corpus(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


def __getattr__(name: str) -> typer.Typer:
    """Make the application with all verbs when it is first used."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = made = application([])
    return made
