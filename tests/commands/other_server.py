"""A second Publisher API, written from the API's facts alone, in many temperaments.

It shares nothing with the sandbox, so that what the two agree on is the API and not one author's idea of it. A `Temper`
says how this server answers where the API leaves room: which optional fields it sends, how it writes dates and IDs,
what it refuses. It keeps every call in `calls` and what the public saw in `shown`; HTTP is in `other_http.py`.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.commands.other_facts import ACCOUNTS, CONTENT, ROOT, Json, Refusal, Temper


@dataclass
class OtherServer:
    """The site, its items and what was asked of it. `url` is its address."""

    temper: Temper = field(default_factory=Temper)
    items: dict[str, Json] = field(default_factory=dict)
    calls: list[tuple[str, str, Any, dict[str, str]]] = field(default_factory=list)
    shown: list[Json] = field(default_factory=list)
    files: dict[str, Json] = field(default_factory=dict)
    accounts: Mapping[str, list[Json]] = field(default_factory=lambda: ACCOUNTS)
    url: str = ""
    limited: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def changing(self) -> list[tuple[str, str]]:
        """Return the calls that change something, in order."""
        return [
            (method, path) for method, path, _, _ in self.calls
            if method != "GET" and path.startswith(ROOT) and not path.endswith("/query") and "generate" not in path
        ]  # fmt: skip

    def of(self, reference: str) -> Json:
        """Return the one item with this reference."""
        (found,) = [i for i in self.items.values() if i.get("referenceId") == reference]
        return found

    def add(self, item: Json) -> Json:
        """Put an item on the site."""
        new = str(uuid.uuid4())
        item = {"id": new.upper() if self.temper.upper_ids else new, "status": "DRAFT", **item}
        self.items[item["id"].lower()] = item
        return item

    # --- answers

    def tell(self, item: Json, *, changed: bool = False) -> Json:
        """Return an item as this server tells of it."""
        if changed and self.temper.minimal:
            return {"item": {"id": item["id"], "status": item["status"]}}
        return {"item": self.shape(item)}

    def shape(self, item: Json) -> Json:
        told = json.loads(json.dumps(item))
        name = CONTENT.get((told.get("channel", {}).get("name"), told.get("type")), "")
        content = told.get(name)
        if content is not None:
            self.shape_content(content)
        if "schedulingInfo" in told:
            told["schedulingInfo"]["scheduledDate"] = self.date(told["schedulingInfo"]["scheduledDate"])
        if self.temper.extra:
            told |= {"revision": "3", "newThing": {"a": [1]}, "tags": [], "insightsSummary": {"likes": 0}}
        if self.temper.blanks != "left out":
            blank = None if self.temper.blanks == "null" else ""
            for one in ("externalItemUrl", "referenceId", "publicationError", "draftInfo"):
                told.setdefault(one, blank)
            if self.temper.blanks == "null":
                told.setdefault("schedulingInfo", None)
        return told

    def shape_content(self, content: Json) -> None:
        media = (content.get("mediaWrapper") or {}).get("media", [])
        if self.temper.one_medium_as_url and len(media) == 1:
            content["imageUrl" if media[0]["type"] == "IMAGE" else "videoUrl"] = media[0]["url"]
            del content["mediaWrapper"]
        if self.temper.crlf:
            for name in ("caption", "description"):
                if name in content:
                    content[name] = content[name].replace("\n", "\r\n")
        if self.temper.extra:
            content["altText"] = "x"
        if self.temper.blanks != "left out":
            blank = None if self.temper.blanks == "null" else ""
            for name in ("caption", "title", "link", "description"):
                content.setdefault(name, blank)
            if self.temper.blanks == "null":
                content.setdefault("mediaWrapper", None)
                content.setdefault("imageUrl", None)
                content.setdefault("linkMetadata", None)

    def date(self, text: str) -> str:
        at = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
        if self.temper.dates == "millis":
            return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        if self.temper.dates == "offset":
            return at.strftime("%Y-%m-%dT%H:%M:%S+00:00")
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")

    # --- calls

    def answer(
        self, method: str, path: str, query: Mapping[str, list[str]], body: Json, headers: Mapping[str, str]
    ) -> Json:
        """Answer one call, or raise a `Refusal`."""
        if path == "/oauth2/token":
            return self.token(body)
        self.sign_in(headers)
        if path.startswith("/site-media/"):
            return self.media(method, path, query, body)
        path = path.removeprefix(ROOT)
        for verb, pattern, name in ROUTES:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                return getattr(self, name)(body, query, *found.groups())
        raise Refusal(404, "", f"no such call: {method} {path}")

    def token(self, body: Json) -> Json:
        wanted = {
            "grant_type": "client_credentials",
            "client_id": "app-id",
            "client_secret": "app-secret",
            "instance_id": "inst",
        }
        if body != wanted:
            raise Refusal(401, "BAD_CLIENT", json.dumps(body))
        return {"access_token": self.temper.credential, "token_type": "Bearer", "expires_in": 14400}

    def sign_in(self, headers: Mapping[str, str]) -> None:
        if headers.get("authorization") != self.temper.credential:
            raise Refusal(401, "UNAUTHENTICATED")
        if "wix-account-id" in headers:
            raise Refusal(400, "both site and account")

    def list_accounts(self, _body: Json, query: Mapping[str, list[str]]) -> Json:
        name = query.get("channelName", [""])[0]
        if name in self.temper.disconnected:
            raise Refusal(400, "USER_NOT_EXIST_FOR_CHANNEL")
        if name not in self.accounts:
            raise Refusal(400, "USER_NOT_EXIST_FOR_CHANNEL")
        accounts = json.loads(json.dumps(self.accounts[name]))
        if self.temper.extra:
            accounts = [{**a, "futureChannel": {"id": 1}, "createdDate": "x"} for a in accounts]
        return {"accounts": accounts}

    def token_state(self, _body: Json, _query: object, channel: str) -> Json:
        if self.temper.token_status != 200:
            raise Refusal(self.temper.token_status, "OOPS")
        return {"status": "NEVER_CREATED" if channel.upper() in self.temper.disconnected else "VALID"}

    def connect_url(self, _body: Json, _query: object, channel: str) -> Json:
        return {"connectUrl": f"https://connect.example/{channel}"}

    def feature(self, name: str) -> Json:
        enabled = not (self.temper.no_schedule and name == "SCHEDULE_POST")
        told: Json = {"type": name, "enabled": enabled}
        if not self.temper.unmetered and self.temper.quota_left is not None:
            left = self.temper.quota_left
            told["quotaInfo"] = {"limit": 1000, "currentUsage": 1000 - left, "remainingUsage": left, "period": "MONTH"}
        return told

    def features(self, _body: Json, query: Mapping[str, list[str]]) -> Json:
        if self.temper.features != "list":
            raise Refusal(404, "")
        told = [self.feature(n) for n in query["featureTypes"]]
        if self.temper.extra:
            told.append({"type": "TELEPATHY", "enabled": "maybe"})
        return {"features": told, "monetizationEnabled": not self.temper.unmetered}

    def one_feature(self, _body: Json, _query: object, name: str) -> Json:
        if self.temper.features == "gone":
            raise Refusal(404, "")
        return {"featureData": self.feature(name)}

    def query(self, body: Json, _query: object) -> Json:
        asked = body.get("query", {})
        paging = asked.get("paging", {})
        limit, offset = paging.get("limit", 50), paging.get("offset", 0)
        if limit > self.temper.page_limit:
            raise Refusal(400, "", f"query.paging.limit must be at most {self.temper.page_limit}")
        if self.temper.sort_refused and asked.get("sort"):
            raise Refusal(400, "", "sort is not supported")
        if self.temper.filter_refused and asked.get("filter"):
            raise Refusal(400, "", "filter is not supported")
        items = [i for i in self.items.values() if self.temper.list_deleted or i["status"] != "DELETED"]
        page = items[offset : offset + limit]
        told: Json = {"items": [self.shape(i) for i in page]}
        if self.temper.paging != "none":
            told["pagingMetadata"] = {"count": len(page), "offset": offset}
        if self.temper.paging == "full":
            told["pagingMetadata"]["total"] = len(items)
        return told

    def found(self, item_id: str) -> Json:
        item = self.items.get(item_id.lower())
        if item is None:
            raise Refusal(404, "ITEM_NOT_EXISTS")
        return item

    def get(self, _body: Json, _query: object, item_id: str) -> Json:
        return self.tell(self.found(item_id))

    def accept(self, item: Json, *, where: str) -> Json:
        channel, kind = item.get("channel", {}).get("name"), item.get("type")
        name = CONTENT.get((channel, kind))
        if name is None or name not in item or not item["channel"].get("accountId"):
            raise Refusal(400, "", f"item does not fit: {json.dumps(item)}")
        others = [n for n in CONTENT.values() if n in item and n != name]
        allowed = {"channel", "type", "referenceId", "consumerInfo", "schedulingInfo", "siteAssetRef", name}
        if others or set(item) - allowed:
            raise Refusal(400, "", f"unexpected fields: {sorted(set(item) - allowed)}")
        reference = item.get("referenceId")
        strict = self.temper.references == "all" or (self.temper.references == "publish" and where == "publish")
        if strict and reference and any(i.get("referenceId") == reference for i in self.items.values()):
            raise Refusal(409, "REFERENCE_ID_ALREADY_EXIST")
        return self.add(json.loads(json.dumps(item)))

    def create(self, body: Json, _query: object) -> Json:
        return self.tell(self.accept(body["item"], where="draft"), changed=True)

    def update(self, body: Json, _query: object, item_id: str) -> Json:
        item = self.found(item_id)
        if body["item"].get("id", "").lower() != item_id.lower() or "schedulingInfo" in body["item"]:
            raise Refusal(400, "", "bad update")
        item.update({k: v for k, v in body["item"].items() if k != "id"})
        return self.tell(item, changed=True)

    def delete(self, _body: Json, _query: object, item_id: str) -> Json:
        item = self.found(item_id)
        if item["status"] == "DELETED":
            raise Refusal(428, "ITEM_IS_DELETED")
        item["status"] = "DELETED"
        return {}

    def go(self, item: Json, at: str | None) -> None:
        if self.temper.no_schedule and at:
            raise Refusal(428, "INELIGIBLE_FOR_FEATURE")
        if at is None:
            item["status"] = self.temper.after_publish
            if item["status"] == "PUBLISHED":
                item["externalItemUrl"] = f"https://social.example/{item['id']}"
            self.shown.append(item)
            return
        if datetime.fromisoformat(at.replace("Z", "+00:00")) <= datetime.now(UTC):
            raise Refusal(428, "SCHEDULED_TIME_ALREADY_PASSED")
        item["status"] = "SCHEDULED"
        item["schedulingInfo"] = {"scheduledDate": at}

    def publish(self, body: Json, _query: object) -> Json:
        item = self.accept(body["item"], where="publish")
        self.go(item, item.get("schedulingInfo", {}).get("scheduledDate"))
        return self.tell(item, changed=True)

    def publish_by_id(self, body: Json, _query: object) -> Json:
        item = self.found(body["id"])
        self.go(item, body.get("scheduledDate"))
        return self.tell(item, changed=True)

    def bulk(self, body: Json, _query: object) -> Json:
        if self.temper.bulk == "refused":
            raise Refusal(428, "INELIGIBLE_FOR_FEATURE")
        results = [self.bulk_one(i, item) for i, item in enumerate(body["items"])]
        failed = sum(not r["itemMetadata"]["success"] for r in results)
        if self.temper.bulk == "shuffled":
            results.reverse()
        if self.temper.bulk == "partial":
            results = results[::2]
        return {
            "results": results,
            "bulkActionMetadata": {"totalSuccesses": len(results) - failed, "totalFailures": failed},
        }

    def bulk_one(self, index: int, item: Json) -> Json:
        try:
            made = self.accept(item, where="publish")
            self.go(made, item.get("schedulingInfo", {}).get("scheduledDate"))
        except Refusal as error:
            told = {
                "originalIndex": index,
                "success": False,
                "error": {"code": error.code, "description": error.description},
            }
            return {"itemMetadata": told}
        return {"itemMetadata": {"id": made["id"], "originalIndex": index, "success": True}}

    def state_or_refuse(self, item_id: str) -> Json:
        item = self.found(item_id)
        if item["status"] in ("PUBLISHED", "DELETED"):
            raise Refusal(428, f"ITEM_IS_{item['status']}")
        if item["status"] != "SCHEDULED":
            raise Refusal(428, "WRONG_STATUS")
        return item

    def reschedule(self, body: Json, _query: object, item_id: str) -> Json:
        item = self.state_or_refuse(item_id)
        self.go(item, body["scheduledDate"])
        return self.tell(item, changed=True)

    def cancel(self, _body: Json, _query: object, item_id: str) -> Json:
        item = self.state_or_refuse(item_id)
        item["status"] = "CANCELED"
        return self.tell(item, changed=True)

    def generate_text(self, body: Json, _query: object) -> Json:
        return {"results": [{"caption": f"Words on {body['userInput']}", "title": "A title"}]}

    def generate_post(self, body: Json, _query: object) -> Json:
        made = []
        for channel in body.get("channels", ["INSTAGRAM"]):
            name = CONTENT[channel, "POST"]
            text = "description" if channel in ("PINTEREST", "GBP", "TIKTOK") else "caption"
            media = {"media": [{"type": "IMAGE", "url": "https://static.wixstatic.com/media/made.png"}]}
            made.append({"channelName": channel, name: {text: "Made words", "mediaWrapper": media}})
        return {"results": made}

    def media(self, method: str, path: str, query: Mapping[str, list[str]], body: Json) -> Json:
        path = path.removeprefix("/site-media/v1/files")
        if path == "/generate-upload-url":
            return {"uploadUrl": f"{self.url}/put/{uuid.uuid4()}?t=1"}
        if path == "/import":
            return {"file": self.file(body.get("mimeType", "image/jpeg"))}
        file_id = query["fileId"][0] if path == "/get-file-by-id" else path.strip("/")
        if file_id not in self.files:
            raise Refusal(404, "FILE_NOT_FOUND")
        self.files[file_id]["operationStatus"] = "READY"
        return {"file": self.files[file_id]}

    def file(self, mime: str) -> Json:
        new = uuid.uuid4().hex
        host = "video" if mime.startswith("video") else "static"
        self.files[new] = {"id": new, "url": f"https://{host}.wixstatic.com/media/{new}", "operationStatus": "PENDING"}
        return dict(self.files[new])


ROUTES = (
    ("GET", "/accounts", "list_accounts"), ("GET", r"/features", "features"),
    ("GET", r"/features/(\w+)", "one_feature"),
    ("GET", r"/(\w+)/long-lived-token-status", "token_state"), ("GET", r"/(\w+)/connect-url", "connect_url"),
    ("POST", "/items", "create"), ("POST", "/items/query", "query"), ("GET", r"/items/([^/]+)", "get"),
    ("PATCH", r"/items/([^/]+)", "update"), ("DELETE", r"/items/([^/]+)", "delete"), ("POST", "/publish", "publish"),
    ("POST", "/publish-by-id", "publish_by_id"), ("POST", "/bulk/publish", "bulk"),
    ("POST", r"/items/([^/]+)/reschedule", "reschedule"), ("PATCH", r"/items/([^/]+)/cancel", "cancel"),
    ("POST", "/generate-text", "generate_text"), ("POST", "/generate-post-data", "generate_post"),
)  # fmt: skip
