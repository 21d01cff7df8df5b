"""Tables as other corpora bring them: columns, times, splits, speakers, embedded sounds, bases."""

import json

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from corpus_tools.importing.columns import map_columns
from corpus_tools.importing.run import import_manifest
from corpus_tools.media.wav import write_wav
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.records import Clip, Transcript
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.speakers import read_speakers
from manifests.versions.manifest import load_manifest, newest

pytestmark = pytest.mark.usefixtures("no_plots")


def table(folder, head, *rows, name="list.csv"):
    path = folder / name
    path.write_text("\n".join([head, *rows]), encoding="utf-8")
    return path


def lines(folder, rows, name="list.jsonl"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def entries_of(corpus):
    return load_manifest(newest(corpus.root)).entries


def cuts_of(corpus):
    return sorted(path.stem[-17:] for path in corpus.clips.rglob("*.wav"))


def speakers_of(corpus):
    return {clip.speaker for clip in read_stage(corpus.root, STAGES["segments"], Clip)}


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("FileName,EmoClass,SpkrID,Gender,Split_Set,EmoAct",  # MSP-Podcast
         {"file": "FileName", "emotion": "EmoClass", "speaker": "SpkrID", "gender": "Gender",
          "split": "Split_Set"}),
        ("audio_filepath,offset,duration,text,label",  # NeMo
         {"file": "audio_filepath", "start": "offset", "duration": "duration", "text": "text",
          "emotion": "label"}),
        ("path,Emotion,Sentiment,Speaker,Utterance,Dialogue_ID,StartTime,EndTime",  # MELD
         {"file": "path", "emotion": "Emotion", "speaker": "Speaker", "text": "Utterance",
          "source": "Dialogue_ID", "start": "StartTime", "end": "EndTime"}),
        ("wav file;Start (ms);END-ms;spk",
         {"file": "wav file", "start_ms": "Start (ms)", "end_ms": "END-ms", "speaker": "spk"}),
        ("file,onset,offset", {"file": "file", "start": "onset", "end": "offset"}),
        ("音频路径,情感标签,说话人,性别", {"file": "音频路径", "emotion": "情感标签",
                                           "speaker": "说话人", "gender": "性别"}),
    ],
)  # fmt: skip
def test_columns_are_recognised_however_they_are_written(header, columns):
    assert map_columns(header.replace(";", ",").split(",")) == columns


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("file,EmotionScore", "'EmotionScore' isn't read, but looks like the emotion"),
        ("file,annotations", "'annotations' isn't read, but looks like the emotion"),
        ("file,emotoin", "--column emotion=NAME"),
        ("file,emotion,main_speaker", "looks like the speaker"),
        ("file,emotion,fold", "looks like the split"),
        ("file,emotion,begin_at", "looks like the start of the clip"),
        ("file,emotion,start_sample,end_sample", "counts sample"),
    ],
)
def test_a_column_that_looks_like_one_that_matters_must_be_named_or_passed_over(header, said):
    names = header.split(",")
    with pytest.raises(ConfigurationError, match=r"--ignore") as error:
        map_columns(names)
    assert said in str(error.value)
    rest = [name for name in names if name not in ("file", "emotion")]
    assert "file" in map_columns(names, passed_over=rest)


def test_columns_beside_those_that_are_read_refuse_nothing():
    header = ["file", "emotion", "speaker", "split", "start", "end", "emotion_intensity",
              "sentiment", "label", "fold", "soft_angry", "language"]  # fmt: skip
    assert map_columns(header)["emotion"] == "emotion"


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("file,emotion,offset,duration", "wav/0.wav,sad,0.25,0.5"),
        ("file;emotion;start;end", "wav/0.wav;sad;0,25;0,75"),
        ("file,emotion,start_ms,duration_msec", "wav/0.wav,sad,250,500"),
        ("file,emotion,start,end", "wav/0.wav,sad,0 days 00:00:00.25,0 days 00:00:00.750000"),
        ("file,emotion,StartTime,EndTime", 'wav/0.wav,sad,"0:00:00,250",0:00:00.75'),
    ],
)
def test_times_are_read_in_their_unit(corpus, sounds, head, row):
    outcome = import_manifest(corpus, table(sounds, head, row))
    assert outcome.ok, outcome.failures
    assert cuts_of(corpus) == ["00000250-00000750"]


def test_times_in_milliseconds_without_a_name_are_refused(corpus, sounds):
    path = table(sounds, "file,emotion,start,end", "wav/0.wav,sad,250,750", "wav/1.wav,sad,0,900")
    with pytest.raises(ConfigurationError, match=r"milliseconds: --column start_ms=start --col"):
        import_manifest(corpus, path)
    import_manifest(corpus, path, columns={"start_ms": "start", "end_ms": "end"})
    assert "00000250-00000750" in cuts_of(corpus)


def test_a_part_without_its_start_is_no_whole_file(corpus, sounds, make_voice):
    path = table(sounds, "file,emotion,duration", "wav/0.wav,sad,0.2", "wav/1.wav,sad,1.0")
    outcome = import_manifest(corpus, path)
    assert outcome.kept == 1
    assert "say where the clip starts: --column start=NAME" in outcome.failures[0].reason


def test_columns_that_are_not_read_are_listed(corpus, sounds):
    path = table(sounds, "file,emotion,note,EmoAct", "wav/0.wav,sad,x,3.5")
    assert import_manifest(corpus, path).details["unread_columns"] == ["note", "EmoAct"]


def test_splits_have_many_names(corpus, sounds):
    rows = [
        f"wav/{n}.wav,sad,{side}" for n, side in enumerate(("Train", "devel", "Test1", "测试集"))
    ]
    outcome = import_manifest(corpus, table(sounds, "file,emotion,Split_Set", *rows))
    assert sorted(entry.split for entry in entries_of(corpus)) == ["test", "test", "train", "val"]
    assert outcome.details["split_names"]["devel=val"] == 1


def test_an_unknown_split_stops_before_anything_is_written(corpus, sounds):
    rows = [f"wav/{n}.wav,sad,{side}" for n, side in enumerate(("train", "A", "A"))]
    path = table(sounds, "file,emotion,split", *rows)
    with pytest.raises(ConfigurationError, match=r"'A' \(2\); map each with --map A=SPLIT"):
        import_manifest(corpus, path)
    assert newest(corpus.root) is None
    import_manifest(corpus, path, mapped={"A": "test"})
    assert [entry.split for entry in entries_of(corpus)].count("test") == 2


def test_without_the_files_of_a_side_there_is_no_version(corpus, sounds):
    path = table(sounds, "file,emotion,split", "wav/0.wav,sad,train", "wav/1.wav,sad,test")
    (sounds / "wav/1.wav").write_bytes(b"no sound")
    outcome = import_manifest(corpus, path)
    assert newest(corpus.root) is None
    assert "no clip of test could be imported, so no version" in outcome.failures[-1].reason


def test_nobody_is_no_speaker_and_spellings_are_one(corpus, sounds):
    names = ("UNK", "-1", "未知", "N/A", "M03", "m03", "Ｍ０３", "M-3")
    rows = [f"wav/{n}.wav,sad,{name}" for n, name in enumerate(names)]
    outcome = import_manifest(corpus, table(sounds, "file,emotion,spk", *rows))
    assert speakers_of(corpus) == {None, "M03", "M-3"}
    said = "\n".join(outcome.warnings)
    assert "3 of 8 rows have 'UNK', '-1', '未知' for a speaker, which is nobody" in said
    assert "written in several ways count as one: M03 (also m03, Ｍ０３)" in said
    assert "M-3 and M03 count as different speakers" in said


def test_labels_of_diarisation_are_others_in_each_recording(corpus, sounds):
    rows = [f"wav/{n}.wav,sad,{name},{source}" for n, (name, source) in enumerate(
        [("SPEAKER_00", "ep1"), ("SPEAKER_00", "ep1"), ("SPEAKER_00", "ep2"), ("F01", "ep2")]
    )]  # fmt: skip
    outcome = import_manifest(corpus, table(sounds, "file,emotion,spk,episode", *rows))
    first, second, other = sorted(speakers_of(corpus), key=lambda name: name == "F01")
    assert other == "F01"
    assert first != second
    assert all(name.startswith("SPEAKER_00-") for name in (first, second))
    assert "SPEAKER_00: labels of a diarisation tool, which mean others" in outcome.warnings[-1]


def test_texts_of_a_table_say_no_label_in_brackets(corpus, sounds):
    texts = ("(sobbing) I can't.", "Li: [angrily] Go!", "Li: Stay.", "*sighs*", "Room 3: east?")
    rows = [f"wav/{n}.wav,sad,{text}" for n, text in enumerate(texts)]
    outcome = import_manifest(corpus, table(sounds, "file,emotion,text", *rows))
    found = list(read_stage(corpus.root, STAGES["transcripts"], Transcript))
    assert {text.text_raw: text.text for text in found} == dict(
        zip(texts, ("I can't.", "Go!", "Stay.", "", texts[4]), strict=True)
    )
    assert any(said.startswith("1 of 5 texts have nothing in them") for said in outcome.warnings)


def test_roles_of_a_table_are_warned_of_unless_numbered(corpus, sounds):
    names = ("Man", "旁白", "male1", "male2", "Manny")
    rows = [f"wav/{n}.wav,sad,{name}" for n, name in enumerate(names)]
    outcome = import_manifest(corpus, table(sounds, "file,emotion,speaker", *rows))
    assert speakers_of(corpus) == set(names)
    said = [said for said in outcome.warnings if "counts as one person" in said]
    assert said[0].startswith("Man, 旁白: each counts as one person; if it is a role")


def test_invented_texts_of_a_table_are_flagged_and_kept(corpus, sounds):
    rows = ("wav/0.wav,sad,请不吝点赞 订阅 转发", "wav/1.wav,sad,你好")
    outcome = import_manifest(corpus, table(sounds, "file,emotion,text", *rows))
    texts = read_stage(corpus.root, STAGES["transcripts"], Transcript)
    assert {text.text: text.flags for text in texts} == {
        "请不吝点赞 订阅 转发": ["known_hallucination"], "你好": [],
    }  # fmt: skip
    assert any(one.startswith("1 text of the table may be invented") for one in outcome.warnings)


def test_labels_without_recordings_are_warned_of(corpus, sounds):
    rows = [f"wav/{n}.wav,sad,说话人{n % 2}" for n in range(4)]
    outcome = import_manifest(corpus, table(sounds, "file,emotion,spk", *rows))
    assert speakers_of(corpus) == {"说话人0", "说话人1"}
    assert (
        "说话人0, 说话人1: taken for the same persons in the whole table; if a diarisation tool "
        "gave these labels (then the first of them is in nearly every recording), name the "
        "recordings in a column source, or write their names before the labels"
    ) in outcome.warnings


@pytest.mark.parametrize(
    ("rows", "count"),
    [  # source and number of the speaker of each file
        ("a1 a2 b3 b4 c5 c6", 6),  # ids that go on from session to session
        ("a1 b2 c3 d4", 4),  # a person in each
        ("a1 a2 b1 b2 c1 c2", 6),  # labels that begin anew
        ("a0 b0 b1 c1 c0", 5),
        ("a7 a9 b9 b7", 2),
    ],
)
def test_ids_that_go_on_from_session_to_session_are_of_persons(corpus, sounds, rows, count):
    given = [f"wav/{n}.wav,sad,{row[0]},spk_0{row[1]}" for n, row in enumerate(rows.split())]
    outcome = import_manifest(corpus, table(sounds, "file,emotion,session,speaker", *given))
    assert len(speakers_of(corpus)) == count
    local = any("each is a speaker of its own in each" in one for one in outcome.warnings)
    assert local == (rows[:2] + rows[-2:] not in ("a1c6", "a1d4", "a7b7"))
    assert local != any("taken for the same persons" in one for one in outcome.warnings)


@pytest.mark.parametrize("films", [True, False])
def test_folders_called_speaker_are_persons(corpus, tmp_path, make_voice, films):
    """They may be labels only if other folders could be recordings."""
    for number in range(8):
        film = f"{'Joker' if number < 4 else 'Alien'}/" * films
        place = f"x/{film}speaker{number // 2 % 2}/{('angry', 'sad')[number % 2]}/{number}.wav"
        samples = (make_voice(1.0, seed=number) * 20_000).astype(np.int16)
        write_wav(tmp_path / place, samples)
    outcome = import_manifest(corpus, tmp_path / "x")
    assert speakers_of(corpus) == {"speaker0", "speaker1"}
    said = any("taken for the same persons" in warning for warning in outcome.warnings)
    assert said == films


@pytest.mark.parametrize("several", [True, False])
def test_labels_are_local_to_files_of_which_several_parts_are_rows(corpus, sounds, several):
    """NeMo writes offsets of utterances, too, which are whole files."""
    times = ((0, 0.4), (0.5, 0.9)) if several else ((0, 1.0),)
    rows = [
        f"wav/{n}.wav,{start},{end},sad,speaker{(n + part) % 2}"
        for n in range(3)
        for part, (start, end) in enumerate(times)
    ]
    import_manifest(corpus, table(sounds, "file,start,end,emotion,speaker", *rows))
    assert len(speakers_of(corpus)) == (6 if several else 2)


def test_a_speaker_of_the_corpus_keeps_its_spelling(corpus, sounds):
    import_manifest(corpus, table(sounds, "file,emotion,spk", "wav/0.wav,sad,F01"))
    import_manifest(corpus, table(sounds, "file,emotion,spk", "wav/1.wav,sad,f 01", name="b.csv"))
    assert speakers_of(corpus) == set(read_speakers(corpus.speakers)) == {"F01"}


@pytest.mark.parametrize(
    ("language", "encoding", "speaker", "text"),
    [
        ("ko", "cp949", "김철수", "뭐라고"),
        ("ja", "euc_jp", "田中", "怒りました"),
        ("ru", "cp1251", "Иван", "Что"),
    ],
)
def test_an_old_encoding_is_that_of_the_language(
    tmp_path, sounds, language, encoding, speaker, text
):
    corpus = Workspace.create(tmp_path / language, "test", language)
    path = table(sounds, "file,emotion,spk,text", f"wav/0.wav,sad,{speaker},{text}")
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    import_manifest(corpus, path)
    people = corpus.speakers.read_text(encoding="utf-8")
    assert list(read_speakers(corpus.speakers)) == [speaker]
    corpus.speakers.write_bytes(people.encode(encoding))
    import_manifest(corpus, table(sounds, "file,emotion,spk", "wav/1.wav,sad,s1", name="b.csv"))
    assert corpus.speakers.read_text(encoding="utf-8").splitlines()[1:] == sorted(
        [f"{speaker},,,,,", "s1,,,,,"]
    )


def test_numbers_of_speakers_are_without_a_point(corpus, sounds):
    """Pandas writes 3 as 3.0 in a column with empty cells."""
    rows = [f"wav/{n}.wav,sad,{name}" for n, name in enumerate(("3.0", "", "11.0", "1.5", "3"))]
    import_manifest(corpus, table(sounds, "file,emotion,speaker", *rows))
    found = speakers_of(corpus)
    assert {None, "3", "11"} < found
    assert len(found) == 4


def test_a_gender_or_an_age_that_cannot_be_read_is_said(corpus, sounds):
    people = (("femal", "27"), ("男", "20s"), ("1", '"27,0"'), ("", ""))
    rows = [f"wav/{n}.wav,sad,s{n},{sex},{age}" for n, (sex, age) in enumerate(people)]
    outcome = import_manifest(corpus, table(sounds, "file,emotion,spk,sex,age", *rows))
    assert "gender isn't read where it is 'femal' (1), '1' (1); write female, male, other" in (
        outcome.warnings
    )
    assert any("age isn't read where it is '20s' (1)" in one for one in outcome.warnings)
    assert read_speakers(corpus.speakers)["s1"].gender == "male"
    assert read_speakers(corpus.speakers)["s2"].age == 27


@pytest.mark.parametrize(
    ("names", "base"),
    [
        (["0.wav", "1.wav", "2.wav", "3.wav"], "theirs/wav"),
        ([f"theirs/wav/{n}.wav" for n in range(4)], "."),
        ([f"/home/other/corpus/wav/{n}.wav" for n in range(4)], "theirs"),
        ([rf"C:\corpus\wav\{n}" for n in range(4)], "theirs"),
    ],
)
def test_files_that_lie_elsewhere_are_one_failure_that_says_where(
    corpus, sounds, tmp_path, names, base
):
    path = table(sounds, "file,emotion", *(f"{name},sad" for name in names))
    outcome = import_manifest(corpus, path)
    (failure,) = outcome.failures
    assert failure.item == "4 of 4 rows"
    folder = (tmp_path / base).resolve()
    assert f"with --audio-folder {folder} all of these are found" in failure.reason
    assert import_manifest(corpus, path, audio_folder=folder).kept == 4


def test_a_table_or_a_folder_without_any_label_is_refused(corpus, sounds):
    with pytest.raises(DataError, match="no row has a label, since 'Emo' is empty in all of 2"):
        import_manifest(corpus, table(sounds, "file,Emo", "wav/0.wav,", "wav/1.wav,"))
    with pytest.raises(DataError, match="no name of a folder or file says a class"):
        import_manifest(corpus, sounds / "wav")
    assert not list((corpus.root / "stages").iterdir())


def test_a_table_without_a_column_of_labels_is_imported_to_be_labelled(corpus, sounds):
    outcome = import_manifest(corpus, table(sounds, "file,text", "wav/0.wav,x"))
    assert outcome.ok
    assert "no column names the emotion, so all clips are without a label" in outcome.warnings[0]


def test_a_folder_of_classes_keeps_speakers_and_splits(corpus, sounds, tmp_path):
    for number in range(8):
        path = (
            f"{'12'[number // 4]}/{('Angry', 'Sad')[number % 2]}/{('train', 'test')[number // 6]}"
        )
        target = tmp_path / "esd" / f"001{path}" / f"{number}.wav"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((sounds / f"wav/{number}.wav").read_bytes())
    outcome = import_manifest(corpus, tmp_path / "esd")
    assert (outcome.kept, outcome.details["unlabelled"]) == (8, 0)
    assert {(e.speaker, e.emotion, e.split) for e in entries_of(corpus)} >= {
        ("0011", "angry", "train"), ("0012", "sad", "test")
    }  # fmt: skip


def sound(sounds, number):
    return (sounds / f"wav/{number}.wav").read_bytes()


def test_sounds_inside_parquet_are_imported_with_the_names_of_classes(corpus, sounds, tmp_path):
    folder = tmp_path / "hub"
    (folder / "data").mkdir(parents=True)
    feature = {"info": {"features": {"label": {"names": ["sad", "happy"], "_type": "ClassLabel"}}}}
    for number, side in enumerate(("train", "test", "validation")):
        rows = [
            {"audio": {"bytes": sound(sounds, 2 * number + k), "path": name}, "label": k,
             "meta": {"speaker_id": f"F0{number}"}}
            for k, name in enumerate((f"a{number}.wav", None))
        ]  # fmt: skip
        own = pyarrow.Table.from_pylist(rows)
        own = own.replace_schema_metadata({"huggingface": json.dumps(feature)})
        pyarrow.parquet.write_table(own, folder / f"data/{side}-00000-of-00001.parquet")
    outcome = import_manifest(corpus, folder)
    assert outcome.ok, outcome.failures
    assert sorted((e.split, e.emotion, e.speaker) for e in entries_of(corpus)) == [
        (split, emotion, f"F0{number}")
        for split, number in (("test", 1), ("train", 0), ("val", 2))
        for emotion in ("happy", "sad")
    ]
    again = import_manifest(corpus, folder)
    assert (again.ok, again.details["unchanged"]) == (True, 6)


def test_a_column_of_bytes_is_a_sound(corpus, sounds, tmp_path):
    path = tmp_path / "x.parquet"
    rows = [{"audio": sound(sounds, n), "emotion": "sad"} for n in range(2)]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    assert import_manifest(corpus, path).kept == 2


def test_kaldi_folders_are_read(corpus, sounds, tmp_path):
    for side, number in (("train", 0), ("dev", 1)):
        folder = tmp_path / "data" / side
        folder.mkdir(parents=True)
        (folder / "wav.scp").write_text(f"rec{number} {sounds}/wav/{number}.wav\nr sox x |\n")
        (folder / "segments").write_text(f"u{number} rec{number} 0.1 0.8\nu r 0 1\n")
        (folder / "utt2spk").write_text(f"u{number} S0{number}\n")
        (folder / "spk2gender").write_text(f"S0{number} f\n")
        (folder / "utt2emo").write_text(f"u{number} ang\n")
        (folder / "text").write_text(f"u{number} some words\n")
    outcome = import_manifest(corpus, tmp_path / "data", audio_folder=sounds)
    assert cuts_of(corpus) == ["00000100-00000800"] * 2
    assert [(e.split, e.emotion, e.speaker, e.text) for e in entries_of(corpus)] == [
        ("train", "angry", "S00", "some words"), ("val", "angry", "S01", "some words")
    ]  # fmt: skip
    assert "is made by a command" in outcome.failures[0].reason


def test_tables_in_a_folder_are_read_by_their_columns(corpus, sounds):
    table(sounds, "file,emotion", "wav/0.wav,sad", name="train.csv")
    table(sounds, "file,emotion", "wav/1.wav,sad", name="dev_sent_emo.csv")
    table(sounds, "name,born", "x,1990", name="people.csv")
    outcome = import_manifest(corpus, sounds)
    assert sorted(entry.split for entry in entries_of(corpus)) == ["train", "val"]
    said = "\n".join(outcome.warnings)
    assert "1 table without a column of audio files passed over: people.csv" in said
    assert "6 audio files of" in said
    assert "wav/2.wav, wav/3.wav, wav/4.wav and 3 more" in said


def test_files_may_be_named_by_a_pattern_of_columns(corpus, sounds):
    path = table(sounds, "Dialogue_ID,Utt_ID,Emotion", "wav,0,sadness", "wav,3,joy")
    outcome = import_manifest(corpus, path, columns={"file": "{Dialogue_ID}/{Utt_ID}.wav"})
    assert (outcome.kept, outcome.details["unread_columns"]) == (2, [])
    with pytest.raises(ConfigurationError, match="no such column"):
        import_manifest(corpus, path, columns={"file": "{Dialog}/{Utt_ID}.wav"})


@pytest.mark.parametrize(
    "rows",
    [
        {
            "u0": {"wav": "{data_root}/wav/0.wav", "emo": "sad"},
            "u1": {"wav": "wav/1", "emo": "ang"},
        },
        {"wav/0.wav": {"EmoClass": "sad"}, "wav/1": {"EmoClass": "ang"}},
    ],
)
def test_objects_of_objects_are_read(corpus, sounds, rows):
    path = sounds / "labels.json"
    path.write_text(json.dumps(rows, indent=1))
    outcome = import_manifest(corpus, path)
    assert (outcome.kept, outcome.details["unlabelled"]) == (2, 0)


@pytest.mark.parametrize("column", ["angry", "Sadness", "VoiceVote", "愤怒"])
def test_columns_named_by_a_class_are_not_passed_over(column):
    with pytest.raises(ConfigurationError, match="looks like the emotion"):
        map_columns(["file", column, "note"])


def test_ids_may_be_the_names_of_files(corpus, sounds):
    path = table(sounds, "utt_id,emotion", "0,sad", "1,happy")
    assert import_manifest(corpus, path, audio_folder=sounds / "wav").kept == 2
