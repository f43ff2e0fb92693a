"""What a million rows and a million events cost, reckoned from counted requests (`make cost`).

    python -m bench cost

Requests are those that `tests/faults/test_counted_requests.py` counts. Durations that only AWS can
show are assumed in `tools/cost.py`. Sending the data out of AWS is priced apart: it depends on the
records alone, and any client in AWS pays it.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.figures import Figure
from bench.plan import Plan
from tools import cost, prices

MOST_DOLLARS = 0.02


def rows(_: Plan) -> Iterator[Figure]:
    """Dollars of an import of a million rows, its largest lines, and of a million events."""
    bill = cost.of_import()
    sent = [line for line in bill if line.price is prices.DATA_OUT_GB]
    ours = [line for line in bill if line not in sent]
    dated = f"prices of {prices.REGION}, {prices.READ_ON}"
    yield Figure(
        "cost", "a million rows, 1 % rejected", cost.total(ours), "$",
        target=MOST_DOLLARS, holds="at most", note=dated,
    )  # fmt: skip
    for line in sorted(ours, key=lambda line: -line.dollars)[:3]:
        counted = f"{line.units:,.0f} {line.price.unit}"
        yield Figure("cost", f"of it {line.what}", line.dollars, "$", note=counted)
    gigabytes = sum(line.units for line in sent)
    note = f"{gigabytes:.2f} GB, any client in AWS pays it"
    yield Figure("cost", "sending the records out of AWS", cost.total(sent), "$", note=note)
    yield Figure(
        "cost", "a million webhook events, each by itself", cost.total(cost.of_events()), "$"
    )
