"""A local Publisher API: a real HTTP server on loopback, with the API's rules stated for themselves.

It is the witness against which the product is proved: it shares no code with it, it refuses what the API would refuse,
and its own list of what became public, which no call can alter, says whether a post was lost, doubled or wrong.

    SandboxServer (server.py)      the socket, for people and for processes    batch.sandbox.server
    SandboxTransport (server.py)   no socket, for thousands of scenarios      batch.sandbox.server
    Service (service.py)           one request in, one response out
"""

from __future__ import annotations

from batch.sandbox.seed import SITE_ID, instance_of
from batch.sandbox.service import Service
from batch.sandbox.state import SERVERS, Options, Request, Response

__all__ = ["SERVERS", "SITE_ID", "Options", "Request", "Response", "Service", "instance_of"]
