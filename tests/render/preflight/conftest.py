from __future__ import annotations

import pytest

from tests.render.preflight.proofs import Press


@pytest.fixture(scope="package")
def press(tmp_path_factory: pytest.TempPathFactory) -> Press:
    return Press(tmp_path_factory.mktemp("preflight"))
