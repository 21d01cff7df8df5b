"""Writing of cuts as WAV files with their records."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from corpus_tools.media.decode import SAMPLE_RATE
from corpus_tools.media.identity import clip_id
from corpus_tools.media.wav import pcm_sha256, write_wav
from corpus_tools.segmentation.measures import AROUND_MS, Measures, measure
from corpus_tools.segmentation.planning import Cut
from corpus_tools.segmentation.tape import DecodedTrack
from manifests.errors import CorpusError
from manifests.records import Clip, SpeakerSource

__all__ = ["ClipWriter", "SpeakerInfo"]


@dataclass(frozen=True)
class SpeakerInfo:
    """Speaker of a clip, how the speaker is known, and the id of the scripted sentence."""

    speaker: str | None = None
    speaker_source: SpeakerSource | None = None
    sentence: str | None = None


@dataclass(frozen=True)
class ClipWriter:
    """Writes the clips of one source.

    Attributes:
        corpus: corpus folder.
        source_id: id of the source, which names its folder and clips.
        decoded: decoded source.
        frozen: sha256 of the samples of the frozen clips, by clip id.
    """

    corpus: Path
    source_id: str
    decoded: DecodedTrack
    frozen: Mapping[str, str]

    def write(self, cuts: Sequence[Cut], speaker_in: Callable[[Cut], SpeakerInfo]) -> list[Clip]:
        """Write clips below ``clips/<source_id>/`` and return their records.

        Files are written by other threads while this one measures.

        Args:
            cuts: cuts to write.
            speaker_in: function that returns the speaker of a cut.

        Raises:
            CorpusError: if a clip is frozen and would change.
        """
        with ThreadPoolExecutor(_WRITERS) as pool:
            files = [pool.submit(self._write, cut) for cut in cuts]
            measures = [self._measure(cut) for cut in cuts]
            return [
                self._record(cut, speaker_in(cut), file.result(), measured)
                for cut, file, measured in zip(cuts, files, measures, strict=True)
            ]

    def _write(self, cut: Cut) -> tuple[str, str]:
        """Write a clip and return the sha256 of its samples and of its file."""
        name, path = self._place(cut)
        samples = self.decoded.samples(cut)
        if self.frozen.get(name, sha256 := pcm_sha256(samples)) != sha256:
            raise CorpusError(
                f"its clip {name} is frozen but decodes differently now (another version of "
                f"ffmpeg's libraries?); restore {path} from a copy"
            )
        return sha256, write_wav(self.corpus / path, samples)

    def _measure(self, cut: Cut) -> Measures:
        low = max(cut.start_ms - AROUND_MS, 0)
        excerpt = self.decoded.samples(Cut(low, cut.end_ms + AROUND_MS))
        start, end = ((ms - low) * SAMPLE_RATE // 1000 for ms in (cut.start_ms, cut.end_ms))
        return measure(
            excerpt[start:end], self.decoded.activity, cut, excerpt[:start], excerpt[end:]
        )

    def _record(
        self, cut: Cut, speaker: SpeakerInfo, hashes: tuple[str, str], measures: Measures
    ) -> Clip:
        name, path = self._place(cut)
        return Clip(
            clip_id=name,
            source_id=self.source_id,
            path=path,
            start=cut.start_ms / 1000,
            end=cut.end_ms / 1000,
            duration=(cut.end_ms - cut.start_ms) / 1000,
            sha256=hashes[0],
            file_sha256=hashes[1],
            **vars(measures),
            **vars(speaker),
        )

    def _place(self, cut: Cut) -> tuple[str, str]:
        """Return a clip's id and path."""
        name = clip_id(self.source_id, cut.start_ms, cut.end_ms)
        return name, f"clips/{self.source_id}/{name}.wav"


_WRITERS = 8
