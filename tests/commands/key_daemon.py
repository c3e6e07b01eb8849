"""A key store as an operating system has one: a daemon that holds secrets in memory, and keyring's way to it.

`Keyring` is a backend by keyring's public plug-in interface. A command finds it by `PYTHON_KEYRING_BACKEND`, and the
daemon by the address in `TEST_KEY_DAEMON`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from multiprocessing.connection import Client, Connection, Listener
from types import TracebackType

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

ADDRESS = "TEST_KEY_DAEMON"


class KeyDaemon:
    """Holds secrets by service and name while it is entered; `locked` refuses every question."""

    def __init__(self) -> None:
        self.secrets: dict[tuple[str, str], str] = {}
        self.locked = False
        self._listener = Listener(("127.0.0.1", 0))

    def __enter__(self) -> KeyDaemon:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._listener.close()

    @property
    def environ(self) -> Mapping[str, str]:
        """What leads a command to the daemon."""
        host, port = self._listener.address
        return {"PYTHON_KEYRING_BACKEND": f"{__name__}.Keyring", ADDRESS: f"{host}:{port}"}

    def _serve(self) -> None:
        while True:
            try:
                with self._listener.accept() as connection:
                    self._answer(connection)
            except OSError:
                return

    def _answer(self, connection: Connection) -> None:
        what, service, name, secret = connection.recv()
        if self.locked:
            connection.send("locked")
            return
        found = self.secrets.get((service, name))
        if what == "set":
            self.secrets[service, name] = secret
        elif what == "delete":
            self.secrets.pop((service, name), None)
        connection.send(found)


class Keyring(KeyringBackend):
    """keyring's way to the daemon."""

    priority = 5  # type: ignore[assignment] # keyring declares a property and takes a number, as its own backends do

    def get_password(self, service: str, username: str) -> str | None:
        return self._ask("get", service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._ask("set", service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        if self._ask("delete", service, username) is None:
            raise PasswordDeleteError("there is none")

    def _ask(self, what: str, service: str, name: str, secret: str = "") -> str | None:
        host, _, port = os.environ[ADDRESS].rpartition(":")
        with Client((host, int(port))) as connection:
            connection.send((what, service, name, secret))
            answer: str | None = connection.recv()
        if answer == "locked":
            raise KeyringLocked(f"locked; the secret was {secret}")
        return answer


class PlainFile(KeyringBackend):
    """A backend that writes secrets into a plain file: keyring itself recommends none such."""

    priority = 0.5  # type: ignore[assignment] # as above

    def get_password(self, service: str, username: str) -> str | None:
        raise AssertionError("a backend that nobody recommends was asked")

    set_password = delete_password = get_password  # type: ignore[assignment] # neither may be called
