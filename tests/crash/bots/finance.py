"""What clients and the operator were told of funding, settings and liquidations.

Knows replies; knows no journal.  Private messages are among `tests.crash.sightings`.
"""

from typing import Final, final

import msgspec

from tests.crash.lines import HttpClient
from tests.crash.sightings import Sightings, read

OPERATOR: Final = ""


class Payment(msgspec.Struct, rename="camel", frozen=True):
    """What a position received at a stamp or, negative, paid."""

    position_id: str
    symbol: str
    amount: str
    accrued: str
    funding_rate: str
    funding_time: int
    sequence: int


class _Payments(msgspec.Struct, rename="camel"):
    payments: list[Payment]
    next_cursor: str | None
    sequence: int


class LiquidationStep(msgspec.Struct, rename="camel", frozen=True):
    """Why lots of a position were about to be closed by liquidation."""

    mark: str
    equity: str
    maintenance_margin: str
    quantity: str
    sequence: int


class _Trailing(msgspec.Struct, rename="camel"):
    activated_price: str | None


class Order(msgspec.Struct, rename="camel"):
    """An order that trails."""

    symbol: str
    trailing: _Trailing


class _Explained(msgspec.Struct):
    steps: list[msgspec.Raw]
    complete: bool
    sequence: int


class _Kind(msgspec.Struct):
    kind: str


class _Position(msgspec.Struct, rename="camel"):
    position_id: str


class _Positions(msgspec.Struct):
    positions: list[_Position]


@final
class FinanceSightings:
    """What was seen of money beside trading.

    settings: the answers to what changed a setting, by user and sequence; the operator's too.
    payments: all of a user's so far, oldest first, by user and sequence.
    explained: the liquidation steps of a user's position so far, by position id and sequence.
    trailing: all trailing stops of a user that followed, by user and sequence.
    """

    def __init__(self, seen: Sightings) -> None:
        self.seen: Final = seen
        self.settings: Final[dict[tuple[str, int], bytes]] = {}
        self.payments: Final[dict[tuple[str, int], list[Payment]]] = {}
        self.explained: Final[dict[tuple[int, int], list[LiquidationStep]]] = {}
        self.trailing: Final[dict[tuple[str, int], bytes]] = {}

    def see_setting(self, user: str, body: bytes) -> None:
        """A setting was changed."""
        sequence = read(body).sequence
        self.seen.see_sequence(sequence)
        self.settings[user, sequence] = body

    async def ask(self, user: str, client: HttpClient) -> None:
        """All payments of a user, and why positions of theirs were liquidated."""
        await self._ask_payments(user, client)
        answer = await client.ask("GET", "/api/positions?status=LIQUIDATED")
        for position in msgspec.json.decode(answer.body, type=_Positions).positions:
            path = f"/api/positions/{position.position_id}/explain"
            explained = msgspec.json.decode((await client.ask("GET", path)).body, type=_Explained)
            kinds = [(msgspec.json.decode(step, type=_Kind).kind, step) for step in explained.steps]
            self.explained[int(position.position_id), explained.sequence] = [
                msgspec.json.decode(step, type=LiquidationStep)
                for kind, step in kinds
                if kind == "LIQUIDATION_STEP"
            ]
            if not explained.complete:
                self.seen.contradictions.append(f"{path}: not complete")

    async def ask_following(self, user: str, client: HttpClient) -> None:
        """All trailing stops of a user that follow."""
        answer = await client.ask("GET", "/api/trailing-stops")
        assert not answer.is_refusal, answer.body
        self.trailing[user, read(answer.body).sequence] = answer.body

    async def _ask_payments(self, user: str, client: HttpClient) -> None:
        """Page by page; a stamp meanwhile has newer ones, which were not asked for."""
        found: list[Payment] = []
        sequence = 0
        path = "/api/funding?limit=200"
        while True:
            page = msgspec.json.decode((await client.ask("GET", path)).body, type=_Payments)
            found += page.payments
            sequence = sequence or page.sequence
            if page.next_cursor is None:
                break
            path = f"/api/funding?limit=200&cursor={page.next_cursor}"
        self.payments[user, sequence] = found[::-1]
