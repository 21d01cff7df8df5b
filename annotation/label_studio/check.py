"""Check that annotators can play clips: fetch one like a browser, and explain failures."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from annotation.batches.batches import read_batches
from annotation.batches.server_file import ServerFile
from annotation.label_studio.address import ServerFolder, is_healthy, refuse_links
from annotation.label_studio.browser import Response, authorization, fetch, is_loopback, origin
from annotation.label_studio.client import checked_url
from annotation.label_studio.connection import address_and_token, choose_url
from annotation.label_studio.consent import NO_CONSENT, Consent, remember_token
from manifests.base.errors import ConfigurationError, CorpusError, DataError
from manifests.base.outcome import Outcome
from manifests.storage.store import inside

__all__ = ["ExpectedClip", "check", "remote_playback_problem"]


@dataclass(frozen=True)
class ExpectedClip:
    """Expected clip: path in the corpus, first bytes (empty if missing), file size in bytes."""

    path: str
    head: bytes
    size: int


def playback_problem(
    response: Response, clip: ExpectedClip, storages: list[str], storage: str
) -> str | None:
    """Return why Label Studio's local files can't be played, or None if they can.

    The response is to an authorised request for the clip's first bytes. ``storages`` are the paths
    of the server's local-files storages, ``storage`` is the required one.
    """
    if response.status == 404:
        return _not_there(clip, storages, storage)
    if response.status in _LOCAL:
        return _LOCAL[response.status]
    return _no_audio(response, clip)


def remote_playback_problem(
    response: Response, clip: ExpectedClip, url: str, server: str
) -> str | None:
    """Return why a clip on another web server can't be played, or None if it can.

    The response is to a request for the clip's first bytes at ``url``, with Label Studio as Origin;
    ``server`` is the URL of Label Studio in annotators' browsers.
    """
    if server.startswith("https:") and url.startswith("http:"):
        return "browsers block http content in an https page; serve the clips by https"
    if is_loopback(url) and not is_loopback(server):
        return "this URL refers to each annotator's own machine; export with one that all can reach"
    if response.status in _ELSEWHERE:
        return _ELSEWHERE[response.status]
    refused = _no_audio(response, clip)
    if refused is not None:
        return refused
    allowed = response.headers.get("access-control-allow-origin", "")
    page = origin(server)
    if allowed not in ("*", page):
        current = f"it allows {allowed[:80]}" if allowed else "it allows none"
        return (
            f"the web server must let pages of {page} read the clips, but {current}; have it send "
            f"the header Access-Control-Allow-Origin: {page}"
        )
    return None


def playback_warnings(response: Response) -> Iterator[str]:
    """Yield problems that don't prevent playback."""
    if response.status == 200:
        yield "the server ignores Range: seeking in a clip only works once it is fully loaded"


def _not_there(clip: ExpectedClip, storages: list[str], storage: str) -> str:
    if not clip.head:
        return f"the corpus has no {clip.path}; the clip was deleted or the folder moved"
    if not storages:
        return (
            "no project has a Local files storage, so the server serves no clip; push-tasks adds "
            "one, or by hand: Settings > Cloud Storage > Add Source Storage > Local files, with "
            f"the path {storage} (don't synchronise it)"
        )
    if storage in storages:
        return (
            f"the server has the storage {storage} but not the clip; its document root "
            f"(LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT) must be the parent folder"
        )
    return (
        f"no Local files storage covers the clips: there is {', '.join(storages[:3])}, and "
        f"{storage} is needed; add it, or correct the server's document root"
    )


def _no_audio(response: Response, clip: ExpectedClip) -> str | None:
    if response.status not in (200, 206):
        return f"the server answers with status {response.status}"
    if response.kind == "text/html":
        return "the response is a page, such as a log-in or error page, instead of the clip"
    if not response.kind.startswith("audio/") and response.kind != "application/octet-stream":
        return f"the content type is {response.kind or 'missing'}; have the server send audio/wav"
    if response.body[:4] != b"RIFF" or response.body[8:12] != b"WAVE":
        return "the response isn't a WAV file, despite its content type"
    size = _whole_size(response)
    if clip.head and (
        clip.head != response.body[: len(clip.head)] or size not in (None, clip.size)
    ):
        return (
            "the file differs from the one in the corpus; the server's folder is of another corpus"
        )
    return None


def _whole_size(response: Response) -> int | None:
    """Return the size of the whole file from Content-Range or Content-Length."""
    if response.status == 206:
        size = response.headers.get("content-range", "").rpartition("/")[2]
    else:
        size = response.headers.get("content-length", "")
    return int(size) if size.isascii() and size.isdigit() else None


_LOCAL = {
    400: "the server rejects the request (status 400), so the task's URL is invalid",
    401: "the server accepts neither log-in nor token (status 401)",
    403: (
        "the server serves no local files (status 403); it must be started with "
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true, as corpus label-studio start does"
    ),
    500: (
        "the server fails (status 500), as it does for a path outside its document root, which "
        "must be the parent folder of clips, as set by corpus label-studio start"
    ),
}

_ELSEWHERE = {
    401: "the web server requires a log-in (status 401), which Label Studio's pages don't send",
    403: "the web server refuses (status 403); let it serve the folder to your annotators",
    404: "the clip isn't found (status 404); --audio-base-url must be the URL of the folder clips",
}


def check(
    corpus: Path,
    *,
    url: str | None = None,
    token_file: str | None = None,
    consent: Consent = NO_CONSENT,
) -> Outcome:
    """Fetch the first clip of the newest batch, and its context, as an annotator's browser would.

    Without ``url`` the corpus's own server is checked if it runs, else the one pushed to. The
    outcome has an item for each address; its ``details`` are ``url``, ``clip_id`` and
    ``addresses``.

    Raises:
        ConfigurationError: if nothing was exported, the URL is invalid, or there is no token, or it
            may not be sent there.
        DataError: if there are links in the corpus's annotations.
        CorpusError: if the server doesn't answer or rejects the token.
    """
    refuse_links(corpus / "annotations", skip=ServerFolder(corpus).document_root)
    server = checked_url(url or choose_url(corpus, ServerFile.read(corpus)))
    task = _newest_task(corpus)
    addresses = [task[key] for key in ("audio", "context") if task.get(key)]
    token = ""
    if any(address.startswith(_LOCAL_FILES) for address in addresses):
        server, token = address_and_token(corpus, server, token_file, consent)
    if not is_healthy(server):
        raise CorpusError(
            f"no Label Studio answers at {server}; start the corpus's own with: corpus "
            f"label-studio start"
        )
    outcome = Outcome()
    outcome.details |= {"url": server, "clip_id": task["clip_id"], "addresses": addresses}
    outcome.items_in = len(addresses)
    for address in addresses:
        try:
            problem = _problem(corpus, server, address, token, outcome)
        except ConfigurationError:
            raise
        except CorpusError as error:
            problem = str(error)
        if problem is None:
            outcome.kept += 1
        else:
            outcome.fail(address, problem)
    return outcome


def _problem(corpus: Path, server: str, address: str, token: str, outcome: Outcome) -> str | None:
    headers = {"Range": f"bytes=0-{_HEAD - 1}"}
    if not address.startswith(_LOCAL_FILES):
        clip = _expected_remote(corpus, unquote(urlsplit(address).path))
        response = fetch(address, headers | {"Origin": origin(server)}, limit=_HEAD)
        problem = remote_playback_problem(response, clip, address, server)
    else:
        clip = _expected(corpus, parse_qs(urlsplit(address).query).get("d", [""])[0])
        authorization_headers = authorization(server, token)
        response = fetch(server + address, headers | authorization_headers, limit=_HEAD)
        if response.status in (200, 206):
            remember_token(server, token)
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
