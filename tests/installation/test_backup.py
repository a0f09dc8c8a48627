"""The portable form: every row goes out and comes back, on whatever database."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from digest.compose.models import Issue
from digest.config import Config, Keys
from digest.errors import UsageError
from digest.installation.backup import back_up, load_rows, read_manifest, unpack
from tests.deliver.conftest import NOW
from tests.deliver.issues import handed_over
from tests.rows import every_row


@pytest.mark.django_db(transaction=True)
def test_every_row_comes_back(config: Config, keys: Keys, tmp_path: Path) -> None:
    handed_over(keys, {"unknown": 1, "accepted": 2}, number=600)
    staff = User.objects.create_user("ed", "ed@example.org", is_staff=True)
    before, last = every_row(), staff.pk
    file = tmp_path / "backup.tar.gz"
    manifest = back_up(config, file, with_keys=False, portable=True, now=NOW)
    assert read_manifest(file) == manifest
    assert not manifest.with_keys

    Issue.objects.update(reason="changed since")
    staff.delete()
    assert every_row() != before
    load_rows(unpack(file, "data.jsonl"))
    assert every_row() == before
    assert User.objects.create_user("new", "new@example.org").pk > last, "ids go on where they were"


@pytest.mark.django_db(transaction=True)
def test_what_was_changed_on_the_way_is_noticed(config: Config, tmp_path: Path) -> None:
    import gzip

    file = tmp_path / "backup.tar.gz"
    (config.root / "templates").mkdir()
    (config.root / "templates" / "mark.txt").write_text("as it was", encoding="utf-8")
    back_up(config, file, with_keys=False, portable=True, now=NOW)
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()).replace(b"as it was", b"as it isn")))
    with pytest.raises(UsageError, match=r"damaged: templates/mark\.txt"):
        read_manifest(file)
