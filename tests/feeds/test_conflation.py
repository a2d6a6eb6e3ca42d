"""Every update passes in order; under pressure the newest of a market, and drops are counted."""

from gateway.feeds.conflation import ROOM, Conflation
from gateway.feeds.quote import Quote, same_price


def quote(symbol: str, sequence: int) -> Quote:
    return Quote(symbol, "test", sequence, *same_price(sequence))


def test_without_pressure_every_update_of_a_burst_passes() -> None:
    waiting = Conflation()
    for sequence in (1, 2, 3):
        waiting.offer(quote("BTC/USDT", sequence), pressed=False)

    assert waiting.take(10) == [quote("BTC/USDT", sequence) for sequence in (1, 2, 3)]
    assert (len(waiting), waiting.take(10), waiting.conflated_count) == (0, [], 0)


def test_under_pressure_only_the_newest_of_each_market_waits() -> None:
    waiting = Conflation()
    for sequence in (1, 2, 3):
        waiting.offer(quote("BTC/USDT", sequence), pressed=True)
    waiting.offer(quote("ETH/USDT", 4), pressed=True)

    assert waiting.take(10) == [quote("BTC/USDT", 3), quote("ETH/USDT", 4)]
    assert waiting.conflated_count == 2


def test_pressure_drops_what_waited_before_it_and_no_other_market() -> None:
    waiting = Conflation()
    for symbol, sequence in (("BTC/USDT", 1), ("ETH/USDT", 2), ("BTC/USDT", 3)):
        waiting.offer(quote(symbol, sequence), pressed=False)
    waiting.offer(quote("BTC/USDT", 4), pressed=True)

    assert waiting.take(10) == [quote("ETH/USDT", 2), quote("BTC/USDT", 4)]
    assert waiting.conflated_count == 2


def test_a_market_without_room_begins_again_with_its_newest() -> None:
    waiting = Conflation()
    for sequence in range(1, ROOM + 2):
        waiting.offer(quote("BTC/USDT", sequence), pressed=False)

    assert waiting.take(ROOM) == [quote("BTC/USDT", ROOM + 1)]
    assert waiting.conflated_count == ROOM


def test_what_is_taken_in_parts_keeps_its_order() -> None:
    waiting = Conflation()
    for sequence in range(1, 6):
        waiting.offer(quote("BTC/USDT", sequence), pressed=False)

    parts = [waiting.take(2), waiting.take(2), waiting.take(2)]

    assert [[one.source_sequence for one in part] for part in parts] == [[1, 2], [3, 4], [5]]
