"""The bundled sample holds what its README says, and its truth is true of its files."""

import csv
import json
import re
from collections import Counter, defaultdict
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

SAMPLE = Path(__file__).parents[2] / "examples"
EPISODES = SAMPLE / "episodes"
AUDIO = SAMPLE / "recordings" / "audio"
README = (SAMPLE / "README.md").read_text(encoding="utf-8")
EMOTIONS = ("angry", "fear", "happy", "neutral", "surprise", "sad")
VIDEO = (".mp4", ".mkv")
MAX_BYTES = 12 * 2**20

with (SAMPLE / "recordings" / "SCRIPT.csv").open(encoding="utf-8", newline="") as lines:
    SCRIPT = list(csv.DictReader(lines))
TRUTH: dict[str, list[dict[str, Any]]] = defaultdict(list)
for line in (EPISODES / "truth.jsonl").read_text(encoding="utf-8").splitlines():
    TRUTH[json.loads(line)["file"]].append(json.loads(line))
SPOKEN = [row for rows in TRUTH.values() for row in rows]


class Decoded:
    """An episode's sound on its container's timeline, and its codecs."""

    def __init__(self, path: Path) -> None:
        with av.open(str(path)) as media:
            stream = media.streams.audio[0]
            self.codec = stream.codec.canonical_name
            self.rate = int(stream.rate)
            self.layout = stream.layout.name
            frames = [(f.time, f.to_ndarray().mean(axis=0)) for f in media.decode(stream)]
        self.samples = np.concatenate([piece for _, piece in frames])
        self.begins = frames[0][0]

    @property
    def duration(self) -> float:
        return len(self.samples) / self.rate

    def level(self, start: float, end: float) -> float:
        """Return the RMS level from `start` to `end` (seconds on the timeline), in dBFS."""
        first, last = (round((t - self.begins) * self.rate) for t in (start, end))
        return float(10 * np.log10(np.mean(self.samples[first:last] ** 2) + 1e-12))


@pytest.fixture(scope="module")
def decoded() -> dict[str, Decoded]:
    return {file: Decoded(EPISODES / file) for file in TRUTH}


def scenes(file: str) -> list[list[dict[str, Any]]]:
    return [list(rows) for _, rows in groupby(TRUTH[file], key=lambda row: row["scene"])]


def described(scene: list[dict[str, Any]]) -> str:
    row = scene[0]
    snr = "" if row["snr_db"] is None else f" {row['snr_db']:g} dB"
    return f"{row['emotion']} ({row['condition']}{snr})"


def subtitles(file: str) -> str:
    shown = [(row["subtitle_text"], row["text"]) for row in TRUTH[file]]
    if shown[0][0] is None:
        return "none"
    return "Polish" if all(a == b for a, b in shown) else f"Chinese ({len(shown)} CPED lines)"


def episode_row(file: str, sound: Decoded) -> str:
    picture = "H.264" if file.endswith(VIDEO) else "none"
    cells = (
        f"`{file}`",
        picture,
        f"{sound.codec.upper()} {sound.rate / 1000:g} kHz {sound.layout}",
        f"{sound.duration:.1f}",
        str(len(TRUTH[file])),
        "; ".join(map(described, scenes(file))),
        subtitles(file),
    )
    return f"| {' | '.join(cells)} |"


def count_rows() -> list[str]:
    def row(name: str, counts: Counter[str]) -> str:
        return f"| {name} | {' | '.join(str(counts[e]) for e in EMOTIONS)} | {counts.total()} |"

    series = sorted({file.split("/")[0] for file in TRUTH}, reverse=True)
    return [
        *(
            row(f"`{s}`", Counter(r["emotion"] for r in SPOKEN if r["file"].startswith(f"{s}/")))
            for s in series
        ),
        row("episodes together", Counter(r["emotion"] for r in SPOKEN)),
        row("recordings", Counter(r["intended_emotion"] for r in SCRIPT)),
    ]


def recorded_seconds() -> float:
    total = 0.0
    for row in SCRIPT:
        with av.open(str(AUDIO / row["file"])) as media:
            total += media.duration / 1e6
    return total


def cast_rows() -> list[str]:
    heard = Counter((row["speaker"], row["file"].split("/")[0]) for row in SPOKEN)
    read = Counter((row["speaker"], row["gender"]) for row in SCRIPT)
    return [
        f"| {speaker} | {gender} | {heard[speaker, 'teahouse'] or '–'} | "
        f"{heard[speaker, 'harbour'] or '–'} | {n} |"
        for (speaker, gender), n in sorted(read.items())
    ]


def test_the_sample_is_small() -> None:
    size = sum(
        path.stat().st_size
        for path in SAMPLE.rglob("*")
        if path.is_file() and "cache" not in str(path.relative_to(SAMPLE))
    )
    assert size <= MAX_BYTES


def test_readme_tells_what_the_files_hold(decoded: dict[str, Decoded]) -> None:
    rows = [episode_row(file, sound) for file, sound in decoded.items()]
    for row in [*rows, *count_rows(), *cast_rows()]:
        assert row in README.splitlines()
    total = sum(sound.duration for sound in decoded.values())
    assert f"{total:.0f} s together" in README
    assert f"{recorded_seconds():.0f} s in all" in README


def test_formats_are_those_people_have(decoded: dict[str, Decoded]) -> None:
    suffixes = Counter(Path(file).suffix for file in decoded)
    assert suffixes[".mp4"] + suffixes[".mkv"] >= 6
    assert suffixes[".mp3"] == suffixes[".m4a"] == 1
    assert 300 <= sum(sound.duration for sound in decoded.values()) <= 480
    assert {path.relative_to(EPISODES).as_posix() for path in EPISODES.glob("*/*.*[34av]")} == set(
        decoded
    )


@pytest.mark.parametrize("file", [file for file in TRUTH if file.endswith(VIDEO)])
def test_picture_is_a_picture_and_lasts(file: str) -> None:
    with av.open(str(EPISODES / file)) as media:
        stream = media.streams.video[0]
        frame = next(media.decode(stream)).to_ndarray(format="gray")
        assert frame.shape == (90, 160)
        assert frame.std() > 2
        last = max(float(p.pts * p.time_base) for p in media.demux(stream) if p.pts is not None)
        assert last == pytest.approx(media.duration / 1e6, abs=0.3)


def test_truth_lies_within_its_file_in_order(decoded: dict[str, Decoded]) -> None:
    for file, rows in TRUTH.items():
        assert rows[0]["start"] > 0
        assert rows[-1]["end"] < decoded[file].duration
        for one, next_one in pairwise(rows):
            assert 0.2 <= round(next_one["start"] - one["end"], 3) <= 3.0
            assert one["scene"] <= next_one["scene"]
        assert all(0.5 < row["end"] - row["start"] < 6 for row in rows)


def speech_edges(sound: Decoded, start: float, end: float) -> tuple[float, float]:
    """Return when it gets, and stops being, loud: within 38 dB of the loudest 20 ms."""
    frame, hop = round(0.02 * sound.rate), round(0.005 * sound.rate)
    first = round((start - 0.15 - sound.begins) * sound.rate)
    last = round((end + 0.15 - sound.begins) * sound.rate)
    pieces = np.lib.stride_tricks.sliding_window_view(sound.samples[first:last], frame)[::hop]
    levels = 10 * np.log10(np.mean(pieces**2, axis=1) + 1e-12)
    loud = np.flatnonzero(levels > levels.max() - 38)
    zero = first / sound.rate + sound.begins
    return zero + loud[0] * hop / sound.rate, zero + (loud[-1] * hop + frame) / sound.rate


def test_speech_lies_where_the_truth_says(decoded: dict[str, Decoded]) -> None:
    for file, sound in decoded.items():
        said = [row for row in TRUTH[file] if row["condition"] == "clean"]
        edges = [speech_edges(sound, row["start"], row["end"]) for row in said]
        late = [edge[0] - row["start"] for edge, row in zip(edges, said, strict=True)]
        early = [row["end"] - edge[1] for edge, row in zip(edges, said, strict=True)]
        assert 0 <= np.median(late) <= 0.03
        assert -0.015 <= np.median(early) <= 0.03


def test_clipped_scene_is_clipped_and_only_it(decoded: dict[str, Decoded]) -> None:
    for file, sound in decoded.items():
        loudest = {
            scene[0]["condition"]: max(sound.level(r["start"], r["end"]) for r in scene)
            for scene in scenes(file)
        }
        assert all(
            (level > -12) == (condition == "clipped") for condition, level in loudest.items()
        )


def test_a_scene_has_one_emotion_and_one_condition() -> None:
    for file in TRUTH:
        assert len(scenes(file)) == 3
        for scene in scenes(file):
            assert len({(r["emotion"], r["condition"], r["snr_db"]) for r in scene}) == 1
            assert (scene[0]["snr_db"] is not None) == (scene[0]["condition"] in ("music", "noise"))


def test_casts_of_the_series_are_disjoint_and_every_class_is_in_both() -> None:
    by_series = defaultdict(list)
    for row in SPOKEN:
        by_series[row["file"].split("/")[0]].append(row)
    casts = [{row["speaker"] for row in rows} for rows in by_series.values()]
    assert len(casts) == 2
    assert not set.intersection(*casts)
    for rows in by_series.values():
        assert {row["emotion"] for row in rows} == set(EMOTIONS)


def test_no_utterance_is_in_both_parts() -> None:
    sources = [row["nemo_file"] for row in SPOKEN]
    assert len(set(sources)) == len(sources)
    assert not {row["text"] for row in SPOKEN} & {row["text"] for row in SCRIPT}


def test_script_is_balanced_and_its_files_exist() -> None:
    assert list(SCRIPT[0]) == ["file", "speaker", "gender", "text", "intended_emotion"]
    assert len(SCRIPT) >= 300
    each = Counter((r["speaker"], r["intended_emotion"]) for r in SCRIPT)
    assert len(each) == 36
    assert len(set(each.values())) == 1
    genders = {r["speaker"]: r["gender"] for r in SCRIPT}
    assert Counter(genders.values()) == {"female": 3, "male": 3}
    on_disk = {path.relative_to(AUDIO).as_posix() for path in AUDIO.rglob("*.opus")}
    assert on_disk == {r["file"] for r in SCRIPT}


def test_file_names_do_not_tell_the_emotion() -> None:
    assert all(re.fullmatch(rf"{r['speaker']}/\d{{3}}\.opus", r["file"]) for r in SCRIPT)
    for _, rows in groupby(SCRIPT, key=lambda r: r["speaker"]):
        acted = [r["intended_emotion"] for r in sorted(rows, key=lambda r: r["file"])]
        repeats = sum(a == b for a, b in pairwise(acted))
        assert repeats < len(acted) / 2  # sorted by emotion, all but five would repeat


@pytest.mark.parametrize("row", SCRIPT[::61], ids=lambda row: row["file"])
def test_recordings_decode_to_speech(row: dict[str, str]) -> None:
    sound = Decoded(AUDIO / row["file"])
    assert sound.codec == "opus"
    assert 0.8 < sound.duration < 8
    assert -45 < sound.level(0, sound.duration) < -5


@pytest.mark.parametrize("file", [f for f in TRUTH if TRUTH[f][0]["subtitle_text"]])
def test_subtitles_follow_the_truth(file: str) -> None:
    text = (EPISODES / file).with_suffix(".srt").read_text(encoding="utf-8")
    cues = re.findall(r"(\S+) --> (\S+)\n(\w+): (.+)\n", text)
    assert len(cues) == len(TRUTH[file])
    for (start, end, speaker, shown), row in zip(cues, TRUTH[file], strict=True):
        assert (speaker, shown) == (row["speaker"], row["subtitle_text"])
        assert seconds(start) == pytest.approx(row["start"], abs=0.11)
        assert seconds(end) == pytest.approx(row["end"], abs=0.11)


def test_files_without_subtitle_texts_have_none() -> None:
    with_srt = {path.with_suffix("") for path in EPISODES.rglob("*.srt")}
    expected = {(EPISODES / f).with_suffix("") for f in TRUTH if TRUTH[f][0]["subtitle_text"]}
    assert with_srt == expected


def seconds(timestamp: str) -> float:
    hours, minutes, rest = timestamp.replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)
