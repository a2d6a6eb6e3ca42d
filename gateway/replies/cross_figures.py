"""What cross margin comes to for whoever reads it: ratios and liquidation prices.

Display only: floored or estimated here, and never fed back.
"""

from engine.commands import BUY
from engine.cross import CrossAccount
from engine.market import MARK
from engine.position import Position
from engine.units import div_floor
from gateway.decimals import text_from_e8


def ratio_text(maintenance_e8: int, equity_atoms: int) -> str | None:
    """Maintenance over equity as a share of 1, floored to eight digits; null without equity."""
    if equity_atoms <= 0:
        return None
    return text_from_e8(div_floor(maintenance_e8, equity_atoms))


def liquidation_ticks(account: CrossAccount, position: Position) -> int:
    """The first mark against the position at which the account is liquidated, if all other marks
    and the account's money stay; 0 if there is none.

    Exact under that condition: the safe band of the market with all of the account's health as its
    budget (CRS-6).  An account that is liquidatable already has the present mark.
    """
    market = position.market
    mark_ticks = market.prices[MARK]
    budget_e8 = account.health_e8() - 1
    if budget_e8 < 0:
        return mark_ticks
    exposure = account.standings[market.instrument_id].exposure
    lowest, highest = exposure.safe_band(mark_ticks, budget_e8)
    if position.side is BUY:
        return max(0, lowest - 1)
    return highest + 1 if highest < market.price_ticks_max else 0
