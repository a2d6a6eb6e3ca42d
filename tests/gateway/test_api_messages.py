"""Strict JSON: what is refused, with which code, and that nothing changes.

The same bodies go over HTTP and over WebSocket: the decoder is one.
"""

import msgspec
import pytest

from gateway import api_messages as messages
from tests.gateway.house import House, socket_of

DIGEST_OF_THEN = "8f18c64929f8425533f416bc741b3a09"

GOOD = {
    "symbol": '"BTC/USDT"',
    "side": '"BUY"',
    "orderType": '"LIMIT"',
    "quantity": '"0.1"',
    "price": '"19000"',
    "leverage": "10",
}


def body(**changes: str | None) -> bytes:
    """A good order with raw JSON values put in, or left out where None."""
    fields = {name: text for name, text in {**GOOD, **changes}.items() if text is not None}
    return ("{" + ",".join(f'"{name}":{text}' for name, text in fields.items()) + "}").encode()


DEEP = b"[" * 5_000 + b"]" * 5_000
TORTURE: list[tuple[str, bytes, int, str]] = [
    # Not JSON, or not an object.
    ("empty", b"", 400, "BAD_JSON"),
    ("spaces", b"   ", 400, "BAD_JSON"),
    ("null", b"null", 400, "BAD_FIELD"),
    ("true", b"true", 400, "BAD_FIELD"),
    ("a number", b"5", 400, "BAD_FIELD"),
    ("a text", b'"order"', 400, "BAD_FIELD"),
    ("an array", b"[]", 400, "BAD_FIELD"),
    ("cut short", body()[:-1], 400, "BAD_JSON"),
    ("cut in a text", body()[:20], 400, "BAD_JSON"),
    ("two objects", body() + body(), 400, "BAD_JSON"),
    ("trailing comma", body()[:-1] + b",}", 400, "BAD_JSON"),
    ("comment", body()[:-1] + b"/* */}", 400, "BAD_JSON"),
    ("single quotes", body().replace(b'"', b"'"), 400, "BAD_JSON"),
    ("a byte order mark", b"\xef\xbb\xbf" + body(), 400, "BAD_JSON"),
    ("UTF-16", body().decode().encode("utf-16"), 400, "BAD_JSON"),
    ("bad UTF-8 behind", body() + b"\xff", 400, "BAD_JSON"),
    ("bad UTF-8 in a text", body().replace(b"BTC", b"\xc3("), 400, "BAD_JSON"),
    ("a control character in a text", body(symbol='"BTC\n/USDT"'), 400, "BAD_JSON"),
    ("a zero byte", body() + b"\0", 400, "BAD_JSON"),
    ("a lone surrogate", body(symbol='"\\ud800"'), 400, "BAD_JSON"),
    ("deep arrays", DEEP, 400, "BAD_FIELD"),
    ("deep arrays in a field", body(price=DEEP.decode()), 400, "BAD_FIELD"),
    ("deep arrays in an unknown field", body(x=DEEP.decode()), 400, "UNKNOWN_FIELD"),
    # Keys.
    ("an unknown field", body(isAdmin="true"), 400, "UNKNOWN_FIELD"),
    ("a field of the core", body(sequence="5"), 400, "UNKNOWN_FIELD"),
    ("a field of the core's style", body(price_ticks="5"), 400, "UNKNOWN_FIELD"),
    ("another case", body(Symbol='"BTC/USDT"'), 400, "UNKNOWN_FIELD"),
    ("a doubled key", body()[:-1] + b',"price":"1"}', 400, "DUPLICATE_KEY"),
    ("a doubled key, equal", body()[:-1] + b',"price":"19000"}', 400, "DUPLICATE_KEY"),
    ("a doubled key with space", body()[:-1] + b', "price" : "1"}', 400, "DUPLICATE_KEY"),
    ("a doubled key, escaped", body()[:-1] + b',"pric\\u0065":"1"}', 400, "DUPLICATE_KEY"),
    ("a doubled key beside a colon", body(clientOrderId='"a:b"')[:-1] + b',"price":"1"}', 400,
     "DUPLICATE_KEY"),
    ("no symbol", body(symbol=None), 400, "MISSING_FIELD"),
    ("no side", body(side=None), 400, "MISSING_FIELD"),
    # Types.
    ("a number for a price", body(price="19000"), 400, "BAD_NUMBER"),
    ("a number for an amount", body(amount="1.5", quantity=None), 400, "BAD_NUMBER"),
    ("NaN", body(price="NaN"), 400, "BAD_JSON"),
    ("Infinity", body(price="-Infinity"), 400, "BAD_JSON"),
    ("an exponent", body(price="1e5"), 400, "BAD_NUMBER"),
    ("a huge exponent", body(price="1e1000000"), 400, "BAD_NUMBER"),
    ("a huge exponent for leverage", body(leverage="1e1000000"), 400, "BAD_NUMBER"),
    ("a huge exponent, unknown field", body(x="1e1000000"), 400, "UNKNOWN_FIELD"),
    ("5,000 digits", body(price="9" * 5_000), 400, "BAD_NUMBER"),
    ("5,000 digits for leverage", body(leverage="9" * 5_000), 400, "BAD_NUMBER"),
    ("5,000 decimals", body(price="0." + "1" * 5_000), 400, "BAD_NUMBER"),
    ("null for a price", body(price="null"), 400, "BAD_FIELD"),
    ("true for a price", body(price="true"), 400, "BAD_FIELD"),
    ("an object for a price", body(price="{}"), 400, "BAD_FIELD"),
    ("an unknown side", body(side='"LONG"'), 400, "BAD_FIELD"),
    ("another case of a side", body(side='"buy"'), 400, "BAD_FIELD"),
    ("a number for a side", body(side="1"), 400, "BAD_FIELD"),
    ("an order type of nowhere", body(orderType='"TRAILING_LIMIT"'), 400, "BAD_FIELD"),
    ("a float for leverage", body(leverage="1.0"), 400, "BAD_FIELD"),
    ("a text for leverage", body(leverage='"10"'), 400, "BAD_FIELD"),
    ("true for leverage", body(leverage="true"), 400, "BAD_FIELD"),
    ("a negative leverage", body(leverage="-1"), 400, "BAD_FIELD"),
    ("a leverage beyond all", body(leverage="9999999999"), 400, "BAD_FIELD"),
    ("a text for a flag", body(postOnly='"true"'), 400, "BAD_FIELD"),
    ("a negative expiry", body(expiresAt="-5"), 400, "BAD_FIELD"),
    ("an expiry beyond all", body(expiresAt="9999999999999999"), 400, "BAD_FIELD"),
    # The grammar of decimals.
    ("an empty price", body(price='""'), 400, "BAD_NUMBER"),
    ("a sign", body(price='"-1"'), 400, "BAD_NUMBER"),
    ("a plus", body(price='"+1"'), 400, "BAD_NUMBER"),
    ("a leading zero", body(price='"019000"'), 400, "BAD_NUMBER"),
    ("no whole part", body(price='".5"'), 400, "BAD_NUMBER"),
    ("no fraction", body(price='"5."'), 400, "BAD_NUMBER"),
    ("an exponent in a text", body(price='"1e5"'), 400, "BAD_NUMBER"),
    ("a huge exponent in a text", body(price='"1e1000000"'), 400, "BAD_NUMBER"),
    ("NaN in a text", body(price='"NaN"'), 400, "BAD_NUMBER"),
    ("an underscore", body(price='"1_000"'), 400, "BAD_NUMBER"),
    ("a comma", body(price='"1,5"'), 400, "BAD_NUMBER"),
    ("a space before", body(price='" 1"'), 400, "BAD_NUMBER"),
    ("a line break after", body(price='"1\\n"'), 400, "BAD_NUMBER"),
    ("wide digits", body(price='"１２３"'), 400, "BAD_NUMBER"),
    ("Arabic digits", body(price='"٣"'), 400, "BAD_NUMBER"),
    ("hexadecimal", body(price='"0x10"'), 400, "BAD_NUMBER"),
    ("nine decimals", body(price='"1.123456789"'), 400, "BAD_NUMBER"),
    ("13 digits", body(price='"1234567890123"'), 400, "BAD_NUMBER"),
    ("5,000 digits in a text", body(price=f'"{"9" * 5_000}"'), 400, "BAD_NUMBER"),
    ("a percentage with seven decimals", body(autoClosePct='"0.0000001"'), 400, "BAD_NUMBER"),
    ("an id of letters", body(positionId='"x"'), 400, "BAD_FIELD"),
    ("an id beyond all", body(positionId='"9999999999999999999"'), 400, "BAD_FIELD"),
    ("an id with a zero before", body(positionId='"01"'), 400, "BAD_FIELD"),
    # Well formed, against the rules.
    ("an unknown symbol", body(symbol='"XXX/USDT"'), 422, "UNKNOWN_SYMBOL"),
    ("an empty symbol", body(symbol='""'), 422, "UNKNOWN_SYMBOL"),
    ("a price of zero", body(price='"0"'), 422, "BAD_PRICE"),
    ("a price off the tick grid", body(price='"19000.001"'), 422, "BAD_PRICE"),
    ("a stop loss off the grid", body(stopLoss='"18000.005"'), 422, "BAD_PRICE"),
    ("the highest price", body(price='"999999999999.99"'), 422, "BAD_PRICE"),
    ("a quantity off the lot grid", body(quantity='"0.0000001"'), 422, "BAD_QUANTITY"),
    ("a quantity of zero", body(quantity='"0"'), 422, "BAD_QUANTITY"),
    ("the highest quantity", body(quantity='"999999999999"'), 422, "BAD_QUANTITY"),
    ("the highest amount", body(quantity=None, amount='"999999999999.99999999"'), 422,
     "BAD_QUANTITY"),
    ("an amount of zero", body(quantity=None, amount='"0"'), 422, "BAD_QUANTITY"),
    ("leverage zero", body(leverage="0"), 422, "BAD_LEVERAGE"),
    ("leverage above the market's", body(leverage="101"), 422, "BAD_LEVERAGE"),
    ("quantity and amount", body(amount='"1"'), 422, "BAD_COMBINATION"),
    ("neither", body(quantity=None), 422, "BAD_COMBINATION"),
    ("a client order id with a space", body(clientOrderId='"a b"'), 422, "BAD_COMBINATION"),
    ("an empty client order id", body(clientOrderId='""'), 422, "BAD_COMBINATION"),
    ("a client order id of 37", body(clientOrderId=f'"{"a" * 37}"'), 422, "BAD_COMBINATION"),
    ("auto-close at zero", body(autoClosePct='"0"'), 422, "BAD_PRICE"),
    ("auto-close beyond all", body(autoClosePct='"-999999999999"'), 422, "BAD_PRICE"),
    ("another user's name", body(userId='"bob"'), 403, "FORBIDDEN_ACCOUNT"),
    ("a body of 17 KiB", body(x='"' + "a" * 17_000 + '"'), 413, "BODY_TOO_LARGE"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "status", "code"), [case[1:] for case in TORTURE], ids=[case[0] for case in TORTURE]
)
async def test_a_bad_body_is_refused_with_a_code_and_changes_nothing(
    house: House, data: bytes, status: int, code: str
) -> None:
    alice = await house.user("alice")
    before = (await alice.get("/api/account")).body["balances"]

    reply = await alice.ask("POST", "/api/orders", data=data)

    assert (reply.status, reply.code) == (status, code)
    assert set(reply.body) == {"error", "code", "details", "requestId"}
    assert len(msgspec.json.encode(reply.body)) < 1_000
    assert (await alice.get("/api/orders")).body["orders"] == []
    assert (await alice.get("/api/account")).body["balances"] == before


async def test_the_good_body_is_good(house: House) -> None:
    alice = await house.user("alice")

    reply = await alice.ask("POST", "/api/orders", data=body())

    assert (reply.status, reply.body["status"]) == (201, "PENDING")


async def test_a_socket_refuses_the_same_bodies(house: House) -> None:
    alice = await house.user("alice")
    async with socket_of(house, alice) as socket:
        for name, data, _status, code in TORTURE:
            if code in ("BODY_TOO_LARGE", "BAD_JSON") or not data.startswith(b"{"):
                continue
            request = b'{"op":"order.place","id":7,' + data[1:]
            await socket.connection.send_str(request.decode())
            answer = msgspec.json.decode((await socket.connection.receive()).data)
            assert answer["error"]["code"] == code, name
        assert (await alice.get("/api/orders")).body["orders"] == []


async def test_the_digest_of_an_order_without_later_fields_never_changes(house: House) -> None:
    """A client order id of years ago still finds its order: the journal has the digest of then."""
    await house.user("alice")
    body = {
        "symbol": "BTC/USDT", "side": "BUY", "orderType": "LIMIT", "quantity": "0.001",
        "price": "19000", "leverage": 10, "clientOrderId": "once",
    }  # fmt: skip
    state, account_id = house.venue.state, house.venue.state.account_ids["alice"]

    old = messages.place_order(state, account_id, msgspec.convert(body, messages.PlaceOrderRequest))
    later = body | {"ocoGroup": "pair"}
    new = messages.place_order(
        state, account_id, msgspec.convert(later, messages.PlaceOrderRequest)
    )

    assert old.digest.hex() == DIGEST_OF_THEN
    assert new.digest != old.digest
