// What several views show: a status, a bar, figures, a table.

import { h, svg } from "./dom.js";
import { clock, count, span } from "./words.js";

const MOODS = {
  Completed: "good",
  Duplicate: "good",
  Skipped: "good",
  OK: "good",
  CompletedWithRejects: "warn",
  Held: "warn",
  Aborted: "bad",
  Failed: "bad",
  Unreconciled: "bad",
  ALARM: "bad",
  Registered: "calm",
  Queued: "calm",
  INSUFFICIENT_DATA: "calm",
};

/** How a status is felt: good, warn, bad, calm, or busy for what is going on. */
export function mood(status) {
  return MOODS[status] ?? "busy";
}

/** A status with a mark of its own shape for each mood, so that colour is not all there is. */
export function badge(status) {
  const words = status.replace(/([a-z])([A-Z])/g, "$1 $2");
  return h(
    "span",
    { class: `badge ${mood(status)}` },
    words.charAt(0) + words.slice(1).toLowerCase(),
  );
}

/** A time, in UTC and, on pointing at it, by this machine's clock. */
export function moment(at) {
  if (!at) return "–";
  return h("time", { datetime: at, title: new Date(at).toLocaleString() }, clock(at));
}

/** Names with values. `pairs`: [name, value] or [name, value, id]; null leaves one out. */
export function figures(...pairs) {
  return h(
    "dl",
    { class: "figures" },
    pairs
      .filter(Boolean)
      .map(([name, value, id]) =>
        h("div", {}, h("dt", {}, name), h("dd", { id: id ?? null }, value)),
      ),
  );
}

/**
 * A table. `heads`: [text, class]; `rows`: { key, cells }; a cell is a node, a text or a list.
 * With `stack` each row becomes a small block on a narrow screen; the roles keep it a table to
 * those who listen.
 */
export function table(caption, heads, rows, { stack = false } = {}) {
  const classes = heads.map(([, name]) => name ?? null);
  return h(
    "div",
    { class: stack ? "stack" : "wide" },
    h(
      "table",
      { role: "table" },
      h("caption", { class: "unseen" }, caption),
      h(
        "thead",
        { role: "rowgroup" },
        h(
          "tr",
          { role: "row" },
          heads.map(([text, name]) =>
            h("th", { role: "columnheader", scope: "col", class: name ?? null }, text),
          ),
        ),
      ),
      h(
        "tbody",
        { role: "rowgroup" },
        rows.map(({ key, cells }) =>
          h(
            "tr",
            { role: "row", "data-key": key ?? null },
            cells.map((cell, n) => h("td", { role: "cell", class: classes[n] }, cell)),
          ),
        ),
      ),
    ),
  );
}

/** A bar cut into shares. `shares`: [class, count, name]; nothing where all are none. */
export function sharesBar(shares) {
  const whole = shares.reduce((sum, [, value]) => sum + value, 0);
  if (!whole) return null;
  let at = 0;
  const pieces = shares
    .filter(([, value]) => value)
    .map(([name, value]) => {
      const width = (100 * value) / whole;
      const piece = svg("rect", {
        class: name,
        x: at.toFixed(3),
        width: width.toFixed(3),
        height: 10,
      });
      at += width;
      return piece;
    });
  const said = shares
    .filter(([, value]) => value)
    .map(([, value, name]) => `${count(value)} ${name}`);
  return svg(
    "svg",
    {
      class: "shares",
      viewBox: "0 0 100 10",
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": said.join(", "),
    },
    pieces,
  );
}

/** A short bar of one count against the largest. */
export function countBar(value, most) {
  const width = most ? Math.max(1, (100 * value) / most) : 0;
  return svg(
    "svg",
    {
      class: "countbar",
      viewBox: "0 0 100 10",
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    svg("rect", { width: width.toFixed(2), height: 10 }),
  );
}

/** Remembers how far things got, to tell rate and time left. */
export class Paces {
  constructor() {
    this.seen = new Map();
  }

  /** "1,200/s, 3 min left", as far as that can be told yet; `now` is the server's clock. */
  tell(key, progress, now) {
    const at = Date.parse(now) / 1000;
    const name = `${key} ${progress.phase}`;
    const looks = (this.seen.get(name) ?? []).filter((look) => at - look.at < 60);
    looks.push({ at, done: progress.done, records: progress.records });
    this.seen.set(name, looks);
    const first = looks[0];
    const seconds = at - first.at;
    if (seconds < 1) return "";
    const rate = (progress.records - first.records) / seconds;
    const speed = (progress.done - first.done) / seconds;
    const left = speed > 0 && progress.total ? (progress.total - progress.done) / speed : null;
    return [
      rate >= 1 ? `${count(Math.round(rate))} records/s` : "",
      left === null ? "" : `${span(left)} left`,
    ]
      .filter(Boolean)
      .join(", ");
  }
}

/** How an import that is under way gets on; one that does not move has no bar. */
export function progressBar(progress, pace, moves = true) {
  const percent =
    moves && progress.total ? Math.floor((100 * progress.done) / progress.total) : null;
  const note = progress.phase === "waiting" ? `waiting ${progress.note}` : progress.note;
  return h(
    "div",
    { class: "progress" },
    percent !== null &&
      h(
        "progress",
        {
          max: progress.total,
          value: progress.done,
          "aria-label": `${progress.phase}, ${percent} %`,
        },
        `${percent} %`,
      ),
    h("p", {}, [percent === null ? "" : `${percent} %`, note, pace].filter(Boolean).join(" · ")),
  );
}
