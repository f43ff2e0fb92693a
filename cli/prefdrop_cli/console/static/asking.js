// Asking the console: once, or again and again while somebody looks.

import { h, renew, prose } from "./dom.js";
import { span } from "./words.js";

const FASTEST_RETRY = 2000;
const SLOWEST_RETRY = 60000;
const GROWTH = 1.5;
const CONSIDERATE = 2; // what takes long to answer is asked less often: twice that time is between

/** What the console answered instead of what was asked for. */
export class Problem extends Error {
  constructor({ code, message, hint }) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** The answer to one question; throws a Problem. */
export async function ask(address, signal) {
  let answer;
  let told;
  try {
    answer = await fetch(address, { signal, credentials: "same-origin", cache: "no-store" });
    told = await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({
      code: "NoAnswer",
      message: "The console does not answer.",
      hint: "Is `prefdrop console` still running in its terminal?",
    });
  }
  if (!answer.ok) throw new Problem(told.error);
  return told;
}

/** A box that tells of a problem. */
export function problemBox(problem) {
  return h(
    "div",
    { class: "problem", role: "alert" },
    h("p", {}, h("b", {}, problem.message)),
    problem.hint && h("p", {}, prose(problem.hint)),
  );
}

/**
 * Ask `address()` now and again, and hand each answer to `show`, until the function that this
 * answers is called. `show` answers whether things move: then it is asked every `pace` ms, else
 * more and more seldom. While the page is hidden nothing is asked.
 */
export function follow(address, show, { pace, slowest = 8 * pace, place }) {
  let timer = null;
  let running = new AbortController();
  let pause = pace;
  let last = "";
  let stopped = false;

  async function look() {
    timer = null;
    running = new AbortController();
    const began = performance.now();
    try {
      const told = await ask(address(), running.signal);
      const text = JSON.stringify({ ...told, now: null });
      const moves = show(told);
      pause = moves || text !== last ? pace : Math.min(slowest, pause * GROWTH);
      pause = Math.max(pause, CONSIDERATE * (performance.now() - began));
      last = text;
      renew(place);
      connected();
    } catch (error) {
      if (error.name === "AbortError") return;
      failed(error);
    }
    again();
  }

  function failed(error) {
    if (!(error instanceof Problem)) throw error;
    pause = Math.min(SLOWEST_RETRY, Math.max(FASTEST_RETRY, pause * 2));
    renew(place, problemBox(error));
    connection(error.code === "Locked" ? "" : `Asked again in ${span(pause / 1000)}.`);
    if (error.code === "Locked") stopped = true;
  }

  function again() {
    if (!stopped && !document.hidden) timer = setTimeout(look, pause);
  }

  function seen() {
    if (document.hidden) {
      clearTimeout(timer);
      timer = null;
      connection("Paused while it is not looked at.");
    } else if (timer === null && !stopped) {
      now();
    }
  }

  function now() {
    clearTimeout(timer);
    running.abort();
    pause = pace;
    look();
  }

  document.addEventListener("visibilitychange", seen);
  look();
  return {
    now,
    stop() {
      stopped = true;
      clearTimeout(timer);
      running.abort();
      document.removeEventListener("visibilitychange", seen);
    },
  };
}

function connected() {
  const time = new Date().toISOString().slice(11, 19);
  connection(`As of ${time} UTC.`);
}

function connection(text) {
  document.getElementById("connection").textContent = text;
}
