"""What the providers over an SDK share: one client for all threads, made with the first call, and one request per call.

A subclass says how its SDK is made, how a call is put to it, and what the answer's body means.
"""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from threading import Lock
from typing import ClassVar, Generic, TypeVar

import httpx2

from connectors.llm.config import Account
from connectors.llm.errors import Declined, Whom, translated
from connectors.llm.http import http_client
from contracts.errors import WrongUsage
from models.llm.base import Call, Reply
from models.llm.errors import Misconfigured

Client = TypeVar("Client")


class SdkProvider(ABC, Generic[Client]):
    """Asks one model of one vendor; imports the vendor's SDK with the first call."""

    NAME: ClassVar[str]
    LOGGERS: ClassVar[tuple[str, ...]]

    def __init__(self, account: Account) -> None:
        self._account = account
        self._whom = Whom(self.NAME, account.model, account.variables)
        self._making = Lock()
        self._made: tuple[Client, type[Exception], httpx2.Client] | None = None

    @property
    def name(self) -> str:
        """As in settings, prices and metrics."""
        return self.NAME

    @property
    def model(self) -> str:
        """The model it asks for."""
        return self._account.model

    def ask(self, call: Call) -> Reply:
        """One request, no retry. Raises ``ProviderFailed``."""
        client, root, _http = self._ready()
        key = self._key()
        began = time.monotonic()
        try:
            with translated(self._whom, root):
                response = self._send(client, key, call)
        except Declined as exc:
            seconds = time.monotonic() - began
            return Reply("refused", "", "", self.model, self.NAME, request_id=exc.request_id, seconds=seconds)
        return self._read(response, time.monotonic() - began)

    def close(self) -> None:
        """Let go of connections."""
        with self._making:
            if self._made is not None:
                self._made[2].close()
                self._made = None

    @abstractmethod
    def _make(self, http: httpx2.Client) -> tuple[Client, type[Exception]]:
        """The SDK's client, and the root of what it raises."""

    @abstractmethod
    def _send(self, client: Client, key: str, call: Call) -> httpx2.Response:
        """Put ``call`` to the vendor."""

    @abstractmethod
    def _read(self, response: httpx2.Response, seconds: float) -> Reply:
        """What the vendor's answer means."""

    def _ready(self) -> tuple[Client, type[Exception], httpx2.Client]:
        with self._making:
            if self._made is None:
                http = http_client(self.NAME, self._account.proxy, self._account.ca_file)
                self._made = (*self._make(http), http)
                # Requests hold people's words: in no log, whatever the environment or the root logger ask for.
                for logger in (*self.LOGGERS, "httpx2", "httpcore2"):
                    logging.getLogger(logger).setLevel(logging.WARNING)
            return self._made

    def _key(self) -> str:
        try:
            return self._account.key()
        except WrongUsage as exc:
            raise Misconfigured(str(exc), provider=self.NAME) from None
