"""Read the request of Bulk Publish Items: what is wrong with the call as a whole is refused as a whole."""

from __future__ import annotations

from batch.sandbox.content import NEW_ITEM
from batch.sandbox.context import Context
from batch.sandbox.shape import Fields, Listed
from batch.sandbox.sites import PUBLISH, SCHEDULE
from batch.sandbox.wire import Invalid, Json, Refusal, Violation


def read_items(context: Context) -> list[Json]:
    """Return the items of a bulk call. Raises `Refusal` for the whole call."""
    shape = Fields({"items": Listed(NEW_ITEM, least=1, most=context.options.bulk_most)}, ("items",))
    items: list[Json] = context.body(shape)["items"]
    homeless = [i for i, item in enumerate(items) if not item["channel"].get("accountId")]
    if homeless:
        raise Invalid([Violation(f"items[{i}].channel.accountId", "is missing", "REQUIRED_FIELD") for i in homeless])
    for item in items:
        action = SCHEDULE if item.get("schedulingInfo", {}).get("scheduledDate") else PUBLISH
        if context.site.quota(action)[0] is None:
            raise Refusal(428, "INELIGIBLE_FOR_FEATURE", f"The site's plan does not include {action}.")
    return items
