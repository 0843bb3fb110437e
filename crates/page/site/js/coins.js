// What was seen: coins to turn, their share as a bar with an edge to drag, how many, and who flipped them.

import { clamp, html } from "./dom.js";

const { seen: digits } = wasm_bindgen;
export const SIZES = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];
const COLUMNS = { 10: 5, 20: 5, 50: 10, 100: 10, 200: 20, 500: 25, 1000: 25, 2000: 40, 5000: 50, 10000: 100 };

export function seen(data, act) {
  const canvas = html("canvas", { class: "coins", tabindex: "0", role: "application" });
  const words = html("p", { class: "heads", "aria-live": "polite" });
  const edge = html("div", { class: "edge", role: "slider", tabindex: "0", "aria-label": "Share of heads, p̂", "aria-valuemin": "0" });
  const share = html("span");
  const bar = html("div", { class: "share" }, html("div", { class: "fill" }), edge);
  const many = html("input", {
    type: "range", min: "0", max: String(SIZES.length - 1), step: "1", id: "many",
    oninput: ({ target }) => act.size(SIZES[target.value]),
  });
  const manyText = html("output", { for: "many" });
  const hide = html("input", { type: "checkbox", id: "hide", onchange: ({ target }) => act.hide(target.checked) });
  const again = html("button", { type: "button", onclick: act.again, title: "The same coin, flipped anew" }, "Flip again");
  const other = html("button", { type: "button", onclick: act.other, title: "Another hidden coin" }, "Another coin");
  const element = html("section", { class: "seen", "aria-label": "What was seen" },
    html("h2", {}, "What was seen"),
    canvas,
    words,
    html("div", { class: "labelled" }, bar, html("p", { class: "under" }, share)),
    html("label", { class: "row", for: "many" }, html("span", {}, "Flips"), many, manyText),
    html("div", { class: "hidden" },
      html("label", { for: "hide" }, hide, "flipped by a hidden coin"),
      html("div", { class: "buttons" }, again, other)),
  );

  const columns = () => COLUMNS[data.n];
  const rows = () => data.n / columns();
  let cursor = 0;
  let painting;

  const at = ({ clientX, clientY }) => {
    const box = canvas.getBoundingClientRect();
    const x = Math.floor(((clientX - box.left) / box.width) * columns());
    const y = Math.floor(((clientY - box.top) / box.height) * rows());
    return x >= 0 && y >= 0 && x < columns() && y < rows() ? y * columns() + x : undefined;
  };
  canvas.addEventListener("pointerdown", (event) => {
    const i = at(event);
    if (i === undefined) return;
    canvas.setPointerCapture(event.pointerId);
    painting = 1 - data.coins[i];
    cursor = i;
    act.turn(i, painting);
  });
  canvas.addEventListener("pointermove", (event) => {
    const i = painting === undefined ? undefined : at(event);
    if (i !== undefined && data.coins[i] !== painting) act.turn((cursor = i), painting);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (painting = undefined));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns() }[event.key];
    if (step) cursor = clamp(cursor + step, 0, data.n - 1);
    else if (event.key === " " || event.key === "Enter") act.turn(cursor, 1 - data.coins[cursor]);
    else return;
    event.preventDefault();
    draw();
  });
  for (const event of ["focus", "blur"]) canvas.addEventListener(event, () => draw());

  const drag = ({ clientX }) => {
    const box = bar.getBoundingClientRect();
    act.share((clientX - box.left) / box.width);
  };
  bar.addEventListener("pointerdown", (event) => {
    bar.setPointerCapture(event.pointerId);
    edge.focus();
    drag(event);
    event.preventDefault();
  });
  bar.addEventListener("pointermove", (event) => bar.hasPointerCapture(event.pointerId) && drag(event));
  edge.addEventListener("keydown", (event) => {
    const coins = Math.max(1, data.n / 100);
    const step = { ArrowLeft: -coins, ArrowDown: -coins, ArrowRight: coins, ArrowUp: coins, PageDown: -10 * coins, PageUp: 10 * coins }[event.key];
    const to = { Home: 0, End: 1 }[event.key] ?? (step && (heads() + step) / data.n);
    if (to === undefined) return;
    event.preventDefault();
    act.share(to);
  });

  const heads = () => data.coins.reduce((sum, coin) => sum + coin, 0);

  function draw() {
    const style = getComputedStyle(canvas);
    canvas.style.width = `min(100%, calc(38dvh * ${columns() / rows()}))`;
    const width = canvas.clientWidth || 200;
    const cell = width / columns();
    const height = cell * rows();
    const ratio = devicePixelRatio || 1;
    canvas.style.aspectRatio = `${columns()} / ${rows()}`;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const [on, off] = [style.getPropertyValue("--ink"), style.getPropertyValue("--faint")];
    for (let i = 0; i < data.n; i++) {
      const [x, y] = [(i % columns()) * cell, Math.floor(i / columns()) * cell];
      if (cell < 6) {
        pen.fillStyle = data.coins[i] ? on : off;
        pen.fillRect(x + 0.1 * cell, y + 0.1 * cell, 0.8 * cell, 0.8 * cell);
        continue;
      }
      pen.beginPath();
      const radius = Math.min(0.38 * cell, 14);
      pen.arc(x + cell / 2, y + cell / 2, radius, 0, 7);
      pen.fillStyle = on;
      pen.strokeStyle = style.getPropertyValue("--soft");
      pen.lineWidth = Math.max(1, 0.12 * radius);
      if (data.coins[i]) pen.fill();
      else pen.stroke();
    }
    if (document.activeElement === canvas && canvas.matches(":focus-visible")) {
      pen.strokeStyle = style.getPropertyValue("--blue");
      pen.lineWidth = 2;
      pen.strokeRect((cursor % columns()) * cell + 1, Math.floor(cursor / columns()) * cell + 1, cell - 2, cell - 2);
    }
    const count = heads();
    canvas.setAttribute("aria-label",
      `${data.n} coins, ${count} of them heads. Arrow keys choose a coin, space turns it. Chosen: coin ${cursor + 1}, ${data.coins[cursor] ? "heads" : "tails"}.`);
    words.replaceChildren(html("b", {}, count.toLocaleString("en")), ` heads of ${data.n.toLocaleString("en")}`);
    const part = count / data.n;
    bar.firstChild.style.width = `${100 * part}%`;
    edge.style.left = `${100 * part}%`;
    edge.setAttribute("aria-valuemax", data.n);
    edge.setAttribute("aria-valuenow", count);
    edge.setAttribute("aria-valuetext", `${count} heads of ${data.n}`);
    share.textContent = `p̂ = ${digits(part, 4)}`;
    share.style.left = `${100 * clamp(part, 0.16, 0.84)}%`;
    many.value = SIZES.indexOf(data.n);
    many.setAttribute("aria-valuetext", `${data.n} flips`);
    manyText.textContent = data.n.toLocaleString("en");
    hide.checked = data.truth !== undefined;
    again.disabled = other.disabled = data.truth === undefined;
  }

  new ResizeObserver(() => draw()).observe(canvas);
  return {
    element,
    draw,
    size: act.size,
    tick: () => act.hide(true),
  };
}
