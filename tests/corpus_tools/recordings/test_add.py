import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from corpus_tools.configuration.recordings import RecordingSettings
from corpus_tools.recordings.add import add_recordings
from corpus_tools.segmentation.segment import segment
from manifests.base.errors import ConfigurationError
from manifests.storage.records import Clip, Source, Transcript
from manifests.storage.shards import STAGES, read_stage

SPEAKERS = {"S1": "female", "S2": "male"}
LINES = ["今天天气好", "莫得事"]


@pytest.fixture
def session(tmp_path, make_scene, make_media):
    """A script and its folder: two speakers, two lines, the second line short."""
    folder = tmp_path / "studio"
    rows = ["file,speaker,gender,text,intended_emotion"]
    for number, (speaker, gender) in enumerate(SPEAKERS.items()):
        (folder / speaker).mkdir(parents=True)
        for line, text in enumerate(LINES):
            sound = make_scene([(3.2 - 2 * line, 0.6)], 48_000, seed=10 * number + line)
            make_media(folder / speaker / f"{line}.opus", sound, 48_000)
            rows.append(f"{speaker}/{line}.opus,{speaker},{gender},{text},angry")
    script = tmp_path / "SCRIPT.csv"
    script.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return script, folder


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "corpus").mkdir()
    return tmp_path / "corpus"


def records(corpus, stage):
    return list(read_stage(corpus, STAGES[stage], STAGES[stage].record))


def tree(corpus: Path) -> dict[str, bytes]:
    files = (path for path in sorted(corpus.rglob("*")) if path.is_file())
    return {path.relative_to(corpus).as_posix(): path.read_bytes() for path in files}


def test_each_recording_is_a_source_with_one_clip_its_speaker_and_its_text(corpus, session):
    outcome = add_recordings(corpus, *session)
    assert outcome.ok
    assert (outcome.items_in, outcome.kept) == (4, 4)
    sources: list[Source] = records(corpus, "sources")
    clips: list[Clip] = records(corpus, "segments")
    script, _ = session
    assert {(one.kind, one.series) for one in sources} == {("scripted", script.parent.name)}
    assert {(clip.speaker, clip.speaker_source) for clip in clips} == {
        ("S1", "script"), ("S2", "script"),
    }  # fmt: skip
    assert len({clip.sentence for clip in clips}) == 2
    for source, clip in zip(sources, clips, strict=True):
        assert (clip.start, clip.end) == (0, source.duration)
        info = soundfile.info(corpus / clip.path)
        assert info.frames == clip.duration * 16_000
    texts: list[Transcript] = records(corpus, "transcripts")
    assert sorted(text.text for text in texts) == sorted(LINES * 2)
    assert {text.source for text in texts} == {"script"}
    assert {entry.reason for entry in records(corpus, "ledger")} == {"accepted"}
    assert (corpus / "speakers.csv").read_text().splitlines()[1:] == [
        "S1,female,,,,",
        "S2,male,,,,",
    ]


def test_labels_of_diarisation_in_a_script_are_warned_of(corpus, session):
    script, folder = session
    script.write_text(script.read_text("utf-8").replace(",S2,", ",说话人2,"), "utf-8")
    outcome = add_recordings(corpus, script, folder)
    (warning,) = [one for one in outcome.warnings if "diarisation" in one]
    assert "说话人2 look like labels" in warning
    assert warning.endswith("give every person an id of their own")


def test_the_intended_emotion_is_stored_nowhere(corpus, session):
    add_recordings(corpus, *session)
    assert not any(b"angry" in data for data in tree(corpus).values())


def test_a_second_run_changes_nothing(corpus, session):
    add_recordings(corpus, *session)
    before = tree(corpus)
    outcome = add_recordings(corpus, *session)
    assert outcome.details["unchanged"] == 4
    assert tree(corpus) == before


def test_short_recordings_are_dropped_on_request_and_restored(corpus, session):
    add_recordings(corpus, *session)
    before = tree(corpus)
    outcome = add_recordings(corpus, *session, settings=RecordingSettings(length="drop"))
    assert (outcome.kept, outcome.rejected) == (2, {"too_short": 2})
    assert [one.accepted for one in records(corpus, "screen")].count(True) == 2
    add_recordings(corpus, *session)
    assert tree(corpus) == before


def test_silence_is_trimmed_on_request_and_counted_in_the_ledger(corpus, session):
    add_recordings(corpus, *session, settings=RecordingSettings(trim_silence=True))
    for source, clip in zip(records(corpus, "sources"), records(corpus, "segments"), strict=True):
        assert clip.start == pytest.approx(0.35, abs=0.06)
        assert clip.end == pytest.approx(source.duration - 0.45, abs=0.1)
    total = sum(round(1000 * one.seconds) for one in records(corpus, "ledger"))
    assert total == sum(round(1000 * one.duration) for one in records(corpus, "sources"))


def test_mismatches_of_script_and_folder_are_reported(corpus, session, tmp_path):
    script, folder = session
    soundfile.write(folder / "stray.wav", np.zeros(100), 16_000)
    (folder / "text.wav").write_text("no sound")
    (folder / "copy.opus").write_bytes((folder / "S1" / "1.opus").read_bytes())
    with script.open("a", encoding="utf-8") as out:
        out.write("S1/0.opus,S1,female,又一遍,\n")
        out.write("gone.wav,S1,female,莫得,\n")
        out.write("../SCRIPT.csv,S1,female,外头,\n")
        out.write("text.wav,S1,female,字,\n")
        out.write("copy.opus,S2,male,一样,\n")
        out.write("S2/1.opus,,male,哪个,\n")
    outcome = add_recordings(corpus, script, folder)
    said = {failure.item: failure.reason for failure in outcome.failures}
    assert said.keys() == {
        "S1/0.opus", "gone.wav", "../SCRIPT.csv", "text.wav", "copy.opus", "stray.wav",
        "SCRIPT.csv",
    }  # fmt: skip
    assert "2 rows name it (lines 2, 6)" in said["S1/0.opus"]
    assert "leaves the folder" in said["../SCRIPT.csv"]
    assert "same content as S1/1.opus" in said["copy.opus"]
    assert "not in the script" in said["stray.wav"]
    assert outcome.items_in == 11
    assert outcome.kept == 3


def test_the_file_of_an_invalid_row_counts_as_listed(corpus, session, tmp_path):
    script, folder = session
    (folder / "out.opus").symlink_to(tmp_path / "away.opus")
    (tmp_path / "away.opus").write_bytes((folder / "S1" / "1.opus").read_bytes())
    text = script.read_text(encoding="utf-8").replace("S1,female", "S 1,female", 1)
    script.write_text(text + "out.opus,S1,female,外头,\n", encoding="utf-8")
    outcome = add_recordings(corpus, script, folder)
    assert [failure.item for failure in outcome.failures] == ["SCRIPT.csv", "out.opus"]
    assert outcome.items_in == 5


def test_an_empty_series_is_wrong_usage(corpus, session):
    with pytest.raises(ConfigurationError, match="--series"):
        add_recordings(corpus, *session, series="")


def test_a_changed_speaker_of_a_frozen_clip_is_refused(corpus, session):
    script, folder = session
    add_recordings(corpus, script, folder)
    tasks = corpus / "annotations" / "tasks"
    tasks.mkdir(parents=True)
    clip = next(one for one in records(corpus, "segments") if one.speaker == "S1")
    (tasks / "b.json").write_text(json.dumps([{"data": {"clip_id": clip.clip_id}}]))
    script.write_text(script.read_text(encoding="utf-8").replace("S1,female", "S3,female"))
    outcome = add_recordings(corpus, script, folder)
    assert ["frozen" in failure.reason for failure in outcome.failures] == [True]
    assert sorted(one.speaker for one in records(corpus, "segments")) == ["S1", "S2", "S2", "S3"]


def test_a_frozen_recording_is_cut_again_on_request(corpus, session):
    script, folder = session
    add_recordings(corpus, script, folder)
    tasks = corpus / "annotations" / "tasks"
    tasks.mkdir(parents=True)
    named = [{"data": {"clip_id": one.clip_id}} for one in records(corpus, "segments")]
    (tasks / "b.json").write_text(json.dumps(named))
    text = script.read_text(encoding="utf-8").replace("S1,female", "S3,female")
    script.write_text(text, encoding="utf-8")
    trimmed = RecordingSettings(trim_silence=True)
    recut = [one.source_id for one in records(corpus, "sources")]
    outcome = add_recordings(corpus, script, folder, settings=trimmed, recut=recut)
    assert (outcome.failures, outcome.kept) == ([], 4)
    speakers = [(one.speaker, one.superseded_by is None) for one in records(corpus, "segments")]
    assert sorted(speakers) == sorted(
        [("S1", False)] * 2 + [("S2", False)] * 2 + [("S3", True)] * 2 + [("S2", True)] * 2
    )
    there = {one.clip_id for one in records(corpus, "transcripts")}
    live = {one.clip_id for one in records(corpus, "segments") if one.superseded_by is None}
    assert there == live


def test_a_new_text_is_stored_without_cutting_again(corpus, session):
    script, folder = session
    add_recordings(corpus, script, folder)
    script.write_text(script.read_text(encoding="utf-8").replace("莫得事", "莫得事！"))
    outcome = add_recordings(corpus, script, folder)
    assert outcome.details["unchanged"] == 4
    assert [one.text for one in records(corpus, "transcripts")].count("莫得事！") == 2


def test_texts_are_normalised_for_the_spoken_language(corpus, session):
    script, folder = session
    script.write_text(script.read_text(encoding="utf-8").replace("莫得事", "東京"))
    for language, spelling in (("ja", "東京"), ("zh", "东京")):
        add_recordings(corpus, script, folder, language=language)
        found = [one for one in records(corpus, "transcripts") if one.text_raw == "東京"]
        assert {(one.text, one.language) for one in found} == {(spelling, language)}


def test_segment_refuses_scripted_recordings(corpus, session):
    script, folder = session
    add_recordings(corpus, script, folder)
    before = tree(corpus)
    outcome = segment(corpus, [folder])
    assert len(outcome.failures) == 4
    assert "scripted source" in outcome.failures[0].reason
    assert tree(corpus) == before


def test_a_missing_folder_is_wrong_usage(corpus, session, tmp_path):
    with pytest.raises(ConfigurationError, match="no such folder"):
        add_recordings(corpus, session[0], tmp_path / "none")


def test_headers_that_are_slightly_off_are_warned_of_once(corpus, tmp_path, make_scene):
    rows = ["file,speaker,gender,text"]
    for number in range(6):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, make_scene([(3.2, 0.6)], seed=number), 16_000, subtype="PCM_16")
        data = bytearray(path.read_bytes())
        at = data.index(b"data") + 4
        data[at : at + 4] = (len(data) - at - 4 + 2 + 2 * number).to_bytes(4, "little")
        path.write_bytes(data)
        rows.append(f"{number}.wav,S1,female,{LINES[0]}{number}")
    script = tmp_path / "script.csv"
    script.write_text("\n".join(rows) + "\n", encoding="utf-8")
    outcome = add_recordings(corpus, script, tmp_path)
    assert outcome.ok
    assert outcome.kept == 6
    (warning,) = [one for one in outcome.warnings if "header" in one]
    files = [tmp_path / f"{number}.wav" for number in range(4)]
    assert warning == (
        f"{files[0]} ends 2 bytes (0.062 ms) before its header says; used as far as it goes, but "
        f"copy it again if its end is missing; likewise 5 more files: {files[1]}, {files[2]}, "
        f"{files[3]} …"
    )
    assert add_recordings(corpus, script, tmp_path).warnings == []
