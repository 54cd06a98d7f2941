"""Many HTTP requests at once from ordinary code, with errors that say whether to ask again."""

from __future__ import annotations

import asyncio
import email.utils
import importlib.util
import os
import threading
import time
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any, TypeVar

from laserdb.backends.base import Answers, PermanentError, TransientError
from laserdb.errors import MissingExtra

T = TypeVar("T")

_AGAIN = (408, 409, 425)  # client errors that the client isn't to blame for
_NEVER = (501, 505)
_DETAIL = 400  # characters of a server's message that are kept


def require_http() -> None:
    """Raise MissingExtra without the HTTP client. It is httpx2, which huggingface_hub brings as well."""
    if importlib.util.find_spec("httpx2") is None:
        raise MissingExtra("httpx2", "openai")


class HttpClient:
    """A client on an event loop of its own, in a thread of its own, so that callers may have a loop or not.

    The API key comes from the environment variable `key_variable` alone. It lives in the connection's
    headers, and is struck out of what servers say.
    """

    def __init__(self, base_url: str, *, key_variable: str, concurrency: int, timeout: float) -> None:
        self._base_url = base_url.rstrip("/") + "/"
        self._key_variable = key_variable
        self._timeout = timeout
        self._slots = asyncio.Semaphore(concurrency)
        self._client: Any = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="laserdb-http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close connections and end the thread."""
        if self._loop.is_closed():
            return
        if self._client is not None:
            self._await(self._client.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def gather(self, calls: Iterable[Coroutine[Any, Any, T]]) -> Answers[T]:
        """Run calls together, as many at once as there are slots; each ends with a value or its error."""

        async def caught(call: Coroutine[Any, Any, T]) -> T | PermanentError | TransientError:
            try:
                return await call
            except (PermanentError, TransientError) as error:
                return error

        async def together() -> Answers[T]:
            return list(await asyncio.gather(*(caught(call) for call in calls)))

        return self._await(together())

    def _await(self, call: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(call, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # after Ctrl-C no request goes on in the background
            raise

    async def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One request, relative to the base URL; the answer's JSON. Raises Permanent- and TransientError."""
        import httpx2

        async with self._slots:
            try:
                response = await self._opened().request(method, self._base_url + path, json=body)
            except httpx2.TimeoutException:
                raise TransientError("timeout", f"no answer within {self._timeout:g} s") from None
            except httpx2.TransportError as error:
                raise TransientError("connection", self._clean(str(error) or type(error).__name__)) from None
            except (httpx2.InvalidURL, UnicodeError):
                raise PermanentError("bad_url", "the base URL can't be read") from None
        if response.status_code != 200:
            raise self._error(response)
        try:
            return response.json()
        except ValueError:
            raise PermanentError("bad_answer", "the server's answer is no JSON") from None

    def _opened(self) -> Any:
        import httpx2

        if self._client is None:
            key = os.environ.get(self._key_variable)
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
            self._client = httpx2.AsyncClient(headers=headers, timeout=self._timeout, limits=limits)
        return self._client

    def _error(self, response: Any) -> PermanentError | TransientError:
        status = response.status_code
        detail, code = _told(response)
        detail = self._clean(f"HTTP {status}: {detail}" if detail else f"HTTP {status}")
        if status == 429 and code != "insufficient_quota":
            return TransientError("rate_limit", detail, retry_after(response.headers))
        if status in _AGAIN or (status >= 500 and status not in _NEVER):
            return TransientError("server", detail, retry_after(response.headers))
        if status in (401, 403):
            return PermanentError("unauthorized", f"{detail} (the key is read from {self._key_variable})")
        kinds = {404: "not_found", 413: "too_long", 429: "quota"}
        kind = "too_long" if code == "context_length_exceeded" else kinds.get(status, "bad_request")
        return PermanentError(kind, detail)

    def _clean(self, text: str) -> str:
        key = os.environ.get(self._key_variable)
        text = text.replace(key, "***") if key else text
        return " ".join(text.split())[:_DETAIL]


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as the server says it: in milliseconds, in seconds or as a date."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        if "retry-after" not in headers:
            return None
        told = headers["retry-after"]
        if told.replace(".", "", 1).isdigit():
            return float(told)
        return max(0.0, email.utils.parsedate_to_datetime(told).timestamp() - time.time())
    except ValueError:
        return None


def _told(response: Any) -> tuple[str, str]:
    """Message and code of an error, in whichever of the usual shapes the server gives it."""
    try:
        body = response.json()
    except ValueError:
        return response.text, ""
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return str(error), ""
    return str(error.get("message") or error.get("detail") or error), str(error.get("code") or "")
