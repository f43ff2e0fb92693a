"""`report.html`: one page per import that needs no network, for a phone, a screen or paper.

It says what `report.json` says and nothing more; nothing in it comes from inside the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from prefdrop.importing.flow_picture import draw

STYLE = """
:root{color-scheme:light dark;--ink:#1d2430;--soft:#5b6676;--line:#d8dde5;--paper:#fff;
--box:#f5f7fa;--good:#1f6f4a;--warn:#8a5a00;--bad:#a3262b;--stream:#2f6db3;--way:#a9c6e6}
@media screen and (prefers-color-scheme:dark){
:root{--ink:#e7ebf1;--soft:#a3aebd;--line:#39424f;--paper:#12161c;
--box:#1b212a;--good:#63c796;--warn:#e3ad4e;--bad:#f08a8e;--stream:#5b9be0;--way:#2b4a6d}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:46rem;margin:0 auto;padding:1rem}
h1{font-size:1.4rem;margin:.2rem 0 1rem;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:2rem 0 .5rem}
.status{border-left:.4rem solid var(--line);background:var(--box);padding:.6rem .8rem;margin:0}
.status b{display:block;font-size:1.15rem}
.completed{border-color:var(--good)}.completed b{color:var(--good)}
.completedwithrejects,.held{border-color:var(--warn)}
.completedwithrejects b,.held b{color:var(--warn)}
.failed,.unreconciled,.aborted{border-color:var(--bad)}
.failed b,.unreconciled b,.aborted b{color:var(--bad)}
.cause{margin:.6rem 0 0}
.figures{display:grid;grid-template-columns:repeat(3,1fr);gap:.5rem;margin:1rem 0 0}
.figures div{background:var(--box);padding:.5rem .7rem}
dt{color:var(--soft);font-size:.85rem}
dd{margin:0;font-size:1.3rem;font-variant-numeric:tabular-nums}
.flow{display:block;width:100%;max-width:34rem;height:auto}
.flow text{fill:var(--ink);font-size:13px}.flow .lost{fill:var(--soft)}
.flow .count{font-weight:600}
.stream{fill:var(--stream)}.way{fill:var(--way)}
.loss,.waits{fill:none;stroke:var(--bad)}.waits{stroke:var(--soft)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.95rem;font-variant-numeric:tabular-nums}
th{text-align:left;color:var(--soft);font-weight:500;font-size:.85rem}
th,td{padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th:last-child,td:last-child{padding-right:0}
.below{display:block;color:var(--soft);font-size:.9em}
#reasons :is(th,td):nth-child(n+2),#parts :is(th,td):nth-child(n+3),
#timings :is(th,td):nth-child(2){text-align:right;white-space:nowrap}
#origin td,#settings td{overflow-wrap:anywhere}
#origin td:first-child{color:var(--soft);white-space:nowrap}
code{font:.92em ui-monospace,monospace;overflow-wrap:break-word}
.bar{display:inline-block;width:calc(6rem*var(--share));min-width:2px;height:.6em;
margin-right:.5em;background:var(--bad)}
@media (max-width:30rem){.bar,#parts :is(th,td):is(:nth-child(4),:nth-child(7)){display:none}
.figures{grid-template-columns:repeat(2,1fr)}#parts :is(th,td){padding-right:.5rem}}
@media print{:root{color-scheme:light}body{font-size:11pt}main{max-width:none;padding:0}
section{break-inside:avoid}.wide{overflow:visible}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
""".replace("\n", "")


Report = Mapping[str, Any]

SENTENCES = {
    "Completed": "Every record was processed.",
    "CompletedWithRejects": "Done. Some records did not make it; the rejects file holds them, "
    "with their reasons, ready to be corrected and dropped again.",
    "Held": "Waiting for a decision: a gate of the feed holds the import before anything is "
    "executed.",
    "Aborted": "Stopped before anything more was executed.",
    "Failed": "The import failed.",
    "Unreconciled": "The figures of the vendor and of the ledger do not add up.",
}
STAGES = {
    "local": "before staging",
    "validation": "vendor's validation",
    "execution": "vendor's execution",
    "other": "other reasons",
}
PART_COUNTS = (
    ("rows", "rows"),
    ("staged", "staged"),
    ("processed", "processed"),
    ("rejected", "rejected"),
    ("chunks", "chunks"),
)


def render(report: Report) -> bytes:
    """The page of a report, as UTF-8."""
    title = f"Import of {report['source']['key'].rpartition('/')[2]}"
    sections = (
        _summary(report),
        _section("Where the records went", draw(report)),
        _section("Why records were rejected", _reasons(report)),
        _section("What happens next", _remedy(report)),
        _section("Parts", _parts(report)),
        _section("Where the time went", _timings(report)),
        _section("Settings used", _settings(report)),
        _section("Where it came from", _origin(report)),
    )
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{escape(title)}</h1>{''.join(sections)}</main></body></html>\n"
    )
    return page.encode()


def _section(heading: str, content: str) -> str:
    """A section, left out whole where it would be empty."""
    return f"<section><h2>{heading}</h2>{content}</section>" if content else ""


def _summary(report: Report) -> str:
    status = report["status"]
    rejected = sum(report[f"rejected_{stage}"] for stage in ("local", "validation", "execution"))
    reconciled = "yes" if report["reconciled"] else "no"
    cause = f'<p class="cause">{escape(report["cause"])}</p>' if report["cause"] else ""
    restaged = report["restaged"]
    given_back = (("given back corrected", f"{restaged:,}", "restaged"),) if restaged else ()
    figures = (
        ("rows read", f"{report['rows_read']:,}", "rows_read"),
        *given_back,
        ("processed", f"{report['processed']:,}", "processed"),
        ("rejected", f"{rejected:,}", "rejected"),
        ("not honoured", f"{report['not_honored']:,}", "not_honored"),
        ("every row accounted for", reconciled, "reconciled"),
        ("seconds", f"{report['seconds']:g}", "seconds"),
    )
    boxes = "".join(
        f'<div><dt>{name}</dt><dd id="{place}">{value}</dd></div>' for name, value, place in figures
    )
    return (
        f'<p class="status {status.lower()}"><b id="status">{escape(status)}</b> '
        f"{escape(SENTENCES.get(status, ''))}</p>{cause}<dl class='figures'>{boxes}</dl>"
    )


def _reasons(report: Report) -> str:
    kinds = report["rejects"]["kinds"]
    if not kinds:
        return ""
    most = max(kind["count"] for kind in kinds)
    rows = [
        (
            f"<code>{_breakable(kind['code'] or 'further kinds')}</code>"
            f'<span class="below"> {escape(STAGES.get(kind["stage"], kind["stage"]))} </span>',
            f'<span class="bar" style="--share:{kind["count"] / most:.3f}"></span>'
            f"{kind['count']:,}",
            f"{kind['example_row']:,}",
        )
        for kind in kinds
    ]
    table = _table(("reason, and who refused it", "records", "example row"), rows, "reasons")
    unnamed = report["rejects"]["unnamed"]
    if unnamed:
        table += f"<p>{unnamed:,} exceptions of the vendor name no row of this file.</p>"
    return table


def _breakable(code: str) -> str:
    """A name in CamelCase that a narrow column may break between its words."""
    return "".join(f"<wbr>{c}" if c.isupper() else escape(c) for c in code)


def _remedy(report: Report) -> str:
    said = []
    if report["error"]:
        error = report["error"]
        said.append(f"<p><code>{escape(error['code'])}</code>: {escape(error['message'])}</p>")
        if error.get("hint"):
            said.append(f"<p>{escape(error['hint'])}</p>")
    if report["status"] == "Held":
        command = f"prefdrop imports approve {report['import_id']}"
        said.append(f"<p>To go on: <code>{escape(command)}</code>, or <code>cancel</code>.</p>")
    key = report["rejects"]["key"]
    if key and report["rejects"]["count"]:
        command = f"prefdrop imports rejects {report['import_id']} -o {key.rpartition('/')[2]}"
        said.append(
            f"<p>Fetch the rejected rows with <code>{escape(command)}</code>, correct them, and "
            "drop the file again as it is.</p>"
        )
    return "".join(said)


def _parts(report: Report) -> str:
    rows = []
    for part in report["parts"]:
        rejected = sum(part[f"rejected_{stage}"] for stage in ("local", "validation", "execution"))
        counts = {**part, "rejected": rejected}
        state = escape(part["given_up"] or part["vendor_status"] or part["state"])
        executed = _moment(part["executed_at"]) if part["executed_at"] else "not executed"
        rows.append(
            (
                str(part["number"]),
                f'{state}<span class="below"> {executed} </span>',
                *(f"{counts[name]:,}" for name, _ in PART_COUNTS),
            )
        )
    heads = ("part", "state, and when executed", *(head for _, head in PART_COUNTS))
    return _table(heads, rows, "parts") if rows else ""


def _timings(report: Report) -> str:
    rows = [(escape(one["step"]), f"{one['seconds']:,.1f} s") for one in report["timings"]]
    return _table(("step", "took"), rows, "timings") if rows else ""


def _settings(report: Report) -> str:
    rows = [
        (f"<code>{escape(name)}</code>", escape(f"{value:g}" if _is_float(value) else str(value)))
        for name, value in report["settings"].items()
    ]
    return _table(("setting", "value"), rows, "settings") if rows else ""


def _is_float(value: object) -> bool:
    return isinstance(value, float)


def _origin(report: Report) -> str:
    source = report["source"]
    rows = [
        ("import", report["import_id"]),
        ("feed", report["feed"]),
        ("file", f"s3://{source['bucket']}/{source['key']}"),
        ("version", source["version_id"]),
        ("bytes", f"{source['bytes']:,}"),
        ("registered", _moment(report["registered_at"])),
        ("started", _moment(report["started_at"])),
        ("ended", _moment(report["finished_at"])),
        ("vendor requests", f"{report['vendor_requests']:,}"),
        ("configuration", _configuration(report)),
    ]
    return _table(("", ""), [(name, escape(str(value))) for name, value in rows], "origin")


def _moment(moment: str) -> str:
    """A time as people read it, to the second."""
    return f"{moment[:19].replace('T', ' ')} UTC"


def _configuration(report: Report) -> str:
    """Which snapshot of the account's configuration the rows were held to."""
    snapshot = report["configuration"]
    if not snapshot or not snapshot["version_id"]:
        return "none: rows were not held to the account's own types and filters"
    but = ", too old to be gone by" if snapshot["stale"] else ""
    not_understood = snapshot.get("not_understood", ())
    if "snapshot" in not_understood:
        but = ", which the release that runs now can't read: rows were not held to it to the end"
    elif "email_pattern" in not_understood:
        but = "; its pattern for e-mail addresses was left to the vendor, being not understood here"
    return f"snapshot of {_moment(snapshot['taken_at'])}{but}"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], place: str) -> str:
    """A table; its cells are HTML already."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" for cells in rows
    )
    head = f"<thead><tr>{head}</tr></thead>" if any(heads) else ""
    return f'<div class="wide"><table id="{place}">{head}<tbody>{body}</tbody></table></div>'
