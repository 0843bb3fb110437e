// What was observed, by hand: shares of doses, points in the plane, points on a line, draws from a ring; and what a model that
// is on its way says there.

import { clamp, html, line, minus, scale, set, svg } from "./dom.js";
import * as state from "./state.js";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
export const CLASSES = ["A", "B", "C"];
const numbers = (values) => Float64Array.from(values);
export const spread = ([low, high], many) => Float64Array.from({ length: many }, (_, i) => low + ((high - low) * i) / (many - 1));

// The colour that a name of the style sheet has now.
export function colour(name, home) {
  const probe = html("i", { style: `color: var(${name})` });
  home.append(probe);
  const rgb = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  probe.remove();
  return rgb;
}

// A circle, a square, a triangle: colour alone does not tell the classes.
const mark = (of, x, y, r) => [
  `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`,
  `M${x - 0.9 * r} ${y - 0.9 * r}h${1.8 * r}v${1.8 * r}h${-1.8 * r}z`,
  `M${x} ${y - 1.15 * r}l${1.1 * r} ${1.95 * r}h${-2.2 * r}z`][of];

// Shares of responses by dose, each of which can be dragged.
export function doses(view, act) {
  const DOSES = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4];
  const TRIALS = 20;
  const SEEN = [1, 2, 4, 8, 11, 15, 17, 19];
  let responses = [...SEEN];
  const drawing = svg("svg", { class: "stage data", role: "group", "aria-label": "Shares of responses by dose" });
  const axes = svg("g", { class: "axes" }, drawing);
  const best = svg("path", { class: "dashed" }, drawing);
  const curves = view.ways.map(([, key]) => svg("path", { class: `curve way ${key}` }, drawing));
  let [x, y] = [];
  const respond = (i, count) => {
    const next = clamp(count, 0, TRIALS);
    if (next === responses[i]) return;
    responses[i] = next;
    act.changed();
  };
  const points = DOSES.map((_, i) => {
    const point = svg("circle", { class: "ball share-point", tabindex: "0", role: "slider", "aria-valuemin": "0", "aria-valuemax": String(TRIALS) }, drawing);
    point.addEventListener("pointerdown", (event) => (point.setPointerCapture(event.pointerId), event.preventDefault(), point.focus()));
    point.addEventListener("pointermove", (event) => point.hasPointerCapture(event.pointerId)
      && respond(i, Math.round(y.back(event.clientY - drawing.getBoundingClientRect().top) * TRIALS)));
    point.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      respond(i, responses[i] + by);
    });
    return point;
  });
  return {
    title: "Who responds to which dose",
    caption: `${TRIALS} had each dose; drag the shares. Dashed: the likeliest curve.`,
    elements: [drawing],
    read() {
      const typed = state.get("shares", "").split(".").map(Number);
      if (typed.length === DOSES.length && typed.every((k) => Number.isInteger(k) && k >= 0 && k <= TRIALS)) responses = typed;
    },
    keep: () => ({ shares: responses.join(".") === SEEN.join(".") ? undefined : responses.join(".") }),
    make: () => wasm_bindgen.Ground.doses(numbers(DOSES), new Float64Array(DOSES.length).fill(TRIALS), numbers(responses)),
    draw(runs, ground) {
      const { em, width, height } = view.size(drawing);
      if (!width) return;
      x = scale([0, 4.5], [2.6 * em, width - 0.8 * em]);
      y = scale([0, 1], [height - 3 * em, 0.8 * em]);
      axes.replaceChildren();
      for (const share of [0, 0.5, 1]) {
        svg("path", { class: "grid", d: `M${x(0)} ${y(share)}H${x(4.5)}` }, axes);
        svg("text", { class: "tick", x: x(0) - 0.5 * em, y: y(share) + 0.35 * em, "text-anchor": "end", text: String(share) }, axes);
      }
      for (const amount of [0, 1, 2, 3, 4]) svg("text", { class: "tick", x: x(amount), y: y(0) + 1.3 * em, "text-anchor": "middle", text: String(amount) }, axes);
      svg("text", { class: "title", x: x(4.5), y: y(0) + 2.3 * em, "text-anchor": "end", text: "dose" }, axes);
      const along = spread([0, 4.5], 61);
      const curve = (says) => line([...along].map((dose, i) => [x(dose), y(says[2 * i + 1])]));
      set(best, { d: ground.best().length ? curve(ground.says(along)) : "" });
      runs.forEach((run, i) => set(curves[i], { d: run.shown ? curve(run.says(along)) : "" }));
      points.forEach((point, i) => set(point, {
        cx: x(DOSES[i]), cy: y(responses[i] / TRIALS), r: 0.5 * em, "aria-valuenow": responses[i],
        "aria-label": `Dose ${DOSES[i]}`, "aria-valuetext": `${responses[i]} of ${TRIALS} responded`,
      }));
    },
  };
}

// A board on which points are placed, moved and taken away: by pointer, or by a cursor that arrow keys move.
// `at` gives pixels of a point, `back` the point of pixels, `step` moves the cursor.
function board(drawing, points, { at, back, step, fresh, most, changed }) {
  let held;
  let last;
  const cursor = { point: undefined };
  const near = (px, py, reach) => {
    let [found, least] = [undefined, reach ** 2];
    points().forEach((point, i) => {
      const [x, y] = at(point, i);
      const far = (x - px) ** 2 + (y - py) ** 2;
      if (far < least) [found, least] = [i, far];
    });
    return found;
  };
  const pixels = (event) => {
    const box = drawing.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const inside = ([px, py]) => px >= 0 && py >= 0 && px <= drawing.clientWidth && py <= drawing.clientHeight;
  const em = () => parseFloat(getComputedStyle(drawing).fontSize);
  const add = (px, py) => points().length < most && (points().push({ ...back(px, py), ...fresh() }), changed());
  drawing.addEventListener("pointerdown", (event) => {
    const [px, py] = pixels(event);
    drawing.setPointerCapture(event.pointerId);
    held = near(px, py, 0.8 * em());
    last = [px, py];
    cursor.point = undefined;
    if (held === undefined) add(px, py);
    event.preventDefault();
    drawing.focus({ focusVisible: false });
  });
  drawing.addEventListener("pointermove", (event) => {
    if (!last) return;
    const [px, py] = pixels(event);
    if (held !== undefined) {
      const point = points()[held];
      point.leaves = !inside([px, py]);
      Object.assign(point, back(px, py));
      changed();
    } else if (Math.hypot(px - last[0], py - last[1]) > 1.6 * em()) {
      // Painting: a point every so often on the way.
      last = [px, py];
      if (inside(last)) add(px, py);
    }
  });
  for (const end of ["pointerup", "pointercancel"]) {
    drawing.addEventListener(end, () => {
      if (held !== undefined && points()[held]?.leaves) (points().splice(held, 1), changed());
      [held, last] = [];
    });
  }
  drawing.addEventListener("dblclick", (event) => {
    const i = near(...pixels(event), 0.8 * em());
    // The second click has found the point that the first one may have placed.
    if (i !== undefined) (points().splice(i, 1), changed());
  });
  drawing.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    const here = cursor.point ?? (cursor.point = back(drawing.clientWidth / 2, drawing.clientHeight / 2));
    if (by) cursor.point = step(here, by);
    else if ([" ", "Enter", "Delete", "Backspace"].includes(event.key)) {
      const [px, py] = at(here, -1);
      const i = near(px, py, 0.7 * em());
      if (i !== undefined) (points().splice(i, 1), changed());
      else if (event.key.length === 1 || event.key === "Enter") add(px, py);
    } else return;
    event.preventDefault();
    changed(false);
  });
  return cursor;
}

// What a model says of the square as colours, each class's as deep as it is probable.
function tint(canvas, says, many, classes, home) {
  const [paper, ...inks] = ["--paper", "--class-a", "--class-b", "--class-c"].map((name) => colour(name, home));
  set(canvas, { width: many, height: many });
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(many, many);
  for (let cell = 0; cell < many * many; cell++) {
    for (let c = 0; c < 3; c++) {
      let value = 0.5 * paper[c];
      for (let k = 0; k < classes.length; k++) value += 0.5 * says[cell * classes.length + k] * inks[classes[k]][c];
      image.data[4 * cell + c] = value;
    }
    image.data[4 * cell + 3] = 255;
  }
  pen.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

// The centres of the cells of a square, from the top row down, x and y of each.
const cells = (reach, many) => {
  const at = spread([-reach + reach / many, reach - reach / many], many);
  const places = new Float64Array(2 * many * many);
  for (let j = 0; j < many; j++) for (let i = 0; i < many; i++) places.set([at[i], -at[j]], 2 * (j * many + i));
  return places;
};

// Points in the plane, of two or three classes.
const CLOUDS = "JOAZEASEAdZAfTAXVANZAJUAZYAQqAUTAVTAQVAlYAueB9XBnuBgVBysBkEByUBpcBubBpjB5ZBpfBxQBphBgpCirCgbCvtCZ0CjsCp9Cl5CzjCcyCSpCr0ClbC0wC";
const APART = "SVAJOALbAMTAPWARVALIAQVAUTAuWBrRBtWB4XB1VByTBvLBsQB0XBk2Ce1CnwCkwCZxCcxCeyCX4ClvC";
export function plane(view, act) {
  const REACH = 3.2;
  const MANY = 40;
  let points = [];
  let pen = 0;
  const value = (k) => +(-3.15 + 0.1 * k).toFixed(2);
  const index = (v) => clamp(Math.round((v + 3.15) / 0.1), 0, 63);
  const drawing = svg("svg", { class: "stage data board", tabindex: "0", role: "application" });
  const heat = svg("image", { x: 0, y: 0, preserveAspectRatio: "none" }, drawing);
  const marks = svg("g", { class: "marks" }, drawing);
  const cross = svg("path", { class: "cursor" }, drawing);
  const hint = svg("text", { class: "hint" }, drawing);
  const canvas = html("canvas");
  const picks = CLASSES.map((name, of) => html("button", { type: "button", class: `pick class-${of}`, onclick: () => ((pen = of), act.again()) }, svg("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }), ` ${name}`));
  picks.forEach((pick, of) => svg("path", { d: mark(of, 10, 10, 6.5), class: `mark class-${of}` }, pick.firstChild));
  const preset = (name, packed) => html("button", { type: "button", class: "quiet", onclick: () => (unpack(packed), act.changed()) }, name);
  const home = html("div", { class: "buttons" }, ...picks, html("span", { class: "fill" }),
    preset("clouds", CLOUDS), preset("apart", APART), preset("clear", ""));
  let [x, y] = [];
  const cursor = board(drawing, () => points, {
    at: (p) => [x(p.x), y(p.y)],
    back: (px, py) => ({ x: value(index(x.back(px))), y: value(index(y.back(py))) }),
    step: (p, [dx, dy]) => ({ x: value(index(p.x + 0.2 * dx)), y: value(index(p.y + 0.2 * dy)) }),
    fresh: () => ({ of: pen }),
    most: 200,
    changed: (whole = true) => (whole ? act.changed() : act.again()),
  });
  const pack = () => points.map((p) => DIGITS[index(p.x)] + DIGITS[index(p.y)] + "ABC"[p.of]).join("");
  function unpack(text) {
    points = [];
    for (let i = 0; i + 2 < text.length; i += 3) {
      const [a, b, of] = [DIGITS.indexOf(text[i]), DIGITS.indexOf(text[i + 1]), "ABC".indexOf(text[i + 2])];
      if (a >= 0 && b >= 0 && of >= 0) points.push({ x: value(a), y: value(b), of });
    }
  }
  const present = () => [0, 1, 2].filter((of) => points.some((p) => p.of === of));
  return {
    title: "Points of three classes",
    caption: "Click to place, hold and draw to paint, drag to move, drag out to take away. The colours: what the first way says now.",
    elements: [home, drawing],
    classes: () => present().map((of) => CLASSES[of]),
    read: () => unpack(state.get("points", CLOUDS)),
    keep: () => ({ points: pack() === CLOUDS ? undefined : pack() || "-" }),
    make() {
      if (present().length < 2) throw new Error("Place points of two classes at least.");
      return wasm_bindgen.Ground.classes(numbers(points.flatMap((p) => [p.x, p.y])), Uint32Array.from(points, (p) => present().indexOf(p.of)));
    },
    draw(runs) {
      const { em, width, height } = view.size(drawing);
      if (!width) return;
      x = scale([-REACH, REACH], [0, width]);
      y = scale([-REACH, REACH], [height, 0]);
      const run = runs.find((run) => run.shown);
      if (run) set(heat, { width, height, href: tint(canvas, run.says(cells(REACH, MANY)), MANY, present(), drawing.parentNode), display: undefined });
      else set(heat, { display: "none" });
      marks.replaceChildren();
      for (const p of points) svg("path", { class: `mark class-${p.of}`, d: mark(p.of, x(p.x), y(p.y), 0.42 * em) }, marks);
      picks.forEach((pick, of) => pick.setAttribute("aria-pressed", of === pen));
      const c = cursor.point;
      set(cross, { d: c && document.activeElement === drawing ? `M${x(c.x) - em} ${y(c.y)}h${2 * em}M${x(c.x)} ${y(c.y) - em}v${2 * em}` : "" });
      set(hint, { x: width / 2, y: height / 2, "text-anchor": "middle", text: points.length ? "" : "click to place a point" });
      set(drawing, { "aria-label": `${points.length} points: ${CLASSES.map((name, of) => `${points.filter((p) => p.of === of).length} of ${name}`).join(", ")}. Arrow keys move a cursor${c ? `, now at ${c.x}, ${c.y}` : ""}; space places a point of ${CLASSES[pen]} there, or takes one away.` });
    },
  };
}

// Points on a line, under a density.
const HUMPS = "AbAeAfAhAiAjAjApArAsAsAuAxAyA8A_BABDBDBGBGBHBMBOBPBQBSBZBaBbBdBl";
export function points(view, act) {
  const REACH = [-6, 6];
  let all = [];
  const value = (k) => +(-6 + 0.1 * k).toFixed(1);
  const index = (v) => clamp(Math.round((v + 6) / 0.1), 0, 120);
  const drawing = svg("svg", { class: "stage data board", tabindex: "0", role: "application" });
  const axes = svg("g", { class: "axes" }, drawing);
  const best = svg("path", { class: "dashed" }, drawing);
  const curves = view.ways.map(([, key]) => svg("path", { class: `curve way ${key}` }, drawing));
  const marks = svg("g", { class: "marks" }, drawing);
  const cross = svg("path", { class: "cursor" }, drawing);
  const hint = svg("text", { class: "hint" }, drawing);
  const clear = html("button", { type: "button", class: "quiet", onclick: () => ((all = []), act.changed()) }, "clear");
  const again = html("button", { type: "button", class: "quiet", onclick: () => (unpack(HUMPS), act.changed()) }, "two humps");
  let [x, y, em] = [];
  // One on the other, where they are too near to stand side by side.
  const tiers = (apart) => {
    const standing = [];
    return all.map((p) => {
      const tier = [...standing.keys()].find((k) => standing[k].every((x) => Math.abs(x - p.x) >= apart)) ?? standing.push([]) - 1;
      standing[tier].push(p.x);
      return tier;
    });
  };
  let heights = [];
  const cursor = board(drawing, () => all, {
    at: (p, i) => [x(p.x), y(0) + (1.1 + 0.75 * (heights[i] ?? 0)) * em],
    back: (px) => ({ x: value(index(x.back(px))) }),
    step: (p, [dx]) => ({ x: value(index(p.x + 0.2 * dx)) }),
    fresh: () => ({}),
    most: 100,
    changed: (whole = true) => (whole ? act.changed() : act.again()),
  });
  const pack = () => all.map((p) => DIGITS[index(p.x) >> 6] + DIGITS[index(p.x) & 63]).join("");
  function unpack(text) {
    all = [];
    for (let i = 0; i + 1 < text.length; i += 2) {
      const at = 64 * DIGITS.indexOf(text[i]) + DIGITS.indexOf(text[i + 1]);
      if (at >= 0 && at <= 120) all.push({ x: value(at) });
    }
  }
  return {
    title: "Points on a line",
    caption: "Click to place, drag to move, drag out to take away. Dashed: the likeliest density. Points are recorded to 0.1.",
    elements: [html("div", { class: "buttons" }, again, clear), drawing],
    read: () => unpack(state.get("points", HUMPS)),
    keep: () => ({ points: pack() === HUMPS ? undefined : pack() || "-" }),
    make() {
      if (all.length < 2) throw new Error("Place two points at least.");
      return wasm_bindgen.Ground[view.model === "mixture" ? "mixture" : "gaussian"](numbers(all.map((p) => p.x)));
    },
    draw(runs, ground) {
      const size = view.size(drawing);
      if (!size.width) return;
      em = size.em;
      x = scale(REACH, [0.8 * em, size.width - 0.8 * em]);
      heights = tiers(x.back(0.74 * em) - x.back(0));
      const deep = Math.max(3, ...heights) + 1;
      const along = spread(REACH, 121);
      const likeliest = ground ? ground.says(along) : [];
      y = scale([0, 1.7 * Math.max(0.1, ...likeliest)], [size.height - (2.6 + 0.75 * deep) * em, 0.8 * em]);
      axes.replaceChildren();
      svg("path", { class: "grid zero", d: `M${x(-6)} ${y(0)}H${x(6)}` }, axes);
      for (const at of [-6, -4, -2, 0, 2, 4, 6]) svg("text", { class: "tick", x: x(at), y: size.height - 0.6 * em, "text-anchor": "middle", text: minus(String(at)) }, axes);
      svg("text", { class: "title", x: x(-6), y: 0.9 * em, text: "density" }, axes);
      const curve = (says) => line([...along].map((at, i) => [x(at), Math.max(y(says[i]), -em)]));
      set(best, { d: ground ? curve(likeliest) : "" });
      runs.forEach((run, i) => set(curves[i], { d: run.shown ? curve(run.says(along)) : "" }));
      marks.replaceChildren();
      all.forEach((p, i) => svg("circle", { class: "ball", cx: x(p.x), cy: y(0) + (1.1 + 0.75 * heights[i]) * em, r: 0.36 * em }, marks));
      const c = cursor.point;
      set(cross, { d: c && document.activeElement === drawing ? `M${x(c.x)} ${y(0) + 0.3 * em}v${2 * em}` : "" });
      set(hint, { x: size.width / 2, y: size.height / 2, "text-anchor": "middle", text: all.length ? "" : "click to place a point" });
      set(drawing, { "aria-label": `${all.length} points on a line from −6 to 6. Left and right arrow move a cursor${c ? `, now at ${c.x}` : ""}; space places a point there, or takes one away.` });
    },
  };
}

// Draws from places in a square: on the ring mostly of class B, off it mostly of class A.
export function ring(view, act) {
  const MANY = 48;
  const given = { n: 60, seed: 1, noise: 0.15, units: 16 };
  let now = { ...given };
  const drawing = svg("svg", { class: "stage data", role: "img" });
  const heat = svg("image", { x: 0, y: 0, preserveAspectRatio: "none" }, drawing);
  const marks = svg("g", { class: "marks" }, drawing);
  const canvas = html("canvas");
  const change = (key, value) => {
    now[key] = value;
    act.changed();
  };
  const SIZES = [20, 40, 60, 100, 200, 400, 1000];
  const slide = (key, label, range, of, to, says) => {
    const input = html("input", { type: "range", id: `ring-${key}`, ...range, oninput: ({ target }) => change(key, of(+target.value)) });
    const text = html("output", { for: `ring-${key}` });
    return { row: html("label", { class: "row", for: `ring-${key}` }, html("span", {}, label), input, text), show: () => ((input.value = to(now[key])), set(text, { text: says(now[key]) })) };
  };
  const sliders = [
    slide("n", "Draws", { min: "0", max: String(SIZES.length - 1) }, (i) => SIZES[i], (n) => SIZES.indexOf(n), String),
    slide("units", "Hidden units", { min: "1", max: "48" }, (k) => k, (k) => k, String),
    slide("noise", "Wrong labels", { min: "0", max: "40" }, (k) => k / 100, (k) => 100 * k, (k) => `${Math.round(100 * k)} %`),
  ];
  const again = html("button", { type: "button", onclick: () => change("seed", now.seed + 1) }, "Draw again");
  let seen = new Float64Array();
  return {
    title: "A sample from a ring",
    caption: "The colours: what the network says now. The truth is a ring, which the sample only hints at.",
    elements: [drawing, ...sliders.map(({ row }) => row), html("div", { class: "buttons" }, again)],
    read() {
      const n = state.number("n", given.n);
      now = {
        n: SIZES.reduce((best, size) => (Math.abs(size - n) < Math.abs(best - n) ? size : best)), seed: Math.round(state.number("seed", given.seed, 0, 1e6)),
        noise: state.number("noise", given.noise, 0, 0.4), units: Math.round(state.number("units", given.units, 1, 48)),
      };
    },
    keep: () => Object.fromEntries(Object.keys(given).map((key) => [key, now[key] === given[key] ? undefined : now[key]])),
    make() {
      seen = wasm_bindgen.drawn(now.n, BigInt(now.seed), now.noise);
      return wasm_bindgen.Ground.network(now.n, BigInt(now.seed), now.noise, now.units);
    },
    draw(runs) {
      const { em, width, height } = view.size(drawing);
      if (!width) return;
      const [x, y] = [scale([-1, 1], [0, width]), scale([-1, 1], [height, 0])];
      const run = runs.find((run) => run.shown);
      if (run) set(heat, { width, height, href: tint(canvas, run.says(cells(1, MANY)), MANY, [0, 1], drawing.parentNode) });
      marks.replaceChildren();
      for (let i = 0; i < seen.length; i += 4) svg("path", { class: `mark class-${seen[i + 2]}`, d: mark(seen[i + 2], x(seen[i]), y(seen[i + 1]), (now.n > 300 ? 0.2 : 0.34) * em) }, marks);
      sliders.forEach(({ show }) => show());
      set(drawing, { "aria-label": `${now.n} draws, with the classes that the network now finds more probable as colours` });
    },
  };
}
