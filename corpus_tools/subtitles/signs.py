"""Cues that are written on the picture: signs, credits, songs and comments of viewers (danmaku)."""

import re
from collections import Counter
from collections.abc import Sequence

from corpus_tools.subtitles.cues import Cue

__all__ = ["shared_name", "without_signs"]


def without_signs(cues: Sequence[Cue]) -> tuple[list[Cue], int]:
    r"""Return parsed cues without drawings, karaoke and signs, and the number of signs.

    A sign moves, is turned or cut out; has a place of its own, unless half of the cues have one; or
    a style or effect for signs, unless the file has no other. A place by ``\an`` alone is none.

    Example:
        >>> cues = [Cue(0, 1, r"{\an8}Hi", None), Cue(0, 1, "Bar", None, style="Sign")]
        >>> without_signs(cues)[0] == cues[:1]
        True
    """
    shown = [cue for cue in cues if not _is_graphics(cue)]
    placed = sum(_has_tag(_PLACE, cue) for cue in shown)
    own_place = 2 * placed < len(shown)
    only_signs = all(_SIGN_STYLE.search(cue.style) for cue in shown)
    kept = [
        cue
        for cue in shown
        if not (
            _has_tag(_MOTION, cue)
            or (own_place and _has_tag(_PLACE, cue))
            or (not only_signs and _SIGN_STYLE.search(cue.style))
            or _SIGN_EFFECT.match(cue.effect)
        )
    ]
    return kept, len(shown) - len(kept)


def shared_name(cues: Sequence[Cue]) -> str | None:
    """Return the name that a program put into all cues, which is no speaker's, if there is one."""
    names = Counter(cue.speaker for cue in cues if cue.text.strip())
    return next(iter(names)) if len(names) == 1 and names.total() >= _MANY else None


def _is_graphics(cue: Cue) -> bool:
    if cue.effect.strip().lower().startswith(("fx", "karaoke", "template", "code")):
        return True
    return _has_tag(_DRAWING_OR_KARAOKE, cue)


def _has_tag(tag: re.Pattern[str], cue: Cue) -> bool:
    return "\\" in cue.text and any(tag.search(block) for block in _BLOCK.findall(cue.text))


# the pattern stops at the next opening bracket, or a hostile file would take quadratic time
_BLOCK = re.compile(r"\{[^{}]*\}")
_DRAWING_OR_KARAOKE = re.compile(r"\\(?:p[1-9]|[kK][fot]?\d)")
_PLACE = re.compile(r"\\pos\s*\(")
_MOTION = re.compile(r"\\(?:move|i?clip|org)\s*\(|\\(?:fr[xyz]?|fa[xy])-?(?:[1-9]|0?\.\d*[1-9])")
_SIGN_EFFECT = re.compile(r"\s*(?:banner|scroll (?:up|down))", re.IGNORECASE)
_SIGN_STYLE = re.compile(
    r"(?<![A-Za-z])(?:OP|ED)(?![a-z])|(?<![A-Za-z])(?:Op|Ed|op|ed)\s?[-_]?\d|"
    r"(?<![A-Za-z])(?i:signs?|staff|credits?|titles?|songs?|karaoke|kara|lyrics?|romaji|romanji|"
    r"opening|ending|insert|notes?|tl|typeset(?:ting)?|screen|logo|watermark|danmaku|danmu|"
    r"next ?ep|eyecatch|preview)(?![a-z])|"
    "歌词|歌詞|歌曲|[插片题題]曲|[头頭尾]曲|^歌|字幕组|字幕組|注释|注釋|注解|註解|備註|备注|标题|標題|片名|片头|片頭|片尾|屏幕|画面|畫面|标识|標識|"
    "职员|職員|制作|製作|弹幕|彈幕|水印|^注$|^注[^音]|招牌|看板|テロップ|タイトル"
)
_MANY = 2  # cues
