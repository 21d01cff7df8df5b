"""What keeps an annotator's browser from playing a clip, said from what a server answers."""

from collections.abc import Iterator
from dataclasses import dataclass

from annotation.label_studio.browser import Response, is_loopback, origin

__all__ = ["ExpectedClip", "playback_problem", "playback_warnings", "remote_playback_problem"]


@dataclass(frozen=True)
class ExpectedClip:
    """The clip that ought to come, as it lies in the corpus.

    Attributes:
        path: relative to the corpus folder.
        head: its first bytes; empty if the file is missing.
        size: of the whole file, in bytes.
    """

    path: str
    head: bytes
    size: int


def playback_problem(
    response: Response, clip: ExpectedClip, storages: list[str], storage: str
) -> str | None:
    """Return why Label Studio's local files can't be played, or None if they can.

    Args:
        answer: to a request for the clip's first bytes, with a log-in.
        clip: what ought to come.
        storages: paths of the local-files storages that the server has.
        storage: the path that one of them should have.
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
        answer: to a request for the clip's first bytes, with Label Studio's address as Origin.
        clip: what ought to come.
        url: the clip's address.
        server: Label Studio's address, as annotators' browsers know it.
    """
    if server.startswith("https:") and url.startswith("http:"):
        return "browsers load nothing over http into a page that came over https; serve it by https"
    if is_loopback(url) and not is_loopback(server):
        return "this address means each annotator's own machine; export with one that all can reach"
    if response.status in _ELSEWHERE:
        return _ELSEWHERE[response.status]
    refused = _no_audio(response, clip)
    if refused is not None:
        return refused
    allowed = response.headers.get("access-control-allow-origin", "")
    page = origin(server)
    if allowed not in ("*", page):
        said = f"it allows {allowed[:80]}" if allowed else "it allows none"
        return (
            f"the web server must let pages of {page} read the clips, and {said}; have it send "
            f"the header Access-Control-Allow-Origin: {page}"
        )
    return None


def playback_warnings(response: Response) -> Iterator[str]:
    """Yield what doesn't keep a clip from playing, but is worth knowing."""
    if response.status == 200:
        yield "the server ignores Range: nobody can jump within a clip until it is there as a whole"


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
            f"the server has the storage {storage} and yet not the clip; its document root "
            f"(LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT) must be the folder around that one"
        )
    return (
        f"no Local files storage covers the clips: there is {', '.join(storages[:3])}, and "
        f"{storage} is needed; add it, or correct the server's document root"
    )


def _no_audio(response: Response, clip: ExpectedClip) -> str | None:
    if response.status not in (200, 206):
        return f"the server answers with status {response.status}"
    if response.kind == "text/html":
        return "a page comes instead of the clip, such as a log-in or an error page"
    if not response.kind.startswith("audio/") and response.kind != "application/octet-stream":
        return f"it comes as {response.kind or 'of no type'}; have the server send audio/wav"
    if response.body[:4] != b"RIFF" or response.body[8:12] != b"WAVE":
        return "what comes is no WAV file, whatever its type says"
    size = _whole_size(response)
    if clip.head and (
        clip.head != response.body[: len(clip.head)] or size not in (None, clip.size)
    ):
        return "another file comes than the corpus has; the server's folder is of another corpus"
    return None


def _whole_size(response: Response) -> int | None:
    """Return how long the whole file is, as Content-Range or Content-Length say."""
    if response.status == 206:
        said = response.headers.get("content-range", "").rpartition("/")[2]
    else:
        said = response.headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() else None


_LOCAL = {
    400: "the server finds the request wrong (status 400), so the task's address is bad",
    401: "the server knows neither log-in nor token (status 401)",
    403: (
        "the server serves no local files (status 403); it must be started with "
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true, as corpus label-studio start does"
    ),
    500: (
        "the server fails (status 500), as it does for a path outside of its document root; that "
        "must be the folder around clips, as corpus label-studio start has it"
    ),
}

_ELSEWHERE = {
    401: "the web server wants a log-in (status 401), which Label Studio's pages don't send",
    403: "the web server refuses (status 403); let it serve the folder to your annotators",
    404: "the clip isn't there (status 404); --audio-base-url must be where the folder clips is",
}
