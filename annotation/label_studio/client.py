"""Client for the requests to Label Studio that push and pull use."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from annotation.label_studio.browser import is_loopback
from annotation.label_studio.refusals import ServerUnavailableError, translate_errors
from manifests.base.errors import ConfigurationError, CorpusError

__all__ = ["Client", "Project", "TaskList", "checked_url"]

T = TypeVar("T")


@dataclass(frozen=True)
class Project:
    """Project on the server.

    Its number and creation time together identify it across databases. ``annotations`` is the
    number of answers, skips included.
    """

    number: int
    title: str
    created_at: str
    label_config: str
    shows_predictions: bool
    annotations: int


@dataclass(frozen=True)
class TaskList:
    """Page of a project's tasks: batch and clip of each, and the total number of tasks."""

    keys: list[tuple[str, str]]
    total: int


class Client:
    """Client of a Label Studio server; failed requests raise one-sentence errors.

    Reads are retried while the server is unavailable, as in a restart, with pauses of
    ``retry_pauses`` seconds. Writes are sent once; after an error the caller must check whether
    they took effect. The token must belong to a user who may create projects.
    """

    def __init__(self, url: str, token: str, retry_pauses: Sequence[float] | None = None) -> None:
        import httpx
        from label_studio_sdk import LabelStudio

        self.url = checked_url(url)
        self._retry_pauses = _PATIENCE if retry_pauses is None else tuple(retry_pauses)
        with translate_errors(self.url, "the token"):
            connection = httpx.Client(timeout=_SECONDS, trust_env=not is_loopback(self.url))
            self._sdk = LabelStudio(
                base_url=self.url,
                api_key=token,
                timeout=_SECONDS,
                max_retries=0,
                httpx_client=connection,
            )

    def check_login(self) -> None:
        """Raise if the server is unavailable or rejects the token."""
        self._send("the log-in", self._sdk.users.whoami)

    def labelling_url(self, number: int) -> str:
        """Return the URL for labelling a project's tasks one after the other."""
        return f"{self.url}/projects/{number}/data?labeling=1"

    def users(self) -> dict[int, str]:
        """Return the e-mail addresses of all accounts by user number."""
        users = self._retry("the accounts", self._sdk.users.list)
        return {int(user.id): str(user.email) for user in users}

    def project(self, number: int) -> Project:
        """Return a project; raise NotFoundError if there is none of that number."""
        return _project(self._retry(f"project {number}", lambda: self._sdk.projects.get(number)))

    def projects_titled(self, title: str) -> list[Project]:
        """Return the projects with exactly that title, the oldest first."""

        def named() -> list[Any]:
            return [one for one in self._sdk.projects.list(title=title) if one.title == title]

        return sorted(
            map(_project, self._retry("the projects", named)),
            key=lambda one: one.number,
        )

    def make_project(self, title: str, label_config: str) -> Project:
        """Create a project: tasks in order, skipping allowed, predictions hidden."""
        made = self._send(
            f"project '{title}'",
            lambda: self._sdk.projects.create(
                title=title,
                label_config=label_config,
                sampling="Sequential sampling",
                show_skip_button=True,
                show_collab_predictions=False,
            ),
        )
        return self.project(int(made.id or 0))

    def update_project(self, number: int, **fields: Any) -> None:
        """Change settings of a project.

        Raises RequestRefusedError such as for a label configuration that existing answers don't
        fit.
        """
        self._send(f"project {number}", lambda: self._sdk.projects.update(number, **fields))

    def storages(self, number: int) -> list[str]:
        """Return the paths of a project's local-files storages."""
        response = self._retry(
            f"storages of project {number}",
            lambda: self._sdk.import_storage.local.list(project=number),
        )
        return [str(storage.path) for storage in response]

    def add_storage(self, number: int, path: str) -> None:
        """Add a local-files storage, which serves a folder to annotators; don't sync it into tasks.

        Raises RequestRefusedError if the folder is missing on the server or not allowed.
        """
        self._send(
            f"storage {path}",
            lambda: self._sdk.import_storage.local.create(
                project=number, title="clips", path=path, use_blob_urls=True
            ),
        )

    def tasks(self, number: int) -> Iterator[TaskList]:
        """Yield the tasks of a project page by page, ordered by number."""
        seen, page = 0, 1
        while True:
            response = self._retry(f"tasks of project {number}", partial(self._page, number, page))
            yield response
            seen += len(response.keys)
            if not response.keys or seen >= response.total:
                return
            page += 1

    def add_tasks(self, number: int, rows: Sequence[dict[str, Any]]) -> None:
        """Add tasks, all or none; the server doesn't detect duplicates.

        Raises ServerUnavailableError if the server is unavailable; the tasks may have been added.
        """
        self._send(
            f"tasks for project {number}",
            lambda: self._sdk.projects.import_tasks(number, request=rows, return_task_ids=False),
        )

    def export(self, number: int) -> bytes:
        """Return the JSON export of all tasks of a project.

        It is made as a snapshot, deleted afterwards: the server writes it incrementally, while a
        direct export takes longer and is held in its memory.
        """
        return self._retry(f"export of project {number}", partial(self._snapshot, number))

    def _page(self, number: int, page: int) -> TaskList:
        """Return a page of tasks; only two fields, as full tasks take ten times as long."""
        answer = self._sdk.tasks.list(
            project=number,
            page=page,
            page_size=_PAGE,
            include="id,data",
        ).response
        keys = [_key(task.data) for task in answer.tasks or []]
        return TaskList(keys, int(answer.total))

    def _snapshot(self, number: int) -> bytes:
        exports = self._sdk.projects.exports
        snapshot = exports.create(number, serialization_options=_AS_EXPORTED)
        try:
            for _ in range(_POLLS):
                if snapshot.status in ("completed", "failed"):
                    break
                time.sleep(_BETWEEN_POLLS)
                snapshot = exports.get(number, snapshot.id)
            if snapshot.status != "completed":
                raise CorpusError(
                    f"{self.url}: the export of project {number} isn't finished (status "
                    f"{snapshot.status}); try again, or export it there and use import-annotations"
                )
            return b"".join(exports.download(number, snapshot.id, export_type="JSON"))
        finally:
            with suppress(CorpusError), translate_errors(self.url, "the snapshot"):
                exports.delete(number, snapshot.id)

    def _send(self, request_name: str, request: Callable[[], T]) -> T:
        with translate_errors(self.url, request_name):
            return request()

    def _retry(self, request_name: str, request: Callable[[], T]) -> T:
        for pause in self._retry_pauses:
            try:
                return self._send(request_name, request)
            except ServerUnavailableError:
                time.sleep(pause)
        return self._send(request_name, request)


def checked_url(url: str) -> str:
    """Return a server's URL without a trailing slash; raise ConfigurationError if invalid."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        good = good and parts.port != 0 and "%" not in parts.netloc and not set(url) & _UNCLEAR
    except ValueError:
        good = False
    if not good or not url.isascii() or parts.username is not None or parts.query or parts.fragment:
        raise ConfigurationError(
            "--server-url: give the plain http:// or https:// URL of Label Studio"
        )
    return url.rstrip("/")


def _project(response: Any) -> Project:
    return Project(
        number=int(response.id),
        title=str(response.title),
        created_at=response.created_at.isoformat(),
        label_config=str(response.label_config or ""),
        shows_predictions=bool(response.show_collab_predictions),
        annotations=int(response.total_annotations_number or 0)
        + int(response.skipped_annotations_number or 0),
    )


def _key(data: Any) -> tuple[str, str]:
    """Return batch and clip id of a task; empty for tasks of other origin."""
    fields = data if isinstance(data, dict) else {}
    return str(fields.get("batch", "")), str(fields.get("clip_id", ""))


_UNCLEAR = {chr(code) for code in range(33)} | set('\\\x7f<>"^`{|}')  # read in two ways
_SECONDS = 600.0  # timeout; the server responds only after a large import or export
_PATIENCE = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds; a restart takes 10 to 30
_PAGE = 1000
_POLLS = 600
_BETWEEN_POLLS = 1.0  # seconds
_AS_EXPORTED = {
    "annotations__completed_by": {"only_id": True},
    "drafts": {"only_id": True},
    "predictions": {"only_id": True},
}
