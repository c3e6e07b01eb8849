from __future__ import annotations

import pytest

from tests.plan.builders import Builders


@pytest.fixture(scope="session")
def make() -> Builders:
    return Builders()
