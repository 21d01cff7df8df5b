"""HTTP requests like an annotator's browser."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from manifests.base.errors import CorpusError

__all__ = ["Response", "authorization", "fetch", "is_loopback", "origin"]


@dataclass(frozen=True)
class Response:
    """HTTP response: status code, headers by lower-case name, first bytes up to the limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """Content type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def fetch(
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    data: bytes | None = None,
    limit: int = 1 << 20,
) -> Response:
    """Send a GET request, or a POST request with JSON ``data``; read at most ``limit`` bytes.

    Redirects are followed only without an Authorization header, which they would leak. Proxies of
    the environment are used for other machines only. Raises CorpusError if the server doesn't
    answer, or not in HTTP.
    """
    headers = dict(headers or {})
    if data is not None:
        headers["Content-Type"] = "application/json"
    request = Request(url, data=data, headers=headers)  # noqa: S310 - the scheme is checked below
    if request.type not in ("http", "https"):
        raise CorpusError(f"{url}: not an http:// or https:// URL")
    try:
        with _opener(url, follow="Authorization" not in headers).open(
            request, timeout=_TIMEOUT
        ) as response:
            return _read_response(response, limit)
    except HTTPError as error:
        with error:
            return _read_response(error, limit)
    except URLError as error:
        raise CorpusError(f"{url}: no server answers ({_short(error.reason)})") from None
    except (OSError, ValueError, HTTPException) as error:
        raise CorpusError(f"{url}: no HTTP response ({_short(error)})") from None


def authorization(server: str, token: str) -> dict[str, str]:
    """Return the Authorization header for a token; raise CorpusError if the server rejects it.

    A personal access token (a JSON Web Token) is exchanged for a short-lived one; a legacy token is
    sent as it is.
    """
    if token.count(".") != 2:
        return {"Authorization": f"Token {token}"}
    response = fetch(f"{server}/api/token/refresh", data=json.dumps({"refresh": token}).encode())
    try:
        return {"Authorization": f"Bearer {json.loads(response.body)['access']}"}
    except (ValueError, KeyError, TypeError):
        raise CorpusError(
            f"{server} rejects the token (status {response.status}); make one there under "
            f"Account & Settings > Access Token, or start the corpus's server anew"
        ) from None


def is_loopback(url: str) -> bool:
    """Return whether a URL refers to the local machine.

    Example:
        >>> is_loopback("http://localhost:8090"), is_loopback("http://10.0.0.7/")
        (True, False)
    """
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def origin(url: str) -> str:
    """Return the origin of a URL: scheme, host and port.

    Example:
        >>> origin("https://label.lab.example/projects/3")
        'https://label.lab.example'
    """
    return "{0.scheme}://{0.netloc}".format(urlsplit(url))


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _opener(url: str, *, follow: bool) -> OpenerDirector:
    handlers: list[Any] = [ProxyHandler({})] if is_loopback(url) else []
    return build_opener(*handlers, *([] if follow else [_NoRedirect]))


def _read_response(response: Any, limit: int) -> Response:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Response(int(response.status), headers, response.read(limit))


def _short(reason: object) -> str:
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return str(text)[:120]


_TIMEOUT = 20.0  # seconds
