"""Push exported tasks to Label Studio: a project for each annotator, each task once.

A label configuration that would lose answers already given is refused.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from annotation.batches.server_file import KnownProject
from annotation.judgements.annotators import Annotators
from annotation.label_studio.address import ServerFolder, refuse_links
from annotation.label_studio.client import Client, Project
from annotation.label_studio.connection import Connection, connect
from annotation.label_studio.consent import NO_CONSENT, Consent
from annotation.label_studio.destinations import Destination, TaskKey, destinations
from annotation.label_studio.reconcile import finished_tasks
from annotation.label_studio.refusals import (
    PermissionDeniedError,
    RequestRefusedError,
    ServerUnavailableError,
)
from manifests.base.errors import CorpusError
from manifests.base.outcome import Outcome, Progress, no_progress

__all__ = ["push_tasks"]


def lost_control(old: str, new: str) -> str | None:
    """Return the first control or value of the old configuration that the new one lacks, or None.

    Label Studio accepts any configuration and then hides the affected part of existing answers.

    Example:
        >>> old = '<View><Choices name="emotion" toName="a"><Choice value="sad"/></Choices></View>'
        >>> lost_control(old, old.replace("sad", "glad"))
        "the value 'sad' of 'emotion'"
        >>> lost_control(old, "<View/>")
        "the control 'emotion'"
    """
    new_controls = _read_controls(new)
    for name, (kind, values) in _read_controls(old).items():
        if name not in new_controls or new_controls[name][0] != kind:
            return f"the control '{name}'"
        gone = sorted(values - new_controls[name][1])
        if gone:
            return f"the value '{gone[0]}' of '{name}'"
    return None


def _read_controls(screen: str) -> Mapping[str, tuple[str, set[str]]]:
    """Return tag and values of each control; empty for an unreadable configuration."""
    if "<!DOCTYPE" in screen or "<!ENTITY" in screen:
        return {}
    try:
        root = ElementTree.fromstring(screen)  # noqa: S314 - without a DTD
    except (ElementTree.ParseError, ValueError, RecursionError):
        return {}
    return {
        tag.get("name", ""): (
            tag.tag,
            {choice.get("alias") or choice.get("value") or "" for choice in tag.iter("Choice")},
        )
        for tag in root.iter()
        if "toName" in tag.attrib
    }


ALREADY = "there already"
DONE = "answered before"


def push_tasks(
    corpus: Path,
    *,
    batches: Sequence[str] = (),
    annotators: Sequence[str] = (),
    server_url: str | None = None,
    token_file: str | None = None,
    consent: Consent = NO_CONSENT,
    progress: Progress = no_progress,
) -> Outcome:
    """Push batches, by default all, to the annotators' projects; create missing projects.

    The tasks of a project are read from the server by batch and clip, so pushing twice adds nothing
    and an interrupted push is resumed. Tasks that an annotator answered or skipped in a deleted
    project are not pushed again. This waits while the server is briefly unavailable, as in a
    restart. The caller must hold the corpus's lock. ``annotators`` are the recipients of shared
    batches; by default these go to one shared project.

    Returns:
        Outcome with a project's task as item; ``details`` has ``server``, ``url`` and, for each
            project, ``annotator project_id kind pushed there_already answered_before address``.

    Raises:
        ConfigurationError: if a batch or annotator doesn't exist, or there is no token, or it may
            not be sent there.
        CorpusError: if the server doesn't answer at the start or rejects the token.
    """
    connection = connect(corpus, server_url, token_file, consent)
    places = destinations(corpus, connection.known.projects, wanted=batches, annotators=annotators)
    outcome = Outcome(items_in=sum(len(place.rows) for place in places))
    if connection.replaced_id is not None:
        outcome.warnings.append(
            f"{connection.client.url}: all projects pushed there before are gone, so this counts "
            f"as a new server; pulled judgements are kept"
        )
    outcome.details |= {
        "server": connection.register(),
        "url": connection.client.url,
        "projects": [],
    }
    outcome.warnings += _without_account(connection, places)
    done = finished_tasks(corpus)
    for place in places:
        title = place.title(corpus)
        try:
            _push(connection, place, done.get(place.annotator or "", {}), outcome, progress)
        except (ServerUnavailableError, PermissionDeniedError) as error:
            outcome.fail(title, f"{error} (pushed tasks are kept; run the same command to resume)")
            break
        except RequestRefusedError as error:
            outcome.fail(title, str(error))
    return outcome


def _without_account(connection: Connection, places: Sequence[Destination]) -> Iterator[str]:
    """Warn about annotators without an account on the server."""
    addresses = Annotators(connection.corpus).addresses()
    accounts = {email.casefold() for email in connection.client.users().values()}
    for name in sorted({place.annotator for place in places if place.annotator}):
        if name in addresses and addresses[name].casefold() not in accounts:
            yield (
                f"{name} has no account on {connection.client.url}; create one there, or restart "
                f"the corpus's own server, which does it: corpus label-studio start"
            )


def _push(
    connection: Connection,
    place: Destination,
    done: Container[TaskKey],
    outcome: Outcome,
    progress: Progress,
) -> None:
    client, title = connection.client, place.title(connection.corpus)
    project = _project(connection, place, title, outcome)
    _update_screen(client, project, place)
    _serve_clips(connection, project, place)
    shown = any(row.get("predictions") for row in place.rows.values())
    if shown and not project.shows_predictions:
        client.update_project(project.number, show_collab_predictions=True)
    row: dict[str, Any] = {
        "annotator": place.annotator,
        "project_id": project.number,
        "kind": place.kind,
        "pushed": 0,
        "there_already": 0,
        "answered_before": 0,
        "address": client.labelling_url(project.number),
    }
    outcome.details["projects"].append(row)

    def count(pushed: int) -> None:
        row["pushed"] += pushed
        outcome.kept += pushed
        progress(outcome.kept + outcome.rejected.total(), outcome.items_in, title)

    there = _keys(client, project.number)
    absent = {key: task for key, task in place.rows.items() if key not in there}
    missing = {key: task for key, task in absent.items() if key not in done}
    row["there_already"] = len(place.rows) - len(absent)
    row["answered_before"] = len(absent) - len(missing)
    outcome.rejected += Counter({ALREADY: row["there_already"], DONE: row["answered_before"]})
    _add(client, project.number, missing, count)


def _add(
    client: Client, number: int, missing: dict[TaskKey, Any], count: Callable[[int], None]
) -> None:
    """Add tasks in chunks; after a missing response, check which ones were added."""
    left, failed = dict(missing), 0
    while left:
        portion = list(left)[:_PORTION]
        try:
            client.add_tasks(number, [left[key] for key in portion])
            done = set(portion)
            failed = 0
        except ServerUnavailableError:
            failed += 1
            if failed > _TRIES:
                raise
            done = _keys(client, number) & left.keys()
        left = {key: task for key, task in left.items() if key not in done}
        count(len(done))


def _keys(client: Client, number: int) -> set[TaskKey]:
    return {key for page in client.tasks(number) for key in page.keys}


def _project(connection: Connection, place: Destination, title: str, outcome: Outcome) -> Project:
    """Find or create the project; record it, with its batches, before tasks are added."""
    noted = connection.known.projects.get(place.key)
    project = connection.find(noted) if noted else None
    if noted and project is None:
        outcome.warnings.append(
            f"{title}: project {noted.project_id} was deleted on the server, so a new one is "
            f"created; tasks with pulled judgements are not pushed again"
        )
    if project is None:
        project = _unrecorded_project(connection, place, title)
    if project is None:
        project = connection.client.make_project(title, place.screen)
    before = noted.batches if noted and noted.project_id == project.number else []
    batches = before + [name for name in place.batches if name not in before]
    connection.record_project(
        place.key,
        KnownProject(
            project_id=project.number,
            kind=place.kind,
            created_at=project.created_at,
            batches=batches,
        ),
    )
    return project


def _unrecorded_project(connection: Connection, place: Destination, title: str) -> Project | None:
    """Return a project of that title with only these tasks, left by an interrupted push."""
    noted = {project.project_id for project in connection.known.projects.values()}
    for project in connection.client.projects_titled(title):
        unknown = project.number not in noted
        if unknown and _keys(connection.client, project.number) <= place.rows.keys():
            return project
    return None


def _update_screen(client: Client, project: Project, place: Destination) -> None:
    if project.label_config.strip() == place.screen.strip():
        return
    lost = lost_control(project.label_config, place.screen) if project.annotations else None
    if lost is not None:
        raise RequestRefusedError(
            f"the label configuration of {place.batches[-1]} lacks {lost}, which answers in "
            f"project {project.number} may have; restore it in {place.screen_path}"
        )
    client.update_project(project.number, label_config=place.screen)


def _serve_clips(connection: Connection, project: Project, place: Destination) -> None:
    """Add a storage for the clips if the tasks' audio is in the server's local files."""
    local = any(
        str(row["data"].get("audio", "")).startswith("/data/local-files/")
        for row in place.rows.values()
    )
    if not local or connection.client.storages(project.number):
        return
    refuse_links(connection.corpus / "clips")
    own = ServerFolder(connection.corpus).clips
    by_hand = connection.corpus.resolve() / "clips"
    refusal: CorpusError | None = None
    for path in (own, by_hand) if own.exists() else (by_hand,):
        try:
            connection.client.add_storage(project.number, str(path.absolute()))
            return
        except (ServerUnavailableError, PermissionDeniedError):
            raise
        except RequestRefusedError as error:
            refusal = error
    raise RequestRefusedError(
        f"the server can't serve the clips: {refusal}; start it with corpus label-studio start, "
        f"or add a Local files storage for the clips below its document root to project "
        f"{project.number} by hand, or export with --audio-base-url"
    )


_PORTION = 250  # tasks per request, about 0.2 s
_TRIES = 5
