"""Choice of a file's audio track, by language, purpose and the file's default."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Literal

from corpus_tools.media.errors import MediaError
from corpus_tools.media.probe import AudioTrack
from manifests.base.languages import language_family, language_name, language_tag
from manifests.storage.records import Channel

__all__ = ["ChannelChoice", "choose_track", "chosen_channel", "describe_tracks"]

ChannelChoice = Literal["left", "right", "mix"]


def choose_track(tracks: Sequence[AudioTrack], language: str | None) -> AudioTrack:
    """Return the track to use where none was named.

    A track in the language comes first, then one without a language; commentaries, descriptions and
    music come after both, but before other languages. Then come the same dialect, no dub, the
    file's default, and the first. ``language`` is None if unknown.
    """
    return min(tracks, key=lambda track: _rank(track, language))


def chosen_channel(track: AudioTrack, channel: ChannelChoice | None) -> Channel | None:
    """Return the channel of a track to use, None for all; `MediaError` if the track hasn't two."""
    if channel is None or channel == "mix":
        return None
    if track.channels != 2:
        count = f"{track.channels} channel{'s' * (track.channels != 1)}"
        raise MediaError(
            f"has {count} in audio track {track.index}, and --channel {channel} is for two; "
            f"leave it out"
        )
    return channel


def describe_tracks(tracks: Sequence[AudioTrack], chosen: AudioTrack, language: str | None) -> str:
    """Return a list of a file's tracks, and why one of them was used, for a message."""
    if _match(chosen, language) == _MATCHES:
        reason = f"which is in {language_name(language or '')}"
    elif language and all(_match(track, language) == _DIFFERS for track in tracks):
        reason = f"though none is in {language_name(language)}"
    else:
        reason = "the one marked as default" if chosen.default else "the first that may be meant"
    listed = "; ".join(f"{track.index} {_described(track)}".rstrip() for track in tracks)
    return f"of its {len(tracks)} audio tracks ({listed}) number {chosen.index} was used, {reason}"


def _described(track: AudioTrack) -> str:
    title = f"“{track.title[:40]}”" if track.title else ""
    marks = ["default"] if track.default else []
    marks += [role.replace("_", " ") for role in sorted(track.roles)]
    return " ".join(filter(None, [track.language, title, f"({', '.join(marks)})" if marks else ""]))


def _rank(track: AudioTrack, language: str | None) -> tuple[int, bool, bool, bool, int]:
    match, special = _match(track, language), _is_special(track)
    order = _ORDER.index((match, special))
    same = bool(language) and _exact(language or "") in map(_exact, _languages(track))
    dub = "dub" in track.roles or _DUB.search(track.title) is not None
    return order, not same, dub, not track.default, track.index


def _match(track: AudioTrack, language: str | None) -> int:
    families = {language_family(code) for code in _languages(track)}
    if not families or not language or language_family(language) in ("und", "mis"):
        return _UNKNOWN
    return _MATCHES if language_family(language) in families else _DIFFERS


def _languages(track: AudioTrack) -> list[str]:
    """Return the languages of a track: those of its tag, made precise by its title, or its title's.

    A tag may name two, those of the left and the right channel.
    """
    tags = [language_tag(tag) for tag in re.split(r"[,;/+]", track.language or "")]
    tagged = [tag for tag in tags if tag and tag not in ("und", "mis", "mul", "zxx")]
    titled = list(dict.fromkeys(_languages_in(track.title)))
    if not tagged:
        return titled
    families = {language_family(tag) for tag in tagged}
    return [code for code in titled if language_family(code) in families] or tagged


def _languages_in(title: str) -> Iterator[str]:
    """Yield the languages that a title names: ``PL 5.1``, ``Polski lektor``, ``国语配音``."""
    plain = _NOISE.sub(" ", title).strip(" -_.,:()[]")
    words = [plain, *(word for word in re.findall(r"[^\W\d_]+", plain) if len(word) > _CODE)]
    for word in words:
        if code := language_tag(word):
            yield code
        elif _HAN.fullmatch(word):
            parts = (word[a:b] for a, b in combinations(range(len(word) + 1), 2) if b - a > 1)
            named = sorted((part for part in parts if language_tag(part)), key=len)
            yield from filter(None, [language_tag(part) for part in named[-1:]])


def _exact(code: str) -> str:
    """Return a code without its region, the same for all names of standard Chinese."""
    first = re.split(r"[-_]", language_tag(code) or code)[0].lower()
    return "zh" if first == "cmn" else first


def _is_special(track: AudioTrack) -> bool:
    """Return whether a track isn't the film's dialogue alone: a commentary, description, music."""
    return bool(track.roles - {"dub", "original"}) or _SPECIAL.search(track.title) is not None


_MATCHES, _UNKNOWN, _DIFFERS = range(3)
_ORDER = (
    (_MATCHES, False),
    (_UNKNOWN, False),
    (_MATCHES, True),
    (_UNKNOWN, True),
    (_DIFFERS, False),
    (_DIFFERS, True),
)
_CODE = 3  # letters; shorter words, such as HE in HE-AAC, are no names of languages
_HAN = re.compile(r"[\u3400-\u9fff]+")
_NOISE = re.compile(
    r"(?i)\d+([.,]\d+)*|\b(k?bps|khz|ch|kanal\w*|channels?|audio|track|stereo|mono|surround|dolby|"
    r"digital|atmos|truehd|dts|hd|ma|he|lc|aac|e?ac3?|ddp?|flac|opus|mp[23]|lpcm|pcm|dubbed|dub)\b"
)
_SPECIAL = re.compile(
    r"(?i)comment|kommentar|komentar|коммент|comentari|解[说說説]|[评評][论論]|コメンタリ|[导導]演|"
    r"director|descri(b|p)|d[ée]scri|deskry|beschreib|hörfilm|\bAD\b|\bDVS\b|\bSDH\b|\bHI\b|"
    r"impaired|тифло|口述|描述|[无無][障碍礙]|[视視聽听][障力]|karaoke|伴[奏唱]|卡拉|instrumental|"
    r"effects|\bM ?& ?E\b|isolated|\bscore\b|soundtrack|[配音][乐樂]"
)
_DUB = re.compile(r"(?i)\bdub|synchro|voice.?over|lektor|дубл|配音|吹替")
