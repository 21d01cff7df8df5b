"""Speakers named in cues: ``NAME: text``, ``[NAME] text``, one to a dash or ``>>``.

Clock times, addresses and ordinary sentences have colons too, so a prefix counts as a name only if
it looks like one and occurs again in the same file; labels of diarisation and roles count at once.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from corpus_tools.subtitles.credits import is_credit, is_job
from corpus_tools.subtitles.cues import Cue
from corpus_tools.subtitles.remarks import (
    has_letters,
    is_manner,
    is_remark,
    without_lyrics,
    without_remarks,
    word_list,
)
from manifests.base.voices import is_diarised, is_local_label, is_nobody, is_role

__all__ = ["name_speakers", "spoken_texts"]


def name_speakers(cues: Sequence[Cue]) -> list[Cue]:
    r"""Return cues with the speakers named in them, without names, marks of turns and remarks.

    A text of several speakers has none, nor have roles (``MAN``) and ``unknown``.

    Example:
        >>> found = name_speakers([Cue(0, 1, text, None) for text in (
        ...     "- Li: 要得\n- (laughs) No", "MAN: Go!", "[sighs] Li: 莫得", "WU: 12:30")])
        >>> [(cue.text, cue.speaker) for cue in found]
        [('要得\nNo', None), ('Go!', None), ('莫得', 'Li'), ('WU: 12:30', None)]
    """
    turns = [_turns(without_remarks(cue.text, names=True), cue.text) for cue in cues]
    names = _names(turn for own in turns for turn in own)
    return [_named(cue, own, names) for cue, own in zip(cues, turns, strict=True)]


def spoken_texts(texts: Sequence[str]) -> list[str]:
    """Return the texts of a table, each without what isn't spoken, empty if that is all of it.

    Example:
        >>> spoken_texts(["[SPEAKER_00]: (laughs) 要得", "♪ la ♪"])
        ['要得', '']
    """
    cues = [
        Cue(60 * number, 60 * number + 1, text, None, raw=text)
        for number, text in enumerate(texts)  # a minute apart, as no remark goes on in the next
    ]
    return [" ".join(cue.text.split()) for cue in name_speakers(without_lyrics(cues))]


@dataclass(frozen=True)
class _Turn:
    """Line of a cue; ``new`` if a mark shows a new speaker, with what may be its speaker's name."""

    text: str
    new: bool
    name: str | None
    rest: str
    bracket: bool


def _turns(text: str, raw: str) -> list[_Turn]:
    cut = text != raw  # a colon after a remark is the remark's
    lines = _CHEVRONS.sub("\n>>", text)
    if _DASH.match(lines.lstrip()):
        lines = _DASH_WITHIN.sub("\n- ", lines)
    lines = _NAME_ALONE.sub(r"\1 ", _LABEL.sub(_with_colon, lines))
    found = []
    for line in filter(str.strip, lines.split("\n")):
        bare = line.strip().removeprefix(">>").strip()
        plain = _DASH.sub("", bare)
        new = line.startswith(">>") or plain != bare
        plain = plain.lstrip(":： ") if cut else plain
        match = _PREFIX.match(plain)
        bracket = match is not None and match[1] is not None
        name = None if match is None else (match[1] or match[2] or match[3]).strip()
        rest = "" if match is None else plain[match.end() :]
        if name is not None and _may_be_name(name, rest, bracket):
            found.append(_Turn(plain, new, name, rest, bracket))
        else:
            found.append(_Turn(plain, new, None, plain, bracket))
    return found


def _with_colon(label: re.Match[str]) -> str:
    name = label[1] or label[2]
    return f"{name}: " if is_diarised(name) and re.search(r"\d", name) else label[0]


def _may_be_name(name: str, rest: str, bracket: bool) -> bool:
    if _counts_at_once(name):
        return not rest[:1].isdigit() or not name.isalpha()
    if (
        is_remark(name) or is_manner(name)
        if bracket
        else is_job(name) and is_credit(f"{name}：{rest}")
    ):
        return False
    if is_local_label(name) and not name.islower():
        return True
    words = re.findall(r"[^\W\d_]+", name.casefold())
    if not words or words[0] in word_list("clause") or not word_list("word").isdisjoint(words):
        return False
    if _HAN.search(name):
        return not name.endswith(_SAYING) and not _NOT_IN_NAMES.search(name)
    if rest.startswith("//") or _SAID.search(name):
        return False
    if any(letter.isdigit() for letter in name):
        return name.isupper() or _CODE.fullmatch(name) is not None
    return all(word[0].isupper() or word in word_list("particle") for word in name.split())


def _counts_at_once(name: str) -> bool:
    unknown = is_nobody(name) and name.casefold().startswith("un")
    role = is_role(name) and _CLAUSE.match(name) is None
    return role or is_diarised(name) or unknown


def _names(turns: Iterable[_Turn]) -> frozenset[str]:
    """Return the names that count: of two turns, or five if the word is also an ordinary one."""
    turns = list(turns)
    seen = Counter(turn.name for turn in turns if turn.name is not None)
    words = {word for turn in turns for word in re.findall(r"\b[a-zà-ž]+", turn.rest)}
    return frozenset(
        name
        for name, times in seen.items()
        if _counts_at_once(name)
        or times >= (_OFTEN if name.istitle() and name.lower() in words else 2)
    )


def _named(cue: Cue, turns: Sequence[_Turn], names: frozenset[str]) -> Cue:
    lines: list[str] = []
    speakers: set[str | None] = set()
    unnamed = 0
    for turn in turns:
        if turn.name in names or (turn.name and not turn.rest and cue.text != cue.raw):
            if turn.rest or not lines or turn is not turns[-1]:  # nothing follows a last bracket
                speakers.add(_person(turn.name))
            text = turn.rest
        else:
            unnamed += turn.new
            text = without_remarks(turn.text) if turn.bracket else turn.text
        text = " ".join(text.split())
        lines += [text] if has_letters(text) else []
    if not lines and _PAUSE.fullmatch(cue.text.strip()):
        lines.append(cue.text)
    speaker = _person(cue.speaker)
    if speaker is None and len(speakers) == 1 and not (unnamed and len(turns) > 1):
        speaker = speakers.pop()
    return replace(cue, text="\n".join(lines), speaker=speaker)


def _person(name: str | None) -> str | None:
    return None if name is None or is_role(name) or is_nobody(name) else name


_PAUSE = re.compile(r"[.…?!。？！，,—–\-\s]+")
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_PREFIX = re.compile(
    r"[\[［【〔(（]([^\[\]［］【】〔〕()（）:：\n]{1,30})[\]］】〕)）]\s*[:：]?\s*(?=\S|$)|"
    r"([^\W\d_][\w.'’#·・ /-]{0,29}?)\s{0,2}(?:：|:(?!\d|//))[ \u3000]*(?=\S|$)|"
    r"((?:SPEAKER|SPK)_\d+)\s+(?=\S)"
)
_LABEL = re.compile(
    r"^<([^<>\n:：]{2,20})>[ \t]*|"
    r"\A([^\s:：][^\n:：]{1,18}[^\s:：])(?:[ \t]+\d\d?:\d\d(?::\d\d)?)?[ \t]*\n(?=.*\w)",
    re.MULTILINE,
)
"""Label of diarisation in angle brackets, or on a line of its own, also with its time."""
_NAME_ALONE = re.compile(r"^([^\n:：]{1,30}[:：])[ \t]*\n", re.MULTILINE)
_CHEVRONS = re.compile(r"(?:(?<=\s)|^)(?:[>＞]\s?){2,3}\s*", re.MULTILINE)
_DASH = re.compile(r"^[-‐‑–—―−]{1,2}(?:\s+|(?=[^\s\d-])|$)")
_DASH_WITHIN = re.compile(r"(?<=[.?!…。？！\"”])\s+[-–—]\s*(?=\S)")
_CLAUSE = re.compile(r"I\b|(?i:he|she|it|we|you|they|that|there|this|who)['’ ]|[a-z]+ ")
"""Beginning of a sentence that ends in a word for roles: I'm all, of everybody."""
_OFTEN = 5
_CODE = re.compile(r"[A-Za-z]{1,8}[_-]?[0-9]{1,4}")
_SAYING = tuple("说說道问問想叫喊答是如下讲講吼骂罵曰话話")
"""Endings of Chinese words that introduce speech or a list, and aren't names."""
_NOT_IN_NAMES = re.compile(
    "^第[一二三四五六七八九十百0-9]|[我你您他她它的了是不这這那就都也没沒么麼吗嗎呢吧个個很]"
)
_SAID = re.compile(r"\b(?:sa(?:id|ys)|asks?|tells?|means?|thinks?|is|was|are)\b", re.IGNORECASE)
