"""Check that annotators can play clips: fetch one like a browser and explain failures."""

import json
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from annotation.batches import read_batches
from annotation.label_studio.address import is_healthy
from annotation.label_studio.audibility import (
    ExpectedClip,
    playback_problem,
    playback_warnings,
    remote_playback_problem,
)
from annotation.label_studio.browser import authorization, fetch, origin
from annotation.label_studio.client import checked_url
from annotation.label_studio.connection import choose_url
from annotation.label_studio.folders import ServerFolder
from annotation.label_studio.server_file import ServerFile
from annotation.label_studio.token import find_token
from manifests.errors import ConfigurationError, CorpusError, DataError
from manifests.outcome import Outcome
from manifests.store import inside

__all__ = ["check"]


def check(corpus: Path, *, url: str | None = None, token_file: str | None = None) -> Outcome:
    """Fetch the first clip of the newest batch, and its context, as an annotator's browser would.

    Args:
        corpus: the corpus folder.
        url: URL of Label Studio for annotators; default: the corpus's own server if it runs, else
            the one pushed to.
        token_file: ``[label_studio] token_file`` of corpus.toml.

    Returns:
        Outcome with an item for each address; ``details`` has ``url``, ``clip_id`` and
        ``addresses``.

    Raises:
        ConfigurationError: if nothing was exported, the URL is invalid, or there is no token.
        CorpusError: if the server doesn't answer or rejects the token.
    """
    server = checked_url(url or choose_url(corpus, ServerFile.read(corpus)))
    task = _newest_task(corpus)
    if not is_healthy(server):
        raise CorpusError(
            f"no Label Studio answers at {server}; start the corpus's own with: corpus "
            f"label-studio start"
        )
    outcome = Outcome()
    addresses = [task[key] for key in ("audio", "context") if task.get(key)]
    outcome.details |= {"url": server, "clip_id": task["clip_id"], "addresses": addresses}
    outcome.items_in = len(addresses)
    for address in addresses:
        try:
            problem = _problem(corpus, server, address, token_file, outcome)
        except ConfigurationError:
            raise
        except CorpusError as error:
            problem = str(error)
        if problem is None:
            outcome.kept += 1
        else:
            outcome.fail(address, problem)
    return outcome


def _problem(
    corpus: Path, server: str, address: str, token_file: str | None, outcome: Outcome
) -> str | None:
    headers = {"Range": f"bytes=0-{_HEAD - 1}"}
    if not address.startswith(_LOCAL_FILES):
        clip = _expected_remote(corpus, unquote(urlsplit(address).path))
        response = fetch(address, headers | {"Origin": origin(server)}, limit=_HEAD)
        problem = remote_playback_problem(response, clip, address, server)
    else:
        clip = _expected(corpus, parse_qs(urlsplit(address).query).get("d", [""])[0])
        authorization_headers = authorization(server, find_token(corpus, token_file))
        response = fetch(server + address, headers | authorization_headers, limit=_HEAD)
        storages = _storages(server, authorization_headers) if response.status == 404 else []
        problem = playback_problem(response, clip, storages, _storage(corpus))
    if problem is None:
        outcome.warnings += playback_warnings(response)
    return problem


def _newest_task(corpus: Path) -> dict[str, str]:
    task = None
    for batch in read_batches(corpus):
        task = batch.tasks[0] if batch.tasks else task
    if task is None or not task.get("audio"):
        raise ConfigurationError("no tasks exported yet; start with: corpus export-tasks")
    return task


def _expected(corpus: Path, path: str) -> ExpectedClip:
    """Read the first bytes of a clip in the corpus; empty for a missing file."""
    try:
        file = inside(corpus, path)
        with file.open("rb") as stream:
            return ExpectedClip(path, stream.read(_HEAD), file.stat().st_size)
    except (OSError, DataError):
        return ExpectedClip(path, b"", 0)


def _expected_remote(corpus: Path, path: str) -> ExpectedClip:
    """Return the clip with a path below ``clips`` that is a suffix of a path on a web server."""
    parts = [part for part in path.split("/") if part]
    ends = ["clips/" + "/".join(parts[place:]) for place in range(len(parts))]
    found = (_expected(corpus, end) for end in ends)
    return next(
        (clip for clip in found if clip.head), ExpectedClip(ends[-1] if ends else "", b"", 0)
    )


def _storages(server: str, authorization_headers: dict[str, str]) -> list[str]:
    """Return the paths of the local-files storages of the server's newest projects."""
    try:
        projects = json.loads(
            fetch(f"{server}/api/projects?page_size=50", authorization_headers).body
        )["results"]
        found = [
            json.loads(
                fetch(
                    f"{server}/api/storages/localfiles?project={int(one['id'])}",
                    authorization_headers,
                ).body
            )
            for one in projects
        ]
        return [str(storage["path"]) for storages in found for storage in storages]
    except (ValueError, KeyError, TypeError):
        return []


def _storage(corpus: Path) -> str:
    """Return the required storage path; a server set up by hand serves the corpus folder."""
    clips = ServerFolder(corpus).clips
    return str(clips if clips.exists() else corpus / "clips")


_LOCAL_FILES = "/data/local-files/"
_HEAD = 65536  # bytes of a clip that are fetched and compared
