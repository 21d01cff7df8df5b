"""Whether a process still runs, told apart from a later one that got its number."""

import os
from pathlib import Path

__all__ = ["is_running", "start_time_of"]


def start_time_of(pid: int) -> str | None:
    """Return when a process began, as a text that no later process of its number has.

    Returns:
        The machine's boot and the clock ticks since then; ``None`` where the system doesn't tell
        (it has no /proc), or there is no such process.
    """
    found = _state_and_start(pid)
    return found[1] if found else None


def is_running(pid: int, start: str | None = None) -> bool:
    """Return whether a process runs.

    Args:
        pid: its number.
        start: as from `start_time_of`; without it, any process of that number counts.

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
    found = _state_and_start(pid)
    if found is None:
        return True
    state, began = found
    return state not in _ENDED and start in (None, began)


def _state_and_start(pid: int) -> tuple[str, str] | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return fields[0], f"{boot} {fields[19]}"
    except (OSError, IndexError, ValueError):
        return None


_ENDED = {"Z", "X", "x"}
