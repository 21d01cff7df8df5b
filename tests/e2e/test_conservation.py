"""Whatever comes in by any intake is taken, or named with a reason; nothing goes in silence."""

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annotation.judgements.store import read_judgements
from corpus_tools.media.wav import write_wav
from corpus_tools.workspace.workspace import Workspace
from manifests.storage.records import Clip, Transcript
from manifests.storage.shards import STAGES, read_stage
from tests.annotation.conftest import Exporter, answer_items
from tests.corpus_tools.conftest import voice

SEEDS = range(4)


@dataclass
class Input:
    """Items that go in, with what must become of them."""

    taken: int = 0
    named: list[str] = field(default_factory=list)
    """Words that must stand in a failure or warning, for what is not taken."""
    fails: bool = False
    items: int = 0

    def add(self, named: str | None = None, *, fails: bool = False, items: int = 1) -> None:
        self.items += items
        self.taken += named is None
        self.named += [named] if named else []
        self.fails |= fails


@dataclass(frozen=True)
class Result:
    code: int
    document: dict[str, Any]

    @property
    def counts(self) -> dict[str, Any]:
        return self.document["counts"]

    def check(self, given: Input) -> None:
        """Check that counts add up, and that each item is taken, rejected or named."""
        counts, text = self.counts, json.dumps(self.document, ensure_ascii=False)
        said = json.dumps(
            [self.document[key] for key in ("failures", "warnings")], ensure_ascii=False
        )
        rejected = sum(counts["rejected"].values())
        assert counts["in"] == counts["kept"] + rejected + counts["failed"], text
        assert counts["in"] == given.items, text
        for word in given.named:
            assert word in said, f"{word!r} went in silence: {text}"
        assert (self.code != 0) == given.fails, text
        assert self.document["ok"] == (self.code == 0)
        assert all(failure["reason"] for failure in self.document["failures"])


@pytest.fixture
def run(corpus_command, tmp_path) -> Callable[..., Result]:
    Workspace.create(tmp_path / "corpus", "test", "en")

    def run(*arguments: object) -> Result:
        ended = corpus_command(*arguments, "--corpus", tmp_path / "corpus", "--json", "--quiet")
        assert "Traceback" not in ended.stderr
        assert ended.stdout, ended.stderr
        return Result(ended.returncode, json.loads(ended.stdout))

    return run


@pytest.fixture(scope="module")
def sounds() -> list[np.ndarray]:
    return [(voice(0.5, seed=seed) * 20_000).astype(np.int16) for seed in range(12)]


HEADS = {
    "file": ("file", "FileName", "wav_path", "Audio Path"),
    "emotion": ("emotion", "EmoClass", "label"),
    "speaker": ("speaker", "SpkrID", "actor-id"),
    "text": ("text", "Transcript"),
    "noise": ("mood_strength", "remark"),
}


@pytest.mark.parametrize("seed", SEEDS)
def test_import_manifest(run, tmp_path, sounds, seed) -> None:
    rng = random.Random(seed)
    names = [f"{number}.wav" for number in range(8)]
    for name, sound in zip(names, sounds, strict=False):
        write_wav(tmp_path / "theirs" / name, sound)
    given, lines, labels, people = Input(), [], 0, set()
    separator = rng.choice(",;\t")
    head = [rng.choice(options) for options in HEADS.values()]

    def row(*cells: str) -> int:
        lines.append(separator.join(cells))
        return len(lines) + 1

    for number, name in enumerate(names):
        label, speaker = rng.choice(["angry", "sad", "joy"]), rng.choice(["F01", "m02", "f03"])
        kind = rng.choice(["good", "good", "unlabelled", "nobody", "twice", "dropped"])
        if kind == "dropped":
            row(name, "calm", speaker, "hm", "1")
            given.add("", items=1)
            continue
        place = row(
            name,
            "" if kind == "unlabelled" else label,
            rng.choice(["unknown", "-1", "N/A", "未知"]) if kind == "nobody" else speaker,
            f"text {number}",
            "3",
        )
        given.add()
        labels += kind != "unlabelled"
        people |= {speaker} if kind != "nobody" else set()
        if kind == "unlabelled":
            given.named.append(f"table.csv, line {place}")
        if kind == "nobody":
            given.named.append("nobody")
        if kind == "twice":
            lines.append(lines[-1])
            given.add("", items=1)
    row(*[""] * 5)
    for cells, word in (
        (["gone.wav", "sad", "F01", "", ""], "'gone.wav': no such file"),
        ([names[0], "sad", "F01", "", "", "", "left over"], "more fields than columns"),
        (["", "sad", "F01", "x", ""], "line {}"),
    ):
        if rng.random() < 0.6:
            place = row(*cells)
            given.add(word.format(place), fails=True)
    encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16", "gb18030"])
    table = "\n".join([separator.join(head), *lines]) + "\n"
    (tmp_path / "theirs" / "table.csv").write_text(table, encoding=encoding)
    found = run("import-manifest", tmp_path / "theirs" / "table.csv", "--drop", "calm")
    found.check(given)
    assert found.document["new_judgements"] == labels
    assert found.document["speakers"] == len(people)
    assert found.document["clips"] == given.taken == found.counts["kept"]
    assert found.document["unread_columns"] == [head[-1]]
    judged = list(read_judgements(tmp_path / "corpus"))
    assert len(judged) == labels
    texts = list(read_stage(tmp_path / "corpus", STAGES["transcripts"], Transcript))
    assert len(texts) == given.taken


@pytest.mark.parametrize("seed", SEEDS)
def test_add_recordings(run, tmp_path, sounds, seed) -> None:
    rng = random.Random(seed)
    folder, given, rows = tmp_path / "takes", Input(), []
    for number in range(6):
        name = f"{rng.choice(['a', '子'])}/{number}.{rng.choice(['wav', 'WAV'])}"
        kind = rng.choice(["good", "good", "gone", "unlisted", "damaged", "no text", "bad gender"])
        write_wav(folder / name, np.tile(sounds[number], 3))
        text, gender = f"line {number}", rng.choice("fm")
        if kind == "gone":
            (folder / name).unlink()
        if kind == "damaged":
            (folder / name).write_bytes(b"RIFF")
        if kind == "unlisted":
            given.add(Path(name).name, fails=True)
            continue
        if kind == "no text":
            text = ""
        if kind == "bad gender":
            gender = "robot"
        where = {"no text": f"line {len(rows) + 2} has no text", "bad gender": "'robot'"}
        rows.append(f"{name};S{number};{gender};{text}")
        if kind == "good":
            given.items += 1
        else:
            given.add(where.get(kind, name), fails=True)
    (tmp_path / "SCRIPT.csv").write_text("file;speaker;gender;text\n" + "\n".join(rows) + "\n")
    (folder / "notes.docx").write_text("x")
    (folder / "old.shn").write_bytes(b"ajkg")
    found = run("add-recordings", tmp_path / "SCRIPT.csv", folder)
    found.check(given)
    assert "old.shn" in json.dumps(found.document), found.document


@pytest.mark.parametrize("seed", SEEDS)
def test_import_transcripts(run, tmp_path, sounds, seed) -> None:
    rng = random.Random(seed)
    for number in range(6):
        write_wav(tmp_path / "t" / f"{number}.wav", sounds[number])
    run("import-manifest", tmp_path / "t")
    clips = [clip.clip_id for clip in read_stage(tmp_path / "corpus", STAGES["segments"], Clip)]
    given, rows = Input(), []
    for clip in clips:
        kind = rng.choice(["good", "good", "twice", "empty", "unknown", "ragged"])
        line = len(rows) + 2
        if kind == "unknown":
            rows.append(["elsewhere-1", "hm"])
            given.add("elsewhere-1", fails=True)
        elif kind == "empty":
            rows.append([clip, ""])
            given.add(f"line {line}", fails=True)
        elif kind == "ragged":
            rows.append([clip, "one", "two"])
            given.add(f"line {line}", fails=True)
        else:
            rows.append([clip, f"hello {line}"])
            given.add()
        if kind == "twice":
            rows.append([clip, "again"])
            given.add(f"line {line + 1}", fails=True)
    separator, suffix = rng.choice([(",", ".csv"), (";", ".csv"), ("\t", ".tsv")])
    text = "\n".join(separator.join(row) for row in [["clip_id", "text"], *rows]) + "\n"
    (tmp_path / f"texts{suffix}").write_text(text, encoding=rng.choice(["utf-8", "utf-16"]))
    found = run("import-transcripts", tmp_path / f"texts{suffix}")
    found.check(given)
    texts = list(read_stage(tmp_path / "corpus", STAGES["transcripts"], Transcript))
    assert len(texts) == given.taken == found.counts["kept"]


@pytest.mark.parametrize("seed", SEEDS)
def test_import_annotations(run, tmp_path, sounds, seed) -> None:
    rng = random.Random(seed)
    for number in range(8):
        write_wav(tmp_path / "t" / f"{number}.wav", sounds[number])
    run("import-manifest", tmp_path / "t")
    clips = [clip.clip_id for clip in read_stage(tmp_path / "corpus", STAGES["segments"], Clip)]
    given, exporter, votes = Input(), Exporter(tmp_path), Counter[str]()
    for number, clip in enumerate(clips, start=1):
        kind = rng.choice(
            [
                "good",
                "good",
                "two people",
                "skipped",
                "no class",
                "no clip",
                "unknown clip",
                "extra",
            ]
        )
        annotation = exporter.annotation(completed_by=rng.choice([1, 2]))
        if kind == "skipped":
            annotation = exporter.annotation([], was_cancelled=True)
        elif kind == "no class":
            annotation = exporter.annotation(answer_items("bored"))
        elif kind == "extra":
            item = {
                "from_name": "mood",
                "to_name": "audio",
                "type": "number",
                "value": {"number": 3},
            }
            annotation = exporter.annotation([*answer_items(), item])
            given.named.append("mood")
        annotations = [annotation]
        if kind == "two people":
            annotations.append(exporter.annotation(completed_by=3))
            given.add()
        if kind == "no clip":
            exporter.task(clip, *annotations, data={"audio": "/x.wav"})
        else:
            exporter.task(
                "gone-00000000-00001000" if kind == "unknown clip" else clip, *annotations
            )
        said = {"no class": "bored", "no clip": f"task {number}", "unknown clip": "gone-"}
        given.add(said.get(kind), fails=kind in said)
        votes[kind] += len(annotations)
    (tmp_path / "other.csv").write_text("id,emotion\n1,sad\n")
    given.add("other.csv", fails=True)
    found = run("import-annotations", exporter.write(), tmp_path / "other.csv")
    found.check(given)
    kept = list(read_judgements(tmp_path / "corpus"))
    assert len(kept) == given.taken == found.counts["kept"]
    assert len({row.annotator for row in kept}) <= 3


def srt(cues: list[tuple[float, float, str]]) -> str:
    def time(seconds: float) -> str:
        ms = round(seconds * 1000)
        return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"

    lines = (f"{n}\n{time(a)} --> {time(b)}\n{text}\n" for n, (a, b, text) in enumerate(cues, 1))
    return "\n".join(lines)


@pytest.fixture(scope="module")
def films() -> list[np.ndarray]:
    """Films of twelve seconds with three utterances, at 0.6, 4.4 and 8.2 s."""
    pause = np.zeros(9_600, np.int16)
    return [
        np.concatenate([pause, *(part for one in said for part in (one, pause))])
        for number in range(5)
        for said in [
            [(voice(3.2, seed=10 * number + n) * 20_000).astype(np.int16) for n in (1, 2, 3)]
        ]
    ]


SPOKEN = ("I don't know", "Where have you been?", "JOEY: Come here", "(sobbing) No, please")
UNSPOKEN = {
    "[door slams]": "hold only remarks or lyrics",
    "\u266a la la la \u266a": "hold only remarks or lyrics",
}


def cues_of(rng: random.Random) -> tuple[str, int, list[str]]:
    """Return subtitles, the number of spoken lines in utterances, and what must be said."""
    cues, named = [], []
    for number, start in enumerate((0.6, 4.4, 8.2)):
        cues.append((start, start + 3.2, f"{rng.choice(SPOKEN)} {number}"))
    text = rng.choice([*UNSPOKEN, None])
    if text:
        cues.append((3.85, 4.3, text))
        named.append(UNSPOKEN[text])
    odd = rng.choice(["none", "zero", "backwards", "untimed", "late"])
    if odd == "zero":
        cues.append((5, 5, "Zero words"))
        named.append("1 subtitle lines have no duration")
    if odd == "backwards":
        cues.append((7, 6, "Backward words"))
        named.append("1 subtitle lines end before they begin")
    if odd == "late":
        cues.append((200, 203, "Late words"))
        named.append("begin after its end")
    text = srt(sorted(cues))
    if odd == "untimed":
        text += "\n9\n00:00:1x,000 --> 00:00:11,900\nUntimed words\n"
        named.append("1 line has no readable time")
    return text, 3, named


@pytest.mark.parametrize("seed", range(6))
def test_segment_and_transcribe_from_subtitles(run, tmp_path, films, seed) -> None:
    rng = random.Random(seed)
    folder, given, passed_over, spoken = tmp_path / "films", Input(), 0, 0
    (folder / "empty").mkdir(parents=True)
    for number, samples in enumerate(films):
        kind = rng.choice(["good", "linked", "damaged", "silent", "unknown", "copy"])
        path = folder / f"S{number % 2}" / f"E{number:02}.wav"
        if kind == "linked":
            elsewhere = tmp_path / "elsewhere" / f"T{number}"
            elsewhere.mkdir(parents=True)
            (folder / f"T{number}").symlink_to(elsewhere)
            path = elsewhere / path.name
        write_wav(path, np.zeros(160_000, np.int16) if kind == "silent" else samples)
        if kind == "unknown":
            path.rename(path.with_suffix(".shn"))
            passed_over += 1
            continue
        if kind == "damaged":
            path.write_bytes(b"RIFF\0\0")
            given.add(path.name, fails=True)
            continue
        given.items += 1
        if kind == "silent":
            given.named.append(path.stem)
            continue
        if kind == "copy":
            shutil.copy(path, path.with_name(f"again{number}.wav"))
            given.add(f"again{number}.wav", fails=True)
        text, lines, named = cues_of(rng)
        spoken += lines + ("Late words" in text)
        tag = rng.choice(["", ".en", ".eng.sdh", "_en"])
        path.with_name(f"{path.stem}{tag}.srt").write_text(text, encoding="utf-16")
        given.named += named
        if rng.random() < 0.5:
            path.with_name(f"{path.stem}.fr.srt").write_text(srt([(1, 2, "Bonjour")]))
            given.named.append(f"{path.stem}.fr.srt")
    if passed_over:
        given.named.append(f"{passed_over} files passed over" if passed_over > 1 else "1 file")
    found = run("segment", folder)
    found.check(given)
    again = run("transcribe", "--subtitles-only")
    again.check(Input(items=again.counts["in"]))
    assert again.document["subtitle_lines"]["in"] == spoken, again.document
    stored = list(read_stage(tmp_path / "corpus", STAGES["transcripts"], Transcript))
    words = " ".join(text.text for text in stored)
    assert not any(word in words for word in ("la la", "door", "Untimed", "Zero", "Backward"))
    clips = list(read_stage(tmp_path / "corpus", STAGES["segments"], Clip))
    assert sum(text.text != "" for text in stored) >= spoken / 2, clips


@pytest.mark.parametrize("seed", SEEDS)
def test_votes_of_an_imported_table(run, tmp_path, sounds, seed) -> None:
    """Each vote of a person about a clip is one judgement; contradictions are left out, named."""
    rng = random.Random(seed)
    given, lines, votes, clips = Input(), [], 0, set()
    voting = rng.choice([True, True, False])
    for number in range(7):
        name = f"{number}.wav"
        write_wav(tmp_path / "t" / name, sounds[number])
        kind = rng.choice(["one", "several", "again", "undecided"])
        labels = {"several": ["sad", "fear", "sad"], "undecided": ["sad", "angry"]}.get(
            kind, ["sad"]
        )
        for rater, label in enumerate(labels):
            lines.append([name, f"r{rater}", label] if voting else [name, label])
        if kind == "again":
            lines.append(lines[-1])
        given.items += len(labels) + (kind == "again")
        if not voting and len(set(labels)) > 1:
            given.named.append(f"table.csv, line {len(lines) + 2 - len(labels)}")
            given.fails = True
            continue
        clips.add(name)
        votes += len(labels) if voting else 1
    head = ["file", rng.choice(["rater", "annotator_id"]), "emotion"]
    rows = [head if voting else [head[0], head[2]], *lines]
    table = "\n".join(";".join(row) for row in rows) + "\n"
    (tmp_path / "t" / "table.csv").write_text(table)
    found = run("import-manifest", tmp_path / "t" / "table.csv")
    found.check(given)
    assert found.document["clips"] == len(clips)
    assert found.document["new_judgements"] == votes
    assert len(list(read_judgements(tmp_path / "corpus"))) == votes


@pytest.mark.parametrize("seed", SEEDS)
def test_folders_of_classes(run, tmp_path, sounds, seed) -> None:
    rng = random.Random(seed)
    given, people, passed_over, splits = Input(), set(), 0, seed == 0
    for number in range(8):
        speaker, label = f"F{number % 3}", rng.choice(["Angry", "Sad", "happy"])
        place = tmp_path / "t" / speaker / label
        if splits:
            place /= rng.choice(["train", "test", "valid"])
        kind = rng.choice(["good", "good", "good", "damaged", "unknown", "linked"])
        if kind == "linked":
            elsewhere = tmp_path / f"elsewhere{number}"
            elsewhere.mkdir()
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.exists():
                place = elsewhere
            else:
                place.symlink_to(elsewhere)
        path = place / f"{number}.wav"
        if tmp_path / "t" not in path.parents:
            continue
        write_wav(path, sounds[number])
        if kind == "damaged":
            path.write_bytes(b"RIFF")
            given.add(path.name, fails=True)
        elif kind == "unknown":
            path.rename(path.with_suffix(".shn"))
            passed_over += 1
        else:
            given.add()
            people.add(speaker)
    if passed_over:
        given.named.append("passed over")
    found = run("import-manifest", tmp_path / "t")
    found.check(given)
    assert found.document["new_judgements"] == given.taken
    assert found.document["splits"] == (given.taken if splits else 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_import_subtitles_of_a_source(run, tmp_path, films, seed) -> None:
    rng = random.Random(seed)
    write_wav(tmp_path / "films" / "E00.wav", films[seed % 5])
    run("segment", tmp_path / "films")
    (source,) = (path.stem for path in (tmp_path / "corpus/stages/segments").glob("*.jsonl"))
    text, lines, named = cues_of(rng)
    late = "Late words" in text
    path = tmp_path / rng.choice(["corrected.srt", "corrected.SRT"])
    path.write_text(text, encoding=rng.choice(["utf-8", "utf-16", "utf-8-sig"]))
    found = run("import-transcripts", path, "--source", source)
    given = Input(items=lines + late, named=[] if late else named)
    found.check(given)
    assert sum(found.counts["rejected"].values()) == late


@pytest.mark.parametrize("seed", SEEDS)
def test_regions_of_films(run, tmp_path, films, seed) -> None:
    rng = random.Random(seed)
    write_wav(tmp_path / "films" / "E00.wav", films[seed % 5])
    given, rows = Input(items=1), []
    for row, named in (
        ("E00.wav;0;4,2;keep;fine", None), ("E00.wav;4,2;7,9;keep;", None),
        ("E01.wav;0;1;keep;", "line {}: 'E01.wav' names none"), ("E00.wav;9;8;drop;", "line {}"),
        ("E00.wav;1;2;perhaps;", "line {}: decision 'perhaps'"),
        ("E00.wav;8;12;drop;a;b", "line {}: has more fields"), (";1;2;keep;", "line {}"),
        ("E00.wav;90;99;keep;", "line {}: begins at 1:30"),
    ):  # fmt: skip
        if named is None or rng.random() < 0.5:
            rows.append(row)
            if named:
                given.add(named.format(len(rows) + 1), fails=True)
    table = "\n".join(["source;from;to;decision;note", *rows]) + "\n"
    (tmp_path / "regions.csv").write_text(table, encoding=rng.choice(["utf-8", "gbk", "utf-16"]))
    found = run("segment", tmp_path / "films", "--regions", tmp_path / "regions.csv")
    found.check(given)
    assert found.document["clips"]["accepted"] == 2
