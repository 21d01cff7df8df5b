"""`corpus transcribe`: transcribe the accepted clips."""

from typing import Annotated

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import explain_language, session
from manifests.base.outcome import counted

__all__ = ["transcribe"]


def transcribe(
    model: Annotated[
        str | None,
        typer.Option(
            help="Model of the recogniser; for Whisper a name (tiny … large-v3) or a checkpoint's "
            "path, for faster-whisper a name or a folder converted for CTranslate2, for funasr "
            "paraformer-zh, sensevoice-small, another name on ModelScope, or a folder.",
            show_default="large-v3 for Whisper, paraformer-zh for funasr",
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            help="Spoken language, by code or name, e.g. zh; auto detects that of each clip.",
            show_default="the corpus's",
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, cuda:N, or auto.", show_default="auto")
    ] = None,
    fp16: Annotated[
        bool | None,
        typer.Option(
            "--fp16/--no-fp16", help="Half precision, on a GPU only.", show_default="on a GPU"
        ),
    ] = None,
    context: Annotated[
        str | None,
        typer.Option(
            metavar="[clip|window]",
            help="Transcribe each clip alone, or the clips of a source in windows of up to 30 s, "
            "which is faster and no less accurate.",
            show_default="window for Whisper, else clip",
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            help="Clips or windows per batch; affects memory and speed, not the texts.",
            show_default="8",
        ),
    ] = None,
    align: Annotated[
        bool | None,
        typer.Option(
            "--align/--no-align",
            help="Find when the words of subtitles are spoken, with the recogniser's model, so "
            "that they go to the right clips where lines are early, late or cut.",
            show_default="off",
        ),
    ] = None,
    beam_size: Annotated[
        int | None,
        typer.Option(help="Width of the beam search; slower.", show_default="greedy"),
    ] = None,
    prompt: Annotated[
        str | None, typer.Option(help="Prompt that sets style and vocabulary, e.g. names.")
    ] = None,
    lexicon: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Expected words: sichuan for the built-in list (for Sichuanese only: in other "
            "Chinese it makes errors), or a file with one word per line. They are added to the "
            "prompt as far as they fit.",
        ),
    ] = None,
    recogniser: Annotated[
        str | None,
        typer.Option(
            help="whisper, faster-whisper (needs pip install 'corpus-tools\\[faster]'), funasr "
            "(Paraformer and SenseVoice; needs pip install 'corpus-tools\\[funasr]'), or one that "
            "another package installs.",
            show_default="whisper",
        ),
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Download the model if it is missing.")
    ] = False,
    subtitles_only: Annotated[
        bool, typer.Option("--subtitles-only", help="Use subtitles only.")
    ] = False,
    scripted: Annotated[
        bool, typer.Option("--scripted", help="Also recognise scripted recordings.")
    ] = False,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Transcribe every accepted clip, from its subtitles and with Whisper.

    All texts of a clip are kept; section text of corpus.toml sets their priority. Doubtful texts
    are flagged. Finished sources are skipped the next time.
    """
    with session("transcribe", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.api.corpus import Corpus

        with run.progress("transcribing") as progress:
            outcome = Corpus.open(corpus, announce=run.note).transcribe(
                subtitles_only=subtitles_only,
                scripted=scripted,
                download=download,
                progress=progress,
                model=model,
                language=language,
                device=device,
                fp16=fp16,
                context=context,
                batch_size=batch_size,
                align=align,
                beam_size=beam_size,
                prompt=prompt,
                lexicon=lexicon,
                recogniser=recogniser,
            )
        run.outcome.merge(outcome)
        explain_language(run, language)
        for origin, clips in outcome.details["texts"].items():
            run.result(f"{origin}: text for {clips} of {counted(outcome.items_in, 'clip')}")
        for flag, texts in outcome.details["flags"].items():
            run.result(f"flag {flag}: {counted(texts, 'text')}")
