// Exports: those that are defined, the runs of one, and the files of a run.

import { follow } from "./asking.js";
import { h, looking, renew } from "./dom.js";
import { badge, figures, moment, mood, table } from "./shapes.js";
import { count, question, size, to } from "./words.js";

const UNHURRIED = 2;

/** The exports that the bucket defines. */
export function exportsView(root, { place }) {
  return followed(root, place, "Exports", ["exports"], null, (told) => {
    if (!told.exports.length) {
      return [
        h(
          "p",
          {},
          "No export is defined. ",
          h("code", {}, "prefdrop exports push EXPORT.toml"),
          " puts one there.",
        ),
      ];
    }
    const rows = told.exports.map((one) => ({
      key: one.name,
      cells: [
        [
          h("a", { href: to("exports", one.name) }, one.name),
          h(
            "span",
            { class: "soft below" },
            one.error ?? `${one.family.replace("_", " ")} ${one.of}`,
          ),
        ],
        one.error ? h("span", { class: "badge bad" }, "Not usable") : one.mode,
        one.schedule ?? "by hand",
        one.last ? badge(one.last.status) : "no run yet",
        moment(one.last?.started_at),
        moment(one.watermark),
      ],
    }));
    return [
      table(
        "Exports by name",
        [
          ["Export"],
          ["Mode", "spare"],
          ["Schedule", "spare"],
          ["Newest run"],
          ["Began (UTC)", "when spare"],
          ["Watermark (UTC)", "when"],
        ],
        rows,
        { stack: true },
      ),
    ];
  });
}

/** The runs of one export. */
export function runsView(root, { place, named: [name] }) {
  return followed(root, place, name, ["exports", name], ["Exports", to("exports")], (told) => {
    if (!told.runs.length) return [h("p", {}, "It has not run yet.")];
    const rows = told.runs.map((run) => ({
      key: run.run,
      cells: [
        [
          h("a", { href: to("exports", name, run.run) }, run.run),
          h("span", { class: "soft below" }, run.full ? "full" : "incremental"),
        ],
        badge(run.status),
        count(run.records),
        size(run.bytes),
        moment(run.started_at),
        moment(run.finished_at),
      ],
    }));
    return [
      table(
        "Runs, newest first",
        [
          ["Run"],
          ["Status"],
          ["Records", "number"],
          ["Size", "number spare"],
          ["Began (UTC)", "when spare"],
          ["Ended (UTC)", "when spare"],
        ],
        rows,
        { stack: true },
      ),
    ];
  });
}

/** One run and its files. */
export function runView(root, { place, named: [name, id] }) {
  return followed(
    root,
    place,
    id,
    ["exports", name, id],
    [`Runs of ${name}`, to("exports", name)],
    ({ run, objects }) =>
      [
        h(
          "section",
          { class: `standing ${mood(run.status)}` },
          h(
            "p",
            {},
            badge(run.status),
            h("span", { class: "soft" }, " began ", moment(run.started_at), " UTC"),
          ),
          run.error && h("p", {}, `${run.error.code}: ${run.error.message} ${run.error.hint}`),
          run.why_full && h("p", {}, `Everything is brought: ${run.why_full}`),
          run.given_up && h("p", {}, `The attempt before came to nothing: ${run.given_up}`),
        ),
        figures(
          ["records", count(run.records)],
          ["came again", count(run.duplicates)],
          ["left the segment", count(run.removed)],
          ["size", size(run.bytes)],
          ["attempts", count(run.attempt)],
        ),
        h(
          "dl",
          { class: "facts" },
          h("div", {}, h("dt", {}, "watermark before"), h("dd", {}, moment(run.watermark_before))),
          h("div", {}, h("dt", {}, "watermark after"), h("dd", {}, moment(run.watermark_after))),
          h("div", {}, h("dt", {}, "manifest"), h("dd", { class: "id" }, run.manifest_key || "–")),
        ),
        objects.length > 0 &&
          h(
            "section",
            {},
            h("h2", {}, "Files"),
            table(
              "Files of this run",
              [["Key"], ["Records", "number"], ["Size", "number"]],
              objects.map((one) => ({
                key: one.key,
                cells: [h("span", { class: "id" }, one.key), count(one.records), size(one.bytes)],
              })),
            ),
          ),
      ].filter(Boolean),
  );
}

function followed(root, place, title, parts, back, show) {
  const problem = h("div");
  const content = h("div", {}, looking());
  if (back) root.append(h("p", { class: "back" }, h("a", { href: back[1] }, back[0])));
  root.append(h("h1", { tabindex: -1 }, title), problem, content);
  const looks = follow(
    () => question(parts),
    (told) => {
      renew(content, show(told));
      return Boolean(told.running) || (told.run && told.run.finished_at === "");
    },
    { pace: UNHURRIED * 1000 * place.poll_seconds, slowest: 30000, place: problem },
  );
  return { title, stop: looks.stop };
}
