"""Media files in a folder, and the other files there that could have been meant."""

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["MEDIA_EXTENSIONS", "FolderContents", "search_folder"]

_EXTENSIONS = """
    3g2 3ga 3gp 3gp2 3gpp aac ac3 adts aif aifc aiff amr ape asf au avi bwf caf dff divx dsf dts dv
    eac3 ec3 f4a f4b f4v flac flv gsm ivf m1v m2p m2t m2ts m2v m4a m4b m4r m4v mk3d mka mkv mod mov
    mp1 mp2 mp3 mp4 mpa mpc mpe mpeg mpg mpv mts mxf nut oga ogg ogm ogv ogx opus ra rf64 rm rmvb
    snd spx tod tp trp ts tta vob voc w64 wav wave weba webm wma wmv wtv wv
"""
MEDIA_EXTENSIONS = frozenset(f".{name}" for name in _EXTENSIONS.split())
"""Extensions of the media files that a folder is searched for; ``.dat`` (Video CD) by content."""


@dataclass
class FolderContents:
    """Contents of a folder and its subfolders: the media, and what was passed over.

    Attributes:
        folder: the folder.
        files: media files, in the order of their names.
        folders: folders that were entered, in the order of their names.
        broken: links to missing files or folders.
        unreadable: subfolders that can't be read, with the reason.
        outside: linked folders that lead out of the folder, and were entered.
        back: linked folders that lead to a folder above, and were not entered.
        others: files that may be meant as media, by what is odd about them.
    """

    folder: Path
    files: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    broken: list[Path] = field(default_factory=list)
    unreadable: list[tuple[Path, str]] = field(default_factory=list)
    outside: list[Path] = field(default_factory=list)
    back: list[Path] = field(default_factory=list)
    others: list[tuple[str, Path]] = field(default_factory=list)

    def problems(self) -> Iterator[tuple[Path, str]]:
        """Yield what is there but can't be read, with the reason."""
        for link in self.broken:
            yield link, "is a link to a missing file; mount its disk or remove it"
        for folder, reason in self.unreadable:
            yield folder, f"is a folder that can't be read ({reason}); change its permissions"

    def warnings(self) -> Iterator[str]:
        """Yield a sentence for each kind of thing that was passed over, or lies outside."""
        if self.others:
            kinds = Counter(kind for kind, _ in self.others)
            first = {kind: path.name for kind, path in reversed(self.others)}
            listed = ", ".join(f"{n} {kind} ({first[kind]})" for kind, n in kinds.most_common())
            yield (
                f"{self.folder}: {_number(len(self.others), 'file')} passed over: {listed}; give "
                f"those that are audio or video by name"
            )
        if self.outside:
            yield (
                f"{self.folder}: entered {_number(len(self.outside), 'linked folder')} that "
                f"{_lie(self.outside)} outside: {self._names(self.outside)}"
            )
        if self.back:
            yield (
                f"{self.folder}: did not enter {_number(len(self.back), 'linked folder')} that "
                f"{_lie(self.back)} above: {self._names(self.back)}"
            )

    def _names(self, paths: Sequence[Path]) -> str:
        names = [path.relative_to(self.folder).as_posix() for path in paths[:_NAMED]]
        return ", ".join(names) + " …" * (len(paths) > _NAMED)


def search_folder(folder: Path, left_out: Collection[Path] = ()) -> FolderContents:
    """Return the media below a folder, and what was passed over.

    Linked folders are entered, each folder once; hidden ones, those of systems and the folders
    ``left_out`` (resolved paths) are not. Names in upper case count as well.
    """
    found = FolderContents(folder)
    root = folder.resolve()
    seen = set(left_out)
    links = [folder]
    while links:
        link = links.pop(0)
        real = link.resolve()
        if real in seen:
            continue
        if link is not folder and root.is_relative_to(real):
            found.back.append(link)
            continue
        if not real.is_relative_to(root):
            found.outside.append(link)
        links += _enter(link, real, seen, found)
    found.files.sort()
    found.folders.sort()
    found.broken.sort()
    found.others.sort(key=lambda other: other[1])
    return found


def _enter(folder: Path, real: Path, seen: set[Path], found: FolderContents) -> list[Path]:
    """Add the contents of a folder; return the linked folders in it."""
    links: list[Path] = []
    waiting = [(folder, real)]
    while waiting:
        place, here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            found.unreadable.append((place, error.strerror or "unknown reason"))
            continue
        found.folders.append(place)
        for entry in entries:
            path = place / entry.name
            if path.is_dir():
                if not entry.name.startswith(".") and entry.name.casefold() not in _OF_SYSTEMS:
                    if entry.is_symlink():
                        links.append(path)
                    else:
                        waiting.append((path, here / entry.name))
            elif path.is_file():
                _add_file(path, found)
            elif entry.is_symlink() and _may_be_wanted(path):
                found.broken.append(path)
    return links


def _add_file(path: Path, found: FolderContents) -> None:
    suffix = path.suffix.lower()
    media = suffix in MEDIA_EXTENSIONS or (suffix in _BY_CONTENT and _is_stream(path))
    if path.name.startswith("."):
        if media and not path.name.startswith("._") and ".partial" not in path.suffixes:
            found.others.append(("hidden", path))  # not macOS's and our own companions
    elif media:
        found.files.append(path)
    elif suffix in _UNFINISHED:
        if suffix != ".tmp" or Path(path.stem).suffix.lower() in MEDIA_EXTENSIONS:
            found.others.append(("unfinished", path))
    elif not suffix:
        if _is_stream(path):
            found.others.append(("without suffix", path))
    elif suffix not in _COMPANIONS:
        found.others.append((suffix, path))


def _may_be_wanted(link: Path) -> bool:
    return not link.name.startswith(".") and link.suffix.lower() not in _COMPANIONS


def _is_stream(path: Path) -> bool:
    """Return whether a file begins like audio or video."""
    try:
        with path.open("rb") as stream:
            head = stream.read(512)
    except OSError:
        return False
    packets = any(head[step : step + 1] == b"\x47" for step in (188, 192)) and b"\x47" in head[:5]
    return head.startswith(_MARKS) or head[4:8] in _BOXES or packets


def _number(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"


def _lie(paths: Sequence[Path]) -> str:
    return "lies" if len(paths) == 1 else "lie"


_NAMED = 3
_BY_CONTENT = {".dat"}
_OF_SYSTEMS = {
    *("#recycle", "$recycle.bin", "@eadir", "@recycle", "__macosx", "lost+found"),
    "system volume information",
}
"""Folders of systems, as their names are in lower case: what was deleted, previews."""


def _suffixes(names: str) -> frozenset[str]:
    return frozenset(f".{name}" for name in names.split())


_UNFINISHED = _suffixes(
    "!bt !qb !ut aria2 bc! crdownload download filepart opdownload part partial td tmp unfinished "
    "xltd"
)
_COMPANIONS = _suffixes("""
    ass bib css csv doc docx ini json jsonl log lrc md nfo ods odt pdf rst rtf sbv smi srt ssa sub
    idx sup tex toml tsv ttml dfxp txt usf vtt xls xlsx xml yaml yml html htm mhtml

    bmp gif heic ico jpeg jpg png svg tbn tif tiff webp psd

    cha eaf etf lab mlf pfsx phn psfx py r rttm sh stm textgrid trs ctm wrd

    accurip bak bif cue db desktop edl ffindex lnk lock m3u m3u8 md5 pls sfv sha1 sha256 torrent
    url webloc xmp ytdl

    arrow npy npz parquet pkl pt pth safetensors sqlite
""")
"""Suffixes that nobody takes for audio or video.

Texts and subtitles, pictures, annotations and scripts, what systems, players and downloads leave
beside, and data.
"""
_MARKS = (
    b"RIFF", b"RF64", b"\x1a\x45\xdf\xa3", b"OggS", b"fLaC", b"ID3", b"\xff\xfb", b"\xff\xf3",
    b"\xff\xf1", b"\xff\xf9", b"\0\0\1\xba", b"\0\0\1\xb3", b"FLV\1", b"FORM", b".RMF", b"#!AMR",
    b"\x30\x26\xb2\x75", b"wvpk", b"MAC ", b"TTA1", b"caff", b".snd", b"\x0b\x77",
)  # fmt: skip
"""First bytes of the usual formats."""
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
