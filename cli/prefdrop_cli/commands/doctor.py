"""`prefdrop doctor`: is the stack well, is the vendor as we assume, and what to do if not."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import msgspec
import typer
from botocore.exceptions import BotoCoreError, ClientError

from prefdrop.ledger.quota import Quota
from prefdrop_cli.aws_errors import explain_aws
from prefdrop_cli.deployments import connect
from prefdrop_cli.doctor import vendor
from prefdrop_cli.doctor.assumptions.confirming import confirm
from prefdrop_cli.doctor.assumptions.stage_session import Counted, uncounted
from prefdrop_cli.doctor.assumptions.staging import COST, DEFAULT_BYTES, Unit
from prefdrop_cli.doctor.assumptions.verdicts import Confirmed
from prefdrop_cli.doctor.examination import examine
from prefdrop_cli.doctor.findings import Finding, bad
from prefdrop_cli.doctor.patient import Patient
from prefdrop_cli.doctor.vendor_account import VendorAccount, of_options
from prefdrop_cli.exits import Exit, WrongUse
from prefdrop_cli.options import DEFAULT_STACK, AsJson, Endpoint, Stack
from prefdrop_cli.output import ask, note, say, say_json, table
from prefdrop_cli.shapes.stack import Examination
from prefdrop_cli.vendors import SANDBOX, VendorOptions, with_vendor

if TYPE_CHECKING:
    from prefdrop_local.stack import ExternalVendor


MARKS = {"good": "passed", "doubtful": "warning", "bad": "failed", "skipped": "skipped"}


@dataclass(frozen=True)
class Asking:
    """An account that can be asked."""

    account: VendorAccount
    chunk_bytes: int = DEFAULT_BYTES
    counted: Counted = uncounted
    """Told of each request that the vendor's limit may count, before it is sent."""
    unit: Unit = "import"
    """What the stack takes the limit to count."""
    busy: str = ""
    """Why nothing should be written just now."""


def of_vendor(server: ExternalVendor) -> Asking:
    """An account without a stack."""
    return Asking(of_options(server))


def of_stack(patient: Patient) -> Asking | None:
    """The account of a stack, whose ledger counts what is sent; None where it cannot be called."""
    try:
        account = patient.vendor
        parameters = patient.deployment.parameters
        quota = patient.deployment.quota
        unit: Unit = "request" if parameters.get("QuotaUnit") == "request" else "import"

        def counted(kind: Literal["import", "request"]) -> None:
            if kind == "import" or unit == "request":
                quota.mark()

        chunk_bytes = int(parameters.get("ChunkBytes", DEFAULT_BYTES))
        return Asking(account, chunk_bytes, counted, unit, _busy(patient, quota))
    except (BotoCoreError, ClientError, msgspec.DecodeError):
        return None


def _busy(patient: Patient, quota: Quota) -> str:
    """The vendor asks for one import at a time, and its limit is for imports."""
    if holder := patient.deployment.turns.holder().import_id:
        return f"import {holder} has the vendor account's turn"
    return "" if quota.use().left else "the vendor's rolling limit is used up"


Assumptions = Annotated[
    bool,
    typer.Option(
        "--assumptions",
        help="Also ask the vendor which assumptions of docs/vendor-assumptions.md hold; about 100 "
        "reads. Without a stack that is done anyway.",
    ),
]
VendorToExamine = Annotated[
    str,
    typer.Option(
        "--vendor-url", help="API base of a MyPreferences server to examine instead of a stack."
    ),
]
Writes = Annotated[
    bool,
    typer.Option(
        "--writes",
        help="Also ask what only writes tell; implies --assumptions. One import is initiated and "
        "never executed; docs/doctor.md says what else. Without it, a terminal is asked.",
    ),
]
FirstHour = Annotated[
    bool,
    typer.Option(
        "--first-hour",
        help="Also try six things on a new stack, in eight minutes, and clean up. Asks before it "
        "writes; --writes agrees, and then asks the vendor nothing without --assumptions.",
    ),
]


@partial(with_vendor, url=VendorToExamine)
def doctor(
    assumptions: Assumptions = False,
    writes: Writes = False,
    first_hour: FirstHour = False,
    stack: Stack = DEFAULT_STACK,
    endpoint: Endpoint = "",
    options: VendorOptions = SANDBOX,
    as_json: AsJson = False,
) -> None:
    """Examine a stack, or with --vendor-url a vendor account alone; each finding has its remedy.

    Ends with 0 when nothing is bad, 5 when something is.
    """
    server = options.server()
    if server is not None and first_hour:
        raise WrongUse("--first-hour needs a stack.", hint="Leave --vendor-url out.")
    if server is not None:
        asking: Asking | None = of_vendor(server)
        findings = _said(vendor.examine(of_options(server)), as_json=as_json)
    else:
        patient = _patient(stack, endpoint)
        findings = _said(_examined(patient), as_json=as_json)
        if first_hour and isinstance(patient, Patient):
            tried = _first_hour(patient, writes=writes, as_json=as_json)
            findings += _said(tried, as_json=as_json)
            writes = writes and assumptions
        asking = of_stack(patient) if isinstance(patient, Patient) else None
    confirmed: list[Confirmed] = []
    if server is not None or assumptions or writes:
        if asking is None or _unusable(findings):
            note("The assumptions were not asked about: the vendor has to let the user in first.")
        else:
            allowed = _allowed(asking, writes=writes, as_json=as_json)
            confirmed = confirm(
                asking.account,
                writes=allowed,
                chunk_bytes=asking.chunk_bytes,
                counted=asking.counted,
                unit=asking.unit,
            )
    _tell(findings, confirmed, as_json=as_json)


def _patient(stack: str, endpoint: str) -> Patient | Finding:
    """The stack, or why AWS does not let one at it; raises WrongUse where there is none."""
    try:
        return Patient(connect(stack, endpoint))
    except (BotoCoreError, ClientError) as error:
        told = explain_aws(error)
        return bad("AWS credentials", told.message, told.hint)


def _examined(patient: Patient | Finding) -> Iterable[Finding]:
    return [patient] if isinstance(patient, Finding) else examine(patient)


def _first_hour(patient: Patient, *, writes: bool, as_json: bool) -> Iterable[Finding]:
    """Try the first hour's six things, once a person or an option has agreed to the writing."""
    from prefdrop_cli.doctor.first_hour import WRITES, first_hour

    if not writes and not as_json and sys.stdin.isatty():
        note(WRITES)
        writes = ask("Go ahead?", default=False)
    return first_hour(patient, writes=writes)


def _said(found: Iterable[Finding], *, as_json: bool) -> list[Finding]:
    """All findings; each is printed as it is found, since some take their time."""
    kept = []
    for finding in found:
        kept.append(finding)
        if not as_json:
            print_finding(finding)
    return kept


def _unusable(findings: Iterable[Finding]) -> bool:
    return any(one.check.startswith("vendor") and one.verdict == "bad" for one in findings)


def _allowed(asking: Asking, *, writes: bool, as_json: bool) -> bool:
    """Whether to ask what is told by writes alone: by option, or by a person at a terminal."""
    if asking.busy:
        if writes:
            note(f"Nothing was asked that writes: {asking.busy}.")
        return False
    if writes or as_json or not sys.stdin.isatty():
        return writes
    note(f"Some assumptions are told by writes alone. {COST}")
    return ask("Ask these as well?", default=False)


def _tell(findings: list[Finding], confirmed: list[Confirmed], *, as_json: bool) -> NoReturn:
    wrong = any(one.verdict == "bad" for one in findings)
    wrong = wrong or any(one.outcome == "did not hold" for one in confirmed)
    if as_json:
        say_json(Examination(not wrong, findings, confirmed))
    else:
        if confirmed:
            print_assumptions(confirmed)
        print_summary(findings, confirmed)
    raise typer.Exit(Exit.FAILED if wrong else Exit.DONE)


def print_finding(finding: Finding) -> None:
    """What was found, and what to do about it."""
    say(f"{MARKS[finding.verdict]:<7} {finding.check}: {finding.said}")
    if finding.remedy:
        say(f"        {finding.remedy}")


def print_assumptions(confirmed: Iterable[Confirmed]) -> None:
    """The table of open points, then what was found about each that did not simply hold."""
    points = list(confirmed)
    say("", "Assumptions about the vendor (docs/vendor-assumptions.md)")
    table(
        ("number", "assumption", "outcome"), ((p.number, p.assumption, p.outcome) for p in points)
    )
    for point in points:
        if point.outcome == "did not hold":
            _print_details(point, "Change it in: ")
    told = [point for point in points if point.outcome == "could not be told"]
    if told:
        say("", "To find out what could not be told:")
    for point in told:
        for line in point.said:
            say(f"{point.number}  {line}")
        say(f"{point.number}  {point.remedy}")


def _print_details(point: Confirmed, label: str) -> None:
    say("", f"{point.number} did not hold:")
    for line in point.said:
        say(f"  {line}")
    say(f"  {label}{point.remedy}")


def print_summary(findings: list[Finding], confirmed: list[Confirmed]) -> None:
    """How many of each, in one line."""
    count = dict.fromkeys(MARKS, 0)
    for finding in findings:
        count[finding.verdict] += 1
    wrong = sum(point.outcome == "did not hold" for point in confirmed)
    points = f", {wrong} assumptions that did not hold" if confirmed else ""
    say(
        "",
        f"{', '.join(f'{count[verdict]} {mark}' for verdict, mark in MARKS.items())}{points}.",
    )
