// Starts the page and shows the view that the address names.

import { accountView, alarmsView } from "./account.js";
import { Problem, ask, problemBox } from "./asking.js";
import { h } from "./dom.js";
import { eventView, eventsView } from "./events.js";
import { exportsView, runView, runsView } from "./exports.js";
import { importsView } from "./imports.js";
import { storyView } from "./story.js";
import { question } from "./words.js";

const VIEWS = [
  ["imports", 1, importsView],
  ["imports", 2, storyView],
  ["events", 1, eventsView],
  ["events", 2, eventView],
  ["exports", 1, exportsView],
  ["exports", 2, runsView],
  ["exports", 3, runView],
  ["account", 1, accountView],
  ["alarms", 1, alarmsView],
];

const content = document.getElementById("content");
let shown = null;
let place = null;

function show(first) {
  const parts = location.hash.replace(/^#\//, "").split("/").map(decoded);
  const known = VIEWS.find(([name, length]) => name === parts[0] && length === parts.length);
  const [subject, , view] = known ?? VIEWS[0];
  shown?.stop();
  const root = h("div", { class: `view ${subject}` });
  content.replaceChildren(root);
  document.getElementById("connection").textContent = "";
  shown = view(root, { place, named: parts.slice(1) });
  document.title = `${shown.title} · Prefdrop ${place.stack}`;
  for (const link of document.querySelectorAll("nav a")) {
    const here = link.getAttribute("href") === `#/${subject}`;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!first) {
    scrollTo(0, 0);
    root.querySelector("h1").focus({ preventScroll: true });
  }
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function start() {
  // The token is in the cookie by now; it need not stay where it could be seen or copied.
  history.replaceState(null, "", `/${location.hash}`);
  document.getElementById("skip").addEventListener("click", () => content.focus());
  try {
    place = await ask(question(["place"]));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    content.replaceChildren(problemBox(error));
    return;
  }
  const where = place.local ? "on this machine" : `on AWS, ${place.region}`;
  document.getElementById("place").textContent = `stack ${place.stack}, ${where}`;
  addEventListener("hashchange", () => show(false));
  show(true);
}

start();
