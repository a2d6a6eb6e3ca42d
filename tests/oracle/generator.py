"""Random commands with an aim: at edges, exact balances and every rule.  Knows the oracle's state.

Everything random comes from one `Random`, so that a seed is a venue's whole life; a hypothesis
strategy can stand in for it.
"""

from collections import deque
from hashlib import blake2b
from random import Random
from typing import Final

from tests.oracle import cross_aims, order_aims, plots
from tests.oracle.admin_aims import AdminAims
from tests.oracle.book_aims import is_order_driven
from tests.oracle.book_plots import BOOK_PLOTS, second_position
from tests.oracle.chooser import ACCOUNTS
from tests.oracle.cross_plots import CROSS_PLOTS, RuinPlot
from tests.oracle.cross_scene import Ruin
from tests.oracle.funding_plots import FUNDING_PLOTS
from tests.oracle.instruments import venue_specs
from tests.oracle.key_plots import KEY_PLOTS
from tests.oracle.price_aims import next_price
from tests.oracle.records import (
    ALL_INSTRUMENTS,
    AMOUNT_ATOMS_MAX,
    Fields,
    Market,
)
from tests.oracle.ruin_plots import RUIN_PLOTS
from tests.oracle.rules import ceil_div
from tests.oracle.scene import Scene
from tests.oracle.stories import SECOND_NS, simple_spec
from tests.oracle.trailing_plots import TRAILING_PLOTS, by_trades
from tests.oracle.venue import Venue
from tests.oracle.waiting import entries_of

Command = tuple[int, str, Fields]
START_NS: Final = 1_700_000_000_000_000_000
DAY_NS: Final = 86_400 * SECOND_NS
POSITIONS_MAX: Final = 30
PLOTS: Final = (*BOOK_PLOTS, *RUIN_PLOTS, (by_trades, 14))
PLOT_SHARE: Final = 0.29
RUIN_SHARES: Final = (
    (CROSS_PLOTS, 0.09),
    (FUNDING_PLOTS, 0.12),
    (TRAILING_PLOTS, 0.05),
    (KEY_PLOTS, 0.12),
)
WEIGHTS: Final = {
    "UpdatePrice": 260,
    "PlaceOrder": 400,
    "AmendOrder": 70,
    "SubmitBatch": 25,
    "CancelOrder": 30,
    "CancelOrders": 8,
    "CancelAfter": 15,
    "SamplePremium": 15,
    "SetPositionExits": 60,
    "AdjustMargin": 75,
    "SetLeverage": 45,
    "SetFeeTier": 20,
    "AssignFeeTier": 12,
    "SetPositionMode": 24,
    "SetMarginMode": 14,
    "Deposit": 25,
    "Withdraw": 32,
    "FundInsurance": 8,
    "SetInstrumentStatus": 15,
    "ChangeInstrument": 30,
    "AdvanceTime": 8,
    "OpenAccount": 15,
    "IssueToken": 45,
    "RevokeToken": 30,
    "ListInstrument": 15,
}


class Generator(AdminAims):
    """The next command for a venue, given what the oracle knows of it."""

    def __init__(self, chance: Random, venue: Venue) -> None:
        super().__init__(chance, venue)
        self.bases: dict[int, int] = {}
        self.planned: deque[plots.Planned] = deque()
        self.sent: list[Fields] = []

    def opening(self) -> list[Command]:
        """What every venue begins with: markets, accounts, money."""
        commands: list[tuple[str, Fields]] = []
        for number, (spec, base) in enumerate(venue_specs(self.chance), 1):
            self.bases[number] = base
            commands.append(("ListInstrument", {"spec": spec}))
        if self.chance.random() < 0.1:
            # Four of these are all the money that may ever come in.
            commands.append(("ListInstrument", {"spec": simple_spec("EEE/XAU")}))
            all_there_is = {"asset": "XAU", "amount_atoms": AMOUNT_ATOMS_MAX}
            for _ in range(5):
                fields = {**all_there_is, "transfer_id": self.fresh("t")}
                commands.append(("FundInsurance", fields))
        for number in range(1, ACCOUNTS + 1):
            commands.append(("OpenAccount", {"user_id": f"user-{number}"}))
            for asset in ("USD", "EUR", "GBP"):
                amount = self.chance.choice((10**6, 10**9, 10**10, 10**11, 10**12))
                money = {"asset": asset, "amount_atoms": amount, "transfer_id": self.fresh("t")}
                commands.append(("Deposit", {"account_id": number, **money}))
        commands += cross_aims.open_modes(self.chance)
        return [(START_NS, name, fields) for name, fields in commands]

    def next(self) -> Command:
        """One command and its time."""
        if not self.planned and self.chance.random() < PLOT_SHARE:
            self.begin_plot()
        for choice, share in RUIN_SHARES:
            if not self.planned and self.chance.random() < share:
                self.begin_cross_plot(choice)
        while self.planned:
            step = self.planned.popleft()()
            if step is not None:
                name, fields, *later = step
                return self.venue.state.now_ns + sum(later), name, self.fitted(name, fields)
        kind = self.chance.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
        return self.of_kind(self.urgent() or kind)

    def of_kind(self, kind: str) -> Command:
        """One command of this kind and its time."""
        self.at_edge = None
        time_ns = self.time_ns()
        return time_ns, kind, self.fitted(kind, getattr(self, f"aim_{snake(kind)}")(time_ns))

    def fitted(self, name: str, fields: Fields) -> Fields:
        """Orders take the leg that their account's mode asks for, in batches too."""
        if name == "PlaceOrder":
            return cross_aims.fitted(self.chance, self.venue.state, fields)
        if name == "SubmitBatch":
            items = [(item, self.fitted(item, each)) for item, each in fields["items"]]
            return fields | {"items": tuple(items)}
        return fields

    def begin_plot(self) -> None:
        """One of the plots for books, in a market that trades and knows a fresh price."""
        state = self.venue.state
        markets = [
            market
            for market in list(state.markets.values())[:5]
            if is_order_driven(market) and market.prices is not None and market.status == "TRADING"
        ]
        if not markets or len(state.accounts) < ACCOUNTS:
            return
        scene = Scene(self.chance, state, self.chance.choice(markets), self.fresh)
        plots_here = PLOTS + ((second_position, 20),) * scene.is_ticket
        plot = self.chance.choices(*zip(*plots_here, strict=True))[0]
        scene.settle_down()
        self.planned += plot(scene)

    def begin_cross_plot(self, choice: tuple[tuple[RuinPlot, int], ...]) -> None:
        """One of the plots for cross accounts or of funding, in any market that knows a price."""
        state = self.venue.state
        markets = [one for one in list(state.markets.values())[:5] if one.prices is not None]
        if not markets or len(state.accounts) < ACCOUNTS:
            return
        plot = self.chance.choices(*zip(*choice, strict=True))[0]
        self.planned += plot(Ruin(self.chance, state, self.chance.choice(markets), self.fresh))

    def urgent(self) -> str:
        """Halts end soon and crowds thin out, so that most commands meet an open market."""
        state, dice = self.venue.state, self.chance.random()
        shut = any(market.status != "TRADING" for market in state.markets.values())
        if shut and dice < 0.08:
            return "SetInstrumentStatus"
        if len(state.positions) > POSITIONS_MAX and dice < 0.3:
            return "UpdatePrice"
        poor = min((state.free.get((one, 1), 0) for one in state.accounts), default=0) < 10**8
        return "Deposit" if poor and dice > 0.97 else ""

    def time_ns(self) -> int:
        """Mostly a little later; at times to the edge of staleness or expiry, or backwards."""
        state, chance = self.venue.state, self.chance
        now, dice = state.now_ns, chance.random()
        if dice < 0.3:
            return now
        if dice < 0.95:
            return now + chance.randrange(150_000_000)
        if dice < 0.97:
            return now - chance.randrange(10**9)
        edges = [
            (market.price_time_ns + market.spec["stale_after_ns"], market)
            for market in state.markets.values()
            if market.spec["stale_after_ns"] > 0 and market.prices is not None
        ]
        edges += [
            (order.expire_ns, state.markets[order.instrument_id])
            for order in state.orders.values()
            if order.expire_ns
        ]
        markets = list(state.markets.values())
        edges += [(due_ns, chance.choice(markets)) for due_ns in state.cancel_after.values()]
        if chance.random() < 0.3:
            edges = [(one.next_stamp_ns, one) for one in markets if one.next_stamp_ns]
        ahead = [edge for edge in edges if edge[0] > now]
        if not ahead:
            return now
        edge_ns: int
        edge_ns, self.at_edge = chance.choice(ahead)
        return edge_ns + chance.choice((-1, 0, 0, 1))

    def aim_update_price(self, time_ns: int) -> Fields:
        """A price near something that waits for one."""
        market = self.market()
        if market is None or self.chance.random() < 0.005:
            return {**price_fields(1), "instrument_id": 99}
        base = self.bases.get(market.instrument_id, 1_000)
        if self.chance.random() < 0.25:
            edge = cross_aims.edge_prices(self.chance, self.venue.state, market)
            if edge is not None:
                return cross_aims.as_operator(market, edge)
        entries = list(entries_of(self.venue.state, market).values())
        return next_price(self.chance, self.venue.state, market, entries, base)

    def aim_place_order(self, time_ns: int) -> Fields:
        """An order; at times one sent before, at times after the balance was made just enough."""
        chance = self.chance
        if self.sent and chance.random() < 0.04:
            again = dict(chance.choice(self.sent[-50:]))
            if chance.random() < 0.4:
                again["qty_lots"] += 1
                again["digest"] = digest_of(again)
            return again
        market = self.market()
        if market is None:
            return order_aims.blank(self.account_id(), 1)
        account_id = self.account_of_key(market)
        fields = order_aims.next_order(chance, self.venue.state, market, account_id, time_ns)
        if chance.random() < 0.03:
            fields["instrument_id"] = self.instrument_id()
        if chance.random() < 0.3:
            fields["client_order_id"] = self.fresh("c")
            fields["digest"] = digest_of(fields)
            self.sent.append(fields)
        if chance.random() < 0.1:
            return order_aims.corrupted(chance, fields, time_ns)
        self.plan(market, fields)
        return fields

    def plan(self, market: Market, order: Fields) -> None:
        """Now and then a plot begins with what is at hand."""
        chance, state, dice = self.chance, self.venue.state, self.chance.random()
        if market.prices is None or order["account_id"] not in state.accounts:
            return
        if dice < 0.1:
            self.planned += plots.exact_balance(chance, state, market, order, self.fresh("t"))
        elif is_order_driven(market):
            if dice < 0.11:
                self.planned += plots.many_orders(chance, market, order["account_id"])
        elif dice < 0.11:
            self.planned += plots.dear_maker(chance, state, market, order, self.fresh("t"))
        elif dice < 0.13:
            self.planned += plots.at_the_cap(chance, state, market, order, self.fresh("t"))
        elif dice < 0.145:
            self.planned += plots.many_orders(chance, market, order["account_id"])
        elif dice < 0.32 and market.spec["position_mode"] == "NETTING":
            key = order["account_id"], market.instrument_id
            position = state.position_of_key(*key)
            if position is not None:
                plot = plots.crowded_hold(chance, state, market, position, self.fresh("t"))
                self.planned += plot

    def aim_amend_order(self, time_ns: int) -> Fields:
        """A change of an open order, to the touch, to more, to less, or to what may not be."""
        order, account_id = self.order(), self.account_id()
        if order is None or self.chance.random() < 0.02:
            nobody = {"account_id": account_id, "order_id": 10**6, "client_order_id": ""}
            return {**nobody, **no_amendment()}
        market = self.venue.state.markets[order.instrument_id]
        return {
            **self.named(order),
            **order_aims.amendment(self.chance, self.venue.state, market, order),
        }

    def aim_submit_batch(self, time_ns: int) -> Fields:
        """Items of every kind, mostly of one account; at times too many or none."""
        chance, account_id = self.chance, self.account_id()
        count = chance.choices((1, 2, 3, 4, 6, 0), (10, 25, 25, 20, 15, 3))[0]
        items = [self.batched(account_id, time_ns) for _ in range(count)]
        if chance.random() < 0.03:
            items += [("CancelOrder", missing(account_id))] * chance.choice((50 - count, 51))
        if chance.random() < 0.03:
            items.append(("CancelOrder", missing(account_id + 1)))
        return {"account_id": account_id, "items": tuple(items)}

    def batched(self, account_id: int, time_ns: int) -> tuple[str, Fields]:
        """One item of a batch."""
        chance, state = self.chance, self.venue.state
        orders = [order for order in state.orders.values() if order.account_id == account_id]
        market, dice = self.market(), chance.random()
        if not orders and (market is None or dice < 0.05):
            return "CancelOrder", missing(account_id)
        if market is not None and (dice < 0.6 or not orders):
            aim = order_aims.next_order
            fields = aim(chance, state, market, account_id, time_ns, own=True)
            return "PlaceOrder", order_aims.corrupted(chance, fields, time_ns) | {
                "account_id": account_id
            } if chance.random() < 0.08 else fields
        order = chance.choice(orders)
        named = {**self.named(order), "account_id": account_id}
        if dice < 0.85:
            in_market = state.markets[order.instrument_id]
            changes = order_aims.amendment(chance, state, in_market, order)
            return "AmendOrder", {**named, **changes}
        return "CancelOrder", named

    def aim_cancel_after(self, time_ns: int) -> Fields:
        """Soon, never, at the longest, and beyond."""
        timeouts = (10**6, 10**8, SECOND_NS, 0, DAY_NS, DAY_NS + 1, -1)
        weights = (25, 30, 20, 10, 8, 4, 3)
        timeout = self.chance.choices(timeouts, weights)[0]
        return {"account_id": self.account_id(), "timeout_ns": timeout}

    def aim_cancel_order(self, time_ns: int) -> Fields:
        """An open order, or one that is not there."""
        order = self.order()
        if order is None or self.chance.random() < 0.1:
            named = self.chance.choice(((0, ""), (0, "c1"), (1, ""), (-1, "c2"), (10**6, "")))
            return {
                "account_id": self.account_id(),
                "order_id": named[0],
                "client_order_id": named[1],
            }
        return self.named(order)

    def aim_cancel_orders(self, time_ns: int) -> Fields:
        """All of an account, in one market or in all."""
        instrument_id = self.chance.choice((ALL_INSTRUMENTS, self.instrument_id()))
        return {
            "account_id": self.account_id(),
            "instrument_id": instrument_id,
            "on_disconnect": self.chance.random() < 0.4,
        }

    def aim_set_position_exits(self, time_ns: int) -> Fields:
        """Exits around the present prices, some of them true already."""
        position, chance = self.position(), self.chance
        if position is None or chance.random() < 0.03:
            return {
                "account_id": self.account_id(),
                "position_id": chance.choice((0, -1, 1, 2, 10**6)),
                **dict.fromkeys(("stop_loss_ticks", "take_profit_ticks", "auto_close_e8"), 0),
                "trigger_source": "MARK",
            }
        market = self.venue.state.markets[position.instrument_id]
        stranger = chance.random() < 0.02
        return {
            "account_id": self.account_id() if stranger else position.account_id,
            "position_id": position.position_id,
            **order_aims.exits_of(chance, market, position),
        }

    def aim_adjust_margin(self, time_ns: int) -> Fields:
        """A little, all there is, one more than there is, what just may go."""
        position, chance = self.position(), self.chance
        if position is None or chance.random() < 0.03:
            return {"account_id": self.account_id(), "position_id": 10**6, "amount_atoms": 1}
        state = self.venue.state
        free = state.free_of(position)
        spare = position.margin_atoms - ceil_div(position.cost_atoms, position.leverage)
        amounts = (
            *(1, free, free + 1, free // 50, free // 3, position.margin_atoms // 2),
            *(-1, -spare, -spare - 1, -(spare // 2), -position.margin_atoms, 0),
            *(AMOUNT_ATOMS_MAX + 1, -AMOUNT_ATOMS_MAX - 1),
        )
        weights = (1, 1, 1, 5, 2, 3, 1, 3, 2, 5, 1, 0.5, 0.5, 0.5)
        return {
            "account_id": position.account_id if chance.random() < 0.98 else self.account_id(),
            "position_id": position.position_id,
            "amount_atoms": chance.choices(amounts, weights)[0],
        }


def snake(name: str) -> str:
    """PlaceOrder as place_order."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]


def digest_of(fields: Fields) -> bytes:
    """What a gateway would compute of the request's body."""
    body = {name: value for name, value in fields.items() if name != "digest"}
    return blake2b(repr(sorted(body.items())).encode(), digest_size=16).digest()


def price_fields(ticks: int) -> Fields:
    """A feed's price, all five alike."""
    values = {f"{source}_ticks": ticks for source in ("bid", "ask", "last", "mark", "index")}
    source = {"source": "feed", "source_sequence": 1, "by_operator": False}
    return {"instrument_id": 1, **source, **values}


def missing(account_id: int) -> Fields:
    """What names no order."""
    return {"account_id": account_id, "order_id": 10**6, "client_order_id": ""}


def no_amendment() -> Fields:
    """An amend that says nothing."""
    return dict.fromkeys(("price_ticks", "trigger_ticks", "qty_lots", "amount_atoms"), 0)
