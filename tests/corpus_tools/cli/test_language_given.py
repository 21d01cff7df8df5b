"""A language given by name on the command line: what is said, and where it is refused."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from corpus_tools.cli.app import app


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in arguments])


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ("Chinese", "zh", "'Chinese' is taken as zh (Chinese)"),
        ("polski", "pl", "'polski' is taken as pl (Polish)"),
        ("sichuan", "zh", "warning: 'sichuan' is taken as zh (Chinese), of which it is a dialect"),
    ],
)
def test_init_says_as_what_a_name_is_taken(
    tmp_path: Path, given: str, code: str, said: str
) -> None:
    done = run("init", tmp_path / "c", "--language", given)
    assert done.exit_code == 0
    assert said in done.stderr.splitlines()
    assert f'language = "{code}"' in (tmp_path / "c" / "corpus.toml").read_text(encoding="utf-8")


def test_an_unknown_language_is_wrong_usage(tmp_path: Path) -> None:
    done = run("init", tmp_path / "c", "--language", "xx")
    assert done.exit_code == 2
    assert "no known language; did you mean" in done.stderr
    run("init", tmp_path / "d")
    again = run("transcribe", "--corpus", tmp_path / "d", "--language", "Plish")
    assert again.exit_code == 2
    assert '--language is "Plish": no known language; did you mean pl (Polish)?' in again.stderr


def test_transcribe_warns_of_a_dialect(tmp_path: Path) -> None:
    run("init", tmp_path / "c")
    done = run("transcribe", "--corpus", tmp_path / "c", "--language", "重庆话", "--json")
    assert "is taken as zh (Chinese), of which it is a dialect" in str(
        json.loads(done.stdout)["warnings"]
    )
