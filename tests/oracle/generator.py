"""Random commands with an aim: at edges, exact balances and every rule.  Knows the oracle's state.

Everything random comes from one `Random`, so that a seed is a venue's whole life; a hypothesis
strategy can stand in for it.
"""

from collections import deque
from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import Final, TypeVar

from tests.oracle import order_aims, plots
from tests.oracle.firing import entries_of
from tests.oracle.instruments import changed, faulty, four_specs
from tests.oracle.price_aims import next_price
from tests.oracle.records import (
    ALL_INSTRUMENTS,
    AMOUNT_ATOMS_MAX,
    Fields,
    Market,
    Order,
    Position,
)
from tests.oracle.rules import ceil_div
from tests.oracle.venue import Venue

Command = tuple[int, str, Fields]
Waiting = TypeVar("Waiting", Order, Position)
START_NS: Final = 1_700_000_000_000_000_000
ACCOUNTS: Final = 6
# How often each account and each of the first four markets is chosen.
BUSY: Final = (8, 5, 3, 2, 2, 1)
SHARES: Final = (25, 30, 25, 20)
POSITIONS_MAX: Final = 24
WEIGHTS: Final = {
    "UpdatePrice": 260,
    "PlaceOrder": 400,
    "AmendOrder": 70,
    "CancelOrder": 30,
    "CancelOrders": 10,
    "SetPositionExits": 60,
    "AdjustMargin": 45,
    "SetLeverage": 20,
    "Deposit": 25,
    "Withdraw": 25,
    "FundInsurance": 8,
    "SetInstrumentStatus": 12,
    "ChangeInstrument": 30,
    "AdvanceTime": 8,
    "OpenAccount": 8,
    "IssueToken": 12,
    "RevokeToken": 9,
    "ListInstrument": 8,
}


class Generator:
    """The next command for a venue, given what the oracle knows of it."""

    def __init__(self, chance: Random, venue: Venue) -> None:
        self.chance = chance
        self.venue = venue
        self.bases: dict[int, int] = {}
        self.planned: deque[plots.Planned] = deque()
        self.sent: list[Fields] = []
        self.at_edge: Market | None = None
        self.serial = 0

    def opening(self) -> list[Command]:
        """What every venue begins with: four markets, six accounts, money, prices."""
        commands: list[tuple[str, Fields]] = []
        for number, (spec, base) in enumerate(four_specs(self.chance), 1):
            self.bases[number] = base
            commands.append(("ListInstrument", {"spec": spec}))
        for number in range(1, ACCOUNTS + 1):
            commands.append(("OpenAccount", {"user_id": f"user-{number}"}))
            for asset in ("USD", "EUR"):
                amount = self.chance.choice((10**6, 10**9, 10**10, 10**11, 10**12))
                money = {"asset": asset, "amount_atoms": amount, "transfer_id": self.fresh("t")}
                commands.append(("Deposit", {"account_id": number, **money}))
        return [(START_NS, name, fields) for name, fields in commands]

    def next(self) -> Command:
        """One command and its time."""
        if self.planned:
            return self.venue.state.now_ns, *self.planned.popleft()()
        kind = self.chance.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]
        return self.of_kind(self.urgent() or kind)

    def of_kind(self, kind: str) -> Command:
        """One command of this kind and its time."""
        self.at_edge = None
        time_ns = self.time_ns()
        return time_ns, kind, getattr(self, f"aim_{snake(kind)}")(time_ns)

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

    def fresh(self, prefix: str) -> str:
        """A name not used before."""
        self.serial += 1
        return f"{prefix}{self.serial}"

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
        ahead = [edge for edge in edges if edge[0] > now]
        if not ahead:
            return now
        edge_ns: int
        edge_ns, self.at_edge = chance.choice(ahead)
        return edge_ns + chance.choice((-1, 0, 0, 1))

    def account_id(self) -> int:
        """Mostly one that exists."""
        known = len(self.venue.state.accounts)
        if self.chance.random() < 0.99:
            busy = range(1, min(known, ACCOUNTS) + 1)
            return self.chance.choices(busy, BUSY[: len(busy)])[0] if busy else 1
        return int(self.chance.choice((0, -1, known, known + 1)))

    def account_of_key(self, market: Market) -> int:
        """Any account, but in a netting market often one that has a position there."""
        holders = [
            position.account_id
            for position in self.venue.state.positions.values()
            if position.instrument_id == market.instrument_id
        ]
        if holders and market.spec["position_mode"] == "NETTING" and self.chance.random() < 0.4:
            return self.chance.choice(holders)
        return self.account_id()

    def market(self) -> Market | None:
        """The market at whose edge the time is, else one of the first four."""
        if self.at_edge is not None:
            return self.at_edge
        markets = list(self.venue.state.markets.values())
        return self.chance.choices(markets[:4], SHARES[: len(markets)])[0] if markets else None

    def instrument_id(self) -> int:
        """Mostly one that exists."""
        market = self.market()
        if market is None or self.chance.random() < 0.01:
            return int(self.chance.choice((0, -1, 99)))
        return market.instrument_id

    def order(self) -> Order | None:
        """An open order."""
        orders = list(self.venue.state.orders.values())
        shut = [order for order in orders if self.is_shut(order)]
        return self.one_of(shut if self.chance.random() < 0.1 and shut else orders)

    def position(self) -> Position | None:
        """An open position."""
        positions = list(self.venue.state.positions.values())
        shut = [position for position in positions if self.is_shut(position)]
        return self.one_of(shut if self.chance.random() < 0.15 and shut else positions)

    def is_shut(self, waiting: Order | Position) -> bool:
        """Whether it waits in a market that does not trade."""
        return self.venue.state.markets[waiting.instrument_id].status != "TRADING"

    def one_of(self, waiting: list[Waiting]) -> Waiting | None:
        """Any of them, if there are any."""
        return self.chance.choice(waiting) if waiting else None

    def aim_update_price(self, time_ns: int) -> Fields:
        """A price near something that waits for one."""
        market = self.market()
        if market is None or self.chance.random() < 0.005:
            return {**price_fields(1), "instrument_id": 99}
        base = self.bases.get(market.instrument_id, 1_000)
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

    def named(self, order: Order) -> Fields:
        """An open order by its id or its client order id, at times with somebody else's account."""
        by_client = order.client_order_id != "" and self.chance.random() < 0.5
        stranger = self.chance.random() < 0.02
        return {
            "account_id": self.account_id() if stranger else order.account_id,
            "order_id": 0 if by_client else order.order_id,
            "client_order_id": order.client_order_id if by_client else "",
        }

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
        return {"account_id": self.account_id(), "instrument_id": instrument_id}

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

    def aim_set_leverage(self, time_ns: int) -> Fields:
        """The leverage of a key, at times of one in use."""
        leverage = self.chance.choice((0, 1, 2, 5, 10, 20, 50, 100, 125, 126, -1))
        return {
            "account_id": self.account_id(),
            "instrument_id": self.instrument_id(),
            "leverage": leverage,
        }

    def transfer(self, amounts: Sequence[int]) -> Fields:
        """Money in an asset under a transfer id, at times a known or a bad one."""
        chance = self.chance
        known = sorted(self.venue.state.transfer_ids)[-20:]
        asset = chance.choices(("USD", "EUR", "XXX", ""), (60, 40, 4, 2))[0]
        transfer_id, dice = self.fresh("t"), chance.random()
        if dice < 0.05 and known:
            transfer_id = chance.choice(known)
        elif dice < 0.08:
            transfer_id = chance.choice(("", "a b", "x" * 65, "\n", "ü"))
        return {"asset": asset, "amount_atoms": chance.choice(amounts), "transfer_id": transfer_id}

    def aim_deposit(self, time_ns: int) -> Fields:
        """Pocket money up to fortunes; at times more than may ever come in."""
        amounts: Sequence[int] = (1, 10**8, 10**9, 10**10, 10**11, 10**12)
        if self.chance.random() < 0.08:
            amounts = (0, -1, AMOUNT_ATOMS_MAX + 1)
        return {"account_id": self.account_id(), **self.transfer(amounts)}

    def aim_withdraw(self, time_ns: int) -> Fields:
        """All there is, one more, a part."""
        account_id = self.account_id()
        asset_id = self.chance.choice((1, 2))
        free = self.venue.state.free.get((account_id, asset_id), 0)
        amounts: Sequence[int] = (free, free + 1, free // 2, free // 10, free // 10, 1)
        if self.chance.random() < 0.05:
            amounts = (0, -1, AMOUNT_ATOMS_MAX + 1)
        fields = {"account_id": account_id, **self.transfer(amounts)}
        if self.chance.random() < 0.9:
            fields["asset"] = self.venue.state.assets.get(asset_id, "USD")
        return fields

    def aim_fund_insurance(self, time_ns: int) -> Fields:
        """Never enough for long."""
        if self.chance.random() < 0.12:
            # Four of these are all the money that may ever come in.
            return self.transfer((AMOUNT_ATOMS_MAX,)) | {"asset": "EUR"}
        return self.transfer((1, 10**5, 10**7, 10**9, 0))

    def aim_set_instrument_status(self, time_ns: int) -> Fields:
        """Shut markets first."""
        state = self.venue.state
        shut = [market for market in state.markets.values() if market.status != "TRADING"]
        if shut and self.chance.random() < 0.8:
            instrument_id = self.chance.choice(shut).instrument_id
            weights = (8, 1, 1)
        else:
            instrument_id, weights = self.instrument_id(), (2, 4, 4)
        status = self.chance.choices(("TRADING", "CLOSE_ONLY", "HALTED"), weights)[0]
        return {"instrument_id": instrument_id, "status": status}

    def aim_change_instrument(self, time_ns: int) -> Fields:
        """New settings, most of them allowed."""
        market = self.market()
        if market is None:
            return {"instrument_id": 1, "spec": four_specs(self.chance)[0][0]}
        bad = self.chance.random() < 0.15
        spec = (faulty if bad else changed)(market.spec, self.chance)
        unknown = self.chance.random() < 0.05
        return {"instrument_id": 99 if unknown else market.instrument_id, "spec": spec}

    def aim_list_instrument(self, time_ns: int) -> Fields:
        """Mostly one that cannot be; at times a fifth market, which nobody trades."""
        spec, _ = self.chance.choice(four_specs(self.chance))
        dice = self.chance.random()
        if dice < 0.5:
            return {"spec": faulty(spec, self.chance)}
        if dice < 0.6 and len(self.venue.state.markets) < 6:
            return {"spec": spec | {"symbol": self.fresh("E") + "/EUR", "settlement": "EUR"}}
        return {"spec": spec}

    def aim_advance_time(self, time_ns: int) -> Fields:
        """Nothing but time."""
        return {}

    def aim_open_account(self, time_ns: int) -> Fields:
        """Known, bad and new names."""
        names = ["user-1", "user-2", "", "a b", "x" * 65, "x" * 64]
        if len(self.venue.state.accounts) < ACCOUNTS + 3:
            names.append(self.fresh("guest-"))
        return {"user_id": self.chance.choice(names)}

    def aim_issue_token(self, time_ns: int) -> Fields:
        """For an account or the operator, known and new."""
        token_hash = bytes([self.chance.randrange(12)]) * self.chance.choice((32, 32, 32, 31))
        account_id = self.chance.choice((0, self.account_id()))
        return {"account_id": account_id, "token_hash": token_hash, "scopes": 7}

    def aim_revoke_token(self, time_ns: int) -> Fields:
        """Working, revoked and unknown ones."""
        return {"token_hash": bytes([self.chance.randrange(12)]) * 32}


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


def no_amendment() -> Fields:
    """An amend that says nothing."""
    return dict.fromkeys(("price_ticks", "trigger_ticks", "qty_lots", "amount_atoms"), 0)
