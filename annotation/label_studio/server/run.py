"""Run the corpus's own Label Studio: its process, with an environment isolated from the shell's."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from annotation.judgements.annotators import Annotators
from annotation.label_studio.address import (
    ServerFolder,
    check_port,
    is_healthy,
    left_process,
)
from annotation.label_studio.machine import changed_machine
from annotation.label_studio.refusals import token_path
from annotation.label_studio.server.accounts import ADMIN, is_email, prepare_accounts
from annotation.label_studio.server.database import claimed_database, note_process
from annotation.label_studio.server.program import TESTED, Program, find_program
from manifests.access.lock import CorpusLock
from manifests.base.errors import ConfigurationError, CorpusError, DataError
from manifests.storage.locking import FolderLock

__all__ = ["serve", "server_environment"]


class ServerProcess:
    """Child process of a started Label Studio server, with its data folder and local URL."""

    def __init__(self, process: "subprocess.Popen[bytes]", folder: ServerFolder, url: str) -> None:
        self.url = url
        self._process = process
        self._folder = folder

    def wait_until_ready(self, seconds: float = 300.0) -> None:
        """Wait until the server answers; raise CorpusError if it exits first or takes too long."""
        end = time.monotonic() + seconds
        while not is_healthy(self.url):
            self._check_alive()
            if time.monotonic() > end:
                raise CorpusError(
                    f"Label Studio doesn't answer at {self.url} after {seconds:.0f} s; "
                    f"its output is in {self._folder.log}"
                )
            time.sleep(_PAUSE)
        self._check_alive()

    def wait(self) -> None:
        """Wait until interrupted; raise CorpusError if the server exits by itself."""
        self._process.wait()
        time.sleep(
            _PAUSE
        )  # ctrl-C reaches the server first at times; the interrupt then comes here
        self._check_alive()

    def stop(self) -> None:
        """Stop the server, by force after ten seconds."""
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _check_alive(self) -> None:
        code = self._process.poll()
        if code is not None:
            lines = self._folder.log.read_text(encoding="utf-8", errors="replace").split("\n")
            last = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
            raise CorpusError(
                f"Label Studio exited by itself (exit code {code}): {last[:200]}; its output is in "
                f"{self._folder.log}"
            )


@contextmanager
def server_process(
    program: Program, folder: ServerFolder, environment: Mapping[str, str], host: str, port: int
) -> Iterator[ServerProcess]:
    """Run Label Studio for the duration of the block."""
    here = "127.0.0.1" if host in ("0.0.0.0", "") else host  # noqa: S104 - compared, not bound
    command = [str(program.executable), "start", "--internal-host", host, "--port", str(port)]
    folder.log.unlink(missing_ok=True)
    with os.fdopen(os.open(folder.log, _NEW, 0o600), "wb") as log:
        process = subprocess.Popen(
            [*command, "--no-browser", "--log-level", "WARNING"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder.root,
            env=dict(environment),
            umask=0o077,
        )
    server = ServerProcess(process, folder, f"http://{here}:{port}")
    try:
        note_process(folder, process.pid, server.url)
        yield server
    finally:
        server.stop()


_PAUSE = 0.25  # seconds
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY


def server_environment(
    folder: ServerFolder, *, public_url: str | None = None, shell: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the variables of Label Studio: SQLite, clips only, no telemetry, no open sign-up.

    Label Studio reads plain names such as HOST, PORT, DEBUG, USERNAME and DATABASE_NAME, so only
    the variables for folders and languages are inherited from ``shell``, by default those of this
    process. ``public_url`` is the URL in annotators' browsers behind a proxy.
    """
    shell = os.environ if shell is None else shell
    variables = {name: shell[name] for name in _INHERITED if name in shell}
    path = variables.get("PATH", "").split(os.pathsep)  # relative ones would be of the corpus
    variables["PATH"] = os.pathsep.join(entry for entry in path if Path(entry).is_absolute())
    variables |= _FIXED
    variables |= {
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder.root),
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(folder.document_root),
        **{name: str(folder.home) for name in _HOMES},
    }
    if public_url is not None:
        variables["LABEL_STUDIO_CSRF_TRUSTED_ORIGINS"] = public_url
    return variables


_INHERITED = (
    *("PATH", "HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ"),
    *("TMPDIR", "TEMP", "TMP", "SYSTEMROOT"),
)
_HOMES = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")  # otherwise it writes to ~/.config
_FIXED = {
    "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_CORS_ALLOW_ALL_ORIGINS": "false",
    "LABEL_STUDIO_HOST": "",
    "LABEL_STUDIO_DEBUG": "false",
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",  # unset, a built-in address would be used
    "FRONTEND_SENTRY_DSN": "",
    "PYTHONUNBUFFERED": "1",
    "PYTHONUTF8": "1",
}


LineCallback = Callable[[str], None]


def serve(
    corpus: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8090,
    environment: Path | None = None,
    public_url: str | None = None,
    adopt: bool = False,
    restart: bool = False,
    report: LineCallback = lambda line: None,
    ready: LineCallback = lambda url: None,
) -> None:
    """Run a Label Studio server for the corpus until this process is interrupted.

    A given ``environment`` becomes the default. ``public_url`` is the URL in annotators' browsers
    behind a proxy. ``adopt`` accepts a database that this machine didn't make, ``restart`` ends a
    server that is left. ``report`` is called with progress messages, ``ready`` with the URL once
    the server answers.

    Raises:
        ConfigurationError: if there is no Label Studio, or the address can't be used.
        DataError: if annotators.csv has an invalid e-mail address, the folder leads out of the
            corpus, or its database isn't this machine's.
        CorpusError: if the corpus has a running server, or the server doesn't start or exits.
        KeyboardInterrupt: when interrupted; the server has been stopped then.
    """
    _check_public_url(public_url)
    folder = ServerFolder(corpus)
    program = find_program(corpus, environment)
    if not program.is_tested:
        report(f"warning: Label Studio {program.version} is not tested; {TESTED} is")
    _account_emails(corpus)
    folder.check()
    _end_left_process(folder, report, restart=restart)
    _await_port(host, port, _PATIENCE if restart else 0.0)
    variables = server_environment(folder, public_url=public_url)
    with (
        _interruptible(),
        _locked(folder, _PATIENCE if restart else 0.0),
        claimed_database(folder, adopt=adopt) as resumed,
        ExitStack() as starting,
    ):
        starting.enter_context(CorpusLock(corpus, "label-studio start"))
        folder.make()
        if environment is not None:
            with changed_machine() as machine:
                machine.environment = str(program.environment)
        emails = _account_emails(corpus)  # again, since somebody may have been withdrawn
        _make_accounts(program, folder, variables, emails, report, resumed=resumed)
        starting.close()
        report(f"starting Label Studio {program.version}")
        with server_process(program, folder, variables, host, port) as server:
            server.wait_until_ready()
            ready(server.url)
            server.wait()


def _make_accounts(
    program: Program,
    folder: ServerFolder,
    variables: Mapping[str, str],
    emails: Mapping[str, str],
    report: LineCallback,
    *,
    resumed: bool,
) -> None:
    if not folder.database.stat().st_size:
        report("creating the database; this takes about a minute, once")
    prepared = prepare_accounts(program, folder, variables, emails, resumed=resumed)
    if prepared.made:
        report(f"new accounts: {', '.join(prepared.made)}; first passwords: {folder.passwords}")
    if not prepared.token_known:
        report(
            f"warning: {token_path(folder.corpus)} has a token that this server doesn't accept; "
            f"move it away and start again to create one"
        )


def _account_emails(corpus: Path) -> dict[str, str]:
    """Return e-mail addresses by pseudonym, each once and without the administrator's."""
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


def _end_left_process(folder: ServerFolder, report: LineCallback, *, restart: bool) -> None:
    """End the process that an earlier start left, or refuse to start beside it."""
    left = left_process(folder)
    if left is None:
        return
    what = left.url or "its accounts are being made"
    if not restart:
        raise CorpusError(
            f"Label Studio already runs for this corpus: {what}, process {left.pid}; stop it with "
            f"ctrl-C where it was started, or end it and start anew with --restart"
        )
    report(f"ending the Label Studio that runs for this corpus: {what}, process {left.pid}")
    for name in ("SIGTERM", "SIGKILL"):
        end = time.monotonic() + _PATIENCE
        with suppress(ProcessLookupError):
            os.kill(left.pid, getattr(signal, name, signal.SIGTERM))
        while left_process(folder) == left:
            if time.monotonic() > end:
                break
            time.sleep(_PAUSE)
        else:
            return
    raise CorpusError(f"process {left.pid} doesn't end; end it, and start again")


def _await_port(host: str, port: int, patience: float) -> None:
    """Check the address; an ended server's last threads may hold it for a moment."""
    end = time.monotonic() + patience
    while True:
        try:
            return check_port(host, port)
        except ConfigurationError:
            if time.monotonic() > end:
                raise
        time.sleep(_PAUSE)


@contextmanager
def _locked(folder: ServerFolder, patience: float) -> Iterator[None]:
    """Hold the folder's lock; wait for ``patience`` seconds for an earlier start to end."""
    end = time.monotonic() + patience
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(FolderLock(folder.root, "server", stale_after=_MONTH))
                break
            except CorpusError:
                if time.monotonic() > end:
                    raise
                time.sleep(_PAUSE)
        yield


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
_PATIENCE = 10.0  # seconds
