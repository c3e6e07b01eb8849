"""The fixtures of the rig's own tests."""

from __future__ import annotations

from tests.rig.api import api, combinations, make_api, twitter  # noqa: F401 - fixtures
