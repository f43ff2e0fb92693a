"""The one style sheet of `report.html`: light and dark, narrow and wide, and paper."""

from __future__ import annotations

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
