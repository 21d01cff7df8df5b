"""Consent of the user to send Label Studio's token to a server."""

import functools
import sys
from typing import TYPE_CHECKING

import typer

from corpus_tools.cli.session import one_line

if TYPE_CHECKING:
    from annotation.label_studio.consent import Consent
    from corpus_tools.workspace.workspace import Workspace

__all__ = ["consent_to_send"]


def consent_to_send(
    workspace: "Workspace", server_url: str | None, *, trust_server: bool, allow_http: bool
) -> "Consent":
    """Return what the flags allow, and what the user answers at a terminal.

    The question comes here, before a progress bar is in its way, and only once.
    """
    from annotation.label_studio.connection import address_and_token
    from annotation.label_studio.consent import Consent

    consent = Consent(trust_server, allow_http)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return consent
    consent = Consent(trust_server, allow_http, functools.cache(_agrees))
    settings = workspace.configuration.label_studio
    address_and_token(workspace.root, server_url, settings.token_file, consent)
    return consent


def _agrees(question: str) -> bool:
    try:
        return typer.confirm(one_line(question), err=True)
    except typer.Abort:
        return False
