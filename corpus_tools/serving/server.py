"""HTTP server of the page: this machine only, one file at a time."""

import json
import secrets
import shutil
import socket
import threading
import time
from contextlib import suppress
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from corpus_tools.serving.service import MOST_HOURS, Service
from manifests.base.errors import OUT_OF_MEMORY, ConfigurationError, CorpusError, disk_problem

__all__ = ["MOST_BYTES", "PageServer"]

MOST_BYTES = 1 << 30
"""Largest file that the page takes."""


class PageServer(ThreadingHTTPServer):
    """Server of the page at ``url``, on 127.0.0.1; ``port`` 0 is any free one.

    Its address holds a random token, and it answers only what names this address: another web page
    can neither read from it nor send it files, even if its own name leads to this machine.

    Raises:
        ConfigurationError: if the port is in use, or not allowed.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, service: Service, port: int = 0) -> None:
        self.service = service
        self.token = secrets.token_urlsafe(24)
        self.busy = threading.Lock()
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise ConfigurationError(
                f"port {port} can't be used ({error.strerror}); choose another with --port, or "
                f"leave it out for any free one"
            ) from error

    @property
    def origins(self) -> list[str]:
        """Addresses of this server without the token, the one in ``url`` first."""
        port = self.server_address[1]
        return [f"http://127.0.0.1:{port}", f"http://localhost:{port}"]

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"{self.origins[0]}/{self.token}/"

    @cached_property
    def page(self) -> bytes:
        """The page."""
        service = self.service
        values = {
            "name": service.name,
            "classes": list(service.predictor.classes),
            "takes_text": service.takes_text,
            "transcribes": service.transcriber is not None,
            "most_bytes": MOST_BYTES,
            "most_hours": MOST_HOURS,
            "nonce": self.token,
            "style": _file("page.css"),
            "script": _file("page.js"),
        }
        loader = PackageLoader("corpus_tools.serving", "page_files")
        environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
        return environment.get_template("page.html").render(values).encode()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a browser that went away."""


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    server_version, sys_version = "corpus-tools", ""
    timeout = 30  # s without a byte

    def do_GET(self) -> None:
        """Send the page."""
        if self._is_ours() and urlsplit(self.path).path == f"/{self.server.token}/":
            self._send(HTTPStatus.OK, self.server.page, "text/html; charset=utf-8")
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "nothing is here; open the address with its token")

    def do_POST(self) -> None:
        """Predict a file, which is the body."""
        parts = urlsplit(self.path)
        if not self._is_ours() or parts.path != f"/{self.server.token}/predict":
            return self._refuse(HTTPStatus.FORBIDDEN, "only the page itself may send files")
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or "Transfer-Encoding" in self.headers:
            return self._refuse(HTTPStatus.LENGTH_REQUIRED, "the size of the file isn't known")
        size = int(length[:_MOST_DIGITS])
        if not size:
            return self._refuse(HTTPStatus.BAD_REQUEST, "the file is empty; give another one")
        if size > MOST_BYTES:
            return self._refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"the file is larger than {MOST_BYTES >> 20} MB; give a part of it, or use: corpus "
                f"predict FILE",
            )
        folder = self.server.service.folder
        if shutil.disk_usage(folder).free < size + _SPARE_BYTES:
            return self._refuse(
                HTTPStatus.INSUFFICIENT_STORAGE,
                f"no space left in {folder.parent} for this file; free some and try again",
            )
        if not self.server.busy.acquire(blocking=False):
            return self._refuse(
                HTTPStatus.SERVICE_UNAVAILABLE, "another file is at work; try again when it is done"
            )
        try:
            query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
            status, answer = self._predict(size, query)
        finally:
            self.server.busy.release()
        return self._send_json(status, answer)

    def _predict(self, length: int, query: dict[str, str]) -> tuple[HTTPStatus, dict[str, Any]]:
        try:
            name, text = query.get("name", ""), query.get("text", "").strip()
            answer = self.server.service.predict(self.rfile, length, name, text)
        except CorpusError as error:
            problem = str(error)
        except OSError as error:
            problem = disk_problem(error)
        except MemoryError:
            problem = OUT_OF_MEMORY
        except Exception as error:  # the page goes on
            problem = f"unexpected {type(error).__name__}: {error}"
        else:
            return HTTPStatus.OK, answer
        return HTTPStatus.UNPROCESSABLE_ENTITY, {"error": problem}

    def _is_ours(self) -> bool:
        """Return whether a request names this address and token, and comes from no other page."""
        hosts = [urlsplit(origin).netloc for origin in self.server.origins]
        token = urlsplit(self.path).path.split("/")[1:2]
        return (
            self.headers.get("Host") in hosts
            and self.headers.get("Origin", self.server.origins[0]) in self.server.origins
            and self.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")
            and bool(token)
            and secrets.compare_digest(token[0].encode(), self.server.token.encode())
        )

    def _refuse(self, status: HTTPStatus, problem: str) -> None:
        """Send an error, and read what the browser still sends, so that it gets to see it."""
        self._send_json(status, {"error": problem})
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_LINGER)
            end = time.monotonic() + _LINGER
            while time.monotonic() < end and self.connection.recv(1 << 16):
                pass

    def _send_json(self, status: HTTPStatus, answer: dict[str, Any]) -> None:
        self._send(status, json.dumps(answer).encode(), "application/json")

    def _send(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in _HEADERS.items():
            self.send_header(name, value.format(nonce=self.server.token))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: addresses hold the token, and names of files."""


def _file(name: str) -> Markup:
    text = files("corpus_tools.serving").joinpath("page_files", name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - a file of this package


_MOST_DIGITS = 18  # of a size; longer ones are too large in any case
_SPARE_BYTES = 512 << 20  # for the decoded sound
_LINGER = 2.0  # s
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'nonce-{nonce}'; script-src "
    "'nonce-{nonce}'; connect-src 'self'; media-src blob:; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
