"""What clients were shown, kept byte for byte.  Knows replies and messages; knows no journal.

Everything here was released by a venue, so all of it must be found again in its journal.
Sequences are the venue's unless a name says stream.
"""

from typing import Final, NamedTuple, final

import msgspec


class Shown(msgspec.Struct, rename="camel"):
    """What is read of any object the venue shows; the rest of it is compared as bytes."""

    sequence: int = 0
    order_id: str | None = None
    client_order_id: str | None = None
    position_id: str | None = None
    symbol: str = ""
    side: str = ""
    status: str = ""
    reason: str | None = None
    reduce_only: bool = False
    code: str = ""
    event_chain: str = ""


_decoder: Final = msgspec.json.Decoder(Shown)


def read(body: bytes) -> Shown:
    """The few fields that clients act upon."""
    return _decoder.decode(body)


class Restart(NamedTuple):
    """One end of a venue's process.

    seen_sequence: the highest that anybody was shown before.
    recovered_sequence: where the journal ends afterwards.
    """

    seen_sequence: int
    recovered_sequence: int


class Message(NamedTuple):
    """A private message.  kind: what its channel calls it, such as `update` or `funding`."""

    channel: str
    kind: str
    data: bytes


class ClientOrderId(NamedTuple):
    """Who asked, and by what name."""

    user: str
    text: str


class Transfer(NamedTuple):
    """Money in, or out if negative."""

    user: str
    atoms: int
    asset: str = "USDT"


@final
class Sightings:
    """All that was seen of one venue, over all its processes.

    chains: event chain by sequence.
    orders: an order's body by (sequence that changed it last, order id).
    accounts: the body of an account's balances by (user, sequence).
    messages: private messages that tell what happened, by (user, stream sequence).
    results: the first answer to a client order id: the order's body, or the code of its refusal.
    not_done: ids whose answer was that nothing was done.
    transfers: the acknowledged ones by transfer id.
    contradictions: what was shown differently at two times, or out of order.
    """

    def __init__(self) -> None:
        self.sequence = 0
        self.chains: Final[dict[int, str]] = {}
        self.orders: Final[dict[tuple[int, str], bytes]] = {}
        self.accounts: Final[dict[tuple[str, int], bytes]] = {}
        self.messages: Final[dict[tuple[str, int], Message]] = {}
        self.results: Final[dict[ClientOrderId, bytes | str]] = {}
        self.not_done: Final[set[ClientOrderId]] = set()
        self.transfers: Final[dict[str, Transfer]] = {}
        self.restarts: Final[list[Restart]] = []
        self.contradictions: Final[list[str]] = []

    def see_sequence(self, sequence: int) -> None:
        """Something was true at this sequence."""
        if sequence > self.sequence:
            self.sequence = sequence

    def see_chain(self, sequence: int, event_chain: str) -> None:
        """The venue named its event chain."""
        self.see_sequence(sequence)
        if self.chains.setdefault(sequence, event_chain) != event_chain:
            self.contradictions.append(f"two event chains at {sequence}")

    def see_order(self, body: bytes) -> Shown:
        """An order, in a reply or in a message.  A refused one has no id and no version."""
        order = read(body)
        self.see_sequence(order.sequence)
        if order.order_id is not None:
            first = self.orders.setdefault((order.sequence, order.order_id), body)
            if first != body:
                self.contradictions.append(f"order {order.order_id} twice at {order.sequence}")
        return order

    def see_account(self, user: str, body: bytes) -> None:
        """A user's balances."""
        sequence = read(body).sequence
        self.see_sequence(sequence)
        if self.accounts.setdefault((user, sequence), body) != body:
            self.contradictions.append(f"two balances of {user} at {sequence}")

    def see_message(self, user: str, stream_sequence: int, message: Message) -> None:
        """A private message."""
        if self.messages.setdefault((user, stream_sequence), message) != message:
            self.contradictions.append(f"two messages {stream_sequence} of {user}")
        if (message.channel, message.kind) == ("account", "update"):
            self.see_account(user, message.data)
        elif message.channel == "orders":
            self.see_order(message.data)
        else:
            self.see_sequence(read(message.data).sequence)

    def see_result(self, name: ClientOrderId, result: bytes | str) -> None:
        """The answer to an order, or to its repetition: always the first one."""
        if isinstance(result, bytes):
            self.see_order(result)
        if self.results.setdefault(name, result) != result:
            self.contradictions.append(f"two results of {name.text} of {name.user}")

    def see_transfer(self, transfer_id: str, transfer: Transfer) -> None:
        """A deposit or withdrawal was acknowledged."""
        if self.transfers.setdefault(transfer_id, transfer) != transfer:
            self.contradictions.append(f"two results of transfer {transfer_id}")

    def see_restart(self, recovered_sequence: int) -> None:
        """A process has ended, and this is what its journal holds."""
        self.restarts.append(Restart(self.sequence, recovered_sequence))

    def last_account_messages(self) -> dict[str, int]:
        """The stream sequence of each user's last message about the account."""
        last: dict[str, int] = {}
        for (user, stream_sequence), message in self.messages.items():
            if message.channel == "account" and stream_sequence > last.get(user, 0):
                last[user] = stream_sequence
        return last
