"""What a Label Studio server answers when it doesn't do what it was asked, in one sentence.

The SDK's own errors quote whole headers, cookies among them; none of them is ever shown or kept as
the cause of ours.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from annotation.label_studio.token import TOKEN_VARIABLE
from manifests.errors import CorpusError

__all__ = [
    "NotFoundError",
    "PermissionDeniedError",
    "RequestRefusedError",
    "ServerUnavailableError",
    "translate_errors",
]


class RequestRefusedError(CorpusError):
    """The server refuses a request, and would again."""


class NotFoundError(RequestRefusedError):
    """What was asked about isn't on the server."""


class PermissionDeniedError(RequestRefusedError):
    """The server doesn't know the token, or its owner may not do that."""


class ServerUnavailableError(CorpusError):
    """The server doesn't answer, or says that it can't at the moment; later it may."""


@contextmanager
def translate_errors(url: str, request_name: str) -> Iterator[None]:
    """Turn the SDK's errors into ours.

    Args:
        url: the server's address.
        doing: what is being done, such as "project 3".

    Raises:
        AwayError: if nobody answers, or with a status of 429 or from 500 on.
        RefusalError: or one of its kinds, for every other answer but success.
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
        f"{url}: {request_name}: what answers is no Label Studio that this tool understands; check the "
        f"address, also whether it is http or https"
    )


def _refused(url: str, request_name: str, status: int, body: Any) -> CorpusError:
    if status < 400 or not isinstance(body, dict | list):
        return _unavailable(url, status) if status >= 500 else _not_label_studio(url, request_name)
    if status == 401:
        return PermissionDeniedError(
            f"{url} doesn't know the token {_token_place()} (status 401); make one there under Account "
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
        return f"in the variable {TOKEN_VARIABLE}, which goes before any file"
    return "in annotations/.label-studio-token or [label_studio] token_file"


def _unavailable(url: str, status: int) -> ServerUnavailableError:
    return ServerUnavailableError(
        f"{url}: Label Studio can't at the moment (status {status}); look at its log, and run the "
        f"same command again to go on"
    )


def _details(body: Any) -> str:
    """Return what the server says about it, shortened."""
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
