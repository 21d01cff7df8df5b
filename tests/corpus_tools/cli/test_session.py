import io
import json
import signal

import pytest
import typer

from corpus_tools.cli.session import _RemainingTime, session
from manifests.base.errors import NOT_TRIED, ConfigurationError, DataError


def code_of(error):
    with pytest.raises(typer.Exit) as exited, session("verb"):
        raise error
    return exited.value.exit_code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataError("a.wav: is empty"), 1),
        (ConfigurationError("no corpus.toml here"), 2),
        (KeyboardInterrupt(), 130),
        (FileNotFoundError(2, "No such file or directory", "gone.wav"), 1),
        (ZeroDivisionError("division by zero"), 1),
    ],
)
def test_errors_give_one_sentence_and_an_exit_code(error, code, capsys):
    assert code_of(error) == code
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert len(captured.err.splitlines()) == 1
    assert not captured.out


def test_sigterm_interrupts_like_ctrl_c_unless_the_caller_handles_it(capsys):
    with pytest.raises(typer.Exit) as exited, session("verb"):
        signal.raise_signal(signal.SIGTERM)
    assert exited.value.exit_code == 130
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence == "error: interrupted; run the same command again to resume"
    caught = []
    before = signal.signal(signal.SIGTERM, lambda *_: caught.append(1))
    try:
        with session("verb"):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert caught == [1]


def test_failed_items_are_named_and_exit_with_1(capsys):
    with pytest.raises(typer.Exit) as exited, session("segment", as_json=True) as run:
        run.outcome.items_in, run.outcome.kept = 3, 1
        run.outcome.rejected["music"] = 1
        run.outcome.fail("b.mp4", "is empty; copy it again")
        run.result("not shown with --json")
    assert exited.value.exit_code == 1
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert document["counts"] == {"in": 3, "kept": 1, "rejected": {"music": 1}, "failed": 1}
    assert document["failures"] == [{"item": "b.mp4", "reason": "is empty; copy it again"}]
    assert "in 3 = kept 1 + rejected 1 (music 1) + failed 1" in captured.err


def test_a_full_disk_is_one_sentence(capsys):
    with pytest.raises(typer.Exit), session("segment") as run:
        for name in ("a.wav", "b.wav", "c.wav"):
            run.outcome.fail(name, f"clips/{name}: no space left; free some and run again")
        run.outcome.fail("d.wav", "is empty; copy it again")
    assert capsys.readouterr().err.splitlines() == [
        "error: a.wav: clips/a.wav: no space left; free some and run again (2 more failed so; "
        "--json lists all)",
        "error: d.wav: is empty; copy it again",
    ]


def test_a_full_disk_says_how_many_were_not_tried(capsys):
    with pytest.raises(typer.Exit), session("segment") as run:
        run.outcome.fail("a.wav", "clips/a.wav: no space left; free some and run again")
        for name in ("b.wav", "c.wav"):
            run.outcome.fail(name, NOT_TRIED)
    assert capsys.readouterr().err.splitlines() == [
        "error: a.wav: clips/a.wav: no space left; free some and run again (2 were not tried; "
        "--json lists all)",
    ]


def test_traceback_is_shown_only_with_verbose(capsys):
    with pytest.raises(typer.Exit), session("verb", verbose=True):
        raise DataError("bad")
    assert "Traceback" in capsys.readouterr().err


def test_remaining_time_excludes_the_first_item(monkeypatch):
    clock = iter([100.0, 105.0, 111.0])
    monkeypatch.setattr("corpus_tools.cli.session.time.monotonic", lambda: next(clock))
    remaining = _RemainingTime()
    assert remaining.left(1, 12) is None
    assert remaining.left(6, 12) is None
    assert remaining.left(12 - 1, 12) == pytest.approx(1.1)


def test_many_warnings_are_shortened_on_the_terminal_only(capsys):
    with session("segment", as_json=True) as run:
        run.outcome.warnings += [f"a.wav: {'x' * number} is too short" for number in range(30)]
    printed = capsys.readouterr()
    assert printed.err.count("too short") == 20
    assert "10 more warnings; --json lists all" in printed.err
    assert len(json.loads(printed.out)["warnings"]) == 30


def test_warnings_alike_of_many_films_are_folded_on_the_terminal_only(capsys):
    with session("segment", as_json=True) as run:
        run.outcome.warnings += [
            f"/films/{film}.mkv: read {film}.srt; not used: {film}.en.srt (marked en)"
            for film in ("Amélie", "E02", "So weit", *(f"第{number}集" for number in range(37)))
        ]
        run.outcome.warnings.append("/films/E02.mkv: has no sound")
    printed = capsys.readouterr()
    lines = printed.err.splitlines()
    assert len(lines) == 5
    assert lines[3].startswith("warning: 37 more like this: /films/第0集.mkv: read 第0集.srt; ")
    assert lines[4] == "warning: /films/E02.mkv: has no sound"
    assert len(json.loads(printed.out)["warnings"]) == 41


def test_control_characters_are_escaped(capsys):
    with session("verb") as run:
        run.result("speaker \x1b]0;owned\x07\x9b2J\nnext")
    assert capsys.readouterr().out == "speaker \\x1b]0;owned\\x07\\x9b2J\nnext\n"


@pytest.mark.parametrize("as_json", [False, True])
def test_unencodable_characters_are_escaped(monkeypatch, as_json):
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", out)
    with session("verb", as_json=as_json) as run:
        run.outcome.details["text"] = "巴适é"
        run.result("巴适é")
    out.flush()
    text = out.buffer.getvalue().decode("ascii")
    assert json.loads(text)["text"] == "巴适é" if as_json else text == "\\u5df4\\u9002\\xe9\n"


def test_many_failures_alike_are_one_line_with_their_number(capsys):
    with pytest.raises(typer.Exit), session("verb", as_json=True) as run:
        for number in range(318):
            run.outcome.fail(
                f"line {number}", f"'wav/{number}.wav': no such file in /data/x{number}"
            )
        run.outcome.fail("line 9", "has 3 fields where the header has 4")
    captured = capsys.readouterr()
    assert len(json.loads(captured.out)["failures"]) == 319
    lines = captured.err.splitlines()
    assert len(lines) == 5
    assert "line 3, line 4 …: 315 more like this: 'wav/3.wav': no such file" in lines[3]
    assert lines[4] == "error: line 9: has 3 fields where the header has 4"


HOSTILE = "a\x1b[2J\x9b31m\x07\u202eb"


@pytest.mark.parametrize("as_json", [False, True])
def test_names_from_a_corpus_command_no_terminal(capsys, as_json):
    from rich.table import Table

    table = Table(HOSTILE, title=HOSTILE)
    table.add_row(HOSTILE)
    with pytest.raises(typer.Exit), session("verb", as_json=as_json) as run:
        run.result(table)
        run.result(f"{HOSTILE}\nsecond line")
        run.note(f"{HOSTILE}\nsecond line")
        run.outcome.warnings.append(f"{HOSTILE}\nfaked: line")
        run.outcome.fail(HOSTILE, f"bad {HOSTILE}")
        run.outcome.details["name"] = HOSTILE
    captured = capsys.readouterr()
    for text in captured:
        assert not set(text) & set("\x1b\x9b\x07\u202e")
    escaped = r"a\x1b[2J\x9b31m\x07\u202eb"
    assert f"warning: {escaped}\\nfaked: line\n" in captured.err
    assert f"{escaped}\nsecond line\n" in captured.err
    if as_json:
        assert json.loads(captured.out)["name"] == HOSTILE
    else:
        assert captured.out.count(escaped) == 4


def test_the_bar_shows_no_control_characters(monkeypatch):
    import rich.console

    out = io.StringIO()
    real = rich.console.Console
    monkeypatch.setattr(
        rich.console, "Console", lambda **_: real(file=out, force_terminal=True, width=200)
    )
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with pytest.raises(typer.Exit), session("verb") as run:
        with run.progress("step") as progress:
            progress(1, 2, "film\x07\x9b31m")
        run.outcome.fail("x", "y")
    assert r"film\x07\x9b31m" in out.getvalue()
    assert not set(out.getvalue()) & set("\x07\x9b")
