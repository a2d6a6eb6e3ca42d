"""What a lock file must look like.  Knows the requirements format; installs nothing."""

import re
from typing import Final

from tests.architecture.sources import Source

PINNED: Final = re.compile(r"^([a-z0-9-]+)==(\S+)( ; .+)? \\$")
HASH: Final = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def lock_findings(lock: Source) -> list[str]:
    """Lines that are no pin, no hash and no comment, and pins without a hash.

    An index, a host or a path on this machine can stand in no line that passes.
    """
    found = []
    lines = lock.text.splitlines()
    for number, (line, following) in enumerate(zip(lines, [*lines[1:], ""], strict=True), 1):
        if PINNED.match(line) and not HASH.match(following):
            found.append(lock.at(number, "a pin without a hash"))
        elif not PINNED.match(line) and not HASH.match(line) and not line.startswith("# "):
            found.append(lock.at(number, "neither a pin nor a hash"))
    return found


def pins(lock: Source) -> set[tuple[str, str, str]]:
    """Name, version and environment marker of everything a lock pins."""
    matches = [PINNED.match(line) for line in lock.text.splitlines()]
    return {(m[1], m[2], m[3] or "") for m in matches if m}
