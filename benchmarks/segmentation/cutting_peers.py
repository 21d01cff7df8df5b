"""Peers of the cut planner, configured for clips of 3 to 5 s.

- auditok 0.5.2: its own `split`, with `min_dur`, `max_dur` and `strict_min_dur`; its threshold
  chosen from the file (`otsu`, for audio with clear pauses; `percentile`, for dense speech) or
  WebRTC's detector (`webrtc:1`, with the `max_silence` of 0.1 s that its manual advises there).
  Otsu's also with pauses of 1 s allowed inside, without which few turns reach 3 s.
- pydub.silence: `detect_nonsilent` 16 dB below the file's own level, as in its manual, for pauses
  of 0.2 s or more, with the 0.1 s that `split_on_silence` keeps; the results are joined until they
  last 3 s, and cut at 5 s.
- greedy: WebRTC's detector in frames of 30 ms, mode 2; a clip begins with voice, ends at the first
  pause of 0.2 s after 3 s, and is cut at 5 s.
"""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import webrtcvad
from pydub import AudioSegment
from pydub.silence import detect_nonsilent

__all__ = ["PEERS", "Cuts"]

Cuts = list[tuple[float, float]]
"""Start and end of each clip, in seconds."""
SHORTEST, LONGEST = 3.0, 5.0


def auditok_cuts(wav: Path, validator: str, max_silence: float) -> Cuts:
    """Return the cuts of auditok."""
    import auditok  # not among our dependencies

    regions: Any = auditok.split(
        str(wav),
        min_dur=SHORTEST,
        max_dur=LONGEST,
        max_silence=max_silence,
        strict_min_dur=True,
        validator=validator,
    )
    return [(region.start, region.end) for region in regions]


def pydub_cuts(wav: Path) -> Cuts:
    """Return cuts packed from the ranges that pydub finds not silent."""
    audio = AudioSegment.from_wav(wav)
    voiced = detect_nonsilent(
        audio, min_silence_len=200, silence_thresh=audio.dBFS - 16, seek_step=10
    )
    pieces = [
        [max(start - 100, 0) / 1000, min(end + 100, len(audio)) / 1000] for start, end in voiced
    ]
    for before, after in itertools.pairwise(pieces):
        if before[1] > after[0]:
            before[1] = after[0] = (before[1] + after[0]) / 2
    return packed([(start, end) for start, end in pieces])


def packed(pieces: Cuts) -> Cuts:
    """Join ranges until they last 3 s, and cut those of more than 5 s there."""
    cuts: Cuts = []
    start: float | None = None
    end = 0.0
    for first, last in pieces:
        if start is not None and end - start >= SHORTEST:
            cuts.append((start, end))
            start = None
        start, end = (first if start is None else start), last
        while end - start > LONGEST:
            cuts.append((start, start + LONGEST))
            start = max(start + LONGEST, first)
    if start is not None and end - start >= SHORTEST:
        cuts.append((start, end))
    return cuts


def greedy_cuts(wav: Path) -> Cuts:
    """Return clips that begin with voice and end at the first pause once long enough."""
    samples, rate = soundfile.read(wav, dtype="int16")
    frame = rate * _FRAME_MS // 1000
    vad = webrtcvad.Vad(_MODE)
    voiced = np.array(
        [
            vad.is_speech(samples[at : at + frame].tobytes(), rate)
            for at in range(0, len(samples) - frame + 1, frame)
        ]
    )
    cuts: Cuts = []
    start, quiet = None, 0
    shortest, longest = round(SHORTEST * 1000 / _FRAME_MS), int(LONGEST * 1000 / _FRAME_MS)
    for at, voice in enumerate(voiced):
        quiet = 0 if voice else quiet + 1
        if start is None:
            start = at if voice else None
            continue
        length = at + 1 - start
        if (length >= shortest and quiet * _FRAME_MS >= _PAUSE_MS) or length == longest:
            cuts.append((start * _FRAME_MS / 1000, (at + 1) * _FRAME_MS / 1000))
            start = None
    return cuts


PEERS: dict[str, Callable[[Path], Cuts]] = {
    "auditok otsu": lambda wav: auditok_cuts(wav, "otsu", 0.3),
    "auditok otsu, pauses to 1 s": lambda wav: auditok_cuts(wav, "otsu", 1.0),
    "auditok percentile": lambda wav: auditok_cuts(wav, "percentile", 0.3),
    "auditok webrtc": lambda wav: auditok_cuts(wav, "webrtc:1", 0.1),
    "pydub.silence": pydub_cuts,
    "greedy VAD": greedy_cuts,
}

_FRAME_MS, _MODE, _PAUSE_MS = 30, 2, 200
