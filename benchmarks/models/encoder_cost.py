"""Cost of Whisper's features beside the usual way, and of training the layer on them.

    python -m benchmarks.models.encoder_cost SHARED_DATA [--clips 60] [--work DIR]

The usual way loads each clip with librosa, pads it to 30 s and runs the whole encoder, as the
examples of openai-whisper do. Processor time of one process with one thread, in turn. The layer is
solved for 3,600 clips: rows of nEMO's features, drawn with replacement and noise.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks.common.whisper_base import prepare
from benchmarks.models.two_corpora import read_corpus
from models.config.train import TrainSettings
from models.data import Example
from models.features.cache import FeatureCache
from models.features.extractor import make_extractor
from models.training.loop import fit

CLIPS = 3600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with nemo/")
    parser.add_argument("--work", type=Path, default=Path("two-corpora-work"))
    parser.add_argument("--clips", type=int, default=60)
    options = parser.parse_args()
    torch.set_num_threads(1)
    import librosa
    import whisper

    checkpoint = str(prepare()[0])
    settings = TrainSettings(
        preset="whisper", modality="audio", device="cpu", audio={"checkpoint": checkpoint}
    )
    corpus = read_corpus(options.folder / "nemo", options.work)
    clips = corpus.clips[:: len(corpus.clips) // options.clips][: options.clips]
    model = whisper.load_model(checkpoint, device="cpu")
    extractor = make_extractor(settings)
    extractor.batch([np.zeros(16000, dtype=np.float32)])  # loads the weights

    start = time.process_time()
    with torch.inference_mode():
        for clip in clips:
            samples, _ = librosa.load(clip.path, sr=16000)
            mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(samples))
            model.encoder(mel[None])
    usual = time.process_time() - start
    start = time.process_time()
    rows = FeatureCache(None, extractor).load(clips)
    own = time.process_time() - start
    print(f"features of {len(clips)} clips: usual {usual:.1f} s, ours {own:.1f} s", end="; ")
    print(f"ours / usual {own / usual:.3f}")

    random = np.random.default_rng(0)
    features = [row[0] for row in rows if isinstance(row, tuple)]
    spread = np.std(features, axis=0)
    examples = []
    for number in range(CLIPS):
        drawn = features[random.integers(len(features))]
        noisy = (drawn + random.normal(0, 0.5, drawn.shape) * spread).astype(np.float32)
        examples.append(Example(str(number), noisy, group=f"s{number % 20}", label=number % 6))
    start = time.perf_counter()
    fit(examples, [], settings)
    print(f"layer on {CLIPS} clips of {extractor.width} statistics: ", end="")
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
