"""The oracle's state: what is open, how it ends, and whether the books balance.

Knows ids, groups and first results; knows no rule of the market.
"""

from dataclasses import dataclass

from tests.oracle.memory import POOLS as POOLS
from tests.oracle.memory import IdPair as IdPair
from tests.oracle.memory import Key as Key
from tests.oracle.memory import Memory
from tests.oracle.memory import key_of as key_of
from tests.oracle.records import (
    CLOSED_IDS_OF_VENUE,
    CLOSED_IDS_PER_ACCOUNT,
    FUND,
    FirstResult,
    Market,
    Order,
    Position,
    sign,
)


@dataclass
class Refused(Exception):
    """The command is refused; raised before anything has changed."""

    reason: str


@dataclass
class State(Memory):
    """Everything there is, in dicts by id."""

    def check(self) -> None:
        """The books balance, nobody flat is in debt, and nothing refers to what is gone."""
        backed = {
            (position.account_id, self.markets[position.instrument_id].asset_id)
            for position in self.positions.values()
            if self.is_cross(position)
        }
        for asset_id in self.assets:
            self.check_sum(asset_id, backed)
        for market in self.markets.values():
            self.check_clearing(market)
            self.check_book(market)
        for order in self.orders.values():
            if order.closing:
                position = self.positions[order.position_id]
                assert position.account_id == order.account_id
                assert position.side != order.side
        self.check_positions()

    def check_sum(self, asset_id: int, backed: set[IdPair]) -> None:
        """All there is of an asset came in from outside."""
        total = self.margins(asset_id)
        for account_id in self.accounts:
            free, hold = (
                self.free.get((account_id, asset_id), 0),
                self.held(account_id, asset_id),
            )
            assert free >= 0 or (account_id, asset_id) in backed, (account_id, free)
            assert hold >= 0, (account_id, hold)
            total += free + hold
        total += sum(self.pool(pool, asset_id) for pool in POOLS)
        total += sum(
            atoms
            for instrument_id, atoms in self.clearing.items()
            if self.markets[instrument_id].asset_id == asset_id
        )
        assert total == 0, (asset_id, total)

    def check_positions(self) -> None:
        """Nobody has a margin or a debt that is not his own, and each is found by its account."""
        owned = self.positions.owned.values()
        assert sum(map(len, owned)) == len(self.positions)
        assert all(list(one) == sorted(one) for one in owned), "not in the order of their ids"
        for position in self.positions.values():
            market = self.markets[position.instrument_id]
            mode = self.margin_modes.get(key_of(position), market.spec["margin_mode"])
            assert position.cross == (mode == "CROSS" and position.account_id != FUND)
        for position in self.positions.values():
            assert self.positions.owned[position.account_id][position.position_id] is position
            assert position.qty_lots > 0
            assert position.margin_atoms >= 0
            assert position.accrued_atoms >= 0
            outside = position.account_id == FUND or self.is_cross(position)
            assert not outside or position.margin_atoms == position.accrued_atoms == 0

    def check_clearing(self, market: Market) -> None:
        """CLR-1: for every lot bought there is one sold, and clearing stands between them."""
        held = [
            position
            for position in self.positions.values()
            if position.instrument_id == market.instrument_id
        ]
        cleared = self.clearing.get(market.instrument_id, 0)
        if market.is_order_driven:
            assert sum(sign(one.side) * one.qty_lots for one in held) == 0
            assert cleared == -sum(sign(one.side) * one.basis_atoms for one in held)
        else:
            assert cleared == 0
            assert all(one.account_id != FUND for one in held)

    def check_book(self, market: Market) -> None:
        """No bid reaches an ask, and whatever rests in a book shows lots that it has."""
        orders = self.orders_in(market)
        for order in orders:
            shows = market.is_order_driven and order.order_type == "LIMIT"
            assert (order.visible_lots > 0) == shows, order
            assert order.visible_lots <= min(order.display_lots or order.qty_lots, order.qty_lots)
        bids = [one.price_ticks for one in orders if one.visible_lots and one.side == "BUY"]
        asks = [one.price_ticks for one in orders if one.visible_lots and one.side == "SELL"]
        assert max(bids, default=0) < min(asks, default=1) or not (bids and asks), market

    def position_of_key(
        self, account_id: int, instrument_id: int, leg: str = "NONE"
    ) -> Position | None:
        """The position of a netting key, or of a leg."""
        for position in self.positions.of(account_id):
            if key_of(position) == (account_id, instrument_id, leg):
                return position
        return None

    def orders_of_key(
        self, account_id: int, instrument_id: int, leg: str | None = None
    ) -> list[Order]:
        """The open orders of an account in one market, or of one leg there, by id."""
        return [
            order
            for _, order in sorted(self.orders.items())
            if (order.account_id, order.instrument_id) == (account_id, instrument_id)
            and leg in (None, order.leg)
        ]

    def orders_in(self, market: Market) -> list[Order]:
        """The open orders of a market."""
        orders = self.orders.values()
        return [order for order in orders if order.instrument_id == market.instrument_id]

    def remember(self, order: Order, digest: bytes, reason: str) -> None:
        """Keeps the first result of a client order id; one that was refused is closed at once."""
        if order.client_order_id == "":
            return
        key = order.account_id, order.client_order_id
        self.first_results[key] = FirstResult(digest, order.order_id, reason)
        if reason != "NONE":
            self.forget_later(order)

    def forget_later(self, order: Order) -> None:
        """A closed id may be forgotten, the oldest closed first."""
        key = order.account_id, order.client_order_id
        if order.client_order_id == "" or key in self.closed_ids:
            return
        self.closed_ids.append(key)
        own = [key for key in self.closed_ids if key[0] == order.account_id]
        oldest = own[0] if len(own) > CLOSED_IDS_PER_ACCOUNT else None
        if len(self.closed_ids) > CLOSED_IDS_OF_VENUE:
            oldest = self.closed_ids[0]
        if oldest is not None:
            self.closed_ids.remove(oldest)
            del self.first_results[oldest]

    def drop_order(self, order: Order) -> None:
        """The order is open no more; what it held by itself is free again."""
        if self.orders.pop(order.order_id, None) is None:
            return
        market = self.markets[order.instrument_id]
        self.move_free(order.account_id, market.asset_id, order.hold_atoms)
        order.hold_atoms = 0
        self.forget_later(order)

    def cancel(self, order: Order, cause: str, reason: str = "NONE") -> None:
        """An open order ends without a (further) fill, and its partner with it."""
        self.cancel_alone(order, cause, reason)
        self.cancel_partner(order, "other")

    def cancel_alone(self, order: Order, cause: str, reason: str = "NONE") -> None:
        """An open order ends; its partner, if it has one, knows already."""
        self.drop_order(order)
        self.tell(
            "OrderCancelled",
            order_id=order.order_id,
            account_id=order.account_id,
            cause=cause,
            reason=reason,
        )

    def group_of(self, account_id: int, instrument_id: int, name: str) -> list[Order]:
        """The open orders of an account in a market that share a group."""
        orders = self.orders_of_key(account_id, instrument_id)
        return [order for order in orders if order.oco_group == name != ""]

    def partner_of(self, order: Order) -> Order | None:
        """OCO-1: the other open order of its group."""
        group = self.group_of(order.account_id, order.instrument_id, order.oco_group)
        return next((other for other in group if other.order_id != order.order_id), None)

    def cancel_partner(self, order: Order, why: str) -> None:
        """OCO-2: what its partner hears when an order has triggered or is open no more."""
        partner = self.partner_of(order)
        if partner is not None:
            self.hit(f"OCO-2 {why}")
            self.cancel_alone(partner, "OCO")

    def shrink_partner(self, order: Order, qty_lots: int) -> None:
        """OCO-3: lots that an order has filled are lots its partner need not fill."""
        partner = self.partner_of(order)
        if partner is None or partner.qty_lots == 0:
            return
        if partner.qty_lots <= qty_lots:
            self.hit("OCO-3 cancelled")
            self.cancel_alone(partner, "OCO")
        else:
            self.hit("OCO-3 amended")
            self.shrink(partner, qty_lots)

    def shrink(self, order: Order, qty_lots: int) -> None:
        """An open order loses some of its lots, and keeps its place."""
        order.qty_lots -= qty_lots
        order.visible_lots = min(order.visible_lots, order.qty_lots)
        self.tell_amended(order)

    def tell_accepted(self, order: Order) -> None:
        """OrderAccepted, with the order as it set out."""
        shown = "order_id account_id instrument_id side order_type price_ticks trigger_ticks"
        names = f"{shown} qty_lots amount_atoms leverage".split()
        self.tell("OrderAccepted", **{name: getattr(order, name) for name in names})

    def tell_amended(self, order: Order) -> None:
        """OrderAmended, with the order as it is now: its lots are those filled and those open."""
        self.tell(
            "OrderAmended",
            order_id=order.order_id,
            account_id=order.account_id,
            price_ticks=order.price_ticks,
            trigger_ticks=order.trigger_ticks,
            qty_lots=order.filled_lots + order.qty_lots,
            amount_atoms=order.amount_atoms,
        )
