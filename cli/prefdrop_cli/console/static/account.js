// The vendor account: its limit, its turn and who waits for it. And the stack's alarms.

import { follow } from "./asking.js";
import { h, looking, renew } from "./dom.js";
import { badge, figures, moment, sharesBar, table } from "./shapes.js";
import { count, many, question, to } from "./words.js";

/** Quota and turns. */
export function accountView(root, { place }) {
  return followed(root, "Account", ["account"], 2000 * place.poll_seconds, (told) => [
    h("section", {}, h("h2", {}, "Turn"), turn(told)),
    h("section", {}, h("h2", {}, "Quota"), quota(told.quota)),
  ]);
}

function turn({ holder, queue, waiting }) {
  if (!holder)
    return h("p", { id: "turn" }, "Nobody has the turn; the next import begins at once.");
  const rows = [holder, ...queue].map((one, place) => ({
    key: one.import_id,
    cells: [
      [
        h("a", { href: to("imports", one.import_id) }, one.file ?? one.import_id),
        h(
          "span",
          { class: "soft below" },
          h("span", { class: "id" }, one.import_id),
          one.feed ? ` · ${one.feed}` : "",
        ),
      ],
      place ? `${count(place)}. in the queue` : "has it",
      one.status ? badge(one.status) : "–",
      moment(one.since),
    ],
  }));
  return h(
    "div",
    { id: "turn" },
    h(
      "p",
      {},
      "The vendor takes one import at a time; the others wait in the order of their drops.",
    ),
    table(
      "Who has the turn, and who waits",
      [["Import"], ["Place"], ["Status"], ["Since (UTC)", "when"]],
      rows,
      { stack: true },
    ),
    waiting > queue.length &&
      h("p", {}, `${many(waiting - queue.length, "more waits", "more wait")}.`),
  );
}

function quota({ used, left, limit, reserve, unit, next_slot_at: next }) {
  const kept = reserve ? `; ${count(reserve)} of them are kept for what is imported elsewhere` : "";
  const bar = sharesBar([
    ["busy", used, "used"],
    ["rest", left, "left"],
    ["calm", reserve, "kept in reserve"],
  ]);
  return h(
    "div",
    { id: "quota" },
    h("p", {}, `The vendor takes ${count(limit)} ${unit}s in any 24 hours${kept}.`),
    bar,
    figures(
      ["used", count(used), "used"],
      ["left", count(left), "left"],
      ["next slot frees (UTC)", moment(next)],
    ),
  );
}

/** The alarms of the stack. */
export function alarmsView(root) {
  return followed(root, "Alarms", ["alarms"], 30000, ({ alarms }) => {
    if (!alarms.length) {
      return [
        h(
          "p",
          {},
          "This stack has no alarms: a local one carries none. On AWS they are shown here.",
        ),
      ];
    }
    return [
      table(
        "Alarms, those that ring first",
        [["Alarm"], ["State"], ["Since (UTC)", "when spare"]],
        alarms.map((one) => ({
          key: one.alarm,
          cells: [
            [one.alarm, h("span", { class: "soft below" }, one.meaning)],
            badge(one.state),
            moment(one.since),
          ],
        })),
        { stack: true },
      ),
      h("p", {}, "What to do about each stands in the runbook, docs/operations.md."),
    ];
  });
}

function followed(root, title, parts, pace, show) {
  const problem = h("div");
  const content = h("div", {}, looking());
  root.append(h("h1", { tabindex: -1 }, title), problem, content);
  const looks = follow(
    () => question(parts),
    (told) => {
      renew(content, show(told));
      return false;
    },
    { pace, slowest: 30000, place: problem },
  );
  return { title, stop: looks.stop };
}
