"""Whisper base with its published weights on the bundled sample's Polish recordings."""

import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from corpus_tools.transcription.assign import split_recognition
from corpus_tools.transcription.compare import TextPair, clip_errors, total
from corpus_tools.transcription.guards.flags import Flagger
from corpus_tools.transcription.recognisers.base import RecogniserOptions, Recognition
from corpus_tools.transcription.recognisers.whisper import WhisperRecogniser
from manifests.storage.records import Transcript

pytestmark = pytest.mark.real

SAMPLE = Path(__file__).parents[2] / "examples"
RATE = 16_000
Wave = NDArray[np.float32]


def readings(count: int) -> list[tuple[str, Wave]]:
    """Return texts and samples of the sample's recordings, from its beginning."""
    folder = SAMPLE / "recordings"
    with (folder / "SCRIPT.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))[:count]
    return [
        (row["text"], soundfile.read(folder / "audio" / row["file"], dtype="float32")[0])
        for row in rows
    ]


def error_rate(truth: Sequence[str], texts: Sequence[str]) -> float:
    pairs = [TextPair(str(n), "", *pair) for n, pair in enumerate(zip(truth, texts, strict=True))]
    return total(clip_errors(pairs)).rate or 0.0


def recogniser(checkpoint: Path, **options: Any) -> WhisperRecogniser:
    return WhisperRecogniser(RecogniserOptions(str(checkpoint), "cpu", **options))


def guarded(found: Sequence[Recognition], seconds: float = 4.0, **options: Any) -> list[Transcript]:
    records = [
        Transcript(
            clip_id=str(number),
            text="",
            text_raw=one.text,
            source="whisper",
            avg_logprob=one.avg_logprob,
            no_speech_prob=one.no_speech_prob,
        )
        for number, one in enumerate(found)
    ]
    return Flagger(**options).apply(records, {one.clip_id: seconds for one in records})


def test_clips_and_windows_are_recognised_and_words_go_to_their_clips(whisper_base: Path) -> None:
    truth, waves = zip(*readings(6), strict=True)
    whisper = recogniser(whisper_base, words=True)
    by_clip = whisper.transcribe(waves, "pl")
    pause = np.zeros(RATE // 4, np.float32)
    spans, parts, at = [], [], 0.0
    for wave in waves:
        spans.append((at, at + len(wave) / RATE))
        parts += [wave, pause]
        at += (len(wave) + len(pause)) / RATE
    window = np.concatenate(parts)
    (whole,) = whisper.transcribe([window], "pl")
    by_window = split_recognition(whole, window, spans)
    assert sorted(whisper._model.alignment_heads.indices().T.tolist())[0] == [3, 1]
    assert error_rate(truth, [one.text for one in by_clip]) < 0.3
    assert error_rate(truth, [one.text for one in by_window]) < 0.3
    assert sum("straddles" in one.flags for one in by_window) <= 2
    assert [one.text for one in guarded(by_window)] == [one.text for one in by_window]
    assert all(one.words and one.words[0].probability for one in by_window)


def test_what_is_invented_for_sounds_without_speech_is_emptied(whisper_base: Path) -> None:
    rng = np.random.default_rng(1)
    times = np.arange(4 * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * pitch * times) for pitch in (220, 277, 330)) / 12
    sounds = [np.zeros(4 * RATE), 0.02 * rng.standard_normal(4 * RATE), chord]
    waves = [sound.astype(np.float32) for sound in sounds]
    found = recogniser(whisper_base, temperatures=(0.0,)).transcribe(waves, "zh")
    assert [one.text for one in guarded(found)] == ["", "", ""]


def test_a_prompt_is_not_taken_for_speech(whisper_base: Path) -> None:
    ((truth, wave),) = readings(1)
    prompt = "Rozmowa w domu, przy stole."
    options: dict[str, Any] = {"prompt": prompt, "temperatures": (0.0,)}
    silence = np.zeros(3 * RATE, np.float32)
    found = recogniser(whisper_base, **options).transcribe([wave, silence], "pl")
    spoken, silent = guarded(found, prompt=prompt)
    assert error_rate([truth], [spoken.text]) < 0.5
    assert silent.text == ""


@pytest.fixture(scope="module")
def demo(whisper_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the demo on the sample without its subtitle files, texts by Whisper."""
    sample, folder = tmp_path_factory.mktemp("sample"), tmp_path_factory.mktemp("demo")
    shutil.copytree(SAMPLE, sample, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.srt"))
    ended = CliRunner().invoke(
        app,
        ["demo", str(folder), "--sample", str(sample), "--whisper-model", str(whisper_base)],
    )
    assert ended.exit_code == 0, ended.output
    return folder


def test_the_whole_demo_runs_with_whisper_for_subtitles(demo: Path) -> None:
    lines = (SAMPLE / "episodes" / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    truth = [json.loads(line) for line in lines]
    read = [
        json.loads(line)
        for line in (demo / "manifests" / "v1" / "manifest.jsonl").read_text("utf-8").splitlines()
    ]
    entries = [entry for entry in read if entry["text_source"] == "whisper"]
    said = [
        " ".join(
            line["text"]
            for line in truth
            if Path(line["file"]).parent.name == entry["series"]
            and entry["source_id"].startswith(Path(line["file"]).stem.replace(" ", "-"))
            and min(line["end"], entry["end"]) - max(line["start"], entry["start"])
            > (line["end"] - line["start"]) / 2
        )
        for entry in entries
    ]
    known = [(text, entry["text"]) for text, entry in zip(said, entries, strict=True) if text]
    assert len(known) >= 10
    assert error_rate(*zip(*known, strict=True)) < 0.5


def test_predict_transcribes_with_it(demo: Path, whisper_base: Path) -> None:
    recording = sorted((SAMPLE / "recordings" / "audio").rglob("*.opus"))[0]
    arguments = ["predict", str(recording), "--corpus", str(demo), "--json"]
    ended = CliRunner().invoke(
        app, [*arguments, "--transcribe", "--recogniser-model", str(whisper_base)]
    )
    assert ended.exit_code == 0, ended.output
    document = json.loads(ended.stdout)
    assert document["files"][0]["clips"][0]["text"]
    assert document["trained_language"] == "pl"
