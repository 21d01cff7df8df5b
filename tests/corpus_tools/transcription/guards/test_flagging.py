"""Settings of the guards, and flagging of existing transcripts."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from corpus_tools.configuration.transcribe import TranscribeSettings
from corpus_tools.transcription.guards.flags import Flagger, Thresholds
from corpus_tools.transcription.transcribe import transcribe
from corpus_tools.workspace.workspace import Workspace
from manifests.storage.records import Transcript
from manifests.storage.shards import STAGES, read_shard

PARROT = TranscribeSettings(recogniser="parrot")


def recognised(workspace: Workspace) -> list[tuple[str, str, list[str]]]:
    rows = read_shard(STAGES["transcripts"].path(workspace.root, "drama"), Transcript)
    return [(row.text, row.text_raw, row.flags) for row in rows if row.source == "recogniser"]


def transcripts_of(texts: Sequence[str], **more: Any) -> list[Transcript]:
    return [
        Transcript(clip_id=f"clip-{n}", text="", text_raw=text, source="whisper", **more)
        for n, text in enumerate(texts)
    ]


def apply(flagging: Flagger, records: Sequence[Transcript]) -> list[tuple[str, list[str]]]:
    found = flagging.apply(records, dict.fromkeys((one.clip_id for one in records), 4.0))
    return [(one.text, one.flags) for one in found]


def test_one_text_on_many_clips_is_flagged_and_emptied() -> None:
    records = transcripts_of(["你只能选择两个。"] * 5, avg_logprob=-1.2)
    flags = ["low_logprob", "repeated_text"]
    assert apply(Flagger(), records) == [("", flags)] * 5
    kept = Flagger(emptying=["no_words"])
    assert apply(kept, records)[0] == ("你只能选择两个。", flags)
    few = Flagger(Thresholds(max_repeats=5))
    assert apply(few, records)[0] == ("你只能选择两个。", ["low_logprob"])
    assert apply(Flagger(), transcripts_of(["谢谢"] * 9, avg_logprob=-1.2))[0][0] == "谢谢"


@pytest.mark.parametrize("text", ["他们在门口说话。", "Kids are talking by the door."])
def test_what_people_really_repeat_is_kept(text: str) -> None:
    sure = transcripts_of([text] * 6, avg_logprob=-0.4)
    assert apply(Flagger(), sure) == [(text, [])] * 6
    unknown = transcripts_of([text] * 6)  # of a recogniser without probabilities
    assert apply(Flagger(), unknown) == [(text, ["repeated_text"])] * 6
    invented = transcripts_of(["请不吝点赞 订阅"] * 6, avg_logprob=-0.1)
    assert apply(Flagger(), invented) == [("", ["known_hallucination"])] * 6


@pytest.mark.parametrize(
    ("logprob", "text", "flags"),
    [
        (-0.9, "莫得事", []),
        (-1.9, "莫得事", ["low_logprob"]),
        (-2.1, "", ["improbable", "low_logprob"]),
    ],
)
def test_an_improbable_text_is_emptied_and_a_doubtful_one_flagged(
    logprob: float, text: str, flags: list[str]
) -> None:
    assert apply(Flagger(), transcripts_of(["莫得事"], avg_logprob=logprob)) == [(text, flags)]
    kept = Flagger(Thresholds(empty_logprob=-9))
    assert apply(kept, transcripts_of(["莫得事"], avg_logprob=logprob))[0][0] == "莫得事"


@pytest.mark.parametrize(
    ("prompt", "text", "echo"),
    [
        ("以下是普通话的句子。", "以下是普通話的句子", True),
        ("以下是普通话的句子。", "以下是普通话的句子。以下是普通话的句子。", True),
        ("啥子、咋个、要得、莫得", "咋个 要得 莫得", True),
        ("啥子、咋个、要得、莫得", "要得", False),
        ("啥子、咋个、要得、莫得", "咋个要得啊", False),
        ("Rozmowa w domu, z Aleksandrą Kowalską.", "Rozmowa w domu, z Aleksandrą Kowalską", True),
        ("Rozmowa w domu, z Aleksandrą Kowalską.", "Aleksandrą Kowalską!", False),
        ("", "Rozmowa w domu", False),
    ],
)
def test_a_run_of_the_prompt_is_emptied(prompt: str, text: str, echo: bool) -> None:
    ((found, flags),) = apply(Flagger(prompt=prompt), transcripts_of([text], avg_logprob=-0.2))
    assert ((found == ""), flags) == (echo, ["prompt_echo"] if echo else [])


def test_flags_of_the_recogniser_are_kept() -> None:
    records = transcripts_of(["莫得事"], flags=["cut_word", "no_words"], language="zh")
    assert apply(Flagger(), records) == [("莫得事", ["cut_word"])]


@pytest.mark.parametrize(("language", "text"), [("zh", "发财"), ("ja", "發財")])
def test_the_language_of_a_text_selects_its_normalisation(language: str, text: str) -> None:
    assert apply(Flagger(), transcripts_of(["發財"], language=language)) == [(text, [])]


def test_changed_guards_reflag_without_the_recogniser(
    workspace: Workspace, parrots: list[Any]
) -> None:
    transcribe(workspace, PARROT)
    (workspace.root / "mine.txt").write_text("3 秒\n", encoding="utf-8")
    settings = PARROT.model_copy(update={"hallucinations": "mine.txt"})
    outcome = transcribe(workspace, settings)
    assert parrots[-1].clips_recognised == 0
    assert outcome.details["sources"] == {"done": 1, "unchanged": 0, "failed": 0}
    assert recognised(workspace) == [
        ("", "3 秒钟", ["known_hallucination"]),
        ("4 秒钟", "4 秒钟", []),
    ]
    (workspace.root / "mine.txt").write_text("5 秒\n", encoding="utf-8")
    transcribe(workspace, settings)
    assert [row[0] for row in recognised(workspace)] == ["3 秒钟", "4 秒钟"]
    transcribe(workspace, settings.model_copy(update={"emptying_flags": ()}))
    assert [one.clips_recognised for one in parrots] == [2, 0, 0, 0]


def test_a_new_normalisation_updates_the_texts(
    workspace: Workspace, parrots: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    transcribe(workspace, PARROT)
    monkeypatch.setattr("corpus_tools.transcription.guards.flags.NORMALISATION", 99)
    assert transcribe(workspace, PARROT).details["sources"]["done"] == 1
    assert transcribe(workspace, PARROT).details["sources"]["unchanged"] == 1
    assert parrots[0].clips_recognised == 2
    assert parrots[-1].clips_recognised == parrots[-2].clips_recognised == 0


def test_reflagging_equals_a_new_transcription(workspace: Workspace, parrots: list[Any]) -> None:
    strict = PARROT.model_copy(update={"max_rate": 0.1})
    transcribe(workspace, PARROT)
    transcribe(workspace, strict)
    shard = STAGES["transcripts"].path(workspace.root, "drama")
    judged = shard.read_bytes()
    shard.unlink()
    transcribe(workspace, strict)
    assert parrots[-1].clips_recognised == 2
    assert shard.read_bytes() == judged


@pytest.mark.parametrize("name", ["../mine.txt", "/etc/hosts", "gone.txt"])
def test_a_list_outside_the_corpus_or_missing_is_refused(
    workspace: Workspace, parrots: list[Any], name: str
) -> None:
    (workspace.root.parent / "mine.txt").write_text("3 秒\n", encoding="utf-8")
    outcome = transcribe(workspace, PARROT.model_copy(update={"hallucinations": name}))
    assert [failure.item for failure in outcome.failures] == ["parrot"]
    assert parrots[-1:] == [] or parrots[-1].clips_recognised == 0


def test_an_unknown_flag_is_refused() -> None:
    with pytest.raises(ValidationError, match="emptying_flags"):
        TranscribeSettings(emptying_flags=("to_fast",))
