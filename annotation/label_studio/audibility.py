"""What keeps an annotator's browser from playing a clip, said from what a server answers."""

from collections.abc import Iterator
from dataclasses import dataclass

from annotation.label_studio.browser import Answer, is_loopback, origin

__all__ = ["Expected", "hindrance", "hindrance_elsewhere", "remarks"]


@dataclass(frozen=True)
class Expected:
    """The clip that ought to come, as it lies in the corpus.

    Attributes:
        path: relative to the corpus folder.
        head: its first bytes; empty if the file is missing.
        size: of the whole file, in bytes.
    """

    path: str
    head: bytes
    size: int


def hindrance(answer: Answer, clip: Expected, storages: list[str], storage: str) -> str | None:
    """Return why Label Studio's local files can't be played, or None if they can.

    Args:
        answer: to a request for the clip's first bytes, with a log-in.
        clip: what ought to come.
        storages: paths of the local-files storages that the server has.
        storage: the path that one of them should have.
    """
    if answer.status == 404:
        return _not_there(clip, storages, storage)
    if answer.status in _LOCAL:
        return _LOCAL[answer.status]
    return _no_audio(answer, clip)


def hindrance_elsewhere(answer: Answer, clip: Expected, url: str, server: str) -> str | None:
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
    if answer.status in _ELSEWHERE:
        return _ELSEWHERE[answer.status]
    refused = _no_audio(answer, clip)
    if refused is not None:
        return refused
    allowed = answer.headers.get("access-control-allow-origin", "")
    page = origin(server)
    if allowed not in ("*", page):
        said = f"it allows {allowed[:80]}" if allowed else "it allows none"
        return (
            f"the web server must let pages of {page} read the clips, and {said}; have it send "
            f"the header Access-Control-Allow-Origin: {page}"
        )
    return None


def remarks(answer: Answer) -> Iterator[str]:
    """Yield what doesn't keep a clip from playing, but is worth knowing."""
    if answer.status == 200:
        yield "the server ignores Range: nobody can jump within a clip until it is there as a whole"


def _not_there(clip: Expected, storages: list[str], storage: str) -> str:
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


def _no_audio(answer: Answer, clip: Expected) -> str | None:
    if answer.status not in (200, 206):
        return f"the server answers with status {answer.status}"
    if answer.kind == "text/html":
        return "a page comes instead of the clip, such as a log-in or an error page"
    if not answer.kind.startswith("audio/") and answer.kind != "application/octet-stream":
        return f"it comes as {answer.kind or 'of no type'}; have the server send audio/wav"
    if answer.body[:4] != b"RIFF" or answer.body[8:12] != b"WAVE":
        return "what comes is no WAV file, whatever its type says"
    size = _whole_size(answer)
    if clip.head and (clip.head != answer.body[: len(clip.head)] or size not in (None, clip.size)):
        return "another file comes than the corpus has; the server's folder is of another corpus"
    return None


def _whole_size(answer: Answer) -> int | None:
    """Return how long the whole file is, as Content-Range or Content-Length say."""
    if answer.status == 206:
        said = answer.headers.get("content-range", "").rpartition("/")[2]
    else:
        said = answer.headers.get("content-length", "")
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
