"""Label Studio's process: started, waited for, and never left behind."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from annotation.label_studio.address import RunningServer, is_healthy
from annotation.label_studio.folders import ServerFolder
from annotation.label_studio.program import Program
from manifests.errors import CorpusError

__all__ = ["ServerProcess", "server_process"]


class ServerProcess:
    """A Label Studio that was started.

    Args:
        process: the child.
        folder: where the server keeps its things.
        url: at which this machine reaches it.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", folder: ServerFolder, url: str) -> None:
        self.running = RunningServer(process.pid, url)
        self._process = process
        self._folder = folder

    def wait_until_ready(self, seconds: float = 300.0) -> None:
        """Return when the server answers.

        Raises:
            CorpusError: if it ends before that, or takes too long.
        """
        end = time.monotonic() + seconds
        while not is_healthy(self.running.url):
            self._refuse_an_end()
            if time.monotonic() > end:
                raise CorpusError(
                    f"Label Studio doesn't answer at {self.running.url} after {seconds:.0f} s; "
                    f"what it said is in {self._folder.log}"
                )
            time.sleep(_PAUSE)
        self._refuse_an_end()

    def wait(self) -> None:
        """Watch the server until this is interrupted.

        Raises:
            CorpusError: if it ends by itself.
        """
        self._process.wait()
        time.sleep(
            _PAUSE
        )  # ctrl-C reaches the server first at times; the interrupt then comes here
        self._refuse_an_end()

    def stop(self) -> None:
        """End the server, by force if it doesn't in ten seconds."""
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _refuse_an_end(self) -> None:
        code = self._process.poll()
        if code is not None:
            lines = self._folder.log.read_text(encoding="utf-8", errors="replace").split("\n")
            last = next((line.strip() for line in reversed(lines) if line.strip()), "nothing")
            raise CorpusError(
                f"Label Studio ended by itself (exit code {code}), saying: {last[:200]}; all that "
                f"it said is in {self._folder.log}"
            )


@contextmanager
def server_process(
    program: Program, folder: ServerFolder, environment: Mapping[str, str], host: str, port: int
) -> Iterator[ServerProcess]:
    """Start Label Studio, and end it with the block."""
    here = "127.0.0.1" if host in ("0.0.0.0", "") else host  # noqa: S104 - compared, not bound
    command = [str(program.executable), "start", "--internal-host", host, "--port", str(port)]
    with folder.log.open("wb") as log:
        process = subprocess.Popen(
            [*command, "--no-browser", "--log-level", "WARNING"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder.root,
            env=dict(environment),
            umask=0o077,
        )
    server = ServerProcess(process, folder, f"http://{here}:{port}")
    try:
        yield server
    finally:
        server.stop()


_PAUSE = 0.25  # seconds
