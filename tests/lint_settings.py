"""The settings that mypy's Django plugin reads: those of an empty installation in a temporary folder."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from digest.config.keys import create_key_file

_home = Path(tempfile.mkdtemp(prefix="digest-lint-"))
atexit.register(shutil.rmtree, _home, ignore_errors=True)
(_home / "config.toml").write_text(
    '[association]\nname = "Lint"\n[[sections]]\nid = "news"\ntitle = "News"\n', encoding="utf-8"
)
create_key_file(_home / "keys.toml")
os.environ["DIGEST_CONFIG"] = str(_home / "config.toml")

from digest.site.settings import *  # noqa: E402, F403
