"""What each account's orders and positions are keyed by, as the events told (KEY-1, KEY-2).

Knows settings of markets and accounts; knows no order.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, final

from engine.commands import Leg, Side
from engine.instrument import MarginMode, PositionMode


class MarketModes(NamedTuple):
    """How every account starts in a market."""

    position_mode: int
    margin_mode: int


# A market that a snapshot of before there were modes names no other way.
_OLD: Final = MarketModes(PositionMode.NETTING, MarginMode.ISOLATED)


@final
class Modes:
    """The settings of all markets, and of the accounts that changed theirs."""

    def __init__(self) -> None:
        self._markets: Final[dict[int, MarketModes]] = {}
        self._position_modes: Final[dict[tuple[int, int], int]] = {}
        self._margin_modes: Final[dict[tuple[int, int, int], int]] = {}

    def add_market(self, instrument_id: int, position_mode: int, margin_mode: int) -> None:
        """How every account starts in a market."""
        self._markets[instrument_id] = MarketModes(position_mode, margin_mode)

    def set_position_mode(self, account_id: int, instrument_id: int, mode: int) -> None:
        """What the account's positions in the market are keyed by from now on."""
        self._position_modes[account_id, instrument_id] = mode

    def set_margin_mode(self, account_id: int, instrument_id: int, leg: int, mode: int) -> None:
        """Whether the key stands alone or with the account from now on."""
        self._margin_modes[account_id, instrument_id, leg] = mode

    def position_mode(self, account_id: int, instrument_id: int) -> int:
        """What the account's positions in the market are keyed by."""
        usual = self._markets.get(instrument_id, _OLD).position_mode
        return self._position_modes.get((account_id, instrument_id), usual)

    def is_cross(self, account_id: int, instrument_id: int, leg: int) -> bool:
        """Whether the account stands behind the key's position."""
        usual = self._markets.get(instrument_id, _OLD).margin_mode
        return self._margin_modes.get((account_id, instrument_id, leg), usual) == MarginMode.CROSS

    def leg_of_position(self, account_id: int, instrument_id: int, side: int) -> int:
        """The leg of a position that opens on a side; none unless the account hedges there."""
        if self.position_mode(account_id, instrument_id) != PositionMode.HEDGING:
            return int(Leg.NONE)
        return int(Leg.LONG if side == Side.BUY else Leg.SHORT)

    def leg_of_closing(self, account_id: int, instrument_id: int, side: int) -> int:
        """The leg that an order on a side closes; none unless the account hedges there."""
        other = Side.SELL if side == Side.BUY else Side.BUY
        return self.leg_of_position(account_id, instrument_id, other)

    def markets(self) -> Iterator[tuple[int, ...]]:
        """Instrument, position mode and margin mode of every market, in order of listing."""
        return ((instrument_id, *modes) for instrument_id, modes in self._markets.items())

    def position_modes(self) -> Iterator[tuple[int, ...]]:
        """Account, instrument and mode of those that changed theirs, sorted."""
        return ((*key, mode) for key, mode in sorted(self._position_modes.items()))

    def margin_modes(self) -> Iterator[tuple[int, ...]]:
        """Account, instrument, leg and mode of the keys that changed theirs, sorted."""
        return ((*key, mode) for key, mode in sorted(self._margin_modes.items()))

    def add_ticket_markets(self, instrument_ids: Iterable[int]) -> None:
        """Markets of an old snapshot where every opening order is a position of its own."""
        for instrument_id in instrument_ids:
            self.add_market(instrument_id, PositionMode.TICKET, MarginMode.ISOLATED)
