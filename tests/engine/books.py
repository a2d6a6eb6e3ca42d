"""Short ways to trade between the users of an order-driven venue.  Knows defaults only."""

from typing import Any, Final

from engine.commands import Side
from engine.instrument import InstrumentSpec
from engine.market import Market
from engine.order_book import OrderBook
from engine.units import AccountId
from tests.engine.venue import Fields, Venue, book_spec, order

ALICE: Final = 1
BOB: Final = 2
CAROL: Final = 3
DAVE: Final = 4


def book_venue(spec: InstrumentSpec | None = None, **settings: Any) -> Venue:
    """Four users with a thousand each, a mark of 20,000.0, no orders."""
    return Venue(spec or book_spec(**settings), deposits=(1_000,) * 4)


def bid(account: int, lots: int, ticks: int, **fields: Any) -> Any:
    """A limit order to buy; at 10x unless it says otherwise."""
    terms = {"account_id": AccountId(account), "qty_lots": lots, "price_ticks": ticks}
    return order(**{**terms, **fields})


def ask(account: int, lots: int, ticks: int, **fields: Any) -> Any:
    """A limit order to sell."""
    return bid(account, lots, ticks, side=Side.SELL, **fields)


def market_of(venue: Venue) -> Market:
    """The one market."""
    market = venue.state.markets[1]
    assert market is not None
    return market


def book_of(venue: Venue) -> OrderBook:
    """Its book."""
    book = market_of(venue).book
    assert book is not None
    return book


def trades(said: list[Fields]) -> list[tuple[int, int]]:
    """Lots and price of each trade that was said."""
    return [(e["qty_lots"], e["price_ticks"]) for e in said if e["event"] == "Traded"]
