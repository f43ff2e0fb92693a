// The imports: those under way with their progress, and those that have ended.

import { ask, follow } from "./asking.js";
import { announce, h, looking, renew } from "./dom.js";
import { Paces, badge, moment, mood, progressBar, table } from "./shapes.js";
import { ago, count, many, question, to } from "./words.js";

const SLOW = 60000;
const NEEDS = {
  decision: "It waits for your decision.",
  retry: "Nothing works on it any more: retry it.",
  remedy: "It needs a remedy, and a retry.",
  check: "Its figures are to be checked.",
};
const chosen = { status: "", feed: "", limit: 50 };

/** The list of imports, with what matters of the account above it. */
export function importsView(root, { place }) {
  const problem = h("div");
  const need = h("p", { class: "summary", id: "needing" });
  const summary = h("p", { class: "summary", id: "account" });
  const alarms = h("p", { class: "summary", id: "ringing" });
  const going = h("div");
  const ended = h("div", {}, looking());
  const filters = filterForm(place, () => list.now());
  root.append(
    h("h1", { tabindex: -1 }, "Imports"),
    need,
    summary,
    alarms,
    filters.form,
    problem,
    going,
    ended,
  );

  const paces = new Paces();
  const statuses = new Map();
  const pace = 1000 * place.poll_seconds;
  const list = follow(
    () => question(["imports"], chosen),
    (told) => {
      tellChanges(statuses, told);
      renew(going, underWay(told, paces));
      renew(
        ended,
        theEnded(told, () => list.now()),
      );
      renew(need, needing(told.needing));
      return told.under_way.length > 0;
    },
    { pace, place: problem },
  );
  const account = follow(
    () => question(["account"]),
    (told) => {
      renew(summary, accountLine(told));
      return told.holder !== null;
    },
    { pace: 2 * pace, place: h("div") },
  );
  const ringing = follow(
    () => question(["alarms"]),
    (told) => {
      renew(alarms, alarmsLine(told));
      return false;
    },
    { pace: SLOW, place: h("div") },
  );
  filters.fill();
  return { title: "Imports", stop: () => [list, account, ringing].forEach((one) => one.stop()) };
}

function filterForm(place, changed) {
  const status = h(
    "select",
    { id: "status" },
    h("option", { value: "" }, "any status"),
    h("option", { value: "open" }, "under way, or in need of you"),
    place.statuses.map((name) => h("option", { value: name }, name)),
  );
  const feed = h("select", { id: "feed" }, h("option", { value: "" }, "any feed"));
  const form = h(
    "form",
    { class: "filters" },
    h("p", {}, h("label", { for: "status" }, "Status"), status),
    h("p", {}, h("label", { for: "feed" }, "Feed"), feed),
  );
  status.value = chosen.status;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => {
    Object.assign(chosen, { status: status.value, feed: feed.value, limit: 50 });
    changed();
  });
  const fill = async () => {
    const names = await ask(question(["feeds"])).catch(() => []);
    const known = new Set([...names, chosen.feed].filter(Boolean));
    feed.append(...[...known].sort().map((name) => h("option", { value: name }, name)));
    feed.value = chosen.feed;
  };
  return { form, fill };
}

/** Say which imports changed their status since the last look. */
function tellChanges(statuses, told) {
  const said = [];
  for (const one of [...told.under_way, ...told.ended]) {
    const before = statuses.get(one.import_id);
    if (before && before !== one.status) said.push(`${one.file} is now ${one.status}.`);
    statuses.set(one.import_id, one.status);
  }
  if (said.length) announce(said.slice(0, 3).join(" "));
}

function underWay(told, paces) {
  if (!told.under_way.length) return [];
  return [
    h("h2", {}, "Under way"),
    h(
      "ul",
      { class: "cards" },
      told.under_way.map((one) =>
        h(
          "li",
          { "data-key": one.import_id, class: `card ${mood(one.status)}` },
          h(
            "p",
            { class: "line" },
            h("a", { href: to("imports", one.import_id) }, one.file),
            badge(one.status),
          ),
          h(
            "p",
            { class: "soft" },
            h("span", { class: "id" }, one.import_id),
            ` · ${one.feed} · registered ${ago(one.registered_at, told.now)}`,
          ),
          needOf(one),
          progressBar(
            one.progress,
            paces.tell(one.import_id, one.progress, told.now),
            one.status !== "Held",
          ),
        ),
      ),
    ),
  ];
}

function needing(count) {
  if (!count) return h("span");
  return h("span", { class: "ringing" }, `${many(count, "import needs", "imports need")} you.`);
}

/** What somebody has to do about an import, in a word; its story says how. */
function needOf({ needs }) {
  return NEEDS[needs] ? h("span", { class: "need below" }, NEEDS[needs]) : null;
}

function theEnded(told, changed) {
  if (!told.ended.length && told.more) return [more(changed)];
  if (!told.ended.length && !told.under_way.length) {
    const narrowed = chosen.status || chosen.feed;
    return [
      h(
        "p",
        {},
        narrowed
          ? "No import is like that."
          : "There are no imports yet. Drop a file, and it is shown here.",
      ),
    ];
  }
  if (!told.ended.length) return [];
  const rows = told.ended.map((one) => ({
    key: one.import_id,
    cells: [
      [
        h("a", { href: to("imports", one.import_id) }, one.file),
        h(
          "span",
          { class: "soft below" },
          h("span", { class: "id" }, one.import_id),
          ` · ${one.feed}`,
        ),
      ],
      [badge(one.status), needOf(one)],
      moment(one.registered_at),
      count(one.rows_read),
      count(one.processed),
      count(one.rejected),
    ],
  }));
  const heads = [
    ["File"],
    ["Status"],
    ["Registered (UTC)", "when"],
    ["Rows", "number spare"],
    ["Processed", "number spare"],
    ["Rejected", "number spare"],
  ];
  return [
    h("h2", {}, "Ended"),
    table("Imports that have ended, newest first", heads, rows, { stack: true }),
    told.more && more(changed),
  ];
}

function more(changed) {
  if (chosen.limit >= 500)
    return h("p", {}, "Older ones: ", h("code", {}, "prefdrop imports list --limit N"));
  const button = h(
    "button",
    { type: "button", "data-key": `more-${chosen.limit}` },
    "Show older ones",
  );
  button.addEventListener("click", () => {
    chosen.limit = Math.min(500, chosen.limit * 3);
    changed();
  });
  return button;
}

function accountLine({ holder, waiting, quota }) {
  const turn = holder
    ? ["Turn: ", h("a", { href: to("imports", holder.import_id) }, holder.file ?? holder.import_id)]
    : ["Turn: free"];
  const line = waiting ? `, ${many(waiting, "import waits", "imports wait")}` : "";
  return h(
    "span",
    {},
    turn,
    `${line}. `,
    h(
      "a",
      { href: to("account") },
      `Quota: ${count(quota.left)} of ${count(quota.limit - quota.reserve)} left`,
    ),
    ".",
  );
}

function alarmsLine({ alarms, ringing }) {
  if (!alarms.length) return h("span");
  return h(
    "span",
    {},
    h(
      "a",
      { href: to("alarms"), class: ringing ? "ringing" : null },
      ringing ? `${many(ringing, "alarm rings", "alarms ring")}.` : "No alarm rings.",
    ),
  );
}
