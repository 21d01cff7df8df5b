"""`corpus demo`: everything once, on the bundled sample."""

from pathlib import Path
from typing import Annotated, Any

import typer

from corpus_tools.cli.options import AsJson, Quiet, Verbose
from corpus_tools.cli.session import Session, session

__all__ = ["demo"]


def demo(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]",
            help="Where to make the demo's corpus (default: a new temporary folder).",
            show_default=False,
        ),
    ] = None,
    sample: Annotated[
        Path | None,
        typer.Option(help="Folder of the sample (default: the bundled one).", show_default=False),
    ] = None,
    whisper_model: Annotated[
        str | None,
        typer.Option(
            help="Whisper checkpoint for the transcripts (default: none, the texts come from "
            "subtitles and the script).",
            show_default=False,
        ),
    ] = None,
    no_train: Annotated[bool, typer.Option("--no-train", help="End with the manifest.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Replace an earlier demo in the same folder.")
    ] = False,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run the whole path on the bundled sample, from video to trained model.

    It takes a few minutes and no network. The annotators are simulated, and said to be.
    """
    with session("demo", as_json=json, quiet=quiet, verbose=verbose) as run:
        import tempfile

        from corpus_tools.demo import Demo, demo_folder
        from corpus_tools.sample import sample_folder

        place = folder or Path(tempfile.mkdtemp(prefix="corpus-demo-"))
        home = demo_folder(place, again)
        run.note(f"the demo's corpus: {home}")
        whole = Demo(
            folder=home,
            sample=sample or sample_folder(),
            say=lambda step, numbers: run.result(f"{step:<19}{numbers}"),
            outcome=run.outcome,
        )
        with run.progress("training") as progress:
            whole.run(whisper_model, not no_train, progress)
        _print_end(run, run.outcome.details)


def _print_end(run: Session, details: dict[str, Any]) -> None:
    from corpus_tools.cli.build_manifest import class_table

    run.result()
    run.result("Clips per class and split (the annotators were SIMULATED)")
    run.result(class_table(details["table"]))
    test = details.get("metrics", {}).get("test")
    if test:
        for name, key in (("accuracy", "accuracy"), ("UAR", "uar")):
            low, high = test[f"{key}_interval"]
            run.result(
                f"test {name:<9}{test[key]:.3f}  95 % interval {low:.3f}–{high:.3f}, "
                f"n = {test['n']}, chance {test[f'chance_{key}']:.3f}"
            )
    run.result("made:")
    for path in run.outcome.outputs:
        run.result(f"  {path}")
