"""The requests to a Label Studio that push and pull are made of."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from annotation.label_studio.browser import is_loopback
from annotation.label_studio.refusals import ServerUnavailableError, translate_errors
from manifests.errors import ConfigurationError, CorpusError

__all__ = ["Client", "Project", "TaskList", "checked_url"]

T = TypeVar("T")


@dataclass(frozen=True)
class Project:
    """A project on the server.

    Attributes:
        number: its id there.
        title: what people read.
        created_at: with the number, what tells it from a project of another database.
        label_config: the labelling screen.
        shows_predictions: whether annotators see predictions.
        annotations: how many answers it has, skips included.
    """

    number: int
    title: str
    created_at: str
    label_config: str
    shows_predictions: bool
    annotations: int


@dataclass(frozen=True)
class TaskList:
    """A page of a project's tasks: batch and clip of each, and how many there are in all."""

    keys: list[tuple[str, str]]
    total: int


class Client:
    """A Label Studio, and a token for it; each request is one sentence if it fails.

    What only reads is tried again while the server is away, as in a restart. What writes is tried
    once: whether it was done must be looked up.

    Args:
        url: the server's address.
        token: of somebody who may make projects.
        patience: seconds between tries while the server is away.
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
        """Raise if the server isn't there, or doesn't know the token."""
        self._send("who this is", self._sdk.users.whoami)

    def labelling_url(self, number: int) -> str:
        """Return where people label a project's tasks one after the other."""
        return f"{self.url}/projects/{number}/data?labeling=1"

    def users(self) -> dict[int, str]:
        """Return the e-mail address of everybody with an account, by number."""
        users = self._retry("its accounts", self._sdk.users.list)
        return {int(user.id): str(user.email) for user in users}

    def project(self, number: int) -> Project:
        """Return a project.

        Raises:
            MissingError: if there is none of that number.
        """
        return _project(self._retry(f"project {number}", lambda: self._sdk.projects.get(number)))

    def projects_titled(self, title: str) -> list[Project]:
        """Return the projects of exactly that title, the oldest first."""

        def named() -> list[Any]:
            return [one for one in self._sdk.projects.list(title=title) if one.title == title]

        return sorted(
            map(_project, self._retry("its projects", named)),
            key=lambda one: one.number,
        )

    def make_project(self, title: str, label_config: str) -> Project:
        """Make a project: tasks in their order, skipping allowed, predictions hidden."""
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

        Raises:
            RefusalError: such as for a screen that has no place for answers there are.
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
        """Let the server serve a folder to the annotators; nothing is made into tasks.

        Raises:
            RefusalError: if the server doesn't see the folder, or may not serve it.
        """
        self._send(
            f"storage {path}",
            lambda: self._sdk.import_storage.local.create(
                project=number, title="clips", path=path, use_blob_urls=True
            ),
        )

    def tasks(self, number: int) -> Iterator[TaskList]:
        """Yield batch and clip of each of a project's tasks, page by page, by number."""
        seen, page = 0, 1
        while True:
            response = self._retry(f"tasks of project {number}", partial(self._page, number, page))
            yield response
            seen += len(response.keys)
            if not response.keys or seen >= response.total:
                return
            page += 1

    def add_tasks(self, number: int, rows: Sequence[dict[str, Any]]) -> None:
        """Add tasks, all or none; the server doesn't notice those that are there already.

        Raises:
            AwayError: and then nobody knows whether they were added.
        """
        self._send(
            f"tasks for project {number}",
            lambda: self._sdk.projects.import_tasks(number, request=rows, return_task_ids=False),
        )

    def export(self, number: int) -> bytes:
        """Return a project's JSON export, of every task.

        It is made as a snapshot, which the server writes piece by piece, and taken off its list
        afterwards; in one go it would take longer, and be in its memory as a whole.
        """
        return self._retry(f"export of project {number}", partial(self._snapshot, number))

    def _page(self, number: int, page: int) -> TaskList:
        """Only two fields are asked for: the whole tasks take ten times as long."""
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
                    f"{self.url}: the export of project {number} doesn't get done (it is "
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
    """Return a server's address without a slash at its end.

    Raises:
        ConfigurationError: if it is none.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or parts.username or parts.query or parts.fragment:
        raise ConfigurationError(
            "--server-url: give Label Studio's plain http:// or https:// address"
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
    """Return batch and clip; what isn't ours has neither."""
    fields = data if isinstance(data, dict) else {}
    return str(fields.get("batch", "")), str(fields.get("clip_id", ""))


_SECONDS = 600.0  # a large import or export takes its time, and the server answers when it is done
_PATIENCE = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds; a restart takes 10 to 30
_PAGE = 1000
_POLLS = 600
_BETWEEN_POLLS = 1.0  # seconds
_AS_EXPORTED = {
    "annotations__completed_by": {"only_id": True},
    "drafts": {"only_id": True},
    "predictions": {"only_id": True},
}
