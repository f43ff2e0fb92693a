// The events of one person, where they are asked for, and what one of them changed.

import { Problem, ask, problemBox } from "./asking.js";
import { announce, h, looking, renew } from "./dom.js";
import { moment, table } from "./shapes.js";
import { clock, count, many, question, quoted, to } from "./words.js";

// Kept here and never in an address: a browser remembers those, and this may name a person.
const wanted = { profile: "", type: "", since: "", limit: 50 };

/** A form that asks for a person, and their events. */
export function eventsView(root) {
  const found = h("div", { id: "found" });
  const form = personForm();
  root.append(h("h1", { tabindex: -1 }, "Events of a person"), form, found);
  const look = () => list(found, look);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    for (const name of ["profile", "type", "since"])
      wanted[name] = form.elements[name].value.trim();
    wanted.limit = 50;
    look();
  });
  if (wanted.profile) look();
  return { title: "Events", stop() {} };
}

function personForm() {
  const field = (name, label, hint, more = {}) =>
    h(
      "div",
      {},
      h("label", { for: name }, label),
      h("input", {
        id: name,
        name,
        type: "text",
        value: wanted[name],
        autocomplete: "off",
        spellcheck: "false",
        "aria-describedby": `${name}-hint`,
        ...more,
      }),
      h("span", { class: "soft", id: `${name}-hint` }, hint),
    );
  return h(
    "form",
    { class: "ask" },
    field("profile", "Profile id", "or the alternate id that events carry instead", {
      required: true,
    }),
    field("type", "Type", "as consent, or none for all"),
    field("since", "Since", "as 2026-01-15, 3d, 12h, or none"),
    h("button", { type: "submit" }, "Show events"),
  );
}

async function list(place, again) {
  renew(place, looking());
  try {
    const told = await ask(question(["events"], wanted));
    renew(place, lines(told, again));
    announce(many(told.events.length, "event", "events"));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    renew(place, problemBox(error));
  }
}

function lines({ events, more }, again) {
  if (!events.length) {
    return [
      h(
        "p",
        {},
        "No such event is kept. ",
        h("code", {}, "prefdrop events backfill"),
        " asks the vendor for missed ones.",
      ),
    ];
  }
  const rows = events.map((one, place) => ({
    key: `${place} ${one.event_id}`,
    cells: [
      moment(one.at),
      [
        h("a", { href: to("events", one.event_id) }, one.event_type || "(no type)"),
        h("span", { class: "soft below id" }, one.event_id),
      ],
      one.entity || "–",
      cameBy(one),
    ],
  }));
  const heads = [["At (UTC)", "when"], ["Type"], ["Entity", "spare"], ["Came by", "spare"]];
  return [
    table("Events, newest first", heads, rows, { stack: true }),
    more && moreButton(again),
  ].filter(Boolean);
}

function cameBy(one) {
  if (one.named_in === "conflict") return `${one.source}, conflict`;
  return one.missed ? `${one.source}, missed` : one.source;
}

function moreButton(again) {
  if (wanted.limit >= 500)
    return h(
      "p",
      {},
      "Older ones: narrow it down, or ",
      h("code", {}, "prefdrop events list --limit N"),
    );
  const button = h(
    "button",
    { type: "button", "data-key": `more-${wanted.limit}` },
    "Show older ones",
  );
  button.addEventListener("click", () => {
    wanted.limit = Math.min(500, wanted.limit * 3);
    again();
  });
  return button;
}

/** One event and what it changed. */
export function eventView(root, { named: [eventId] }) {
  const found = h("div", { id: "event" }, looking());
  root.append(
    h("p", { class: "back" }, h("a", { href: to("events") }, "The person's events")),
    h("h1", { tabindex: -1 }, "One event"),
    found,
  );
  ask(question(["event"], { id: eventId }))
    .then((told) => renew(found, whole(told)))
    .catch((error) => {
      if (!(error instanceof Problem)) throw error;
      renew(found, problemBox(error));
    });
  return { title: "One event", stop() {} };
}

function whole(told) {
  const facts = [
    ["type", told.event_type],
    ["entity", told.entity],
    ["profile", told.profile_id],
    ["occurred", `${clock(told.at)} UTC`],
    ["received", `${clock(told.received_at)} UTC`],
    ["came by", told.missed ? `${told.source}, after webhooks had missed it` : told.source],
    ["subscription", told.subscription_id],
    ["event", told.event_id],
  ].filter(([, value]) => value);
  return [
    h("section", {}, h("h2", {}, "What it changed"), changes(told.changes)),
    told.conflicts.length > 0 &&
      h(
        "section",
        { class: "problem" },
        h(
          "p",
          {},
          h("b", {}, `Something else came under the same id on ${told.conflicts.join(", ")}. `),
          h("code", {}, `prefdrop events show ${quoted(told.event_id)}`),
          " shows both.",
        ),
      ),
    h(
      "section",
      {},
      h("h2", {}, "The event"),
      h(
        "dl",
        { class: "facts" },
        facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
      ),
      h(
        "details",
        {},
        h("summary", {}, "As it came, in JSON"),
        h("pre", { tabindex: 0 }, told.json),
      ),
      told.deliveries.filter((one) => !one.shown).map(otherDelivery),
    ),
  ].filter(Boolean);
}

/** Another delivery of the same event; the fullest is the one that is shown. */
function otherDelivery(one) {
  return h(
    "details",
    {},
    h("summary", {}, `As it came at ${clock(one.received_at)} UTC, by ${one.source}`),
    h("pre", { tabindex: 0 }, one.json ?? "It is no longer in the bucket."),
  );
}

function changes(all) {
  if (!all.length) return h("p", {}, "It does not say what was before.");
  const value = (text) => (text === null ? "–" : h("code", {}, text));
  return table(
    `${count(all.length)} changes`,
    [["What"], ["Before"], ["After"]],
    all.map((one) => ({
      cells: [
        h("code", {}, one.path),
        h("span", { class: "before" }, value(one.before)),
        h("span", { class: "after" }, value(one.after)),
      ],
    })),
    { stack: true },
  );
}
