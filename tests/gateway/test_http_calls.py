"""What stands before every handler: one header, one body, in time, not too large."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gateway import account_handlers
from tests.gateway.house import FAST, House

ORDER = b'{"symbol":"BTC/USDT","side":"BUY","orderType":"MARKET","amount":"1","leverage":10}'


async def raw(house: House, request: bytes) -> bytes:
    """Send bytes, read until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.addresses.port)
    writer.write(request)
    reply = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return reply


def post(*headers: bytes, body: bytes = ORDER) -> bytes:
    """A raw order of alice."""
    lines = [
        b"POST /api/orders HTTP/1.1",
        b"Host: localhost",
        b"Connection: close",
        b"Authorization: Bearer token-of-alice",
        *headers,
    ]
    return b"\r\n".join([*lines, b"", body])


async def test_a_plain_order_passes(house: House) -> None:
    await house.user("alice")

    reply = await raw(house, post(b"Content-Length: %d" % len(ORDER)))

    assert reply.startswith(b"HTTP/1.1 201 Created")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((b"Content-Length: 86", b"Content-Type: text/plain"), b"415"),
        ((b"Content-Length: 86", b"Content-Type: multipart/form-data; boundary=x"), b"415"),
        ((b"Content-Length: 86", b"Content-Encoding: gzip"), b"415"),
        ((b"Content-Length: 86", b"Content-Encoding: br"), b"415"),
        ((b"Content-Length: 86", b"Authorization: Bearer token-of-alice"), b"401"),
        ((b"Content-Length: 86", b"Content-Length: 86"), b"400"),
        ((b"Content-Length: 86", b"Content-Length: 5"), b"400"),
        ((b"Content-Length: 86", b"Transfer-Encoding: chunked"), b"400"),
        ((b"Content-Length: -1",), b"400"),
        ((b"Content-Length: 0x10",), b"400"),
        ((b"Content-Length : 86",), b"400"),
        ((b"Content-Length: 86", b"X: " + b"a" * 5_000), b"400"),
        ((b"Content-Length: 86", *(b"X-%d: 1" % n for n in range(100))), b"400"),
        ((b"Content-Length: 99999999",), b"413"),
    ],
)
async def test_a_request_with_strange_headers_is_refused(
    house: House, headers: tuple[bytes, ...], status: bytes
) -> None:
    await house.user("alice")
    before = house.venue.state.sequence

    long = b"Content-Length: 99999999" in headers
    reply = await raw(house, post(*headers, body=ORDER.ljust(100_000 if long else 86)))

    assert reply.split(b" ", 2)[1] == status, reply
    assert house.venue.state.sequence == before


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    server = msgspec.structs.replace(FAST.server, body_timeout_s=1)
    config = msgspec.structs.replace(FAST, server=server)

    async with House(tmp_path / "data", config) as house:
        await house.price("20000")
        await house.user("alice")

        reply = await raw(house, post(b"Content-Length: 100", body=ORDER[:10]))

    assert reply.startswith(b"HTTP/1.1 408 ")
    assert b"BODY_TIMEOUT" in reply


async def test_a_bug_in_a_handler_is_500_without_a_trace(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(account_handlers, "account_reply", broken)
    alice = await house.user("alice", None)

    reply = await alice.get("/api/account")

    assert (reply.status, reply.code, reply.body["details"]) == (500, "INTERNAL", {})
    assert "secret" not in str(reply.body)
    captured = capsys.readouterr()
    assert "secret detail" in captured.out + captured.err


async def test_requests_pipelined_on_one_connection_are_answered_in_order(house: House) -> None:
    alice = await house.user("alice")
    account = (
        b"GET /api/account HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token-of-alice\r\n\r\n"
    )
    order = post(b"Content-Length: %d" % len(ORDER)).replace(b"Connection: close\r\n", b"")

    reply = await raw(house, order + account + order + post(b"Content-Length: 2", body=b"{}"))

    statuses = [part[:3] for part in reply.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"201", b"200", b"201", b"400"]
    assert len((await alice.get("/api/fills")).body["fills"]) == 2


async def test_a_body_in_chunks_is_no_longer_than_another(house: House) -> None:
    alice = await house.user("alice")

    async def chunks() -> AsyncIterator[bytes]:
        yield ORDER
        yield b" " * 20_000

    async with house.session.post(
        house.url + "/api/orders",
        data=chunks(),
        headers={"Authorization": f"Bearer {alice.token}", "Content-Type": "application/json"},
    ) as reply:
        body = await reply.json()

    assert (reply.status, body["code"]) == (413, "BODY_TOO_LARGE")
    assert (await alice.get("/api/fills")).body["fills"] == []
