"""What the venue counts, in the Prometheus text format.  Reads plain integers; counts nothing."""

from collections.abc import Iterator
from typing import Final, final

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from engine.funding import rate_e8
from engine.units import E8
from gateway.http_calls import Call
from gateway.venue import Venue, insurance_atoms
from gateway.ws_sessions import Sessions

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@final
class VenueCollector(Collector):
    """Reads the venue at each scrape, so that the hot path only ever adds to an integer."""

    def __init__(self, venue: Venue, sessions: Sessions) -> None:
        self._venue: Final = venue
        self._sessions: Final = sessions

    def collect(self) -> Iterator[Metric]:
        """Every figure as it is now."""
        yield from _counters(self._venue, self._sessions)
        yield from _labelled_counters(self._venue)
        yield from _gauges(self._venue, self._sessions)
        yield _insurance(self._venue)
        yield _funding_rates(self._venue)


def _counters(venue: Venue, sessions: Sessions) -> Iterator[Metric]:
    counters = venue.sequencer.counters
    for name, words, value in (
        ("commands", "Commands applied since the start", counters.commands),
        ("batches", "Batches committed since the start", counters.batches),
        ("syncs", "Syncs of the journal since the start", venue.journal.syncs),
        ("overloads", "Requests refused because the queue was full", counters.overloads),
        ("websocket_sessions_opened", "WebSocket connections", sessions.opened),
        ("market_messages_conflated", "Market data not sent", venue.market_data.conflated),
        ("prices_conflated", "Feed prices replaced before their turn", venue.conflated()),
        ("cross_checks", "Cross accounts looked at", venue.state.exact_checks),
        ("premium_samples", "Samples of funding premiums", venue.funding["samples"]),
        ("funding_settlements", "Funding stamps settled", venue.funding["settlements"]),
        ("funding_payments", "Payments at funding stamps", venue.funding["payments"]),
    ):
        yield CounterMetricFamily(f"fulcrum_{name}", words, value=value)


def _labelled_counters(venue: Venue) -> Iterator[Metric]:
    assets = venue.state.assets
    liquidated = {assets[asset_id]: n for asset_id, n in venue.liquidated_accounts.items()}
    settled = {assets[asset_id]: n for asset_id, n in venue.settled_debts.items()}
    prices = dict(venue.price_refusals)
    for name, words, label, values in (
        ("refusals", "Refused requests by code", "code", dict(venue.refusals)),
        ("price_refusals", "Refused prices by reason", "reason", prices),
        (
            *("index_feeds_dropped", "Feeds left out of an index, or no index, by reason"),
            *("reason", dict(venue.dropped_feeds)),
        ),
        ("account_liquidations", "Liquidated cross accounts", "asset", liquidated),
        (
            *("premium_samples_skipped", "Samples due but not taken, by reason", "reason"),
            dict(venue.skipped_samples),
        ),
        ("debts_settled", "Debts of cross accounts waived or paid", "asset", settled),
    ):
        yield _by_label(f"fulcrum_{name}", words, label, values)


def _gauges(venue: Venue, sessions: Sessions) -> Iterator[Metric]:
    counters = venue.sequencer.counters
    for name, words, value in (
        ("sequence", "Last durable command", venue.state.sequence),
        ("queue_length", "Commands that wait", venue.sequencer.queue_length),
        ("queue_length_max", "Most commands that ever waited", counters.queue_max),
        ("batch_commands_max", "Most commands in one batch", counters.batch_commands_max),
        ("open_orders", "Open orders", venue.state.orders.count),
        ("open_positions", "Open positions", venue.state.positions.count),
        ("accounts", "Accounts", len(venue.state.accounts) - 1),
        ("websocket_sessions", "Open WebSocket connections", len(sessions)),
        ("rate_limit_keys", "Tokens with a rate bucket", len(venue.rate_limit)),
        ("epoch", "How often the venue has been started", venue.about.epoch),
    ):
        yield GaugeMetricFamily(f"fulcrum_{name}", words, value=value)


def _insurance(venue: Venue) -> Metric:
    words = "The insurance fund; below zero is an alert"
    family = GaugeMetricFamily("fulcrum_insurance", words, labels=["asset"])
    for asset, atoms in insurance_atoms(venue.state):
        family.add_metric([asset], atoms / E8)
    return family


def _funding_rates(venue: Venue) -> Metric:
    words = "The rate that the next funding stamp would settle, as a share of 1"
    family = GaugeMetricFamily("fulcrum_funding_rate", words, labels=["symbol"])
    for market in venue.state.markets:
        if market is not None and market.spec.funding_interval_ns:
            rate = rate_e8(market.spec, market.premium_sum_e8, market.premium_count)
            family.add_metric([market.spec.symbol], rate / E8)
    return family


def _by_label(name: str, words: str, label: str, values: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, words, labels=[label])
    for value, count in sorted(values.items()):
        family.add_metric([value], count)
    return family


def get_metrics(call: Call) -> web.Response:
    """All figures, durable only."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(VenueCollector(call.venue, call.sessions))
    return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE})
