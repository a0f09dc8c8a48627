"""That the suite runs on the database it was asked to run on."""

from __future__ import annotations

from django.db import connection

from tests.conftest import DATABASE_URL


def test_the_suite_runs_on_the_database_that_was_named() -> None:
    assert connection.vendor == ("postgresql" if DATABASE_URL.startswith("postgres") else "sqlite")
