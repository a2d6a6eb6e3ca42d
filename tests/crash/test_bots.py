"""What clients would notice of a book, and what its audit would: each lie is found."""

from itertools import count as counting

import msgspec
import pytest

from engine.commands import (
    GTC,
    IOC,
    Command,
    Deposit,
    ListInstrument,
    OpenAccount,
    Side,
    UpdatePrice,
)
from engine.engine import Engine
from engine.state import State
from engine.units import E8, AccountId
from tests.crash.bots.audit import MarketWitness
from tests.crash.bots.books import ClientBook, Depth, PublicSightings
from tests.crash.lines import Frame
from tests.crash.sightings import Sightings
from tests.order_flow.orders import INSTRUMENT, limit_order, market_spec
from tests.order_flow.recording import Grid

BTC = "BTC-PERP-USDT"


def frame(kind: str, sequence: int, before: int | None, data: str) -> Frame:
    """A message of a book."""
    raw = msgspec.Raw(data.encode())
    return Frame(
        channel=f"book:{BTC}", type=kind, sequence=sequence, prev_sequence=before, data=raw
    )


def test_a_book_is_rebuilt_from_its_deltas() -> None:
    book = ClientBook()

    assert not book.take(frame("snapshot", 7, None, '{"bids":[["10","1"]],"asks":[["11",null]]}'))
    assert not book.take(frame("update", 9, 7, '{"bids":[["10","0"],["9","2"]],"asks":[]}'))

    assert (book.sequence, book.depth()) == (9, Depth({"9": "2"}, {"11": None}))


@pytest.mark.parametrize(
    ("second", "wrong"),
    [
        (frame("update", 9, 8, '{"bids":[["9","2"]],"asks":[]}'), "7, then from 8 to 9"),
        (frame("update", 9, None, '{"bids":[["9","2"]],"asks":[]}'), "7, then from None to 9"),
        (frame("update", 9, 7, '{"bids":[],"asks":[]}'), "nothing new at 9"),
    ],
)
def test_a_gap_is_noticed(second: Frame, wrong: str) -> None:
    book = ClientBook()
    book.take(frame("snapshot", 7, None, '{"bids":[],"asks":[]}'))

    assert book.take(second) == wrong


def test_two_clients_do_not_see_two_books() -> None:
    seen = Sightings()
    public = PublicSightings(seen)
    public.see_book(BTC, 7, Depth({"9": "2"}, {}))

    public.see_book(BTC, 7, Depth({"9": "3"}, {}))

    assert seen.contradictions == [f"two books of {BTC} at 7"]


def replayed(public: PublicSightings) -> list[str]:
    """A trade of two lots at 100 ticks, which leaves three there: the last command is the 8th."""
    witness = MarketWitness(engine := Engine(State()), public)
    commands: list[Command] = [ListInstrument(market_spec("BTC", Grid(10_000_000, 100_000)))]
    for number in (1, 2):
        commands.append(OpenAccount(f"user-{number}"))
        commands.append(Deposit(AccountId(number), "USDT", 1_000 * E8, f"deposit-{number}"))
    commands.append(UpdatePrice(INSTRUMENT, "", 0, True, 100, 100, 100, 100, 100))
    commands.append(limit_order(AccountId(1), Side.SELL, 5, 100, GTC))
    commands.append(limit_order(AccountId(2), Side.BUY, 2, 100, IOC))
    for sequence, command in zip(counting(1), commands, strict=False):
        witness.observe(sequence, sequence, command, engine.apply(sequence, sequence, command))
    witness.finish()
    return witness.wrong


TRADE = b'{"tradeId":"1","price":"10","quantity":"0.002","side":"BUY","sequence":8}'


def test_what_is_so_is_found_so() -> None:
    public = PublicSightings(Sightings())
    public.see_book(BTC, 8, Depth({}, {"10": "0.003"}))
    public.see_trade(BTC, TRADE)

    assert replayed(public) == []


def test_a_book_that_was_not_so_is_found() -> None:
    public = PublicSightings(Sightings())
    public.see_book(BTC, 8, Depth({}, {"10": "0.004"}))
    public.see_book(BTC, 99, Depth({}, {}))

    found = replayed(public)

    assert [words.split(":")[0] for words in found] == [f"book of {BTC} at 8", "1 books seen only"]


@pytest.mark.parametrize(("old", "new"), [(b"BUY", b"SELL"), (b"0.002", b"0.001"), (b"8}", b"7}")])
def test_a_trade_that_was_not_so_is_found(old: bytes, new: bytes) -> None:
    public = PublicSightings(Sightings())
    public.see_trade(BTC, TRADE.replace(old, new))

    assert [words.split(":")[0] for words in replayed(public)] == ["trade 1"]


def test_a_trade_that_never_was_is_found() -> None:
    public = PublicSightings(Sightings())
    public.see_trade(BTC, TRADE.replace(b'"1"', b'"77"'))

    assert replayed(public) == ["1 trades seen only"]
