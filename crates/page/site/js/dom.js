// Elements, scales and ticks: what drawing needs, and nothing that computes a quantity.

const SVG = "http://www.w3.org/2000/svg";

// An SVG element; attributes of undefined are left out.
export function svg(name, attributes = {}, parent) {
  const element = document.createElementNS(SVG, name);
  set(element, attributes);
  parent?.append(element);
  return element;
}

// An HTML element with attributes, listeners (on…) and children.
export function html(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== undefined && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return element;
}

export function set(element, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) element.removeAttribute(key);
    else if (key === "text") {
      if (element.textContent !== value) element.textContent = value;
    } else element.setAttribute(key, value);
  }
}

// As it is printed: a minus is longer than a hyphen.
export const minus = (text) => text.replace("-", "−");

export const lerp = (a, b, t) => a + (b - a) * t;
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// From data to pixels.
export function scale([from, to], [left, right]) {
  const of = (value) => left + ((value - from) / (to - from)) * (right - left);
  of.back = (pixel) => from + ((pixel - left) / (right - left)) * (to - from);
  return of;
}

// Round numbers between two, about so many.
export function ticks(low, high, many) {
  const rough = (high - low) / many;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * ten).find((size) => size >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, k) => +((first + k) * step).toPrecision(12));
}

// A path through points, with gaps where one is not finite.
export function line(points) {
  let path = "";
  let pen = "M";
  for (const [x, y] of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) pen = "M";
    else {
      path += `${pen}${x.toFixed(2)} ${y.toFixed(2)}`;
      pen = "L";
    }
  }
  return path;
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// A number that glides from 0 to 1 and back; `draw` is called whenever it has changed.
export function glide(draw, milliseconds = 1000) {
  let at = 0;
  let running = 0;
  const of = () => at;
  of.now = (to) => {
    cancelAnimationFrame(running);
    at = to;
    draw();
  };
  of.to = (to) => {
    cancelAnimationFrame(running);
    if (calm()) return of.now(to);
    const from = at;
    let start;
    const frame = (now) => {
      start ??= now;
      const t = clamp((now - start) / milliseconds, 0, 1);
      at = lerp(from, to, t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2);
      draw();
      if (t < 1) running = requestAnimationFrame(frame);
    };
    running = requestAnimationFrame(frame);
  };
  return of;
}

// A file that the browser offers to keep.
export function offer(name, content, type = "text/plain") {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  html("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
