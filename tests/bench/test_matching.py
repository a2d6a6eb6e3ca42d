"""Streams of orders: the same as the peers' bench draws, and every engine of ours ends alike."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bench.matching.adapters import fulcrum_apply, fulcrum_bare, fulcrum_whole, plain_book
from bench.matching.plain_book import PlainBook
from bench.matching.streams import (
    MID,
    WORKLOADS,
    Stream,
    generate,
    read_stream,
    run_plain,
    totals_of,
    without_self_trades,
    write_stream,
)
from engine.invariants import check
from tests.shared_folder import SHARED

PEERS = SHARED / "peers" / "workload.py"
ROWS = 2_000


def peers_workload() -> ModuleType:
    """The generator of the peers' bench, from beside the project."""
    if not PEERS.exists():
        pytest.skip("there is no bench of peers beside the project")
    spec = importlib.util.spec_from_file_location("peers_workload", PEERS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["simple", "xcore"])
def test_the_streams_are_those_of_the_peers_bench(name: str) -> None:
    prefill, rows, info = peers_workload().generate(name, ROWS)

    stream = generate(WORKLOADS[name], ROWS)

    assert stream == Stream(prefill, rows, info["max_oid"])
    expected = info["checks"][str(ROWS)]
    expected.pop("levels")
    assert totals_of([*prefill, *rows])._asdict() == expected


@pytest.mark.parametrize("name", ["simple", "xcore"])
def test_a_stream_survives_its_file(name: str, tmp_path: Path) -> None:
    stream = generate(WORKLOADS[name], 50)

    write_stream(tmp_path / name, stream)

    assert read_stream(tmp_path / name) == stream


def self_trades(stream: Stream) -> int:
    """How often an order meets another one of its user."""
    users: dict[int, int] = {}
    book = PlainBook(MID)
    count = 0
    for row in [*stream.prefill, *stream.rows]:
        users[row[1]] = row[2]
        count += sum(users[maker_id] == row[2] for maker_id in run_plain(book, row))
    return count


def test_only_the_users_change_where_an_order_would_meet_its_own() -> None:
    stream = generate(WORKLOADS["simple"], 20_000)

    strangers = without_self_trades(stream)

    assert (self_trades(stream), self_trades(strangers)) == (9, 0)
    assert [(*row[:2], *row[3:]) for row in strangers.rows] == [
        (*row[:2], *row[3:]) for row in stream.rows
    ]


@pytest.mark.parametrize("name", ["simple", "xcore"])
@pytest.mark.parametrize("module", [plain_book, fulcrum_bare, fulcrum_whole, fulcrum_apply])
def test_every_engine_of_ours_ends_where_the_plain_book_does(module: ModuleType, name: str) -> None:
    stream = without_self_trades(generate(WORKLOADS[name], ROWS))
    rows = [*stream.prefill, *stream.rows]
    adapter = module.Adapter()
    adapter.setup(1, stream.largest_id, True)
    if module is fulcrum_apply:
        adapter.prepare(stream.prefill, stream.rows)

    step = adapter.step()
    for row in rows:
        step(*row)

    assert adapter.results() == totals_of(rows)._asdict()
    if module is fulcrum_whole:
        check(adapter.whole.engine.state)
    if module is fulcrum_bare:
        adapter.book.book.bids.check()
        adapter.book.book.asks.check()
