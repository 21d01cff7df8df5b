"""Label Studio's server process."""

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
    """Started Label Studio server.

    Args:
        process: child process.
        folder: data folder of the server.
        url: local URL of the server.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", folder: ServerFolder, url: str) -> None:
        self.running = RunningServer(process.pid, url)
        self._process = process
        self._folder = folder

    def wait_until_ready(self, seconds: float = 300.0) -> None:
        """Wait until the server answers.

        Raises:
            CorpusError: if it exits before that or takes too long.
        """
        end = time.monotonic() + seconds
        while not is_healthy(self.running.url):
            self._check_alive()
            if time.monotonic() > end:
                raise CorpusError(
                    f"Label Studio doesn't answer at {self.running.url} after {seconds:.0f} s; "
                    f"its output is in {self._folder.log}"
                )
            time.sleep(_PAUSE)
        self._check_alive()

    def wait(self) -> None:
        """Wait until this process is interrupted.

        Raises:
            CorpusError: if the server exits by itself.
        """
        self._process.wait()
        time.sleep(
            _PAUSE
        )  # ctrl-C reaches the server first at times; the interrupt then comes here
        self._check_alive()

    def stop(self) -> None:
        """Stop the server, by force after ten seconds."""
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _check_alive(self) -> None:
        code = self._process.poll()
        if code is not None:
            lines = self._folder.log.read_text(encoding="utf-8", errors="replace").split("\n")
            last = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
            raise CorpusError(
                f"Label Studio exited by itself (exit code {code}): {last[:200]}; its output is in "
                f"{self._folder.log}"
            )


@contextmanager
def server_process(
    program: Program, folder: ServerFolder, environment: Mapping[str, str], host: str, port: int
) -> Iterator[ServerProcess]:
    """Run Label Studio for the duration of the block."""
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
