"""How the venue speaks to its operator: one line for each start, refusal class and failure.

Never a line for each order, never a token, never a body.
"""

import logging
import sys
from collections import Counter
from typing import Any, Final, Literal

import structlog

_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}
Format = Literal["auto", "text", "json"]


def configure(level: str, form: Format) -> None:
    """Send logs to standard error: readable on a terminal, else one JSON object a line."""
    # What the HTTP library says of requests it cannot parse is its client's fault, and counted.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    readable = form == "text" or (form == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if readable:
        shared.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()))
    else:
        shared += [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(sort_keys=True),
        ]
    structlog.configure(
        processors=shared,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


class RefusalLog:
    """Says how often each class of refusal came since it last said so."""

    def __init__(self) -> None:
        self._said: Counter[str] = Counter()

    def news(self, refusals: Counter[str]) -> dict[str, int]:
        """What is new, by class."""
        new = refusals - self._said
        self._said = Counter(refusals)
        return dict(sorted(new.items()))
