"""Data folder, URL and state of the corpus's own Label Studio."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from annotation.label_studio.browser import fetch
from manifests.base.errors import ConfigurationError, CorpusError, DataError
from manifests.storage.store import write_text

__all__ = [
    "RunningServer",
    "ServerFolder",
    "check_port",
    "is_healthy",
    "last_url",
    "record_running",
    "running_server",
]


@dataclass(frozen=True)
class ServerFolder:
    """Folder ``annotations/label-studio`` of a corpus: database, passwords, log.

    The server's document root isn't the corpus but a folder with only a link to ``clips``: every
    account of a free Label Studio may add storages and so fetch all files below the document root.
    """

    corpus: Path

    @property
    def root(self) -> Path:
        """The server's data folder, for its owner only."""
        return self.corpus / "annotations" / "label-studio"

    @property
    def document_root(self) -> Path:
        """Document root of the server: a folder with only a link to the clips."""
        return self.root / "served"

    @property
    def clips(self) -> Path:
        """Path of the clips on the server, as required of a local-files storage."""
        return self.document_root / "clips"

    @property
    def passwords(self) -> Path:
        """File with first passwords of the accounts, for the lead to hand out."""
        return self.root / "first-passwords.csv"

    @property
    def log(self) -> Path:
        """Log of the server since its last start."""
        return self.root / "server.log"

    @property
    def running_file(self) -> Path:
        """File with process id and URL of the running server."""
        return self.root / "running.json"

    def make(self) -> None:
        """Create the folders, private and ignored by git, and the link to the clips.

        Raises DataError if the link's path is taken.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)
        self.document_root.mkdir(exist_ok=True)
        (self.root / ".gitignore").write_text("*\n", encoding="utf-8")
        if self.clips.is_symlink():
            if self.clips.readlink() == _CLIPS:
                return
            self.clips.unlink()
        if self.clips.exists():
            raise DataError(
                f"{self.clips}: a copy of the clips in place of a link to them; delete that folder"
            )
        self.clips.symlink_to(_CLIPS, target_is_directory=True)


_CLIPS = Path("../../../clips")  # from the document root


@dataclass(frozen=True)
class RunningServer:
    """Running server of a corpus: process id of Label Studio, and local URL."""

    pid: int
    url: str


def running_server(folder: ServerFolder) -> RunningServer | None:
    """Return the corpus's server on this machine, or None if none is running."""
    noted = _read(folder.running_file)
    return noted if noted and _alive(noted.pid) and is_healthy(noted.url) else None


def last_url(folder: ServerFolder) -> str | None:
    """Return the current or last URL of the corpus's server."""
    noted = _read(folder.running_file)
    return None if noted is None else noted.url


@contextmanager
def record_running(folder: ServerFolder, server: RunningServer) -> Iterator[None]:
    """Record the running server for the duration of the block; the URL is kept afterwards."""
    write_text(folder.running_file, json.dumps(asdict(server)))
    try:
        yield
    finally:
        write_text(folder.running_file, json.dumps(asdict(RunningServer(0, server.url))))


def is_healthy(url: str) -> bool:
    """Return whether Label Studio at a URL reports that it is healthy."""
    try:
        return fetch(f"{url}/health").status == 200
    except CorpusError:
        return False


def check_port(host: str, port: int) -> None:
    """Refuse an address that the server can't listen on.

    Label Studio silently takes the next port if this one is busy on `localhost`: both are checked.
    Raises ConfigurationError if the host isn't this machine or the port is in use.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, socket.AF_INET, socket.SOCK_STREAM
        )[0]
    except (OSError, UnicodeError):
        raise ConfigurationError(
            f"--host {host}: not an IPv4 address or name of this machine"
        ) from None
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name == "posix")
        try:
            probe.bind(address)
        except OSError as error:
            raise ConfigurationError(
                f"{host}:{port} can't be used ({error.strerror}); if the port is in use, choose "
                f"another with --port"
            ) from error
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if probe.connect_ex(("localhost", port)) == 0:
            raise ConfigurationError(f"port {port} is in use; choose another with --port")


def _read(path: Path) -> RunningServer | None:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return RunningServer(int(record["pid"]), str(record["url"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
