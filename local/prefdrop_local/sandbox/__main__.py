"""`python -m prefdrop_local.sandbox`."""

from __future__ import annotations

from prefdrop_local.sandbox.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
