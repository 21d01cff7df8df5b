"""Import of foreign tables: hostile rows are refused, given splits are kept."""

import errno
import json

import pyarrow
import pyarrow.parquet
import pytest

from corpus_tools.importing.cutting import cut_rows
from corpus_tools.importing.run import import_manifest
from corpus_tools.importing.tables import _read_parquet
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError, DataError
from manifests.exports.export import export_manifest
from manifests.storage.records import Clip, Transcript
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.speakers import read_speakers
from manifests.versions.manifest import load_manifest, newest

pytestmark = pytest.mark.usefixtures("no_plots")
EMOTIONS = ("anger", "happiness", "sad", "neu")


def table(folder, rows, head="path,Emo,spk,sex,transcript,split", name="list.csv"):
    path = folder / name
    path.write_text("\n".join([head, *rows]), encoding="utf-8-sig")
    return path


def usual(split=True):
    sides = ("train", "train", "dev", "test")
    return [
        f"wav/{n}.wav,{EMOTIONS[n % 4]},s{n // 2},{'FM'[n // 2 % 2]},"
        f"line {n},{sides[n // 2] if split else ''}"
        for n in range(8)
    ]


def state(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for folder in ("clips", "stages", "annotations")
        for path in (root / folder).rglob("*")
        if path.is_file()
    }


def entries_of(corpus):
    return load_manifest(newest(corpus.root)).entries


def test_given_splits_are_kept_and_their_grouping_is_detected(corpus, sounds):
    outcome = import_manifest(corpus, table(sounds, usual()))
    assert outcome.ok
    assert outcome.kept == outcome.items_in == 8
    manifest = outcome.details["manifest"]
    assert manifest["groups"]["by"] == ["speaker", "source"]
    assert manifest["leakage"]["speaker"]["shared"] == []
    sides = {
        entry.text: (entry.split, entry.emotion, entry.speaker) for entry in entries_of(corpus)
    }
    assert sides["line 4"] == ("val", "angry", "s2")
    assert sides["line 7"] == ("test", "neutral", "s3")


def test_a_speaker_in_two_splits_is_reported(corpus, sounds):
    rows = [row.replace(",s3,M", ",s0,F") for row in usual()]
    manifest = import_manifest(corpus, table(sounds, rows)).details["manifest"]
    assert manifest["groups"]["by"] == ["source"]
    assert [one["value"] for one in manifest["leakage"]["speaker"]["shared"]] == ["s0"]
    assert sum(manifest["counts"]["test"].values()) == 2


def test_importing_again_changes_nothing(corpus, sounds):
    path = table(sounds, usual())
    import_manifest(corpus, path)
    before = state(corpus.root)
    outcome = import_manifest(corpus, path)
    assert state(corpus.root) == before
    assert newest(corpus.root).name == "v1"
    assert "nothing new" in outcome.warnings[-1]


def test_an_interrupted_import_resumes(corpus, sounds, monkeypatch, tmp_path):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    path = table(sounds, usual())
    import_manifest(corpus, path)
    other = Workspace.create(tmp_path / "other", "test", "en")

    def stop(done, total, item):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_manifest(other, path, progress=stop)
    import_manifest(other, path)
    assert state(other.root) == state(corpus.root)
    assert entries_of(other) == entries_of(corpus)


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("written", [0, 1, 5, 7])
def test_on_a_full_disk_labels_wait_for_all_files(
    corpus, sounds, monkeypatch, tmp_path, split, written
):
    """Files of judgements and versions hold what was read; some rows would make others."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    path = table(sounds, usual(split=split))
    import_manifest(corpus, path)
    other = Workspace.create(tmp_path / "other", "test", "en")
    done = []

    def cut(media, *rest):
        done.append(media)
        if len(done) > written:
            raise OSError(errno.ENOSPC, "No space left on device")
        return cut_rows(media, *rest)

    with monkeypatch.context() as patched:
        patched.setattr("corpus_tools.importing.run.cut_rows", cut)
        outcome = import_manifest(other, path)
    assert (outcome.kept, outcome.failed) == (written, 8 - written)
    assert outcome.details["new_judgements"] == 0
    assert newest(other.root) is None
    assert not list((other.root / "annotations/judgements").glob("*.jsonl"))
    assert outcome.warnings[-1] == (
        "list.csv: no label was imported yet; free some space and import it again"
    )
    import_manifest(other, path)
    assert state(other.root) == state(corpus.root)
    if split:
        assert entries_of(other) == entries_of(corpus)


def test_hostile_rows_are_refused_alone(corpus, sounds, tmp_path):
    (tmp_path / "secret.wav").write_bytes((sounds / "wav/0.wav").read_bytes())
    (sounds / "link.wav").symlink_to(tmp_path / "secret.wav")
    rows = [
        *usual(split=False),
        "../secret.wav,sad,s0,F,x,",
        f"{tmp_path}/secret.wav,sad,s0,F,x,",
        "link.wav,sad,s0,F,x,",
        "wav/gone.wav,sad,s0,F,x,",
        "nan,sad,s0,F,x,",
        "wav/0.wav,sad,s0,F,x,",
        "wav/0.wav,sad",
        usual(split=False)[1],
    ]
    outcome = import_manifest(corpus, table(sounds, rows))
    assert (outcome.items_in, outcome.kept, outcome.failed) == (16, 7, 8)
    assert outcome.rejected == {"the same row again": 1}
    assert len(outcome.failures) == 6
    assert outcome.failures[-1].reason.startswith(
        "contradicts list.csv, line 15, list.csv, line 16 about the same audio in text (line 0, x) "
        "and emotion (angry, sad); all of them were left out"
    )
    assert newest(corpus.root) is None


def test_unknown_labels_are_all_named_before_anything_is_written(corpus, sounds):
    rows = [row.replace("anger", "contempt") for row in usual()]
    with pytest.raises(ConfigurationError, match=r"'contempt' \(2\).*--map contempt=CLASS"):
        import_manifest(corpus, table(sounds, rows))
    assert not list((corpus.root / "stages").iterdir())
    outcome = import_manifest(corpus, table(sounds, rows), dropped=["contempt"])
    assert outcome.rejected == {"label contempt": 2}
    assert outcome.kept == 6
    mapped = import_manifest(corpus, table(sounds, rows), mapped={"contempt": "angry"})
    assert mapped.kept == 8


def test_rows_with_times_are_cut_from_their_file(corpus, sounds):
    rows = ["wav/0.wav,sad,0,0.4", "wav/0.wav,happy,0.5,0.9", "wav/1.wav,sad,0,0.5"]
    rows += ["wav/1.wav,sad,0.4,0.9"]
    outcome = import_manifest(corpus, table(sounds, rows, "file,label,start,end"))
    assert outcome.kept == 2
    assert "overlap" in outcome.failures[0].reason
    clips = sorted(path.stem[-17:] for path in corpus.clips.rglob("*.wav"))
    assert clips == ["00000000-00000400", "00000500-00000900"]


def test_emobox_and_audiofolder(corpus, sounds, tmp_path):
    fold = tmp_path / "fold_1"
    fold.mkdir()
    for side, numbers in (("train", range(6)), ("test", range(6, 8))):
        rows = [
            {"key": f"x-{n}", "dataset": "x", "wav": f"wav/{n}.wav", "emo": "hap", "length": 1.0}
            for n in numbers
        ]
        lines = "\n".join(json.dumps(row) for row in rows)
        (fold / f"x_{side}_fold_1.jsonl").write_text(lines)
    outcome = import_manifest(corpus, fold, audio_folder=sounds)
    assert outcome.kept == 8
    counts = outcome.details["manifest"]["counts"]
    assert (counts["train"]["happy"], counts["test"]["happy"]) == (6, 2)
    classes = tmp_path / "classes"
    for number in range(2):
        target = classes / "validation" / "fear" / f"{number}.wav"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((sounds / f"wav/{number}.wav").read_bytes())
    other = Workspace.create(tmp_path / "other", "test", "en")
    counts = import_manifest(other, classes).details["manifest"]["counts"]
    assert counts["val"]["fear"] == 2


def test_a_table_that_decompresses_to_too_many_rows_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("corpus_tools.importing.tables._MAX_ROWS", 99)
    path = tmp_path / "clips.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"file": ["a.wav"] * 100}), path)
    with pytest.raises(DataError, match="100 rows; split it"):
        list(_read_parquet(path, None))


@pytest.mark.parametrize("name", ["csv", "hf", "parquet"])
def test_our_exports_can_be_imported(corpus, sounds, tmp_path, name):
    import_manifest(corpus, table(sounds, usual()))
    folder = tmp_path / "export"
    manifest = load_manifest(newest(corpus.root))
    export_manifest(manifest, read_speakers(corpus.speakers), folder, format_name=name)
    path = {"csv": folder / "clips.csv", "hf": folder, "parquet": folder / "clips.parquet"}[name]
    other = Workspace.create(tmp_path / "other", "test", "en")
    outcome = import_manifest(other, path)
    assert outcome.ok, outcome.failures

    def fields_of(entries):
        fields = ("sha256", "emotion", "votes", "split", "speaker", "gender", "text", "duration")
        return sorted(repr([getattr(entry, field) for field in fields]) for entry in entries)

    assert fields_of(entries_of(other)) == fields_of(entries_of(corpus))


ORIGINS = {
    "line 0": ("combined", 0.75),
    "line 1": ("ocr", None),
    "line 2": ("import", None),
    "line 3": ("combined", 0.0),
    "line 4": ("combined", None),
}


@pytest.mark.parametrize("name", ["csv", "hf", "parquet"])
def test_origins_of_texts_come_back_from_our_exports(corpus, sounds, tmp_path, name):
    origins = [*ORIGINS.values(), *[("whisper", None)] * 3]
    rows = [
        f"{row},{source},{'' if share is None else share}"
        for row, (source, share) in zip(usual(), origins, strict=True)
    ]
    head = "path,Emo,spk,sex,transcript,split,text_source,text_confidence"
    outcome = import_manifest(corpus, table(sounds, rows, head=head))
    assert outcome.details["unread_columns"] == []

    def origins_of(entries):
        return {entry.text: (entry.text_source, entry.text_confidence) for entry in entries}

    assert ORIGINS.items() <= origins_of(entries_of(corpus)).items()
    manifest, folder = load_manifest(newest(corpus.root)), tmp_path / "export"
    export_manifest(manifest, read_speakers(corpus.speakers), folder, format_name=name)
    path = {"csv": folder / "clips.csv", "hf": folder, "parquet": folder / "clips.parquet"}[name]
    other = Workspace.create(tmp_path / "other", "test", "en")
    again = import_manifest(other, path)
    assert again.ok
    assert not [one for one in again.warnings if "text_" in one]
    assert origins_of(entries_of(other)) == origins_of(entries_of(corpus))
    assert import_manifest(other, path).details["unchanged"] == 8


def test_an_origin_of_a_text_that_is_none_of_ours_is_said(corpus, sounds):
    origins = ("kaldi,", "combined,1.2", "ocr,0.9", ",0.8", "combined,high", "combined,0.5")
    rows = [f"wav/{n}.wav,sad,line {n},{one}" for n, one in enumerate(origins)]
    head = "path,Emo,transcript,text_source,text_confidence"
    outcome = import_manifest(corpus, table(sounds, rows, head=head))
    assert [one for one in outcome.warnings if one.startswith("text_")] == [
        "text_source isn't read where it is 'kaldi' (1); write one of whisper, recogniser, "
        "subtitle, ocr, script, import, annotator, combined",
        "text_confidence isn't read where it is '1.2' (1), '0.9' (1), '0.8' (1) and 1 more; write "
        "a number from 0 to 1 where text_source is combined",
    ]
    texts = read_stage(corpus.root, STAGES["transcripts"], Transcript)
    assert sorted((one.text, one.made_by, one.confidence) for one in texts) == [
        ("line 0", "import", None),
        ("line 1", "combined", None),
        ("line 2", "ocr", None),
        ("line 3", "import", None),
        ("line 4", "combined", None),
        ("line 5", "combined", 0.5),
    ]


def test_a_sentence_column_marks_scripted_lines(corpus, sounds):
    rows = [f"wav/{n}.wav,sad,同样的话,{'s1' if n else ''}" for n in range(2)]
    import_manifest(corpus, table(sounds, rows, head="path,Emo,transcript,sentence"))
    found = {clip.sentence for clip in read_stage(corpus.root, STAGES["segments"], Clip)}
    assert found == {None, "s1"}


def test_given_split_ratios_give_no_warning(corpus, sounds):
    outcome = import_manifest(corpus, table(sounds, usual()))
    assert not any("instead of" in one for one in outcome.warnings)
    card = (newest(corpus.root) / "card.md").read_text(encoding="utf-8")
    assert "requested 50 % / 25 % / 25 %, reached 50.0 % / 25.0 % / 25.0 %" in card


def test_a_missing_split_is_named(corpus, sounds):
    outcome = import_manifest(
        corpus, table(sounds, [row.replace("dev", "train") for row in usual()])
    )
    assert "the table's splits lack val" in outcome.warnings


def test_votes_that_contradict_the_emotion_are_reported(corpus, sounds):
    votes = ("angry", "angry", "sad"), ("angry", "sad", "unclear"), ("happy", "happy", "happy")
    rows = [
        {
            "file": f"wav/{number}.wav",
            "emotion": "sad",
            "votes": [[f"a{who:02d}", label] for who, label in enumerate(labels)],
        }
        for number, labels in enumerate(votes)
    ]
    path = sounds / "votes.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    outcome = import_manifest(corpus, path)
    assert [one for one in outcome.warnings if "votes" in one] == [
        "the votes of 2 rows contradict the emotion column; the votes count: "
        "votes.jsonl, line 1, votes.jsonl, line 3"
    ]


def test_a_source_in_two_splits_is_reported(corpus, sounds):
    films = ("one", "one", "two", "two", "three", "three", "one", "four")
    rows = [f"{row},{film},show" for row, film in zip(usual(), films, strict=True)]
    head = "path,Emo,spk,sex,transcript,split,source,series"
    outcome = import_manifest(corpus, table(sounds, rows, head))
    (warning,) = (one for one in outcome.warnings if "files in more than one split" in one)
    assert warning.startswith("1 of the 4 sources in the table")
    assert warning.endswith(": one")
