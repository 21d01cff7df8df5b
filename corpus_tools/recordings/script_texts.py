"""The lines of a script as the texts of clips."""

from collections.abc import Iterable
from pathlib import Path

from corpus_tools.transcription.normalisation import NORMALISATION, normalise
from corpus_tools.transcription.store import put_transcripts
from manifests.records import Transcript

__all__ = ["put_script_texts"]


def put_script_texts(
    corpus: Path,
    source_id: str,
    lines: Iterable[tuple[str, str, list[str]]],
    language: str | None = None,
) -> None:
    """Give the clips of a source their lines.

    Args:
        corpus: the corpus folder.
        source_id: of which source.
        lines: id of the clip, text, and what is doubtful about it.
        language: BCP 47 code of what is read; None if nobody knows.
    """
    texts = [
        Transcript(
            clip_id=clip_id,
            text=normalise(text, language),
            text_raw=text,
            source="script",
            language=language,
            flags=flags,
        )
        for clip_id, text, flags in lines
    ]
    inputs = {
        "lines": [[one.clip_id, one.text_raw, one.flags] for one in texts],
        "language": language,
        "normalisation": NORMALISATION,
    }
    put_transcripts(corpus, source_id, "script", texts, inputs)
