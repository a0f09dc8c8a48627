"""The key file and the secrets of the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.config.keys import create_key_file, load_keys
from digest.errors import ConfigError


def test_a_new_key_file_is_private_and_complete(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    create_key_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    keys = load_keys(path, environ={})
    assert len(keys.link[0].secret) == 32
    assert keys.link[0].secret != keys.suppression[0].secret
    assert keys.link[0].secret.hex() not in repr(keys)


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    create_key_file(path)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="already there"):
        create_key_file(path)
    assert path.read_bytes() == before


def test_a_key_file_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    create_key_file(path)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        load_keys(path, environ={})


def test_the_environment_overrides(tmp_path: Path) -> None:
    secret = tmp_path / "sendgrid"
    secret.write_text("SG.from-file\n", encoding="utf-8")
    environ = {
        "DIGEST_DJANGO_SECRET": "s" * 50,
        "DIGEST_LINK_KEYS": f"new:{'ab' * 32},old:{'cd' * 32}",
        "DIGEST_SUPPRESSION_KEYS": f"s1:{'ef' * 32}",
        "SENDGRID_API_KEY_FILE": str(secret),
    }
    keys = load_keys(tmp_path / "none.toml", environ=environ)
    assert [k.id for k in keys.link] == ["new", "old"]
    assert keys.sendgrid_api_key == "SG.from-file"
    assert (
        load_keys(tmp_path / "none.toml", environ={**environ, "SENDGRID_API_KEY": "SG.x"}).sendgrid_api_key == "SG.x"
    )


@pytest.mark.parametrize("bad", ["k.1:" + "ab" * 32, "k1:zz", "k1:ab", "k1"])
def test_a_key_that_would_not_do(tmp_path: Path, bad: str) -> None:
    with pytest.raises(ConfigError, match="DIGEST_LINK_KEYS"):
        load_keys(tmp_path / "none.toml", environ={"DIGEST_LINK_KEYS": bad})


def test_no_keys_at_all(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no complete key file"):
        load_keys(tmp_path / "none.toml", environ={})


P256 = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" + "A" * 86 + "=="


def test_webhook_keys_come_from_the_file_or_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    create_key_file(path)
    assert load_keys(path, environ={}).sendgrid_webhook_keys == ()
    path.write_text(f'sendgrid_webhook_keys = ["{P256}"]\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert load_keys(path, environ={}).sendgrid_webhook_keys == (P256,)
    framed = f"-----BEGIN PUBLIC KEY-----\n{P256[:64]}\n{P256[64:]}\n-----END PUBLIC KEY-----"
    other = P256.replace("AAA", "BBB")
    keys = load_keys(path, environ={"SENDGRID_WEBHOOK_KEYS": f" {framed} , {other},"})
    assert keys.sendgrid_webhook_keys == (P256, other)


@pytest.mark.parametrize("bad", ["MFkw", "SG.secret", P256[:-4], P256 + "AAAA", "MIIB" + P256[4:], "é"])
def test_a_webhook_key_that_is_none_is_refused_at_start(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "keys.toml"
    create_key_file(path)
    with pytest.raises(ConfigError, match="begins with MFkw") as refused:
        load_keys(path, environ={"SENDGRID_WEBHOOK_KEYS": bad})
    assert "Event Webhooks" in refused.value.hint


def test_webhook_keys_that_are_no_list(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    create_key_file(path)
    path.write_text(f'sendgrid_webhook_keys = "{P256}"\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ConfigError, match="expected a list"):
        load_keys(path, environ={})


class TestSecretsOfProviders:
    def test_from_the_environment_from_files_it_names_and_from_the_key_file(self, tmp_path: Path) -> None:
        path = tmp_path / "keys.toml"
        create_key_file(path)
        with path.open("a", encoding="utf-8") as file:
            file.write('\n[anymail]\nserver_token = "t1"\nAPI_KEY = "k1"\n')
        secret = tmp_path / "secret"
        secret.write_text("s3\n", encoding="utf-8")
        environ = {"SMTP_USERNAME": "digest", "SMTP_PASSWORD_FILE": str(secret), "ANYMAIL_API_KEY_FILE": str(secret)}
        keys = load_keys(path, environ=environ)
        assert (keys.smtp_username, keys.smtp_password) == ("digest", "s3")
        assert keys.anymail == {"server_token": "t1", "api_key": "s3"}
        assert "s3" not in repr(keys)
        plain = load_keys(path, environ={})
        assert (plain.smtp_username, plain.smtp_password) == ("", "")
        assert plain.anymail == {"server_token": "t1", "api_key": "k1"}

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        path = tmp_path / "keys.toml"
        create_key_file(path)
        with pytest.raises(ConfigError, match="SMTP_PASSWORD_FILE names"):
            load_keys(path, environ={"SMTP_PASSWORD_FILE": str(tmp_path / "none")})

    def test_a_table_that_is_none(self, tmp_path: Path) -> None:
        path = tmp_path / "keys.toml"
        create_key_file(path)
        path.write_text(path.read_text(encoding="utf-8").replace("django_secret", "anymail = 3\ndjango_secret"))
        with pytest.raises(ConfigError, match="anymail: expected a table"):
            load_keys(path, environ={})
