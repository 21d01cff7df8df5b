import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from corpus_tools.configuration.transcribe import EMPTYING
from corpus_tools.transcription.guards.flags import Thresholds, flag_text, guards_version
from corpus_tools.transcription.guards.hallucinations import KnownHallucinations

DATA = Path(__file__).parent / "hallucinations"
LONG = 30.0  # seconds; what is said too fast is no matter of the text alone


def reported(half: str) -> list[dict[str, str]]:
    lines = (DATA / f"{half}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def recall(rows: Sequence[dict[str, str]]) -> float:
    return sum(bool({*EMPTYING} & {*flag_text(row["text"], LONG)}) for row in rows) / len(rows)


def test_reports_are_many_linked_and_divided_by_their_hash_alone() -> None:
    halves = [reported("development"), reported("held_out")]
    rows = [row for half in halves for row in half]
    assert len({row["text"] for row in rows}) == len(rows) >= 60
    assert all(row["link"].startswith("https://github.com/") for row in rows)
    for parity, half in enumerate(halves):
        digests = [hashlib.sha256(row["text"].encode()).hexdigest() for row in half]
        assert {int(digest, 16) % 2 for digest in digests} == {parity}


@pytest.mark.parametrize("half", ["development", "held_out"])
def test_reported_hallucinations_are_found(half: str) -> None:
    telling = [row for row in reported(half) if row["kind"] != "ordinary"]
    assert recall(telling) >= 0.9


def test_dialogue_is_not_flagged() -> None:
    lines = (DATA / "dialogue.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 200
    assert {line: flags for line in lines if (flags := flag_text(line, LONG))} == {}


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("字幕由Amara.org社区提供", "known_hallucination"),
        ("請不吝點贊　訂閱", "known_hallucination"),
        ("谢谢大家" * 8, "char_loop"),
        ("嗯" * 20, "char_loop"),
        ("这个就是这样的，" * 4, "char_loop"),
        ("看一看想一想看一看想一想看一看说一说想一想看一看", "compression"),
        ("词曲 词曲 词曲 词曲 词曲", "known_hallucination"),
        ("（音乐）", "no_words"),
        ("♪～♪", "no_words"),
        ("*music*", "no_words"),
        ("……", "no_words"),
        ("", "no_words"),
        ("我今天早上吃了三碗担担面又喝了两碗豆浆然后去茶馆里头坐了一整个下午摆龙门阵", "too_fast"),
    ],
)
def test_hallucinated_text_is_flagged(text: str, flag: str) -> None:
    assert flag in flag_text(text, 3.0)
    assert flag in EMPTYING


@pytest.mark.parametrize(
    "text",
    [
        "谢谢",
        "谢谢谢谢谢谢",
        "No no no no no no no no",
        "谢谢大家",
        "谢谢你来看我",
        "多谢各位",
        "哈哈哈哈哈哈",
        "不不不不",
        "巴适得很，莫得事",
        "走，走，走！",
        "（笑）要得",
        "下次再看这个视频嘛",
        "你订阅了几份报纸？",
        "Każdy taniec ma swój własny rytm.",
        "123",
    ],
)
def test_spoken_text_is_not_flagged(text: str) -> None:
    assert flag_text(text, 3.0, avg_logprob=-0.4, no_speech_prob=0.1) == []


@pytest.mark.parametrize(
    ("logprob", "no_speech", "flags"),
    [
        (-0.4, 0.9, []),  # Whisper is sure of the words, so somebody speaks
        (-0.8, 0.71, ["no_speech"]),  # "Thank you." for applause
        (-0.8, 0.5, []),
        (-1.2, 0.9, ["low_logprob", "no_speech"]),
        (None, 0.9, ["no_speech"]),
        (-1.2, 0.1, ["low_logprob"]),
        (None, None, []),
    ],
)
def test_probabilities(logprob: float | None, no_speech: float | None, flags: list[str]) -> None:
    assert flag_text("你好", 3.0, logprob, no_speech) == flags


def test_a_text_of_low_confidence_is_kept() -> None:
    assert "low_logprob" not in EMPTYING


def test_thresholds_apply() -> None:
    text = "看一看想一想看一看想一想看一看说一说想一想看一看"
    assert flag_text(text, LONG, thresholds=Thresholds(max_compression=9)) == []
    assert flag_text("巴适得很", 1.0, thresholds=Thresholds(max_rate=3)) == ["too_fast"]


def test_the_version_depends_on_phrases_and_emptying_flags() -> None:
    known = KnownHallucinations((*KnownHallucinations.bundled().phrases, "瓜娃子频道"))
    versions = {guards_version(), guards_version(known), guards_version(emptying=["no_words"])}
    assert len(versions) == 3


@pytest.mark.parametrize(
    "piece", ["(", "（[", "*", "♪", "a b ", "谢谢大家", "字幕", "点赞", "www", "1.", "\u0301", "著"]
)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    begun = time.process_time()
    flag_text(piece * (100_000 // len(piece)), 4.0)
    assert time.process_time() - begun < 3.0
