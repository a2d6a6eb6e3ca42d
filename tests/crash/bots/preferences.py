"""How users of the story keep their positions, chosen by number, and told to the venue once."""

from typing import Final, NamedTuple

from tests.crash.bots.finance import FinanceSightings
from tests.crash.bots.markets import LEGS, MODES, TICKETS
from tests.crash.lines import Body, HttpClient

MAKER_LEVERAGE: Final = 5
LEVERAGE: Final = 10
LEVERAGE_THIN: Final = 100
THIN_EVERY: Final = 3
_POOLED: Final = (TICKETS.booked, LEGS.booked, LEGS.quoted)


class Preferences(NamedTuple):
    """Of one user.  modes, margins: where they differ from what is usual, by symbol."""

    leverage: int
    modes: dict[str, str]
    margins: dict[str, str]

    def all_modes(self) -> dict[str, str]:
        """What positions are keyed by, in every market."""
        return MODES | self.modes

    def requests(self) -> list[tuple[str, Body]]:
        """What to ask of the venue: the last part of a path, and a body."""
        found: list[tuple[str, Body]] = []
        for symbol, mode in self.modes.items():
            found.append(("position-mode", {"symbol": symbol, "positionMode": mode}))
        for symbol in _POOLED:
            for leg in self._legs(symbol):
                key: Body = {"symbol": symbol} | leg
                found.append(("leverage", key | {"leverage": self.leverage}))
                if symbol in self.margins:
                    found.append(("margin-mode", key | {"marginMode": self.margins[symbol]}))
        return found

    def _legs(self, symbol: str) -> list[Body]:
        if self.all_modes()[symbol] != "HEDGING":
            return [{}]
        return [{"positionSide": leg} for leg in ("LONG", "SHORT")]


def is_thin(number: int) -> bool:
    """Whether bot `number` has little money and much leverage."""
    return number % THIN_EVERY == 0


def preferences(number: int) -> Preferences:
    """Of bot `number`: all ways to keep positions occur, among thin accounts and others."""
    modes, margins = dict[str, str](), dict[str, str]()
    if number % 2:
        modes[TICKETS.booked] = "HEDGING"
    if number % 4 == 2:
        margins[TICKETS.booked] = "CROSS"
        modes[LEGS.booked] = "NETTING"
    if number % 5 == 1:
        margins[LEGS.booked] = "ISOLATED"
    return Preferences(LEVERAGE_THIN if is_thin(number) else LEVERAGE, modes, margins)


async def tell_preferences(
    wanted: Preferences, user: str, client: HttpClient, finance: FinanceSightings
) -> None:
    """Tell the venue.  Raises Disconnected."""
    for path, body in wanted.requests():
        answer = await client.ask("PUT", f"/api/account/{path}", body)
        assert not answer.is_refusal, answer.body
        if path != "position-mode":
            finance.see_setting(user, answer.body)
