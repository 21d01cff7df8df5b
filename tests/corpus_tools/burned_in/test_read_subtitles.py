import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from corpus_tools.api.corpus import Corpus
from corpus_tools.burned_in.read_subtitles import parse_band, read_subtitles
from corpus_tools.burned_in.srt import srt_path
from corpus_tools.cli.app import app
from corpus_tools.configuration.transcribe import TranscribeSettings
from corpus_tools.inspection.verify import verify_corpus
from corpus_tools.segmentation.segment import segment
from corpus_tools.transcription.store import read_transcripts
from corpus_tools.transcription.transcribe import transcribe
from corpus_tools.withdrawal.withdraw import withdraw
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError
from manifests.storage.records import Source, SubtitleLine
from manifests.storage.shards import STAGES, read_stage
from tests.corpus_tools.burned_in.conftest import TEXTS, Comb, CombReader, write_film

TALK = [(1.5, 0.8), (2.0, 0.4), (0.9, 1.5), (3.2, 2.0)]
LINES = [Comb(0.48, 2.0, 1), Comb(2.8, 4.8, 4), Comb(5.2, 6.12, 0), Comb(7.6, 10.8, 5)]


@pytest.fixture(scope="session")
def film(tmp_path_factory, make_scene) -> Path:
    """A film with lines that are shown while somebody speaks."""
    folder = tmp_path_factory.mktemp("films") / "山城"
    folder.mkdir()
    sound = make_scene(TALK, 16_000)
    return write_film(folder / "第1集.mp4", LINES, len(sound) / 16_000, sound)


def lines_in(corpus: Path, stage: str = "burned_in") -> list[SubtitleLine]:
    return list(read_stage(corpus, STAGES[stage], SubtitleLine))


def read(corpus: Path, *films: Path, **options) -> object:
    return read_subtitles(corpus, films, **{"reader": CombReader, **options})


def test_lines_are_stored_with_an_srt_file_and_nothing_is_read_twice(corpus, film):
    outcome = read(corpus, film)
    assert (outcome.ok, outcome.items_in, outcome.kept) == (True, 1, 1)
    lines = lines_in(corpus)
    assert [line.text for line in lines] == [TEXTS[line.number] for line in LINES]
    for line, truth in zip(lines, LINES, strict=True):
        assert (line.start, line.end) == pytest.approx((truth.start, truth.end), abs=0.1)
        assert (line.origin, line.confidence) == ("ocr", 0.98)
    (srt,) = outcome.outputs
    assert srt == srt_path(corpus, lines[0].source_id)
    assert f"1\n00:00:00,480 --> 00:00:02,000\n{TEXTS[1]}\n\n2\n" in srt.read_text("utf-8")
    before = {path: path.read_bytes() for path in (corpus / "stages").rglob("*.*")}
    srt.unlink()
    again = read(corpus, film)
    assert again.details["sources"][0]["status"] == "unchanged"
    assert {path: path.read_bytes() for path in (corpus / "stages").rglob("*.*")} == before
    changed = read(corpus, film, reader=lambda: CombReader("combs 2"))
    assert changed.details["sources"][0]["status"] == "read"


def test_they_take_the_path_of_subtitle_files(corpus, film):
    """They are matched to the sound, the film is cut by them, and they become texts."""
    (corpus / "corpus.toml").write_text('[corpus]\nname = "c"\nlanguage = "zh"\n')
    read(corpus, film, reader=lambda: CombReader(confidence=0.8))
    segment(corpus, [film])
    (source,) = read_stage(corpus, STAGES["sources"], Source)
    cut_by = lines_in(corpus, "subtitles")
    assert {line.origin for line in cut_by} == {"ocr"}
    header = (corpus / "stages" / "segments" / f"{source.source_id}.jsonl").open().readline()
    assert "burned_in" in json.loads(header)["_"]["inputs"]
    workspace = Workspace(corpus)
    outcome = transcribe(workspace, TranscribeSettings(), subtitles_only=True)
    assert outcome.details["texts"].keys() == {"ocr"}
    texts = read_transcripts(corpus, source.source_id)
    assert {text.source for text in texts} == {"ocr"}
    assert all("low_confidence" in text.flags for text in texts)
    written = {path: path.read_bytes() for path in corpus.rglob("*.jsonl")}
    segment(corpus, [film])
    transcribe(workspace, TranscribeSettings(), subtitles_only=True)
    assert {path: path.read_bytes() for path in corpus.rglob("*.jsonl")} == written


def test_a_subtitle_file_is_preferred_for_cuts_and_both_become_texts(corpus, film, tmp_path):
    (corpus / "corpus.toml").write_text('[corpus]\nname = "c"\nlanguage = "zh"\n')
    copy = tmp_path / "E02.mp4"
    copy.write_bytes(film.read_bytes())
    rows = [
        f"{number}\n00:00:{line.start:06.3f} --> 00:00:{line.end:06.3f}\n{TEXTS[line.number]}\n"
        for number, line in enumerate(LINES, start=1)
    ]
    copy.with_suffix(".srt").write_text("\n".join(rows).replace(".", ","), "utf-8")
    segment(corpus, [copy])
    cuts = {path: path.read_bytes() for path in (corpus / "stages" / "segments").iterdir()}
    read(corpus, copy)
    assert segment(corpus, [copy]).details["sources"][0]["status"] == "unchanged"
    assert {p: p.read_bytes() for p in (corpus / "stages" / "segments").iterdir()} == cuts
    transcribe(Workspace(corpus), TranscribeSettings(), subtitles_only=True)
    (source,) = read_stage(corpus, STAGES["sources"], Source)
    texts = read_transcripts(corpus, source.source_id)
    for clip in {text.clip_id for text in texts}:
        found = {text.source: text.text for text in texts if text.clip_id == clip}
        assert found["ocr"] == found["subtitle"]


def test_a_film_without_lines_is_counted_and_says_what_to_do(corpus, tmp_path):
    empty = write_film(tmp_path / "E03.mp4", [Comb(0, 99, 2, top=10, centre=270)], 4)
    outcome = read(corpus, empty)
    assert outcome.rejected == {"no_subtitles": 1}
    assert "if it has subtitles, say where with --band TOP,BOTTOM" in outcome.warnings[0]
    assert lines_in(corpus) == []
    assert read(corpus, empty).details["sources"][0]["status"] == "unchanged"


def test_a_given_band_is_read_alone(corpus, film):
    assert read(corpus, film, band=(0.0, 0.5)).rejected == {"no_subtitles": 1}
    assert read(corpus, film, band=(0.7, 1.0)).kept == 1
    assert len(lines_in(corpus)) == len(LINES)


def test_what_cannot_be_read_costs_a_sentence(corpus, tmp_path, make_media, make_scene):
    sound = make_media(tmp_path / "radio.mp3", make_scene([(1, 1)], 16_000), 16_000)
    text = tmp_path / "E09.mp4"
    text.write_text("not a film")
    outcome = read(corpus, sound, text, tmp_path / "E10.mp4")
    reasons = [failure.reason for failure in outcome.failures]
    assert len(reasons) == 3
    for expected in ("no such file", "is a text file", "has no picture, so nothing can be read"):
        assert any(expected in reason for reason in reasons)


@pytest.mark.parametrize("cut", [False, True])
def test_a_film_is_withdrawn_with_its_lines(corpus, film, cut):
    (corpus / "corpus.toml").write_text('[corpus]\nname = "c"\nlanguage = "zh"\n')
    name = read(corpus, film).details["sources"][0]["source_id"]
    if cut:
        segment(corpus, [film])
    withdraw(corpus, "source", name)
    assert not any((corpus / "stages" / "burned_in").iterdir())
    assert "was removed from the corpus" in read(corpus, film).failures[0].reason


def test_the_command_counts_lines_and_doubts(tmp_path, film, monkeypatch):
    doubtful = lambda: CombReader(confidence=0.8)  # noqa: E731
    monkeypatch.setitem(read_subtitles.__kwdefaults__, "reader", doubtful)
    root = Corpus.create(tmp_path / "c").path
    arguments = ["read-subtitles", str(film), "--corpus", str(root)]
    done = CliRunner().invoke(app, arguments)
    assert (done.exit_code, done.exception) == (0, None)
    assert ": 4 lines, 4 doubtful, rows " in " ".join(done.stdout.split())
    again = CliRunner().invoke(app, [*arguments, "--json"])
    document = json.loads(again.stdout)
    assert document["counts"] == {"in": 1, "kept": 1, "rejected": {}, "failed": 0}
    assert document["sources"][0]["status"] == "unchanged"
    wrong = CliRunner().invoke(app, [*arguments, "--band", "0.9"])
    assert (wrong.exit_code, "as in --band 0.8,0.97" in wrong.output) == (2, True)


def test_verify_knows_the_lines_and_their_file(corpus, film):
    (corpus / "corpus.toml").write_text('[corpus]\nname = "c"\nlanguage = "zh"\n')
    (srt,) = read(corpus, film).outputs
    sound = verify_corpus(Workspace(corpus))
    assert (sound.ok, sound.details["unknown"]) == (True, [])
    srt.write_text("1\n")
    assert (
        "changed, unlike the lines beside it" in verify_corpus(Workspace(corpus)).failures[0].reason
    )
    srt.unlink()
    assert (
        "is missing; restore it from a copy" in verify_corpus(Workspace(corpus)).failures[0].reason
    )
    read(corpus, film)
    assert verify_corpus(Workspace(corpus)).ok


@pytest.mark.parametrize("text", ["", "0.8", "0.9,0.8", "0.5,1.2", "a,b", "0.8,0.9,1", "0.8,0.81"])
def test_a_wrong_band_says_how_to_write_it(text):
    with pytest.raises(ConfigurationError, match=r"as in --band 0\.8,0\.97"):
        parse_band(text)


def test_a_missing_package_says_how_to_install_it(corpus, film, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "rapidocr", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'corpus-tools\[ocr\]'"):
        read_subtitles(corpus, [film])


@pytest.mark.parametrize(("language", "said"), [("zh", False), ("en", False), ("pl", True)])
def test_letters_that_are_read_badly_are_said(corpus, film, language, said):
    outcome = read_subtitles(corpus, [film], language=language, reader=CombReader)
    found = [one for one in outcome.warnings if one.startswith("the reader often leaves marks off")]
    assert len(found) == said
    assert all(one.endswith("with the films before you use texts in pl") for one in found)
