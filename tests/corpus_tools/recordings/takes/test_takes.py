"""Long takes of synthetic voices, with a distinct sound for each line."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from corpus_tools.configuration.recordings import RecordingSettings
from corpus_tools.recordings.add import add_recordings
from corpus_tools.recordings.takes import matches, session
from corpus_tools.recordings.takes.recognised import RecogniserTranscripts, TranscriptFiles
from corpus_tools.transcription.recognisers.base import Recognition
from manifests.base.errors import ConfigurationError
from manifests.storage.records import Clip, Source, Transcript
from manifests.storage.shards import STAGES, read_stage

RATE = 16_000
LINES = [
    "今天天气真的很好",
    "我莫得钱",
    "你晓得啥子嘛我问你",
    "那个东西在哪里",
    "快点走",
    "明天还要早点起来上班",
]
PLAN = [(0, 1.0), (1, 1.0), (2, 0.5), (2, 1.0), (4, 1.0), (5, 1.0), (5, 1.0)]
"""Line 2 is begun, then read; line 3 is skipped; line 5 is read twice."""
TAKES = RecordingSettings(takes=True)


def long_take(make_voice, folder: Path, name: str, pitch: float, plan=PLAN) -> list[list]:
    """Write a take and return the start, end and text of each of its readings."""
    rng = np.random.default_rng(3)
    parts, at, said = [np.zeros(RATE)], 1.0, []
    for line, share in plan:
        whole = make_voice(0.25 * len(LINES[line]) + 0.3, pitch=pitch, seed=line)
        part = whole[: round(share * len(whole))]
        parts += [part, np.zeros(round(0.9 * RATE))]
        text = LINES[line][: round(share * len(LINES[line]))]
        said.append([at, at + len(part) / RATE, text])
        at += len(part) / RATE + 0.9
    sound = np.concatenate(parts)
    soundfile.write(folder / name, sound + rng.normal(0, 3e-4, len(sound)), RATE)
    return said


def write_script(path: Path, files: dict[str, str], lines=LINES) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["file", "speaker", "gender", "text", "intended_emotion"])
        for file, speaker in files.items():
            writer.writerows([file, speaker, "", text, "angry"] for text in lines)
    return path


@pytest.fixture
def studio(tmp_path, make_voice):
    """Two takes, and files of recognised text beside their folder."""
    folder = tmp_path / "studio"
    folder.mkdir()
    (tmp_path / "texts").mkdir()
    files = {"f1.wav": "S1", "m1.wav": "S2"}
    for (name, _), pitch in zip(files.items(), (180.0, 110.0), strict=True):
        said = long_take(make_voice, folder, name, pitch)
        with (tmp_path / "texts" / f"{name[:2]}.csv").open("w", encoding="utf-8") as out:
            csv.writer(out).writerows([["start", "end", "text"], *said])
    return write_script(tmp_path / "SCRIPT.csv", files), folder


@pytest.fixture
def texts(tmp_path):
    return TranscriptFiles(tmp_path / "texts")


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "corpus").mkdir()
    return tmp_path / "corpus"


def records(corpus, stage):
    return list(read_stage(corpus, STAGES[stage], STAGES[stage].record))


def tree(corpus: Path) -> dict[str, bytes]:
    files = (path for path in sorted(corpus.rglob("*")) if path.is_file())
    return {path.relative_to(corpus).as_posix(): path.read_bytes() for path in files}


def test_each_line_of_a_take_is_a_clip_with_speaker_sentence_and_text(corpus, studio, texts):
    outcome = add_recordings(corpus, *studio, settings=TAKES, transcripts=texts)
    assert outcome.ok
    assert (outcome.items_in, outcome.kept, outcome.rejected) == (12, 10, {"skipped": 2})
    sources: list[Source] = records(corpus, "sources")
    clips: list[Clip] = records(corpus, "segments")
    assert [source.kind for source in sources] == ["scripted"] * 2
    assert [clip.speaker for clip in clips] == ["S1"] * 5 + ["S2"] * 5
    assert [clip.sentence for clip in clips[:5]] == [clip.sentence for clip in clips[5:]]
    script: dict[str, Transcript] = {one.clip_id: one for one in records(corpus, "transcripts")}
    assert [script[clip.clip_id].text for clip in clips[:5]] == [*LINES[:3], *LINES[4:]]
    assert all(one.source == "script" and not one.flags for one in script.values())
    assert clips[2].start == pytest.approx(1 + 2.3 + 0.9 + 1.3 + 0.9 + 1.27 + 0.9, abs=0.3)
    for one in outcome.details["takes"]:
        assert (one["by"], one["lines"], one["matched"], one["skipped"]) == ("text", 6, 5, 1)
        assert (one["retakes"], one["false_starts"], one["doubtful"]) == (1, 1, [])


def test_the_ledger_of_a_take_adds_up(corpus, studio, texts):
    add_recordings(corpus, *studio, settings=TAKES, transcripts=texts)
    total = sum(round(1000 * one.seconds) for one in records(corpus, "ledger"))
    assert total == sum(round(1000 * one.duration) for one in records(corpus, "sources"))
    left = [one for one in records(corpus, "ledger") if one.reason == "speech_left_over"]
    assert all(one.seconds > 2 for one in left)


def test_the_table_has_the_matches_and_no_emotion(corpus, studio, texts):
    outcome = add_recordings(corpus, *studio, settings=TAKES, transcripts=texts)
    path = corpus / outcome.details["takes"][0]["table"]
    with path.open(encoding="utf-8-sig", newline="") as table:
        rows = list(csv.DictReader(table))
    assert [row["status"] for row in rows] == ["matched"] * 3 + ["skipped"] + ["matched"] * 2
    assert [bool(row["clip_id"]) for row in rows] == [row["status"] == "matched" for row in rows]
    assert [len(row["false_starts"].split()) for row in rows] == [0, 0, 1, 0, 0, 0]
    assert rows[0]["heard"] == LINES[0]
    assert not any(b"angry" in data for data in tree(corpus).values())


def test_without_texts_takes_are_matched_by_sound_with_flags(corpus, studio):
    outcome = add_recordings(corpus, *studio, settings=TAKES)
    assert outcome.ok
    assert [one["by"] for one in outcome.details["takes"]] == ["sound"] * 2
    doubtful = {
        one["text"] for take in outcome.details["takes"] for one in take["doubtful"] if one["start"]
    }
    flagged = {one.text for one in records(corpus, "transcripts") if one.flags}
    assert flagged == doubtful
    accepted = sum(one.accepted for one in records(corpus, "screen"))
    listed = [one["accepted"] for take in outcome.details["takes"] for one in take["doubtful"]]
    assert 0 < sum(listed) <= accepted


def test_mostly_doubtful_takes_are_reported(corpus, studio, texts, monkeypatch):
    monkeypatch.setattr(matches, "SURE", 1.1)
    outcome = add_recordings(corpus, *studio, settings=TAKES)
    assert ["6 of its 6 lines are doubtful" in one for one in outcome.warnings] == [True] * 2
    assert all("--texts" in one for one in outcome.warnings)
    monkeypatch.undo()
    assert not add_recordings(corpus, *studio, settings=TAKES, transcripts=texts).warnings


def test_a_second_run_changes_nothing_and_a_deleted_table_comes_back(corpus, studio, texts):
    def run():
        return add_recordings(corpus, *studio, settings=TAKES, transcripts=texts)

    first = run()
    before = tree(corpus)
    again = run()
    assert again.details["unchanged"] == 2
    assert again.details["takes"] == first.details["takes"]
    for path in (corpus / "review").iterdir():
        path.unlink()
    assert run().details["unchanged"] == 2
    assert tree(corpus) == before


class Parrot:
    """A recogniser that returns the plan's texts, stretch by stretch."""

    name = "parrot"

    def __init__(self) -> None:
        self.parameters = {"model": "parrot"}
        self._said = [LINES[line][: round(share * len(LINES[line]))] for line, share in PLAN]

    def transcribe(self, clips, language):
        return [Recognition(self._said.pop(0)) for _ in clips]


def test_a_recogniser_can_provide_the_text(corpus, studio):
    script, folder = studio
    (folder / "m1.wav").unlink()
    write_script(script, {"f1.wav": "S1"})
    transcripts = RecogniserTranscripts(Parrot(), "zh", 100)
    outcome = add_recordings(corpus, script, folder, settings=TAKES, transcripts=transcripts)
    assert (outcome.kept, outcome.rejected) == (5, {"skipped": 1})


def test_frozen_takes_are_kept_when_another_take_is_added(corpus, studio, make_voice):
    script, folder = studio
    add_recordings(corpus, script, folder, settings=TAKES)
    tasks = corpus / "annotations" / "tasks"
    tasks.mkdir(parents=True)
    named = [{"data": {"clip_id": clip.clip_id}} for clip in records(corpus, "segments")]
    (tasks / "b.json").write_text(json.dumps(named))
    before = tree(corpus / "stages")
    long_take(make_voice, folder, "f2.wav", 210.0)
    write_script(script, {"f1.wav": "S1", "m1.wav": "S2", "f2.wav": "S3"})
    outcome = add_recordings(corpus, script, folder, settings=TAKES)
    assert outcome.ok
    assert len(records(corpus, "sources")) == 3
    after = tree(corpus / "stages")
    assert {name: after[name] for name in before} == before


def test_invalid_takes_fail_alone(corpus, studio, texts, tmp_path):
    script, folder = studio
    rng = np.random.default_rng(0)
    soundfile.write(folder / "hush.wav", rng.normal(0, 1e-4, 5 * RATE), RATE)
    (folder / "text.wav").write_text("no sound")
    (folder / "two.wav").write_bytes((folder / "f1.wav").read_bytes() + b"\0\0")
    (folder / "other.wav").write_bytes((folder / "m1.wav").read_bytes() + b"\0\0\0\0")
    (tmp_path / "texts" / "other.csv").write_text("start,end,text\n1,20,全然不是那个稿子上的话\n")
    files = {"f1.wav": "S1", "m1.wav": "S2", "hush.wav": "S3", "text.wav": "S4", "other.wav": "S5"}
    write_script(script, files)
    with script.open("a", encoding="utf-8") as out:
        out.write("two.wav,S1,,头一句,\ntwo.wav,S2,,第二句,\n")
    outcome = add_recordings(corpus, script, folder, settings=TAKES, transcripts=texts)
    said = {failure.item: failure.reason for failure in outcome.failures}
    assert said.keys() == {"hush.wav", "text.wav", "two.wav", "other.wav"}
    assert "has no speech" in said["hush.wav"]
    assert "one speaker" in said["two.wav"]
    assert "script of another take" in said["other.wav"]
    assert (outcome.kept, outcome.rejected.total(), outcome.failed) == (10, 2, 20)


def test_a_file_of_several_rows_is_a_take_only_on_request(corpus, studio):
    outcome = add_recordings(corpus, *studio)
    assert [failure.item for failure in outcome.failures] == ["f1.wav", "m1.wav"]
    assert "--takes" in outcome.failures[0].reason
    assert not records(corpus, "segments")


def test_text_for_no_take_or_one_text_for_several_is_an_error(corpus, studio, tmp_path):
    script, folder = studio
    with pytest.raises(ConfigurationError, match="for 2 takes"):
        one_file = TranscriptFiles(tmp_path / "texts" / "f1.csv")
        add_recordings(corpus, script, folder, settings=TAKES, transcripts=one_file)
    with pytest.raises(ConfigurationError, match="give --takes"):
        add_recordings(corpus, script, folder, transcripts=TranscriptFiles(tmp_path / "texts"))


def test_a_take_without_text_is_matched_by_sound_and_reported(corpus, studio, texts, tmp_path):
    (tmp_path / "texts" / "m1.csv").unlink()
    outcome = add_recordings(corpus, *studio, settings=TAKES, transcripts=texts)
    assert [one["by"] for one in outcome.details["takes"]] == ["text", "sound"]
    assert ["m1.srt" in one and "matched by sound" in one for one in outcome.warnings] == [True]


def test_texts_of_no_take_are_reported(corpus, studio, tmp_path):
    (tmp_path / "others").mkdir()
    transcripts = TranscriptFiles(tmp_path / "others")
    outcome = add_recordings(corpus, *studio, settings=TAKES, transcripts=transcripts)
    assert [one.partition(":")[0] for one in outcome.warnings] == ["f1.wav", "m1.wav"]


def test_texts_of_refused_takes_do_not_hide_the_reason(corpus, studio, texts):
    script, folder = studio
    text = script.read_text(encoding="utf-8").replace("f1.wav,S1", "f1.wav,S9", 1)
    script.write_text(text.replace("m1.wav,S2", "m1.wav,S8", 1), encoding="utf-8")
    outcome = add_recordings(corpus, script, folder, settings=TAKES, transcripts=texts)
    assert ["one speaker" in one.reason for one in outcome.failures] == [True] * 2
    assert ["--texts" in one for one in outcome.warnings] == [True]


def test_the_command_prints_the_matches(corpus, studio, tmp_path):
    (corpus / "corpus.toml").write_text("")
    flags = ["--takes", "--texts", str(tmp_path / "texts"), "--corpus", str(corpus)]
    result = CliRunner().invoke(app, ["add-recordings", *map(str, studio), *flags])
    assert result.exit_code == 0
    assert "2 long takes of 2 speakers" in result.output
    assert "10 lines accepted" in result.output
    assert "false starts" in result.output


def test_a_resumed_run_gives_the_same_result(corpus, studio, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    add_recordings(other, *studio, settings=TAKES)
    cut = session.cut_take

    def interrupted(one, *rest):
        if one.path.name == "m1.wav":
            raise KeyboardInterrupt
        return cut(one, *rest)

    monkeypatch.setattr(session, "cut_take", interrupted)
    with pytest.raises(KeyboardInterrupt):
        add_recordings(corpus, *studio, settings=TAKES)
    monkeypatch.undo()
    assert add_recordings(corpus, *studio, settings=TAKES).details["unchanged"] == 1
    assert tree(corpus) == tree(other)


def tables(corpus):
    return sorted((corpus / "review").glob("*.matches.csv"))


def resaved(path: Path, change) -> None:
    """Change the rows of a table and save it like a spreadsheet."""
    with path.open(encoding="utf-8-sig", newline="") as table:
        rows = list(csv.DictReader(table))
    columns = list(rows[0])
    rows = change(rows)
    with path.open("w", encoding="utf-8-sig", newline="") as table:
        writer = csv.DictWriter(table, columns)
        writer.writeheader()
        writer.writerows(rows)


def freeze_all(corpus: Path) -> None:
    """Freeze all clips by a batch of tasks."""
    tasks = corpus / "annotations" / "tasks"
    tasks.mkdir(parents=True)
    named = [{"data": {"clip_id": clip.clip_id}} for clip in records(corpus, "segments")]
    (tasks / "b.json").write_text(json.dumps(named))


def test_a_sorted_table_changes_no_text(corpus, studio, texts):
    add_recordings(corpus, *studio, settings=TAKES, transcripts=texts)
    before = tree(corpus)
    for path in tables(corpus):
        resaved(path, lambda rows: sorted(rows, key=lambda row: row["text"]))
    assert add_recordings(corpus, *studio, settings=TAKES, transcripts=texts).ok
    assert tree(corpus) == before


def swapped(rows):
    rows[0]["line"], rows[1]["line"] = rows[1]["line"], rows[0]["line"]
    return rows


def clips_swapped(rows):
    for column in ("start", "end", "clip_id"):
        rows[0][column], rows[1][column] = rows[1][column], rows[0][column]
    return rows


@pytest.mark.parametrize("change", [lambda rows: rows[1:], swapped, clips_swapped])
def test_a_table_with_other_lines_is_an_error(corpus, studio, texts, change):
    add_recordings(corpus, *studio, settings=TAKES, transcripts=texts)
    before = tree(corpus / "stages")
    resaved(tables(corpus)[0], change)
    outcome = add_recordings(corpus, *studio, settings=TAKES, transcripts=texts)
    assert ["delete it and run again" in one.reason for one in outcome.failures] == [True]
    assert tree(corpus / "stages") == before


def test_an_invalid_table_is_an_error(corpus, studio, texts):
    add_recordings(corpus, *studio, settings=TAKES, transcripts=texts)
    tables(corpus)[0].write_bytes(b"\xff\x00junk\n")
    tables(corpus)[1].write_text("junk\n")
    outcome = add_recordings(corpus, *studio, settings=TAKES, transcripts=texts)
    assert ["delete it and run again" in one.reason for one in outcome.failures] == [True] * 2


def test_a_take_that_keeps_its_cuts_keeps_its_table(corpus, studio, texts):
    script, folder = studio
    add_recordings(corpus, script, folder, settings=TAKES, transcripts=texts)
    freeze_all(corpus)
    before = tree(corpus)
    write_script(script, {"f1.wav": "S1", "m1.wav": "S2"}, LINES[1:])
    outcome = add_recordings(corpus, script, folder, settings=TAKES, transcripts=texts)
    assert ["frozen" in one.reason for one in outcome.failures] == [True] * 2
    assert tree(corpus) == before


def test_a_frozen_take_is_cut_again_on_request(corpus, studio, texts):
    script, folder = studio
    add_recordings(corpus, script, folder, settings=TAKES, transcripts=texts)
    freeze_all(corpus)
    frozen = {clip.clip_id for clip in records(corpus, "segments")}
    write_script(script, {"f1.wav": "S1", "m1.wav": "S2"}, LINES[1:])
    wanted = {"settings": TAKES, "transcripts": texts, "recut": ["f1", "m1"]}
    outcome = add_recordings(corpus, script, folder, **wanted)
    assert outcome.ok
    assert outcome.kept == 8
    clips = records(corpus, "segments")
    assert frozen <= {clip.clip_id for clip in clips}
    named = {row["clip_id"] for path in tables(corpus) for row in csv.DictReader(path.open())}
    assert named - {""} == {clip.clip_id for clip in clips if clip.superseded_by is None}
    again = add_recordings(corpus, script, folder, settings=TAKES, transcripts=texts)
    assert again.details["unchanged"] == 2


def test_recut_of_an_unknown_recording_is_a_failure(corpus, studio, texts):
    add_recordings(corpus, *studio, settings=TAKES, transcripts=texts)
    outcome = add_recordings(corpus, *studio, settings=TAKES, transcripts=texts, recut=["f7"])
    assert ["f1" in one.reason for one in outcome.failures] == [True]


def test_the_table_of_a_frozen_take_follows_a_corrected_text(corpus, studio, texts):
    script, folder = studio
    with_ids = "".join(
        f"{line},{'sentence' if at == 0 else (at - 1) % len(LINES)}\n"
        for at, line in enumerate(script.read_text(encoding="utf-8").splitlines())
    )
    script.write_text(with_ids, encoding="utf-8")
    add_recordings(corpus, script, folder, settings=TAKES, transcripts=texts)
    freeze_all(corpus)
    script.write_text(with_ids.replace("快点走", "快些走"), encoding="utf-8")
    assert add_recordings(corpus, script, folder, settings=TAKES, transcripts=texts).ok
    assert [path.read_text("utf-8-sig").count("快些走") for path in tables(corpus)] == [1, 1]


def test_a_reading_of_another_sentence_is_doubtful(corpus, studio, tmp_path):
    """Half of the other lines' letters are wrong, so the error rate alone is not enough."""
    rng = np.random.default_rng(1)
    for path in (tmp_path / "texts").iterdir():
        rows = list(csv.reader(path.open(encoding="utf-8")))
        for row in rows[1:]:
            wrong = rng.permutation(len(row[2]))[: round(0.4 * len(row[2]))]
            row[2] = "".join("囗" if at in wrong else one for at, one in enumerate(row[2]))
        rows[1][2] = "今另外一句话了"
        with path.open("w", encoding="utf-8") as out:
            csv.writer(out).writerows(rows)
    transcripts = TranscriptFiles(tmp_path / "texts")
    outcome = add_recordings(corpus, *studio, settings=TAKES, transcripts=transcripts)
    for take in outcome.details["takes"]:
        assert 1 in [one["line"] for one in take["doubtful"]]
        assert len(take["doubtful"]) < 4
