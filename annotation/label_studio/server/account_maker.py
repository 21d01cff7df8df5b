"""Create accounts in Label Studio's database; run by Label Studio's own Python, before it starts.

Reads {"accounts": [{"name", "email", "password"}], "token"} from standard input, so that secrets
aren't in the process list, and prints {"made": [email], "token", "token_known"} as its last line.
The first account is the administrator. `label-studio init` would show passwords in the process list
and make every annotator an administrator.
"""

import json
import sys
from typing import Any


def main() -> None:
    """Migrate the database, create the missing accounts, and print the admin's token."""
    request = json.load(sys.stdin)
    from label_studio import server

    server._setup_env()
    server._apply_database_migrations()
    from users.models import User

    made = []
    for place, account in enumerate(request["accounts"]):
        if not User.objects.filter(email__iexact=account["email"]).exists():
            _make(account, admin=place == 0)
            made.append(account["email"])
    admin = User.objects.get(email__iexact=request["accounts"][0]["email"])
    known = _accepts(request["token"])
    token = request["token"] or _new_token(admin)
    print("\n" + json.dumps({"made": made, "token": token, "token_known": known}))


def _make(account: dict[str, str], *, admin: bool) -> None:
    from django.db import transaction
    from organizations.models import Organization
    from users.models import User

    with transaction.atomic():
        user = User.objects.create_user(
            email=account["email"],
            password=account["password"],
            username=account["name"],
            is_staff=admin,
            is_superuser=admin,
        )
        organization = Organization.objects.first()
        if organization is None:
            organization = Organization.create_organization(created_by=user, title="Label Studio")
        else:
            organization.add_user(user)
        user.active_organization = organization
        user.save(update_fields=["active_organization"])


def _new_token(user: Any) -> str:
    """Return a personal access token, or the legacy token of an old server."""
    try:
        from jwt_auth.models import LSAPIToken
    except ImportError:
        return str(user.auth_token.key)
    return str(LSAPIToken.for_user(user).get_full_jwt())


def _accepts(token: str | None) -> bool:
    """Return whether the server issued the token and hasn't revoked it."""
    if not token:
        return True
    from rest_framework.authtoken.models import Token

    if Token.objects.filter(key=token).exists():
        return True
    try:
        from jwt_auth.models import LSAPIToken
        from rest_framework_simplejwt.exceptions import TokenError
    except ImportError:
        return False
    try:
        LSAPIToken(token).check_blacklist()
    except TokenError:
        return False
    return True


if __name__ == "__main__":
    main()
