"""Another process that is at work on a corpus, for tests of commands beside each other."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["OtherProcess"]

_CODE = """
import json, sys
from contextlib import ExitStack
from pathlib import Path
from manifests.access.lock import CorpusLock
print(json.dumps("ready"), flush=True)
held = ExitStack()
for line in sys.stdin:
    held.close()
    answer = "out"
    if command := json.loads(line)[1]:
        held.enter_context(CorpusLock(Path(json.loads(line)[0]), command))
        answer = "in"
    print(json.dumps(answer), flush=True)
"""


class OtherProcess:
    """Process that registers commands in a corpus, one after the other."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CODE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        self.pid = self._process.pid
        self._answer()

    def __enter__(self) -> "OtherProcess":
        return self

    def __exit__(self, *_: Any) -> None:
        self.kill()

    def enter(self, corpus: Path, command: str) -> None:
        """Register a command in place of the one before."""
        assert self._ask([str(corpus), command]) == "in"

    def leave(self) -> None:
        """End the registration."""
        assert self._ask(["", ""]) == "out"

    def kill(self) -> None:
        """End the process without a chance to clean up."""
        self._process.kill()
        self._process.communicate()

    def _ask(self, question: list[str]) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return str(json.loads(self._process.stdout.readline()))
