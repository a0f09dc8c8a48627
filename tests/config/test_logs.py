"""The log's two forms."""

from __future__ import annotations

import json
import subprocess
import sys

from digest.config.logs import Log

SPEAK = """
import logging, logging.config
from digest.config.logs import Log
logging.config.dictConfig(Log(format=%r, level="INFO").as_dict_config(level=%r))
log = logging.getLogger("digest.clock")
log.info("Issue %%s is sent: %%s", 736, "3 accepted")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("It failed")
"""


def spoken(form: str, level: str = "") -> list[str]:
    done = subprocess.run([sys.executable, "-c", SPEAK % (form, level)], capture_output=True, text=True, check=True)
    return done.stderr.splitlines()


def test_lines_for_people() -> None:
    assert spoken("people")[0].endswith("INFO digest.clock: Issue 736 is sent: 3 accepted")


def test_an_object_a_line_for_programs() -> None:
    first, second = map(json.loads, spoken("json"))
    assert (first["level"], first["logger"], first["message"]) == (
        "INFO",
        "digest.clock",
        "Issue 736 is sent: 3 accepted",
    )
    assert "ZeroDivisionError" in second["exc_info"]


def test_the_environment_outweighs_the_file() -> None:
    assert len(spoken("json", "ERROR")) == 1
    assert Log().as_dict_config()["loggers"]["digest"] == {"level": "INFO"}
