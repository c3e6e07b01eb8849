from __future__ import annotations

import pytest

from tests.rules.builders import Rules


@pytest.fixture(scope="session")
def rules() -> Rules:
    return Rules()
