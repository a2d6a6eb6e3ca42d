"""How far a cross account is from liquidation, and the prices at which it need not be looked at.

Every formula of cross health; takes integers, returns integers, moves nothing.  Health is scaled by
10^8, so that maintenance is never rounded:

    H(p) = 1e8·W + Σ_s h_s(p_s)
    h_s(p) = 1e8·((qL − qS)·p·K − (cL − cS)) − MM_e8(qL·p·K) − MM_e8(qS·p·K)

W is free + hold.  The account is solvent if and only if H ≥ 1.  H is a sum over markets and each
h_s is concave, so where h_s stays above a level is an interval of prices (CRS-6).
"""

from typing import Final, final

from engine.commands import BUY, SELL, Side
from engine.margin import TierRate, maintenance_e8
from engine.units import E8, INT64_MAX, div_ceil, div_floor


@final
class Exposure:
    """What a cross account has in one market: lots and cost of both sides, all positions."""

    __slots__ = (
        "close_fee_e8",
        "k",
        "long_cost_atoms",
        "long_lots",
        "rates",
        "short_cost_atoms",
        "short_lots",
    )

    def __init__(self, k: int, rates: list[TierRate], close_fee_e8: int) -> None:
        self.k: Final = k
        self.rates: Final = rates
        self.close_fee_e8: Final = close_fee_e8
        self.long_lots = 0
        self.long_cost_atoms = 0
        self.short_lots = 0
        self.short_cost_atoms = 0

    def add(self, side: Side, lots: int, cost_atoms: int) -> None:
        """More lots of a side, or, with negative numbers, fewer."""
        if side is BUY:
            self.long_lots += lots
            self.long_cost_atoms += cost_atoms
        else:
            self.short_lots += lots
            self.short_cost_atoms += cost_atoms

    def copy(self) -> "Exposure":
        """The same numbers, to be changed."""
        other = Exposure(self.k, self.rates, self.close_fee_e8)
        other.add(BUY, self.long_lots, self.long_cost_atoms)
        other.add(SELL, self.short_lots, self.short_cost_atoms)
        return other

    def profit_atoms(self, mark_ticks: int) -> int:
        """Unrealised profit of both sides: `(qL − qS)·p·K − (cL − cS)`, exact."""
        lots = self.long_lots - self.short_lots
        return lots * mark_ticks * self.k - (self.long_cost_atoms - self.short_cost_atoms)

    def maintenance_e8(self, mark_ticks: int) -> int:
        """Maintenance of both sides, each with its tiers, scaled by 10^8."""
        lot_atoms = mark_ticks * self.k
        rates, fee = self.rates, self.close_fee_e8
        needed_e8 = 0
        if self.long_lots:
            needed_e8 += maintenance_e8(self.long_lots * lot_atoms, rates, fee)
        if self.short_lots:
            needed_e8 += maintenance_e8(self.short_lots * lot_atoms, rates, fee)
        return needed_e8

    def side_lots(self, side: Side) -> int:
        """The lots of a side, all positions together."""
        return self.long_lots if side is BUY else self.short_lots

    def side_maintenance_e8(self, side: Side, mark_ticks: int) -> int:
        """Maintenance of one side alone, scaled by 10^8."""
        notional = self.side_lots(side) * mark_ticks * self.k
        return maintenance_e8(notional, self.rates, self.close_fee_e8)

    def health_e8(self, mark_ticks: int) -> int:
        """`h_s` at this mark."""
        return self.profit_atoms(mark_ticks) * E8 - self.maintenance_e8(mark_ticks)

    def safe_band(self, mark_ticks: int, budget_e8: int) -> tuple[int, int]:
        """The lowest and the highest price, in ticks, at which h_s ≥ h_s(mark) − budget."""
        least_e8 = self.health_e8(mark_ticks) - budget_e8
        if self.long_lots and self.short_lots:
            return self._band_of_both(least_e8)
        if self.long_lots:
            return self._lowest_of_longs(mark_ticks, least_e8), INT64_MAX
        if self.short_lots:
            return 0, self._highest_of_shorts(mark_ticks, least_e8)
        return 0, INT64_MAX

    def _lowest_of_longs(self, mark_ticks: int, least_e8: int) -> int:
        """The lowest price, in ticks: longs suffer as it falls, through their tier and those below.

        Each tier's line says where it would end; the line that holds there says the highest.
        """
        lots, fee = self.long_lots, self.close_fee_e8
        place = self._tier_place(lots * mark_ticks * self.k)
        enough = least_e8 + self.long_cost_atoms * E8
        lowest: int | None = None
        while place >= 0:
            rate = self.rates[place]
            slope = self.k * lots * (E8 - rate.maintenance_e8 - fee)
            end = div_ceil(enough - rate.deduction_e8, slope)
            if lowest is not None and end < lowest:
                break
            lowest = end
            place -= 1
        assert lowest is not None
        return max(0, lowest)

    def _highest_of_shorts(self, mark_ticks: int, least_e8: int) -> int:
        """The highest price, in ticks: shorts suffer as it rises, through their tier and above."""
        lots, fee = self.short_lots, self.close_fee_e8
        place = self._tier_place(lots * mark_ticks * self.k)
        enough = self.short_cost_atoms * E8 - least_e8
        highest = INT64_MAX
        while place < len(self.rates):
            rate = self.rates[place]
            slope = self.k * lots * (E8 + rate.maintenance_e8 + fee)
            end = div_floor(enough + rate.deduction_e8, slope)
            if end > highest:
                break
            highest = end
            place += 1
        return highest

    def _tier_place(self, notional_atoms: int) -> int:
        """Which line of maintenance is the highest at this value; of equals the last."""
        fee = self.close_fee_e8
        found, most_e8 = 0, 0
        for place, rate in enumerate(self.rates):
            line_e8 = notional_atoms * (rate.maintenance_e8 + fee) - rate.deduction_e8
            if line_e8 < most_e8:
                break
            found, most_e8 = place, line_e8
        return found

    def _band_of_both(self, least_e8: int) -> tuple[int, int]:
        """Both, in ticks: each pair of tiers is a line `a·p + b ≥ T`; where all of them hold."""
        net_cost_e8 = (self.long_cost_atoms - self.short_cost_atoms) * E8
        net_lots_e8 = (self.long_lots - self.short_lots) * E8
        fee = self.close_fee_e8
        lowest, highest = 0, INT64_MAX
        for long_rate in self.rates:
            for short_rate in self.rates:
                kept = self.long_lots * (long_rate.maintenance_e8 + fee)
                kept += self.short_lots * (short_rate.maintenance_e8 + fee)
                slope = self.k * (net_lots_e8 - kept)
                rest = least_e8 + net_cost_e8 - long_rate.deduction_e8 - short_rate.deduction_e8
                if slope > 0:
                    lowest = max(lowest, div_ceil(rest, slope))
                elif slope < 0:
                    highest = min(highest, div_floor(-rest, -slope))
        return lowest, highest
