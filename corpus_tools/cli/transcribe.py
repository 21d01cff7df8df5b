"""`corpus transcribe`: text for every accepted clip."""

from typing import Annotated

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session

__all__ = ["transcribe"]


def transcribe(
    model: Annotated[
        str | None,
        typer.Option(
            help="The recogniser's model. For Whisper a name (tiny … large-v3) or the path of a "
            "checkpoint.",
            show_default="large-v3 for Whisper",
        ),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="What is spoken, e.g. zh.", show_default="the corpus's")
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
            help="Hear each clip by itself, or the clips of a source together in windows of up to "
            "30 s: faster, but how good its texts are on real speech is not measured yet.",
            show_default="clip",
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            help="Clips or windows at once; the texts are the same. More needs more memory.",
            show_default="8",
        ),
    ] = None,
    beam_size: Annotated[
        int | None,
        typer.Option(help="Search with so many beams; slower.", show_default="no search"),
    ] = None,
    prompt: Annotated[
        str | None, typer.Option(help="Text that sets style and words, e.g. names.")
    ] = None,
    lexicon: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Words to expect: sichuan for those that come with corpus-tools, or a file with "
            "one word a line. They go into the prompt as far as there is room.",
        ),
    ] = None,
    recogniser: Annotated[
        str | None, typer.Option(help="Which installed recogniser.", show_default="whisper")
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch the named model if it isn't here.")
    ] = False,
    subtitles_only: Annotated[
        bool, typer.Option("--subtitles-only", help="Take text from subtitles and nothing else.")
    ] = False,
    scripted: Annotated[
        bool, typer.Option("--scripted", help="Recognise scripted recordings too.")
    ] = False,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Give every accepted clip a text, from its subtitles and from Whisper.

    All texts of a clip are kept side by side; the section text of corpus.toml says which one wins.
    Doubtful ones are flagged. A source that is done is skipped the next time.
    """
    with session("transcribe", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.flags import with_flags
        from corpus_tools.transcription.transcribe import transcribe as give_texts
        from corpus_tools.workspace import Workspace

        workspace = Workspace.find(corpus)
        settings = with_flags(
            workspace.configuration.transcribe,
            model=model,
            language=language,
            device=device,
            fp16=fp16,
            context=context,
            batch_size=batch_size,
            beam_size=beam_size,
            prompt=prompt,
            lexicon=lexicon,
            recogniser=recogniser,
        )
        with run.progress("transcribing") as progress:
            outcome = give_texts(
                workspace,
                settings,
                subtitles_only=subtitles_only,
                scripted=scripted,
                download=download,
                announce=run.note,
                progress=progress,
            )
        run.outcome.merge(outcome)
        for origin, clips in outcome.details["texts"].items():
            run.result(f"{origin}: text for {clips} of {outcome.items_in} clips")
        for flag, texts in outcome.details["flags"].items():
            run.result(f"flag {flag}: {texts} texts")
