// One import: what happened, what the workflow did, how it stands, and what comes next.

import { follow } from "./asking.js";
import { announce, breakable, h, looking, prose, renew } from "./dom.js";
import {
  Paces,
  badge,
  countBar,
  figures,
  moment,
  mood,
  progressBar,
  sharesBar,
  table,
} from "./shapes.js";
import { ago, count, printable, question, to } from "./words.js";

const STAGES = {
  local: "before staging",
  validation: "vendor's validation",
  execution: "vendor's execution",
  other: "other reasons",
};

/** The story of the import that the address names. */
export function storyView(root, { place, named: [importId] }) {
  const problem = h("div");
  const story = h("div", { id: "story" }, looking());
  const name = h("h1", { tabindex: -1 }, importId);
  root.append(
    h("p", { class: "back" }, h("a", { href: to("imports") }, "All imports")),
    name,
    problem,
    story,
  );
  const paces = new Paces();
  let status = "";
  const looks = follow(
    () => question(["imports", importId]),
    (told) => {
      name.textContent = printable(told.import.file);
      if (status && status !== told.import.status) announce(`It is now ${told.import.status}.`);
      status = told.import.status;
      renew(story, sections(told, paces));
      return told.import.progress !== null && status !== "Held" && status !== "Queued";
    },
    { pace: 1000 * place.poll_seconds, slowest: 30000, place: problem },
  );
  return { title: importId, stop: looks.stop };
}

function sections(told, paces) {
  return [
    standing(told, paces),
    whatIsThere(told),
    theFigures(told.report),
    reasons(told.report.rejects),
    happened(told.happened),
    steps(told.steps),
    parts(told.parts),
    source(told),
  ].filter(Boolean);
}

function standing({ import: one, standing: said, now, report }, paces) {
  const since = said.since
    ? h("span", { class: "soft" }, " since ", moment(said.since), ` UTC, ${ago(said.since, now)}`)
    : null;
  return h(
    "section",
    { class: `standing ${mood(one.status)}`, "aria-label": "How it stands" },
    h("p", { id: "status" }, badge(one.status), since),
    h("p", { id: "now" }, prose(said.now)),
    one.progress &&
      one.status !== "Held" &&
      progressBar(one.progress, paces.tell(one.import_id, one.progress, now)),
    h("p", { id: "next" }, h("b", {}, "Next: "), prose(said.next)),
    report.reconciled === false && h("p", {}, h("b", {}, "The figures do not add up.")),
  );
}

function whatIsThere({ import: one, has_page: page, has_rejects: rejects, report }) {
  if (!page && !rejects) return null;
  const address = (what) => question(["imports", one.import_id, what]);
  return h(
    "p",
    { class: "offers" },
    page &&
      h(
        "a",
        { class: "button", href: address("report.html"), target: "_blank", rel: "noopener" },
        "Open the report",
      ),
    rejects &&
      h(
        "a",
        { class: "button", href: address("rejects") },
        `Save the rejects (${count(report.rejects.count)} rows)`,
      ),
  );
}

function theFigures(report) {
  const rejected = report.rejected_local + report.rejected_validation + report.rejected_execution;
  const rows = report.rows_read + (report.restaged ?? 0);
  const known = report.processed + report.not_honored + rejected + report.pending;
  const shares = sharesBar([
    ["good", report.processed, "processed"],
    ["calm", report.not_honored, "not honoured"],
    ["bad", rejected, "rejected"],
    ["rest", Math.max(0, rows - report.processed - report.not_honored - rejected), "not executed"],
  ]);
  return h(
    "section",
    { class: "counts" },
    h("h2", {}, "Where the records went"),
    known || rows ? shares : null,
    figures(
      ["rows read", count(report.rows_read), "rows_read"],
      report.restaged ? ["given back corrected", count(report.restaged), "restaged"] : null,
      ["staged", count(report.staged), "staged"],
      ["processed", [key("good"), count(report.processed)], "processed"],
      ["rejected", [key("bad"), count(rejected)], "rejected"],
      ["not honoured", [key("calm"), count(report.not_honored)], "not_honored"],
      report.pending ? ["not executed", [key("rest"), count(report.pending)], "pending"] : null,
      ["vendor requests", count(report.vendor_requests), "vendor_requests"],
    ),
  );
}

function key(name) {
  return h("span", { class: `key ${name}`, "aria-hidden": "true" });
}

function reasons({ kinds = [] }) {
  if (!kinds.length) return null;
  const most = Math.max(...kinds.map((kind) => kind.count));
  const rows = kinds.map((kind) => ({
    key: `${kind.stage} ${kind.code}`,
    cells: [
      [
        h("code", {}, kind.code ? breakable(kind.code) : "further kinds"),
        h("span", { class: "soft below" }, STAGES[kind.stage] ?? kind.stage),
      ],
      [countBar(kind.count, most), count(kind.count)],
      count(kind.example_row),
    ],
  }));
  return h(
    "section",
    { id: "reasons" },
    h("h2", {}, "Why records were rejected"),
    table(
      "Reasons by how often they occur",
      [["Reason"], ["Records", "number"], ["Example row", "number"]],
      rows,
    ),
  );
}

function happened(happenings) {
  return h(
    "section",
    { id: "happened" },
    h("h2", {}, "What happened"),
    table(
      "In time order",
      [["When (UTC)", "when"], ["What"]],
      happenings.map((one) => ({ cells: [moment(one.at), one.what] })),
    ),
  );
}

function steps(spans) {
  if (!spans.length) return null;
  const failures = (one) =>
    Object.entries(one.failures).map(([error, times]) => `${count(times)} × ${error}`);
  return h(
    "section",
    { id: "steps" },
    h("h2", {}, "What the workflow did"),
    table(
      "Its steps, in order of their first begin",
      [
        ["Step"],
        ["First (UTC)", "when spare"],
        ["Last (UTC)", "when"],
        ["Failed tries"],
        ["Times", "number"],
      ],
      spans.map((one) => ({
        key: one.name,
        cells: [
          breakable(one.name),
          moment(one.first),
          moment(one.last),
          failures(one).join(", ") || "–",
          count(one.times),
        ],
      })),
    ),
  );
}

function parts(all) {
  if (!all.length) return null;
  return h(
    "section",
    { id: "parts" },
    h("h2", {}, "Parts"),
    table(
      "Its parts at the vendor",
      [
        ["Part"],
        ["State"],
        ["Executed (UTC)", "when"],
        ["Rows", "number"],
        ["Staged", "number spare"],
        ["Processed", "number"],
      ],
      all.map((part) => ({
        key: `part-${part.number}`,
        cells: [
          count(part.number),
          part.given_up ? `${part.state}: ${part.given_up}` : part.state,
          moment(part.executed_at),
          count(part.rows),
          count(part.staged),
          count(part.processed),
        ],
      })),
    ),
  );
}

function source({ import: one, report }) {
  const rows = [
    ["import", h("span", { class: "id" }, one.import_id)],
    ["feed", one.feed],
    ["file", h("span", { class: "id" }, `s3://${report.source.bucket}/${report.source.key}`)],
    ["version", h("span", { class: "id" }, report.source.version_id)],
    ["bytes", count(report.source.bytes)],
  ];
  return h(
    "section",
    {},
    h("h2", {}, "Where it came from"),
    h(
      "dl",
      { class: "facts" },
      rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
    ),
  );
}
