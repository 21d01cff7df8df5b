"""`corpus serve`: a local page that predicts what one records or drops."""

from typing import Annotated

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session

__all__ = ["serve"]


def serve(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            help="Name or folder of a run.",
            show_default="the only one",
        ),
    ] = None,
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="Port to listen on.", show_default="any free one"),
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address, but don't open it.")
    ] = False,
    transcribe: Annotated[
        bool,
        typer.Option(
            "--transcribe",
            help="Transcribe clips without subtitles, by the recogniser of corpus.toml, section "
            "transcribe.",
        ),
    ] = False,
    recogniser_model: Annotated[
        str | None,
        typer.Option(help="Name or path of the recogniser's model, for --transcribe."),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Open a page on this machine: record, or drop a file, and see its emotions over time.

    Nothing leaves the machine, and nothing is kept. Outside a corpus, give the run's folder.
    Ctrl-C ends it.
    """
    with session("serve", as_json=json, quiet=quiet, verbose=verbose) as run:
        import sys
        import tempfile
        from contextlib import nullcontext
        from pathlib import Path

        from corpus_tools.configuration.corpus import Configuration
        from corpus_tools.prediction.model import find_model
        from corpus_tools.prediction.predict import configured_transcriber
        from corpus_tools.serving.server import PageServer
        from corpus_tools.serving.service import Service
        from manifests.access.lock import CorpusLock
        from manifests.base.errors import ConfigurationError
        from models.prediction import load_model

        if recogniser_model is not None and not transcribe:
            raise ConfigurationError("--recogniser-model needs --transcribe; add it")
        workspace, folder = find_model(model, corpus)
        configuration = workspace.configuration if workspace else Configuration()
        root = workspace.root if workspace else Path.cwd()
        transcriber = None
        with CorpusLock(root, "serve") if workspace else nullcontext():
            predictor = load_model(folder)
        if transcribe:
            transcriber = configured_transcriber(configuration, root, recogniser_model, run.note)
        with tempfile.TemporaryDirectory(
            prefix="corpus-serve-", ignore_cleanup_errors=True
        ) as uploads:
            service = Service(
                folder.name,
                predictor,
                Path(uploads),
                configuration.segment,
                configuration.corpus.language if workspace else "",
                transcriber,
            )
            with PageServer(service, port) as server:
                run.outcome.details["url"] = server.url
                run.result(f"the page is at {server.url}; Ctrl-C ends it")
                sys.stdout.flush()
                if not no_browser:
                    _open(server.url)
                try:
                    server.serve_forever()
                except KeyboardInterrupt:
                    run.note("ended; everything uploaded was removed")


def _open(url: str) -> None:
    """Open an address in the browser, where there is a screen for one."""
    import os
    import sys
    import threading
    import webbrowser

    if sys.platform.startswith("linux") and not {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
        return  # a browser in the terminal would take it over
    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
