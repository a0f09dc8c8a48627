"""In which form the log is written, and how much of it."""

from __future__ import annotations

from typing import Any, Literal

from digest.config.basics import Table


class Log(Table):
    """`people`: lines to read; `json`: one object a line, for programs that collect logs. Both on standard error."""

    format: Literal["people", "json"] = "people"
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    def as_dict_config(self, *, level: str = "") -> dict[str, Any]:
        """For logging.config.dictConfig. `level` from the environment outweighs the file's."""
        formatters: dict[str, Any] = {
            "people": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
                "rename_fields": {"asctime": "at", "levelname": "level", "name": "logger"},
                "datefmt": "%Y-%m-%dT%H:%M:%S%z",
            },
        }
        return {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {self.format: formatters[self.format]},
            "handlers": {"console": {"class": "logging.StreamHandler", "formatter": self.format}},
            "root": {"handlers": ["console"], "level": "WARNING"},
            "loggers": {
                "apscheduler": {
                    "level": "ERROR"
                },  # that a ring is left out while the last one still works is as it should be
                "axes": {"level": "ERROR"},  # digest.web.staff.trail says the same, with the address
                "digest": {"level": level or self.level},
                "django.request": {"level": "ERROR"},  # a page that is not there is the visitor's affair
            },
        }
