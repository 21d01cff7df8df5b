"""Credits: who made a film or its subtitles, as a line of text (剪辑：某某)."""

import re
from functools import cache

from corpus_tools.subtitles.remarks import word_list

__all__ = ["is_credit", "is_job"]


def is_job(name: str) -> bool:
    """Return whether a word names a job in the making of a film or of its subtitles."""
    return re.fullmatch(_jobs(), name.strip().casefold()) is not None


def is_credit(text: str) -> bool:
    """Return whether a text consists of jobs with the names of those who did them.

    Jobs that a character may have (导演, 翻译) count only with what looks like a person's name.

    Example:
        >>> texts = "剪辑：某某", "字幕翻译：小鱼 校对：王五", "翻译：他说不行！"
        >>> [is_credit(text) for text in texts]
        [True, True, False]
        >>> [is_credit(text) for text in ("Edited by Jane Doe", "导演：开始", "导演 张艺谋")]
        [True, False, True]
    """
    if _made_by().fullmatch(text.strip()):
        return True
    end = 0
    for job in _job_and_name().finditer(text.strip()):
        name = job[2].strip()
        weak = job[1].casefold() in word_list("character") or ":" not in job[0].replace("：", ":")
        if job.start() != end or not _NAME.fullmatch(name) or (weak and not _PERSON.match(name)):
            return False
        end = job.end()
    return 0 < end == len(text.strip())


def _alternatives(section: str) -> str:
    return "|".join(sorted(word_list(section), key=lambda word: (-len(word), word)))


@cache
def _jobs() -> str:
    jobs = _alternatives("job")
    return rf"(?:{jobs})+(?:\s?[/／&、与和]\s?(?:{jobs})+)*|{_alternatives('latin job')}"


@cache
def _job_and_name() -> re.Pattern[str]:
    another = rf"[\s|/／，,;；]+(?:{_jobs()})\s*[:：]"
    return re.compile(
        rf"({_jobs()})(?:\s*[:：]\s*|\s+)([^:：\n]{{1,40}}?)(?=$|\n|{another})[\s|/／，,;；]*",
        re.IGNORECASE,
    )


@cache
def _made_by() -> re.Pattern[str]:
    made = rf"(?:executive |original )?(?:{_alternatives('made')})"
    return re.compile(
        rf"{made}(?:[ ,&]+(?:and |und |et |y )?{made})*\s*(?:by|von|par|por|di|da|przez)"
        r"\s+[^\s?!？！]+(?: [^\s?!？！]+){0,5}|"
        r"(?:中文)?字幕(?:由|\s?by\s?)\S.{0,30}|\S{0,20}字幕[组組]",
        re.IGNORECASE,
    )


_NAME = re.compile(
    "(?!.*[我你您他她它的了吗嗎呢吧啊呀是不这這那就都也没沒请請])"
    r"(?:[^。！？!?，,…A-Za-zÀ-žА-я]{2,40}|[^。！？!?，,…]*[A-ZА-Я@_\d][^\s。！？!?，,…]*"
    r"(?:[ &]+(?:(?:and|und|de|von|van) )?[A-ZА-Я0-9][^\s。！？!?，,…]*){0,5})"
)
_SURNAMES = (
    "某王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何高林罗羅郑鄭梁谢謝宋唐许許韩韓冯馮邓鄧曹彭曾肖蕭萧田董袁"
    "潘于蒋蔣蔡余杜叶葉程苏蘇魏吕呂丁任沈姚卢盧姜崔钟鐘谭譚陆陸汪范石廖贾賈夏韦韋付方邹鄒孟熊秦邱江尹薛闫阎段雷侯龙"
    "龍史陶黎贺賀顾顧毛郝龚龔邵万萬钱錢严嚴覃武戴莫孔汤湯"
)
_PERSON = re.compile(
    rf"[{_SURNAMES}][\u4e00-\u9fff]{{1,3}}(?:[\s、/&]+\S{{2,4}})*$|[A-Z][\w.]+ [A-Z]"
)
