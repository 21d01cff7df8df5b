"""Parts of cues that aren't speech: remarks in brackets, lyrics, marks of a new speaker.

Captions for the deaf name the emotion itself, "(sobbing)", which a text model would read as the
label. What could be speech is kept: figures, letters within a word, and what has the words or the
marks of a sentence.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from corpus_tools.subtitles.cues import Cue
from manifests.base.voices import is_diarised
from manifests.base.word_lists import word_sections

__all__ = [
    "has_letters",
    "is_manner",
    "is_remark",
    "join_brackets",
    "without_lyrics",
    "without_remarks",
    "word_list",
]


def without_remarks(text: str, *, names: bool = False) -> str:
    r"""Return a text without remarks in brackets or asterisks.

    With ``names``, a bracket at the start of a line that may hold a speaker's name is kept.

    Example:
        >>> without_remarks("(sobbing) No! *sighs* [door\nslams] （哭泣）走嘛 (555) s*** go(ing)")
        ' No!    走嘛 (555) s*** going'
        >>> without_remarks("你（们）好，走（笑）了")
        '你们好，走 了'
        >>> without_remarks("(What are you doing?)\n(sighs) [ANNA] Hey", names=True)
        'What are you doing?\n  [ANNA] Hey'
    """
    for _ in range(2):  # brackets in brackets
        text = _BRACKET.sub(lambda found: _replacement(found, names), text)
    return _STARRED.sub(_replacement_of_starred, text)


def join_brackets(cues: Sequence[Cue]) -> list[Cue]:
    r"""Return cues in which a remark in brackets that goes on in the next cue is closed in each.

    Example:
        >>> cues = [Cue(0, 1, "No! [door opens", None), Cue(1, 2, "slowly] Hi", None)]
        >>> [cue.text for cue in join_brackets(cues)]
        ['No! [door opens]', '[slowly] Hi']
    """
    kept = list(cues)
    for index, (cue, following) in enumerate(itertools.pairwise(cues)):
        opened, closed = _OPENED.search(cue.text), _CLOSED.match(following.text)
        if (
            opened
            and closed
            and following.start - cue.end <= _PAUSE
            and (_PAIRS[opened[0][0]] == _PAIRS[closed[1]])
        ):
            kept[index] = replace(kept[index], text=f"{kept[index].text}{closed[1]}")
            kept[index + 1] = replace(following, text=f"{opened[0][0]}{following.text}")
    return kept


def is_remark(content: str) -> bool:
    """Return whether the content of a bracket is surely a sound or a manner, no name or sentence.

    Example:
        >>> [is_remark(text) for text in ("SIGHS", "Angrily", "叹气", "JAMES", "王大锤")]
        [True, True, True, False, False]
    """
    words = re.findall(r"[^\W\d_]+", content.casefold())
    known = word_list("remark")
    return any(word in known or _remark_stem().fullmatch(word) for word in words) or (
        _HAN_REMARK.search(content.rstrip(_PUNCTUATION)) is not None
    )


def is_manner(content: str) -> bool:
    """Return whether a name in brackets would rather be a manner of speaking, or a language.

    Example:
        >>> [is_manner(text) for text in ("FLATLY", "Emily", "annoyed", "焦急", "日语", "焦裕禄")]
        [True, False, True, True, True, False]
    """
    plain = content.strip(_PUNCTUATION).casefold()
    return plain in word_list("manner") or (
        _MANNER.fullmatch(plain) is not None and plain not in word_list("name in ly")
    )


def has_letters(text: str) -> bool:
    """Return whether a text has a letter or digit."""
    return any(letter.isalnum() for letter in text)


def word_list(section: str) -> frozenset[str]:
    """Return the words of a section of the bundled list of words that aren't names."""
    return word_sections("corpus_tools.subtitles", "no_names.txt")[section]


@cache
def _remark_stem() -> re.Pattern[str]:
    stems = (
        rf"{stem[:-1]}(?:e|es|ed|ing)"
        if stem.endswith("e")
        else rf"{stem}(?:s|{stem[-1]}?(?:ed|ing)|es)?"
        for stem in sorted(word_list("remark stem"))
    )
    return re.compile("|".join(stems))


# up to 200 characters, without further brackets, or a hostile file would take quadratic time
_BRACKET = re.compile(
    r"[(（]([^()（）]{0,200})[)）]|[\[［【〔〖﹝]([^\[\]［］【】〔〕〖〗﹝﹞]{0,200})[\]］】〕〗﹞]"
)
_OPENED = re.compile(r"[(（\[［【][^()（）\[\]［］【】]*[^\W\d_][^()（）\[\]［］【】]*$")
_CLOSED = re.compile(r"[^()（）\[\]［］【】]*[^\W\d_][^()（）\[\]［］【】]*([)）\]］】])")
_PAIRS = dict(zip("(（)）[［]］【】", "(((([[[[【【", strict=True))
_PAUSE = 1.0  # s
_STARRED = re.compile(r"(?<![A-Za-z0-9*])\*(?![*\s])([^*\n]{1,80})(?<!\s)\*(?![A-Za-z0-9*])")
_HAN_REMARK = re.compile(
    "[笑哭泣叹嘆喊叫吼骂罵嚎喘咳嗽哽咽呻吟]$|[声聲响響音乐樂状狀貌地着著]$|"
    "愤怒|憤怒|生气|生氣|激动|激動|害怕|恐惧|恐懼|难过|難過|悲伤|悲傷|伤心|傷心|高兴|高興|开心|開心|惊讶|驚訝|"
    "吃惊|吃驚|紧张|緊張|无奈|無奈|温柔|溫柔|冷漠|平静|平靜|疑惑|委屈|叹气|嘆氣|沉默|停顿|犹豫|耳语|低语|"
    "自言自语|深呼吸|鼓掌|掌声|敲门|音效|ため息|拍手|歓声|ノック"
)
_MANNER = re.compile(
    "[a-z]{4,}ly|(?:[日英法德韩韓俄粤粵汉漢国國外闽閩泰]|越南|西班牙|阿拉伯)[语語]"
)
_YOU_AND_I = re.compile(
    r"[我你您俺咱]|\b(?:I|I'[a-z]+|(?i:you|you'[a-z]+|my|me|we|we'[a-z]+|us|our|your))\b"
)
_SENTENCE = re.compile(
    r"[?!？！]\s*$|\S+\s+\S+\s.*[.…]\s*$|.{5,}。\s*$|什么|什麼|怎么|怎麼|为啥|谁|誰|啥|[吗嗎呢吧嘛]\W*$|"
    r"^\W*(?:what|why|how|who|where|when|don't|let's)\b",
    re.IGNORECASE | re.DOTALL,
)
_AROUND = 250  # characters
_PUNCTUATION = " \t\n.,!?:;-…—。，！？：；~～"
_TIME = re.compile(r"\s*\d+(?::\d\d)+(?:[.,]\d+)?\s*")
_LONG = re.compile(r"(?:\S+\s+){12,}\S|(?:[\u3400-\u9fff]\W*){19,}")
_NOTE_OF_TRANSLATOR = re.compile(
    r"\s*(?:注|译注|譯注|译者|字幕|ps|note|n\.b\.|tn)\s*[:：]", re.IGNORECASE
)
_NAME_IN_BRACKETS = re.compile(
    r"[A-Z0-9À-ÞŁŚŻА-ЯЁ][\w.'’ #-]{0,29}|"
    r"[\u3400-\u4dbf\u4e00-\u9fff·々ァ-ヺー가-힣]{1,8}\s?[0-9A-Za-z]?"
)


def _replacement(found: re.Match[str], names: bool) -> str:
    content = found[1] if found[1] is not None else found[2]
    before = _before(found)
    if not any(letter.isalpha() for letter in content):
        return found[0] if has_letters(content) and not _TIME.fullmatch(content) else " "
    if re.search(r"[a-zà-ž]$", before) and re.fullmatch(r"[a-zà-ž]+", content):
        return content
    if len(content) == 1 and _is_between_han(found) and not is_remark(content):
        return content
    if _is_speech(content) or _is_within(found, content):
        return content
    if (
        names
        and (is_diarised(content) or _NAME_IN_BRACKETS.fullmatch(content.strip()))
        and not is_remark(content)
        and not has_letters(_BRACKET.sub("", before.rpartition("\n")[2]))
    ):
        return found[0]
    return " "


def _before(found: re.Match[str]) -> str:
    """Return what stands before a bracket: not all of it, or many would take quadratic time."""
    return found.string[max(0, found.start() - _AROUND) : found.start()]


def _is_speech(content: str) -> bool:
    """Return whether a text has the length, the words or the marks of a spoken sentence."""
    if _NOTE_OF_TRANSLATOR.match(content):
        return False
    if _LONG.search(content) or _YOU_AND_I.search(content):
        return True
    first = re.match(r"\W*([A-Za-z]+)", content)
    if first and _remark_stem().fullmatch(first[1].casefold()):
        stem = first[1].casefold() in word_list("remark stem")  # "Stop!", but not "sobs!"
        return stem and _SENTENCE.search(content) is not None
    return not is_remark(content) and _SENTENCE.search(content) is not None


def _is_between_han(found: re.Match[str]) -> bool:
    around = found.string[: found.start()][-1:] + found.string[found.end() :][:1]
    return re.fullmatch(r"[\u3400-\u9fff]{2}", around) is not None


def _is_within(found: re.Match[str], content: str) -> bool:
    """Return whether one or two small words stand in the middle of a line: I am (not) sure."""
    before = _before(found).rpartition("\n")[2]
    after = found.string[found.end() : found.end() + _AROUND].partition("\n")[0]
    small = re.fullmatch(r"[a-z]+(?: [a-z]+)?", content) is not None
    return (
        small
        and re.search(r"\w[,;]?\s+$", before) is not None
        and has_letters(after)
        and not after.lstrip().startswith((":", "："))
        and not is_remark(content)
        and re.search(r"(?:s|ing|ed|ly)\b", content) is None
    )


def _replacement_of_starred(found: re.Match[str]) -> str:
    content = found[1]
    return " " if is_remark(content) and not _is_speech(content) else content


def without_lyrics(cues: Sequence[Cue]) -> list[Cue]:
    r"""Return cues without what is sung: what stands between notes (♪ or #), over cues too.

    Example:
        >>> texts = "♪ la la ♪\nHey!", "♪ how", "sweet ♪"
        >>> [cue.text for cue in without_lyrics([Cue(0, 1, text, None) for text in texts])]
        ['Hey!', '', '']
    """
    texts = [_STARRED_LYRIC.sub("♪", cue.text) for cue in cues]
    if any(_HASH_LYRIC.search(text) for text in texts):
        texts = [
            _HASH.sub("♪", text) if _HASH_LYRIC.search(text) or _HASH_END.search(text) else text
            for text in texts
        ]
    kept = list(cues)
    sung_until = -1
    for index, text in enumerate(texts):
        if index <= sung_until:
            kept[index] = replace(kept[index], text="")
        elif _NOTE.search(text):
            spoken, rest = _unsung(text)
            if rest is not None:
                sung_until = _end_of_song(cues, texts, index)
                spoken += rest if sung_until == index else []
            kept[index] = replace(kept[index], text="\n".join(filter(has_letters, spoken)))
    return kept


def _unsung(text: str) -> tuple[list[str], list[str] | None]:
    """Return the lines that aren't sung, and those after a note that nothing closes, else None."""
    lines = text.split("\n")
    spoken: list[str] = []
    sung = False
    for number, line in enumerate(lines, start=1):
        parts = _NOTE.split(line)
        if len(parts) == 1:
            spoken += [] if sung else [line]
            continue
        if len(parts) == 2 and not sung and has_letters(parts[0]) and not has_letters(parts[1]):
            continue  # a line of a song with a note at its end only
        spoken.append(" ".join(parts[1 if sung else 0 :: 2]).strip())
        sung ^= len(parts) % 2 == 0
        following = next((rest for rest in lines[number:] if _NOTE.search(rest)), None)
        if sung and following is None:
            return spoken, lines[number:]
        sung = sung and _NOTE.match(str(following).strip()) is None
    return spoken, None


def _end_of_song(cues: Sequence[Cue], texts: Sequence[str], first: int) -> int:
    """Return the last cue of a song, if a later cue has the note at its end, else ``first``."""
    for index in range(first + 1, min(first + _MOST_SUNG, len(cues))):
        if cues[index].start - cues[index - 1].end > _PAUSE_IN_SONG:
            break
        parts = _NOTE.split(texts[index])
        if len(parts) > 1:
            at_end = len(parts) == 2 and has_letters(parts[0]) and not has_letters(parts[1])
            return index if at_end else first
    return first


_NOTE = re.compile("[♪♫♬♩🎵🎶](?:\\s*[♪♫♬♩🎵🎶])*")
# "[^\S\n]" where "\s" would take quadratic time in a text of blank lines
_HASH_LYRIC = re.compile(r"^[^\S\n]*#\s+[^\W\d_]|^[^\S\n]*#[^\W\d_#][^#]*\s?#\s*$", re.MULTILINE)
_HASH = re.compile(r"^[^\S\n]*#|#\s*$", re.MULTILINE)
_HASH_END = re.compile(r"\w[.,!?]?\s+#\s*$")
_STARRED_LYRIC = re.compile(r"^[^\S\n]*\*\s+[^*\n]*\s\*\s*$", re.MULTILINE)
_MOST_SUNG = 6  # cues
_PAUSE_IN_SONG = 3.0  # s
