"""Subtitle files beside media files: which one belongs to a film, and why others don't."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from corpus_tools.media.folders import MEDIA_EXTENSIONS
from corpus_tools.subtitles.languages import subtitle_language, tag_is_language
from manifests.base.letters import composed
from manifests.base.outcome import listed

__all__ = ["SUFFIXES", "Sidecar", "choose_sidecar", "find_sidecar", "parse_tag"]

SUFFIXES = (".srt", ".ass", ".ssa", ".vtt")
"""Supported file suffixes, in order of preference."""


@dataclass(frozen=True)
class Tag:
    """What the end of a subtitle file's name says: languages as written, and kind of its lines.

    ``forced`` lines are those in foreign languages, signs and songs only; ``other`` is a word that
    says neither, such as a group's, and ``unknown`` one that makes the file doubtful.
    """

    languages: tuple[str, ...] = ()
    forced: bool = False
    for_deaf: bool = False
    other: str | None = None
    unknown: str | None = None


@dataclass(frozen=True)
class Sidecar:
    """Subtitle file of a film, None if it has none, and the names and reasons of those not used."""

    path: Path | None
    tag: Tag = field(default_factory=Tag)
    unused: tuple[tuple[str, str], ...] = ()

    def foreign(self, language: str) -> bool:
        """Return whether the file is marked as another language's, or as forced lines."""
        known = self.path is not None and language
        return bool(known) and (self.tag.forced or _language_rank(self.tag, language) > 1)

    def rejected(self, why: str) -> "Sidecar":
        """Return the choice of no file, for a reason."""
        name = self.path.name if self.path else ""
        return Sidecar(None, Tag(), ((name, why), *self.unused))

    def notes(self, media: Path, language: str) -> list[str]:
        """Return a sentence about the choice, if there is anything to say."""
        doubt = ""
        if self.path and self.tag.forced:
            doubt = ", which has forced lines only"
        elif self.foreign(language):
            doubt = f", which is marked {'+'.join(self.tag.languages)!r}, not {language}"
        if not self.unused and not doubt:
            return []
        read = f"read {self.path.name}{doubt}" if self.path else "no subtitle file was read"
        others = listed((f"{name} ({why})" for name, why in self.unused), most=10)
        unused = f"; not used: {others}" if self.unused else ""
        advice = "" if self.path else f"; to use one, name it {media.stem}.srt"
        return [f"{media}: {read}{unused}{advice}"]


def find_sidecar(media: Path, language: str = "zh") -> Path | None:
    """Return the subtitle file of a media file, or None; see `choose_sidecar`."""
    return choose_sidecar(media, language).path


def choose_sidecar(media: Path, language: str = "zh") -> Sidecar:
    """Return the subtitle file of a media file, and the reasons against others of its name.

    It lies beside the film or in a folder like ``Subs``, and has the media file's stem, alone
    (``a.srt``) or with a tag (``a.zh.srt``, ``a.pl.sdh.srt``, ``a_简英.ass``). Complete files come
    before forced lines; files without a language before those in the spoken language, those before
    others; then files of one language, then those that aren't for the deaf; then the order of
    ``SUFFIXES`` and the name decide.
    """
    found: list[tuple[tuple[object, ...], Path, Tag]] = []
    unused: list[tuple[str, str]] = []
    for path, rest, exact in _candidates(media):
        tag = parse_tag(rest, media)
        reason = _unusable(path, tag) if exact else _misspelt(path, rest, media)
        if reason:
            unused.append((_shown(path, media), reason))
        else:
            found.append((_rank(path, tag, language, media), path, tag))
    found.sort(key=lambda one: one[0])
    unused += [(_shown(path, media), _lost(tag, language)) for _, path, tag in found[1:]]
    _, best, tag = found[0] if found else (None, None, Tag())
    return Sidecar(best, tag, tuple(sorted(unused)))


def parse_tag(text: str, media: Path) -> Tag:
    """Return what the part of a subtitle file's name after the film's stem says.

    Example:
        >>> film = Path("E01.mkv")
        >>> parse_tag(".pl.forced", film).forced, parse_tag(".chs&eng", film).languages
        (True, ('chs', 'eng'))
        >>> parse_tag(".YYeTs", film).unknown
        'YYeTs'
    """
    tag = Tag()
    numbers = None
    for word in filter(None, _BETWEEN.split(composed(text))):
        low = word.lower()
        known = {subtitle_language(language) for language in tag.languages} - {None}
        two = _JOINED.fullmatch(low)
        if word.isdecimal() and low not in _REGIONS:
            numbers = word
        elif low in _FORCED:
            tag = replace(tag, forced=True)
        elif low in _FOR_DEAF and (low != "hi" or tag.languages):
            tag = replace(tag, for_deaf=True)
        elif (
            low.rstrip("0123456789") in _NEUTRAL
            or f".{low}" == media.suffix.lower()
            or (tag.languages and (low in _REGIONS or subtitle_language(word) in known))
        ):
            continue
        elif two:
            tag = replace(tag, languages=(*tag.languages, *filter(None, two.groups())))
        elif subtitle_language(word) or re.fullmatch(r"[A-Za-z]{2,3}", word):
            both = _HAN_PAIR.search(word)
            tag = replace(tag, languages=(*tag.languages, *(both.group() if both else (word,))))
        else:
            doubtful = low.rstrip("0123456789") in _PARTS or re.search(r"\d(?!\d*[pi]$)", low)
            tag = replace(tag, **{"unknown" if doubtful else "other": word})
    doubts = tag.unknown or (None if tag.languages else tag.other or numbers)
    return replace(tag, unknown=doubts)


def _rank(path: Path, tag: Tag, language: str, media: Path) -> tuple[object, ...]:
    own = any(subtitle_language(word) == language for word in tag.languages)
    return (
        not path.stat().st_size,
        tag.forced,
        _language_rank(tag, language),
        len(tag.languages) > 1,
        bool(tag.other),
        tag.for_deaf,
        bool(tag.languages) and not own,
        SUFFIXES.index(path.suffix.lower()),
        path.parent != media.parent,
        path.name,
    )


def _language_rank(tag: Tag, language: str) -> int:
    if not tag.languages:
        return 0
    return 1 if any(tag_is_language(word, language) for word in tag.languages) else 2


def _lost(tag: Tag, language: str) -> str:
    if tag.forced:
        return "forced lines only"
    if _language_rank(tag, language) > 1:
        return f"marked {'+'.join(tag.languages)}"
    if len(tag.languages) > 1:
        return "two languages at once"
    return "another was preferred"


def _unusable(path: Path, tag: Tag) -> str | None:
    """Return why a file with the film's name can't be its subtitles, None if it can."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        if suffix in (".sup", ".idx") or (suffix == ".sub" and _has_index(path)):
            return "holds images; give their text as .srt"
        return "has a format that isn't read; convert it to .srt"
    if tag.unknown:
        return f"{tag.unknown!r} is no known language"
    if not path.is_file():
        return "is a link to a missing file"
    return None


def _misspelt(path: Path, rest: str, media: Path) -> str:
    return f"differs in upper and lower case; did you mean {media.stem}{rest}{path.suffix}?"


def _has_index(path: Path) -> bool:
    return any(path.with_suffix(suffix).is_file() for suffix in (".idx", ".IDX"))


def _shown(path: Path, media: Path) -> str:
    return path.relative_to(media.parent).as_posix()


def _candidates(media: Path) -> Iterator[tuple[Path, str, bool]]:
    """Yield the subtitle files that may be a film's, and what their names have after its stem.

    False marks names that differ from the film's in upper and lower case.
    """
    beside, stem = _listing(media.parent), composed(media.stem)
    own = sorted(name for name in beside if _begins(name, stem))
    stems = _stems(own)
    yield from _with_stem(media.parent, own, media, stems)
    for folder in (media.parent / name for name in beside if name.casefold() in _FOLDERS):
        inside = sorted(_listing(folder))
        own = [name for name in inside if _begins(name, stem)]
        yield from _with_stem(folder, own, media, stems)
        for child in (folder / name for name in own if composed(name) == stem):
            yield from _whole_names(child, _listing(child))
        if all(_stems([name]) <= {stem} for name in beside):  # stops at another film's
            yield from _whole_names(folder, [name for name in inside if name not in own])


def _begins(name: str, stem: str) -> bool:
    if name.isascii() and stem.isascii():  # quick, for folders of thousands of files
        return name[: len(stem)].lower() == stem.lower()
    return composed(name).casefold().startswith(stem.casefold())


def _stems(names: Sequence[str]) -> set[str]:
    """Return the stems of the media files among names."""
    paths = (Path(composed(name)) for name in names)
    return {path.stem for path in paths if path.suffix.lower() in MEDIA_EXTENSIONS}


def _whole_names(folder: Path, names: Sequence[str]) -> Iterator[tuple[Path, str, bool]]:
    for name in sorted(names):
        if _is_subtitle(folder / name):
            yield folder / name, Path(name).stem, True


def _with_stem(
    folder: Path, names: Sequence[str], media: Path, stems: set[str]
) -> Iterator[tuple[Path, str, bool]]:
    stem = composed(media.stem)
    films = [Path(film).stem for film in names if _stems([film])]
    twins = [film for film in films if film != media.stem and composed(film) == stem]
    for name in names:
        if not _is_subtitle(folder / name):
            continue
        text = composed(Path(name).stem)
        rest = text[len(stem) :]
        exact = text.startswith(stem)
        if not name.startswith(media.stem) and any(map(name.startswith, twins)):
            continue
        rivals = (other for other in stems if len(other) > len(stem) or not exact)
        if not _goes_on(stem, rest) and not any(_belongs(text, other) for other in rivals):
            yield folder / name, rest, exact


def _belongs(text: str, stem: str) -> bool:
    return text.startswith(stem) and not _goes_on(stem, text[len(stem) :])


def _goes_on(stem: str, rest: str) -> bool:
    """Return whether a name goes on after a stem within a word or number: E1 in E10."""
    ends = stem[-1:] + rest[:1]
    return bool(rest) and ends.isascii() and ends.isalnum()


def _is_subtitle(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix in SUFFIXES or suffix in _OTHER_FORMATS:
        return not path.is_dir()
    if suffix != ".txt":
        return False
    try:
        with path.open("rb") as stream:
            return _TIMED_TEXT.match(stream.read(100)) is not None
    except OSError:
        return False


def _listing(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(folder)]
    except OSError:
        return []


_FOLDERS = {"sub", "subs", "subtitle", "subtitles", "字幕", "napisy", "captions"}
_OTHER_FORMATS = {
    *(".sub", ".idx", ".sup", ".smi", ".sami", ".sbv", ".ttml", ".dfxp", ".usf", ".lrc", ".stl"),
    *(".scc", ".mpl", ".rt", ".pjs", ".mks", ".itt", ".cap"),
}
"""Suffixes of subtitles that aren't read."""
_TIMED_TEXT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\{\d+\}\{\d+\}|\[\d+\]\[\d+\]|\d?\d:\d\d:\d\d)")
_BETWEEN = re.compile(r"[\s._\-+&,;~()\[\]{}（）【】「」《》]+")
_WORDS = """
    forced force foreign signs songs lyrics karaoke commentary 强制
    sdh hi cc hoh hearing impaired closed caption captions
    default sub subs subtitle subtitles srt ass text track full complete dialogue original orig auto
    generated asr utf hans hant latn cyrl simplified traditional bilingual dual und european latin
    american napisy web webrip bluray bdrip hdtv dvdrip hevc nf amzn subbed
    字幕 双语 雙語 双字 特效 原文
    419 at be br ca ch gb hk ie in la mo mx nz se sg tw us za
    part pt cd disc disk trailer teaser sample extra extras bonus featurette interview deleted scene
"""
_FORCED, _FOR_DEAF, *_REST, _REGIONS, _PARTS = (
    frozenset(row.split()) for row in _WORDS.strip().splitlines()
)
_NEUTRAL = frozenset().union(*_REST)
"""Words for forced lines, lines for the deaf, neither, regions after a language, other parts."""
_CODE = r"(?:chs|cht|chi|zho|sc|tc|gb|big5|eng|en|jpn|jap|jp|kor|kr|pol|ger|fre|spa|rus)"
_JOINED = re.compile(rf"({_CODE})({_CODE})")
"""Codes of two languages without anything between, as in ``chseng``."""
_HAN_PAIR = re.compile("[简簡繁中国國粤粵][英日韩韓法德俄西]|[英日韩韓法德俄西][简簡繁中国國]")
