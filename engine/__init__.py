"""The deterministic core: commands in, events out.  Knows no I/O, no clock, no float."""

from typing import Final

from engine import units

# A compiled module is loaded from a shared object; its source would end in .py.
COMPILED: Final = not str(units.__file__).endswith(".py")
