// What is seen is in the address, behind the #: a link to it shows the same. Nothing is sent anywhere.

const values = new Map(new URLSearchParams(location.hash.slice(1)));
const listeners = new Set();
let waiting = 0;
let written = location.hash;

export const get = (key, otherwise) => values.get(key) ?? otherwise;
export const number = (key, otherwise, low = -Infinity, high = Infinity) => {
  const value = Number(values.get(key));
  return values.has(key) && Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : otherwise;
};

export function put(changes) {
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined || value === "" || value === false) values.delete(key);
    else values.set(key, String(value));
  }
  // Browsers refuse hundreds of changes a second.
  clearTimeout(waiting);
  waiting = setTimeout(write, 150);
}

export function write() {
  clearTimeout(waiting);
  const text = new URLSearchParams([...values]).toString();
  written = text ? `#${text}` : "";
  if (written !== location.hash) history.replaceState(null, "", written || "#");
}

export const clear = (keep) => [...values.keys()].filter((key) => !keep.includes(key)).forEach((key) => values.delete(key));
export const changed = (listener) => listeners.add(listener);
export const again = () => listeners.forEach((listener) => listener());

addEventListener("hashchange", () => {
  if (location.hash === written) return;
  values.clear();
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) values.set(key, value);
  again();
});
