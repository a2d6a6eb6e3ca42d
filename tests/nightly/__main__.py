"""`python -m tests.nightly`: see `runner`, which worker processes must be able to import."""

import sys

from tests.nightly.runner import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
