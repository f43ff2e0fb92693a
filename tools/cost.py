"""What Prefdrop costs on AWS: `python -m tools.cost [--page docs/cost.md]`.

Requests are counted (a test counts them again while an import runs and compares), prices are those
of `tools.prices`, and what could only be measured on AWS is assumed below, each with its reason.
Volume steps and free tiers are left out, so a small account pays less.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import NamedTuple

from mypreferences_assumptions import EXCEPTIONS_PAGE_LIMIT
from prefdrop.importing.check_status import GROWTH
from tools import prices
from tools.prices import MILLION, Price
from tools.translation import Template, load

TEMPLATE = Path(__file__).parents[1] / "template.yaml"
GB = 1_000_000_000
HOURS = 730
"""Of a month."""


class Requests(NamedTuple):
    """What something asks of AWS. DynamoDB by units: a transaction counts its double there."""

    calls: int = 0
    transitions: int = 0
    write_units: int = 0
    read_units: int = 0
    s3_writes: int = 0
    s3_reads: int = 0

    def __add__(self, other: object) -> Requests:
        assert isinstance(other, Requests)
        return Requests(*(a + b for a, b in zip(self, other, strict=True)))

    def times(self, factor: int) -> Requests:
        """As often as `factor` says."""
        return Requests(*(one * factor for one in self))


# Counted by tests/faults/test_counted_requests.py.
IMPORT = Requests(calls=11, transitions=24, write_units=81, read_units=47, s3_writes=5, s3_reads=21)
"""An import of one part without its chunks: one look at the status, no reject."""
CHUNK = Requests(write_units=12, read_units=1)
POLL = Requests(calls=1, transitions=3, write_units=8, read_units=4)
"""One further look at the status."""
REJECT = Requests(write_units=1)
AGAIN = Requests(calls=1, transitions=2, write_units=6, read_units=4, s3_reads=5)
"""One further invocation of StageChunks, when the one before it had no time left."""


class Measured(NamedTuple):
    """Figures of the example feed and of this code, taken on a machine that is not AWS."""

    record_bytes: int = 636
    """Of one record in a stage request; the example's 19 columns."""
    chunk_records: int = 39_322
    """That fit 25,000,000 bytes of them."""
    rows_per_second: int = 80_000
    """That one core of 2020s server hardware makes into chunks (`make bench`)."""


class Assumed(NamedTuple):
    """What nobody has measured on AWS yet; each may be wrong by half."""

    lambda_share: float = 0.5
    """Of that speed, on the one vCPU that 1,769 MB buy."""
    upload_seconds: float = 10.0
    """Of one full stage request: 20 Mbit/s to the vendor. The next chunk is built meanwhile."""
    step_seconds: float = 0.5
    """Of an invocation that only asks the ledger or the vendor something."""
    cold_seconds: float = 1.0
    """To start an instance; an import after an idle time starts one of each function."""
    page_seconds: float = 1.0
    """Of one page of the vendor's exceptions."""
    execute_seconds: float = 600.0
    """That the vendor takes for a million records."""
    rejected_share: float = 0.01
    webhook_seconds: float = 0.05
    sweep_seconds: float = 0.15
    log_bytes: int = 1_000
    """That the platform and the function write for each invocation."""
    traced_share: float = 0.10
    """Of webhook calls that X-Ray records: one a second and 5 % of the others."""
    stream_reads_per_second: float = 4.0
    """That the pipe makes of the audit table's stream: four shards, each once a second. What a
    pipe really does is not documented; calls that are not Lambda's are charged."""
    key_requests_per_call: float = 4.0
    """Services keep data keys for about five minutes, so a busy stack needs far fewer."""


MEASURED, ASSUMED = Measured(), Assumed()

EVENT_BYTES = 2_000
"""Of an item of the audit table, for an event of 1 KB."""
INDEXED_BYTES = 1_000
"""Of what an index holds of it."""
IDLE_METRICS = 1 + 4 / 24
"""`ImportsWaiting` in every hour, `BackfillsFinished` in four of a day; others cost nothing."""
EVENT_WRITE_UNITS = 4
"""Two for the item, one for each index."""


class Line(NamedTuple):
    """One line of a bill."""

    what: str
    units: float
    price: Price

    @property
    def dollars(self) -> float:
        """What it comes to."""
        return self.price.of(self.units)


def total(lines: list[Line]) -> float:
    """The sum of a bill, in dollars."""
    return sum(line.dollars for line in lines)


def of_import(records: int = MILLION) -> list[Line]:
    """The bill of one import of so many records of the example's size, on a stack that was idle."""
    chunks = ceil(records / MEASURED.chunk_records)
    rejects = int(records * ASSUMED.rejected_share)
    seconds = staging_seconds(records)
    rounds = ceil(seconds / 770) - 1
    further = len(list(poll_waits(ASSUMED.execute_seconds * records / MILLION))) - 1
    asked = IMPORT + CHUNK.times(chunks) + REJECT.times(rejects)
    asked = asked + POLL.times(further) + AGAIN.times(rounds)
    memory, small = _memories(load(TEMPLATE))
    large = seconds + rejects / EXCEPTIONS_PAGE_LIMIT * ASSUMED.page_seconds
    large += records / MEASURED.rows_per_second / ASSUMED.lambda_share / 2
    short = asked.calls * (ASSUMED.step_seconds + ASSUMED.cold_seconds)
    return [
        *_of_requests(asked),
        Line("Lambda, moving rows", large * memory / 1024, prices.LAMBDA_GB_SECOND),
        Line("Lambda, short steps", short * small / 1024, prices.LAMBDA_GB_SECOND),
        Line("data to the vendor", records * MEASURED.record_bytes / GB, prices.DATA_OUT_GB),
        Line("KMS", asked.calls * ASSUMED.key_requests_per_call, prices.KEY_REQUEST),
        Line("Secrets Manager", 6, prices.SECRET_REQUEST),
        Line("event bus", 1, prices.BUS_EVENT),
        Line("SNS", 1, prices.TOPIC_REQUEST),
        Line("logs", asked.calls * ASSUMED.log_bytes / GB, prices.LOG_GB),
        Line("X-Ray", asked.calls, prices.TRACE),
    ]


def of_events(events: int = MILLION) -> list[Line]:
    """The bill of so many events, each delivered by a request of its own, and kept for no time."""
    webhook = load(TEMPLATE)["Resources"]["ReceiveWebhookFunction"]["Properties"]["MemorySize"]
    return [
        Line("HTTP API", events, prices.API_REQUEST),
        Line("Lambda calls", events, prices.LAMBDA_REQUEST),
        Line(
            "Lambda time",
            events * ASSUMED.webhook_seconds * webhook / 1024,
            prices.LAMBDA_GB_SECOND,
        ),
        Line("DynamoDB writes", events * EVENT_WRITE_UNITS, prices.WRITE_UNIT),
        Line("pipe", events, prices.PIPE_REQUEST),
        Line("event bus", events, prices.BUS_EVENT),
        Line("logs", events * 1.4 * ASSUMED.log_bytes / GB, prices.LOG_GB),
        Line("X-Ray", events * ASSUMED.traced_share, prices.TRACE),
    ]


def of_keeping(events: int = MILLION) -> list[Line]:
    """What so many kept events cost in a month: the items, two indexes and their recovery."""
    size = events * (EVENT_BYTES + 2 * INDEXED_BYTES) / GB
    return [
        Line("audit table", size, prices.TABLE_GB),
        Line("point-in-time recovery", size, prices.RECOVERY_GB),
    ]


def of_idle_month() -> list[Line]:
    """The bill of a month in which nothing happens."""
    template = load(TEMPLATE)
    kinds = [resource["Type"] for resource in template["Resources"].values()]
    calls = sum(rate * HOURS for rate in scheduled(template).values())
    sweeps = scheduled(template)["SweepTurnsFunction"] * HOURS
    lists = scheduled(template)["StartExportsFunction"] * HOURS
    _, small = _memories(template)
    return [
        Line("KMS key", kinds.count("AWS::KMS::Key"), prices.KEY),
        Line("secrets", kinds.count("AWS::SecretsManager::Secret"), prices.SECRET),
        Line("alarms", kinds.count("AWS::CloudWatch::Alarm"), prices.ALARM),
        Line("dashboard", kinds.count("AWS::CloudWatch::Dashboard"), prices.DASHBOARD),
        Line("metrics of the idle stack", IDLE_METRICS, prices.METRIC),
        Line("Lambda calls by schedule", calls, prices.LAMBDA_REQUEST),
        Line("Lambda time", calls * ASSUMED.sweep_seconds * small / 1024, prices.LAMBDA_GB_SECOND),
        Line("DynamoDB reads of the sweeper", 3 * sweeps, prices.READ_UNIT),
        Line("S3 lists of exports", lists, prices.S3_WRITE),
        Line("stream reads of the pipe", _stream_reads(), prices.STREAM_READ),
        Line("KMS requests", 3 * HOURS * 12, prices.KEY_REQUEST),
        Line("logs", calls * ASSUMED.log_bytes / GB, prices.LOG_GB),
        Line("X-Ray", calls, prices.TRACE),
    ]


def staging_seconds(records: int) -> float:
    """How long staging takes: a chunk is built while the one before it is on its way."""
    build = MEASURED.chunk_records / (MEASURED.rows_per_second * ASSUMED.lambda_share)
    return build + ceil(records / MEASURED.chunk_records) * max(build, ASSUMED.upload_seconds)


def poll_waits(seconds: float, *, first: float = 5, most: float = 90) -> Iterator[float]:
    """The waits between looks at the status of a part that executes for `seconds`."""
    polls, wait = 0, first
    while True:
        yield wait
        seconds -= wait
        if seconds <= 0:
            return
        polls += 1
        wait = min(most, first * GROWTH**polls)


def scheduled(template: Template) -> dict[str, float]:
    """How often in an hour each function is called by a schedule."""
    hours = {"minute": 1 / 60, "minutes": 1 / 60, "hour": 1, "hours": 1, "day": 24, "days": 24}
    found = {}
    for name, resource in template["Resources"].items():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] == "Schedule":
                rate = event["Properties"]["Schedule"]
                number, unit = rate.removeprefix("rate(").removesuffix(")").split()
                found[name] = 1 / (int(number) * hours[unit])
    return found


def _of_requests(asked: Requests) -> list[Line]:
    return [
        Line("Step Functions", asked.transitions, prices.TRANSITION),
        Line("Lambda calls", asked.calls, prices.LAMBDA_REQUEST),
        Line("DynamoDB writes", asked.write_units, prices.WRITE_UNIT),
        Line("DynamoDB reads", asked.read_units, prices.READ_UNIT),
        Line("S3 writes", asked.s3_writes, prices.S3_WRITE),
        Line("S3 reads", asked.s3_reads, prices.S3_READ),
    ]


def _stream_reads() -> float:
    return ASSUMED.stream_reads_per_second * HOURS * 3600


def _memories(template: Template) -> tuple[int, int]:
    """Memory in MB of the functions that move rows, and of the others."""
    large: int = template["Parameters"]["MemorySize"]["Default"]
    small: int = template["Globals"]["Function"]["MemorySize"]
    return large, small


def table(title: str, lines: list[Line]) -> str:
    """A bill as rows of a Markdown table."""
    rows = [f"| {title} | units | $ |", "|---|---|---|"]
    rows += [
        f"| {line.what} | {_number(line.units)} {line.price.unit} | {line.dollars:.4f} |"
        for line in lines
        if line.units
    ]
    return "\n".join([*rows, f"| **all of it** | | **{total(lines):.2f}** |"])


def _number(units: float) -> str:
    return f"{units:,.0f}" if units >= 100 or units == int(units) else f"{units:.2g}"


def bills() -> dict[str, list[Line]]:
    """Every bill by its title."""
    return {
        "An import of a million records": of_import(),
        "A million events by webhook": of_events(),
        "A million events kept for a month": of_keeping(),
        "A month in which nothing happens": of_idle_month(),
    }


def rewritten(page: str) -> str:
    """A page with its tables as they are now; their first line tells which is which."""
    for title, lines in bills().items():
        old = re.compile(rf"^\| {re.escape(title)} \|.*?\*\*all of it\*\*[^\n]*$", re.M | re.S)
        page = old.sub(table(title, lines), page)
    return page


def main() -> None:
    """Print every bill, and write those of a page anew."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--page", type=Path, help="whose tables are written anew")
    page = parser.parse_args().page
    if page is not None:
        page.write_text(rewritten(page.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"US dollars in {prices.REGION}; prices as read on {prices.READ_ON}, to be checked.\n")
    print("\n\n".join(table(title, lines) for title, lines in bills().items()))


if __name__ == "__main__":
    main()
