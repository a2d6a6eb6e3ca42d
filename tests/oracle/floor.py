"""A book, four traders and what happens to them in few words.  Knows no rule."""

from typing import Any, Final

from tests.oracle.records import NOTIONAL_ATOMS_MAX, Fields
from tests.oracle.stories import order_fields, price_of, simple_spec
from tests.oracle.venue import Venue

DEPOSIT: Final = 10**9
ALICE, BOB, CAROL, DAVE = range(1, 5)
# One tick of one lot is 100 atoms; initial margin is a tenth; 0.02 % maker, 0.05 % taker.
SPEC: Final = simple_spec("AAA/USD") | {
    "lot_size_e8": 10_000,
    "tiers": ((NOTIONAL_ATOMS_MAX, 500_000, 100),),
    "maker_fee_e8": 20_000,
    "taker_fee_e8": 50_000,
    "market": "ORDER_DRIVEN",
    "position_mode": "NETTING",
    "fee_basis": "NOTIONAL",
    "remainder": "TO_USER",
    "price_band_e8": 50_000_000,
}
FREE_OF_CHARGE: Final = {"maker_fee_e8": 0, "taker_fee_e8": 0}


class Floor:
    """A venue with one book at a mark of 1,000 and four traders; answers in few words."""

    def __init__(self, **spec: object) -> None:
        self.venue = Venue()
        self.do("ListInstrument", spec=SPEC | spec)
        for number, name in enumerate(("alice", "bob", "carol", "dave"), 1):
            self.do("OpenAccount", user_id=name)
            self.pay(number, DEPOSIT)
        self.do("UpdatePrice", **price_of(1_000))

    def do(self, name: str, **fields: object) -> list[str]:
        """One command; the books balance after it."""
        state = self.venue.state
        facts = self.venue.apply(state.now_ns, name, fields)
        state.check()
        return [line for line in map(told, facts) if line]

    def pay(self, account_id: int, atoms: int) -> None:
        """Money in, or out if it is negative."""
        name = "Deposit" if atoms > 0 else "Withdraw"
        number = len(self.venue.state.transfer_ids)
        money = {"asset": "USD", "amount_atoms": abs(atoms), "transfer_id": f"t{number}"}
        self.do(name, account_id=account_id, **money)

    def order(self, account_id: int, side: str, lots: int, price: int = 0, **given: Any) -> Fields:
        """The fields of a limit order, or of a market order if no price is given."""
        kind = "LIMIT" if price else "MARKET"
        fields = order_fields(account_id, 1, side, kind)
        opens = not (given.get("reduce_only") or given.get("close_position"))
        return fields | {"qty_lots": lots, "price_ticks": price, "leverage": 10 * opens} | given

    def place(
        self, account_id: int, side: str, lots: int, price: int = 0, **given: Any
    ) -> list[str]:
        """What follows from an order but for its acceptance."""
        lines = self.do("PlaceOrder", **self.order(account_id, side, lots, price, **given))
        return [line for line in lines if not line.startswith("accept")]

    def hold(self, account_id: int) -> int:
        """All holds of an account."""
        return self.venue.state.held(account_id, 1)

    def spent(self, account_id: int) -> int:
        """What is not free any more of what came in."""
        return DEPOSIT - self.venue.state.free[account_id, 1]


def told(fact: tuple[str, Fields]) -> str:
    """The facts that these stories are about, in few words; empty for all others."""
    name, f = fact
    match name:
        case "OrderAccepted":
            return f"accept {f['order_id']} {f['side']} {f['qty_lots']} @ {f['price_ticks']}"
        case "Traded":
            return f"trade {f['qty_lots']} @ {f['price_ticks']}"
        case "OrderAmended":
            return f"amend {f['order_id']} {f['qty_lots']}"
        case "OrderCancelled":
            reason = "" if f["reason"] == "NONE" else f" {f['reason']}"
            return f"cancel {f['order_id']} {f['cause']}{reason}"
        case "OrderTriggered":
            return f"trigger {f['order_id']}"
        case "PositionReduced":
            return f"reduce {f['account_id']} to {f['qty_lots']} {f['cause']} {f['paid_atoms']}"
        case "BookChanged":
            return f"book {f['side']} {f['price_ticks']} {f['qty_lots']}"
        case "Rejected":
            return f"refuse {f['reason']}"
        case "BatchItem":
            return f"item {f['place']}"
        case "CancelAfterFired":
            return f"timer {f['account_id']}"
    return ""
