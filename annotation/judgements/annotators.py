"""annotators.csv: pseudonyms and accounts of annotators, the only file with e-mail addresses."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from manifests.base.csv_tables import csv_text, read_rows
from manifests.base.errors import DataError
from manifests.storage.store import write_bytes
from manifests.storage.tombstones import Withdrawn

__all__ = ["Annotators", "Rater", "is_pseudonym"]

_COLUMNS = ["annotator", "server", "number", "email"]
_PSEUDONYM = re.compile(r"[\w-]{1,32}")
_NUMBERED = re.compile(r"a(\d{1,9})")
_EMAIL = re.compile(r"[^\s@,;:\"'<>()=+][^\s@,;:\"'<>()]{0,99}@[^\s@,;:\"'<>()]{1,150}")
_MAX_NUMBER = 2**63


@dataclass(frozen=True)
class Rater:
    """Label Studio user: number, e-mail address or both."""

    number: int | None
    email: str | None

    @classmethod
    def parse(cls, completed_by: Any) -> "Rater | None":
        """Parse ``completed_by`` of an annotation (a number, or an object with id and email).

        Example:
            >>> Rater.parse(3)
            Rater(number=3, email=None)
            >>> Rater.parse({"id": 3, "email": "li@lab.example", "last_name": "Li"})
            Rater(number=3, email='li@lab.example')
            >>> Rater.parse(None)
        """
        fields = completed_by if isinstance(completed_by, dict) else {"id": completed_by}
        number, email = fields.get("id"), fields.get("email")
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < _MAX_NUMBER:
            number = None
        if not isinstance(email, str) or not _EMAIL.fullmatch(email):
            email = None
        return None if number is None and email is None else cls(number, email)


@dataclass(frozen=True)
class _Row:
    annotator: str
    server: str
    rater: Rater


class Annotators:
    """Rows of annotations/annotators.csv; new annotators are added, none is ever renamed.

    An annotator has a row for each server where they have an account.
    The file is readable by its owner only. No error quotes it. The pseudonyms ``used`` in existing
    judgements, like those of withdrawn annotators, are not assigned again. Raises DataError if a
    line is invalid, naming it.
    """

    def __init__(self, corpus: Path, used: Iterable[str] = ()) -> None:
        self.path = corpus / "annotations" / "annotators.csv"
        self._rows = _read(self.path)
        self._changed = False
        named = {row.annotator for row in self._rows} | set(used)
        named |= Withdrawn.of(corpus).annotators.keys()
        numbers = [int(found[1]) for name in named if (found := _NUMBERED.fullmatch(name))]
        self._last = max(numbers, default=0)

    def find(self, server: str, rater: Rater) -> str | None:
        """Return the pseudonym of a user, or None for a new one."""
        place = self._row_index(server, rater)
        return None if place is None else self._rows[place].annotator

    def pseudonym(self, server: str, rater: Rater) -> str:
        """Return the pseudonym of a user; assign one to a new user."""
        place = self._row_index(server, rater)
        if place is None:
            self._last += 1
            self._rows.append(_Row(f"a{self._last:02d}", server, rater))
            self._changed = True
            return self._rows[-1].annotator
        row = self._rows[place]
        if row.server != server and (row.server or self.account(row.annotator, server)):
            return row.annotator
        known = row.rater
        complete = Rater(
            rater.number if known.number is None else known.number, known.email or rater.email
        )
        if complete != known or row.server != server:
            self._rows[place] = replace(row, server=server, rater=complete)
            self._changed = True
        return row.annotator

    def contradicted(self, server: str, rater: Rater) -> str | None:
        """Return the annotator with a user's number and another address, or the reverse.

        Neither is shared on a server, so the account was changed, or is of another server.
        """
        own = [row for row in self._rows if row.server == server]
        for row in own:
            if row.rater.number is not None and row.rater.number == rater.number:
                differ = row.rater.email and rater.email and not _same_address(row.rater, rater)
                return row.annotator if differ else None
        both = (row for row in own if None not in (row.rater.number, rater.number))
        return next((row.annotator for row in both if _same_address(row.rater, rater)), None)

    def adopt(self, server: str, rater: Rater, annotator: str) -> None:
        """Set a known annotator's account on a server."""
        place = self.account(annotator, server)
        if place is None:
            self._rows.append(_Row(annotator, server, rater))
        else:
            known = self._rows[place].rater
            complete = Rater(
                known.number if rater.number is None else rater.number, rater.email or known.email
            )
            self._rows[place] = _Row(annotator, server, complete)
        self._changed = True

    def names(self) -> list[str]:
        """Return all pseudonyms, in the order of the file."""
        return list(dict.fromkeys(row.annotator for row in self._rows))

    def addresses(self) -> dict[str, str]:
        """Return the known e-mail addresses by pseudonym, of several the first."""
        found: dict[str, str] = {}
        for row in self._rows:
            if row.rater.email:
                found.setdefault(row.annotator, row.rater.email)
        return found

    def accounts(self, annotator: str) -> list[tuple[str, int]]:
        """Return the known servers and user numbers of an annotator."""
        return [
            (row.server, row.rater.number)
            for row in self._rows
            if row.annotator == annotator and row.rater.number is not None
        ]

    def save(self) -> None:
        """Write the file, readable by its owner only, if a row changed."""
        if not self._changed:
            return
        rows = [
            (row.annotator, row.server, row.rater.number, row.rater.email) for row in self._rows
        ]
        write_bytes(self.path, csv_text([_COLUMNS, *rows]).encode(), mode=0o600)
        self._changed = False

    def account(self, annotator: str, server: str) -> int | None:
        """Return the index of an annotator's row for a server, None if there is none."""
        rows = ((row.annotator, row.server) for row in self._rows)
        return next((n for n, row in enumerate(rows) if row == (annotator, server)), None)

    def _row_index(self, server: str, rater: Rater) -> int | None:
        """Return the index of a user's row, by number, else by address.

        A row written by hand may lack server and number; users of another server go by address,
        unless it is one like ``admin@localhost``, which other people have elsewhere.
        """
        for place, row in enumerate(self._rows):
            if row.server == server and row.rater.number is not None:
                if row.rater.number == rater.number:
                    return place
                if rater.number is not None:
                    continue
            if row.server in ("", server) and _same_address(row.rater, rater):
                return place
        if rater.email is None or "." not in rater.email.rpartition("@")[2]:
            return None
        others = (place for place, row in enumerate(self._rows) if row.server != server)
        return next(
            (place for place in others if _same_address(self._rows[place].rater, rater)), None
        )


def is_pseudonym(name: str) -> bool:
    """Return whether a name has the form of a pseudonym."""
    return _PSEUDONYM.fullmatch(name) is not None


def _same_address(one: Rater, other: Rater) -> bool:
    return (
        one.email is not None
        and other.email is not None
        and one.email.casefold() == other.email.casefold()
    )


def _read(path: Path) -> list[_Row]:
    if not path.exists():
        return []
    lines = list(read_rows(path))
    if not lines or lines[0][1] != _COLUMNS:
        raise DataError(f"{path}, line 1: the columns must be {','.join(_COLUMNS)}")
    rows = [_row(line, f"{path}, line {number}") for number, line in lines[1:]]
    accounts = Counter((row.annotator, row.server) for row in rows)
    (twice, server), times = next(iter(accounts.most_common(1)), (("", ""), 0))
    if times > 1:
        raise DataError(
            f"{path}: annotator '{twice}' has {times} rows for server '{server}'; keep one"
        )
    return rows


def _row(line: list[str], where: str) -> _Row:
    if len(line) != len(_COLUMNS):
        raise DataError(f"{where}: {len(line)} columns instead of {len(_COLUMNS)}")
    annotator, server, number, email = line
    if not is_pseudonym(annotator):
        raise DataError(f"{where}: the annotator must be a pseudonym of letters and digits")
    if number and not (number.isascii() and number.isdigit() and int(number[:20]) < _MAX_NUMBER):
        raise DataError(f"{where}: the number must be Label Studio's user number, or empty")
    return _Row(annotator, server, Rater(int(number) if number else None, email or None))
