"""Search of folders: nothing that may be audio or video is passed over in silence."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from corpus_tools.media.folders import search_folder
from corpus_tools.segmentation.intake.identify import find_media
from manifests.base.outcome import Outcome


def make(folder: Path, *names: str, content: bytes = b"RIFF....CDXA") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def found_in(folder: Path) -> tuple[list[str], Outcome]:
    outcome = Outcome()
    files = find_media([folder], folder / "corpus", outcome)
    return [path.relative_to(folder).as_posix() for path in files], outcome


NAMES = "1.mp4 2.m2t 3.f4v 4.dat 5.aif 6.M4B 7.3g2 8.ac3 9.wv a.spx b.TTA c.ape d.mts e.rmvb f.caf"


def test_all_usual_suffixes_are_media_in_any_case(tmp_path: Path) -> None:
    make(tmp_path, *NAMES.split())
    files, outcome = found_in(tmp_path)
    assert files == NAMES.split()
    assert not outcome.warnings


def test_the_rest_is_counted_in_one_warning_with_its_suffixes(tmp_path: Path) -> None:
    make(tmp_path, "1.wav", "2.xyz", "sub/3.xyz", "4.zip", "film", ".hidden.mkv")
    make(tmp_path, "5.mp4.part", "6.mkv.crdownload", "7.mp4.tmp")
    files, outcome = found_in(tmp_path)
    assert files == ["1.wav"]
    assert outcome.warnings == [
        f"{tmp_path}: 8 files passed over: 3 unfinished (5.mp4.part), 2 .xyz (2.xyz), 1 hidden "
        f"(.hidden.mkv), 1 .zip (4.zip), 1 without suffix (film); give those that are audio or "
        f"video by name"
    ]


def test_what_nobody_takes_for_media_is_not_counted(tmp_path: Path) -> None:
    make(tmp_path, "1.wav", "1.srt", "cover.JPG", "notes.txt", "._1.wav", "scratch.tmp")
    make(tmp_path, "README", "LICENSE", "settings.dat", content=b"text\n")
    make(tmp_path, "@eaDir/1.wav/x.wav@Syno", "#recycle/2.wav", "lost+found/3.wav")
    make(tmp_path, ".git/2.wav", ".0f.partial.wav", ".DS_Store")
    files, outcome = found_in(tmp_path)
    assert files == ["1.wav"]
    assert outcome.warnings == [
        f"{tmp_path}: 1 file passed over: 1 .dat (settings.dat); give those that are audio or "
        f"video by name"
    ]


def test_linked_folders_are_entered_once_and_what_lies_outside_is_said(tmp_path: Path) -> None:
    show, other = tmp_path / "show", tmp_path / "disk" / "season2"
    make(show, "season1/1.mp4")
    make(other, "2.mp4", "deep/3.mp4")
    (show / "season2").symlink_to(other)
    (show / "a-again").symlink_to(show / "season1")
    (show / "season1" / "up").symlink_to(show)
    (show / "season1" / "above").symlink_to(tmp_path)
    (other / "back").symlink_to(show)
    (other / "itself").symlink_to(other)
    files, outcome = found_in(show)
    assert files == ["season1/1.mp4", "season2/2.mp4", "season2/deep/3.mp4"]
    assert outcome.warnings == [
        f"{show}: entered 1 linked folder that lies outside: season2",
        f"{show}: did not enter 1 linked folder that lies above: season1/above",
    ]


def test_broken_links_and_closed_folders_are_failures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "1.mp4", "closed/2.mp4")
    for name in ("season2", "3.mkv", "cover.jpg", "loop.mp4"):
        (tmp_path / name).symlink_to(tmp_path / ("loop.mp4" if name == "loop.mp4" else "gone"))
    scan = os.scandir

    def closed(place: Path) -> object:
        if Path(place).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scan(place)

    monkeypatch.setattr("corpus_tools.media.folders.os.scandir", closed)
    files, outcome = found_in(tmp_path)
    assert files == ["1.mp4"]
    assert {failure.item.rpartition("/")[2]: failure.reason for failure in outcome.failures} == {
        "3.mkv": "is a link to a missing file; mount its disk or remove it",
        "season2": "is a link to a missing file; mount its disk or remove it",
        "loop.mp4": "is a link to a missing file; mount its disk or remove it",
        "closed": "is a folder that can't be read (Permission denied); change its permissions",
    }
    assert outcome.failed == 4


def test_a_corpus_in_the_folder_is_left_out_but_for_its_own_media(tmp_path: Path) -> None:
    for name in ("clips/a/a.wav", "review/page.wav", "stages/x/y.xyz", "media/1.wav"):
        make(tmp_path / "corpus", name)
    files, outcome = found_in(tmp_path)
    assert files == ["corpus/media/1.wav"]
    assert not outcome.warnings


def test_every_format_in_the_list_that_can_be_written_is_decoded(tmp_path: Path) -> None:
    from corpus_tools.media.probe import probe

    sound = np.zeros(8000, dtype=np.float32)
    for name in ("1.aif", "2.caf", "3.au", "4.w64", "5.rf64", "6.voc"):
        kind = {"aif": "AIFF"}.get(name[2:], name[2:].upper())
        soundfile.write(tmp_path / name, sound, 16000, format=kind, subtype="PCM_16")
    found = search_folder(tmp_path).files
    assert [path.name[0] for path in found] == list("123456")
    assert {probe(path).tracks[0].sample_rate for path in found} == {16000}
