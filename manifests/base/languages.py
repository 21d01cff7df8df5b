"""Languages by code or name: the one table for settings, flags, files and recognisers."""

import difflib
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

__all__ = ["Language", "find_language", "language_family", "language_name", "language_tag"]


@dataclass(frozen=True)
class Language:
    """A language found by ``find_language``, with what was understood by another name, if one."""

    code: str
    name: str
    note: str | None = None
    dialect: bool = False


def find_language(given: str) -> Language:
    """Return the language of a BCP 47 tag, an ISO 639 code, a locale, or a name.

    Names are English, native or Chinese ones, and those of Whisper; a dialect is taken as the
    language that it belongs to. A language without an entry can be written as a private tag,
    ``x-NAME``. ValueError, with the nearest language, for anything else.

    Example:
        >>> [find_language(name).code for name in ("Polish", "中文", "zh_TW.UTF-8", "cmn", "pol")]
        ['pl', 'zh', 'zh-TW', 'cmn', 'pl']
        >>> find_language("Sichuanese").note
        "'Sichuanese' is taken as zh (Chinese), of which it is a dialect"
    """
    text = unicodedata.normalize("NFKC", given).strip()
    if not text:
        raise ValueError(f"empty; {_GIVE}")
    found = _by_tag(text) or _by_name(text)
    if text.lower() in ("auto", "automatic", "detect", "自动"):
        raise ValueError(
            f"no language; detection is for recognisers: corpus transcribe --language auto; {_GIVE}"
        )
    if found is None:
        if len([part for part in re.split(r"\s*[,;/+&、]\s*", text) if part]) > 1:
            raise ValueError("several languages; give the one that is spoken most")
        near = difflib.get_close_matches(_folded(text), _names(), n=1, cutoff=0.0)[0]
        code = _names()[near][0]
        raise ValueError(f"no known language; did you mean {code} ({language_name(code)})? {_GIVE}")
    code, dialect = found
    name = language_name(code)
    if code.lower() == text.lower():
        return Language(code, name)
    kind = ", of which it is a dialect" if dialect else ""
    return Language(code, name, f"{text!r} is taken as {code} ({name}){kind}", dialect)


@lru_cache(maxsize=512)
def language_tag(tag: str) -> str | None:
    """Return the code that a tag of a file or track stands for, None if it is no known language."""
    text = unicodedata.normalize("NFKC", tag).strip()
    found = _by_tag(text) or _by_name(text) if text else None
    return found[0] if found else None


def language_family(language: str) -> str:
    """Return the code of a language's family: ``zh`` for all Chinese, else its own, without region.

    An unknown language is its own family.

    Example:
        >>> language_family("yue-HK"), language_family("Chinese"), language_family("pt_BR")
        ('zh', 'zh', 'pt')
    """
    code = (language_tag(language) or language).lower()
    first = re.split(r"[-_]", code)[0]
    return next(
        (family for family, members in _FAMILIES.items() if first in members.split()), first
    )


def language_name(code: str) -> str:
    """Return the English name of a language, its code if it has no entry."""
    return _table().get(re.split(r"[-_]", code)[0].lower(), (code,))[0]


def _by_tag(text: str) -> tuple[str, bool] | None:
    """Return the code of a BCP 47 tag or a locale (``pl_PL.UTF-8``)."""
    tag = re.sub(r"(?<=[A-Za-z])[.@][\w.@-]+$", "", text, flags=re.ASCII).replace("_", "-")
    if tag.lower() in _UNNAMED or re.fullmatch(r"x(-[a-z0-9]{1,8})+", tag, re.IGNORECASE):
        return tag.lower(), False
    first, *rest = tag.split("-")
    code = first.lower()
    if code not in _table():  # the names needn't be read for a code
        if not re.fullmatch(r"[a-z]{2,3}", code) or code not in _names():
            return None
        code = _names()[code][0]
    if rest and re.fullmatch(r"[A-Za-z]{3}", rest[0]):
        extended = rest.pop(0).lower()
        if extended not in _table() or language_family(extended) != language_family(code):
            return None
        code = extended
    if not all(re.fullmatch(r"[A-Za-z0-9]{2,8}", part) for part in rest):
        return None
    return "-".join([code, *map(_subtag, rest)]), False


def _subtag(text: str) -> str:
    """Return a subtag as usually written: ``Hans``, ``CN``."""
    if len(text) == 4 and text.isalpha():
        return text.title()
    return text.upper() if len(text) == 2 else text.lower()


def _by_name(text: str) -> tuple[str, bool] | None:
    """Return the code of a name, perhaps with brackets or "language", and if of a dialect."""
    name = _folded(text)
    short = _ADDED.sub("", name)
    within = re.sub(r"\s*\([^)]*\)", "", name).strip()
    return next((_names()[key] for key in (name, short, within) if key in _names()), None)


def _folded(text: str) -> str:
    return " ".join(re.split(r"[\s_-]+", unicodedata.normalize("NFKC", text).casefold())).strip()


@cache
def _table() -> dict[str, tuple[str, ...]]:
    """Return the names of each language, the English one first; dialects begin with ``~``."""
    path = files("manifests.base").joinpath("data", "languages.txt")
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = (line.partition(": ") for line in lines if not line.startswith("#"))
    table = {}
    for code, _, names in rows:
        usual, _, dialects = names.partition(" ~ ")
        table[code] = (
            *usual.split(", "),
            *(f"~{name}" for name in dialects.split(", ") if name),
        )
    return table


@cache
def _names() -> dict[str, tuple[str, bool]]:
    """Return code, and whether it is of a dialect, by each folded code and name."""
    found: dict[str, tuple[str, bool]] = {code: (code, False) for code in _table()}
    for code, names in _table().items():
        for name in names:
            found.setdefault(_folded(name.removeprefix("~")), (code, name.startswith("~")))
    return found


_GIVE = "give a code such as zh, pl or yue, an English name, or x-NAME if it has neither"
_ADDED = re.compile(r"^(?:standard|spoken|the) |(?: (?:languages?|dialects?|accents?)|方言|口音)$")
_UNNAMED = ("und", "mis")
_FAMILIES = {
    "zh": "zh cmn yue wuu nan hak gan hsn cjy cdo mnp czh czo cpx cnp csp",
    "no": "no nb nn",
}
