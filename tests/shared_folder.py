"""Where recorded data and published examples are: beside the checkout, or where we are told."""

import os
from pathlib import Path
from typing import Final

SHARED: Final = Path(
    os.environ.get("FULCRUM_SHARED", Path(__file__).resolve().parents[2] / "shared")
)
