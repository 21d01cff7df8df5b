"""Speed of Whisper with batched clips and with windows, against one call for each clip.

The clips are utterances of nEMO joined, 0.2 s apart, until they last 3 to 5 s; half a second lies
between two clips of the one constructed source. They are transcribed in three ways in one run:

    naive     openai-whisper's `transcribe`, once for each clip
    clip      corpus transcribe --context clip: batches
    window    corpus transcribe --context window: windows of up to 30 s, in batches, with the times
              of words by alignment and each word given to its clip

    python benchmarks/transcription/transcription.py ../shared/data/nemo

The model has the size of `base` and random weights, so it would never end a text: special tokens
are suppressed, the end of the text among them, and each piece gets 5 tokens for each second of its
sound (of the longest in its batch). Language given, temperature 0. The bars: windows at least twice
as fast as naive, clips never slower; on a processor by its own time on one thread, which other
programs disturb least, on a GPU by the clock. With a real checkpoint, character error rates of the
three ways against what was read are printed too, decoded freely:

    python benchmarks/transcription/transcription.py ../shared/data/nemo --checkpoint large-v3.pt
"""

import argparse
import csv
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
import whisper
from numpy.typing import NDArray

from corpus_tools.transcription.assign import split_recognition
from corpus_tools.transcription.compare import ErrorCounts, TextPair, clip_errors
from corpus_tools.transcription.recognisers.base import Recognition
from corpus_tools.transcription.recognisers.batching import batched
from corpus_tools.transcription.recognisers.whisper import (
    load_model,
    resolve_device,
    use_half_precision,
)
from corpus_tools.transcription.recognisers.whisper_decoding import Decoding, decode
from corpus_tools.transcription.recognisers.whisper_timing import align_words
from corpus_tools.transcription.recognisers.whisper_weights import find_weights
from corpus_tools.transcription.windows import join_clips, plan_windows
from manifests.storage.records import Clip

RATE = 16_000
TOKENS_A_SECOND = 5
BASE = whisper.ModelDimensions(80, 1500, 512, 8, 6, 51865, 448, 512, 8, 6)
LEAST = {"clip": 1.0, "window": 2.0}
LANGUAGE = "pl"
Wave = NDArray[np.float32]


@dataclass(frozen=True)
class Piece:
    """A clip with its sound and what is said in it."""

    clip: Clip
    wave: Wave
    text: str


@dataclass(frozen=True)
class Setup:
    """Model and decoding options.

    Attributes:
        model: Whisper.
        batch_size: clips or windows at once.
        fp16: half precision.
        free: decode to the end of the text, as in earnest.
    """

    model: Any
    batch_size: int
    fp16: bool
    free: bool

    @property
    def suppressed(self) -> list[int]:
        """Tokens that may not come: with random weights all but text."""
        return [-1] if self.free else [-1, *range(50257, self.model.dims.n_vocab)]

    def tokens(self, waves: Sequence[Wave]) -> int | None:
        """Return the number of tokens that the pieces of a batch get."""
        if self.free:
            return None
        return math.ceil(TOKENS_A_SECOND * max(map(len, waves)) / RATE)


def naive(setup: Setup, pieces: Sequence[Piece]) -> list[str]:
    """Call `transcribe` for each clip."""
    options = {} if setup.free else {"no_speech_threshold": None, "logprob_threshold": None}
    return [
        whisper.transcribe(
            setup.model,
            piece.wave,
            language=LANGUAGE,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
            suppress_tokens=setup.suppressed,
            sample_len=setup.tokens([piece.wave]),
            fp16=setup.fp16,
            **options,
        )["text"]
        for piece in pieces
    ]


def by_clip(setup: Setup, pieces: Sequence[Piece]) -> list[str]:
    """Decode clips in batches."""
    texts: list[str] = []
    for batch in batched(pieces, setup.batch_size):
        texts += [result.text for result in decoded(setup, [piece.wave for piece in batch])]
    return texts


def by_window(setup: Setup, pieces: Sequence[Piece]) -> list[str]:
    """Decode windows in batches, align their words, and give them to the clips."""
    known = {piece.clip.clip_id: piece.wave for piece in pieces}
    texts: dict[str, str] = {}
    for batch in batched(plan_windows([piece.clip for piece in pieces]), setup.batch_size):
        sounds = [join_clips(window, [known[clip.clip_id] for clip in window]) for window in batch]
        results = decoded(setup, [wave for wave, _ in sounds])
        for window, (wave, spans), result in zip(batch, sounds, results, strict=True):
            words = align_words(setup.model, result, len(wave))
            parts = split_recognition(Recognition(result.text, words=words), wave, spans)
            texts |= {clip.clip_id: one.text for clip, one in zip(window, parts, strict=True)}
    return [texts[piece.clip.clip_id] for piece in pieces]


def decoded(setup: Setup, waves: Sequence[Wave]) -> list[Any]:
    """Decode a batch as corpus transcribe does, at temperature 0."""
    decoding = Decoding(LANGUAGE, [], (0.0,), None, setup.tokens(waves), setup.fp16)
    return decode(setup.model, waves, decoding)


WAYS: dict[str, Callable[[Setup, Sequence[Piece]], list[str]]] = {
    "naive": naive,
    "clip": by_clip,
    "window": by_window,
}


def read_pieces(folder: Path, speakers: Sequence[str], count: int) -> list[Piece]:
    """Return clips of one constructed source, joined from utterances in the order of the list.

    An utterance that makes a clip longer than 5 s is left out.
    """
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["speaker"] in speakers]
    pieces: list[Piece] = []
    parts: list[Wave] = []
    texts: list[str] = []
    begin = 0.0
    for row in rows[:: max(1, len(rows) // (3 * count))]:
        wave, _ = soundfile.read(folder / row["file"], dtype="float32")
        pause = np.zeros(round(0.2 * RATE) if parts else 0, np.float32)
        end = begin + (sum(map(len, parts)) + len(pause) + len(wave)) / RATE
        if end - begin > 5:
            continue
        parts += [pause, wave]
        texts.append(row["text"])
        if end - begin >= 3:
            clip = new_clip("film", begin, end)
            pieces.append(Piece(clip, np.concatenate(parts), " ".join(texts)))
            parts, texts, begin = [], [], end + 0.5
    return pieces[:count]


def new_clip(source: str, start: float, end: float) -> Clip:
    """Return the record of a clip, of which only the times matter here."""
    return Clip(
        clip_id=f"{source}-{round(1000 * start):08}",
        source_id=source,
        path=f"clips/{source}.wav",
        start=start,
        end=end,
        duration=end - start,
        sha256="",
        file_sha256="",
        rms_db=-20.0,
        peak_db=-3.0,
        speech_ratio=1.0,
    )


def random_base(seed: int = 0) -> Any:
    """Return a model of the size of `base` with random weights, and its attention heads."""
    torch.manual_seed(seed)
    model = whisper.Whisper(BASE)
    torch.nn.init.normal_(model.decoder.positional_embedding, std=0.02)
    torch.nn.init.normal_(model.decoder.token_embedding.weight, std=0.02)
    model.set_alignment_heads(whisper._ALIGNMENT_HEADS["base"])
    return model


@dataclass(frozen=True)
class Taken:
    """Seconds of one run, by the clock and of the processor."""

    clock: float
    processor: float


def timed(setup: Setup, pieces: Sequence[Piece], runs: int) -> dict[str, list[Taken]]:
    """Return what each way took, run by run, the ways in turn; the first, untimed, warms up."""
    taken: dict[str, list[Taken]] = {name: [] for name in WAYS}
    for run in range(runs + 1):
        for name, way in WAYS.items():
            clock, processor = time.perf_counter(), time.process_time()
            way(setup, pieces if run else pieces[:1])
            spent = Taken(time.perf_counter() - clock, time.process_time() - processor)
            taken[name] += [spent] if run else []
    return taken


def gains(taken: dict[str, list[Taken]], what: str) -> dict[str, float]:
    """Return how many times as fast as naive each way is, in the median of the runs."""
    return {
        name: statistics.median(
            getattr(one, what) / getattr(other, what)
            for one, other in zip(taken["naive"], runs, strict=True)
        )
        for name, runs in taken.items()
    }


def error_rates(setup: Setup, pieces: Sequence[Piece]) -> dict[str, float | None]:
    """Return each way's character error rate against what was read."""
    rates = {}
    for name, way in WAYS.items():
        pairs = [
            TextPair(piece.clip.clip_id, piece.clip.source_id, piece.text, text)
            for piece, text in zip(pieces, way(setup, pieces), strict=True)
        ]
        rates[name] = sum((one.errors for one in clip_errors(pairs)), ErrorCounts()).rate
    return rates


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("../shared/data/nemo"))
    parser.add_argument("--clips", type=int, default=40, help="(default 40)")
    parser.add_argument("--runs", type=int, default=1, help="of each way (default 1)")
    parser.add_argument("--batch-size", type=int, default=8, help="(default 8)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, or auto (default)")
    parser.add_argument("--checkpoint", help="a real model: print character error rates too")
    parser.add_argument("--threads", type=int, default=1, help="of the processor (default 1)")
    parser.add_argument("--quick", action="store_true", help="14 clips, one run")
    arguments = parser.parse_args()
    runs = 1 if arguments.quick else arguments.runs
    torch.set_num_threads(arguments.threads)
    device = resolve_device(arguments.device)
    if arguments.checkpoint:
        model = load_model(find_weights(arguments.checkpoint, False, print), device)
    else:
        model = random_base().to(device).eval()
    setup = Setup(model, arguments.batch_size, use_half_precision(None, device), False)
    whisper.DecodingOptions = partial(whisper.DecodingOptions, suppress_tokens=setup.suppressed)
    clips = 14 if arguments.quick else arguments.clips
    pieces = read_pieces(arguments.folder, ("KD0", "SM0", "TP0"), clips)
    speech = sum(piece.clip.duration for piece in pieces)
    print(
        f"{len(pieces)} clips, {speech:.0f} s, {device}, {torch.get_num_threads()} threads, ",
        end="",
    )
    print(f"load {os.getloadavg()[0]:.1f}", flush=True)
    taken = timed(setup, pieces, runs)
    clock, processor = gains(taken, "clock"), gains(taken, "processor")
    print("| way | seconds | of the processor | times as fast as naive | by the processor's time |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, spent in taken.items():
        seconds = statistics.median(one.clock for one in spent)
        own = statistics.median(one.processor for one in spent)
        print(f"| {name} | {seconds:.1f} | {own:.1f} | {clock[name]:.2f} | {processor[name]:.2f} |")
    judged = processor if device == "cpu" else clock
    if arguments.checkpoint:
        whisper.DecodingOptions = whisper.DecodingOptions.func
        free = Setup(model, arguments.batch_size, setup.fp16, True)
        print("\n| way | character error rate |\n| --- | ---: |")
        for name, rate in error_rates(free, pieces).items():
            print(f"| {name} | {rate:.1%} |")
    return 0 if all(judged[name] >= least for name, least in LEAST.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
