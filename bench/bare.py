"""The limit of the server figures: aiohttp that decodes and answers, and an echo.  No venue.

Everything that is not the venue is as in the venue: uvloop, msgspec, the listener's settings,
collected garbage frozen.  Started by `servers.py`; says on standard output where it listens.
"""

import asyncio
import gc
import json
import sys
from typing import Final

import msgspec
import uvloop
from aiohttp import WSMsgType, web

from gateway.api_messages import PlaceOrderRequest

JSON_HEADERS: Final = {"Content-Type": "application/json"}

# As long as the venue's own reply to an order.
REPLY: Final = {
    "orderId": "123456",
    "clientOrderId": "bench-000000000000",
    "symbol": "BTC/USDT",
    "side": "BUY",
    "orderType": "LIMIT",
    "status": "PENDING",
    "reason": None,
    "price": "59000.00",
    "triggerPrice": None,
    "amount": None,
    "quantity": "0.001",
    "filledQuantity": "0",
    "averagePrice": None,
    "leverage": 10,
    "timeInForce": "GTC",
    "reduceOnly": False,
    "postOnly": False,
    "positionId": None,
    "createdAt": 1700000000000,
    "updatedAt": 1700000000000,
    "filledAt": None,
    "sequence": 123456,
}

_decoder: Final = msgspec.json.Decoder(PlaceOrderRequest)
_encoder: Final = msgspec.json.Encoder()


async def post_order(request: web.Request) -> web.Response:
    """Decode an order, encode an answer."""
    _decoder.decode(await request.read())
    return web.Response(status=201, body=_encoder.encode(REPLY), headers=JSON_HEADERS)


async def echo(request: web.Request) -> web.WebSocketResponse:
    """Send every text back, each in a call of its own."""
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


async def serve() -> None:
    """Listen on any free port until the end of the process."""
    app = web.Application()
    app.router.add_post("/api/orders", post_order)
    app.router.add_get("/ws", echo)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    gc.collect()
    gc.freeze()
    gc.disable()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    sys.exit(uvloop.run(serve()))
