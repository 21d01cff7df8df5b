import json

import pytest
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from corpus_tools.workspace.workspace import Workspace


@pytest.fixture
def corpus(tmp_path):
    return Workspace.create(tmp_path / "corpus", "c").root


@pytest.fixture
def film(tmp_path, make_scene, make_media):
    return make_media(tmp_path / "E01.m4a", make_scene([(1.5, 0.8), (2, 0.4), (3, 1)]))


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_segment_prints_sources_and_ledger(corpus, film):
    result = run("segment", film, "--corpus", corpus)
    assert result.exit_code == 0, result.output
    assert "E01-" in result.stdout
    assert "total, 2 clips accepted" in result.stdout


def test_segment_gives_one_json_document_and_fails_for_what_is_missing(corpus, film, tmp_path):
    result = run("segment", film, tmp_path / "none.mp4", "--corpus", corpus, "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["counts"] == {"in": 2, "kept": 1, "rejected": {}, "failed": 1}
    assert document["failures"][0]["reason"] == "no such file; check the path"
    assert document["clips"]["accepted"] == 2
    assert sum(document["ledger"].values()) == pytest.approx(document["sources"][0]["seconds"])


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--max-seconds", "3.2"), "--max-seconds: max_seconds must be at least 0.5 s more"),
        (("--aggressiveness", "7"), "--aggressiveness is 7; it must be a whole number from 0 to 3"),
        (("--min-seconds", "nan"), "--min-seconds is NaN; it must be a number from 0.5 to 60"),
        (("--detector", "x"), '--detector is "x"; it must be webrtc or silero'),
    ],
)
def test_wrong_flags_are_wrong_usage(corpus, film, flags, message):
    result = run("segment", film, "--corpus", corpus, *flags)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_corpus_can_be_given_as_a_whole_without_cutting_its_clips(corpus, film):
    film.rename(corpus / film.name)
    assert run("segment", corpus, "--corpus", corpus).exit_code == 0
    assert run("segment", corpus, "--corpus", corpus, "--json").exit_code == 0
    assert len(list((corpus / "stages" / "sources").iterdir())) == 1
    clip = next((corpus / "clips").rglob("*.wav"))
    result = run("segment", clip, "--corpus", corpus)
    assert result.exit_code == 1
    assert "is a clip of this corpus" in result.stderr


def test_screen_uses_thresholds_of_flags_and_configuration(corpus, film):
    assert "no clips yet" in run("screen", "--corpus", corpus).stderr
    run("segment", film, "--corpus", corpus)
    assert (
        "0 of 2 clips accepted; 1 source"
        in run("screen", "--min-rms-db", "-1", "--corpus", corpus).stdout
    )
    for flag in ("--max-music=0", "--min-snr-db=99"):
        assert "0 of 2 clips accepted" in run("screen", flag, "--corpus", corpus).stdout
    assert run("screen", "--max-dropouts=-1", "--corpus", corpus).exit_code == 2
    assert "2 of 2 clips accepted; 1 source" in run("screen", "--corpus", corpus).stdout
    assert "2 of 2 clips accepted; 0 sources" in run("screen", "--corpus", corpus).stdout
    with (corpus / "corpus.toml").open("a") as out:
        out.write("[screen]\nmax_clipping = 0.0\n")
    document = json.loads(run("screen", "--corpus", corpus, "--json").stdout)
    assert document["counts"]["rejected"] == {"clipped": 2}


def test_add_recordings_from_the_command_line(corpus, tmp_path, make_scene, make_media):
    folder = tmp_path / "studio"
    folder.mkdir()
    make_media(folder / "a.opus", make_scene([(1.5, 0.5)], 48_000), 48_000)
    script = tmp_path / "SCRIPT.csv"
    script.write_text("file,speaker,gender,text\na.opus,S1,female,莫得事\n", encoding="utf-8")
    result = run("add-recordings", script, folder, "--corpus", corpus)
    assert result.exit_code == 0, result.output
    assert "1 recording of 1 speaker reading 1 sentence, 1 line accepted" in result.stdout
    result = run("add-recordings", script, folder, "--corpus", corpus, "--length", "drop", "--json")
    assert json.loads(result.stdout)["counts"]["rejected"] == {"too_short": 1}
    assert run("add-recordings", script, folder, "--corpus", corpus, "--length", "x").exit_code == 2
    script.write_text("file,speaker,gender,text,emotion\n")
    result = run("add-recordings", script, folder, "--corpus", corpus)
    assert result.exit_code == 2
    assert "unknown column 'emotion'" in result.stderr
