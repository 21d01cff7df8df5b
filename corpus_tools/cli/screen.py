"""`corpus screen`: screen clips again with other thresholds."""

import contextlib
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session
from corpus_tools.registries.measures import SHIPPED, Measure, measures
from manifests.base.errors import ConfigurationError
from manifests.base.outcome import counted

__all__ = ["screen"]


def screen(
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    **thresholds: float | None,
) -> None:
    """Accept or reject every clip again by its measures, without cutting.

    Flags apply to this run only; set permanent thresholds in corpus.toml, section screen, because
    the next `corpus segment` uses those again.
    """
    with session("screen", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.configuration.overrides import with_overrides
        from corpus_tools.segmentation.rescreen import screen_corpus
        from corpus_tools.segmentation.screening.rules import drama_rules, recording_rules
        from corpus_tools.workspace.workspace import Workspace

        workspace = Workspace.find(corpus)
        configuration = workspace.configuration
        settings = with_overrides(configuration.screen, **thresholds)
        rules = {
            "drama": drama_rules(settings),
            "scripted": recording_rules(settings, configuration.segment, configuration.recordings),
        }
        with workspace.lock("screen"), run.progress("screening") as progress:
            outcome = screen_corpus(workspace.root, rules, progress=progress)
        run.outcome.merge(outcome)
        if not outcome.items_in:
            run.outcome.warnings.append("the corpus has no clips yet; run: corpus segment")
        run.result(
            f"{outcome.kept} of {counted(outcome.items_in, 'clip')} accepted; "
            f"{counted(outcome.details['changed'], 'source')} changed"
        )


def _flags() -> Iterator[inspect.Parameter]:
    """Yield a parameter for each threshold."""
    rows: Sequence[Measure] = SHIPPED
    if sys.argv[1:2] == ["screen"]:  # other commands don't wait for the search of packages
        with contextlib.suppress(ConfigurationError):  # raised again when the command runs
            rows = measures()
    for threshold in (row.threshold for row in rows):
        if threshold is not None:
            option = typer.Option(help=f"{threshold.help} (default: {threshold.default:g}).")
            kind: Any = Annotated[type(threshold.default) | None, option]
            yield inspect.Parameter(
                threshold.key, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind
            )


def _with_flags(command: Callable[..., None]) -> None:
    """Replace the thresholds in the command's signature, which typer reads, by its flags."""
    *own, _ = inspect.signature(command).parameters.values()
    own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    signature = inspect.Signature([*_flags(), *own])
    vars(command)["__signature__"] = signature
    command.__annotations__ = {
        name: parameter.annotation for name, parameter in signature.parameters.items()
    }


_with_flags(screen)
