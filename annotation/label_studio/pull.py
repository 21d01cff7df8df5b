"""Pull judgements from Label Studio and reconcile the counts."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from annotation.batches.server_file import KnownProject
from annotation.judgements.annotators import Annotators, Rater
from annotation.judgements.importing import import_exports
from annotation.judgements.parse import Export, decode_export
from annotation.label_studio.connection import Connection, connect
from annotation.label_studio.consent import NO_CONSENT, Consent
from annotation.label_studio.destinations import TaskKey, destinations
from annotation.label_studio.reconcile import ProjectCounts, count_tasks, finished_tasks
from annotation.label_studio.refusals import NotFoundError, RequestRefusedError
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.outcome import Outcome, Progress, no_progress

__all__ = ["pull_annotations"]


def pull_annotations(
    corpus: Path,
    *,
    projects: Sequence[int] = (),
    server_url: str | None = None,
    token_file: str | None = None,
    nameless: str | None = None,
    consent: Consent = NO_CONSENT,
    progress: Progress = no_progress,
) -> Outcome:
    """Import the answers in the given or all pushed projects into one new file.

    The caller must hold the corpus's lock. Pulling twice adds nothing. Answers without an account
    count as those of ``nameless``. The outcome is that of
    :func:`annotation.judgements.importing.import_annotations`; its ``details`` also have
    ``server``, ``url`` and a row of :class:`ProjectCounts` for each project in ``projects``.

    Raises:
        ConfigurationError: if nothing was pushed, there is no token, it may not be sent there, or
            ``nameless`` is invalid.
        CorpusError: if the server doesn't answer or rejects the token.
    """
    connection = connect(corpus, server_url, token_file, consent)
    chosen = _chosen(connection, projects)
    server = connection.register()
    pull = _Pull(connection, progress, len(chosen))
    outcome = import_exports(corpus, pull.exports(chosen), server=server, nameless=nameless)
    outcome.details |= {
        "server": server,
        "url": connection.client.url,
        "projects": [counts.row() for counts in pull.counts],
    }
    outcome.warnings += pull.warnings
    outcome.items_in += len(pull.failures)
    for name, reason in pull.failures:
        outcome.fail(name, reason)
    return outcome


class _Pull:
    """Iteration over project exports, collecting counts, warnings and failures."""

    def __init__(self, connection: Connection, progress: Progress, total: int) -> None:
        self.connection = connection
        self.counts: list[ProjectCounts] = []
        self.warnings: list[str] = []
        self.failures: list[tuple[str, str]] = []
        self._annotators = Annotators(connection.corpus)
        self._finished = finished_tasks(connection.corpus)
        self._progress = progress
        self._total = total

    def exports(self, chosen: Mapping[int, str | None]) -> Iterator[Export]:
        """Yield the export of each existing project, its annotators with e-mail addresses."""
        people = self.connection.client.users()
        pushed = _pushed(self.connection)
        for done, (number, key) in enumerate(chosen.items(), start=1):
            noted = self.connection.known.projects.get(key or "")
            name = _project_name(number, key)
            try:
                export = self._export(number, name, noted, people)
                yield export
                self._count(export, number, noted, key, pushed)
            except (NotFoundError, RequestRefusedError, DataError) as error:
                self.failures.append((name, str(error)))
            self._progress(done, self._total, name)

    def _pseudonym(
        self, annotation: Mapping[str, Any], nameless: Mapping[int, str], owner: str | None
    ) -> str | None:
        """Return the pseudonym of an annotation's annotator; None if it may be the owner."""
        rater = Rater.parse(annotation.get("completed_by"))
        if rater is None:
            number = annotation.get("id")
            return nameless.get(number) if isinstance(number, int) else None
        name = self._annotators.find(self.connection.server_id or "", rater)
        return _UNKNOWN if name is None and owner in self._annotators.addresses() else name

    def _export(
        self,
        number: int,
        name: str,
        noted: KnownProject | None,
        people: Mapping[int, str],
    ) -> Export:
        client = self.connection.client
        project = self.connection.find(noted or KnownProject(project_id=number))
        if project is None:
            raise NotFoundError("deleted on the server; judgements pulled before are kept")
        export = decode_export(client.export(number), name)
        _add_emails(export.tasks, people)
        return export

    def _count(
        self,
        export: Export,
        number: int,
        noted: KnownProject | None,
        key: str | None,
        pushed: Mapping[str, set[TaskKey]],
    ) -> None:
        """Count a project's tasks after its export was imported."""
        annotator = None if key is None else key.partition(":")[0] or None
        found = count_tasks(
            export.tasks,
            None if key is None else pushed.get(key, set()),
            annotator=annotator,
            kind=noted.kind if noted else None,
            project_id=number,
            pseudonym_of=lambda one: self._pseudonym(one, export.nameless, annotator),
            refused=export.refused,
            finished=self._finished.get(annotator or ""),
        )
        self.counts.append(found)
        self.warnings += [f"{export.name}: {sentence}" for sentence in found.mismatches()]


def _chosen(connection: Connection, projects: Sequence[int]) -> dict[int, str | None]:
    """Return the numbers of the projects to pull from, with the key of those that are known."""
    known = {project.project_id: key for key, project in connection.known.projects.items()}
    if projects:
        return {number: known.get(number) for number in projects}
    if connection.replaced_id is not None:
        raise ConfigurationError(
            f"{connection.client.url}: all projects pushed there are gone; judgements pulled "
            f"before are kept"
        )
    if not known:
        raise ConfigurationError(
            f"nothing was pushed to {connection.client.url}; start with: corpus push-tasks, or "
            f"name a project with --project"
        )
    return dict(known)


def _project_name(number: int, key: str | None) -> str:
    if key is None:
        return f"project {number}"
    annotator, _, kind = key.partition(":")
    words = [f"{annotator}'s" if annotator else "the", kind, "project", str(number)]
    return " ".join(word for word in words if word)


def _pushed(connection: Connection) -> dict[str, set[TaskKey]]:
    """Return the pushed tasks of each project by its key."""
    known = connection.known.projects
    wanted = sorted({name for project in known.values() for name in project.batches})
    if not wanted:
        return {}
    return {
        place.key: {key for key in place.rows if key[0] in known[place.key].batches}
        for place in destinations(connection.corpus, known, wanted=wanted)
        if place.key in known
    }


def _add_emails(tasks: list[Any], people: Mapping[int, str]) -> None:
    """Replace annotators' user numbers by number and e-mail address."""
    for task in tasks:
        annotations = task.get("annotations") if isinstance(task, dict) else None
        for annotation in annotations if isinstance(annotations, list) else []:
            number = annotation.get("completed_by") if isinstance(annotation, dict) else None
            if isinstance(number, int) and number in people:
                annotation["completed_by"] = {"id": number, "email": people[number]}


_UNKNOWN = "?"  # annotator who isn't in annotators.csv yet
