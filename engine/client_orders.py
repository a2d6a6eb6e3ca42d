"""Client order ids: the first result of each, for as long as a client may ask again (IDM-1)."""

from collections import deque
from collections.abc import Iterator
from typing import Final, final

from engine.reject_reason import RejectReason
from engine.units import AccountId, OrderId

CLOSED_PER_ACCOUNT_MAX: Final = 1_000
CLOSED_IN_VENUE_MAX: Final = 1_000_000
SHARDS: Final = 256  # a dict stays small enough that its growth stops nobody
SHARD_MASK: Final = SHARDS - 1
FORGOTTEN_MIN: Final = 1_024


@final
class ClientOrder:
    """The first result of a request: its order, or why it was refused.

    digest: 16 bytes that identify the body of the request.
    order_id: 0 if it was refused.
    """

    __slots__ = (
        "account_id",
        "client_order_id",
        "digest",
        "is_forgotten",
        "is_open",
        "order_id",
        "reason",
    )

    def __init__(
        self,
        account_id: AccountId,
        client_order_id: str,
        digest: bytes,
        order_id: OrderId,
        reason: RejectReason,
        is_open: bool,
    ) -> None:
        self.account_id: Final = account_id
        self.client_order_id: Final = client_order_id
        self.digest: Final = digest
        self.order_id: Final = order_id
        self.reason: Final = reason
        self.is_open = is_open
        self.is_forgotten = False


@final
class ClientOrders:
    """All known client order ids of the venue.

    Invariant: an id is in its shard; if closed, also in its account's queue and in the venue's,
    oldest closed first.  A forgotten one may linger in the venue's queue only.
    """

    __slots__ = ("_closed_in_venue", "_closed_of_account", "_forgotten", "_shards")

    def __init__(self) -> None:
        self._shards: Final[list[dict[tuple[int, str], ClientOrder]]] = [{} for _ in range(SHARDS)]
        self._closed_of_account: Final[list[dict[int, deque[ClientOrder]]]] = [
            {} for _ in range(SHARDS)
        ]
        self._closed_in_venue: deque[ClientOrder] = deque()
        self._forgotten = 0

    def get(self, account_id: AccountId, client_order_id: str) -> ClientOrder | None:
        """The first result under this id, or None."""
        return self._shards[account_id & SHARD_MASK].get((account_id, client_order_id))

    def add(self, entry: ClientOrder) -> None:
        """Remember a first result."""
        shard = self._shards[entry.account_id & SHARD_MASK]
        key = (int(entry.account_id), entry.client_order_id)
        assert key not in shard
        shard[key] = entry
        if not entry.is_open:
            self._queue_closed(entry)

    def close(self, account_id: AccountId, client_order_id: str) -> None:
        """Its order is closed: from now on it can be forgotten."""
        entry = self.get(account_id, client_order_id)
        assert entry is not None
        assert entry.is_open
        entry.is_open = False
        self._queue_closed(entry)

    def open_entries(self) -> list[ClientOrder]:
        """Those whose order is open, by order id."""
        entries = [e for shard in self._shards for e in shard.values() if e.is_open]
        entries.sort(key=_order_id)
        return entries

    def closed_entries(self) -> Iterator[ClientOrder]:
        """The closed ones, oldest closed first."""
        return (entry for entry in self._closed_in_venue if not entry.is_forgotten)

    def _queue_closed(self, entry: ClientOrder) -> None:
        self._closed_in_venue.append(entry)
        of_account = self._closed_of_account[entry.account_id & SHARD_MASK]
        queue = of_account.get(entry.account_id)
        if queue is None:
            queue = deque()
            of_account[entry.account_id] = queue
        queue.append(entry)
        if len(queue) > CLOSED_PER_ACCOUNT_MAX:
            self._forget(queue.popleft())
        if len(self._closed_in_venue) - self._forgotten > CLOSED_IN_VENUE_MAX:
            self._forget_oldest()
        if self._forgotten > FORGOTTEN_MIN and 2 * self._forgotten > len(self._closed_in_venue):
            self._closed_in_venue = deque(self.closed_entries())
            self._forgotten = 0

    def _forget_oldest(self) -> None:
        oldest = self._closed_in_venue.popleft()
        while oldest.is_forgotten:
            self._forgotten -= 1
            oldest = self._closed_in_venue.popleft()
        of_account = self._closed_of_account[oldest.account_id & SHARD_MASK][oldest.account_id]
        assert of_account[0] is oldest  # both queues are in the order of closing
        of_account.popleft()
        oldest.is_forgotten = True
        del self._shards[oldest.account_id & SHARD_MASK][oldest.account_id, oldest.client_order_id]

    def _forget(self, entry: ClientOrder) -> None:
        entry.is_forgotten = True
        self._forgotten += 1
        del self._shards[entry.account_id & SHARD_MASK][entry.account_id, entry.client_order_id]


def _order_id(entry: ClientOrder) -> int:
    return entry.order_id
