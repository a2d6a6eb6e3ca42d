"""Orders that fill in parts, orders that nobody sent, batches and the insurance fund's own events.

From events written by hand, so that each rule of what is told stands alone.
"""

from engine.commands import (
    AdvanceTime,
    CancelOrder,
    Command,
    ListInstrument,
    OrderType,
    PlaceOrder,
    PriceSource,
    Side,
    SubmitBatch,
    TimeInForce,
)
from engine.events import (
    BatchItem,
    BookChanged,
    CancelCause,
    Event,
    InstrumentListed,
    Liquidity,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderFilled,
    OrderTriggered,
    PositionOpened,
    Rejected,
    Traded,
)
from engine.reject_reason import RejectReason
from engine.units import AccountId, InstrumentId, OrderId, PositionId
from gateway.history.keeper import History
from gateway.history.records import OrderRecord, Touched
from gateway.history.rows import (
    MARGIN_MODE,
    MARKET_MODES,
    ORDER_DRIVEN,
    POSITION_MODE,
    history_rows,
    load_history,
)
from gateway.listings import order_driven_market

ALICE, FUND, PERP = AccountId(1), AccountId(0), InstrumentId(1)
PRICE = 200_000


class Told:
    """A history of one order-driven market, told one command after another."""

    def __init__(self) -> None:
        self.history = History()
        self.tell(ListInstrument(order_driven_market("BTC")), InstrumentListed(PERP, "x"))

    def tell(self, command: Command, *events: Event) -> list[Touched]:
        sequence = self.history.sequence + 1
        return self.history.observe(sequence, sequence * 1_000, command, list(events))

    def order(self, number: int) -> OrderRecord:
        return self.history.account(ALICE).orders[number]

    def seen(self, number: int) -> tuple[str, str, int, int]:
        """Status, reason, quantity and what is filled of it."""
        order = self.order(number)
        return order.status, order.reason, order.qty_lots, order.filled_lots


def place(
    kind: OrderType = OrderType.LIMIT,
    time_in_force: TimeInForce = TimeInForce.GTC,
    lots: int = 10,
    amount: int = 0,
    client_id: str = "",
) -> PlaceOrder:
    return PlaceOrder(
        *(ALICE, PERP, Side.BUY, kind, time_in_force, lots, amount, PRICE, 0, PriceSource.MARK),
        *(10, False, False, PositionId(0), 0, 0, 0, 0, client_id, bytes(16) if client_id else b""),
    )


def accepted(
    number: int,
    lots: int = 10,
    kind: OrderType = OrderType.LIMIT,
    account: AccountId = ALICE,
    amount: int = 0,
) -> OrderAccepted:
    return OrderAccepted(OrderId(number), account, PERP, Side.BUY, kind, PRICE, 0, lots, amount, 10)


def filled(number: int, lots: int, account: AccountId = ALICE) -> OrderFilled:
    return OrderFilled(
        *(7, OrderId(number), account, PERP, PositionId(9), Side.BUY, lots, PRICE, 1, 0),
        Liquidity.TAKER,
    )


def cancelled(number: int, cause: CancelCause) -> OrderCancelled:
    return OrderCancelled(OrderId(number), ALICE, cause, RejectReason.NONE)


def amended(number: int, lots: int) -> OrderAmended:
    return OrderAmended(OrderId(number), ALICE, PRICE, 0, lots, 0)


def test_a_limit_order_is_filled_when_its_fills_sum_to_its_total() -> None:
    told = Told()

    told.tell(place(), accepted(1), filled(1, 4))
    assert told.seen(1) == ("PARTIALLY_FILLED", "", 10, 4)
    told.tell(AdvanceTime(), filled(1, 5))
    assert told.seen(1) == ("PARTIALLY_FILLED", "", 10, 9)
    told.tell(AdvanceTime(), filled(1, 1))
    assert told.seen(1) == ("FILLED", "", 10, 10)
    assert list(told.history.account(ALICE).closed_orders) == [1]


def test_what_is_cancelled_keeps_what_it_filled() -> None:
    told = Told()

    told.tell(place(), accepted(1), filled(1, 4))
    told.tell(CancelOrder(ALICE, OrderId(1), ""), cancelled(1, CancelCause.USER))
    assert told.seen(1) == ("CANCELLED", "USER", 10, 4)

    ioc = place(time_in_force=TimeInForce.IOC)
    told.tell(ioc, accepted(2), filled(2, 3), cancelled(2, CancelCause.UNFILLED))
    assert told.seen(2) == ("CANCELLED", "UNFILLED", 10, 3)


def test_an_order_that_cannot_wait_is_filled_by_what_it_got() -> None:
    """A market order by amount, and a closing one for more than there was, tell no total."""
    told = Told()
    stop = place(OrderType.STOP_MARKET, lots=0, amount=500)

    told.tell(stop, accepted(1, 0, OrderType.STOP_MARKET, amount=500))
    assert told.seen(1) == ("PENDING", "", 0, 0)
    told.tell(AdvanceTime(), OrderTriggered(OrderId(1), ALICE), filled(1, 3), filled(1, 4))
    assert told.seen(1) == ("FILLED", "", 7, 7)

    told.tell(place(OrderType.MARKET), accepted(2, 10, OrderType.MARKET), filled(2, 6))
    assert told.seen(2) == ("FILLED", "", 6, 6)


def test_totals_that_shrink_can_fill_an_order() -> None:
    told = Told()

    told.tell(place(), accepted(1), filled(1, 6), amended(1, 6))
    told.tell(place(), accepted(2), filled(2, 6), amended(2, 8))
    told.tell(place(), accepted(3), amended(3, 6))

    assert told.seen(1) == ("FILLED", "", 6, 6)
    assert told.seen(2) == ("PARTIALLY_FILLED", "", 8, 6)
    assert told.seen(3) == ("PENDING", "", 6, 0)


def test_orders_that_nobody_sent_close_positions() -> None:
    told = Told()

    told.tell(
        AdvanceTime(),
        accepted(1, 10, OrderType.MARKET),
        filled(1, 10),
        accepted(2, 5),
        filled(2, 2),
        cancelled(2, CancelCause.LIQUIDATION),
    )

    exit_order, liquidation = told.order(1), told.order(2)
    assert (exit_order.status, exit_order.reduce_only, exit_order.client_order_id) == (
        *("FILLED", True, ""),
    )
    assert exit_order.position_id == 9
    assert (liquidation.status, liquidation.order_type) == ("CANCELLED", OrderType.LIMIT)
    assert liquidation.time_in_force == TimeInForce.IOC


def test_only_the_first_acceptance_is_of_what_was_asked() -> None:
    told = Told()

    told.tell(place(client_id="mine"), accepted(1), filled(1, 10), accepted(2), filled(2, 10))

    assert told.order(1).client_order_id == "mine"
    assert (told.order(2).client_order_id, told.order(2).reduce_only) == ("", True)
    assert told.history.account(ALICE).by_client_id["mine"].order_id == 1


def test_each_item_of_a_batch_is_its_own_order() -> None:
    told = Told()
    batch = SubmitBatch(
        ALICE,
        (
            place(lots=1, client_id="a"),
            CancelOrder(ALICE, OrderId(99), ""),
            place(lots=2, client_id="b"),
            place(lots=3, client_id="c"),
        ),
    )

    touched = told.tell(
        batch,
        BatchItem(ALICE, 0),
        accepted(1, 1),
        filled(1, 1),
        accepted(2, 8, OrderType.MARKET),
        filled(2, 8),
        BatchItem(ALICE, 1),
        Rejected(ALICE, RejectReason.UNKNOWN_ORDER),
        BatchItem(ALICE, 2),
        Rejected(ALICE, RejectReason.INSUFFICIENT_BALANCE),
        BatchItem(ALICE, 3),
        accepted(3, 3),
        BookChanged(PERP, Side.BUY, PRICE, 3),
    )

    known = told.history.account(ALICE).by_client_id
    ours = {name: (order.order_id, order.status, order.reason) for name, order in known.items()}
    assert ours == {
        "a": (1, "FILLED", ""),
        "b": (0, "REJECTED", "INSUFFICIENT_BALANCE"),
        "c": (3, "PENDING", ""),
    }
    assert told.order(2).reduce_only
    assert [change.account_id for change in touched] == [ALICE]
    assert touched[0].messages() == 3 + 2 + 1


def test_what_happens_to_the_insurance_fund_is_nobodys_history() -> None:
    told = Told()
    opened = PositionOpened(PositionId(9), FUND, PERP, Side.BUY, 5, 1_000, 0, 1)

    touched = told.tell(
        AdvanceTime(),
        accepted(1, 5),
        Traded(PERP, 1, PRICE, 2, Side.BUY),
        filled(1, 2),
        filled(1, 3),
        filled(0, 3, FUND),
        opened,
        accepted(2, 5, OrderType.LIMIT, FUND),
        OrderAmended(OrderId(2), FUND, PRICE, 0, 4, 0),
        OrderCancelled(OrderId(2), FUND, CancelCause.POSITION_GONE, RejectReason.NONE),
    )

    assert [change.account_id for change in touched] == [ALICE]
    assert told.history.known(FUND) is None
    assert told.seen(1) == ("FILLED", "", 5, 5)


def test_lots_that_deleveraging_took_are_a_fill_without_an_order() -> None:
    told = Told()
    told.tell(place(), accepted(1), filled(1, 10))

    (change,) = told.tell(AdvanceTime(), filled(0, 4))

    assert [fill.order_id for fill in change.fills] == [0]
    assert change.orders == {}


def test_rows_keep_what_fills_in_parts() -> None:
    told = Told()
    told.tell(place(client_id="a"), accepted(1), filled(1, 4))
    rows = history_rows(told.history)

    again = History()
    load_history(again, rows)
    assert history_rows(again) == rows
    sequence = again.sequence + 1
    again.observe(sequence, sequence * 1_000, AdvanceTime(), [filled(1, 5)])
    assert again.account(ALICE).orders[1].status == "PARTIALLY_FILLED"


NEW_ROWS = (ORDER_DRIVEN, MARKET_MODES, POSITION_MODE, MARGIN_MODE)


def test_rows_of_before_order_driven_markets_and_modes_load() -> None:
    """Then an order had no display, no partners and no leg, no market was order-driven, and the
    first row named those where every opening order is a position."""
    told = Told()
    told.tell(place(client_id="a"), accepted(1))
    rows = [row for row in history_rows(told.history) if row[0] not in NEW_ROWS]
    head, account, order, *rest = rows
    old_order = (order[0], order[1][:25])

    again = History()
    load_history(again, [(*head, 7), account, old_order, *rest])

    loaded = again.account(ALICE).orders[1]
    assert (loaded.display_lots, loaded.close_position, loaded.oco_group) == (0, False, "")
    assert loaded.self_trade_prevention == 1
    assert (loaded.leg, loaded.is_cross) == (0, False)
    assert again.order_driven() == []
    assert [again.modes.position_mode(ALICE, market) for market in (7, 8)] == [1, 2]
    assert not again.modes.is_cross(ALICE, 7, 0)
