"""Data folder, URL and state of the corpus's own Label Studio."""

import os
import shutil
import socket
import stat
from dataclasses import dataclass
from pathlib import Path

from annotation.label_studio.browser import fetch
from annotation.label_studio.machine import Machine, RunningServer
from manifests.base.errors import ConfigurationError, CorpusError, DataError
from manifests.storage.store import write_text

__all__ = [
    "ServerFolder",
    "check_port",
    "is_healthy",
    "last_url",
    "left_process",
    "process_began",
    "refuse_links",
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
    def database(self) -> Path:
        """Label Studio's SQLite database."""
        return self.root / "label_studio.sqlite3"

    @property
    def home(self) -> Path:
        """Folder for what Label Studio would write into the user's home; emptied at each start."""
        return self.root / "home"

    @property
    def log(self) -> Path:
        """Log of the server since its last start."""
        return self.root / "server.log"

    def check(self) -> None:
        """Check that nothing in the folder, nor among the clips, leads elsewhere; change nothing.

        Raises DataError for a link or a special file, or if the document root has anything else.
        """
        expected = Path(os.path.realpath(self.corpus), "annotations", "label-studio")
        if Path(os.path.realpath(self.root)) != expected:
            raise DataError(
                f"{self.root}: is reached through a link; Label Studio's data must be in the "
                f"corpus itself, so put the folder in the link's place"
            )
        if self.root.exists():
            refuse_links(self.root, skip=self.document_root)
        refuse_links(self.corpus / "clips")
        if not self.document_root.is_symlink() and self.document_root.exists():
            for path in self.document_root.iterdir():
                if not path.is_symlink():
                    kind = "folder" if path.is_dir() else "file"
                    raise DataError(
                        f"{path}: every account could fetch it, as all there; only a link to the "
                        f"clips may be there, so delete that {kind}"
                    )

    def make(self) -> None:
        """Create the folders, private and ignored by git, and the document root anew.

        Raises DataError as :meth:`check`.
        """
        self.check()
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)
        write_text(self.root / ".gitignore", "*\n")
        shutil.rmtree(self.home, ignore_errors=True)
        if self.document_root.is_symlink():
            self.document_root.unlink()
        self.document_root.mkdir(exist_ok=True)
        for path in self.document_root.iterdir():
            path.unlink()
        self.clips.symlink_to(_CLIPS, target_is_directory=True)


_CLIPS = Path("../../../clips")  # from the document root


def refuse_links(folder: Path, *, skip: Path | None = None) -> None:
    """Refuse a folder that is, or holds at any depth, a link or a special file, but in ``skip``.

    Raises DataError, naming one.
    """
    names = [folder] if folder.is_symlink() or folder.exists() else []
    while names:
        path = names.pop()
        kind = path.lstat().st_mode
        if stat.S_ISDIR(kind):
            with os.scandir(path) as entries:
                names += [
                    path / entry.name
                    for entry in sorted(entries, key=lambda entry: entry.name)
                    if path / entry.name != skip and not entry.is_file(follow_symlinks=False)
                ]
        elif not stat.S_ISREG(kind):
            raise DataError(
                f"{path}: is a link or a special file, which could lead Label Studio out of the "
                f"corpus; delete it, or put what it leads to in its place"
            )


def running_server(folder: ServerFolder) -> RunningServer | None:
    """Return the corpus's server that this machine runs and that answers, or None."""
    left = left_process(folder)
    return left if left and left.url and is_healthy(left.url) else None


def left_process(folder: ServerFolder) -> RunningServer | None:
    """Return the process that was started for the corpus's server and still lives, or None."""
    made = Machine.read().server(folder.corpus)
    noted = None if made is None else made.running
    return noted if noted and _alive(noted) else None


def last_url(folder: ServerFolder) -> str | None:
    """Return the current or last URL of the corpus's server."""
    made = Machine.read().server(folder.corpus)
    return None if made is None else made.url


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


def process_began(pid: int) -> str | None:
    """Return when a process began, in the system's ticks (empty if unknown); None if it ended."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if state in "ZX" else fields[_BEGAN]
    except (OSError, ValueError, IndexError):
        return None if Path("/proc/self/stat").exists() else ""


def _alive(server: RunningServer) -> bool:
    if process_began(server.pid) != server.began:
        return False
    if server.began:
        return True
    try:  # a system without /proc: the number may be another process's by now
        os.kill(server.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return is_healthy(server.url)


_BEGAN = 18  # field of /proc/PID/stat, from the one after the state
