"""Creation of an account for each annotator, before the server starts."""

import json
import re
import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.label_studio.address import ServerFolder
from annotation.label_studio.consent import remember_token
from annotation.label_studio.refusals import read_token, token_path
from annotation.label_studio.server.database import note_process
from annotation.label_studio.server.program import Program
from manifests.base.csv_tables import csv_text, read_rows
from manifests.base.errors import CorpusError, DataError
from manifests.storage.store import write_bytes

__all__ = ["ADMIN", "Account", "PreparedAccounts", "first_password", "is_email", "prepare_accounts"]

ADMIN = "admin@localhost"
"""E-mail address, used as log-in name, of the administrator."""


@dataclass(frozen=True)
class Account:
    """Account: pseudonym, log-in e-mail and first password, which only the lead can change."""

    name: str
    email: str
    password: str


@dataclass(frozen=True)
class PreparedAccounts:
    """Pseudonyms of the new accounts; whether the server accepts the token in the corpus."""

    made: list[str]
    token_known: bool


def prepare_accounts(
    program: Program,
    folder: ServerFolder,
    environment: Mapping[str, str],
    emails: Mapping[str, str],
    *,
    resumed: bool = False,
) -> PreparedAccounts:
    """Migrate the server's database and create the missing accounts; ``emails`` are by pseudonym.

    First passwords are written to disk before accounts are created, so that none is lost if this is
    interrupted; those of accounts that existed already are removed again. Passwords in the file
    are used for new accounts only if ``resumed`` after that: anybody may have written them. The
    admin's token is written where :func:`annotation.label_studio.refusals.find_token` looks, unless
    there is one.

    Raises:
        CorpusError: if Label Studio fails; its output is in the log.
    """
    existing = _read_passwords(folder.passwords)
    usable = existing if resumed else []
    accounts = [_account(usable, *one) for one in [("admin", ADMIN), *emails.items()]]
    known = {account.email.casefold() for account in existing}
    new = [account for account in accounts if account.email.casefold() not in known]
    if new:
        _write_passwords(folder.passwords, existing + new)
    path = token_path(folder.corpus)
    token = read_token(path)
    result = _run(program, folder, environment, accounts, token)
    made_now = {one.email.casefold(): one for one in accounts if one.email in result["made"]}
    kept = [one for one in existing if one.email.casefold() not in made_now]
    kept += made_now.values()
    if kept != existing + new:
        _write_passwords(folder.passwords, kept)
    if token is None:
        write_bytes(path, (result["token"] + "\n").encode(), mode=0o600)
    if result["token_known"]:
        remember_token(_THIS_MACHINE, result["token"])
    made = [account.name for account in accounts if account.email in result["made"]]
    return PreparedAccounts(made, result["token_known"])


def is_email(email: str) -> bool:
    """Return whether an e-mail address is valid as a log-in name.

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
_THIS_MACHINE = "http://127.0.0.1"
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
    """Create the accounts with Label Studio's own Python; secrets are passed through a pipe."""
    request = {"accounts": [vars(account) for account in accounts], "token": token}
    with subprocess.Popen(
        [program.python, "-I", Path(__file__).with_name("account_maker.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        cwd=folder.root,
        env=dict(environment),
        umask=0o077,
    ) as process:
        try:
            note_process(folder, process.pid)
            output, errors = process.communicate(json.dumps(request))
        except BaseException:
            process.kill()
            raise
    try:
        result = json.loads(output.splitlines()[-1])
        if not process.returncode and {"made", "token", "token_known"} <= result.keys():
            return dict(result)
    except (ValueError, IndexError, AttributeError):
        pass
    write_bytes(folder.log, errors.encode(), mode=0o600)
    last = (errors.strip().splitlines() or ["no output"])[-1]
    raise CorpusError(
        f"Label Studio {program.version} could not create its database and accounts "
        f"({last[:200]}); its output is in {folder.log}"
    )


def _read_passwords(path: Path) -> list[Account]:
    if not path.exists():
        return []
    rows = [row for _, row in read_rows(path)]
    if not rows or rows[0] != _COLUMNS or any(len(row) != len(_COLUMNS) for row in rows):
        raise DataError(
            f"{path}: not as corpus label-studio start wrote it; restore it, or move it away if "
            f"the first passwords aren't needed any more"
        )
    return [Account(*row) for row in rows[1:]]


def _write_passwords(path: Path, accounts: list[Account]) -> None:
    rows = [(account.name, account.email, account.password) for account in accounts]
    write_bytes(path, csv_text([_COLUMNS, *rows]).encode(), mode=0o600)


_COLUMNS = ["annotator", "email", "first_password"]
