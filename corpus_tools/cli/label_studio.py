"""`corpus label-studio`: run a server for the corpus and check its audio."""

from pathlib import Path
from typing import Annotated

import typer

from corpus_tools.cli.options import (
    AllowHttp,
    AsJson,
    CorpusFolder,
    Quiet,
    TrustServer,
    Verbose,
)
from corpus_tools.cli.session import session

__all__ = ["label_studio"]

label_studio = typer.Typer(
    help="Run Label Studio for this corpus; check that annotators can play a clip.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_EXPOSED = """\
listening on {host}: anybody on that network can open the log-in page, and passwords and clips are
sent unencrypted; restrict access to your team (VPN, firewall) or put an HTTPS proxy in front"""


@label_studio.command("start")
def start(
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Address to listen on; the default is reachable from this machine only.",
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port to listen on; it must be free.")
    ] = 8090,
    environment: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Virtual environment with Label Studio, outside of the corpus.",
            show_default="the last one given, else the one on the PATH",
        ),
    ] = None,
    public_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Public address, if a proxy is in front.",
            show_default="none",
        ),
    ] = None,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt", help="Trust a database that this machine didn't make, with its accounts."
        ),
    ] = False,
    restart: Annotated[
        bool,
        typer.Option(
            "--restart", help="End the server that an earlier start left, and start anew."
        ),
    ] = False,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run Label Studio for this corpus until Ctrl-C; makes accounts, serves clips, no telemetry."""
    with session("label-studio start", as_json=json, quiet=quiet, verbose=verbose) as run:
        import sys

        from annotation.label_studio.server.run import serve
        from corpus_tools.workspace.workspace import Workspace

        workspace = Workspace.find(corpus)

        def ready(url: str) -> None:
            run.outcome.details["url"] = url
            if host not in ("127.0.0.1", "localhost"):
                run.note(_EXPOSED.format(host=host))
            run.result(f"Label Studio is at {public_url or url}; Ctrl-C stops it")
            sys.stdout.flush()

        try:
            serve(
                workspace.root,
                host=host,
                port=port,
                environment=environment,
                public_url=public_url,
                adopt=adopt,
                restart=restart,
                report=run.note,
                ready=ready,
            )
        except KeyboardInterrupt:
            if "url" not in run.outcome.details:
                raise
            run.note("stopped")


@label_studio.command("check")
def check(
    server_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Label Studio's address as annotators' browsers use it.",
            show_default="the corpus's own, or the one pushed to",
        ),
    ] = None,
    trust_server: TrustServer = False,
    allow_http: AllowHttp = False,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Fetch a clip of the newest tasks as an annotator's browser does, and report problems."""
    with session("label-studio check", as_json=json, quiet=quiet, verbose=verbose) as run:
        from annotation.label_studio.check import check as check_clip
        from corpus_tools.cli.consent import consent_to_send
        from corpus_tools.workspace.workspace import Workspace

        workspace = Workspace.find(corpus)
        outcome = check_clip(
            workspace.root,
            url=server_url,
            token_file=workspace.configuration.label_studio.token_file,
            consent=consent_to_send(
                workspace, server_url, trust_server=trust_server, allow_http=allow_http
            ),
        )
        run.outcome.merge(outcome)
        if outcome.ok:
            run.result(f"annotators can play {outcome.details['clip_id']}")
