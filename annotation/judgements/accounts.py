"""Accounts in exports: those known, new, changed, or of another server."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable

from annotation.judgements.annotators import Annotators, Rater
from annotation.judgements.identity import KnownAnnotations
from annotation.judgements.parse import Annotation

__all__ = ["OTHER_SERVER", "Accounts"]

OTHER_SERVER = (
    "if the export is from another server, import it with: corpus import-annotations FILE "
    "--server NAME, a name of its own"
)


class Accounts:
    """Accounts of a server, matched with the annotators of a corpus.

    ``changed`` means that a known annotator's account was changed, which ``warnings`` tell.
    """

    def __init__(self, server: str, annotators: Annotators, known: KnownAnnotations) -> None:
        self._server, self._annotators, self._known = server, annotators, known
        self.changed = False
        self.warnings: list[str] = []

    def settle(self, readable: Iterable[Annotation]) -> dict[Rater, str]:
        """Recognise accounts by annotations that are known; return the contradicted, with reasons.

        An account with another number or address is its annotator's if their annotations are
        among its own.
        """
        authors: defaultdict[Rater, Counter[str]] = defaultdict(Counter)
        for found in readable:
            if found.rater is not None:
                held = self._known.proven(found) or self._known.twin(found)
                authors[found.rater].update([held.annotator] if held else [])
        refused = {}
        for rater in sorted(authors, key=_by_number):
            author = max(authors[rater], key=lambda name: authors[rater][name], default=None)
            other = self._annotators.contradicted(self._server, rater)
            if other is not None and other == author:
                self._annotators.adopt(self._server, rater, author)
                self.changed = True
                self.warnings.append(
                    f"the account of {author} on server '{self._server}' has another number or "
                    f"e-mail address than before; as its annotations are the same, {author} keeps "
                    f"the pseudonym, and annotations/annotators.csv has the new one"
                )
            elif other is not None:
                refused[rater] = self._reason(rater, other)
            elif author is not None and self._is_new(rater, author):
                self._annotators.adopt(self._server, rater, author)
        return refused

    def assign(
        self, readable: Iterable[Annotation], refused: Collection[Rater]
    ) -> dict[Rater, str]:
        """Give new accounts pseudonyms; return those that contradict one another, with reasons."""
        raters = {found.rater for found in readable if found.rater is not None}
        contradicted = {}
        for rater in sorted(raters.difference(refused), key=_by_number):
            other = self._annotators.contradicted(self._server, rater)
            if other is not None:
                contradicted[rater] = self._reason(rater, other)
            else:
                self._annotators.pseudonym(self._server, rater)
        return contradicted

    def _is_new(self, rater: Rater, author: str) -> bool:
        """Return whether an account is unknown, as is any account of the author on the server."""
        return (
            self._annotators.find(self._server, rater) is None
            and self._annotators.account(author, self._server) is None
        )

    def _reason(self, rater: Rater, other: str) -> str:
        return (
            f"user {rater.number} of server '{self._server}' has another number or e-mail address "
            f"than {other} in annotations/annotators.csv; {OTHER_SERVER}; if the account was "
            f"changed, correct the row of {other} there"
        )


def _by_number(rater: Rater) -> tuple[bool, int, str]:
    return (rater.number is None, rater.number or 0, rater.email or "")
