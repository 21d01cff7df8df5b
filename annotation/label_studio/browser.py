"""An annotator's browser, as far as fetching a clip goes."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from manifests.errors import CorpusError

__all__ = ["Response", "authorization", "fetch", "is_loopback", "origin"]


@dataclass(frozen=True)
class Response:
    """What a server answered.

    Attributes:
        status: of HTTP.
        headers: by lower-case name.
        body: the first bytes, at most as many as were asked for.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def fetch(
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    data: bytes | None = None,
    limit: int = 1 << 20,
) -> Response:
    """Ask for an address, and post to it if there is data.

    A redirection is followed only if there is no Authorization header to give away. Proxies of the
    shell are used for other machines only.

    Args:
        url: http or https.
        headers: what else to send.
        data: JSON to post.
        limit: read at most so many bytes.

    Raises:
        CorpusError: if nobody answers, or not in HTTP.
    """
    headers = dict(headers or {})
    if data is not None:
        headers["Content-Type"] = "application/json"
    request = Request(url, data=data, headers=headers)  # noqa: S310 - the scheme is looked at below
    if request.type not in ("http", "https"):
        raise CorpusError(f"{url}: no http:// or https:// address")
    try:
        with _opener(url, follow="Authorization" not in headers).open(
            request, timeout=_PATIENCE
        ) as response:
            return _read_response(response, limit)
    except HTTPError as error:
        with error:
            return _read_response(error, limit)
    except URLError as error:
        raise CorpusError(f"{url}: nobody answers ({_short(error.reason)})") from None
    except (OSError, ValueError, HTTPException) as error:
        raise CorpusError(f"{url}: no answer in HTTP ({_short(error)})") from None


def authorization(server: str, token: str) -> dict[str, str]:
    """Return the header by which a server knows a token's owner.

    A personal access token (a JSON Web Token) is exchanged for one that lasts minutes; a legacy
    token is sent as it is.

    Raises:
        CorpusError: if the server doesn't know the token.
    """
    if token.count(".") != 2:
        return {"Authorization": f"Token {token}"}
    response = fetch(f"{server}/api/token/refresh", data=json.dumps({"refresh": token}).encode())
    try:
        return {"Authorization": f"Bearer {json.loads(response.body)['access']}"}
    except (ValueError, KeyError, TypeError):
        raise CorpusError(
            f"{server} doesn't know the token (status {response.status}); make one there under "
            f"Account & Settings > Access Token, or start the corpus's server anew"
        ) from None


def is_loopback(url: str) -> bool:
    """Tell whether an address means the machine that asks.

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
    """Return scheme, host and port of an address, as a browser names the page that asks.

    Example:
        >>> origin("https://label.lab.example/projects/3")
        'https://label.lab.example'
    """
    return "{0.scheme}://{0.netloc}".format(urlsplit(url))


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _opener(url: str, *, follow: bool) -> OpenerDirector:
    handlers: list[Any] = [ProxyHandler({})] if is_loopback(url) else []
    return build_opener(*handlers, *([] if follow else [_Stay]))


def _read_response(response: Any, limit: int) -> Response:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Response(int(response.status), headers, response.read(limit))


def _short(reason: object) -> str:
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return str(text)[:120]


_PATIENCE = 20.0  # seconds
