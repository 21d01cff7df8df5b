"""At which address the corpus's own server is, and whether it runs."""

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
    """A server that was started for a corpus.

    Attributes:
        pid: of Label Studio's process.
        url: at which this machine reaches it.
    """

    pid: int
    url: str


def running_server(folder: ServerFolder) -> RunningServer | None:
    """Return the server that runs for the corpus on this machine, if one does."""
    noted = _read(folder.running_file)
    return noted if noted and _alive(noted.pid) and is_healthy(noted.url) else None


def last_url(folder: ServerFolder) -> str | None:
    """Return the address that the corpus's server has, or had when it ran last."""
    noted = _read(folder.running_file)
    return None if noted is None else noted.url


@contextmanager
def record_running(folder: ServerFolder, server: RunningServer) -> Iterator[None]:
    """Note which process serves where; afterwards the address stays, as the last one."""
    write_text(folder.running_file, json.dumps(asdict(server)))
    try:
        yield
    finally:
        write_text(folder.running_file, json.dumps(asdict(RunningServer(0, server.url))))


def is_healthy(url: str) -> bool:
    """Tell whether a Label Studio answers at an address that it is well."""
    try:
        return fetch(f"{url}/health").status == 200
    except CorpusError:
        return False


def check_port(host: str, port: int) -> None:
    """Refuse an address that can't be served.

    Label Studio silently takes the next port if this one is busy on `localhost`, so both are tried.

    Raises:
        ConfigurationError: naming the address, if it isn't this machine's or the port is taken.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, socket.AF_INET, socket.SOCK_STREAM
        )[0]
    except (OSError, UnicodeError):
        raise ConfigurationError(
            f"--host {host}: no IPv4 address or name of this machine"
        ) from None
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name == "posix")
        try:
            probe.bind(address)
        except OSError as error:
            raise ConfigurationError(
                f"{host}:{port} can't be served ({error.strerror}); if the port is in use, choose "
                f"another with --port"
            ) from error
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if probe.connect_ex(("localhost", port)) == 0:
            raise ConfigurationError(f"port {port} is in use; choose another with --port")


def _read(path: Path) -> RunningServer | None:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return RunningServer(int(said["pid"]), str(said["url"]))
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
