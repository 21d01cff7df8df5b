"""Forced alignment of subtitle lines: words go to the clips under which they sound."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from corpus_tools.configuration.transcribe import TranscribeSettings
from corpus_tools.transcription import transcribe as stage
from corpus_tools.transcription.alignment import LinesByTime, align_lines, plan_alignment
from corpus_tools.transcription.assign import assign_lines
from corpus_tools.transcription.recognisers.base import (
    RecogniserOptions,
    Recognition,
    Word,
    run_aligner,
)
from corpus_tools.transcription.recognisers.whisper import WhisperRecogniser
from corpus_tools.transcription.store import read_transcripts
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import DataError
from manifests.storage.records import Clip, SubtitleLine, Transcript
from tests.factories import make_clip

Wave = NDArray[np.float32]


def line(start: float, end: float, text: str, **more: Any) -> SubtitleLine:
    return SubtitleLine(**{"source_id": "s", "start": start, "end": end, "text": text, **more})


def spread(wave: Wave, text: str, probability: float = 0.9) -> list[Word]:
    """Return the words of a text, spread over the window by their letters."""
    step = len(wave) / 16000 / max(len(text), 1)
    words: list[Word] = []
    at = 0
    for part in text.split(" ") if " " in text else text:
        shown = part if not words or " " not in text else f" {part}"
        words.append(Word(at * step, (at + len(shown)) * step, shown, probability))
        at += len(shown)
    return words


def noise(clip: Clip) -> Wave:
    return np.random.default_rng(0).normal(0, 0.1, round(clip.duration * 16000)).astype(np.float32)


def aligned(
    lines: Sequence[SubtitleLine], clips: Sequence[Clip], probability: float = 0.9
) -> list[tuple[float, float, str]]:
    found = align_lines(lines, clips, noise, lambda wave, text: spread(wave, text, probability))
    return [(one.start, one.end, one.text) for one in found.lines]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("巴适得很要得不摆了", ["巴适得很", "要得不摆了"]),
        ("一二三，四「五六」七八", ["一二三，四", "「五六」七八"]),
        ("Ala ma kota i psa.", ["Ala ma kota", "i psa."]),
        ("我说OKAYYYYYY啊", ["我说", "OKAYYYYYY啊"]),  # a word in another script isn't divided
        ("สวัสดีค่ะสวัส", None),  # nor is a letter from its marks
        ("привет друзья", ["привет", "друзья"]),
    ],
)
def test_a_line_over_two_clips_is_divided_where_it_is_spoken(
    text: str, parts: list[str] | None
) -> None:
    clips = [make_clip("s", 0.0, 3.0), make_clip("s", 3.0, 6.0)]
    found = aligned([line(0.4, 2.0, text)], clips)
    assert [part for *_, part in found] == (parts or [part for *_, part in found])
    assert "".join(part for *_, part in found).replace(" ", "") == text.replace(" ", "")
    for (start, end, part), clip in zip(found, clips, strict=True):
        assert clip.start <= start <= end <= clip.end
        assert part[0].isalnum() or part[0] == "「"  # no mark, no closing punctuation


def test_a_line_in_one_clip_gets_its_times_and_keeps_what_is_not_spoken() -> None:
    clips = [make_clip("s", 10.0, 13.0), make_clip("s", 14.0, 17.0)]
    lines = [line(10.0, 11.0, "要得", text_raw="张三：要得"), line(12.2, 14.6, "不摆了啊")]
    found = align_lines(lines, clips, noise, spread_without_spaces)
    assert (found.lines[0].text, found.lines[0].text_raw) == ("要得", "张三：要得")
    assert found.lines[0].start == 10.0
    assert "".join(one.text for one in found.lines) == "要得不摆了啊"


def spread_without_spaces(wave: Wave, text: str) -> list[Word]:
    step = len(wave) / 16000 / len(text)
    return [Word(at * step, (at + 1) * step, letter, 0.9) for at, letter in enumerate(text)]


def test_words_without_time_are_in_a_clip_too() -> None:
    clips = [make_clip("s", 0.0, 3.0), make_clip("s", 3.1, 6.0)]
    lines = [line(0.4, 2.0, "要得"), line(3.2, 4.0, "不摆了"), line(5.0, 5.8, "巴适")]
    times = iter([0.0, 0.0, 3.05, 3.05, 3.05, 6.0, 6.0])

    def at_once(wave: Wave, text: str) -> list[Word]:
        letters = text.replace(" ", "")
        return [Word(time, time, letter, 0.9) for letter, time in zip(letters, times, strict=True)]

    def with_spaces(wave: Wave, text: str) -> list[Word]:
        words = iter(at_once(wave, text))
        return [Word(0.0, 0.0, " ", 0.9) if letter == " " else next(words) for letter in text]

    found = align_lines(lines, clips, noise, with_spaces)
    given = assign_lines(found.lines, clips)
    assert "".join(text for clip in clips for text in given[clip.clip_id].lines) == "要得不摆了巴适"


def test_marks_before_the_first_word_go_with_it() -> None:
    clips = [make_clip("s", 0.0, 3.0), make_clip("s", 3.0, 6.0)]
    words = [Word(1.0, 1.5, "——", 0.9), Word(3.5, 4.0, "要", 0.9), Word(4.0, 4.5, "得", 0.9)]
    found = align_lines([line(1.5, 4.5, "——要得")], clips, noise, lambda wave, text: words)
    assert [(one.start, one.end, one.text) for one in found.lines] == [(3.5, 4.5, "——要得")]


def test_a_text_that_is_not_said_keeps_its_times() -> None:
    clips = [make_clip("s", 0.0, 3.0), make_clip("s", 3.0, 6.0)]
    lines = [line(0.4, 4.0, "巴适得很要得不摆了")]
    found = align_lines(lines, clips, noise, lambda wave, text: spread(wave, text, 0.01))
    assert found.lines == found.kept == lines


@pytest.mark.parametrize(
    "why", ["outside", "too long for the model", "long clip", "unreadable", "no letters"]
)
def test_lines_that_cannot_be_aligned_stay(why: str) -> None:
    clips = [make_clip("s", 0.0, 40.0 if why == "long clip" else 4.0), make_clip("s", 40.0, 44.0)]
    lines = [line(9.0, 12.0, "要得") if why == "outside" else line(2.0, 4.0, "要得")]
    if why == "no letters":
        lines = [line(2.0, 4.0, "……")]
    found = align_lines(
        lines,
        clips,
        lambda clip: None if why == "unreadable" else noise(clip),
        lambda wave, text: None if why.startswith("too") else spread(wave, text),
    )
    assert [one.text for one in found.lines] == [lines[0].text]
    assert why == "no letters" or found.lines == lines


def test_windows_end_between_lines() -> None:
    clips = [make_clip("s", 4.0 * n, 4.0 * n + 4) for n in range(20)]
    lines = [line(8.0 * n + 0.2, 8.0 * n + 7.8, "x") for n in range(10)]  # each over two clips
    windows = list(plan_alignment(lines, clips))
    assert [clip for window in windows for clip in window] == clips
    assert all(window[-1].end - window[0].start <= 30 for window in windows)
    assert all(window[-1].end % 8 == 0 for window in windows)


def test_other_words_than_given_are_refused() -> None:
    class Liar:
        name = "liar"
        parameters: ClassVar[dict[str, Any]] = {}

        def align(self, waves: Any, texts: Any, language: Any) -> list[list[Word] | None]:
            return [[Word(0, 1, "x")]]

    with pytest.raises(DataError, match="liar returned other words than it got"):
        run_aligner(Liar(), np.zeros(16000, np.float32), "要得", "zh")
    Liar.align = lambda *_: 1 / 0  # type: ignore[assignment,method-assign]
    with pytest.raises(DataError, match=r"liar failed to align a text.*division"):
        run_aligner(Liar(), np.zeros(16000, np.float32), "要得", "zh")


@pytest.mark.parametrize(
    ("language", "text"),
    [("zh", "巴适 得很，<|zh|>「OK」!"), ("pl", "Źdźbło - „trawy”  i 1,5 zł?"), (None, "𠮷ok")],
)
def test_whisper_returns_the_words_of_the_text(
    checkpoint: Path, language: str | None, text: str
) -> None:
    whisper = WhisperRecogniser(RecogniserOptions(str(checkpoint), "cpu"))
    wave = np.random.default_rng(1).normal(0, 0.1, 5 * 16000).astype(np.float32)
    words = run_aligner(whisper, wave, text, language)
    assert words is not None
    assert all(0 <= word.start <= word.end <= 5.1 for word in words)
    assert all(0 <= (word.probability or 0) <= 1 for word in words)
    assert run_aligner(whisper, wave, text, language) == words
    assert run_aligner(whisper, wave, "巴适" * 400, language) is None


@dataclass
class Fake:
    """A recogniser that hears nothing and spreads known texts over the window."""

    name: str = "fake"
    probability: float = 0.9
    calls: list[str] = field(default_factory=list)

    @property
    def parameters(self) -> dict[str, Any]:
        return {"fake": self.probability}

    def transcribe(self, clips: Sequence[Wave], language: str | None) -> list[Recognition]:
        return [Recognition("", words=[]) for _ in clips]

    def align(
        self, waves: Sequence[Wave], texts: Sequence[str], language: str | None
    ) -> list[list[Word] | None]:
        self.calls += texts
        pairs = zip(waves, texts, strict=True)
        return [spread(wave, text, self.probability) for wave, text in pairs]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    one = Fake()
    monkeypatch.setattr(stage, "configured_recogniser", lambda *_, **__: one)
    return one


def subtitles(workspace: Workspace) -> dict[str, Transcript]:
    texts = read_transcripts(workspace.root, "drama")
    return {text.clip_id[-17:]: text for text in texts if text.source == "subtitle"}


def test_transcribe_aligns_once_and_without_it_times_count_again(
    workspace: Workspace, put: Any, fake: Fake
) -> None:
    shown = line(0.3, 2.9, "巴适得很要得不摆了", source_id="drama")
    put(workspace, "subtitles", "drama", [shown])
    settings = TranscribeSettings(align=True)
    for _ in range(2):
        outcome = stage.transcribe(workspace, settings, subtitles_only=True)
        assert not outcome.failures
    assert fake.calls == ["巴适得很要得不摆了"]
    parts = [text.text for text in subtitles(workspace).values()]
    assert len(parts) == 3
    assert "".join(parts) == "巴适得很要得不摆了"
    assert not [text for text in subtitles(workspace).values() if "straddles" in text.flags]
    stage.transcribe(workspace, TranscribeSettings(), subtitles_only=True)
    assert [text.text for text in subtitles(workspace).values()] == ["巴适得很要得不摆了"]


@pytest.mark.parametrize("fails", ["load", "align", "kind"])
def test_aligned_texts_outlast_a_recogniser_that_fails(
    workspace: Workspace, put: Any, fake: Fake, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    lines = [line(0.3, 2.9, "巴适得很要得不摆了", source_id="drama")]
    put(workspace, "subtitles", "drama", lines)
    settings = TranscribeSettings(align=True)
    assert not stage.transcribe(workspace, settings, subtitles_only=True).failures
    before = subtitles(workspace)
    assert len(before) == 3

    def refuse(*_: Any, **__: Any) -> Any:
        raise DataError("fake: model is gone; download it")

    if fails == "align":
        monkeypatch.setattr(Fake, "parameters", {"fake": "newer"})
        monkeypatch.setattr(Fake, "align", refuse)
    else:
        broken = refuse if fails == "load" else lambda *_, **__: object()
        monkeypatch.setattr(stage, "configured_recogniser", broken)
    outcome = stage.transcribe(workspace, settings, subtitles_only=True)
    assert len(outcome.failures) == 1
    assert subtitles(workspace) == before
    put(workspace, "subtitles", "drama", [line(0.3, 2.9, "另一句", source_id="drama")])
    stage.transcribe(workspace, settings, subtitles_only=True)  # another text isn't kept
    assert [text.text for text in subtitles(workspace).values()] == ["另一句"]


@pytest.mark.parametrize("flag", ["low_confidence", "unaligned"])
def test_a_doubtful_line_flags_its_own_clip_only(
    workspace: Workspace, put: Any, fake: Fake, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    unsure = {"origin": "ocr", "confidence": 0.5} if flag == "low_confidence" else {}
    sure = unsure and {"origin": "ocr", "confidence": 1.0}
    lines = [
        line(0.3, 2.9, "好", source_id="drama", **unsure),
        line(3.5, 6.5, "好", source_id="drama", **sure),
    ]
    put(workspace, "burned_in" if unsure else "subtitles", "drama", lines)

    def letters(self: Fake, waves: Any, texts: Any, language: Any) -> list[list[Word] | None]:
        assert texts == ["好 好"]
        return [[Word(1, 2, "好", 0.01), Word(2, 3.5, " ", 0.9), Word(4, 5, "好", 0.9)]]

    monkeypatch.setattr(Fake, "align", letters)
    settings = TranscribeSettings(align=not unsure)
    assert not stage.transcribe(workspace, settings, subtitles_only=True).failures
    texts = [one for one in read_transcripts(workspace.root, "drama") if one.text == "好"]
    assert [flag in one.flags for one in texts] == [True, False]


def test_many_lines_take_little_time_to_align() -> None:
    clips = [make_clip("s", 3.0 * n, 3.0 * n + 3) for n in range(1500)]
    lines = [line(n / 8, n / 8 + 0.1, "好") for n in range(36_000)]
    began = time.process_time()
    found = align_lines(lines, clips, lambda clip: np.zeros(16000, np.float32), lambda *_: None)
    assert found.lines == lines
    assert time.process_time() - began < 20


@pytest.mark.parametrize("seed", range(5))
def test_the_room_at_a_time_is_that_of_all_lines(seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts = rng.uniform(0, 60, 15)
    lines = [line(a, a + b, "好") for a, b in zip(starts, rng.exponential(2, 15), strict=True)]
    near = LinesByTime(lines)
    for at in rng.uniform(-5, 70, 200):
        expected = min(max(one.start - at, at - one.end) for one in lines)
        assert near.room(float(at)) == pytest.approx(expected)
    assert LinesByTime([]).room(1.0) == float("inf")


def test_a_text_that_is_not_said_is_flagged(workspace: Workspace, put: Any, fake: Fake) -> None:
    put(workspace, "subtitles", "drama", [line(0.3, 2.9, "巴适得很", source_id="drama")])
    fake.probability = 0.01
    outcome = stage.transcribe(workspace, TranscribeSettings(align=True), subtitles_only=True)
    (text,) = subtitles(workspace).values()
    assert (text.text, text.flags) == ("巴适得很", ["unaligned"])
    assert outcome.details["flags"] == {"unaligned": 1}


def test_a_clip_that_cannot_be_read_is_named_and_its_lines_keep_their_times(
    workspace: Workspace, fake: Fake
) -> None:
    path = next((workspace.root / "clips").rglob("*00003000-00007000.wav"))
    whole = path.read_bytes()
    path.write_bytes(b"")
    outcome = stage.transcribe(workspace, TranscribeSettings(align=True), subtitles_only=True)
    assert [failure.item[-17:] for failure in outcome.failures] == ["00003000-00007000"]
    assert subtitles(workspace)["00000000-00003000"].text == "巴适得很！"
    path.write_bytes(whole)  # repaired: aligned the next time
    assert not stage.transcribe(
        workspace, TranscribeSettings(align=True), subtitles_only=True
    ).failures
    assert fake.calls


def test_a_recogniser_that_cannot_align_is_one_failure_and_no_text_is_lost(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Plain:
        name = "plain"
        parameters: ClassVar[dict[str, Any]] = {}

        def transcribe(self, clips: Sequence[Wave], language: str | None) -> list[Recognition]:
            return [Recognition("") for _ in clips]

    monkeypatch.setattr(stage, "configured_recogniser", lambda *_, **__: Plain())
    settings = TranscribeSettings(align=True, recogniser="plain")
    outcome = stage.transcribe(workspace, settings)
    (failure,) = outcome.failures
    assert failure.reason == (
        "plain can't align known texts; use --recogniser whisper or faster-whisper, or leave out "
        "--align"
    )
    assert subtitles(workspace)["00000000-00003000"].text == "巴适得很！"
