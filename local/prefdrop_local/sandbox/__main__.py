"""`python -m prefdrop_local.sandbox`."""

from __future__ import annotations

import sys

from prefdrop_local.sandbox.assuming import WrongAssumptionError, assume


def main() -> int:
    """Take over the assumptions of the command line, then serve; returns the exit code."""
    try:
        assume(sys.argv[1:])
    except (OSError, WrongAssumptionError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    # Only now: its modules read the table when they are imported.
    from prefdrop_local.sandbox.cli import main as serve

    return serve()


if __name__ == "__main__":
    raise SystemExit(main())
