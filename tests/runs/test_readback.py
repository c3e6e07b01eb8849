"""Reading back: what the site holds after a run is compared with the plan, and what could not be seen is said."""

from __future__ import annotations

import pytest

from batch.model import OutcomeKind
from tests.proof.stage import LAG_SECONDS, WORST, Stage, fast_folder, hours, post


@pytest.mark.parametrize(("lag_seconds", "said"), [(LAG_SECONDS, 0), (20 * LAG_SECONDS, 1)])
def test_a_list_that_is_later_than_it_may_be_is_said_with_the_setting_to_raise(lag_seconds: float, said: int) -> None:
    with fast_folder() as folder:
        stage = Stage(folder, next(iter(WORST)), options={"query_lag_seconds": lag_seconds})
        (outcome,) = stage.run([post("a", at=hours(30))])
        assert outcome.outcome is OutcomeKind.SCHEDULED
        assert sum("Set settle_seconds" in text for text in stage.said) == said
