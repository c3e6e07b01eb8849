"""The calls about a site's channels and plan: accounts, connections, features."""

from __future__ import annotations

from batch.sandbox.context import Answer, Context
from batch.sandbox.rules import CHANNELS
from batch.sandbox.sites import FEATURES
from batch.sandbox.wire import Refusal, invalid

MOST_FEATURES = 20


def list_accounts(context: Context) -> Answer:
    """List Accounts of one channel."""
    _only(context, "channelName")
    names = context.request.values("channelName")
    if len(names) != 1 or names[0] not in CHANNELS:
        raise invalid("channelName", f"must be one of {', '.join(CHANNELS)}", "ENUM")
    context.site.need_connection(names[0])
    return f'{{"accounts":[{",".join(context.site.accounts(names[0]))}]}}'


def token_status(context: Context) -> Answer:
    """Get Long Lived Token Status."""
    state = context.site.connection(_channel(context))
    return {"status": "VALID" if state == "NO_PAGES" else state}


def connect_url(context: Context) -> Answer:
    """Get Connect Url."""
    channel = _channel(context)
    connected = context.site.connected_channels()
    if channel not in connected and len(connected) >= context.site.connectable():
        said = f"The plan connects {context.site.connectable()} channels, and they are used up."
        raise Refusal(428, "INELIGIBLE_FOR_FEATURE", said)
    return {"connectUrl": f"https://connect.sandbox.example/{channel.lower()}?site={context.site_id}"}


def _channel(context: Context) -> str:
    channel = context.parts["channel"]
    if channel not in CHANNELS:
        raise invalid("channel", f"must be one of {', '.join(CHANNELS)}", "ENUM")
    return channel


def get_features(context: Context) -> Answer:
    """Get Features Data."""
    _only(context, "featureTypes")
    names = context.request.values("featureTypes") or FEATURES
    if len(names) > MOST_FEATURES:
        raise invalid("featureTypes", f"holds {len(names)}, at most {MOST_FEATURES} are allowed", "MAX_SIZE")
    features = [context.site.feature(_feature(name)) for name in names]
    return {"features": features, "monetizationEnabled": context.site.metered()}


def get_feature(context: Context) -> Answer:
    """Get Feature Data."""
    return {"featureData": context.site.feature(_feature(context.parts["feature"]))}


def _feature(name: str) -> str:
    if name not in FEATURES:
        raise invalid("featureType", f"must be one of {', '.join(FEATURES)}", "ENUM")
    return name


def _only(context: Context, *known: str) -> None:
    for name, _ in context.request.query:
        if name not in known:
            raise invalid(name, "is not a parameter of this call", "UNKNOWN_FIELD")
