"""Orders under names of their own: sent, answered, asked for again where no answer came.

Knows what was sent and what was said to it; decides nothing.
"""

import random
from collections import Counter
from typing import Final, final

import msgspec

from tests.crash.bots.books import Ear
from tests.crash.bots.finance import FinanceSightings
from tests.crash.lines import Answer, Body, Disconnected, HttpClient, SocketLine
from tests.crash.sightings import ClientOrderId, Shown, read
from tests.crash.traders import NOTHING_DONE

OPEN: Final = ("PENDING", "PARTIALLY_FILLED")


class Resting(msgspec.Struct):
    """An open order as far as its owner knows."""

    order_id: str
    order: Body


class _BatchResult(msgspec.Struct):
    results: list[msgspec.Raw]


@final
class Desk:
    """One user's orders over all connections.

    modes: what its positions are keyed by, by symbol.
    unknown: orders that were sent and not answered, by client order id.
    resting: open orders by client order id.
    counts: what was answered to what.
    """

    def __init__(
        self,
        user: str,
        line: SocketLine,
        ear: Ear,
        finance: FinanceSightings,
        modes: dict[str, str],
        seed: int,
    ) -> None:
        self.user: Final = user
        self.modes: Final = modes
        self.line: Final = line
        self.ear: Final = ear
        self.unknown: Final[dict[str, Body]] = {}
        self.resting: Final[dict[str, Resting]] = {}
        self.counts: Final[Counter[str]] = Counter()
        self._finance: Final = finance
        self._seen: Final = finance.seen
        self._random: Final = random.Random(f"{seed} desk {user}")
        self._answered: Final[list[str]] = []
        self._named = 0

    async def open(self, public: str) -> None:
        """Connect and listen.  Raises Disconnected."""
        self.ear.begin()
        await self.line.open(public)

    async def close(self) -> None:
        """Hang up."""
        await self.line.close()
        self.ear.note_books()

    async def place(self, *orders: Body) -> list[Shown]:
        """One frame, a command for each.  Raises Disconnected if an outcome is unknown."""
        named = [self._name(order) for order in orders]
        answers = await self.line.place([dict(order) for order in orders])
        shown = [
            self._take(name, order, answer.body)
            for name, order, answer in zip(named, orders, answers, strict=True)
            if answer is not None
        ]
        if None in answers:
            raise Disconnected("an order's outcome is unknown")
        return shown

    async def batch(
        self, cancels: list[str], amends: list[Body], orders: list[Body]
    ) -> list[Shown]:
        """One command for all; returns what was said to the orders.  Raises Disconnected."""
        request: Body = {"op": "order.batch"}
        if cancels:
            request["clientOrderIds"] = cancels
        if amends:
            request["amends"] = amends
        named = [self._name(order) for order in orders]
        if orders:
            request["orders"] = orders
        answer = await self.line.request(request)
        self.counts["batches"] += 1
        if answer.is_refusal:
            self._refused_batch(named, answer)
            return []
        results = msgspec.json.decode(answer.body, type=_BatchResult).results
        assert len(results) == len(cancels) + len(amends) + len(orders)
        changes = len(cancels) + len(amends)
        for place, body in enumerate(results[:changes]):
            self._take_change("cancel" if place < len(cancels) else "amend", bytes(body))
        pairs = zip(named, orders, results[changes:], strict=True)
        return [self._take(name, order, bytes(body)) for name, order, body in pairs]

    async def cancel(self, name: str) -> None:
        """Cancel an open order.  Raises Disconnected."""
        self.resting.pop(name, None)
        self._take_change("cancel", (await self.line.cancel(name)).body)

    async def amend(self, change: Body) -> None:
        """Change an open order, named in `change`.  Raises Disconnected."""
        answer = await self.line.request({"op": "order.amend", **change})
        self._take_change("amend", answer.body)

    async def set(self, op: str, setting: Body) -> None:
        """Change a setting of the account.  Raises Disconnected if the outcome is unknown."""
        answer = await self.line.request({"op": op, **setting})
        if answer.is_refusal:
            self.counts["settings refused"] += 1
        else:
            self._finance.see_setting(self.user, answer.body)
            self.counts["settings acknowledged"] += 1

    async def settle(self) -> None:
        """Ask again for every order of unknown outcome, with the same words.  Raises
        Disconnected."""
        for name, order in list(self.unknown.items()):
            answer = (await self.line.place([dict(order)]))[0]
            if answer is None:
                raise Disconnected(name)
            self.counts["unknown outcomes settled"] += 1
            self._take(name, order, answer.body)

    async def find(self, client: HttpClient, most: int) -> int:
        """Ask for some answered orders by client order id; returns how many were found."""
        names = self._random.sample(self._answered, min(most, len(self._answered)))
        for name in names:
            answer = await client.ask("GET", f"/api/orders/client/{name}")
            result = self._seen.results[ClientOrderId(self.user, name)]
            now = None if answer.is_refusal else self._seen.see_order(answer.body)
            if now is None:
                self._complain(f"{name} was acknowledged and is not found: {answer.body!r}")
            elif isinstance(result, bytes) and now.order_id != read(result).order_id:
                self._complain(f"{name} was {result!r} and is {answer.body!r}")
            elif isinstance(result, str) and (now.status, now.reason) != ("REJECTED", result):
                self._complain(f"{name} was refused: {result}, and is {answer.body!r}")
        return len(names)

    def hear(self) -> None:
        """Forget the orders that private messages said are done."""
        for order in self.ear.orders:
            if order.status not in OPEN and order.client_order_id is not None:
                self.resting.pop(order.client_order_id, None)
        self.ear.orders.clear()

    def _name(self, order: Body) -> str:
        self._named += 1
        name = f"{self.user}-{self._named}"
        order["clientOrderId"] = name
        self.unknown[name] = order
        return name

    def _take(self, name: str, order: Body, body: bytes) -> Shown:
        """The answer to an order: the order, or why there is none."""
        del self.unknown[name]
        shown = read(body)
        full_name = ClientOrderId(self.user, name)
        if shown.code in NOTHING_DONE:
            self._seen.not_done.add(full_name)
            self.counts["orders not done"] += 1
        elif shown.code:
            self._seen.see_result(full_name, shown.code)
            self._answered.append(name)
            self.counts[f"refused {shown.code}"] += 1
        elif shown.order_id is None:
            self._complain(f"{name}: {body!r}")
        else:
            self._seen.see_result(full_name, body)
            self._answered.append(name)
            self.counts["orders acknowledged"] += 1
            if shown.status in OPEN:
                self.resting[name] = Resting(shown.order_id, order)
        return shown

    def _take_change(self, what: str, body: bytes) -> None:
        """The answer to a cancel or an amend."""
        shown = read(body)
        if shown.code:
            self.counts[f"{what}s refused"] += 1
        else:
            self._seen.see_order(body)
            self.counts[f"{what}s acknowledged"] += 1

    def _refused_batch(self, named: list[str], answer: Answer) -> None:
        """A batch that was not entered has done nothing."""
        if read(answer.body).code not in NOTHING_DONE:
            self._complain(f"batch refused: {answer.body!r}")
        for name in named:
            del self.unknown[name]
            self._seen.not_done.add(ClientOrderId(self.user, name))

    def _complain(self, text: str) -> None:
        self._seen.contradictions.append(f"{self.user}: {text}")
