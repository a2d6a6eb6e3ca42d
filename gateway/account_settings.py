"""The settings of an account in a market: position mode, margin mode, leverage.  Decides no rule.

Shapes to commands, and their answers, the same over HTTP and WebSocket.
"""

from typing import Literal

from msgspec import UNSET

from engine.commands import Command, Leg, SetLeverage, SetMarginMode, SetPositionMode
from engine.events import Event
from engine.instrument import MarginMode, PositionMode
from engine.reject_reason import RejectReason
from engine.units import AccountId
from gateway.errors import reason_error
from gateway.fields import PositionSide, Request, Text, Whole, leg_of, market_of
from gateway.operations import Answered, Operation, Outcome, rejection, require_own
from gateway.replies import api_replies as replies
from gateway.venue import Venue


class SetLeverageRequest(Request):
    """`PUT /api/account/leverage`; position_side: where the account hedges, and only there."""

    symbol: str
    leverage: Whole
    position_side: PositionSide = UNSET
    user_id: Text = UNSET


class SetMarginModeRequest(Request):
    """`PUT /api/account/margin-mode`; position_side: where the account hedges, and only there."""

    symbol: str
    margin_mode: Literal["ISOLATED", "CROSS"]
    position_side: PositionSide = UNSET
    user_id: Text = UNSET


class SetPositionModeRequest(Request):
    """`PUT /api/account/position-mode`: what positions of a market are keyed by."""

    symbol: str
    position_mode: Literal["TICKET", "NETTING", "HEDGING"]
    user_id: Text = UNSET


def set_leverage(venue: Venue, account_id: AccountId, request: SetLeverageRequest) -> Operation:
    """Set the leverage of a key.  Raises ApiError."""
    require_own(venue, account_id, request.user_id)
    instrument_id = market_of(venue.state, request.symbol).instrument_id
    leg = leg_of(request.position_side)
    command = SetLeverage(account_id, instrument_id, request.leverage, leg)
    return _setting(command, request.symbol, leg, {"leverage": request.leverage})


def set_margin_mode(
    venue: Venue, account_id: AccountId, request: SetMarginModeRequest
) -> Operation:
    """Set the margin mode of a key.  Raises ApiError."""
    require_own(venue, account_id, request.user_id)
    instrument_id = market_of(venue.state, request.symbol).instrument_id
    leg, mode = leg_of(request.position_side), MarginMode[request.margin_mode]
    command = SetMarginMode(account_id, instrument_id, leg, mode)
    return _setting(command, request.symbol, leg, {"marginMode": mode.name})


def set_position_mode(
    venue: Venue, account_id: AccountId, request: SetPositionModeRequest
) -> Operation:
    """Set what an account's positions in a market are keyed by.  Raises ApiError."""
    require_own(venue, account_id, request.user_id)
    instrument_id = market_of(venue.state, request.symbol).instrument_id
    mode = PositionMode[request.position_mode]
    command = SetPositionMode(account_id, instrument_id, mode)
    return _setting(command, request.symbol, Leg.NONE, {"positionMode": mode.name})


def _setting(command: Command, symbol: str, leg: Leg, setting: dict[str, object]) -> Operation:
    """A command that sets one thing, answered with it."""

    def answer(sequence: int, _time_ns: int, events: list[Event]) -> Outcome:
        reason = rejection(events)
        if reason is not RejectReason.NONE:
            return reason_error(reason)
        place = {"symbol": symbol, "positionSide": leg.name if leg else None}
        return Answered(200, replies.encode({**place, **setting, "sequence": sequence}), False)

    return Operation(command, answer)
