"""A trader acts on its own orders, positions and money, as its habit and the prices tell it."""

from random import Random

import pytest

from engine.commands import (
    Command,
    Deposit,
    Leg,
    PlaceOrder,
    SetMarginMode,
    SetPositionExits,
    Side,
)
from engine.instrument import MarginMode
from engine.state import open_positions
from engine.units import E8
from gateway.feeds.price_file import PriceRow
from gateway.feeds.quote import same_price
from gateway.replay.habits import CAREFUL, HOLDER, RECKLESS, Action, Habit
from gateway.replay.stage import Stage
from gateway.replay.tally import Tally
from gateway.replay.traders import Trader

NOW_MS = 1_700_000_000_000
ALWAYS_OPEN = tuple(100 if action is Action.OPEN else 0 for action in Action)
ALWAYS_CLOSE = tuple(100 if action is Action.CLOSE else 0 for action in Action)
ALWAYS_MOVE_MARGIN = tuple(100 if action is Action.MOVE_MARGIN else 0 for action in Action)


class Desk:
    """One trader on a stage, with prices that a test moves."""

    def __init__(self, habit: Habit, seed: int = 1) -> None:
        self.rng = Random(seed)
        self.stage = Stage(Tally().watch, None)
        self.stage.source = "test"
        self.stage.open_markets("BTC", NOW_MS * 1_000_000)
        seated = self.stage.seat_traders(1, self.rng, NOW_MS * 1_000_000)[0]
        self.trader = Trader(seated.account_id, seated.user_id, habit, Side.BUY)
        self.row = 0

    def price(self, whole: int) -> None:
        self.row += 1
        self.stage.move_prices(PriceRow(self.row, NOW_MS, same_price(whole * E8)))

    def turn(self) -> Command | None:
        command = self.trader.act(self.rng, self.stage.state, self.stage.markets, NOW_MS)
        if command is not None:
            self.stage.apply(NOW_MS * 1_000_000, command)
        return command


def test_a_chaser_waits_for_a_range_then_buys_the_top_and_sells_the_bottom() -> None:
    desk = Desk(RECKLESS._replace(weights=ALWAYS_OPEN, exits_percent=0))
    sides: list[Side | None] = []
    for whole in (60_000, 60_050, 60_000, 60_600, 60_300, 59_000):
        desk.price(whole)
        command = desk.turn()
        sides.append(command.side if isinstance(command, PlaceOrder) else None)

    # Flat, a range too narrow, flat, the top of a wide one, its middle, a new bottom.
    assert sides == [None, None, None, Side.BUY, None, Side.SELL]


def test_a_trader_without_a_position_opens_instead_of_closing() -> None:
    desk = Desk(CAREFUL._replace(weights=ALWAYS_CLOSE))
    desk.price(60_000)

    command = desk.turn()

    assert isinstance(command, PlaceOrder)
    assert not command.reduce_only


def test_a_trader_closes_what_it_has() -> None:
    desk = Desk(CAREFUL._replace(weights=ALWAYS_CLOSE, exits_percent=0), seed=4)
    desk.price(60_000)
    closes = 0
    for _ in range(60):
        position_ids = {
            position.position_id
            for position in open_positions(desk.stage.state, desk.trader.account_id)
        }
        command = desk.turn()
        if isinstance(command, PlaceOrder) and command.reduce_only:
            closes += 1
            assert command.position_id in position_ids
        else:
            assert not position_ids

    assert closes > 10


@pytest.mark.parametrize("reloads", [0, 2])
def test_a_broke_trader_deposits_as_often_as_its_habit_allows(reloads: int) -> None:
    desk = Desk(CAREFUL._replace(weights=ALWAYS_OPEN, reloads=reloads))
    desk.price(60_000)
    ledger = desk.stage.state.ledger.assets[1]
    deposits = 0
    for _ in range(5):
        free_atoms = ledger.free[desk.trader.account_id]
        ledger.withdraw(desk.trader.account_id, free_atoms)
        deposits += isinstance(desk.turn(), Deposit)

    assert deposits == reloads


def test_a_cross_trader_spends_what_its_losses_leave_and_moves_no_margin() -> None:
    desk = Desk(HOLDER._replace(weights=ALWAYS_MOVE_MARGIN, perpetual_percent=100))
    desk.price(60_000)
    stage, account_id = desk.stage, desk.trader.account_id
    perpetual = stage.markets[1].instrument_id
    stage.apply(0, SetMarginMode(account_id, perpetual, Leg.NONE, MarginMode.CROSS))
    assert isinstance(desk.turn(), PlaceOrder)  # there is nothing yet to move margin of
    while not open_positions(stage.state, account_id):
        desk.turn()
    free_atoms = stage.state.ledger.assets[1].free[account_id]

    commands = [desk.turn() for _ in range(5)]

    assert {type(command) for command in commands} == {SetPositionExits}
    assert 0 < desk.trader.free_atoms(stage.state) < free_atoms
