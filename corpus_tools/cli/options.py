"""Options shared by several commands, and the manifest version that one names."""

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = [
    "AllowHttp",
    "AsJson",
    "BatchSize",
    "Channel",
    "CorpusFolder",
    "Device",
    "Epochs",
    "LearningRate",
    "ManifestFolder",
    "Preset",
    "Quiet",
    "ServerUrl",
    "Threads",
    "Track",
    "TrustServer",
    "Vectors",
    "Verbose",
    "Version",
    "html_page",
    "manifest_folder",
]


def html_page(path: Path | None) -> Path | None:
    """Return the page that a command is to write; refuse to replace what isn't a page."""
    if path is not None and path.is_file():
        try:
            with path.open("rb") as stream:
                beginning = stream.read(1024).lstrip().lower()
        except OSError as error:
            raise typer.BadParameter(f"{path} can't be read ({error.strerror})") from error
        if beginning and not beginning.startswith((b"<!doctype html", b"<html")):
            raise typer.BadParameter(f"{path} exists and isn't an HTML page; name another file")
    return path


CorpusFolder = Annotated[
    Path | None,
    typer.Option("--corpus", help="Corpus folder.  [default: the nearest one, from here upwards]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document with the result.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the result.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print more; show tracebacks of errors.")
]

ManifestFolder = Annotated[
    str | None,
    typer.Option(metavar="V|DIR", help="Manifest version, or its folder.  \\[default: the newest]"),
]
Preset = Annotated[
    Literal["default", "whisper", "paper"] | None,
    typer.Option(
        help="'default' suits a small corpus, 'whisper' takes Whisper's encoder, 'paper' is "
        "Wei & Sun as written.  \\[default: corpus.toml's, else default]"
    ),
]
Epochs = Annotated[
    int | None, typer.Option(help="Passes over the training clips.  \\[default: the preset's]")
]
LearningRate = Annotated[
    float | None, typer.Option(help="Highest learning rate.  \\[default: the preset's]")
]
BatchSize = Annotated[
    int | None, typer.Option(help="Clips per training step.  \\[default: the preset's]")
]
Vectors = Annotated[
    Path | None,
    typer.Option(
        help="File of word vectors in word2vec or GloVe format.  "
        "\\[default: none; see words.word2vec]"
    ),
]
Device = Annotated[
    Literal["auto", "cpu", "cuda", "mps"] | None,
    typer.Option(help="Device to compute on; 'auto' takes the fastest.  \\[default: auto]"),
]
Threads = Annotated[
    int | None, typer.Option(help="Maximum number of processor threads.  \\[default: 1]")
]
TrustServer = Annotated[
    bool,
    typer.Option(
        "--trust-server", help="Send the token to a server that this machine sent none to before."
    ),
]
AllowHttp = Annotated[
    bool,
    typer.Option("--allow-http", help="Send the token unencrypted to another machine."),
]
ServerUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Label Studio's address.",
        show_default="the corpus's own server, or that of the last push",
    ),
]
Nameless = Annotated[
    str | None,
    typer.Option(
        metavar="PSEUDONYM",
        help="Annotator of answers by an account that was deleted in Label Studio.",
        show_default="such answers fail",
    ),
]
Version = Annotated[
    str | None,
    typer.Argument(
        metavar="V",
        help="A version, e.g. v2, or the folder of one.",
        show_default="the newest",
    ),
]
Track = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Audio track, from 0 (default: the one in the corpus's language, without commentary, "
        "else the one marked as default).",
    ),
]
Channel = Annotated[
    Literal["left", "right", "mix"] | None,
    typer.Option(
        help="One of two channels, where they hold two programmes or two microphones "
        "(default: mix)."
    ),
]


def manifest_folder(corpus: Path, given: str | None) -> Path:
    """Return the folder of a manifest version.

    Args:
        corpus: the corpus folder.
        given: a version (``v2``), a folder with a ``manifest.json`` in it, or None for the newest.

    Raises:
        manifests.base.errors.DataError: if there is no such version; names the existing ones.
    """
    from manifests.versions.manifest import HEADER, find_manifest

    if given is not None and (Path(given) / HEADER).is_file():
        return Path(given).resolve()
    return find_manifest(corpus, given)
