"""Access token of Label Studio, and errors of requests to it in one sentence each.

The token is never a command-line option and never logged. The SDK's errors quote all headers,
including cookies, so they are never shown or chained.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from manifests.base.errors import ConfigurationError, CorpusError

__all__ = [
    "NotFoundError",
    "PermissionDeniedError",
    "RequestRefusedError",
    "ServerUnavailableError",
    "find_token",
    "read_token",
    "token_path",
    "translate_errors",
]

TOKEN_VARIABLE = "LABEL_STUDIO_API_KEY"  # noqa: S105 - the name of a variable


def find_token(corpus: Path, token_file: str | None = None) -> str:
    """Return the token from the environment, else from a file readable by its owner only.

    Raises ConfigurationError if there is no token, it is invalid, or others can read the file.
    """
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if token:
        return _checked(token, f"the variable {TOKEN_VARIABLE}")
    path = token_path(corpus, token_file)
    text = read_token(path, private=True)
    if text is None:
        raise ConfigurationError(
            f"no token for Label Studio: set the variable {TOKEN_VARIABLE}, or write the token "
            f"into {path} (mode 0600); corpus label-studio start does so for its own server"
        )
    return _checked(text, str(path))


def token_path(corpus: Path, token_file: str | None = None) -> Path:
    """Return the token's file: ``annotations/.label-studio-token``, or ``token_file``.

    Raises ConfigurationError if it is outside of the corpus: corpus.toml may come from others.
    """
    given = "annotations/.label-studio-token" if token_file is None else token_file
    path, root = corpus / Path(given), os.path.realpath(corpus)
    real = os.path.realpath(path)
    if os.path.commonpath((root, real)) != root or real == root:
        raise ConfigurationError(
            f"the token's file {given} is outside of the corpus, which must not choose what is "
            f"sent; put the token into the variable {TOKEN_VARIABLE} instead"
        )
    return path


def read_token(path: Path, *, private: bool = False) -> str | None:
    """Return the text of a token's file, None if there is none.

    Raises ConfigurationError if it is no ordinary file, or ``private`` and others can read it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _NO_LINK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(
            f"{path}: can't be read as the token's file ({error.strerror}); a link isn't followed"
        ) from None
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise ConfigurationError(f"{path}: not a file with a token; delete it")
        if private and os.name == "posix" and mode & 0o077:
            raise ConfigurationError(f"{path}: others can read the token; run: chmod 600 '{path}'")
        return os.read(descriptor, _LONGEST_FILE).decode("ascii", errors="replace").strip()
    finally:
        os.close(descriptor)


def _checked(text: str, where: str) -> str:
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigurationError(
            f"{where} has no valid Label Studio token; copy it again from Account & Settings there"
        )
    return text


class RequestRefusedError(CorpusError):
    """Request refused by the server; retrying is useless."""


class NotFoundError(RequestRefusedError):
    """Requested object not found on the server."""


class PermissionDeniedError(RequestRefusedError):
    """Token rejected, or its owner lacks permission."""


class ServerUnavailableError(CorpusError):
    """Server unavailable; retrying may help."""


@contextmanager
def translate_errors(url: str, request_name: str) -> Iterator[None]:
    """Translate the SDK's errors; ``request_name`` is their subject, such as "project 3".

    Raises:
        ServerUnavailableError: if the server doesn't answer, or for status 429 and from 500 on.
        RequestRefusedError: or a subclass, for every other error.
    """
    import httpx
    from label_studio_sdk.core import ApiError
    from label_studio_sdk.core.parse_error import ParsingError
    from pydantic import ValidationError

    try:
        yield
    except ApiError as error:
        raise _refused(url, request_name, error.status_code or 0, error.body) from None
    except httpx.TransportError as error:
        reason = str(error)[:100] or type(error).__name__
        raise ServerUnavailableError(
            f"{url}: Label Studio doesn't answer ({reason}); is it running, and is this its "
            f"address? Start the corpus's own with: corpus label-studio start"
        ) from None
    except (ParsingError, ValidationError, ValueError, TypeError, KeyError, httpx.HTTPError):
        raise _not_label_studio(url, request_name) from None


def _not_label_studio(url: str, request_name: str) -> RequestRefusedError:
    return RequestRefusedError(
        f"{url}: {request_name}: the response isn't from a supported Label Studio; check the "
        f"address, also whether it is http or https"
    )


def _refused(url: str, request_name: str, status: int, body: Any) -> CorpusError:
    if status < 400 or not isinstance(body, dict | list):
        return _unavailable(url, status) if status >= 500 else _not_label_studio(url, request_name)
    if status == 401:
        return PermissionDeniedError(
            f"{url} rejects the token {_token_place()} (status 401); make one there under Account "
            f"& Settings > Access Token, or start the corpus's server anew"
        )
    if status == 403:
        return PermissionDeniedError(
            f"{url}: {request_name}: the token's owner may not do that (status 403)"
        )
    if status == 404:
        return NotFoundError(f"{url}: {request_name}: not there (status 404)")
    if status == 429 or status >= 500:
        return _unavailable(url, status)
    return RequestRefusedError(
        f"{url}: {request_name}: refused with status {status}{_details(body)}"
    )


def _token_place() -> str:
    if os.environ.get(TOKEN_VARIABLE, "").strip():
        return f"in the variable {TOKEN_VARIABLE}, which takes precedence over files"
    return "in annotations/.label-studio-token or [label_studio] token_file"


def _unavailable(url: str, status: int) -> ServerUnavailableError:
    return ServerUnavailableError(
        f"{url}: Label Studio is unavailable (status {status}); check its log, and run the "
        f"same command again to resume"
    )


def _details(body: Any) -> str:
    """Return the server's explanation, shortened."""
    if not isinstance(body, dict):
        return ""
    messages = list(_sentences(body.get("validation_errors"))) or [str(body.get("detail", ""))]
    text = " ".join("; ".join(messages).split())
    return f" ({text[:_LONGEST]})" if text else ""


def _sentences(messages: Any) -> Iterator[str]:
    if isinstance(messages, str):
        yield messages
    elif isinstance(messages, list | tuple):
        for one in messages:
            yield from _sentences(one)
    elif isinstance(messages, dict):
        for one in messages.values():
            yield from _sentences(one)


_LONGEST = 300  # characters
_LONGEST_FILE = 65536  # bytes
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
