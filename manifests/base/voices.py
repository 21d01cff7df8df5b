"""Names in a speaker's place that aren't a person's: nobody, labels of one recording, roles.

A person's name means the same person in a whole corpus. ``unknown`` is nobody; ``SPEAKER_00`` is
somebody in one recording, and another in the next; ``MAN``, ``ALL`` or 旁白 may be anyone.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache

from manifests.base.outcome import listed
from manifests.base.word_lists import word_sections

__all__ = [
    "alike_warnings",
    "is_diarised",
    "is_first_label",
    "is_local_label",
    "is_nobody",
    "is_role",
    "is_within_source",
    "one_spelling",
    "person_key",
    "spelling_warnings",
    "within_source",
]


def person_key(name: str) -> str:
    """Return a key that is the same for all spellings of a person's name or id.

    Example:
        >>> person_key("Ｍ０３") == person_key("m 03"), person_key("M03") == person_key("M04")
        (True, False)
    """
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", name).casefold())


def one_spelling(names: Iterable[str], known: Iterable[str] = ()) -> dict[str, str]:
    """Return the spelling to use of each name: that of a known person, else the first.

    Example:
        >>> one_spelling(["m 03", "F01", "M03", "f01"], known=["M03"])
        {'m 03': 'M03', 'F01': 'F01', 'M03': 'M03', 'f01': 'F01'}
    """
    names = list(names)
    first: dict[str, str] = {}
    for name in (*known, *names):
        first.setdefault(person_key(name), name)
    return {name: first[person_key(name)] for name in names}


def alike_warnings(names: Iterable[str], known: Iterable[str] = ()) -> list[str]:
    """Return a warning about names that may be those of one person, but count as several.

    They differ in punctuation or in zeros before a number only. ``known`` are names that were there
    before; if only those are alike, there is no warning.

    Example:
        >>> alike_warnings(["M03", "m-3", "F01", "F11"])
        ['M03 and m-3 count as different speakers; if they are one person, give the same id, else \
that voice may be in train and in test']
    """
    new = set(names)
    groups: dict[tuple[str, ...], dict[str, str]] = {}
    for name in sorted({*new, *known}):
        joined = re.sub(r"(?<=[^\W\d_])[\W_]+(?=[^\W\d_])", "", person_key(name))
        words = re.findall(r"\d+|[^\W\d_]+", joined)
        key = tuple(word.lstrip("0") or "0" if word.isdecimal() else word for word in words)
        groups.setdefault(key, {}).setdefault(person_key(name), name)
    alike = [list(g.values()) for g in groups.values() if len(g) > 1 and new & set(g.values())]
    if not alike:
        return []
    shown = "; ".join(f"{', '.join(group[:-1])} and {group[-1]}" for group in alike[:_GROUPS])
    more = f"; and {len(alike) - _GROUPS} more" if len(alike) > _GROUPS else ""
    return [
        f"{shown}{more} count as different speakers; if they are one person, give the same id, "
        f"else that voice may be in train and in test"
    ]


def spelling_warnings(spelling: Mapping[str, str]) -> list[str]:
    """Return a warning about names that count as one, by the spelling to use of each.

    Example:
        >>> spelling_warnings({"M03": "M03", "m03": "M03"})
        ['speakers written in several ways count as one: M03 (also m03)']
    """
    others: dict[str, list[str]] = {}
    for name, used in spelling.items():
        if name != used:
            others.setdefault(used, []).append(name)
    if not others:
        return []
    shown = [f"{used} (also {', '.join(names)})" for used, names in others.items()]
    return [f"speakers written in several ways count as one: {listed(shown)}"]


def is_nobody(name: str) -> bool:
    """Return whether a name says that the speaker isn't known.

    Example:
        >>> is_nobody("UNK"), is_nobody("未知"), is_nobody("-1"), is_nobody("Unkas")
        (True, True, True, False)
    """
    key = _compact(name)
    plain = re.sub(r"^(unk|unknown|未知)\d+$", r"\1", key)  # Unknown_2
    return not key or plain in _words("nobody") or _MISSING.fullmatch(name) is not None


def is_diarised(name: str) -> bool:
    """Return whether a name is surely a label that a diarisation tool numbers in each recording.

    Example:
        >>> [is_diarised(name) for name in ("SPEAKER_00", "说话人 1", "Guest-1", "S1", "M01")]
        [True, True, True, False, False]
    """
    return _diarised().fullmatch(_compact(name)) is not None


def is_first_label(name: str) -> bool:
    """Return whether a name is a label that a diarisation tool gives first in each recording.

    Example:
        >>> [is_first_label(name) for name in ("SPEAKER_00", "spk1", "Speaker A", "speaker 2")]
        [True, True, True, False]
    """
    found = _diarised().fullmatch(_compact(name))
    if found is None:
        return False
    number = found[1] or found[2]
    return number is None or (int(number) < 2 if number.isdecimal() else number in "a甲一")


def is_local_label(name: str) -> bool:
    """Return whether a name in subtitles means somebody else in each recording.

    Beside labels of diarisation these are short ones (``S1``, ``A``), parts in an interview, and
    relatives.

    Example:
        >>> [is_local_label(name) for name in ("spk0", "S1", "Interviewer", "妈妈", "M01", "Li")]
        [True, True, True, True, False, False]
    """
    key = _compact(name)
    return is_diarised(name) or key in _words("local") or re.fullmatch(_SHORT, key) is not None


def is_role(name: str) -> bool:
    """Return whether a name describes anyone (a man, all, a voice, a waiter), in any language.

    Example:
        >>> [is_role(name) for name in ("MAN 2", "Woman's voice", "众人", "黑衣男子甲", "Manny")]
        [True, True, True, True, False]
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    if _han_role().fullmatch(re.sub(r"[\s_·・/、,#()-]", "", plain)):
        return True
    words = re.findall(r"[^\W\d_]+", re.sub(r"['’]s\b|\b[ov]\.\s?[sv]\b\.?", " ", plain))
    roles = _words("role")
    return not roles.isdisjoint(words) and all(
        word in roles or word in _words("qualifier") or len(word) == 1 for word in words
    )


def within_source(label: str, source_id: str) -> str:
    """Return the speaker id of a local label, which no other source has.

    Example:
        >>> within_source("Speaker 1", "E01-0123456789ab-t2")
        'Speaker-1-0123456789ab-t2'
    """
    digest = _DIGEST.search(source_id)
    name = re.sub(r"\W+", "-", label).strip("-")
    return f"{name}-{digest[0][1:] if digest else source_id}"


def is_within_source(speaker_id: str) -> bool:
    """Return whether an id is that of a local label of a source, not of a known person.

    Example:
        >>> is_within_source(within_source("S1", "E01-0123456789ab-left")), is_within_source("M01")
        (True, False)
    """
    digest = _DIGEST.search(speaker_id)
    return digest is not None and is_local_label(speaker_id[: digest.start()])


def _compact(name: str) -> str:
    """Return a name without case, width, spaces and punctuation."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in plain if unicodedata.category(letter)[0] in "LMN")


def _words(section: str) -> frozenset[str]:
    return word_sections("manifests.base", "voices.txt")[section]


def _any(section: str) -> str:
    """Return a pattern for one of the words of a section, the longest first."""
    return f"(?:{'|'.join(sorted(_words(section), key=lambda word: (-len(word), word)))})"


@cache
def _diarised() -> re.Pattern[str]:
    return re.compile(f"{_any('speaker')}({_NUMBER})?|{_any('numbered')}({_NUMBER})")


@cache
def _han_role() -> re.Pattern[str]:
    return re.compile(
        f"{_any('han qualifier')}*(?:{_any('han role')}(?:們|们|たち|達|达|들)?)+"
        f"(?:[の的]?(?:声|聲|声音|聲音))?{_NUMBER}?"
    )


_MISSING = re.compile(r"\s*[-−]\s*(?:1|9+)(?:\.0+)?\s*")
_NUMBER = r"(?:\d{1,3}|[a-z]|[甲乙丙丁一二三四五六七八九十])"
_SHORT = r"[sp]\d{1,2}|[a-dq]|[甲乙丙丁]"
_DIGEST = re.compile(r"-[0-9a-f]{12}(?:-t\d+)?(?:-left|-right)?$")
_GROUPS = 3  # of names that are alike, in a warning
