import pytest

from corpus_tools.transcription.guards import FATAL, flag_text, known_hallucinations


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("字幕由Amara.org社区提供", "known_hallucination"),
        ("请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", "known_hallucination"),
        ("THANKS for watching!", "known_hallucination"),
        ("谢谢大家" * 8, "char_loop"),
        ("嗯" * 20, "char_loop"),
        ("这个就是这样的，" * 4, "char_loop"),
        ("（音乐）", "no_words"),
        ("♪～♪", "no_words"),
        ("……", "no_words"),
        ("", "no_words"),
        ("我今天早上吃了三碗担担面又喝了两碗豆浆然后去茶馆里头坐了一整个下午摆龙门阵", "too_fast"),
    ],
)
def test_what_nobody_said_is_flagged(text: str, flag: str) -> None:
    flags = flag_text(text, 3.0)
    assert flag in flags
    assert FATAL & set(flags)


@pytest.mark.parametrize(
    "text",
    [
        "谢谢",
        "谢谢谢谢谢谢",
        "哈哈哈哈哈哈",
        "不不不不",
        "巴适得很，莫得事",
        "走，走，走！",
        "（笑）要得",
        "Każdy taniec ma swój własny rytm.",
        "123",
    ],
)
def test_dialogue_is_not_flagged(text: str) -> None:
    assert flag_text(text, 3.0, avg_logprob=-0.4, no_speech_prob=0.1) == []


@pytest.mark.parametrize(
    ("logprob", "no_speech", "flags"),
    [
        (-0.4, 0.9, []),  # Whisper is sure of the words, so somebody speaks
        (-1.2, 0.9, ["low_logprob", "no_speech"]),
        (None, 0.9, ["no_speech"]),
        (-1.2, 0.1, ["low_logprob"]),
        (None, None, []),
    ],
)
def test_probabilities(logprob: float | None, no_speech: float | None, flags: list[str]) -> None:
    assert flag_text("你好", 3.0, logprob, no_speech) == flags


def test_an_unsure_text_is_kept() -> None:
    assert "low_logprob" not in FATAL


def test_no_known_hallucination_is_so_short_that_dialogue_may_hold_it() -> None:
    assert min(map(len, known_hallucinations())) >= 3
