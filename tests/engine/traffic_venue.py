"""The markets and accounts that random traffic meets, all that a market can be set to."""

from collections.abc import Iterator
from typing import Final

from engine.commands import Command, Deposit, ListInstrument, OpenAccount, SetLeverage
from engine.instrument import FeeBasis, MarginMode, PositionMode
from engine.units import E8, AccountId, InstrumentId
from tests.engine.venue import SECOND_NS, book_spec, cross_spec, netting_spec, plain_spec, price

ACCOUNTS: Final = 6
MARKETS: Final = 6  # tickets and netting on quotes, netting and tickets with books, cross of both
TIERS: Final = ((20_000 * E8, 500_000, 100), (10**17, 1_000_000, 20))
FUNDING: Final = {
    "funding_interval_ns": 60 * SECOND_NS,
    "funding_interest_e8": 10_000,
    "funding_clamp_e8": 50_000,
    "funding_cap_e8": 2_000_000,
    "impact_notional_atoms": 500 * E8,
}


def opening_commands() -> Iterator[Command]:
    """A market of each kind, some accounts, money and a first price."""
    yield ListInstrument(plain_spec(tiers=TIERS, taker_fee_e8=40_000, maker_fee_e8=20_000))
    yield ListInstrument(
        netting_spec(
            symbol="ETH/USDT",
            tiers=TIERS,
            taker_fee_e8=50_000,
            maker_fee_e8=-10_000,
            fee_basis=FeeBasis.NOTIONAL,
            close_fee_reserved=True,
            **FUNDING,
        )
    )
    fees = {"taker_fee_e8": 50_000, "maker_fee_e8": -10_000, "liquidation_fee_e8": 100_000}
    fees |= FUNDING
    for symbol, mode in (("SOL/USDT", PositionMode.NETTING), ("XRP/USDT", PositionMode.TICKET)):
        yield ListInstrument(book_spec(symbol=symbol, position_mode=mode, tiers=TIERS, **fees))
    yield ListInstrument(cross_spec(symbol="ADA/USDT", tiers=TIERS, **fees))
    crossed = {"symbol": "DOT/USDT", "margin_mode": MarginMode.CROSS}
    yield ListInstrument(book_spec(**crossed, tiers=TIERS, **fees))
    for number in range(1, ACCOUNTS + 1):
        yield OpenAccount(f"user-{number}")
        yield Deposit(AccountId(number), "USDT", 2_000 * E8, f"first-{number}")
        for market in (5, 6):
            yield SetLeverage(AccountId(number), InstrumentId(market), 50)
    for market in range(1, MARKETS + 1):
        yield price(200_000, instrument=market)
