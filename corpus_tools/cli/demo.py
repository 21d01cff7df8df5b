"""`corpus demo`: run the whole pipeline on the bundled sample."""

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
            help="Folder for the demo corpus (default: a new temporary folder).",
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
            help="Whisper checkpoint for the transcripts (default: none, use subtitles and the "
            "script).",
            show_default=False,
        ),
    ] = None,
    no_train: Annotated[bool, typer.Option("--no-train", help="Stop after the manifest.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Replace an earlier demo in the same folder.")
    ] = False,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run the whole pipeline on the bundled sample, from video to trained model.

    It takes a few minutes and works offline. The annotators are simulated and marked as such.
    """
    with session("demo", as_json=json, quiet=quiet, verbose=verbose) as run:
        import tempfile

        from corpus_tools.demo.run import Demo, demo_folder
        from corpus_tools.inspection.sample import sample_folder

        parent = folder or Path(tempfile.mkdtemp(prefix="corpus-demo-"))
        home = demo_folder(parent, again)
        run.note(f"demo corpus: {home}")
        pipeline = Demo(
            folder=home,
            sample=sample or sample_folder(),
            report=lambda step, numbers: run.result(f"{step:<19}{numbers}"),
            outcome=run.outcome,
        )
        with run.progress("training") as progress:
            pipeline.run(whisper_model, not no_train, progress)
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
    run.result("wrote:")
    for path in run.outcome.outputs:
        run.result(f"  {path}")
