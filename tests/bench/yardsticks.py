"""The peers that the product is measured against: the few lines that somebody would write without it."""

from __future__ import annotations

import httpx

NOTHING = "pass"
PANDAS_AND_OPENPYXL = "import pandas, openpyxl"
PANDAS_READS_CSV = "import sys, pandas; pandas.read_csv(sys.argv[1], dtype=str)"
PANDAS_READS_XLSX = "import sys, pandas; pandas.read_excel(sys.argv[1], dtype=str, engine='openpyxl')"
OPENPYXL_LOADS = "import sys, openpyxl; openpyxl.load_workbook(sys.argv[1])"
API = "/social-publisher/v1"


def sample_flow(url: str, *, site_id: str, posts: int, at: str) -> None:
    """Schedule posts one by one by the API's own sample flow: four calls a post, nothing checked or remembered."""
    headers = {"Authorization": "IST.yardstick", "wix-site-id": site_id}
    with httpx.Client(base_url=url, headers=headers, trust_env=False) as http:

        def call(method: str, path: str, **more: object) -> dict[str, dict[str, str]]:
            answer = http.request(method, f"{API}{path}", **more)  # type: ignore[arg-type] # as httpx takes them
            answer.raise_for_status()
            found: dict[str, dict[str, str]] = answer.json()
            return found

        for number in range(posts):
            account = call("GET", "/accounts", params={"channelName": "FACEBOOK"})["accounts"][0]["facebook"]
            call("GET", "/features/SCHEDULE_POST")
            item = {
                "channel": {"name": "FACEBOOK", "accountId": account["id"]},
                "type": "POST",
                "facebookPost": {"caption": f"Post {number}", "pageId": account["page"]["id"]},
                "referenceId": f"yardstick-{number}",
            }
            made = call("POST", "/items", json={"item": item})["item"]
            call("POST", "/publish-by-id", json={"id": made["id"], "scheduledDate": at})
