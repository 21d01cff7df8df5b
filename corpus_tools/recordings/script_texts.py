"""Transcripts of clips from the lines of a script."""

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
    """Store the script's lines as transcripts of a source's clips.

    Args:
        corpus: the corpus folder.
        source_id: source of the clips.
        lines: clip id, text and flags of each line.
        language: BCP 47 code of the spoken language, None if unknown.
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
        "lines": [[text.clip_id, text.text_raw, text.flags] for text in texts],
        "language": language,
        "normalisation": NORMALISATION,
    }
    put_transcripts(corpus, source_id, "script", texts, inputs)
