"""One account for each annotator, made before the server starts."""

import csv
import io
import json
import os
import re
import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.label_studio.folders import ServerFolder
from annotation.label_studio.program import Program
from annotation.label_studio.token import token_path
from manifests.errors import CorpusError, DataError
from manifests.store import atomic_path

__all__ = ["ADMIN", "Account", "PreparedAccounts", "first_password", "is_email", "prepare_accounts"]

ADMIN = "admin@localhost"
"""E-mail address, that is, log-in name, of the account that administers."""


@dataclass(frozen=True)
class Account:
    """An account before its first log-in.

    Attributes:
        name: the annotator's pseudonym.
        email: with which they log in.
        password: the first one; only the lead can set another.
    """

    name: str
    email: str
    password: str


@dataclass(frozen=True)
class PreparedAccounts:
    """What came of making accounts.

    Attributes:
        made: pseudonyms of those that are new.
        token_known: whether the token in the corpus is one of this server's.
    """

    made: list[str]
    token_known: bool


def prepare_accounts(
    program: Program,
    folder: ServerFolder,
    environment: Mapping[str, str],
    emails: Mapping[str, str],
) -> PreparedAccounts:
    """Bring the server's database up to date and make the accounts that it lacks.

    The first passwords are on disk before any account is, so that none is lost if this is
    interrupted; those of accounts that others made are taken out again. The admin's token is
    written where :func:`annotation.label_studio.token.find_token` looks, unless one is there.

    Args:
        program: Label Studio.
        folder: where the server keeps its things.
        environment: the variables for Label Studio.
        emails: e-mail addresses of the annotators, by pseudonym.

    Raises:
        CorpusError: if Label Studio can't do it; its own words are in the log.
    """
    existing = _read_passwords(folder.passwords)
    accounts = [_account(existing, *one) for one in [("admin", ADMIN), *emails.items()]]
    known = {account.email.casefold() for account in existing}
    new = [account for account in accounts if account.email.casefold() not in known]
    if new:
        _write_passwords(folder.passwords, existing + new)
    path = token_path(folder.corpus)
    token = path.read_text(encoding="ascii").strip() if path.exists() else None
    result = _run(program, folder, environment, accounts, token)
    foreign = [account for account in new if account.email not in result["made"]]
    if foreign:
        kept = [account for account in existing + new if account not in foreign]
        _write_passwords(folder.passwords, kept)
    if token is None:
        _write_private(path, result["token"] + "\n")
    made = [account.name for account in accounts if account.email in result["made"]]
    return PreparedAccounts(made, result["token_known"])


def is_email(email: str) -> bool:
    """Tell whether somebody can log in with this as e-mail address.

    Example:
        >>> is_email("li.na@lab.example"), is_email("li@lab"), is_email("=1@lab.example")
        (True, False, False)
    """
    return len(email) <= _LONGEST and _ADDRESS.fullmatch(email) is not None


def first_password() -> str:
    """Return a password that is easy to read out and hard to guess (79 bits)."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


_ADDRESS = re.compile(r"[A-Za-z0-9][\w.%+'-]{0,63}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}", re.ASCII)
_LONGEST = 254  # characters, as in RFC 5321
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def _account(existing: list[Account], name: str, email: str) -> Account:
    for account in existing:
        if account.email.casefold() == email.casefold():
            return account
    return Account(name, email, first_password())


def _run(
    program: Program,
    folder: ServerFolder,
    environment: Mapping[str, str],
    accounts: list[Account],
    token: str | None,
) -> dict[str, Any]:
    """Let Label Studio's own Python make the accounts; what is secret goes through a pipe."""
    request = {"accounts": [vars(account) for account in accounts], "token": token}
    completed = subprocess.run(
        [program.python, "-I", Path(__file__).with_name("account_maker.py")],
        input=json.dumps(request),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        cwd=folder.root,
        env=dict(environment),
        umask=0o077,
    )
    try:
        result = json.loads(completed.stdout.splitlines()[-1])
        if not completed.returncode and {"made", "token", "token_known"} <= result.keys():
            return dict(result)
    except (ValueError, IndexError, AttributeError):
        pass
    _write_private(folder.log, completed.stderr)
    last = (completed.stderr.strip().splitlines() or ["nothing was said"])[-1]
    raise CorpusError(
        f"Label Studio {program.version} could not make its database and accounts ({last[:200]}); "
        f"all that it said is in {folder.log}"
    )


def _read_passwords(path: Path) -> list[Account]:
    if not path.exists():
        return []
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    if not rows or rows[0] != _COLUMNS or any(len(row) != len(_COLUMNS) for row in rows):
        raise DataError(
            f"{path}: not as corpus label-studio start wrote it; put it back as it was, or move it "
            f"away if nobody needs the first passwords any more"
        )
    return [Account(*row) for row in rows[1:]]


def _write_passwords(path: Path, accounts: list[Account]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows([account.name, account.email, account.password] for account in accounts)
    _write_private(path, text.getvalue())


_COLUMNS = ["annotator", "email", "first_password"]


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can ever have read."""
    with atomic_path(path) as temporary:
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
