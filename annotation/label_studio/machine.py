"""What this machine remembers of Label Studio, outside every corpus, which may come from others."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from manifests.base.errors import ConfigurationError, CorpusError
from manifests.storage.partials import clear_partials
from manifests.storage.store import write_bytes

__all__ = ["Machine", "MadeServer", "RunningServer", "changed_machine", "digest", "machine_file"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class RunningServer(_Strict):
    """Process of a corpus's server: its id, when it began (empty if unknown), and local URL."""

    pid: int
    began: str = ""
    url: str


class MadeServer(_Strict):
    """Database that this machine made, or adopted, for a corpus.

    ``files`` are the sha256 of it and of the files beside it that decide about accounts, as its
    server left them; null while the server runs, or was killed. Then ``inode``, that of the
    database, and ``key``, the sha256 of the server's settings with its secret key, identify it.
    """

    inode: int
    key: str | None = None
    files: dict[str, str] | None = None
    running: RunningServer | None = None
    url: str | None = None


class Machine(_Strict):
    """Content of the file ``label-studio.json`` in the user's configuration folder.

    ``environment`` is the last ``--environment``; ``tokens`` has the sha256 of the tokens that each
    server accepted, by :func:`annotation.label_studio.consent.place`; ``servers`` the databases, by
    the corpus's real path.
    """

    environment: str | None = None
    tokens: dict[str, list[str]] = {}
    servers: dict[str, MadeServer] = {}

    @classmethod
    def read(cls) -> "Machine":
        """Read the file; without one nothing is remembered.

        Raises ConfigurationError if it isn't as corpus-tools wrote it.
        """
        path = machine_file()
        try:
            return cls.model_validate_json(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return cls()
        except ValidationError:
            raise ConfigurationError(
                f"{path}: not as corpus-tools wrote it; restore it, or delete it: tokens and "
                f"databases are then new to this machine"
            ) from None

    def server(self, corpus: Path) -> MadeServer | None:
        """Return the database of a corpus, None if this machine made none."""
        return self.servers.get(os.path.realpath(corpus))


def machine_file() -> Path:
    """Return the path of the file.

    It is in the folder ``CORPUS_TOOLS_HOME``, else in ``corpus-tools`` below ``XDG_CONFIG_HOME`` or
    ``~/.config``. Relative paths, which would depend on the working folder, are ignored.
    """
    own, base = (os.environ.get(name, "") for name in ("CORPUS_TOOLS_HOME", "XDG_CONFIG_HOME"))
    if Path(own).is_absolute():
        return Path(own) / _NAME
    try:
        folder = Path(base) if Path(base).is_absolute() else Path.home() / ".config"
    except RuntimeError:
        raise ConfigurationError(
            "this user has no home folder; set CORPUS_TOOLS_HOME to a folder of their own"
        ) from None
    return folder / "corpus-tools" / _NAME


@contextmanager
def changed_machine() -> Iterator[Machine]:
    """Yield what is remembered, for changes, which are written if the block succeeds.

    Raises CorpusError if the folder can't be written.
    """
    from filelock import FileLock

    path = machine_file()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), _PATIENCE):
            clear_partials(path.parent)
            machine = Machine.read()
            before = machine.model_dump()
            yield machine
            after = machine.model_dump()
            if after != before:
                text = json.dumps(after, ensure_ascii=False, indent=2) + "\n"
                write_bytes(path, text.encode(), mode=0o600)
    except (PermissionError, FileExistsError, NotADirectoryError, TimeoutError) as error:
        raise CorpusError(
            f"{path}: can't be written ({error.strerror or error}); set CORPUS_TOOLS_HOME to a "
            f"folder of your own"
        ) from error


def digest(token: str) -> str:
    """Return the sha256 (hex) of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


_NAME = "label-studio.json"
_PATIENCE = 10.0  # seconds
