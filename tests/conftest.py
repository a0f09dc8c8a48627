"""One installation for the whole suite, in a temporary folder, and the fixtures most tests share."""

from __future__ import annotations

import atexit
import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

# Workers of pytest-xdist inherit the settings of the process that started them, so they share its folder; that process
# alone takes it away at its end.
if "DIGEST_TESTS_HOME" not in os.environ:
    os.environ["DIGEST_TESTS_HOME"] = tempfile.mkdtemp(prefix="digest-tests-")
    atexit.register(shutil.rmtree, os.environ["DIGEST_TESTS_HOME"], ignore_errors=True)
HOME = Path(os.environ["DIGEST_TESTS_HOME"])

CONFIG = """
[association]
name = "Test Association"
postal_address = "1 Test Street, Testford TE1 1ST"
zone = "Europe/London"

[digest]
anchor = { number = 736, date = 2024-02-12 }

[web]
base_url = "http://127.0.0.1:8000"

[web.sign_in]
second_factor = []

[[sections]]
id = "news"
title = "News"
kind = "list"
[[sections]]
id = "events"
title = "Events"
kind = "events"
[[sections]]
id = "blog"
title = "Blog"
kind = "blog"
[[sections]]
id = "publications"
title = "Publications"
kind = "publications"
[[sections]]
id = "announcements"
title = "Announcements"
kind = "announcements"
"""

# The installation that Django's settings come from. With TEST_DATABASE_URL (postgres://user:password@host/name) the suite
# runs on that server, in databases of its own beside the one that is named.
DATABASE_URL = os.environ.get("TEST_DATABASE_URL", "")
STORAGE = f'\n[storage]\ndatabase = "{DATABASE_URL}"\n' if DATABASE_URL else ""
(HOME / "config.toml").write_text(CONFIG + STORAGE, encoding="utf-8")
os.environ["DIGEST_CONFIG"] = str(HOME / "config.toml")
os.environ["DJANGO_SETTINGS_MODULE"] = "digest.site.settings"
for name in (
    "SENDGRID_API_KEY",
    "SENDGRID_API_KEY_FILE",
    "SENDGRID_WEBHOOK_KEYS",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "DIGEST_LINK_KEYS",
    "DIGEST_SUPPRESSION_KEYS",
):
    os.environ.pop(name, None)

from digest.config import Config, Keys, load_config  # noqa: E402
from digest.config.keys import create_key_file, load_keys  # noqa: E402

if not (HOME / "keys.toml").exists():
    create_key_file(HOME / "keys.toml")

import django  # noqa: E402

django.setup()  # the folders' own conftests import models


@pytest.fixture
def keys() -> Keys:
    return load_keys(HOME / "keys.toml", environ={})


@pytest.fixture
def make_config(tmp_path: Path) -> Callable[..., Config]:
    """`make_config(extra_toml)`: a Config rooted in this test's own folder."""

    def make(extra: str = "", *, base: str = CONFIG) -> Config:
        path = tmp_path / "config.toml"
        path.write_text(base + "\n" + extra, encoding="utf-8")
        return load_config(path)

    return make


@pytest.fixture
def config(make_config: Callable[..., Config]) -> Config:
    return make_config()


@pytest.fixture
def monday() -> dt.datetime:
    """The cut-off of issue 736 under the default plan: Monday 12 February 2024, 07:00 in London."""
    return dt.datetime(2024, 2, 12, 7, 0, tzinfo=dt.UTC)
