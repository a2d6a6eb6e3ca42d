"""Numbers of records as clients read them: prices, averages, what is absent."""

import pytest

from engine.commands import OrderType, Side, TimeInForce
from engine.events import TAKER
from gateway.history.records import FillRecord, OrderRecord
from gateway.replies.api_replies import average_price_text, fill_reply, order_reply, price_text
from tests.engine.venue import START_NS, Venue, plain_spec

# Ticks of 0.1, lots of 0.001.
SPEC = plain_spec()


@pytest.mark.parametrize(
    ("value", "lots", "text"),
    [
        (200_000 * 7, 7, "20000"),
        (200_000 * 2 + 200_001, 3, "20000.03333333"),  # floored
        (0, 0, None),
    ],
)
def test_an_average_is_floored_to_eight_decimals(value: int, lots: int, text: str | None) -> None:
    assert average_price_text(value, lots, SPEC) == text


def test_no_price_is_null() -> None:
    assert (price_text(0, SPEC), price_text(1, SPEC)) == (None, "0.1")


def test_an_order_says_null_for_what_it_does_not_have() -> None:
    terms = (int(Side.BUY), int(OrderType.LIMIT), int(TimeInForce.GTC), 199_995, 0, 0, 5, 10)
    record = OrderRecord(7, 1, 1, *terms, False, True, 0, "", START_NS, 3, START_NS)
    record.filled_lots, record.filled_value = 2, 2 * 199_995
    told = order_reply(Venue().state, record)

    assert (told.order_id, told.symbol, told.side, told.order_type) == (
        *("7", "BTC/USDT", "BUY", "LIMIT"),
    )
    assert (told.price, told.quantity, told.filled_quantity) == ("19999.5", "0.005", "0.002")
    assert (told.average_price, told.leverage, told.post_only) == ("19999.5", 10, True)
    absent = (told.client_order_id, told.trigger_price, told.amount, told.position_id)
    assert absent == (None, None, None, None)
    assert (told.trailing, told.filled_at, told.oco_group, told.reason) == (None,) * 4


def test_a_fill_of_no_order_has_no_order_id() -> None:
    fill = FillRecord(4, 0, 9, 1, int(Side.SELL), 200_000, 3, 17, int(TAKER), -5, 2, START_NS)
    told = fill_reply(Venue().state, fill)

    assert (told.fill_id, told.order_id, told.position_id) == ("4", None, "9")
    assert (told.price, told.quantity, told.side) == ("20000", "0.003", "SELL")
    assert (told.fee, told.realized_pnl, told.liquidity) == ("0.00000017", "-0.00000005", "TAKER")
