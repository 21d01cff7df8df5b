"""After a withdrawal no file of the folder holds voice, text, id or name, but those it names."""

import gzip
import io
import json
import re
import sqlite3
import tarfile
import zipfile

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import soundfile

from corpus_tools.assembly.manifest import build_from_corpus
from corpus_tools.withdrawal.byte_search import ByteSearch, sound_pieces
from corpus_tools.withdrawal.withdraw import finish_withdrawals, finished_warnings, withdraw
from manifests.exports.export import export_manifest
from manifests.storage.checksums import write_checksums
from manifests.storage.records import Choice, Source
from manifests.storage.sections import SplitSettings
from manifests.storage.shards import STAGES, read_shard, write_shard
from manifests.storage.speakers import read_speakers
from manifests.storage.store import sealed_jsonl, sha256_file, write_text
from manifests.storage.tombstones import TOMBSTONES, read_tombstones
from manifests.versions.manifest import load_manifest
from manifests.versions.verify import verify_manifest

FILM, READ = "E01-0123456789ab", "r1-ba9876543210"
CLIPS = [f"{FILM}-{n * 4000:08d}-{n * 4000 + 3000:08d}" for n in range(6)]
MINE, OTHER = CLIPS[0], CLIPS[1]
TEXT = f"词 {MINE}"


def pcm(root, clip):
    samples, _ = soundfile.read(root / "clips" / FILM / f"{clip}.wav", dtype="int16")
    return samples


def wav(samples, **form):
    stream = io.BytesIO()
    soundfile.write(stream, samples, 16000, **({"format": "WAV", "subtype": "PCM_16"} | form))
    return stream.getvalue()


def zipped(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def tarred(data):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        member = tarfile.TarInfo("a.raw")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def parquet(rows):
    stream = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), stream, compression="zstd")
    return stream.getvalue()


def zstd(data):
    stream = pyarrow.BufferOutputStream()
    with pyarrow.CompressedOutputStream(stream, "zstd") as out:
        out.write(data)
    return stream.getvalue().to_pybytes()


VOICE = {
    "raw samples behind a header": ("a.bin", lambda s: b"head!" + s.tobytes()),
    "a part of the clip": ("a.pcm", lambda s: s[9000:30000].tobytes()),
    "another name": ("my/best.wav", wav),
    "FLAC": ("my/best.flac", lambda s: wav(s, format="FLAC")),
    "24 bits": ("my/deep.wav", lambda s: wav(s, subtype="PCM_24")),
    "floats, two channels": (
        "my/stereo.wav",
        lambda s: wav(np.stack([s, s], 1).astype(np.float32) / 32768, subtype="FLOAT"),
    ),
    "AIFF": ("my/best.aiff", lambda s: wav(s, format="AIFF")),
    "zip": ("backup.zip", lambda s: zipped(**{"a.wav": wav(s)})),
    "FLAC in zip": ("b.zip", lambda s: zipped(**{"a.flac": wav(s, format="FLAC")})),
    "tar.gz": ("backup.tgz", lambda s: tarred(s.tobytes())),
    "Parquet": ("p.parquet", lambda s: parquet([{"audio": {"bytes": wav(s), "path": "x"}}])),
    "numpy": ("features.npz", lambda s: zipped(**{"x.npy": b"\x93NUMPY" + s.tobytes()})),
    "zstd": ("a.zst", lambda s: zstd(s.tobytes())),
    "an archive in the corpus's own folder": ("runs/r/audio.dat", lambda s: s.tobytes()),
}


@pytest.mark.parametrize(("name", "pack"), VOICE.values(), ids=VOICE)
def test_a_voice_is_named_whatever_holds_it_and_another_is_not(workspace, name, pack):
    root = workspace.root
    for place, clip in ((name, MINE), (f"others/{name}", OTHER)):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_bytes(pack(pcm(root, clip)))
    outcome = withdraw(root, "speaker", "f01", dry_run=True)
    assert outcome.details["withdrawal"]["remains"] == [name]
    done = withdraw(root, "speaker", "f01")
    assert done.details["withdrawal"]["remains"] == [name]
    [sentence] = [one for one in done.warnings if one.startswith(f"{name}:")]
    assert "delete" in sentence
    assert sentence in outcome.warnings


NAMED = {
    "a table in UTF-16": ("t.csv", f"clip,label\n{MINE},sad\n".encode("utf-16")),
    "a table in GB18030": ("t.csv", f"他说,{TEXT}\n".encode("gb18030")),
    "a text alone": ("notes.md", TEXT.encode()),
    "a name": ("notes.txt", b"f01 coughs"),
    "a spreadsheet": ("t.xlsx", zipped(**{"xl/sharedStrings.xml": "<t>f01</t>"})),
    "packed lines": ("cuts.jsonl.gz", gzip.compress(json.dumps({"id": MINE}).encode())),
    "escaped JSON": ("t.json", json.dumps({"text": TEXT}).encode()),
    "a Parquet table": ("t.parquet", parquet([{"speaker": "f01"}, {"speaker": "m02"}])),
    "a prefix before the id": (f"my/best_{MINE}.opus", b"OggS"),
    "a file's name": (f"{MINE}.opus", b"OggS"),
    "a folder's name": ("originals/f01_angry/a.mp3", b"ID3"),
    "a copy of a shard": (
        f"stages/segments/{FILM} (conflicted copy).jsonl",
        json.dumps({"clip_id": MINE}).encode(),
    ),
    "a page of agreement": ("agreement.html", f"<td>{MINE}</td>".encode()),
    "an unknown archive": ("old.7z", b"7z\xbc\xaf\x27\x1c and more"),
    "a damaged archive": ("old.zip", b"PK\x03\x04 and more"),
    "history": (".git/HEAD", b"ref: refs/heads/main"),
}


@pytest.mark.parametrize(("name", "data"), NAMED.values(), ids=NAMED)
def test_texts_ids_and_names_are_found_in_files_of_any_type(workspace, name, data):
    root = workspace.root
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(data)
    outcome = withdraw(root, "speaker", "f01")
    place = ".git" if name.startswith(".git") else name
    assert outcome.details["withdrawal"]["remains"] == [place]
    assert any(one.startswith(place) for one in outcome.warnings)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("notes.txt", b"f010 and af01 are others, and so is m02"),
        ("data.bin", bytes(range(256)) * 100 + b" f01 "),  # three letters occur by chance
        ("t.json", f'{{"clip_id": "{OTHER}"}}'.encode()),
        ("film.mp4", b"\0\0\0 ftypisom"),
        ("silence.wav", wav(np.zeros(48000, dtype=np.int16))),
    ],
)
def test_what_only_looks_like_it_is_not_named(workspace, name, data):
    (workspace.root / name).write_bytes(data)
    assert withdraw(workspace.root, "speaker", "f01").details["withdrawal"]["remains"] == []


FORMATS = [("csv", "copy"), ("parquet", "none"), ("hf", "flac"), ("croissant", "link")]
FORMATS += [(name, "copy") for name in ("audformat", "lhotse")]


def export(root, format_name, audio, name=None):
    folder = root / "exports" / (name or f"v1-{format_name}")
    if format_name in ("audformat", "lhotse"):
        pytest.importorskip(format_name)
    manifest = load_manifest(root / "manifests" / "v1")
    speakers = read_speakers(root / "speakers.csv")
    assert export_manifest(manifest, speakers, folder, format_name=format_name, audio=audio).ok
    return folder


@pytest.mark.parametrize(("format_name", "audio"), FORMATS)
@pytest.mark.parametrize(("kind", "who"), [("speaker", "f01"), ("annotator", "a01")])
def test_an_export_goes_as_a_whole_and_its_command_is_named(
    workspace, format_name, audio, kind, who
):
    root = workspace.root
    folder = export(root, format_name, audio)
    kept = export(root, "csv", "copy", "of-others/v0-csv")
    for path in kept.rglob("*"):
        if path.is_file() and path.suffix != ".wav":
            path.write_text("of an earlier version")
        elif path.stem != OTHER and path.is_file():
            path.unlink()
    outcome = withdraw(root, kind, who)
    assert not folder.exists()
    left = {path.name for path in kept.rglob("*") if path.is_file()}
    assert left == {f"{OTHER}.wav", "clips.csv", "SHA256SUMS"}
    assert outcome.details["withdrawal"]["places"]["exports"] == 1
    assert outcome.details["withdrawal"]["remains"] == []
    assert (
        f"exports/{folder.name}: an export with withdrawn data, deleted as a whole; make it anew: "
        f"corpus build-manifest, then corpus export-manifest --format {format_name}"
    ) in outcome.warnings
    assert [path.name for path in (root / "exports").iterdir()] == ["of-others"]


def test_exports_elsewhere_in_the_corpus_go_and_a_word_in_a_text_deletes_none(workspace):
    root = workspace.root
    elsewhere = export(root, "hf", "copy", "../releases/first")
    later = export(root, "csv", "none", "later")
    text = (later / "clips.csv").read_text()
    rows = [row for row in text.splitlines() if not row.startswith((MINE, CLIPS[3]))]
    (later / "clips.csv").write_text("\n".join(rows).replace("词", "f01 came,"))
    outcome = withdraw(root, "speaker", "f01")
    assert not elsewhere.exists()
    assert outcome.details["withdrawal"]["remains"] == ["exports/later/clips.csv"]
    assert any(one.startswith("releases/first: an export") for one in outcome.warnings)


def test_folders_of_others_with_a_table_of_clips_and_checksums_are_named_not_deleted(workspace):
    root = workspace.root
    given = {
        "films/E01.mkv": "film",
        "films/clips.csv": "file,speaker\nE01.mkv,f01\n",
        "bought/metadata.parquet": "",
        "clips.csv": "speaker\nf01\n",
        "papers/clips.csv": "speaker\nf01\n",
        "papers/SHA256SUMS": "# made by hand\n",
    }
    for name, text in given.items():
        write_text(root / name, text)
    write_checksums(root / "films")
    write_checksums(root)
    before = (root / "SHA256SUMS").read_bytes()
    outcome = withdraw(root, "speaker", "f01")
    assert (root / "corpus.toml").is_file()
    assert (root / "films" / "E01.mkv").is_file()
    assert (root / "SHA256SUMS").read_bytes() == before
    named = {"clips.csv", "films/clips.csv", "papers/clips.csv"}
    assert named <= set(outcome.details["withdrawal"]["remains"])


def test_many_files_of_a_folder_are_one_sentence(workspace):
    root = workspace.root
    for number in range(5):
        folder = root / "backup" / str(number)
        folder.mkdir(parents=True)
        (folder / f"{MINE}.wav").write_bytes(wav(pcm(root, MINE)))
    [sentence] = [one for one in withdraw(root, "speaker", "f01").warnings if "backup/" in one]
    assert "and 2 more: holds the voice of what is withdrawn" in sentence


def test_another_track_of_the_film_is_another_source(workspace):
    (workspace.root / "notes.txt").write_text(f"{FILM}-t2, {FILM}-left and {FILM}-right are kept")
    (workspace.root / "mine.txt").write_text(f"listen to {FILM}.")
    outcome = withdraw(workspace.root, "source", FILM)
    assert outcome.details["withdrawal"]["remains"] == ["mine.txt"]


def test_the_name_in_a_note_on_others_is_deleted(workspace):
    path = workspace.root / "choices" / f"{FILM}.jsonl"
    row = {"source_id": FILM, "start": 4.0, "end": 7.0, "decision": "keep", "origin": "review"}
    rows = [{**row, "clip_id": OTHER, "note": note} for note in ("after f01 left", "quiet")]
    rows[1] |= {"start": 8.0, "end": 11.0, "clip_id": CLIPS[2]}
    choices = [Choice.parse(one, "test") for one in rows]
    path.write_bytes(sealed_jsonl(one.row() for one in choices))
    withdraw(workspace.root, "speaker", "f01")
    left = [json.loads(line) for line in path.read_text().splitlines()]
    assert [one["note"] for one in left if one.get("clip_id")] == [None, "quiet"]


def test_an_id_is_taken_in_any_unicode_form(workspace):
    root = workspace.root
    with (root / "speakers.csv").open("a", encoding="utf-8") as table:
        table.write("Jose\u0301,male,,,,\n")
    (root / "notes.txt").write_text("Jos\u00e9 may be reached by telephone", encoding="utf-8")
    outcome = withdraw(root, "speaker", "Jos\u00e9")
    assert "Jose\u0301" not in (root / "speakers.csv").read_text(encoding="utf-8")
    assert outcome.details["withdrawal"]["remains"] == ["notes.txt"]


def test_a_number_is_a_name_only_where_something_says_so(workspace):
    root = workspace.root
    with (root / "speakers.csv").open("a", encoding="utf-8") as table:
        table.write("01,male,,,,\n")
    (root / "settings.txt").write_text("seed = 01, on 01.12., 01")
    (root / "cast.txt").write_text("speaker 01 is a friend")
    (root / "cast.json").write_text('{"who": "01"}')
    outcome = withdraw(root, "speaker", "01")
    assert outcome.details["withdrawal"]["remains"] == ["cast.json", "cast.txt"]


def test_originals_are_named_and_those_of_others_are_not(workspace):
    root = workspace.root
    (film,) = read_shard(STAGES["sources"].path(root, FILM), Source)
    (root / "films").mkdir()
    (root / "films" / "renamed.mkv").write_bytes(b"a film")
    (root / "films" / "other.mkv").write_bytes(b"no film")
    row = film.changed(sha256=sha256_file(root / "films" / "renamed.mkv"), size=6)
    write_shard(root, STAGES["sources"], FILM, [row], row.row())
    outcome = withdraw(root, "speaker", "f01")
    assert outcome.details["withdrawal"]["remains"] == ["films/renamed.mkv"]


def test_an_original_in_its_place_is_named_once(workspace):
    root = workspace.root
    (film,) = read_shard(STAGES["sources"].path(root, FILM), Source)
    (root / film.media_path).parent.mkdir(parents=True, exist_ok=True)
    (root / film.media_path).write_bytes(b"a film")
    row = film.changed(sha256=sha256_file(root / film.media_path), size=6)
    write_shard(root, STAGES["sources"], FILM, [row], row.row())
    outcome = withdraw(root, "speaker", "f01")
    assert outcome.details["withdrawal"]["remains"] == [film.media_path]
    [sentence] = [one for one in outcome.warnings if film.media_path in one]
    assert "also has the withdrawn clips; delete it, or cut them out" in sentence


def test_a_word_in_the_corpus_s_own_paths_is_no_person(workspace):
    root = workspace.root
    with (root / "speakers.csv").open("a", encoding="utf-8") as table:
        table.write("runs,male,,,,\n")
    (root / "runs" / "runs").mkdir()
    (root / "runs" / "runs" / "notes.txt").write_text("a note")
    outcome = withdraw(root, "speaker", "runs")
    assert outcome.details["withdrawal"]["remains"] == []


def test_groups_named_after_the_speaker_get_another_name(workspace):
    labels = workspace.configuration.labels.model_copy(update={"min_votes": 1})
    split = SplitSettings(group_by="speaker", largest_group=1)
    assert build_from_corpus(workspace, split, labels, resplit=True).ok
    folder = workspace.root / "manifests" / "v2"

    def groups():
        return {entry.clip_id: entry.group for entry in load_manifest(folder).entries}

    before = groups()
    assert before[CLIPS[2]] == before[CLIPS[1]] == "speaker:f01"  # who speaks there is unknown
    withdraw(workspace.root, "speaker", "f01")
    assert groups() == {
        one: f"clip:{CLIPS[1]}" for one in before if one not in (CLIPS[0], CLIPS[3])
    }
    assert verify_manifest(folder).ok
    withdraw(workspace.root, "speaker", "m02")
    assert groups()[CLIPS[2]] == f"clip:{CLIPS[2]}"
    assert verify_manifest(folder).ok


def everything(root):
    """Add files of all kinds to a corpus."""
    mine = root / "clips" / FILM / f"{MINE}.wav"
    for format_name, audio in FORMATS[:4]:
        export(root, format_name, audio)
    made = {
        f"clips/{FILM}/{MINE} (1).wav": mine.read_bytes(),
        f"clips/{FILM}/.{MINE}.wav.icloud": b"bplist",
        f"clips/{FILM}/context/{MINE}-LAPTOP.wav": mine.read_bytes(),
        f"clips/{FILM}/.0123456789abcdef.partial.wav": mine.read_bytes(),
        "runs/.unfinished/00/network.safetensors": b"weights",
        "runs/.0123456789abcdef.partial/predictions.csv": MINE.encode(),
        "runs/r/evaluation/v1-test/metrics.json": b'{"speaker": "f01"}',
        "predicted/predictions.json": json.dumps({"files": [{"file": MINE}]}).encode(),
        "predicted/predictions.csv": f"file\n{MINE}\n".encode(),
        f"predicted/timelines/{FILM}.csv": b"x",
        f"review/{FILM}.html": f"<p>{TEXT}</p>".encode(),
        f"review/{FILM}.matches.csv": TEXT.encode(),
        "exports/.0123456789abcdef.partial/audio/x.wav": mine.read_bytes(),
        "notes/selection.bin": pcm(root, MINE).tobytes(),
    }
    for name, data in made.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    server = root / "annotations" / "label-studio"
    server.mkdir(exist_ok=True)
    with sqlite3.connect(server / "label_studio.sqlite3") as database:
        database.execute("create table task (data text)")
        database.execute("insert into task values (?)", [json.dumps({"clip_id": MINE})])
    database.close()


def test_with_files_of_all_kinds_nothing_stays_but_what_is_named(workspace):
    root = workspace.root
    everything(root)
    voice = b"".join(sound_pieces(pcm(root, MINE))[:1])
    search = ByteSearch([voice, MINE.encode(), CLIPS[3].encode(), TEXT.encode()])
    with workspace.lock("withdraw"):
        counted = withdraw(root, "speaker", "f01", dry_run=True)
        outcome = withdraw(root, "speaker", "f01")
    named = outcome.details["withdrawal"]["remains"]
    assert named == ["annotations/label-studio/label_studio.sqlite3", "notes/selection.bin"]
    assert counted.details["withdrawal"]["remains"] == named
    assert counted.details["withdrawal"]["places"] == outcome.details["withdrawal"]["places"]
    assert counted.warnings == outcome.warnings
    assert any("delete those tasks and accounts in Label Studio" in one for one in outcome.warnings)
    for path in sorted(root.rglob("*")):
        place = path.relative_to(root).as_posix()
        if (
            path.is_file()
            and place not in named
            and path.name not in (TOMBSTONES, "withdrawn.json")
        ):
            assert not search.find(path.name.encode() + b"\n" + path.read_bytes()), place
            digests = re.compile(rb"[0-9a-f]{16,}")  # one may have the id in it by chance
            assert b"f01" not in digests.sub(b"", path.read_bytes()), place
    for gone in ("exports/v1-hf", "predicted/predictions.json", "runs/.unfinished"):
        assert not (root / gone).exists(), gone
    assert list(root.rglob("*.partial*")) == []
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    assert withdraw(root, "speaker", "f01").items_in == 0
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_what_is_left_to_do_is_named_by_the_run_that_finishes(workspace, monkeypatch):
    root = workspace.root
    everything(root)
    apply, left = withdraw.__globals__["_apply"], [12]

    def dying(*given):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        apply(*given)

    expected = withdraw(root, "speaker", "f01", dry_run=True).warnings
    with monkeypatch.context() as patch:
        patch.setitem(withdraw.__globals__, "_apply", dying)
        with pytest.raises(KeyboardInterrupt):
            withdraw(root, "speaker", "f01")
    (stone,) = finish_withdrawals(root)
    assert finished_warnings(stone)[1:] == expected
    assert read_tombstones(root)[0].to_do == []
