"""A film with the same lines in a file and in its picture: how far both texts agree.

The speech is a constructed episode of nEMO, in Polish. Each utterance is shown as what is said, in
one row or two, or with --language zh as a line of Chinese drama, from its start to its end, on a
busy picture at 480p, and is written into an .srt file beside the film. The film takes the whole
path: `corpus read-subtitles`, `segment`, `transcribe --subtitles-only`, then the error rate of the
texts from the picture against those from the file.

    python -m benchmarks.burned_in.both_texts FOLDER --minutes 1.5
"""

import argparse
import random
import textwrap
from pathlib import Path

from benchmarks.burned_in.films import FPS, Case, Shown, drama, encode
from benchmarks.common import constructed
from corpus_tools.api.corpus import Corpus
from corpus_tools.transcription.compare import compare_transcripts
from manifests.base.letters import plain_letters


def film(folder: Path, minutes: float, language: str) -> tuple[Path, list[Shown]]:
    """Write the film and its .srt, and return the lines."""
    one = constructed.episode(constructed.MEASURED, 0, minutes, 0.5)
    texts = ["\n".join(textwrap.wrap(text, 32)) for text in one.texts]
    if language == "zh":
        texts = random.Random(0).sample(drama(), len(texts))
    lines = [
        Shown(round(start * FPS) / FPS, round(end * FPS) / FPS, text)
        for (start, end, _), text in zip(one.utterances, texts, strict=True)
    ]
    path = folder / "film.mp4"
    encode(Case("both texts", 301, bits=900, seconds=one.seconds), lines, path, one.samples)
    cues = (
        f"{number}\n{_time(line.start)} --> {_time(line.end)}\n{line.text}\n"
        for number, line in enumerate(lines, start=1)
    )
    path.with_suffix(".srt").write_text("\n".join(cues), encoding="utf-8")
    return path, lines


def _time(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"00:{minutes:02}:{rest // 1000:02},{rest % 1000:03}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="an empty folder")
    parser.add_argument("--minutes", type=float, default=1.5)
    parser.add_argument("--language", choices=("pl", "zh"), default="zh")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    path, lines = film(given.folder, given.minutes, given.language)
    corpus = Corpus.create(given.folder / "corpus", language=given.language)
    for outcome in (
        corpus.read_subtitles(path),
        corpus.segment(path),
        corpus.transcribe(subtitles_only=True),
    ):
        print(outcome.kept, outcome.warnings, outcome.failures)
    found = compare_transcripts(corpus.path, "subtitle", "ocr")
    letters = sum(len(plain_letters(line.text)) for line in lines)
    print(f"{len(lines)} lines, {letters} letters: {found.details}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
