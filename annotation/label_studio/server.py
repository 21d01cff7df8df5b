"""Run a Label Studio server for a corpus."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from annotation.annotators import Annotators
from annotation.label_studio.accounts import ADMIN, is_email, prepare_accounts
from annotation.label_studio.address import check_port, last_url, record_running, running_server
from annotation.label_studio.environment import server_environment
from annotation.label_studio.folders import ServerFolder
from annotation.label_studio.process import server_process
from annotation.label_studio.program import TESTED, Program, find_program
from annotation.label_studio.token import token_path
from manifests.errors import ConfigurationError, CorpusError, DataError
from manifests.lock import FolderLock

__all__ = ["serve"]

LineCallback = Callable[[str], None]


def serve(
    corpus: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8090,
    environment: Path | None = None,
    public_url: str | None = None,
    report: LineCallback = lambda line: None,
    ready: LineCallback = lambda url: None,
) -> None:
    """Run a Label Studio server for the corpus until this process is interrupted.

    Args:
        corpus: the corpus folder.
        host: address to listen on.
        port: port to listen on.
        environment: virtual environment of Label Studio; default: see ``find_program``.
        public_url: URL in annotators' browsers behind a proxy.
        report: called with progress messages.
        ready: called with the URL once the server answers.

    Raises:
        ConfigurationError: if there is no Label Studio, or the address can't be used.
        DataError: if annotators.csv has an invalid e-mail address.
        CorpusError: if the corpus has a running server, or the server doesn't start or exits.
        KeyboardInterrupt: when interrupted; the server has been stopped then.
    """
    _check_public_url(public_url)
    folder = ServerFolder(corpus)
    program = find_program(corpus, environment)
    if not program.is_tested:
        report(f"warning: Label Studio {program.version} is not tested; {TESTED} is")
    emails = _account_emails(corpus)
    _check_not_running(folder)
    check_port(host, port)
    folder.make()
    variables = server_environment(folder, public_url=public_url)
    with _interruptible(), FolderLock(folder.root, "server", stale_after=_MONTH):
        _make_accounts(program, folder, variables, emails, report)
        report(f"starting Label Studio {program.version}")
        with server_process(program, folder, variables, host, port) as server:
            server.wait_until_ready()
            with record_running(folder, server.running):
                ready(server.running.url)
                server.wait()


def _make_accounts(
    program: Program,
    folder: ServerFolder,
    variables: Mapping[str, str],
    emails: Mapping[str, str],
    report: LineCallback,
) -> None:
    if last_url(folder) is None:
        report("creating the database; this takes about a minute, once")
    prepared = prepare_accounts(program, folder, variables, emails)
    if prepared.made:
        report(f"new accounts: {', '.join(prepared.made)}; first passwords: {folder.passwords}")
    if not prepared.token_known:
        report(
            f"warning: {token_path(folder.corpus)} has a token that this server doesn't accept; "
            f"move it away and start again to create one"
        )


def _account_emails(corpus: Path) -> dict[str, str]:
    """Return the accounts' e-mail addresses by pseudonym, each address once.

    The administrator, who may be an annotator, too, has an account already.
    """
    by_address: dict[str, tuple[str, str]] = {}
    annotators = Annotators(corpus)
    for name, email in annotators.addresses().items():
        if email.casefold() == ADMIN:
            continue
        if not is_email(email):
            raise DataError(
                f"{annotators.path}: the e-mail address of {name} doesn't work as log-in; correct "
                f"it, or leave it empty for no account"
            )
        by_address.setdefault(email.casefold(), (name, email))
    return dict(by_address.values())


def _check_not_running(folder: ServerFolder) -> None:
    server = running_server(folder)
    if server is not None:
        raise CorpusError(
            f"Label Studio already runs for this corpus: {server.url}, process {server.pid}; stop "
            f"it with ctrl-C where it was started, or with: kill {server.pid}"
        )


def _check_public_url(url: str | None) -> None:
    if url is None:
        return
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and url == f"{parts.scheme}://{parts.netloc}"
    except ValueError:
        good = False
    if not good or not parts.hostname or parts.username or "," in url:
        raise ConfigurationError(
            f"--public-url {url!r}: give the URL in annotators' browsers, without a path, such as "
            f"https://label.lab.example"
        )


@contextmanager
def _interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM and SIGHUP, so that they stop the server, too."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


_MONTH = 30 * 24 * 3600.0  # seconds
