"""Names of sources and places to resume from."""

from gateway.feeds.feed import SOURCE_CHARS_MAX, ResumePoint, last_sequence, source_name


def test_a_source_is_named_by_its_kind_and_its_file() -> None:
    assert source_name("file", "btc.csv.gz") == "file:btc.csv.gz"


def test_a_source_name_can_always_be_journaled() -> None:
    assert source_name("file", "prix été.csv") == "file:prix__t_.csv"
    assert source_name("file", "x" * 500 + ".csv") == "file:" + "x" * 55 + ".csv"
    assert len(source_name("scripted", "x" * 500)) == SOURCE_CHARS_MAX


def test_a_feed_resumes_after_its_own_newest_update_of_any_market() -> None:
    points = [
        ResumePoint("BTC/USDT", "file:a", 7, 1),
        ResumePoint("BTC-PERP/USDT", "file:a", 9, 1),
        ResumePoint("ETH/USDT", "file:b", 1_000, 1),
    ]

    assert [last_sequence(points, source) for source in ("file:a", "file:b", "file:c")] == (
        [9, 1_000, 0]
    )
