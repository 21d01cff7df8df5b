"""Class, speaker and split of the files of a folder, by the names of folders and files.

Known layouts: ``0011/Angry/train/x.wav`` (ESD), ``liuchanhg/angry/201.wav`` (CASIA),
``OAF_angry/OAF_back_angry.wav`` (TESS), ``1001_DFA_ANG_XX.wav`` (CREMA-D), ``EB0_anger_1.opus``
(nEMO), ``Actor_01/03-01-05-01-02-01-01.wav`` (RAVDESS), ``03a01Fa.wav`` (EMO-DB).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

__all__ = ["layout_cells"]

Known = Callable[[str], bool]
"""Whether a label is known."""


@dataclass(frozen=True)
class _File:
    """Folders of a file, without those that name splits; its stem; the name of its split."""

    folders: tuple[str, ...]
    stem: str
    split: str | None


@dataclass(frozen=True)
class _Place:
    """Place of a name: a folder, counted from the file (1 is the nearest) or the stem (0).

    ``part`` is the index of a part of that name, counted from the end where negative; None for the
    whole name.
    """

    folder: int
    part: int | None = None

    def name(self, file: _File) -> str | None:
        """Return the name at this place, None if a file has none."""
        if self.folder > len(file.folders):
            return None
        name = file.folders[-self.folder] if self.folder else file.stem
        if self.part is None:
            return name
        parts = _parts(name)
        fits = -len(parts) <= self.part < len(parts)
        return parts[self.part] if fits else None


def layout_cells(
    names: Sequence[str], known: Known, splits: Callable[[str], object]
) -> list[tuple[dict[str, str], str | None]]:
    """Return the cells of each file, and the name of its split or None.

    ``names`` are relative paths; ``splits`` returns a value for the name of a split. The cells are
    ``file``, ``emotion``, ``speaker``, ``source``, as far as names tell, and ``folder1``, … from
    the outermost that isn't the same for all.

    Example:
        >>> names = ["0011/Angry/train/x.wav", "0012/Sad/test/y.wav"]
        >>> layout_cells(names, {"Angry", "Sad"}.__contains__, {"train", "test"}.__contains__)[0]
        ({'file': '0011/Angry/train/x.wav', 'folder1': '0011', 'folder2': 'Angry', \
'emotion': 'Angry', 'speaker': '0011'}, 'train')
    """
    if not names:
        return []
    files = [_file(name, splits) for name in names]
    shown = _without_common(files)
    labels = _labels(files, known)
    people = _speakers(files, labels)
    cells = []
    for name, file, folders, (label, _), own in zip(
        names, files, shown, labels, people, strict=True
    ):
        found = {"file": name}
        found |= {f"folder{number}": folder for number, folder in enumerate(folders, start=1)}
        if label is not None:
            found["emotion"] = label
        cells.append((found | own, file.split))
    return cells


def _file(name: str, splits: Callable[[str], object]) -> _File:
    path = PurePosixPath(name)
    folders = path.parts[:-1]
    split = next((folder for folder in folders if splits(folder)), None)
    return _File(tuple(folder for folder in folders if not splits(folder)), path.stem, split)


def _without_common(files: Sequence[_File]) -> list[tuple[str, ...]]:
    """Return the folders of each file below the one that is common to all."""
    common = 0
    for level in zip(*(file.folders for file in files), strict=False):
        if len(set(level)) > 1:
            break
        common += 1
    return [file.folders[common:] for file in files]


def _labels(files: Sequence[_File], known: Known) -> list[tuple[str | None, _Place | None]]:
    """Return the label of each file, and its place if it is the same for all files.

    The place is the nearest folder that is named by labels for most files, else a part of the
    names of folders, else of files; else, where names follow a known scheme, that; else the nearest
    folder: its names are then labels that nobody knows.
    """
    depth = max((len(file.folders) for file in files), default=0)
    whole = [_Place(folder) for folder in range(1, depth + 1)]
    parts = [
        _Place(folder, part)
        for folder in (*range(1, depth + 1), 0)
        for part in (*range(_MOST_PARTS), *range(-1, -_MOST_PARTS - 1, -1))
    ]
    shares = {place: _share(files, place, known) for place in (*whole, *parts)}
    for places, least in ((whole, 0.5), (parts, 0.5), (whole, 0.0)):
        best = max(places, key=lambda place: shares[place], default=None)
        if best is not None and shares[best] >= least and shares[best] > 0:
            return [(best.name(file), best) for file in files]
        if places is parts and (coded := _coded(files)):
            return [(label, None) for label in coded]
    return [(file.folders[-1] if file.folders else None, _Place(1)) for file in files]


def _share(files: Sequence[_File], place: _Place, known: Known) -> float:
    names = (place.name(file) for file in files)
    return sum(name is not None and known(name) for name in names) / len(files)


@lru_cache(2**16)
def _parts(name: str) -> list[str]:
    """Return the parts of a name, at punctuation and between letters and digits or capitals.

    >>> _parts("OAF_back_angry"), _parts("Angry0011"), _parts("speakerHappy-2")
    (['OAF', 'back', 'angry'], ['Angry', '0011'], ['speaker', 'Happy', '2'])
    """
    return [
        part
        for word in re.split(r"[\W_]+", name)
        for part in (_CAMEL.findall(word) if _CAMEL.search(word) else [word])
        if part
    ]


def _coded(files: Sequence[_File]) -> list[str | None]:
    """Return the labels of files that are named by one of the known schemes, empty if none are."""
    for scheme, labels, _ in _SCHEMES:
        matches = [scheme.fullmatch(file.stem) for file in files]
        if sum(match is not None for match in matches) >= 0.5 * len(files):
            return [match and labels.get(match["label"], match["label"]) for match in matches]
    return []


def _speakers(
    files: Sequence[_File], labels: Sequence[tuple[str | None, _Place | None]]
) -> list[dict[str, str]]:
    """Return the speaker or the source of each file, where names tell."""
    for scheme, _, field in _SCHEMES:
        matches = [scheme.fullmatch(file.stem) for file in files]
        if field and all(matches):
            return [{field: match["speaker"]} for match in matches if match]
    place = labels[0][1]
    classes = [label for label, _ in labels]
    depth = min((len(file.folders) for file in files), default=0)
    same_depth = all(len(file.folders) == depth for file in files)
    found: list[dict[str, str]] = [{} for _ in files]
    for level in range(1, depth + 1) if same_depth else ():
        if place == _Place(level):
            continue
        names = [file.folders[-level] for file in files]
        field = "source" if all(map(_SESSION.match, names)) else "speaker"
        above = place is not None and level > place.folder > 0
        if field not in found[0] and (above or len(set(names)) < len(names)):
            if not _tells(names, classes):
                continue
            found = [own | {field: name} for own, name in zip(found, names, strict=True)]
    if "speaker" not in found[0] and place is not None and place.part is not None:
        rest = [_rest(place, file) for file in files]
        if all(map(_CODE.fullmatch, rest)) and _tells(rest, classes):
            found = [own | {"speaker": name} for own, name in zip(found, rest, strict=True)]
    return found


def _tells(names: Sequence[str], classes: Sequence[str | None]) -> bool:
    """Return whether names may be those of speakers: several files each, of several classes."""
    files = Counter(names)
    if len(files) == 1:
        return _NUMBERED.fullmatch(names[0]) is not None
    by_name: defaultdict[str, set[str | None]] = defaultdict(set)
    for name, label in zip(names, classes, strict=True):
        by_name[name].add(label)
    several = sum(len(found) > 1 for found in by_name.values())
    if len(set(classes)) < 2:
        return True
    return 2 * several >= len(files) or all(map(_NUMBERED.fullmatch, files))


def _rest(place: _Place, file: _File) -> str:
    """Return the rest of a folder's name beside the label, or the first part of a file's name."""
    name = file.stem if place.folder == 0 else file.folders[-place.folder]
    parts = _parts(name)
    if place.folder == 0:
        return re.split(r"[\W_]+", name)[0] if place.part not in (0, -len(parts)) else ""
    label = place.name(file)
    words = [word for word in re.split(r"[\W_]+", name) if word != label]
    return words[0] if len(words) == 1 else ""


def _of(pairs: str) -> Mapping[str, str]:
    return dict(pair.split("=") for pair in pairs.split())


_MOST_PARTS = 6
_CAMEL = re.compile(r"[^\W\d_]?[^\W\dA-Z_]+|[A-Z]+(?![a-z])|\d+")
_SESSION = re.compile(
    r"(?i)(ses|dia|conv|scene|ep|season|movie|film|take|part|disc|cd)[a-z]*[\W_]*\d"
)
_NUMBERED = re.compile(
    r"(?i)(s|f|m|p|spk|spkr|speaker|actor|actress|subject|participant|person|talker|id|female|male"
    r"|sprecher|locuteur|hablante|说话人|演员)?[\W_]*[a-z]{0,2}\d{1,6}"
)
_CODE = re.compile(r"(?=.*[A-Z\d])[A-Z]{0,5}\d{0,6}")

_SCHEMES: tuple[tuple[re.Pattern[str], Mapping[str, str], str], ...] = (
    (
        re.compile(r"\d\d-\d\d-(?P<label>\d\d)-\d\d-\d\d-\d\d-(?P<speaker>\d\d)"),
        _of("01=neutral 02=calm 03=happy 04=sad 05=angry 06=fearful 07=disgust 08=surprised"),
        "speaker",
    ),
    (
        re.compile(r"(?P<speaker>\d\d)[ab]\d\d(?P<label>[WLEAFTN])[a-f]?"),
        _of("W=anger L=boredom E=disgust A=fear F=happiness T=sadness N=neutral"),
        "speaker",
    ),
    (
        re.compile(r"(?P<speaker>DC|JE|JK|KL)_(?P<label>a|d|f|h|n|sa|su)\d\d"),
        _of("a=anger d=disgust f=fear h=happiness n=neutral sa=sadness su=surprise"),
        "speaker",
    ),
)
"""Names of RAVDESS (zenodo.org/records/1188976), EMO-DB (emodb.bilderbar.info) and SAVEE."""
