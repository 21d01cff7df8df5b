"""annotations/server.json: servers and projects with the corpus's tasks.

The file has no secrets. Annotation numbers are unique within one server only, so each server has an
id, which is part of its judgements.
"""

import json
from collections.abc import Iterator, Set
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from annotation.batches.batches import Kind
from manifests.base.encodings import read_bytes
from manifests.base.errors import DataError
from manifests.storage.store import write_text

__all__ = ["SHARED", "KnownProject", "KnownServer", "ServerFile", "project_key"]

SHARED = ":shared"
"""Key of the project of shared batches; pseudonyms have no colon."""


def project_key(annotator: str | None, kind: Kind) -> str:
    """Return the key of a project in the file.

    Example:
        >>> project_key("a01", "label"), project_key("a01", "adjudication")
        ('a01', 'a01:adjudication')
    """
    name = annotator or SHARED
    return name if kind == "label" else f"{name}:{kind}"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class KnownProject(_Strict):
    """Project that push-tasks created, with the names of the batches pushed to it, even partly.

    A project of another creation time is another one.
    """

    project_id: int
    kind: Kind = "label"
    created_at: str | None = None
    batches: list[str] = []


class KnownServer(_Strict):
    """Server with projects of the corpus, by :func:`project_key`, and its last known URL.

    ``replaced_by`` is the id of the server now at this URL, if this one's database is gone.
    """

    url: str
    projects: dict[str, KnownProject] = {}
    replaced_by: str | None = None


class ServerFile(_Strict):
    """Content of the file: servers by id, the oldest first."""

    servers: dict[str, KnownServer] = {}

    @classmethod
    def read(cls, corpus: Path) -> "ServerFile":
        """Read the file of a corpus; without a file there are no servers.

        Raises DataError if it isn't as push-tasks wrote it.
        """
        path = _path(corpus)
        try:
            return cls.model_validate_json(read_bytes(path, "restore it"))
        except FileNotFoundError:
            return cls()
        except ValidationError as error:
            place = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the whole file"
            raise DataError(f"{path}: not as push-tasks wrote it ({place}); restore it") from None

    def write(self, corpus: Path) -> None:
        """Write the file atomically."""
        text = json.dumps(self.model_dump(exclude_none=True), ensure_ascii=False, indent=2)
        write_text(_path(corpus), text + "\n")

    def current(self) -> dict[str, KnownServer]:
        """Return the servers that aren't replaced, by id."""
        return {name: one for name, one in self.servers.items() if one.replaced_by is None}

    def new_id(self, used: Set[str]) -> str:
        """Return an unused id for a new server: ``label-studio``, ``label-studio-2`` and so on."""
        taken = used | self.servers.keys()
        return next(name for name in _names() if name not in taken)

    def owners(self) -> dict[tuple[str, int], tuple[str | None, Kind]]:
        """Return annotator and kind of each project, by server id and project number."""
        return {
            (server_id, project.project_id): (_owner(key), project.kind)
            for server_id, server in self.servers.items()
            for key, project in server.projects.items()
        }


def _path(corpus: Path) -> Path:
    return corpus / "annotations" / "server.json"


def _names() -> Iterator[str]:
    yield "label-studio"
    number = 2
    while True:
        yield f"label-studio-{number}"
        number += 1


def _owner(key: str) -> str | None:
    return key.partition(":")[0] or None
