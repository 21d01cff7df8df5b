"""Columns of a foreign table, and their mapping to fields."""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from corpus_tools.importing.labels import SYNONYMS
from manifests.base.errors import ConfigurationError
from manifests.base.letters import plain_letters

__all__ = [
    "ALIASES",
    "LABELS",
    "PATTERN_PARTS",
    "TIMES",
    "has_column",
    "map_columns",
    "name_value_pairs",
    "names_files",
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
    "text_source": ("textsource",),
    "text_confidence": ("textconfidence",),
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

LABELS = {name for names in SYNONYMS.values() for name in names}
"""Names of classes, which as columns hold counts or scores of them."""

PATTERN_PARTS = re.compile(r"\{([^{}]+)\}")
"""Columns in a pattern of file names, such as ``dia{Dialogue_ID}_utt{Utterance_ID}.mp4``."""

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
    parts = PATTERN_PARTS.findall(column or "")
    return column in header or (bool(parts) and all(part in header for part in parts))


def names_files(header: Iterable[str]) -> bool:
    """Return whether a column of a table is known to name audio files."""
    return any(_plain(name.rpartition(".")[2]) in ALIASES["file"] for name in header)


def unread_columns(header: Iterable[str], columns: Mapping[str, str]) -> list[str]:
    """Return the columns of a table that stand for no field."""
    read = set(columns.values()).union(*map(PATTERN_PARTS.findall, columns.values()))
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
    read = set(columns.values()).union(*map(PATTERN_PARTS.findall, columns.values()))
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
            label = field == "emotion" and key in LABELS
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
