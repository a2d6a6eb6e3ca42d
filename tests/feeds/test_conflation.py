"""Under pressure only the newest update of a market waits, and what gave way is counted."""

from gateway.feeds.conflation import Conflation
from gateway.feeds.quote import Quote, same_price


def quote(symbol: str, sequence: int) -> Quote:
    return Quote(symbol, "test", sequence, *same_price(sequence))


def test_without_pressure_every_update_passes() -> None:
    waiting = Conflation()
    taken: list[Quote] = []
    for sequence in (1, 2, 3):
        waiting.offer(quote("BTC/USDT", sequence))
        taken += waiting.take_all()

    assert taken == [quote("BTC/USDT", 1), quote("BTC/USDT", 2), quote("BTC/USDT", 3)]
    assert waiting.conflated_count == 0


def test_only_the_newest_of_each_market_waits() -> None:
    waiting = Conflation()
    for sequence in (1, 2, 3):
        waiting.offer(quote("BTC/USDT", sequence))
    waiting.offer(quote("ETH/USDT", 4))

    assert len(waiting) == 2
    assert waiting.take_all() == [quote("BTC/USDT", 3), quote("ETH/USDT", 4)]
    assert (len(waiting), waiting.take_all(), waiting.conflated_count) == (0, [], 2)


def test_markets_come_out_in_the_order_of_what_they_hold_now() -> None:
    waiting = Conflation()
    for symbol, sequence in (("BTC/USDT", 1), ("ETH/USDT", 2), ("BTC/USDT", 3)):
        waiting.offer(quote(symbol, sequence))

    assert waiting.take_all() == [quote("ETH/USDT", 2), quote("BTC/USDT", 3)]
