import pytest

from annotation.label_studio.address import ServerFolder
from annotation.label_studio.server.run import server_environment
from manifests.base.errors import DataError


def test_nothing_of_the_shell_changes_the_server(tmp_path):
    shell = {"PATH": "/bin", "HOST": "http://evil.example", "PORT": "1", "DEBUG": "true"}
    shell |= {"USERNAME": "li", "PASSWORD": "x", "DATABASE_NAME": "/elsewhere", "DJANGO_DB": "x"}
    shell |= {"HEARTEX_SENTRY_DSN": "https://collect.example", "HTTPS_PROXY": "http://proxy"}
    said = server_environment(ServerFolder(tmp_path), shell=shell)
    assert {name for name in shell if name in said} == {"PATH"}
    assert said["LABEL_STUDIO_HOST"] == ""
    assert said["LABEL_STUDIO_DEBUG"] == "false"


def test_telemetry_and_open_sign_up_are_off(tmp_path):
    said = server_environment(ServerFolder(tmp_path), shell={})
    assert said["COLLECT_ANALYTICS"] == said["LATEST_VERSION_CHECK"] == "false"
    assert said["SENTRY_DSN"] == said["FRONTEND_SENTRY_DSN"] == ""
    assert said["LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK"] == "true"


def test_below_the_document_root_there_are_clips_and_nothing_else(tmp_path):
    folder = ServerFolder(tmp_path)
    (tmp_path / "clips").mkdir()
    folder.make()
    folder.make()
    assert [path.name for path in folder.document_root.iterdir()] == ["clips"]
    assert folder.clips.resolve() == tmp_path / "clips"
    assert folder.root.stat().st_mode & 0o777 == 0o700


def test_a_link_that_leads_elsewhere_is_put_right_and_a_copy_is_refused(tmp_path):
    folder = ServerFolder(tmp_path)
    (tmp_path / "clips").mkdir()
    folder.make()
    folder.clips.unlink()
    folder.clips.symlink_to("../..")
    folder.make()
    assert folder.clips.resolve() == tmp_path / "clips"
    folder.clips.unlink()
    folder.clips.mkdir()
    with pytest.raises(DataError, match="delete that folder"):
        folder.make()
