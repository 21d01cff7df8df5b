"""Reading of one film: from its picture to subtitle lines. A pure function of the film."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus_tools.burned_in.band import Band, find_band
from corpus_tools.burned_in.lines import ShownLine, read_appearances, without_other_texts
from corpus_tools.burned_in.picture import Frame, Picture, open_picture, sample
from corpus_tools.burned_in.reader import TextReader
from corpus_tools.burned_in.tracking import follow
from corpus_tools.media.errors import MediaError
from corpus_tools.segmentation.subtitles.read import subtitle_records
from corpus_tools.subtitles.cues import Cue
from corpus_tools.subtitles.files import clean_subtitles
from manifests.base.errors import DataError
from manifests.base.letters import plain_letters
from manifests.base.outcome import counted
from manifests.storage.records import SubtitleLine

__all__ = ["FilmText", "read_film"]


@dataclass(frozen=True)
class FilmText:
    """Lines of a film's picture in order of time, the band as shares of its height, and warnings.

    The band is None if none was found.
    """

    lines: list[SubtitleLine]
    band: tuple[float, float] | None
    warnings: list[str]


def read_film(
    film: Path,
    source_id: str,
    reader: TextReader,
    language: str = "zh",
    band: tuple[float, float] | None = None,
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> FilmText:
    """Read the subtitles in a film's picture, in the band given or found.

    ``progress`` is called with the seconds of the film done and their total. Memory doesn't grow
    with the film's length. Raise `MediaError` if it has no picture that can be decoded.
    """
    samples = sample(film)
    if not samples:
        raise MediaError("has a picture of which not a single frame can be decoded; play it")
    height, width = samples[0].luma.shape
    if band:
        found: Band | None = Band.of_shares(band, height)
    else:
        found = find_band(samples, reader) or find_band(sample(film, onward=True), reader)
    if found is None:
        return FilmText(
            *([], None),
            [
                f"{film}: no text that changes was found in its picture; if it has subtitles, say "
                f"where with --band TOP,BOTTOM"
            ],
        )
    with open_picture(film) as picture:
        frames = _counted(picture, found, progress)
        shown = read_appearances(follow(frames, reader, found.line), reader)
        damaged = picture.damaged
    kept, reasons = without_other_texts(shown, width)
    warnings = [
        f"{film}: {counted(count, 'text')} in its picture {reason}; left out"
        for reason, count in sorted(reasons.items())
    ]
    if damaged:
        warnings.append(f"{film}: {damaged} packets of its picture are damaged; passed over")
    lines, notes = _spoken(film, source_id, kept, language)
    shares = (round(found.top / height, 4), round(found.bottom / height, 4))
    return FilmText(lines, shares, [*warnings, *notes])


def _counted(
    picture: Picture, band: Band, progress: Callable[[float, float], None]
) -> Iterator[Frame]:
    reported = 0.0
    for frame in picture.frames(band.rows):
        yield frame
        if frame.time - reported >= _REPORT_EVERY:
            reported = frame.time
            progress(frame.time, max(picture.seconds, frame.time))


def _spoken(
    film: Path, source_id: str, shown: Sequence[ShownLine], language: str
) -> tuple[list[SubtitleLine], list[str]]:
    """Return the spoken lines, without translations and remarks, by the rules of subtitle files."""
    cues = [
        Cue(
            min(line.start for line in rows),
            max(line.end for line in rows),
            "\n".join(line.text for line in rows),
            None,
        )
        for rows in _rows_shown_together(shown)
    ]
    try:
        found = clean_subtitles(cues, "srt", f"{film}, its picture", language)
    except DataError as error:
        return [], [str(error)]
    records, labels = subtitle_records(film, source_id, found.events)
    shown = sorted(shown, key=lambda line: line.start)
    starts = [line.start for line in shown]
    longest = max((line.end - line.start for line in shown), default=0.0)
    spoken = []
    for record in records:
        first = bisect_left(starts, record.start - longest)
        near = shown[first : bisect_right(starts, record.end)]
        spoken.append(record.changed(origin="ocr", confidence=_confidence(record, near)))
    return spoken, [*found.notes, *labels]


def _rows_shown_together(shown: Sequence[ShownLine]) -> list[list[ShownLine]]:
    """Return the lines that appear and vanish together as one, from the top row to the lowest."""
    cues: list[list[ShownLine]] = []
    for line in sorted(shown, key=lambda line: (line.start, line.end)):
        for rows in cues[-_AT_ONCE:]:
            together = all(
                abs(line.start - other.start) <= _TOGETHER
                and abs(line.end - other.end) <= _TOGETHER
                and not line.box.beside(other.box)
                for other in rows
            )
            if together:
                rows.append(line)
                break
        else:
            cues.append([line])
    return [sorted(rows, key=lambda line: line.box.top) for rows in cues]


def _confidence(record: SubtitleLine, shown: Sequence[ShownLine]) -> float:
    """Return the lowest confidence of the lines that a record was made of."""
    text = plain_letters(record.text_raw or record.text)
    during = [
        line
        for line in shown
        if min(line.end, record.end) - max(line.start, record.start) > 0.5 * (line.end - line.start)
    ]
    parts = [line for line in during if plain_letters(line.text) in text] or during
    return round(min((line.confidence for line in parts), default=0.0), 3)


_REPORT_EVERY = 5.0  # s
_TOGETHER = 0.25  # s
_AT_ONCE = 4  # lines
