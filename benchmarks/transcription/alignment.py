"""Words of subtitles in the right clips, by the lines' times and after forced alignment.

Constructed episodes of nEMO (Polish): utterances with known texts and times. Their subtitles have
one utterance a line, or two, and errors of their times: each line moved by up to 0.3 or 0.6 s
either way at random, or ended after 60 % of its utterance. `corpus segment` corrects what it can
of the whole file, and cuts by the lines. A clip's true words are those of the utterances that lie
in it by 85 % or more; utterances that a cut divides are left out. All rows are measured on the
same clips:

    times       lines go to the clip that holds most of them (without --align)
    voice       the edges of each line move to the nearest edges of the detected voice within 0.7 s,
                and its words are spread over the voice in it by their letters
    aligned     corpus transcribe --align, Whisper base
    other text  the same with each line's text replaced by another's: what should be noticed

    python -m benchmarks.transcription.alignment --minutes 3
"""

import argparse
import difflib
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
import torch

from benchmarks.common import constructed
from benchmarks.common.whisper_base import prepare
from corpus_tools.api.corpus import Corpus
from corpus_tools.media.wav import read_wav
from corpus_tools.transcription import alignment
from corpus_tools.transcription.assign import assign_lines
from corpus_tools.transcription.recognisers.base import RecogniserOptions
from corpus_tools.transcription.recognisers.whisper import WhisperRecogniser
from corpus_tools.transcription.store import read_source_clips
from corpus_tools.transcription.subtitle_transcripts import lines_of, subtitle_transcripts
from manifests.base.letters import plain_letters
from manifests.base.outcome import Outcome
from manifests.storage.records import Clip, SubtitleLine

RATE = constructed.RATE
CASES = ("right", "0.3 s", "0.6 s", "joined", "joined, 0.3 s", "ends early", "joined, 0.6 s")
Line = tuple[float, float, str]


def shown(one: constructed.Episode, case: str, seed: int) -> list[Line]:
    """Return the lines of a case, in order of their beginnings."""
    rng = np.random.default_rng([seed, CASES.index(case)])
    pairs = 2 if "joined" in case else 1
    spoken = list(zip(one.utterances, one.texts, strict=True))
    lines = []
    for at in range(0, len(spoken), pairs):
        own = spoken[at : at + pairs]
        start, end = own[0][0][0], own[-1][0][1]
        if end - start > 8:  # no line of subtitles stands for so long
            halves = [(a, b, text) for (a, b, _), text in own]
        else:
            halves = [(start, end, " ".join(text for _, text in own))]
        for begin, until, text in halves:
            move = rng.uniform(-1, 1) * float(case.split()[-2]) if case.endswith(" s") else 0.0
            if case == "ends early":
                until = begin + 0.6 * (until - begin)
            lines.append((max(begin + move, 0.0), until + move, text))
    return sorted(lines)


def write_srt(path: Path, lines: Sequence[Line]) -> None:
    def clock(at: float) -> str:
        ms = round(at * 1000)
        return f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"

    path.write_text(
        "".join(
            f"{number}\n{clock(start)} --> {clock(end)}\n{text}\n\n"
            for number, (start, end, text) in enumerate(lines, 1)
        ),
        encoding="utf-8",
    )


def words_of(text: str) -> list[str]:
    return [word for part in text.split() if (word := plain_letters(part))]


def truth_of(clips: Sequence[Clip], one: constructed.Episode) -> dict[str, list[str] | None]:
    """Return each clip's true words, None for clips with a part of an utterance."""
    truth: dict[str, list[str] | None] = {}
    for clip in clips:
        said: list[str] | None = []
        for (start, end, _), text in zip(one.utterances, one.texts, strict=True):
            share = (min(end, clip.end) - max(start, clip.start)) / (end - start)
            if 0.15 < share < 0.85:
                said = None
            elif share >= 0.85 and said is not None:
                said += words_of(text)
        truth[clip.clip_id] = said
    return truth


def score(truth: Mapping[str, list[str] | None], texts: Mapping[str, str]) -> tuple[int, int, int]:
    """Return the true words, those found in their clips, and those of others there."""
    total = right = foreign = 0
    for clip_id, said in truth.items():
        if said is None:
            continue
        found = words_of(texts.get(clip_id, ""))
        blocks = difflib.SequenceMatcher(None, said, found, False).get_matching_blocks()
        same = sum(block.size for block in blocks)
        total, right, foreign = total + len(said), right + same, foreign + len(found) - same
    return total, right, foreign


def by_voice(
    lines: Sequence[SubtitleLine], waves: Mapping[str, np.ndarray], clips: Sequence[Clip]
) -> list[SubtitleLine]:
    """Return the lines moved to the edges of the voice, one for each word."""
    length = max(clip.end for clip in clips) + 1
    loud = np.zeros(round(length * 100), bool)
    for clip in clips:
        wave = waves[clip.clip_id]
        frames = wave[: len(wave) // 160 * 160].reshape(-1, 160)
        level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-10)
        first = round(clip.start * 100)
        voiced = level > np.percentile(level, 95) - 30
        loud[first : first + len(voiced)] = voiced[: len(loud) - first]
    edges = np.flatnonzero(np.diff(loud.astype(int)))
    runs: list[list[int]] = []
    for begin, end in zip(edges[::2] + 1, edges[1::2] + 1, strict=False):
        if runs and begin - runs[-1][1] < 12:
            runs[-1][1] = int(end)
        else:
            runs.append([int(begin), int(end)])
    onsets, offsets = (np.array([run[side] for run in runs]) / 100 for side in (0, 1))
    words = []
    for line in lines:
        start, end = (
            float(near[at])
            if abs(near[at := int(np.argmin(np.abs(near - time)))] - time) < 0.7
            else time
            for near, time in ((onsets, line.start), (offsets, line.end))
        )
        if end <= start:
            start, end = line.start, line.end
        frames = np.arange(round(start * 100), max(round(end * 100), round(start * 100) + 1))
        spoken = frames[loud[np.minimum(frames, len(loud) - 1)]]
        spoken = spoken if len(spoken) else frames
        parts = line.text.split()
        places = np.cumsum([0, *(len(part) for part in parts)]) / sum(map(len, parts))
        for part, a, b in zip(parts, places, places[1:], strict=False):
            at = float(spoken[min(int((a + b) / 2 * len(spoken)), len(spoken) - 1)]) / 100
            words.append(replace(line, start=at, end=at + 0.01, text=part))
    return words


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=3.0, help="of each episode (default 3)")
    parser.add_argument("--dev", action="store_true", help="the speakers to choose parameters on")
    parser.add_argument("--background", choices=("noise", "music"), help="12 dB below the speech")
    parser.add_argument("--cases", nargs="*", default=CASES, choices=CASES)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    recogniser = WhisperRecogniser(RecogniserOptions(str(prepare()[0]), "cpu", words=True))
    speakers = constructed.DEV if arguments.dev else constructed.MEASURED
    seed = 100 if arguments.dev else 0
    one = constructed.episode(speakers, seed, arguments.minutes, 0.5, arguments.background, 12.0)
    print(
        "| lines | row | words | in the right clip | of others | flagged | kept | s |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        flush=True,
    )
    for case in arguments.cases:
        with tempfile.TemporaryDirectory() as folder:
            measure(case, one, Path(folder), recogniser, seed)
    return 0


def measure(
    case: str, one: constructed.Episode, folder: Path, recogniser: WhisperRecogniser, seed: int
) -> None:
    soundfile.write(folder / "episode.wav", one.samples, RATE)
    write_srt(folder / "episode.srt", shown(one, case, seed))
    corpus = Corpus.create(folder / "corpus", language="pl")
    corpus.segment(folder / "episode.wav")
    (source,) = read_source_clips(corpus.path, Outcome())
    lines, _ = lines_of(corpus.path, source.source_id, "subtitle")
    clips = [clip for clip in source.clips if clip.superseded_by is None]
    waves = {
        clip.clip_id: read_wav(corpus.path / clip.path, clip.sha256).astype(np.float32) / 32768
        for clip in clips
    }
    truth = truth_of(clips, one)

    def report(
        row: str, given: Sequence[SubtitleLine], kept: int = 0, seconds: float = 0.0
    ) -> None:
        records = subtitle_transcripts(assign_lines(given, clips), clips, "subtitle", language="pl")
        total, right, foreign = score(truth, {r.clip_id: r.text for r in records})
        flagged = sum(bool(r.flags) for r in records)
        print(
            f"| {case} | {row} | {total} | {right / total:.1%} | {foreign / total:.1%} "
            f"| {flagged} of {len(records)} | {kept} | {seconds:.0f} |",
            flush=True,
        )

    def aligned(given: Sequence[SubtitleLine]) -> alignment.AlignedLines:
        return alignment.align_lines(
            given,
            clips,
            lambda clip: waves[clip.clip_id],
            lambda wave, text: recogniser.align([wave], [text], "pl")[0],
        )

    report("times", lines)
    report("voice", by_voice(lines, waves, clips))
    began = time.process_time()
    found = aligned(lines)
    report("aligned", found.lines, len(found.kept), time.process_time() - began)
    texts = [line.text for line in lines]
    other = [
        replace(line, text=text) for line, text in zip(lines, texts[7:] + texts[:7], strict=True)
    ]
    print(f"  other text: {len(aligned(other).kept)} of {len(other)} noticed", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
