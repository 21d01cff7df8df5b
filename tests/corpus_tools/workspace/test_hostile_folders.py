"""Untrusted corpus folders and file names are handled safely."""

import os

import numpy as np
import soundfile

from corpus_tools.configuration.segment import ScreenSettings, SegmentSettings
from corpus_tools.recordings.add import add_recordings
from corpus_tools.segmentation.segment import segment
from corpus_tools.workspace.workspace import Workspace


def hum(path, seconds=8.0):
    t = np.arange(round(seconds * 16000)) / 16000
    sound = 0.3 * np.sin(2 * np.pi * 140 * t) * (np.sin(2 * np.pi * 0.7 * t) > -0.5)
    soundfile.write(os.fsencode(path), sound, 16000, format="WAV", subtype="PCM_16")


def cut(corpus, *media, **settings):
    return segment(
        corpus, list(media), settings=SegmentSettings(**settings), screen=ScreenSettings()
    )


def test_linked_clip_folder_is_refused_and_its_target_kept(tmp_path):
    corpus, elsewhere = tmp_path / "corpus", tmp_path / "elsewhere"
    Workspace.create(corpus, "c")
    elsewhere.mkdir()
    (elsewhere / "keep.wav").write_bytes(b"precious")
    hum(tmp_path / "film.wav")
    assert cut(corpus, tmp_path / "film.wav").ok
    (source,) = (corpus / "clips").iterdir()
    for clip in source.iterdir():
        clip.unlink()
    source.rmdir()
    source.symlink_to(elsewhere)
    outcome = cut(corpus, tmp_path / "film.wav", min_seconds=3.5)
    assert [failure.item for failure in outcome.failures] == [str(tmp_path / "film.wav")]
    assert "link" in outcome.failures[0].reason
    assert [path.name for path in elsewhere.iterdir()] == ["keep.wav"]


def test_file_name_not_in_utf8_fails_and_leaves_nothing(tmp_path):
    corpus, films = tmp_path / "corpus", tmp_path / "films"
    Workspace.create(corpus, "c")
    films.mkdir()
    hum(films / "good.wav")
    hum(films / os.fsdecode(b"bad\xff.wav"), 9.0)
    outcome = cut(corpus, films)
    assert outcome.kept == 1
    (failure,) = outcome.failures
    assert "not UTF-8" in failure.reason
    failure.item.encode("utf-8")
    assert len(list((corpus / "clips").iterdir())) == 1


def test_invalid_script_rows_fail_one_by_one(tmp_path):
    corpus, folder = tmp_path / "corpus", tmp_path / "rec"
    Workspace.create(corpus, "c")
    folder.mkdir()
    hum(folder / "a.wav", 3.0)
    rows = [
        "a.wav,f01,female,要得",
        f"{'a' * 5000}.wav,f01,female,long name",
        "b.wav,=cmd|calc,female,formula",
        "c.wav,../../x,female,path",
        "d.wav,f01,female,te\0xt",
    ]
    script = tmp_path / "SCRIPT.csv"
    script.write_text("\n".join(["file,speaker,gender,text", *rows]), encoding="utf-8")
    outcome = add_recordings(corpus, script, folder)
    assert outcome.details["recordings"] == 1
    assert len(outcome.failures) == outcome.failed == 4
    assert max(len(f.item) + len(f.reason) for f in outcome.failures) < 400
    assert (corpus / "speakers.csv").read_text().splitlines()[1:] == ["f01,female,,,,"]
