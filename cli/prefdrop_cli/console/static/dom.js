// Builds and renews what is seen. Text only ever becomes text: nothing here reads HTML.

import { printable } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; children that are null, false or "" are left out. */
export function h(name, attributes = {}, ...children) {
  return build(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function svg(name, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, name), attributes, children);
}

function build(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child instanceof Node ? child : printable(String(child)));
  }
  return element;
}

/** A name in CamelCase that a narrow column may break between its words. */
export function breakable(name) {
  return name.split(/(?=[A-Z])/).flatMap((word) => [h("wbr"), word]);
}

/** What stands where an answer is waited for. */
export function looking() {
  return h("p", { class: "soft" }, "Looking …");
}

/** Text in which `commands` stand between backticks. */
export function prose(text) {
  return text.split("`").map((piece, place) => (place % 2 ? h("code", {}, piece) : piece));
}

/**
 * Make the children of `container` equal to `fresh` by the fewest changes, so that the focus, a
 * selection and what is folded open survive. Children with `data-key` are told apart by it.
 */
export function renew(container, ...fresh) {
  const wanted = fresh.flat(Infinity).filter((node) => node instanceof Node);
  const keys = new Set(wanted.map(keyOf).filter(Boolean));
  for (const old of [...container.childNodes]) {
    if (keyOf(old) && !keys.has(keyOf(old))) old.remove();
  }
  wanted.forEach((node, place) => {
    const there = container.childNodes[place];
    const same = keyOf(node) && [...container.childNodes].find((old) => keyOf(old) === keyOf(node));
    if (same) {
      if (same !== there) container.insertBefore(same, there);
      patch(same, node);
    } else if (!there || keyOf(node) || keyOf(there)) {
      container.insertBefore(node, there ?? null);
    } else {
      patch(there, node);
    }
  });
  while (container.childNodes.length > wanted.length) container.lastChild.remove();
}

function patch(old, fresh) {
  if (old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
  } else if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
  } else {
    patchAttributes(old, fresh);
    renew(old, ...fresh.childNodes);
  }
}

function patchAttributes(old, fresh) {
  for (const name of old.getAttributeNames()) {
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const name of fresh.getAttributeNames()) {
    const value = fresh.getAttribute(name);
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null;
}

/** Say something to those who listen instead of looking. */
export function announce(text) {
  document.getElementById("announcement").textContent = text;
}
