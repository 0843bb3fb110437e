// Panels of tables: what two columns share, what correlation sees, what a code pays, what is passed on, what can be used.

import { clamp, html, line, minus, scale, set, svg } from "./dom.js";
import { bold, digits, grip, steady, text } from "./laws.js";

const { seen } = wasm_bindgen;
const numbers = (values) => Float64Array.from(values);
const press = (words, act, more = {}) => html("button", { type: "button", class: "quiet", onclick: act, ...more }, words);
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Chain rule and information diagram of a table whose cells can be raised and lowered.
export function joint(panel) {
  const SLIDE = [4, 2, 1, 1, 2, 4, 1, 1, 2, 2, 2, 2, 8, 0, 0, 0];
  const MOST = 12;
  const typed = panel.get("cells", "").split(".").map(Number);
  let cells = typed.length === 16 && typed.every((w) => w >= 0 && w <= MOST) && typed.some((w) => w > 0) ? typed : [...SLIDE];
  const changed = () => {
    panel.put({ cells: cells.join(".") === SLIDE.join(".") ? undefined : cells.join(".") });
    panel.redraw();
  };
  const put = (i, to) => {
    const next = cells.with(i, clamp(Math.round(to), 0, MOST));
    if (next.every((w) => w === 0) || next[i] === cells[i]) return;
    cells = next;
    changed();
  };
  const back = svg("g", {}, panel.drawing);
  const frames = Array.from({ length: 16 }, () => svg("rect", { class: "cell-fill" }, panel.drawing));
  let [from, size] = [];
  const grips = Array.from({ length: 16 }, (_, i) => {
    const cell = grip(svg("rect", { class: "cell" }, panel.drawing), panel.drawing, {
      to: (px, py) => from ? put(i, from.value + (from.py - py) / (0.09 * size)) : (from = { py, value: cells[i] }),
      by: (dx, dy) => put(i, cells[i] + dx + dy),
    });
    for (const end of ["pointerup", "pointercancel"]) cell.addEventListener(end, () => (from = undefined));
    return cell;
  });
  const parts = Object.fromEntries(["x", "y", "i"].map((key) => [key, svg("rect", { class: `part-${key}` }, panel.drawing)]));
  const labels = svg("g", {}, panel.drawing);
  return {
    title: "Two columns share I(X;Y): the chain rule, and areas that follow the table",
    hint: "Drag a cell up or down: areas are amounts.",
    controls: [html("div", { class: "buttons" }, press("the slide's", () => ((cells = [...SLIDE]), changed())),
      press("independent", () => ((cells = [2, 4, 2, 4, 1, 2, 1, 2, 2, 4, 2, 4, 1, 2, 1, 2]), changed())),
      press("X tells Y", () => ((cells = Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 4 : 0))), changed())))],
    draw({ em, width, height }) {
      const [hx, hy, hxy, xGivenY, yGivenX, shared] = wasm_bindgen.table(numbers(cells), 4);
      const side = Math.min(height - 2.4 * em, 0.42 * width);
      size = side / 4;
      const [left, top] = [1.6 * em, 1.6 * em];
      const most = Math.max(...cells);
      back.replaceChildren();
      text(back, "title", left + side / 2, 1 * em, "Y", "middle");
      text(back, "title", 0.4 * em, top + side / 2, "X");
      const total = cells.reduce((a, b) => a + b);
      cells.forEach((weight, i) => {
        const [cx, cy] = [left + ((i % 4) + 0.5) * size, top + (Math.floor(i / 4) + 0.5) * size];
        const wide = 0.92 * size * Math.sqrt(weight / most);
        set(frames[i], { x: cx - wide / 2, y: cy - wide / 2, width: wide, height: wide });
        set(grips[i], { x: cx - 0.48 * size, y: cy - 0.48 * size, width: 0.96 * size, height: 0.96 * size, rx: 3, "aria-label": `Cell x${Math.floor(i / 4) + 1}, y${(i % 4) + 1}`, "aria-valuemin": "0", "aria-valuemax": String(MOST), "aria-valuenow": String(weight), "aria-valuetext": `${weight} of ${total}` });
      });
      // H(X) and H(Y) as bars of one height that lie over each other in what they share: widths are amounts.
      const x = scale([0, Math.max(hxy, 1e-9)], [left + side + 2.2 * em, width - 0.6 * em]);
      const [row, tall] = [Math.min(2.6 * em, height / 7), Math.min(2.6 * em, height / 7)];
      const y0 = height / 2 - 1.2 * row;
      set(parts.x, { x: x(0), y: y0, width: x(hx) - x(0), height: tall });
      set(parts.y, { x: x(hxy - hy), y: y0 + tall, width: x(hxy) - x(hxy - hy), height: tall });
      set(parts.i, { x: x(hxy - hy), y: y0, width: Math.max(0, x(hx) - x(hxy - hy)), height: 2 * tall });
      const shown = digits(panel);
      labels.replaceChildren();
      const put = (at, py, words, anchor, of = "label") => text(labels, of, at, py, words, anchor);
      put(x(0), y0 - 0.6 * em, `H(X) ${shown(hx, 3)}`, "start", "label ce");
      put(x(hxy), y0 + 2 * tall + 1.3 * em, `H(Y) ${shown(hy, 3)}`, "end", "label kl");
      put(x(0) + 0.5 * em, y0 + tall * 0.5 + 0.35 * em, x(xGivenY) - x(0) > 6.2 * em ? `H(X|Y) ${shown(xGivenY, 3)}` : "", "start", "label plain");
      put(x(hxy) - 0.5 * em, y0 + tall * 1.5 + 0.35 * em, x(yGivenX) - x(0) > 6.2 * em ? `H(Y|X) ${shown(yGivenX, 3)}` : "", "end", "label plain");
      const middle = clamp(x(hx - shared / 2), x(0) + 4 * em, width - 4 * em);
      put(middle, y0 + 2 * tall + (x(hxy) - middle < 10 * em ? 2.7 : 1.3) * em, `I ${shown(shared, 3)}`, "middle");
      return ["H(X,Y) ", bold(shown(hxy)), " = H(X) ", bold(shown(hx), "ce"), " + H(Y|X) ", bold(shown(yGivenX)), " = H(Y) ", bold(shown(hy), "kl"), " + H(X|Y) ", bold(shown(xGivenY)), `; they share I(X;Y) = `, bold(shown(shared)), ` ${panel.display.unit}.`];
    },
  };
}

// Mutual information beside correlation: a cloud to paint.
export function cloud(panel) {
  const SHAPES = ["ring", "line", "parabola", "cross", "round"];
  const MOST = 500;
  const FINE = 1023;
  const of = (name) => {
    const drawn = wasm_bindgen.shape(name, 260, 1n);
    return Array.from({ length: drawn.length / 2 }, (_, i) => [drawn[2 * i], drawn[2 * i + 1]]);
  };
  const index = (v) => clamp(Math.round(((v + 1.15) / 2.3) * FINE), 0, FINE);
  const two = (k) => DIGITS[k >> 6] + DIGITS[k & 63];
  const pack = () => points.map(([a, b]) => two(index(a)) + two(index(b))).join("");
  const unpack = (packed) => {
    const value = (i) => ((64 * DIGITS.indexOf(packed[i]) + DIGITS.indexOf(packed[i + 1])) / FINE) * 2.3 - 1.15;
    return Array.from({ length: Math.min(MOST, Math.floor(packed.length / 4)) }, (_, i) => [value(4 * i), value(4 * i + 2)]).filter(([a, b]) => Math.abs(a) <= 1.2 && Math.abs(b) <= 1.2);
  };
  let name = SHAPES.includes(panel.get("cloud")) ? panel.get("cloud") : "ring";
  let points = panel.get("dots") ? unpack(panel.get("dots")) : of(name);
  let painted = Boolean(panel.get("dots"));
  let brush = 0;
  // What is painted is kept as finely as the address keeps it, so that a link tells the same to the last digit.
  const kept = (v) => (index(v) / FINE) * 2.3 - 1.15;
  const changed = () => {
    if (painted) points = points.map((point) => point.map(kept));
    panel.put({ cloud: !painted && name !== "ring" ? name : undefined, dots: painted ? pack() || "-" : undefined });
    panel.redraw();
  };
  const frame = svg("rect", { class: "frame" }, panel.drawing);
  const dots = svg("path", { class: "spray" }, panel.drawing);
  const bars = svg("g", {}, panel.drawing);
  const hint = svg("text", { class: "hint" }, panel.drawing);
  let [x, y] = [];
  // A few points around the brush, in a pattern that looks like none.
  const spray = (px, py) => {
    for (let k = 0; k < 3 && points.length < MOST; k++) {
      brush += 1;
      const [turn, far] = [brush * 2.399963, 0.09 * Math.sqrt(((brush * 0.618034) % 1))];
      const at = [x.back(px) + far * Math.cos(turn), y.back(py) + far * Math.sin(turn)];
      if (at.every((v) => Math.abs(v) <= 1.15)) points.push(at);
    }
    painted = true;
    changed();
  };
  let held = false;
  const at = (event, act) => {
    const box = panel.drawing.getBoundingClientRect();
    act(event.clientX - box.left, event.clientY - box.top);
  };
  const brushAt = [0, 0];
  set(frame, { tabindex: "0", role: "application" });
  steady(frame);
  frame.addEventListener("pointerdown", (event) => ((held = true), frame.setPointerCapture(event.pointerId), event.preventDefault(), at(event, spray)));
  frame.addEventListener("pointermove", (event) => held && at(event, spray));
  for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, () => (held = false));
  frame.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (by) by.forEach((d, axis) => (brushAt[axis] = clamp(brushAt[axis] + 0.1 * d, -1, 1)));
    else if (event.key === " ") spray(x(brushAt[0]), y(brushAt[1]));
    else return;
    event.preventDefault();
    panel.redraw();
  });
  const cursor = svg("path", { class: "cursor" }, panel.drawing);
  return {
    title: "Correlation sees a line, mutual information any dependence",
    hint: "Hold and draw in the square: paint a cloud.",
    controls: [html("div", { class: "buttons" }, ...SHAPES.map((shape) => press(shape, () => ((name = shape), (points = of(shape)), (painted = false), changed()))), press("clear", () => ((points = []), (painted = true), changed())))],
    draw({ em, width, height }) {
      const side = Math.min(height - 0.8 * em, 0.6 * width);
      set(frame, { x: 0.4 * em, y: 0.4 * em, width: side, height: side, rx: 4, "aria-label": `A cloud of ${points.length} points to paint. Arrow keys move the brush, now at ${brushAt.map((v) => v.toFixed(1)).join(", ")}; space sprays.` });
      x = scale([-1.15, 1.15], [0.4 * em, 0.4 * em + side]);
      y = scale([-1.15, 1.15], [0.4 * em + side, 0.4 * em]);
      const r = 0.16 * em;
      set(dots, { d: points.map(([a, b]) => `M${(x(a) - r).toFixed(1)} ${y(b).toFixed(1)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`).join("") });
      set(cursor, { d: document.activeElement === frame && frame.matches(":focus-visible") ? `M${x(brushAt[0]) - em} ${y(brushAt[1])}h${2 * em}M${x(brushAt[0])} ${y(brushAt[1]) - em}v${2 * em}` : "" });
      set(hint, { x: 0.4 * em + side / 2, y: side / 2, "text-anchor": "middle", text: points.length < 5 ? "hold and draw: paint a cloud" : "" });
      bars.replaceChildren();
      if (points.length < 5) return ["Paint some points: what do they tell of each other?"];
      const [rho, mi, gauss] = wasm_bindgen.cloud(numbers(points.map((p) => p[0])), numbers(points.map((p) => p[1])));
      const bx = scale([0, 2.2], [side + 2 * em, width - 1 * em]);
      const bar = (row, nats, words, of) => {
        const py = height / 2 + (row - 0.8) * 3.6 * em;
        text(bars, "title", bx(0), py - 0.5 * em, words);
        svg("rect", { class: `bar-part ${of}`, x: bx(0), y: py, width: clamp(bx(nats / panel.per()), bx(0), width - 0.4 * em) - bx(0), height: 1.5 * em }, bars);
        const end = clamp(bx(nats / panel.per()), bx(0), width - 0.4 * em);
        text(bars, "label", Math.min(end + 0.4 * em, width - 4 * em), py + 1.1 * em, digits(panel)(nats, 3));
      };
      bar(0, Math.max(mi, 0), "I(X;Y)", "blue");
      bar(1, gauss, "by ρ alone", "red");
      return ["ρ = ", bold(minus(seen(rho, 3)), "kl"), "; estimated from ", `${points.length} points, I(X;Y) = `, bold(digits(panel)(mi, 3), "ce"), ` ${panel.display.unit}. A Gaussian of this ρ has −½ log(1 − ρ²) = `, bold(digits(panel)(gauss, 3)), "."];
    },
  };
}

// A text in code words.
export function code(panel) {
  const FIRST = "to be or not to be that is the question";
  let words = panel.get("text", FIRST).slice(0, 400) || FIRST;
  const area = html("textarea", { rows: "2", maxlength: "400", "aria-label": "Text to be coded", spellcheck: "false", oninput: ({ target }) => {
    words = target.value;
    panel.put({ text: words === FIRST ? undefined : words });
    panel.redraw();
  } });
  area.value = words;
  const home = svg("g", {}, panel.drawing);
  return {
    title: "A code pays the surprise, in whole digits",
    hint: "Type a text, and pay its bits.",
    controls: [area],
    draw({ em, width, height }) {
      home.replaceChildren();
      if (!words) return ["Type a text: every letter gets a word."];
      const told = wasm_bindgen.spell(words);
      const { letters, words: codes, counts, owed, paid, even, entropy, kl, digits: all } = told;
      told.free();
      const room = Math.floor((height - 1.9 * em) / (1.35 * em));
      const rows = letters.length > room ? room - 1 : letters.length;
      const tall = clamp((height - 2 * em) / rows, 1.35 * em, 2.2 * em);
      const most = Math.max(...codes.slice(0, rows).map((word) => word.length), ...owed.slice(0, rows).map((nats) => nats / Math.LN2), 1);
      const x = scale([0, most], [3.9 * em, width - 3.2 * em]);
      text(home, "tick", x(0), 1 * em, "a digit each; line: what the letter owes");
      for (let i = 0; i < rows; i++) {
        const py = 1.7 * em + tall * i;
        const blank = { " ": "space", "\n": "line" }[letters[i]];
        text(home, blank ? "tick" : "label letter", 3.4 * em, py + 0.5 * tall + 0.3 * em, blank ?? letters[i], "end");
        [...codes[i]].forEach((digit, k) => {
          svg("rect", { class: `digit d${digit}`, x: x(k) + 1, y: py + 1, width: Math.max(x(1) - x(0) - 2, 1), height: tall - 3, rx: 2 }, home);
          text(home, `digit-text d${digit}`, (x(k) + x(k + 1)) / 2, py + 0.5 * tall + 0.3 * em, digit, "middle");
        });
        const debt = owed[i] / Math.LN2;
        svg("path", { class: "debt", d: `M${x(debt)} ${py}v${tall - 1}` }, home);
        text(home, "tick", width - 0.4 * em, py + 0.5 * tall + 0.3 * em, `${counts[i]} ×`, "end");
      }
      if (rows < letters.length) text(home, "tick", 0.5 * em, height - 0.3 * em, `and ${letters.length - rows} rarer letters`);
      const shown = digits(panel);
      const bits = (value) => shown(value * Math.LN2, 3);
      return [bold(String(all), "ce"), ` binary digits for ${[...words].length} letters, written and read back: `, bold(bits(paid), "ce"), " a letter, owed H = ", bold(shown(entropy, 3)), "; by a code for equal letters ", bold(bits(even), "kl"), ", owed H + KL = ", bold(shown(entropy + kl, 3)), ` ${panel.display.unit}.`];
    },
  };
}

// Data processing: what is passed on can only lose.
export function relay(panel) {
  const FIRST = [5, 10, 2, 20, 8];
  const typed = panel.get("flips", "").split(".").map(Number);
  let flips = typed.length === FIRST.length && typed.every((f) => f >= 0 && f <= 50) ? typed : [...FIRST];
  let y;
  const put = (i, to) => {
    flips = flips.with(i, clamp(Math.round(to), 0, 50));
    panel.put({ flips: flips.join(".") === FIRST.join(".") ? undefined : flips.join(".") });
    panel.redraw();
  };
  const back = svg("g", {}, panel.drawing);
  const bars = flips.map(() => svg("rect", { class: "bar-part blue" }, panel.drawing));
  const links = flips.map((_, i) => grip(svg("rect", { class: "cap" }, panel.drawing), panel.drawing, { to: (_, py) => put(i, y.back(py)), by: (dx, dy) => put(i, flips[i] + dx + dy) }));
  return {
    title: "Data processing: what is passed on can only lose",
    hint: "Drag the noise of a link.",
    draw({ em, width, height }) {
      const told = wasm_bindgen.relay(numbers(flips.map((f) => f / 100)));
      const x = scale([-0.6, FIRST.length + 0.5], [0.4 * em, width - 0.4 * em]);
      const base = 0.6 * height;
      const up = scale([0, 1], [base, 1.8 * em]);
      y = scale([0, 50], [height - 1.6 * em, base + 2.4 * em]);
      back.replaceChildren();
      svg("path", { class: "grid zero", d: `M${x(-0.5)} ${base}H${x(FIRST.length + 0.4)}` }, back);
      const shown = digits(panel);
      svg("rect", { class: "bar-part", x: x(-0.3), width: x(0.6) - x(0), y: up(1), height: base - up(1) }, back);
      text(back, "tick", x(0), up(1) - 0.4 * em, `H(X) ${shown(Math.LN2, 2)}`, "middle");
      text(back, "tick", x(0), base + 1.2 * em, "X", "middle");
      text(back, "title", x(-0.5), height - 1.2 * em, "noise:");
      flips.forEach((flip, i) => {
        const of = told[i] / Math.LN2;
        set(bars[i], { x: x(i + 0.7), width: x(0.6) - x(0), y: up(of), height: base - up(of) });
        text(back, "tick", x(i + 1), up(of) - 0.4 * em, shown(told[i], 3), "middle");
        text(back, "tick", x(i + 1), base + 1.2 * em, ["Z₁", "Z₂", "Z₃", "Z₄", "Y"][i], "middle");
        const at = x(i + 0.5);
        svg("path", { class: "grid", d: `M${at} ${y(0)}V${y(50)}` }, back);
        text(back, "tick", at, height - 0.3 * em, `${flip} %`, "middle");
        set(links[i], { x: at - 0.9 * em, width: 1.8 * em, y: y(flip) - 0.35 * em, height: 0.7 * em, rx: 0.35 * em, "aria-label": `Noise of link ${i + 1}`, "aria-valuemin": "0", "aria-valuemax": "50", "aria-valuenow": String(flip), "aria-valuetext": `${flip} percent` });
      });
      return [`A fair coin, told on, turned round now and then. I(X;Z₁) = `, bold(shown(told[0]), "ce"), " ≥ … ≥ I(X;Y) = ", bold(shown(told.at(-1)), "ce"), ` ${panel.display.unit}: no listener knows more than the one before.`];
    },
  };
}

// V-information: what an observer of small means can use.
export function board(panel) {
  const SIDE = 8;
  const cells = SIDE * SIDE;
  const RULES = {
    checks: (a, b) => a < 4 === b < 4, line: (a, b) => 2 * a + b > 10, ring: (a, b) => Math.hypot(a - 3.5, b - 3.5) > 3, stripes: (a) => a % 4 < 2,
  };
  const of = (rule) => Uint8Array.from({ length: cells }, (_, k) => Number(rule(k % SIDE, Math.floor(k / SIDE))));
  const pack = (tiles) => Array.from({ length: cells / 4 }, (_, i) => parseInt(tiles.subarray(4 * i, 4 * i + 4).join(""), 2).toString(16)).join("");
  const FIRST = of(RULES.line);
  const typed = panel.get("board", "");
  let now = /^[0-9a-f]{16}$/.test(typed) ? Uint8Array.from([...typed].flatMap((digit) => [8, 4, 2, 1].map((bit) => Number((parseInt(digit, 16) & bit) > 0)))) : FIRST;
  let mixed = panel.get("mixed") === "1";
  // Where a cell is seen once the places are mixed: a permutation.
  const order = (k) => Math.imul(k + 1, 2654435761) >>> 0;
  const plain = Uint32Array.from({ length: cells }, (_, k) => k);
  const strewn = plain.toSorted((a, b) => order(a) - order(b));
  const places = () => (mixed ? strewn : plain);
  const changed = () => {
    panel.put({ board: pack(now) === pack(FIRST) ? undefined : pack(now), mixed: mixed ? 1 : undefined });
    panel.redraw();
  };
  const back = svg("g", {}, panel.drawing);
  const tiles = Array.from({ length: cells }, () => svg("rect", { class: "tile" }, panel.drawing));
  const cursor = svg("rect", { class: "cursor" }, panel.drawing);
  const pad = svg("rect", { class: "pad", tabindex: "0", role: "application" }, panel.drawing);
  let [size, left, top, held, here] = [1, 0, 0, undefined, 0];
  const shownAt = (k) => places()[k];
  const tile = (event) => {
    const box = panel.drawing.getBoundingClientRect();
    const [i, j] = [Math.floor((event.clientX - box.left - left) / size), Math.floor((event.clientY - box.top - top) / size)];
    if (i < 0 || j < 0 || i >= SIDE || j >= SIDE) return undefined;
    const at = (SIDE - 1 - j) * SIDE + i;
    return places().indexOf(at);
  };
  const paint = (k, to) => {
    if (k === undefined || now[k] === to) return;
    const next = now.with(k, to);
    if (next.every((c) => c === next[0])) return;
    now = next;
    changed();
  };
  steady(pad);
  pad.addEventListener("pointerdown", (event) => {
    const k = tile(event);
    if (k === undefined) return;
    pad.setPointerCapture(event.pointerId);
    event.preventDefault();
    held = 1 - now[k];
    paint(k, held);
  });
  pad.addEventListener("pointermove", (event) => held !== undefined && paint(tile(event), held));
  for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, () => (held = undefined));
  pad.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: SIDE, ArrowDown: -SIDE }[event.key];
    if (by) here = clamp(here + by, 0, cells - 1);
    else if (event.key === " " || event.key === "Enter") {
      const k = places().indexOf(here);
      paint(k, 1 - now[k]);
    } else return;
    event.preventDefault();
    panel.redraw();
  });
  for (const event of ["focus", "blur"]) pad.addEventListener(event, () => panel.redraw());
  const shuffle = html("input", { type: "checkbox", id: "mixed", onchange: ({ target }) => ((mixed = target.checked), changed()) });
  const NAMES = ["constant", "line", "degree 2", "degree 4", "all there is"];
  return {
    title: "V-information: what is there, and what you can use",
    hint: "Paint the board, or take a rule.",
    controls: [html("div", { class: "buttons" }, ...Object.entries(RULES).map(([name, rule]) => press(name, () => ((now = of(rule)), changed()))), html("label", { for: "mixed" }, shuffle, "mix the places"))],
    draw({ em, width, height }) {
      const used = panel.ask("usable", [...now], [...places()], 0.05);
      const side = Math.min(height - 1 * em, 0.45 * width);
      [size, left, top] = [side / SIDE, 0.5 * em, 0.5 * em];
      tiles.forEach((rect, k) => {
        const at = shownAt(k);
        set(rect, { x: left + (at % SIDE) * size + 0.5, y: top + (SIDE - 1 - Math.floor(at / SIDE)) * size + 0.5, width: size - 1, height: size - 1, class: now[k] ? "tile on" : "tile" });
      });
      const dark = now.reduce((a, b) => a + b, 0);
      set(pad, { x: left, y: top, width: side, height: side, "aria-label": `A board of ${cells} places, ${dark} of them dark. Arrow keys move, space turns one.` });
      set(cursor, document.activeElement === pad && pad.matches(":focus-visible") ? { x: left + (here % SIDE) * size, y: top + (SIDE - 1 - Math.floor(here / SIDE)) * size, width: size, height: size, display: undefined } : { display: "none" });
      shuffle.checked = mixed;
      back.replaceChildren();
      if (!used) return ["Looking what can be used …"];
      const x = scale([0, Math.max(...used, 0.05)], [left + side + 7.2 * em, width - 4.6 * em]);
      NAMES.forEach((name, i) => {
        const py = height / 2 + (i - 2.5) * Math.min(2.6 * em, (height - em) / 5.5);
        text(back, "tick", x(0) - 0.5 * em, py + 1.1 * em, name, "end");
        svg("rect", { class: `bar-part ${i === 4 ? "" : "blue"}`, x: x(0), y: py, width: Math.max(x(Math.max(used[i], 0)) - x(0), 1), height: 1.6 * em }, back);
        text(back, "tick", x(Math.max(used[i], 0)) + 0.4 * em, py + 1.1 * em, digits(panel)(used[i], 3));
      });
      const shown = digits(panel);
      return ["Shannon's I = ", bold(shown(used[4])), "; a line can use ", bold(shown(used[1]), "ce"), `, degree 2 `, bold(shown(used[2]), "ce"), ` ${panel.display.unit}. ${mixed ? "Mixed, nothing is lost, and little can be used." : "Mix the places: nothing is lost, and less can be used."}`];
    },
  };
}
