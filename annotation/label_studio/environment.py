"""Environment variables of the Label Studio server, isolated from the shell's."""

import os
from collections.abc import Mapping

from annotation.label_studio.folders import ServerFolder

__all__ = ["server_environment"]


def server_environment(
    folder: ServerFolder, *, public_url: str | None = None, shell: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the variables of Label Studio: SQLite, clips only, no telemetry, no open sign-up.

    Label Studio reads plain names such as HOST, PORT, DEBUG, USERNAME and DATABASE_NAME, so only
    the shell's variables for folders and languages are inherited.

    Args:
        folder: data folder of the server.
        public_url: URL in annotators' browsers behind a proxy.
        shell: environment variables of the shell; default: those of this process.
    """
    shell = os.environ if shell is None else shell
    variables = {name: shell[name] for name in _INHERITED if name in shell}
    variables |= _FIXED
    variables |= {
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder.root),
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(folder.document_root),
        **{name: str(folder.root / "home") for name in _HOMES},
    }
    if public_url is not None:
        variables["LABEL_STUDIO_CSRF_TRUSTED_ORIGINS"] = public_url
    return variables


_INHERITED = (
    *("PATH", "HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ"),
    *("TMPDIR", "TEMP", "TMP", "SYSTEMROOT"),
)
_HOMES = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")  # otherwise it writes to ~/.config
_FIXED = {
    "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_CORS_ALLOW_ALL_ORIGINS": "false",
    "LABEL_STUDIO_HOST": "",
    "LABEL_STUDIO_DEBUG": "false",
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",  # unset, a built-in address would be used
    "FRONTEND_SENTRY_DSN": "",
    "PYTHONUNBUFFERED": "1",
    "PYTHONUTF8": "1",
}
