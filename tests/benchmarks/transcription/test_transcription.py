from pathlib import Path

import numpy as np
import soundfile

from benchmarks.transcription import transcription
from corpus_tools.transcription.windows import plan_windows


def test_utterances_become_clips_of_3_to_5_s_of_one_source(tmp_path: Path) -> None:
    lines = ["file,text,speaker"]
    for number, seconds in enumerate([1.5, 1.6, 2.0, 4.0, 3.2, 6.0, 2.9, 1.0, 3.0]):
        soundfile.write(tmp_path / f"{number}.wav", np.full(int(16000 * seconds), 0.1), 16000)
        lines.append(f"{number}.wav,text {number},{'B' if number == 4 else 'A'}")
    (tmp_path / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    pieces = transcription.read_pieces(tmp_path, ["A"], 10)
    assert [piece.text for piece in pieces] == ["text 0 text 1", "text 2 text 7", "text 8"]
    for piece in pieces:
        assert 3 <= piece.clip.duration <= 5
        assert len(piece.wave) == round(16000 * piece.clip.duration)
    assert [len(window) for window in plan_windows([piece.clip for piece in pieces])] == [
        len(pieces)
    ]
