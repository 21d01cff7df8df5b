"""What people really bring in subtitles beside speech, and speech that looks like it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from corpus_tools.subtitles.files import Subtitles, read_subtitle_file
from manifests.base.errors import DataError

Read = Callable[..., Subtitles]
HEAD = "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"


def srt(*texts: str, step: float = 1.0, shown: float = 0.9) -> str:
    return "".join(
        f"{n + 1}\n{at(n * step)} --> {at(n * step + shown)}\n{text}\n\n"
        for n, text in enumerate(texts)
    )


def cue(start: float, end: float, text: str) -> str:
    return f"{at(start)} --> {at(end)}\n{text}\n\n"


def at(seconds: float) -> str:
    return f"00:{int(seconds // 60):02d}:{seconds % 60:06.3f}"


def dialogue(n: int, text: str, style: str = "Default", name: str = "", effect: str = "") -> str:
    times = f"0:00:{2 * n:02d}.00,0:00:{2 * n + 1:02d}.50"
    return f"Dialogue: 0,{times},{style},{name},0,0,0,{effect},{text}\n"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_text(text: str, language: str = "en", suffix: str = "srt") -> Subtitles:
        path = tmp_path / f"a.{suffix}"
        path.write_text(text, encoding="utf-8")
        return read_subtitle_file(path, language)

    return read_text


@pytest.mark.parametrize(
    ("shown", "spoken"),
    [
        ("(sobbing) No, please.", "No, please."),
        ("[angrily] Get out!", "Get out!"),
        ("（哭泣）不要走", "不要走"),
        ("【愤怒地】滚！", "滚！"),
        ("*sighs* I'm tired.", "I'm tired."),
        ("I... (hiccups) don't know", "I... don't know"),
        ("[door opens\nslowly] Who's there?", "Who's there?"),
        ("Hi. [laughs (softly)]", "Hi."),
        (">> Hello there.", "Hello there."),
        ("- Hi.\n- Hello.", "Hi. Hello."),
        ("—Да.\n– Нет.", "Да. Нет."),
        ("- [phone rings]\n- Hey", "Hey"),
        ("♪ la la ♪\nHey, stop!", "Hey, stop!"),
        ("(ため息) もういい", "もういい"),
        ("[Musik] Komm!", "Komm!"),
        ("JOEY (on phone): Hi", "Hi"),
        ("(gasps): No!", "No!"),
        ("(Russian accent) Go", "Go"),
        ("（重庆话）要得", "要得"),
        ("A: Hi (inaudible 00:12)", "A: Hi"),
    ],
)
def test_what_isnt_speech_is_removed_and_kept_in_the_raw_text(
    read: Read, shown: str, spoken: str
) -> None:
    found = read(srt(shown, "JOEY: Well.")).events[0]
    assert found.text == spoken
    assert found.text_raw == " ".join(shown.split())


@pytest.mark.parametrize(
    "text",
    [
        "Note: this is ours.", "It's 10:30 now.", "see http://x.org", "Here's the deal: go.",
        "He said: no", "我的意思是：不行", "注意：危险", "时间是10:30", "-5 degrees",
        "well-known - yes",
        "Call (555) 1234", "s*** f*** you", "#1 priority", "#MeToo is big.",
        "C# and F#",
        "JOHN 3:16 says", "...", "他说：好", "2 * 3 * 4", "《红楼梦》", "Remember: x", "Step 1: go",
        "Monday: work", "Ladies and gentlemen: welcome", "God: why",
        "Uwaga: idą", "x < 3",
    ],
)  # fmt: skip
def test_ordinary_dialogue_stays_as_it_is(read: Read, text: str) -> None:
    found = read(srt(text, text)).events  # twice, as recurring names are
    assert [(event.text, event.text_raw, event.speaker) for event in found] == [
        (text, None, None)
    ] * 2


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("(What are you doing?)", "What are you doing?"),
        ("[I love you.]", "I love you."),
        ("（他到底想干什么）", "他到底想干什么"),
        ("I am (not) sure", "I am not sure"),
        ("two colo(u)rs", "two colours"),
        ("I *love* you", "I love you"),
    ],
)
def test_what_may_be_speech_in_brackets_loses_only_them(read: Read, text: str, spoken: str) -> None:
    assert [event.text for event in read(srt(text)).events] == [spoken]


def test_cues_of_remarks_and_lyrics_alone_are_counted(read: Read) -> None:
    songs = [
        "♪ la la",
        "happy birthday",
        "to you ♪",
        "# I'm dreaming #",
        "* la la *",
        "歌词 ♪",
        "♪♪",
    ]
    found = read(srt("Hey.", *songs, "(door slams)", "JOEY: ♪ sing ♪", "Ho."))
    assert [event.text for event in found.events] == ["Hey.", "Ho."]
    assert found.notes[0].endswith("a.srt: 9 subtitle lines hold only remarks or lyrics; left out")


def test_a_remark_may_reach_over_cues(read: Read) -> None:
    found = read(srt("Stop! [thunder", "rumbling] Run.", "(not", "now) Hey :)"))
    assert [event.text for event in found.events] == ["Stop!", "Run.", "Hey :)"]


def test_mixed_case_and_full_width_names_that_recur_are_speakers(read: Read) -> None:
    lines = ["Joey: Hi.", "- Joey: So?\n- Well.", "Mrs. Hudson: Oh.", "Mrs. Hudson: Ah.",
             "[Ana] Ok", "[sighs] [Ana] No", "张三：你好", "张三：走嘛", "Jean-Luc:\nGo.",
             "Jean-Luc: Stop.", "Will: A", "I will: B", ">> MARY: C >> TOM: D", "MARY: E", "TOM: F",
             "Once: G"]  # fmt: skip
    found = {event.text: event.speaker for event in read(srt(*lines)).events}
    assert found == {
        "Hi.": "Joey", "So? Well.": None, "Oh.": "Mrs. Hudson", "Ah.": "Mrs. Hudson",
        "Ok": "Ana", "No": "Ana", "你好": "张三", "走嘛": "张三", "Go.": "Jean-Luc",
        "Stop.": "Jean-Luc",
        "Will: A": None, "I will: B": None, "C D": None, "E": "MARY", "F": "TOM", "Once: G": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("[SPEAKER_00]: text", "SPEAKER_00"),
        ("SPEAKER_01: text", "SPEAKER_01"),
        ("SPEAKER_02 text", "SPEAKER_02"),
        ("Speaker A: text", "Speaker A"),
        ("说话人1：text", "说话人1"),
        ("发言人 2: text", "发言人 2"),
        ("(spk_0) text", "spk_0"),
        ("Speaker 1 (00:12): text", "Speaker 1"),
        ("UNKNOWN SPEAKER: text", None),
        ("OS：text", None),
        ("MAN: text", None),
        ("Woman 2: text", None),
        ("[narrator] text", None),
        ("(ALL) text", None),
        ("旁白：text", None),
        ("眾人：text", None),
        ("男1：text", None),
        ("Kobieta: text", None),
        ("全員：text", None),
    ],
)
def test_labels_and_roles_are_taken_off_at_once(read: Read, text: str, speaker: str | None) -> None:
    (event,) = read(srt(text)).events
    assert (event.text, event.speaker) == ("text", speaker)


def test_roles_in_the_fields_of_a_format_are_no_persons(read: Read) -> None:
    rows = [
        dialogue(n, f"线{n}", name=name)
        for n, name in enumerate(("旁白", "王五", "MAN", "Unknown"))
    ]
    assert [event.speaker for event in read(HEAD + "".join(rows), "zh", "ass").events] == [
        None, "王五", None, None,
    ]  # fmt: skip
    vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Narrator>Once\n"
    assert read(vtt, suffix="vtt").events[0].speaker is None


AUTOMATIC = (
    "WEBVTT\nKind: captions\nLanguage: en\n\n"
    "00:00:00.000 --> 00:00:02.000 align:start position:0%\n \n"
    "one<00:00:00.500><c> two</c><00:00:01.000><c> three</c>\n\n"
    "00:00:02.000 --> 00:00:02.010 align:start position:0%\none two three\n \n\n"
    "00:00:02.010 --> 00:00:04.000 align:start position:0%\none two three\n"
    "four<00:00:02.500><c> five</c>\n\n"
    "00:00:04.000 --> 00:00:04.010 align:start position:0%\nfour five\n \n\n"
    "00:00:04.010 --> 00:00:06.000 align:start position:0%\nfour five\nNo.\n\n"
    "00:00:06.000 --> 00:00:06.010 align:start position:0%\nNo.\n \n\n"
    "00:00:06.010 --> 00:00:08.000 align:start position:0%\nNo.\nNo.\n\n"
)


def test_rolling_captions_say_each_line_once(read: Read) -> None:
    found = read(AUTOMATIC, suffix="vtt")
    assert [(event.start, event.text) for event in found.events] == [
        (0.0, "one two three"), (2.01, "four five"), (4.01, "No."), (6.01, "No."),
    ]  # fmt: skip
    assert "rolling captions; 6 lines repeated what was shown before" in found.notes[0]


@pytest.mark.parametrize(
    "cues",
    [
        [(0, 2, "a"), (2, 4, "a\nb"), (4, 6, "a\nb\nc"), (6, 8, "b\nc\nd"), (8, 9, "c\nd\ne")],
        [(0, 2, "a"), (2, 2.01, "a"), (2.01, 4, "a\nb"), (4, 4.01, "b"), (4.01, 6, "b\nc"),
         (6, 7, "c\nd"), (7, 8, "d\ne")],
        [(0, 2, "a"), (2, 4, "a\nb c"), (3.9, 6, "b c\nd"), (6, 7, "d\ne")],
        [(0, 2, "a"), (2, 3, "a b"), (3, 4, "a b c"), (4, 6, "a b c d"), (6, 7, "a b c d e")],
    ],
)  # fmt: skip
def test_converted_and_three_line_rolling_captions_too(
    read: Read, cues: list[tuple[float, float, str]]
) -> None:
    found = read("".join(cue(*one) for one in cues))
    assert " ".join(event.text for event in found.events) == "a b c d e"


def test_people_repeat_themselves(read: Read) -> None:
    talk = [cue(0, 1, "No."), cue(1, 2, "No."), cue(2, 3, "No.\nI said no."), cue(3, 4, "No.\nNo.")]
    others = [cue(5 + n, 6 + n, f"line {n}") for n in range(20)]
    found = read("".join([*talk, *others]))
    assert [event.text for event in found.events[:4]] == ["No.", "No.", "No. I said no.", "No. No."]
    assert not found.notes


def test_signs_credits_and_viewers_comments_are_no_dialogue(read: Read) -> None:
    rows = [
        dialogue(1, "要得"),
        dialogue(2, r"{\an8}莫得"),
        dialogue(3, r"{\pos(1,2)}茶馆"),
        dialogue(4, r"{\move(1,2,3,4)}哈哈哈"),
        dialogue(5, "导演 张三", style="Staff"),
        dialogue(6, "山城谣", style="OP-CN"),
        dialogue(7, "Teahouse", style="Sign_1"),
        dialogue(8, "注：方言", style="注释"),
        dialogue(9, r"{\fad(200,200)\i1}走嘛"),
        dialogue(10, r"{\frz12}招牌"),
        dialogue(11, "新闻", effect="Banner;5;0;50"),
        dialogue(12, "人名", style="Ed"),
        dialogue(13, r"{\k20}山{\k30}城"),
    ]
    found = read(HEAD + "".join(rows), "zh", "ass")
    assert [event.text for event in found.events] == ["要得", "莫得", "走嘛", "人名"]
    assert "8 subtitle lines are signs, credits or comments on the picture" in found.notes[0]


def test_a_layout_for_all_lines_makes_no_signs(read: Read) -> None:
    placed = [dialogue(n, rf"{{\pos(9,9)}}线{n}", style="Title") for n in range(4)]
    found = read(HEAD + "".join(placed), "zh", "ass")
    assert len(found.events) == 4
    assert not found.notes


def test_a_name_that_all_lines_share_is_no_speaker(read: Read) -> None:
    rows = [dialogue(n, f"线{n}", name="NTP") for n in range(3)]
    found = read(HEAD + "".join(rows), "zh", "ass")
    assert {event.speaker for event in found.events} == {None}
    assert "all its lines have the name 'NTP', taken for no speaker's" in found.notes[0]


def test_a_file_of_comments_alone_is_refused(read: Read) -> None:
    rows = [dialogue(n, r"{\move(1,2,3,4)}哈哈" + str(n)) for n in range(5)]
    with pytest.raises(DataError, match=r"none of its 5 lines is spoken text; 5 are signs"):
        read(HEAD + "".join(rows), "zh", "ass")
    with pytest.raises(DataError, match="give a file with the dialogue"):
        read(srt("♪ la ♪", "(sighs)"))


@pytest.mark.parametrize(
    "remark",
    [
        "[CHUCKLING]",
        "[stammering]",
        "[FLATLY]",
        "[ANNOYED]",
        "[DOOR OPENS]",
        "（焦急）",
        "（日语）",
    ],
)
def test_a_manner_or_sound_before_two_lines_is_no_speaker(read: Read, remark: str) -> None:
    found = read(srt(f"{remark} Hey, Silvio.", f"{remark}\nMother.", f"My God.\n{remark}"))
    assert [(line.text, line.speaker) for line in found.events] == [
        ("Hey, Silvio.", None),
        ("Mother.", None),
        ("My God.", None),
    ]


def test_a_name_in_brackets_is_of_the_text_after_it(read: Read) -> None:
    found = read(srt("[Emily] Hi.", "[Emily]\nMe again.", "My God.\n[Emily]", "[Beverly] Hi, you."))
    assert [(line.text, line.speaker) for line in found.events] == [
        ("Hi.", "Emily"),
        ("Me again.", "Emily"),
        ("My God.", None),
        ("Hi, you.", None),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "I just came from tap.\nI'm all: Wooh!",
        "We couldn't keep track\nof everybody:",
        "那是你（们）的",
    ],
)
def test_words_that_end_like_a_role_or_are_written_around_are_kept(read: Read, text: str) -> None:
    (line,) = read(srt(text)).events
    assert line.text == text.replace("\n", " ").replace("（们）", "们")


@pytest.mark.parametrize("word", ["第一条", "密码", "人生", "上联"])
def test_words_that_recur_before_a_colon_are_no_persons(read: Read, word: str) -> None:
    found = read(srt(f"{word}：不准撒谎", f"{word}：不准说话"), "zh")
    assert [(line.text, line.speaker) for line in found.events] == [
        (f"{word}：不准撒谎", None),
        (f"{word}：不准说话", None),
    ]


def test_a_chinese_line_that_grows_is_said_once(read: Read) -> None:
    line = "今天我们一起做饭"
    found = read(srt(*(line[: n + 1] for n in range(8)), shown=1.0), "zh")
    assert "".join(line.text for line in found.events) == line
    answers = ["好", "好的", "你去哪儿", "回家", "为什么", "没事", "真的", "走吧"]
    assert [line.text for line in read(srt(*answers, shown=1.0), "zh").events] == answers


@pytest.mark.parametrize(
    "text",
    ["<Speaker 1> Hello.", "SPK_1 Hello.", "说话人1  00:03\n你好", "Speaker 1\nHello."],
)
def test_labels_of_diarisation_need_no_colon(read: Read, text: str) -> None:
    (line,) = read(srt(text), "zh" if "你" in text else "en").events
    assert line.text in ("Hello.", "你好")
    assert line.speaker in ("Speaker 1", "SPK_1", "说话人1")


def test_a_line_that_is_no_label_stays(read: Read) -> None:
    texts = ["Speaker\nof the house", "<Nobody>\nknows", "Guest\nwho?"]
    found = read(srt(*texts)).events
    assert [(line.text, line.speaker) for line in found] == [
        (text.replace("\n", " "), None) for text in texts
    ]
