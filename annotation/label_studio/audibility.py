"""Diagnosis of playback problems in annotators' browsers from server responses."""

from collections.abc import Iterator
from dataclasses import dataclass

from annotation.label_studio.browser import Response, is_loopback, origin

__all__ = ["ExpectedClip", "playback_problem", "playback_warnings", "remote_playback_problem"]


@dataclass(frozen=True)
class ExpectedClip:
    """Expected clip, as it is in the corpus.

    Attributes:
        path: path relative to the corpus folder.
        head: first bytes; empty if the file is missing.
        size: file size in bytes.
    """

    path: str
    head: bytes
    size: int


def playback_problem(
    response: Response, clip: ExpectedClip, storages: list[str], storage: str
) -> str | None:
    """Return why Label Studio's local files can't be played, or None if they can.

    Args:
        response: response to an authorised request for the clip's first bytes.
        clip: expected clip.
        storages: paths of the server's local-files storages.
        storage: required storage path.
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

    Args:
        response: response to a request for the clip's first bytes, with Label Studio as Origin.
        clip: expected clip.
        url: URL of the clip.
        server: URL of Label Studio in annotators' browsers.
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
