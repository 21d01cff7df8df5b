"""URL and state of the corpus's own server."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from annotation.label_studio.browser import fetch
from annotation.label_studio.folders import ServerFolder
from manifests.errors import ConfigurationError, CorpusError
from manifests.store import write_text

__all__ = [
    "RunningServer",
    "check_port",
    "is_healthy",
    "last_url",
    "record_running",
    "running_server",
]


@dataclass(frozen=True)
class RunningServer:
    """Running server of a corpus.

    Attributes:
        pid: process id of Label Studio.
        url: local URL of the server.
    """

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

    Label Studio silently takes the next port if this one is busy on `localhost`, so both are
    checked.

    Raises:
        ConfigurationError: if the host isn't this machine or the port is in use.
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
