"""Output, progress, error handling and exit code of one command.

Graceful stop on the first Ctrl-C; the second one stops at once.
"""

import io
import json
import os
import re
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from types import FrameType
from typing import Any, TypeVar

import typer

from manifests.base.errors import NO_SPACE, NOT_TRIED, OUT_OF_MEMORY, CorpusError, disk_problem
from manifests.base.outcome import Failure, Outcome, Progress

__all__ = ["Session", "ending_on_interrupt", "explain_language", "one_line", "session"]

INTERRUPTED = 130
_T = TypeVar("_T")


class Session:
    """Output of a command; results go to stdout, everything else to stderr.

    Attributes:
        command: verb of the command.
        outcome: counts, failures and outputs, printed at the end.
        beside: commands at work on what this one has read.
    """

    def __init__(self, command: str, *, as_json: bool, quiet: bool, verbose: bool) -> None:
        self.command = command
        self.outcome = Outcome()
        self.as_json = as_json
        self.quiet = quiet
        self.verbose = verbose
        self.exit_code: int | None = None
        self.beside: set[str] = set()

    def result(self, text: object = "") -> None:
        """Print text or a rich table of the result; nothing with ``--json``."""
        if self.as_json:
            return
        if isinstance(text, str):
            print(_escaped(text))
            return
        from rich.console import Console

        class SafeConsole(Console):
            def render_str(self, text: str, **options: Any) -> Any:
                return super().render_str(_escaped(text), **options)

        width = None if sys.stdout.isatty() else 120
        SafeConsole(file=sys.stdout, width=width, markup=False, highlight=False).print(text)

    def note(self, text: str) -> None:
        """Print a log line; nothing with ``--quiet``."""
        if not self.quiet:
            print(_escaped(text), file=sys.stderr, flush=True)

    @contextmanager
    def progress(self, step: str) -> Iterator[Progress]:
        """Show progress of a long step: a bar on a terminal, plain lines elsewhere."""
        if self.quiet:
            yield lambda done, total, item: None
        elif sys.stderr.isatty():
            yield from _bar(step)
        else:
            yield self._plain(step)

    def _plain(self, step: str) -> Progress:
        pace = _RemainingTime()

        def show(done: int, total: int, item: str) -> None:
            left = pace.left(done, total)
            if left is not None:
                self.note(f"{step}: {done} of {total}, about {left:.0f} s left ({one_line(item)})")

        return show

    def read(
        self, corpus: Path, read: Callable[[], _T], is_bad: Callable[[_T], bool] | None = None
    ) -> _T:
        """Return what ``read`` returns; warn of commands that may have changed it meanwhile.

        See `manifests.access.reading.read_beside_others`.
        """
        from manifests.access.reading import read_beside_others, still_changing

        result, others = read_beside_others(corpus, self.command, read, is_bad)
        self.beside = {other.command for other in others}
        self.outcome.warnings += [still_changing(other, self.command) for other in others]
        return result

    def close(self) -> None:
        """Print warnings, failures, the conservation line and the JSON document."""
        outcome = self.outcome
        warnings = list(_folded_warnings(outcome.warnings))
        for warning in warnings[:_MOST_WARNINGS]:
            print(f"warning: {one_line(warning)}", file=sys.stderr)
        more = len(warnings) - _MOST_WARNINGS
        if more > 0:
            print(f"warning: {more} more warnings; --json lists all", file=sys.stderr)
        for item, reason in _folded(outcome.failures):
            item = "" if item == self.command else f"{item}: "
            print(f"error: {one_line(item + reason)}", file=sys.stderr)
        if outcome.items_in:
            self.note(_conservation(outcome))
        if self.as_json:
            plain = "utf" not in (sys.stdout.encoding or "").lower()
            text = json.dumps(self._document(), ensure_ascii=plain, indent=2)
            print(_CONTROLS_IN_JSON.sub(lambda match: f"\\u{ord(match.group()):04x}", text))

    def _document(self) -> dict[str, Any]:
        outcome = self.outcome
        return {
            "command": self.command,
            "ok": outcome.ok,
            "counts": {
                "in": outcome.items_in,
                "kept": outcome.kept,
                "rejected": dict(sorted(outcome.rejected.items())),
                "failed": outcome.failed,
            },
            "failures": [{"item": f.item, "reason": f.reason} for f in outcome.failures],
            "warnings": outcome.warnings,
            "outputs": [path.as_posix() for path in outcome.outputs],
            **outcome.details,
        }


@contextmanager
def session(
    command: str, *, as_json: bool = False, quiet: bool = False, verbose: bool = False
) -> Iterator[Session]:
    """Run a command's body; turn errors into one sentence and an exit code.

    Exit codes: 0 success, 1 something failed, 2 wrong usage or configuration, 130 interrupted, by
    Ctrl-C or by SIGTERM, with which batch systems end a job.
    """
    run = Session(command, as_json=as_json, quiet=quiet, verbose=verbose)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    code = 0
    try:
        with _interrupted_by_sigterm():
            yield run
    except CorpusError as error:
        code = error.exit_code
        _report(run, str(error), error)
    except KeyboardInterrupt:
        code = INTERRUPTED
        run.outcome.fail(command, "interrupted; run the same command again to resume")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except OSError as error:
        code = 1
        _report(run, disk_problem(error), error)
    except MemoryError as error:
        code = 1
        _report(run, OUT_OF_MEMORY, error)
    except typer.Exit:
        raise
    except Exception as error:
        code = 1
        _report(
            run, f"unexpected {type(error).__name__}: {error}; run again with -v for details", error
        )
    run.close()
    code = code or run.exit_code or (0 if run.outcome.ok else 1)
    if code:
        raise typer.Exit(code)


def explain_language(run: Session, given: str | None) -> None:
    """Say as which language a name was taken; a dialect is a warning."""
    from manifests.base.languages import find_language

    try:
        found = find_language(given) if given else None
    except ValueError:
        return
    if found and found.note:
        run.outcome.warnings.append(found.note) if found.dialect else run.note(found.note)


def _folded(failures: Sequence[Failure]) -> Iterator[tuple[str, str]]:
    """Yield item and reason of each failure; of many that differ in names or numbers only a few.

    Example:
        >>> found = list(_folded([Failure(f"line {n}", f"no file '{n}.wav'") for n in range(318)]))
        >>> len(found), found[-1]
        (4, ('line 3, line 4 …', "315 more like this: no file '3.wav'; --json lists all"))

    A full disk is one sentence, whatever it kept from being written.
    """
    full = [failure for failure in failures if NO_SPACE in failure.reason]
    if full:
        left = len({failure.item for failure in full if failure.reason == NOT_TRIED})
        tried = len(full) - 1 - sum(failure.reason == NOT_TRIED for failure in full)
        counts = [f"{tried} more failed so"] * (tried > 0) + [f"{left} were not tried"] * (left > 0)
        more = f" ({', '.join(counts)}; --json lists all)" if counts else ""
        yield full[0].item, full[0].reason + more
    others = [failure for failure in failures if NO_SPACE not in failure.reason]
    for shown, rest in _alike(others, lambda failure: _DETAIL.sub("…", failure.reason)):
        yield from ((failure.item, failure.reason) for failure in shown)
        if rest:
            items = ", ".join(failure.item for failure in rest[:2])
            yield f"{items} …", f"{len(rest)} more like this: {rest[0].reason}; --json lists all"


def _folded_warnings(warnings: Sequence[str]) -> Iterator[str]:
    """Yield warnings; of many that differ in their file, names or numbers only a few.

    Example:
        >>> found = list(_folded_warnings([f"E{n}.mp4: read E{n}.srt, not pl" for n in range(40)]))
        >>> len(found), found[-1]
        (4, '37 more like this: E3.mp4: read E3.srt, not pl; --json lists all')
    """

    def shape(warning: str) -> str:
        subject, _, rest = warning.partition(": ")
        stem = PurePath(subject).stem
        return _DETAIL.sub("…", rest.replace(stem, "…") if rest and stem else warning)

    for shown, rest in _alike(warnings, shape):
        yield from shown
        if rest:
            yield f"{len(rest)} more like this: {rest[0]}; --json lists all"


def _alike(found: Sequence[_T], shape: Callable[[_T], str]) -> Iterator[tuple[list[_T], list[_T]]]:
    """Yield those of each shape in two parts: the first, all unless many, and the rest."""
    groups: dict[str, list[_T]] = {}
    for one in found:
        groups.setdefault(shape(one), []).append(one)
    for group in groups.values():
        shown = len(group) if len(group) <= _MOST_ALIKE else _FIRST_ALIKE
        yield group[:shown], group[shown:]


_MOST_ALIKE = 10
_FIRST_ALIKE = 3
_DETAIL = re.compile(r"'[^']*'|\"[^\"]*\"|[^\s:;,()]*[/\\][^\s:;,()]*|\d+(?:\.\d+)?")


class _RemainingTime:
    """Remaining time of a step, reported every ten seconds; another total starts a new step.

    The first item is excluded from the rate: its loading of models and compilation comes once.
    """

    def __init__(self) -> None:
        self._total = 0
        self._first = self._since = self._shown = 0.0

    def left(self, done: int, total: int) -> float | None:
        """Return the remaining seconds if a report is due, else None."""
        now = time.monotonic()
        if total != self._total:
            self._total, self._first = total, done
            self._since = self._shown = now
        paced = done - self._first
        if now - self._shown < _REPORT_SECONDS or done >= total or paced < 1:
            return None
        self._shown = now
        return (now - self._since) / paced * (total - done)


_REPORT_SECONDS = 10.0
_MOST_WARNINGS = 20


def one_line(text: str) -> str:
    r"""Return the text with control characters escaped, line breaks and reversals of writing, too.

    >>> one_line("a\x1b[31mb\nc")
    'a\\x1b[31mb\\nc'
    """
    return _CONTROLS.sub(lambda match: repr(match.group())[1:-1], text)


def _escaped(text: str) -> str:
    return "\n".join(map(one_line, text.split("\n")))


_REVERSALS = "\u202a-\u202e\u2066-\u2069"
_CONTROLS = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{_REVERSALS}]")
_CONTROLS_IN_JSON = re.compile(f"[\x7f-\x9f\u2028\u2029{_REVERSALS}]")  # the others are escaped


def _report(run: Session, sentence: str, error: BaseException) -> None:
    if run.verbose:
        traceback.print_exception(error, file=sys.stderr)
    run.outcome.fail(run.command, sentence)


def _conservation(outcome: Outcome) -> str:
    reasons = ", ".join(f"{reason} {n}" for reason, n in sorted(outcome.rejected.items()))
    rejected = outcome.rejected.total()
    return (
        f"in {outcome.items_in} = kept {outcome.kept} + rejected {rejected}"
        + (f" ({reasons})" if reasons else "")
        + f" + failed {outcome.failed}"
    )


def _bar(step: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    with RichProgress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[item]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(step, total=None, item="")
        yield lambda done, total, item: bar.update(
            task, completed=done, total=total, item=one_line(item)
        )


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM, unless the caller of the command handles it."""
    own = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if not own or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def ending_on_interrupt(note: Callable[[str], None]) -> Iterator[Callable[[], bool]]:
    """Yield a function that returns whether Ctrl-C was pressed since.

    Args:
        note: receives the explanation that the first Ctrl-C prints.
    """
    interrupted = False

    def first(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        note("stopping with the last complete epoch; Ctrl-C again stops at once, without a run")

    before = signal.signal(signal.SIGINT, first)
    try:
        yield lambda: interrupted
    finally:
        signal.signal(signal.SIGINT, before)
