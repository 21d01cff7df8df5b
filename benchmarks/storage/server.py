"""The tests' fake Label Studio, in a process of its own, always at the same address."""

import importlib
import os
import pickle
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

__all__ = ["Server"]

ROOT = Path(__file__).parents[2]


class Server:
    """Fake Label Studio; its content is kept between runs on request."""

    def __init__(self) -> None:
        sys.path.insert(0, str(ROOT))
        self._fakes = importlib.import_module("tests.annotation.label_studio.round_trip.conftest")
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(50)
        self.token = self._fakes.TOKEN
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._saved: dict[str, Any] = vars(self._fakes.FakeLabelStudio())
        self._pipe: Connection | None = None

    @contextmanager
    def fresh(self, state: dict[str, Any] | None = None) -> Iterator[None]:
        """Run the server, empty or with some content."""
        ours, theirs = Pipe()
        process = os.fork()
        if process == 0:
            try:
                ours.close()
                self._serve(theirs, state)
            finally:
                os._exit(0)
        theirs.close()
        self._pipe = ours
        try:
            yield
        finally:
            ours.close()
            os.waitpid(process, 0)

    def saved(self) -> dict[str, Any]:
        """Return the content that was kept."""
        return self._saved

    def save(self) -> None:
        """Keep the content for later runs."""
        self._saved = self.state()

    def state(self) -> dict[str, Any]:
        """Return the content: projects, tasks, storages, users."""
        return self._ask("state")

    def answer_all(self) -> None:
        """Let two annotators answer all tasks."""
        self._ask("answer")

    def _ask(self, what: str) -> Any:
        assert self._pipe is not None
        self._pipe.send(what)
        return pickle.loads(self._pipe.recv_bytes())  # noqa: S301 - of our own process

    def _serve(self, pipe: Connection, state: dict[str, Any] | None) -> None:
        fake = self._fakes.FakeLabelStudio()
        vars(fake).update(state or {})
        http = ThreadingHTTPServer(
            self._socket.getsockname(), self._fakes.Handler, bind_and_activate=False
        )
        http.socket.close()
        http.socket = self._socket
        http.fake = fake  # type: ignore[attr-defined]
        http.server_name, http.server_port = "127.0.0.1", self._socket.getsockname()[1]
        threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
        while True:
            try:
                what = pipe.recv()
            except EOFError:
                return
            if what == "answer":
                for tasks in list(fake.tasks.values()):
                    for place, task in enumerate(tasks):
                        emotion = ("happy", "sad", "angry")[place % 3]
                        fake.answer(task, emotion, by=2 + place % 2)
            content = {key: value for key, value in vars(fake).items() if key != "requests"}
            pipe.send_bytes(pickle.dumps(content))
