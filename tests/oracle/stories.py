"""Short ways to say commands and instruments in the oracle's words.  Knows defaults only."""

from typing import Final

from tests.oracle.records import NOTIONAL_ATOMS_MAX, SOURCES, Fields
from tests.oracle.venue import Venue

SECOND_NS: Final = 1_000_000_000


def simple_spec(symbol: str) -> Fields:
    """The profile `simple`: isolated tickets, fees on margin, no maintenance."""
    return {
        "symbol": symbol,
        "base": symbol.split("/")[0],
        "settlement": symbol.split("/")[1],
        "tick_size_e8": 1_000_000,
        "lot_size_e8": 100_000,
        "qty_lots_min": 1,
        "qty_lots_max": 1_000_000,
        "notional_atoms_min": 0,
        "leverage_max": 100,
        "tiers": ((NOTIONAL_ATOMS_MAX, 0, 100),),
        "maker_fee_e8": 40_000,
        "taker_fee_e8": 40_000,
        "liquidation_fee_e8": 0,
        "market": "QUOTE_DRIVEN",
        "position_mode": "TICKET",
        "margin_mode": "ISOLATED",
        "fee_basis": "MARGIN",
        "close_fee_reserved": False,
        "remainder": "TO_INSURANCE",
        "price_band_e8": 0,
        "sanity_band_e8": 50_000_000,
        "stale_after_ns": 10 * SECOND_NS,
        "orders_max": 200,
        "conditionals_max": 10_000,
        "funding_interval_ns": 0,
        "funding_interest_e8": 0,
        "funding_clamp_e8": 0,
        "funding_cap_e8": 0,
        "impact_notional_atoms": 0,
    }


def book_spec(symbol: str) -> Fields:
    """The same where users trade with each other, in net positions, with fees on notional."""
    return simple_spec(symbol) | {
        "market": "ORDER_DRIVEN",
        "position_mode": "NETTING",
        "fee_basis": "NOTIONAL",
        "remainder": "TO_USER",
        "price_band_e8": 10_000_000,
    }


def price_of(ticks: int, instrument_id: int = 1, **others: int) -> Fields:
    """A price of the operator's: all five the same but those given."""
    values = {f"{source.lower()}_ticks": ticks for source in SOURCES}
    return {
        "instrument_id": instrument_id,
        "source": "",
        "source_sequence": 0,
        "by_operator": True,
        **values,
        **others,
    }


def order_fields(account_id: int, instrument_id: int, side: str, order_type: str) -> Fields:
    """A PlaceOrder without sizes and prices."""
    return {
        "account_id": account_id,
        "instrument_id": instrument_id,
        "side": side,
        "order_type": order_type,
        "time_in_force": "GTC",
        "qty_lots": 0,
        "amount_atoms": 0,
        "price_ticks": 0,
        "trigger_ticks": 0,
        "trigger_source": "MARK",
        "leverage": 0,
        "reduce_only": False,
        "post_only": False,
        "position_id": 0,
        "stop_loss_ticks": 0,
        "take_profit_ticks": 0,
        "auto_close_e8": 0,
        "expire_ns": 0,
        "client_order_id": "",
        "digest": b"",
        "display_lots": 0,
        "close_position": False,
        "self_trade_prevention": "CANCEL_MAKER",
        "oco_group": "",
        "leg": "NONE",
        "trail_ticks": 0,
        "trail_e8": 0,
    }


def market_order(side: str, **given: object) -> Fields:
    """A market order of account 1 in instrument 1."""
    return order_fields(1, 1, side, "MARKET") | given


def listed(spec: Fields, deposit: int, insurance: int = 0) -> Venue:
    """A venue with one instrument, one funded account, and maybe an insurance fund."""
    venue = Venue()
    asset = spec["settlement"]
    venue.apply(0, "ListInstrument", {"spec": spec})
    venue.apply(0, "OpenAccount", {"user_id": "alice"})
    money = {"asset": asset, "transfer_id": "d"}
    venue.apply(0, "Deposit", {"account_id": 1, "amount_atoms": deposit, **money})
    if insurance:
        funding = {"asset": asset, "amount_atoms": insurance, "transfer_id": "i"}
        venue.apply(0, "FundInsurance", funding)
    return venue
