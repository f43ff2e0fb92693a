// Figures, times and addresses as people read them.

const number = new Intl.NumberFormat("en-US");
const rounded = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

/** A count with thousands marked; a dash for none. */
export function count(value) {
  return value === null || value === undefined ? "–" : number.format(value);
}

/** Bytes in the largest unit that leaves a whole digit. */
export function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${rounded.format(value)} ${units[unit]}`;
}

/** A moment in UTC, to the second. */
export function clock(moment) {
  return moment ? moment.slice(0, 19).replace("T", " ") : "–";
}

/** How long a time of so many seconds is, in words. */
export function span(seconds) {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

/** How long ago a moment was, by the clock of the machine that serves; `now` is that clock. */
export function ago(moment, now) {
  if (!moment) return "";
  const seconds = (Date.parse(now) - Date.parse(moment)) / 1000;
  return seconds < 5 ? "just now" : `${span(seconds)} ago`;
}

/** One of something, or several. */
export function many(value, one, several) {
  return `${count(value)} ${value === 1 ? one : several}`;
}

/** A word of a command as a shell reads it back, whatever it holds. */
export function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}

/** Text with the signs written out that are not seen or that move others, line feeds excepted. */
export function printable(text) {
  const written = (sign) => `\\u${sign.codePointAt(0).toString(16).padStart(4, "0")}`;
  return text.replace(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu, written);
}

/** The address of a view; each part may hold anything. */
export function to(...parts) {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** The address of a question to the console, with a query. */
export function question(parts, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== null);
  const text = new URLSearchParams(given).toString();
  return `/api/${parts.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}
