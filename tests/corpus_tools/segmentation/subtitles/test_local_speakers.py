"""Labels of diarisation in subtitles: a speaker of one film, never one person over all films."""

from pathlib import Path

import pytest

from corpus_tools.segmentation.subtitles.read import read_lines
from manifests.base.voices import is_within_source


def film(folder: Path, name: str, *texts: str) -> Path:
    lines = (f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{text}\n" for n, text in enumerate(texts))
    (folder / f"{name}.srt").write_text("\n".join(lines), encoding="utf-8")
    return folder / f"{name}.mkv"


@pytest.mark.parametrize(
    "label", ["SPEAKER_00", "Speaker 1", "spk0", "说话人1", "S1", "Interviewer"]
)
def test_the_same_label_is_another_speaker_in_each_film(tmp_path: Path, label: str) -> None:
    speakers = []
    for number in (1, 2):
        media = film(
            tmp_path, f"E{number}", f"{label}: 要得", f"{label}: 莫得", "Joey: 1", "Joey: 2"
        )
        lines, notes = read_lines(media, f"e{number}-0123456789a{number}")
        assert [line.text for line in lines] == ["要得", "莫得", "1", "2"]
        assert any(
            f"E{number}.mkv: {label} in its subtitles are labels of this film alone" in note
            for note in notes
        )
        speakers.append([line.speaker for line in lines])
    first, second = speakers
    assert first[0] == first[1] != second[0]
    assert all(is_within_source(one) for one in (first[0], second[0]))
    assert first[2:] == second[2:] == ["Joey", "Joey"]


def test_roles_are_nobody_and_make_no_warning(tmp_path: Path) -> None:
    media = film(tmp_path, "E1", "MAN: 要得", "众人：莫得", "Ross: 1", "Ross: 2")
    lines, notes = read_lines(media, "e1-0123456789ab")
    assert [line.speaker for line in lines] == [None, None, "Ross", "Ross"]
    assert notes == []
