"""Check whether a process still runs, even if its id has been reused."""

import os
from pathlib import Path

__all__ = ["is_running", "start_time_of"]


def start_time_of(pid: int) -> str | None:
    """Return the start time of a process, which tells it from later ones with the same id.

    Returns:
        Boot id and clock ticks since boot; ``None`` without /proc or without such a process.
    """
    process = _state_and_start(pid)
    return process[1] if process else None


def is_running(pid: int, start: str | None = None) -> bool:
    """Return whether a process runs.

    Args:
        pid: process id.
        start: start time from `start_time_of`; without it, any process with the id counts.

    Example:
        >>> is_running(os.getpid(), start_time_of(os.getpid())), is_running(os.getpid(), "long ago")
        (True, False)
    """
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    process = _state_and_start(pid)
    if process is None:
        return True
    state, began = process
    return state not in _ENDED and start in (None, began)


def _state_and_start(pid: int) -> tuple[str, str] | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return fields[0], f"{boot} {fields[19]}"
    except (OSError, IndexError, ValueError):
        return None


_ENDED = {"Z", "X", "x"}
