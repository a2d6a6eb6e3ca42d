"""Who trades while the venue is killed: seeded orders of every kind, and one who moves money.

Knows what a client knows: what it sent, what it was told, what it must ask about again.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Final, final

import msgspec

from tests.crash.lines import Answer, Body, Disconnected, HttpClient, Line, Prices
from tests.crash.sightings import ClientOrderId, Sightings, Transfer, read

TICKETS: Final = "BTC/USDT"
NETTING: Final = "BTC-PERP/USDT"
SYMBOLS: Final = (TICKETS, NETTING)
TICK: Final = {TICKETS: Decimal("0.01"), NETTING: Decimal("0.1")}
E8: Final = 10**8
POSITIONS_MAX: Final = 12
RESTING_MAX: Final = 12
OPPOSITE: Final = {"BUY": "SELL", "SELL": "BUY"}
# Codes that say that nothing was done and nothing was written down.
NOTHING_DONE: Final = frozenset({"OVERLOADED", "STOPPING", "RATE_LIMITED"})


@final
class Trader:
    """One user of the venue, over all its processes.

    unknown: orders that were sent and not answered, by client order id.
    pause_s: mean think time between actions; 0 is none at all.
    burst_max: how many orders leave together.
    """

    def __init__(
        self, user: str, token: str, line: Line, prices: Prices, seen: Sightings, seed: int
    ) -> None:
        self.user: Final = user
        self.line: Final = line
        self.client: Final = HttpClient(token, connections=4)
        self.unknown: Final[dict[str, Body]] = {}
        self.names: Final[list[str]] = []
        self.actions = 0
        self.retries = 0
        self.pause_s = 0.0
        self.burst_max = 1
        self._prices: Final = prices
        self._seen: Final = seen
        self._random: Final = random.Random(f"{seed} {user}")
        self._recent: Final[deque[tuple[str, Body]]] = deque(maxlen=50)
        self._resting: Final[dict[str, tuple[str, Body]]] = {}
        self._positions: Final[dict[str, tuple[str, str]]] = {}

    async def open(self, public: str) -> None:
        """Connect.  Raises Disconnected."""
        await self.client.open(public)
        await self.line.open(public)

    async def close(self) -> None:
        """Hang up."""
        await self.line.close()
        await self.client.close()

    async def trade(self) -> None:
        """Until the line is cut.  Raises Disconnected then."""
        rng = self._random
        actions: list[Callable[[], Awaitable[None]]] = [
            self._open_positions,
            self._close_position,
            self._cancel,
            self._amend,
            self.line.look,
            self._ask_again,
        ]
        while True:
            act = rng.choices(actions, (50, 20, 10, 6, 10, 4))[0]
            await act()
            self.actions += 1
            if self.pause_s:
                await asyncio.sleep(rng.expovariate(1 / self.pause_s))

    async def settle(self) -> None:
        """Ask again for every order of unknown outcome, with the same words.  Raises
        Disconnected."""
        for name, order in list(self.unknown.items()):
            known = await self._is_known(name) if self._random.random() < 0.5 else None
            await self._send([(name, order)])
            if name in self.unknown:
                raise Disconnected(name)
            self.retries += 1
            result = self._seen.results.get(ClientOrderId(self.user, name))
            if known and result is None:
                self._complain(f"{name} was there, and its repetition was not done")
            if self._random.random() < 0.3:
                await self._send([(name, order)])

    async def find_all(self) -> int:
        """Ask for each answered order by its client order id; returns how many were found."""
        names = [name for name in self.names if (self.user, name) in self._seen.results]
        found = 0
        for start in range(0, len(names), 16):
            answers = [self._find(name) for name in names[start : start + 16]]
            found += sum(await asyncio.gather(*answers))
        return found

    async def _find(self, name: str) -> bool:
        """Whether the venue still knows the order as it was acknowledged."""
        answer = await self.client.ask("GET", f"/api/orders/client/{name}")
        result = self._seen.results[ClientOrderId(self.user, name)]
        if answer.is_refusal:
            self._complain(f"{name} was acknowledged and is not found: {answer.body!r}")
            return False
        now = self._seen.see_order(answer.body)
        if isinstance(result, bytes):
            same = now.order_id == read(result).order_id
        else:
            same = (now.order_id, now.status, now.reason) == (None, "REJECTED", result)
        if not same:
            self._complain(f"{name} was {result!r} and is {answer.body!r}")
        return same

    async def _is_known(self, name: str) -> bool:
        answer = await self.client.ask("GET", f"/api/orders/client/{name}")
        if not answer.is_refusal:
            self._seen.see_order(answer.body)
        return not answer.is_refusal

    def _complain(self, text: str) -> None:
        self._seen.contradictions.append(f"{self.user}: {text}")

    async def _open_positions(self) -> None:
        if len(self._positions) > POSITIONS_MAX:
            await self._close_position()
        elif len(self._resting) > RESTING_MAX:
            await self._cancel()
        else:
            count = self._random.randint(1, self.burst_max)
            orders = [self._opener() for _ in range(count)]
            await self._send([(self._name(), order) for order in orders if order])

    async def _close_position(self) -> None:
        """At the market, by id.  It may be gone: then the venue says so."""
        if not self._positions:
            return
        position_id = self._random.choice(list(self._positions))
        symbol, side = self._positions.pop(position_id)
        closer: Body = {
            "symbol": symbol,
            "side": OPPOSITE[side],
            "orderType": "MARKET",
            "reduceOnly": True,
            "positionId": position_id,
        }
        await self._send([(self._name(), closer)])

    async def _cancel(self) -> None:
        if self._resting:
            name = self._random.choice(list(self._resting))
            del self._resting[name]
            self._take_change(await self.line.cancel(name))

    async def _amend(self) -> None:
        movable = [name for name, (_, order) in self._resting.items() if "price" in order]
        if movable:
            order_id, order = self._resting[self._random.choice(movable)]
            price = self._price(str(order["symbol"]), str(order["side"]), 0.001)
            self._take_change(await self.line.amend(order_id, price))

    async def _ask_again(self) -> None:
        """Repeat an answered order: it must change nothing and be answered as before."""
        if self._recent:
            await self._send([self._random.choice(self._recent)])

    async def _send(self, orders: list[tuple[str, Body]]) -> None:
        """Raises Disconnected if an outcome is unknown."""
        for name, order in orders:
            order["clientOrderId"] = name
            self.unknown[name] = order
        answers = await self.line.place([dict(order) for _, order in orders])
        for (name, order), answer in zip(orders, answers, strict=True):
            if answer is not None:
                self._take_answer(name, order, answer)
        if None in answers:
            raise Disconnected("an order's outcome is unknown")

    def _take_answer(self, name: str, order: Body, answer: Answer) -> None:
        del self.unknown[name]
        full_name = ClientOrderId(self.user, name)
        shown = read(answer.body)
        if shown.code in NOTHING_DONE:
            self._seen.not_done.add(full_name)
            return
        if shown.code == "INTERNAL" or (answer.is_refusal and not shown.code):
            self._complain(f"{name}: {answer.body!r}")
            return
        self._seen.see_result(full_name, shown.code if answer.is_refusal else answer.body)
        self._recent.append((name, order))
        if shown.status == "PENDING":
            assert shown.order_id is not None
            self._resting[name] = (shown.order_id, order)
        elif shown.position_id and shown.symbol == TICKETS and not shown.reduce_only:
            self._positions[shown.position_id] = (shown.symbol, shown.side)

    def _take_change(self, answer: Answer) -> None:
        """The answer to a cancel or an amend."""
        if not answer.is_refusal:
            self._seen.see_order(answer.body)

    def _name(self) -> str:
        self.names.append(f"{self.user}-{len(self.names)}")
        return self.names[-1]

    def _price(self, symbol: str, side: str, below: float) -> str:
        """A price on the grid, this share below the last for a buyer, above for a seller."""
        share = Decimal(str(round(-below if side == "BUY" else below, 6)))
        raw = Decimal(self._prices.last[symbol]) * (1 + share)
        return str((raw // TICK[symbol]) * TICK[symbol])

    def _opener(self) -> Body | None:
        """An order of any kind; None before the first price is known."""
        rng = self._random
        symbol = rng.choices(SYMBOLS, (8, 2))[0]
        if symbol not in self._prices.last:
            return None
        side = rng.choice(("BUY", "SELL"))
        order: Body = {"symbol": symbol, "side": side, "orderType": "MARKET"}
        if symbol == TICKETS:
            order["amount"] = str(rng.randint(5, 50))
            order["leverage"] = rng.choice((1, 5, 10, 25, 50, 100))
        else:
            order["quantity"] = f"0.00{rng.randint(1, 9)}"
        kind = rng.choices(("MARKET", "LIMIT", "STOP_MARKET", "TAKE_PROFIT_MARKET"), (9, 5, 2, 1))[
            0
        ]
        order["orderType"] = kind
        distance = rng.uniform(0.0002, 0.003)
        if kind == "LIMIT":
            order["price"] = self._price(symbol, side, rng.choice((distance, -0.0005)))
        elif kind == "STOP_MARKET":
            order["triggerPrice"] = self._price(symbol, side, -distance)
        elif kind == "TAKE_PROFIT_MARKET":
            order["triggerPrice"] = self._price(symbol, side, distance)
        if kind == "MARKET" and symbol == TICKETS and rng.random() < 0.5:
            self._attach_exits(order)
        return order

    def _attach_exits(self, order: Body) -> None:
        rng, symbol, side = self._random, str(order["symbol"]), str(order["side"])
        kind = rng.randrange(3)
        if kind == 0:
            order["stopLoss"] = self._price(symbol, side, rng.uniform(0.001, 0.004))
        elif kind == 1:
            order["takeProfit"] = self._price(symbol, side, rng.uniform(-0.004, -0.001))
        else:
            order["autoClosePct"] = rng.choice(("-5", "5", "-20", "20"))


class _Balances(msgspec.Struct):
    """A transfer's reply, with the balances as bytes."""

    account: msgspec.Raw


@final
class Teller:
    """The operator who moves money, each time under a new transfer id.

    unknown: transfers that were sent and not answered.
    """

    def __init__(self, seen: Sightings, seed: int, pause_s: float) -> None:
        self.unknown: Final[dict[str, Transfer]] = {}
        self._pause_s: Final = pause_s
        self._seen: Final = seen
        self._random: Final = random.Random(f"{seed} teller")
        self._client: HttpClient | None = None
        self._count = 0

    async def open(self, admin: str, token: str) -> None:
        """Connect to the admin listener."""
        self._client = HttpClient(token)
        await self._client.open(admin)

    async def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            await self._client.close()

    async def admit(self, user: str) -> str:
        """Make a user; returns a token.  Raises Disconnected."""
        assert self._client is not None
        await self._client.ask("POST", "/admin/accounts", {"userId": user})
        answer = await self._client.ask("POST", f"/admin/accounts/{user}/tokens", {})
        return str(msgspec.json.decode(answer.body)["token"])

    async def work(self, users: list[str]) -> None:
        """Deposits, and smaller withdrawals, on and on.  Raises Disconnected."""
        rng = self._random
        while True:
            user, units = rng.choice(users), rng.choice((5, 3, -2))
            await self.move(user, units * E8 + rng.randrange(E8))
            await asyncio.sleep(rng.expovariate(1 / self._pause_s))

    async def settle(self) -> None:
        """Ask again for every transfer of unknown outcome, twice for some."""
        for transfer_id, transfer in list(self.unknown.items()):
            await self._transfer(transfer_id, transfer)
            if self._random.random() < 0.5:
                await self._transfer(transfer_id, transfer)

    async def move(self, user: str, atoms: int, asset: str = "USDT") -> None:
        """Pay in, or out if negative.  Raises Disconnected."""
        self._count += 1
        await self._transfer(f"teller-{self._count}", Transfer(user, atoms, asset))

    async def _transfer(self, transfer_id: str, transfer: Transfer) -> None:
        assert self._client is not None
        kind = "deposits" if transfer.atoms > 0 else "withdrawals"
        whole, rest = divmod(abs(transfer.atoms), E8)
        amount = f"{whole}.{rest:08d}"
        self.unknown[transfer_id] = transfer
        path = f"/admin/accounts/{transfer.user}/{kind}"
        body: Body = {"asset": transfer.asset, "amount": amount, "transferId": transfer_id}
        answer = await self._client.ask("POST", path, body)
        del self.unknown[transfer_id]
        code = read(answer.body).code
        if code in NOTHING_DONE or (code == "INSUFFICIENT_BALANCE" and transfer.atoms < 0):
            return
        if answer.is_refusal:
            self._seen.contradictions.append(f"transfer {transfer_id}: {answer.body!r}")
            return
        self._seen.see_transfer(transfer_id, transfer)
        balances = msgspec.json.decode(answer.body, type=_Balances)
        self._seen.see_account(transfer.user, bytes(balances.account))
