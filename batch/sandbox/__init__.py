"""A local Publisher API: a real HTTP server on loopback, with the API's rules stated for themselves.

It is the witness against which the product is proved: it shares no code with it, and refuses what the API would refuse.

    SandboxServer (server.py)      the socket
    Service (service.py)           one request in, one response out
"""
