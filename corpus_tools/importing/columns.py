"""Columns of a foreign table: their mapping to fields, and parsing of their cells."""

import difflib
import json
import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from corpus_tools.importing.labels import SYNONYMS
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.letters import composed, plain_letters
from manifests.base.timecode import parse_time

__all__ = [
    "LONG_NAME",
    "cell_label",
    "cell_name",
    "cell_seconds",
    "cell_text",
    "check_text",
    "fill_pattern",
    "has_column",
    "map_columns",
    "name_value_pairs",
    "names_files",
    "parse_votes",
    "unread_columns",
]

ALIASES: dict[str, tuple[str, ...]] = {
    "file": ("file", "filename", "path", "filepath", "audio", "wav", "audiopath", "wavpath",
             "audiofilepath", "audiofile", "audiofilename", "audioname", "wavfile", "wavefile",
             "wavfilename", "wavname", "soundfile", "fname", "clippath", "clipname", "fileid",
             "filepaths", "filenames", "recording", "文件", "文件名", "路径", "音频", "音频文件",
             "音频路径"),
    "emotion": ("emotion", "emo", "label", "emotionlabel", "class", "category", "emoclass",
                "emotionclass", "emotioncategory", "emotionname", "emotionid", "emolabel",
                "emocategory", "emotag", "emotiontag", "emotions", "labels", "labelname",
                "labelemotion", "classlabel", "classname", "majoremotion", "majorityemotion",
                "primaryemotion", "emotiongold", "goldemotion", "goldlabel", "finalemotion",
                "finallabel", "情感", "情绪", "情感标签", "情绪标签", "情感类别", "情绪类别",
                "标签", "类别"),
    "votes": ("votes",),
    "annotator": ("annotator", "annotatorid", "annotatorname", "rater", "raterid", "ratername",
                  "worker", "workerid", "coder", "coderid", "evaluator", "evaluatorid", "labeler",
                  "labeller", "labelerid", "labellerid", "judge", "judgeid", "listener",
                  "listenerid", "ratedby", "labeledby", "labelledby", "annotatedby", "标注者",
                  "标注员", "标注人", "标注员id", "评分者", "评价者"),
    "adjudicated": ("adjudicated",),
    "speaker": ("speaker", "speakerid", "spk", "spkid", "actor", "actorid", "spkr", "spkrid",
                "speakername", "speakercode", "spkname", "talker", "talkerid", "subject",
                "subjectid", "participant", "participantid", "performer", "performerid",
                "clientid", "personid", "actorname", "speakers", "speakerlabel", "说话人", "说话者",
                "说话人id", "发音人", "演员", "sprecher", "locuteur", "hablante", "mówca"),
    "gender": ("gender", "sex", "speakergender", "spkgender", "spkrgender", "actorgender",
               "speakersex", "性别"),
    "age": ("age", "speakerage", "spkage", "actorage", "年龄"),
    "region": ("region", "accent"),
    "native": ("native",),
    "text": ("text", "transcript", "transcription", "utterance", "sentencetext", "transcripts",
             "transcriptions", "utterancetext", "normalizedtext", "asrtext", "文本", "内容",
             "转写", "台词"),
    "sentence": ("sentence", "sentenceid"),
    "split": ("split", "partition", "subset", "set", "splitset", "datasplit", "setname",
              "splitname", "partitionname", "trainvaltest", "traintest", "划分", "数据划分"),
    "source": ("source", "sourceid", "episode", "dialogue", "dialogueid", "session", "sessionid",
               "episodeid", "dialog", "dialogid", "conversation", "conversationid"),
    "series": ("series", "show"),
    "start": ("start", "starttime", "begin", "begintime", "onset", "offset", "startoffset",
              "segmentstart", "starts", "tstart", "timestart", "timebegin", "tmin", "xmin",
              "开始", "开始时间", "起始时间"),
    "end": ("end", "endtime", "stop", "stoptime", "segmentend", "endoffset", "ends", "tend",
            "timeend", "tmax", "xmax", "结束", "结束时间"),
    "duration": ("duration", "dur", "audioduration", "segmentduration", "时长"),
}  # fmt: skip
"""Accepted column names of each field, in order of precedence, as `_plain` returns them."""

TIMES = ("start", "end", "duration")
"""Fields in seconds; with ``_ms`` behind the name in milliseconds."""


def map_columns(
    header: Iterable[str],
    given: Mapping[str, str] | None = None,
    passed_over: Collection[str] = (),
) -> dict[str, str]:
    """Return the column name of each field in a table.

    Names are compared without case, spaces and punctuation; a name within a struct counts for it.
    ``given`` has user-defined columns, ``passed_over`` names those that aren't to be read.

    Raises:
        ConfigurationError: if a given column or field doesn't exist, no column names the audio
            files, or a column resembles a field that matters and isn't read.

    Example:
        >>> map_columns(["Path", "EmoClass", "note"])
        {'file': 'Path', 'emotion': 'EmoClass'}
        >>> map_columns(["audio_filepath", "offset", "Duration (ms)"])
        {'file': 'audio_filepath', 'start': 'offset', 'duration_ms': 'Duration (ms)'}
    """
    names = list(header)
    _check_exist("--ignore ", passed_over, names)
    by_name: dict[str, str] = {}
    for name in reversed([name for name in names if name not in passed_over]):
        by_name.setdefault(_plain(name.rpartition(".")[2]), name)
        by_name[_plain(name)] = name
    if "onset" in by_name and "offset" in by_name and "end" not in by_name:
        by_name["end"] = by_name.pop("offset")
    columns: dict[str, str] = {}
    for field, aliases in ALIASES.items():
        for unit, suffixes in _UNITS.items() if field in TIMES else (("", ("",)),):
            keys = (alias + suffix for alias in aliases for suffix in suffixes)
            found = next((by_name[key] for key in keys if key in by_name), None)
            if found is not None and field not in columns:
                columns[field + unit] = found
                break
    for field, column in (given or {}).items():
        if field.removesuffix("_ms") not in (TIMES if field.endswith("_ms") else ALIASES):
            near = difflib.get_close_matches(field, ALIASES, n=1, cutoff=0.0)[0]
            raise ConfigurationError(
                f"--column {field}={column}: no field {field!r}; did you mean "
                f"{near!r}? Fields: {', '.join(ALIASES)}"
            )
        if not has_column(names, column):
            _check_exist(f"--column {field}=", [column], names)
        for other in (field.removesuffix("_ms"), f"{field}_ms"):
            columns.pop(other, None)
        columns[field] = column
    if "file" not in columns and (ids := [key for key in _FILE_IDS if key in by_name]):
        columns["file"] = by_name[ids[0]]
    if "file" not in columns:
        raise ConfigurationError(
            f"no column names the audio files; name it, e.g. --column file=NAME; the table "
            f"has {', '.join(names[:_SHOWN]) or 'none'}"
        )
    _check_lookalikes(names, columns, passed_over)
    return columns


def has_column(header: Collection[str], column: str | None) -> bool:
    """Return whether a table has a column, or those in a pattern such as ``{id}_{part}.wav``."""
    parts = _PARTS.findall(column or "")
    return column in header or (bool(parts) and all(part in header for part in parts))


def fill_pattern(pattern: str, cells: Mapping[str, Any]) -> str:
    """Return a pattern with the texts of columns in place of their names.

    >>> fill_pattern("dia{Dialogue}_utt{Utterance}.mp4", {"Dialogue": 0, "Utterance": 3})
    'dia0_utt3.mp4'
    """
    return _PARTS.sub(lambda match: cell_text(cells.get(match[1])) or "", pattern)


_PARTS = re.compile(r"\{([^{}]+)\}")


def names_files(header: Iterable[str]) -> bool:
    """Return whether a column of a table is known to name audio files."""
    return any(_plain(name.rpartition(".")[2]) in ALIASES["file"] for name in header)


def unread_columns(header: Iterable[str], columns: Mapping[str, str]) -> list[str]:
    """Return the columns of a table that stand for no field."""
    read = set(columns.values()).union(*map(_PARTS.findall, columns.values()))
    return [name for name in header if name not in read]


def _plain(name: str) -> str:
    """Return a column's name without case, width, spaces and punctuation.

    >>> _plain("Spkr_ID"), _plain("audio-filePath"), _plain("start (ms)")
    ('spkrid', 'audiofilepath', 'startms')
    """
    return plain_letters(name)


def _check_exist(option: str, columns: Iterable[str], names: Sequence[str]) -> None:
    for column in columns:
        if column not in names:
            raise ConfigurationError(
                f"{option}{column}: the table has no such column; it has "
                f"{', '.join(names[:_SHOWN])}"
            )


def _check_lookalikes(
    names: Sequence[str], columns: Mapping[str, str], passed_over: Collection[str]
) -> None:
    """Refuse unread columns if their names resemble a field that is absent and matters."""
    read = set(columns.values()).union(*map(_PARTS.findall, columns.values()))
    absent = [field for field in _TELLING if field not in columns and f"{field}_ms" not in columns]
    if "votes" in columns and "emotion" in absent:
        absent.remove("emotion")
    for name in names:
        if name in passed_over or name in read:
            continue
        key = _plain(name).replace("folder", "")
        for unit in _COUNTS:
            for field in TIMES:
                if key in {a + unit for a in ALIASES[field]} | {unit + a for a in ALIASES[field]}:
                    raise ConfigurationError(
                        f"column {name!r} counts {unit}; give {field} in seconds, or pass the "
                        f"column over with --ignore {name}"
                    )
        for field in absent:
            near = difflib.get_close_matches(key, ALIASES[field], n=1, cutoff=_NEAR)
            label = field == "emotion" and key in _LABELS
            if near or label or any(part in key for part in _TELLING[field]):
                raise ConfigurationError(
                    f"column {name!r} isn't read, but looks like {_MEANING[field]}; name the "
                    f"right column with --column {field}=NAME, or pass this one over with "
                    f"--ignore {name!r}"
                )


_UNITS: dict[str, tuple[str, ...]] = {
    "": ("", "s", "sec", "secs", "second", "seconds", "秒"),
    "_ms": ("ms", "msec", "msecs", "millis", "millisecond", "milliseconds", "毫秒"),
}
_FILE_IDS = ("id", "uttid", "utteranceid", "uttname", "utterancename", "wavid", "audioid", "clipid",
             "segmentid", "sampleid", "name", "key", "utt", "clip")  # fmt: skip
"""Names of columns that may have the names of files, if no other column does."""
_LABELS = {name for names in SYNONYMS.values() for name in names}
_COUNTS = ("samples", "sample", "frames", "frame", "us", "microseconds")
_TELLING: dict[str, tuple[str, ...]] = {
    "emotion": ("emo", "label", "class", "categor", "affect", "feeling", "mood", "sentiment",
                "vote", "annotations", "情感", "情绪", "标签"),
    "speaker": ("speak", "spk", "actor", "talker", "subjectid", "participant", "说话", "演员"),
    "split": ("split", "partition", "subset", "fold", "traintest", "trainval", "划分"),
    "start": ("start", "begin", "offset", "onset", "开始", "起始"),
}  # fmt: skip
"""Parts of names that tell of a field; its loss would falsify a corpus."""
_MEANING = {"emotion": "the emotion", "speaker": "the speaker", "split": "the split",
            "start": "the start of the clip"}  # fmt: skip
_NEAR = 0.85  # difflib's ratio: one wrong letter in a name of seven
_SHOWN = 30


LONG_NAME = 120
"""Maximum length of a name or a sentence id in characters."""


def cell_text(value: Any) -> str | None:
    """Return the text of a cell without surrounding space, None for an empty or non-text one.

    Example:
        >>> cell_text(" F01 "), cell_text(3.0), cell_text("NaN"), cell_text(float("nan"))
        ('F01', '3', None, None)
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        value = int(value) if value.is_integer() else value
    if value is None or isinstance(value, dict | list | bytes):
        return None
    text = composed(str(value)).strip()
    return None if text.casefold() in _EMPTY else text


def check_text(column: str, value: str) -> None:
    """Raise DataError, naming the cell, for surrogates, control characters or excess length."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{column} has an invalid character; save the table as UTF-8") from error
    if any(unicodedata.category(char) == "Cc" and char not in "\t\r\n" for char in value):
        raise DataError(f"{column} has control characters; remove them")
    if len(value) > _MAX_CHARACTERS:
        raise DataError(
            f"{column} has more than {_MAX_CHARACTERS} characters; check for an unclosed quote"
        )


def cell_seconds(field: str, cells: Mapping[str, Any]) -> float | None:
    """Return the time of a field in seconds, None if empty; raise DataError if it isn't a time.

    Times are seconds, with a point or a comma, ``[h:]m:s``, or pandas' ``0 days 00:00:01``; those
    of a field ``start_ms`` are milliseconds.

    Example:
        >>> cell_seconds("start", {"start": "1,25"}), cell_seconds("end", {"end_ms": 2500})
        (1.25, 2.5)
        >>> cell_seconds("start", {"start": "0 days 00:01:02.5"})
        62.5
    """
    unit = 1.0 if field in cells else 0.001
    text = cell_text(cells.get(field, cells.get(f"{field}_ms")))
    if text is None:
        return None
    days = _DAYS.fullmatch(text)
    try:
        value = float(text)
    except ValueError:
        try:
            value = parse_time(days[2]) + 86_400 * int(days[1]) if days else parse_time(text)
        except DataError as error:
            raise DataError(f"{field} {text[:40]!r} is not a number of seconds") from error
    if not 0 <= value * unit < _MAX_SECONDS:
        raise DataError(f"{field} {text[:40]!r} is not a time in a file")
    return value * unit


def cell_name(column: str, cells: Mapping[str, Any]) -> str | None:
    """Return the name in a cell, None if empty; raise DataError if it is too long for a name."""
    text = cell_text(cells.get(column))
    if text is not None and len(text) > LONG_NAME:
        raise DataError(f"{column} has more than {LONG_NAME} characters")
    return text


def cell_label(value: Any) -> str | None:
    """Return the label in a cell, also as the only one in a list; DataError for several.

    Example:
        >>> cell_label(["sad"]), cell_label([])
        ('sad', None)
    """
    if isinstance(value, list):
        if len(value) > 1:
            raise DataError(
                f"has {len(value)} labels; if they are votes, {_PAIRS} in a column votes"
            )
        value = value[0] if value else None
    return cell_text(value)


def parse_votes(cell: Any) -> Iterator[tuple[str, str | None]]:
    """Yield annotator and label of each vote in JSON, pairs or objects; DataError otherwise.

    In an object of annotators, as a struct of Parquet is, those without a label gave no vote.

    Example:
        >>> list(parse_votes('[["x", "sad"], ["y", null]]'))
        [('x', 'sad'), ('y', None)]
        >>> list(parse_votes({"x": "sad", "y": None}))
        [('x', 'sad')]
        >>> list(parse_votes([{"rater": 7, "label": "joy"}]))
        [('7', 'joy')]
    """
    if isinstance(cell, str) and cell.strip():
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError) as error:
            raise DataError(f"votes are not JSON; {_PAIRS}") from error
    if isinstance(cell, dict):
        cell = list(_votes_of_object(cell))
    elif not isinstance(cell, list):
        cell = [] if cell_text(cell) is None else [cell]
    for vote in cell:
        pair: Any = _named_pair(vote) if isinstance(vote, dict) else vote
        good = isinstance(pair, list | tuple) and len(pair) == 2
        if not good or not isinstance(pair[0], str | int) or isinstance(pair[1], list | dict):
            raise DataError(f"votes are not pairs; {_PAIRS}")
        yield str(pair[0]), None if pair[1] is None else str(pair[1])


def _named_pair(vote: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """Return annotator and label in an object that names both."""
    names = {plain_letters(name): name for name in reversed(list(vote))}
    keys = [
        next((names[alias] for alias in ALIASES[field] if alias in names), None)
        for field in ("annotator", "emotion")
    ]
    annotator, label = keys
    return None if annotator is None or label is None else (vote[annotator], vote[label])


def _votes_of_object(cell: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    pair = _named_pair(cell)
    if pair is None:
        given = {name: label for name, label in cell.items() if label is not None}
        if given and all(plain_letters(name) in _LABELS for name in given):
            raise DataError(f"votes don't name their annotators, but classes; {_PAIRS}")
        yield from given.items()
    elif all(isinstance(part, list) for part in pair) and len(pair[0]) == len(pair[1]):
        yield from zip(*pair, strict=True)
    else:
        yield pair


_PAIRS = "give [[annotator, emotion], ...]"
_EMPTY = {"", "nan", "nat", "none", "null", "na", "n/a", "<na>"}
_DAYS = re.compile(r"(\d{1,4}) days? (\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)", re.ASCII)
_MAX_CHARACTERS = 100_000
_MAX_SECONDS = 100_000.0


def name_value_pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    """Return names and values of a repeatable option; ConfigurationError for one without ``=``.

    Example:
        >>> name_value_pairs("--map", ["exc=happy", "joy = happy"])
        {'exc': 'happy', 'joy': 'happy'}
    """
    values = {}
    for text in given:
        name, sign, value = (part.strip() for part in text.partition("="))
        if not (sign and name and value):
            raise ConfigurationError(f"{option} {text}: give it as {option} NAME=VALUE")
        values[name] = value
    return values
