"""What every adapter of ours is to the bench of peers.  Knows no book."""


class Base:
    """One book or engine; its `step()` gives a function of eight integers.

    package: distributions whose versions are reported; none of ours.
    move: whether it has a command for a move.
    """

    package: tuple[str, ...] = ()
    native = "python"
    covers = "matching"
    move = "native"
    notes = ""
    workloads: tuple[str, ...] = ("simple", "xcore", "deep")

    def setup(self, nsym: int, max_oid: int, verify: bool) -> None:
        """Make it; with `verify` it must also count its trades."""
        assert nsym == 1
        self.verify = verify

    def results(self) -> dict[str, int]:
        """Any of the totals; each is compared.  Only called after a verify run."""
        return {}

    def close(self) -> None:
        """Forget everything."""
        self.__dict__.clear()
