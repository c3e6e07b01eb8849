"""The sandbox is tested through a rig with no option set: the same handlers, and a clock that moves."""

from __future__ import annotations

from tests.rig.api import api, combinations, make_api, twitter  # noqa: F401 - fixtures
