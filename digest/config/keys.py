"""The key file (mode 0600) and the secrets that the environment may override.

    django_secret = "..."
    [[link]]            # signs the links in the mails; the first is current, the others still verify
    id = "a1"
    key = "hex"
    [[suppression]]     # makes the keyed hash of an address; a changed one would forget who was suppressed
    id = "s1"
    key = "hex"

    sendgrid_webhook_keys = ["MFkw..."]   # public keys that SendGrid's events are signed with, the current one first

Environment: DIGEST_DJANGO_SECRET; DIGEST_LINK_KEYS and DIGEST_SUPPRESSION_KEYS as `id:hex,id:hex`;
SENDGRID_API_KEY, SMTP_USERNAME, SMTP_PASSWORD, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET and ANYMAIL_<SETTING>, each also as
..._FILE. In the key file they are sendgrid_api_key, smtp_username and so on, and a table [anymail].
SENDGRID_WEBHOOK_KEYS, parted by commas.
DIGEST_NOTICE_WEBHOOK, DIGEST_PING_URL, DIGEST_PING_SENT_URL, DIGEST_METRICS_TOKEN; in the key file notice_webhook,
ping_url, ping_sent_url, metrics_token.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import secrets
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from digest.errors import ConfigError

KEY_BYTES = 32
# A public key over P-256 in its DER form (RFC 5480): this, and an uncompressed point of 64 bytes.
P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKey:
    """A named secret. `id` travels in links; `secret` never does."""

    id: str
    secret: bytes

    @property
    def fingerprint(self) -> str:
        """What the database may keep of it: enough to notice a change, useless to forge with."""
        return f"{self.id}:{hashlib.sha256(b'fingerprint' + self.secret).hexdigest()[:16]}"

    def __repr__(self) -> str:  # a secret must not end in a log
        return f"SecretKey(id={self.id!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Every secret of an installation. The first of each tuple is the current key."""

    django_secret: str
    link: tuple[SecretKey, ...]
    suppression: tuple[SecretKey, ...]
    sendgrid_api_key: str = ""
    sendgrid_webhook_keys: tuple[str, ...] = ()  # public ones; several while one replaces another
    smtp_username: str = ""
    smtp_password: str = ""
    notice_webhook: str = ""  # addresses that are secrets: who knows one can write to the staff's channel,
    ping_url: str = ""  # or answer for the clock
    ping_sent_url: str = ""
    metrics_token: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    anymail: Mapping[str, str] = field(default_factory=dict)  # secret settings of django-anymail, in lower case

    def __repr__(self) -> str:
        return f"Keys(link={self.link!r}, suppression={self.suppression!r})"


def create_key_file(path: Path) -> None:
    """Write a new key file, readable by its owner only. Raises ConfigError when one is already there."""
    text = (
        "# The secrets of this installation. Keep this file, keep it private, and back it up:\n"
        "# links in mails that were sent can only be checked with these keys.\n"
        f'django_secret = "{secrets.token_urlsafe(48)}"\n'
        f'\n[[link]]\nid = "{secrets.token_hex(2)}"\nkey = "{secrets.token_hex(KEY_BYTES)}"\n'
        f'\n[[suppression]]\nid = "{secrets.token_hex(2)}"\nkey = "{secrets.token_hex(KEY_BYTES)}"\n'
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(f"{path} is already there.", hint="A key file is never overwritten.") from None
    except OSError as error:
        raise ConfigError(f"The key file {path} cannot be written: {error.strerror}.") from None


def load_keys(path: Path, *, environ: Mapping[str, str] = os.environ) -> Keys:
    """Read the key file; the environment overrides it. Raises ConfigError in words."""
    raw: dict[str, Any] = {}
    if path.is_file():
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise ConfigError(
                f"The key file {path} can be read by other users (mode {mode:04o}).",
                hint=f"Close it with: chmod 600 {path}",
            )
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise ConfigError(f"The key file {path} cannot be read: {error}.") from None
    secret = environ.get("DIGEST_DJANGO_SECRET") or raw.get("django_secret")
    link = _from_environment(environ, "DIGEST_LINK_KEYS") or _from_file(raw, "link", path)
    suppression = _from_environment(environ, "DIGEST_SUPPRESSION_KEYS") or _from_file(raw, "suppression", path)
    if not secret or not link or not suppression:
        raise ConfigError(
            f"There is no complete key file at {path}.",
            hint="`digest init` writes one. If this installation has sent mail before, restore its own file "
            "from the backup: links in those mails work with no other.",
        )
    return Keys(
        django_secret=str(secret),
        link=link,
        suppression=suppression,
        sendgrid_api_key=_secret(environ, "SENDGRID_API_KEY") or str(raw.get("sendgrid_api_key", "")),
        sendgrid_webhook_keys=_webhook_keys(environ, raw, path),
        smtp_username=_secret(environ, "SMTP_USERNAME") or str(raw.get("smtp_username", "")),
        smtp_password=_secret(environ, "SMTP_PASSWORD") or str(raw.get("smtp_password", "")),
        notice_webhook=_address(environ, raw, "notice_webhook", path),
        ping_url=_address(environ, raw, "ping_url", path),
        ping_sent_url=_address(environ, raw, "ping_sent_url", path),
        metrics_token=_secret(environ, "DIGEST_METRICS_TOKEN") or str(raw.get("metrics_token", "")),
        oidc_client_id=_secret(environ, "OIDC_CLIENT_ID") or str(raw.get("oidc_client_id", "")),
        oidc_client_secret=_secret(environ, "OIDC_CLIENT_SECRET") or str(raw.get("oidc_client_secret", "")),
        anymail=_anymail(environ, raw, path),
    )


def _secret(environ: Mapping[str, str], name: str) -> str:
    """What a variable holds, or the file that its sibling names; "" when neither is set."""
    if environ.get(name):
        return environ[name].strip()
    if file := environ.get(f"{name}_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{name}_FILE names {file}, which cannot be read: {error}.") from None
    return ""


def _address(environ: Mapping[str, str], raw: Mapping[str, Any], key: str, path: Path) -> str:
    """An https address that is a secret: `notice_webhook`, or DIGEST_NOTICE_WEBHOOK."""
    name = f"DIGEST_{key.upper()}"
    url = _secret(environ, name) or str(raw.get(key, ""))
    if url and not re.match(r"https://[^\s]+$|http://(127\.0\.0\.1|localhost)[:/][^\s]*$", url):
        raise ConfigError(f"{path}: {key} (or ${name}): expected an address that begins with https://.")
    return url


def _anymail(environ: Mapping[str, str], raw: Mapping[str, Any], path: Path) -> dict[str, str]:
    """`api_key` from the table [anymail], from ANYMAIL_API_KEY or from ANYMAIL_API_KEY_FILE."""
    table = raw.get("anymail", {})
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise ConfigError(f"{path}: anymail: expected a table of texts.")
    names = {name.removesuffix("_FILE") for name in environ if name.startswith("ANYMAIL_")}
    found = {name.removeprefix("ANYMAIL_").lower(): _secret(environ, name) for name in sorted(names)}
    return {**{key.lower(): value for key, value in table.items()}, **{k: v for k, v in found.items() if v}}


def _webhook_keys(environ: Mapping[str, str], raw: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    """The keys without line breaks and PEM's frame, as base64 of their DER form."""
    where, found = "$SENDGRID_WEBHOOK_KEYS", environ.get("SENDGRID_WEBHOOK_KEYS", "").split(",")
    if not any(text.strip() for text in found):
        where, found = f"{path}: sendgrid_webhook_keys", raw.get("sendgrid_webhook_keys", [])
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise ConfigError(f"{where}: expected a list of keys.")
    plain = [re.sub(r"-----[A-Z ]+-----|\s", "", text) for text in found]
    for text in plain:
        try:
            der = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            der = b"none"
        if text and not (der.startswith(P256) and len(der) == len(P256) + 64):
            raise ConfigError(
                f"{where}: expected the verification key of SendGrid's signed event webhook, which begins with MFkw.",
                hint="SendGrid shows it under Settings, Mail Settings, Event Webhooks, beside the webhook.",
            )
    return tuple(text for text in plain if text)


def _from_environment(environ: Mapping[str, str], name: str) -> tuple[SecretKey, ...]:
    text = environ.get(name, "").strip()
    if not text:
        return ()
    pairs = [part.partition(":") for part in text.split(",")]
    return tuple(_key(id_.strip(), key.strip(), f"${name}") for id_, _, key in pairs)


def _from_file(raw: Mapping[str, Any], table: str, path: Path) -> tuple[SecretKey, ...]:
    rows = raw.get(table, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(f"{path}: {table}: expected [[{table}]] tables with id and key.")
    return tuple(_key(str(row.get("id", "")), str(row.get("key", "")), f"{path}: {table}") for row in rows)


def _key(id_: str, key: str, where: str) -> SecretKey:
    try:
        secret = bytes.fromhex(key)
    except ValueError:
        secret = b""
    # The id stands in a link between two dots, so it may hold neither a dot nor anything to escape.
    if not re.fullmatch(r"[a-z0-9]{1,16}", id_) or len(secret) < 16:
        raise ConfigError(f"{where}: expected an id of lower-case letters and digits and a key of 32+ hex digits.")
    return SecretKey(id=id_, secret=secret)
