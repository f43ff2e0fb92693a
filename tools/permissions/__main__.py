"""Check the template's policies, or write down what functions ask for:

    python -m tools.permissions
    python -m tools.permissions --record FOLDER

The first prints one line for each permission that is missing or unused and exits 1 if there is
any; the second writes `calls.toml` from what the tests have recorded into FOLDER.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.permissions import calls
from tools.permissions.check import faults
from tools.translation import translate


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="where calls were recorded")
    arguments = parser.parse_args()
    if arguments.record:
        made = calls.recorded(arguments.record, calls.functions())
        calls.write(made)
    found = faults(translate(calls.ROOT / "template.yaml"), calls.read())
    print("\n".join(found) or "Everything granted is needed, and everything needed is granted.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
