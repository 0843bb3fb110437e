// Doses and responses: shares to drag, the valley of the loss over slope and intercept, and four optimisers that walk through
// it side by side from a start that can be dragged.

import { clamp, html, lerp, line, minus, scale, set, svg } from "./dom.js";
import * as state from "./state.js";

const DOSES = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4];
const TRIALS = 20;
const SEEN = [1, 2, 4, 8, 11, 15, 17, 19];
const WAYS = [["gradient descent", "gd"], ["momentum", "mo"], ["Adam", "ad"], ["L-BFGS", "lb"]];
const SLOPES = [-1.5, 4.5];
const INTERCEPTS = [-9, 4];
const START = [-0.8, 1.8];
const MOST = 400;
const spread = ([low, high], many) => Float64Array.from({ length: many }, (_, i) => low + ((high - low) * i) / (many - 1));

export function dose(main, display) {
  const { Doses, nats, seen } = wasm_bindgen;
  const view = { responses: [...SEEN], start: [...START], rate: 0.3, off: new Set(), step: 0, runs: [], at: 0 };
  let doses;
  let playing = 0;
  let finer = 0;
  let map = { many: 0, values: [] };

  function read() {
    const typed = (state.get("shares") ?? "").split(".").map(Number);
    if (typed.length === DOSES.length && typed.every((k) => Number.isInteger(k) && k >= 0 && k <= TRIALS)) view.responses = typed;
    view.start = [state.number("slope", START[0], ...SLOPES), state.number("intercept", START[1], ...INTERCEPTS)];
    view.rate = state.number("eta", 0.3, 0.01, 5);
    view.off = new Set((state.get("off") ?? "").split(".").filter(Boolean));
  }

  const keep = () => state.put({
    shares: view.responses.join(".") === SEEN.join(".") ? undefined : view.responses.join("."),
    slope: view.start[0] === START[0] ? undefined : view.start[0].toFixed(3),
    intercept: view.start[1] === START[1] ? undefined : view.start[1].toFixed(3),
    eta: view.rate === 0.3 ? undefined : view.rate,
    off: [...view.off].join("."),
  });

  // What was seen.
  const shares = svg("svg", { class: "stage shares", role: "group", "aria-label": "Shares of responses by dose" });
  const shareAxes = svg("g", { class: "axes" }, shares);
  const bestCurve = svg("path", { class: "dashed" }, shares);
  const curves = WAYS.map(([, key]) => svg("path", { class: `curve way ${key}` }, shares));
  const points = DOSES.map((amount, i) => {
    const point = svg("circle", { class: "ball share-point", tabindex: "0", role: "slider", "aria-valuemin": "0", "aria-valuemax": String(TRIALS) }, shares);
    const to = (event) => {
      const box = shares.getBoundingClientRect();
      respond(i, Math.round(view.y.back(event.clientY - box.top) * TRIALS));
    };
    point.addEventListener("pointerdown", (event) => (point.setPointerCapture(event.pointerId), event.preventDefault(), point.focus()));
    point.addEventListener("pointermove", (event) => point.hasPointerCapture(event.pointerId) && to(event));
    point.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      respond(i, view.responses[i] + by);
    });
    return point;
  });

  function respond(i, count) {
    const next = clamp(count, 0, TRIALS);
    if (next === view.responses[i]) return;
    view.responses[i] = next;
    keep();
    remake();
  }

  // The valley.
  const canvas = html("canvas");
  const over = svg("svg", { class: "stage", tabindex: "0", role: "img" });
  const heat = svg("image", { x: 0, y: 0, preserveAspectRatio: "none" }, over);
  const mapAxes = svg("g", { class: "axes" }, over);
  const paths = WAYS.map(([, key]) => svg("path", { class: `curve way ${key}` }, over));
  const dots = WAYS.map(([, key]) => svg("circle", { class: `head ${key}` }, over));
  const best = svg("circle", { class: "least" }, over);
  const bestLabel = svg("text", { class: "label" }, over);
  const startBall = svg("circle", { class: "bead start" }, over);
  const startLabel = svg("text", { class: "hint" }, over);
  const inMap = svg("rect", {}, svg("clipPath", { id: "map-window" }, over));
  for (const path of paths) path.setAttribute("clip-path", "url(#map-window)");

  const moveStart = (slope, intercept) => {
    view.start = [clamp(slope, ...SLOPES), clamp(intercept, ...INTERCEPTS)];
    keep();
    restart();
  };
  const place = (event) => {
    const box = over.getBoundingClientRect();
    moveStart(view.mx.back(event.clientX - box.left), view.my.back(event.clientY - box.top));
  };
  over.addEventListener("pointerdown", (event) => (over.setPointerCapture(event.pointerId), place(event)));
  over.addEventListener("pointermove", (event) => over.hasPointerCapture(event.pointerId) && place(event));
  over.addEventListener("keydown", (event) => {
    const [da, db] = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.2], ArrowDown: [0, -0.2] }[event.key] ?? [0, 0];
    if (!da && !db) return;
    event.preventDefault();
    moveStart(view.start[0] + da, view.start[1] + db);
  });

  // The walks.
  const play = html("button", { type: "button", class: "play", onclick: () => (playing ? pause() : go()) });
  const button = (text, act) => html("button", { type: "button", onclick: () => (pause(), act()) }, text);
  const scrub = html("input", { type: "range", min: "0", value: "0", "aria-label": "Step", oninput: ({ target }) => {
    const to = +target.value;
    pause();
    move(to);
  } });
  const stepText = html("output");
  const rate = html("input", { type: "range", id: "rate", min: "-2", max: "0.699", step: "0.001", oninput: ({ target }) => {
    view.rate = +Number(10 ** target.value).toPrecision(2);
    keep();
    restart();
  } });
  const rateText = html("output", { for: "rate" });
  const ways = WAYS.map(([name, key]) => {
    const box = html("input", { type: "checkbox", id: key, onchange: () => {
      box.checked ? view.off.delete(key) : view.off.add(key);
      keep();
      redraw();
    } });
    const text = html("span");
    return { box, text, row: html("label", { class: `way-row ${key}`, for: key }, box, html("b", {}, name), text) };
  });
  const chart = svg("svg", { class: "chart", role: "img", "aria-label": "KL above its minimum, against the step" });
  const chartAxes = svg("g", { class: "axes" }, chart);
  const chartLines = WAYS.map(([, key]) => svg("path", { class: `curve way ${key}` }, chart));
  const cross = svg("path", { class: "dashed" }, chart);

  const title = html("h2", { "aria-live": "polite" });
  const identity = html("p", { class: "line" });
  main.append(html("div", { class: "dose" },
    html("section", { class: "seen", "aria-label": "What was seen" }, html("h2", {}, "Who responds to which dose"), shares,
      html("p", { class: "caption" }, `${TRIALS} had each dose; drag the shares. Dashed: the likeliest curve.`)),
    html("section", { class: "middle", "aria-label": "The valley of the loss" }, html("div", { class: "head" }, title), html("div", { class: "map" }, over), identity),
    html("section", { class: "right", "aria-label": "Optimisers" }, html("h2", {}, "Four ways down"),
      html("div", { class: "controls" }, play, button("Step", () => move(view.step + 1)), button("Start", () => move(0))),
      html("div", { class: "row" }, html("span", {}, "Step"), scrub, stepText),
      html("label", { class: "row", for: "rate" }, html("span", {}, "Step size"), rate, rateText),
      html("div", { class: "ways" }, ...ways.map(({ row }) => row)),
      html("p", { class: "legend" }, "KL above its minimum"), chart)));

  function remake() {
    doses?.free();
    doses = new Doses(Float64Array.from(DOSES), new Float64Array(DOSES.length).fill(TRIALS), Float64Array.from(view.responses));
    view.entropy = doses.entropy();
    view.best = doses.best();
    survey(25);
    clearTimeout(finer);
    finer = setTimeout(() => (survey(61), paint(), draw()), 250);
    paint();
    restart();
  }

  function survey(many) {
    map = { many, values: doses.map(spread(SLOPES, many), spread(INTERCEPTS, many)) };
  }

  function restart() {
    for (const run of view.runs) run.walk.free();
    view.runs = WAYS.map(([name]) => ({ walk: doses.walk(name, ...view.start, view.rate), rows: [], said: undefined }));
    move(playing ? 0 : Math.min(view.step, 0));
  }

  // One walk's step, worked out if it has not been; the last one where it has ended.
  function at(run, step) {
    while (run.rows.length <= step && !run.said && !run.rows.at(-1)?.[5]) {
      try {
        run.rows.push(run.walk.step());
      } catch (error) {
        run.said = String(error.message ?? error);
      }
    }
    return run.rows[Math.min(step, run.rows.length - 1)];
  }

  function move(step) {
    view.step = clamp(step, 0, MOST);
    for (const run of view.runs) at(run, view.step);
    redraw();
  }

  const ended = () => view.step >= MOST || view.runs.every((run, i) => view.off.has(WAYS[i][1]) || run.said || (run.rows.at(-1)?.[5] && view.step >= run.rows.length - 1));

  function go() {
    if (ended()) move(0);
    let last = 0;
    const frame = (now) => {
      if (now - last > (view.step < 12 ? 150 : 45)) {
        last = now;
        if (ended()) return pause();
        move(view.step + 1);
      }
      playing = requestAnimationFrame(frame);
    };
    playing = requestAnimationFrame(frame);
    redraw();
  }

  function pause() {
    cancelAnimationFrame(playing);
    playing = 0;
    redraw();
  }

  // Heights as steps of grey: the deeper, the lighter.
  function paint() {
    if (!view.map?.width) return;
    const { width, height } = view.map;
    const wide = 260;
    const tall = Math.round((wide * height) / width);
    set(canvas, { width: wide, height: tall });
    const colour = (name) => {
      const probe = html("i", { style: `color: var(${name})` });
      main.append(probe);
      const [r, g, b] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
      probe.remove();
      return [r, g, b];
    };
    const [paper, dark] = [colour("--paper"), colour("--heat")];
    const pen = canvas.getContext("2d");
    const image = pen.createImageData(wide, tall);
    const { many, values } = map;
    const floor = view.best.length ? view.best[2] : 0;
    const height_ = (i) => Math.log(Math.max(values[i] - floor, 0) + 2e-3);
    const levels = Float64Array.from(values, (_, i) => height_(i));
    for (let py = 0; py < tall; py++) {
      const v = clamp(((view.my.back(((py + 0.5) / tall) * height) - INTERCEPTS[0]) / (INTERCEPTS[1] - INTERCEPTS[0])) * (many - 1), 0, many - 1.001);
      for (let px = 0; px < wide; px++) {
        const u = clamp(((view.mx.back(((px + 0.5) / wide) * width) - SLOPES[0]) / (SLOPES[1] - SLOPES[0])) * (many - 1), 0, many - 1.001);
        const [i, j] = [Math.floor(u), Math.floor(v)];
        const row = (k) => lerp(levels[k * many + i], levels[k * many + i + 1], u - i);
        const level = Math.floor(lerp(row(j), row(j + 1), v - j) / 0.55) * 0.55;
        const t = clamp((level + 6.3) / 8.6, 0, 1);
        image.data.set([...paper.map((c, k) => lerp(c, dark[k], t)), 255], 4 * (py * wide + px));
      }
    }
    pen.putImageData(image, 0, 0);
    set(heat, { href: canvas.toDataURL(), width, height });
  }

  function size() {
    const box = over.getBoundingClientRect();
    const em = parseFloat(getComputedStyle(over).fontSize);
    view.mx = scale(SLOPES, [0, box.width]);
    view.my = scale(INTERCEPTS, [box.height, 0]);
    set(over, { viewBox: `0 0 ${box.width} ${box.height}` });
    set(inMap, { x: 0, y: 0, width: box.width, height: box.height });
    view.map = { ...box.toJSON(), em };
    const other = shares.getBoundingClientRect();
    view.x = scale([0, 4.5], [2.6 * em, other.width - 0.6 * em]);
    view.y = scale([0, 1], [other.height - 2.6 * em, 1.2 * em]);
    set(shares, { viewBox: `0 0 ${other.width} ${other.height}` });
  }

  function redraw() {
    view.per = nats(display.unit);
    set(play, { text: playing ? "❚❚ Pause" : ended() ? "↺ Again" : "▶ Play" });
    scrub.max = String(Math.max(40, ...view.runs.map((run) => run.rows.length - 1)));
    scrub.value = String(view.step);
    set(stepText, { text: String(view.step) });
    rate.value = String(Math.log10(view.rate));
    set(rateText, { text: String(view.rate) });
    const verdict = doses.verdict(display.unit);
    set(title, { text: verdict ?? `The likeliest curve: slope ${minus(seen(view.best[0], 3))}, intercept ${minus(seen(view.best[1], 3))}` });
    ways.forEach(({ box, text }, i) => {
      const [run, row] = [view.runs[i], at(view.runs[i], view.step)];
      box.checked = !view.off.has(WAYS[i][1]);
      const done = row?.[5] && view.step >= run.rows.length - 1;
      set(text, { text: run.said && view.step >= run.rows.length - 1 ? run.said : done ? `there after ${run.rows.length - 1} steps` : row ? `KL ${seen(row[2] / view.per, 4)}` : "" });
    });
    const first = WAYS.findIndex(([, key]) => !view.off.has(key));
    const row = first < 0 ? undefined : at(view.runs[first], view.step);
    const digits = (value, decimals = 4) => seen(value / view.per, decimals);
    identity.replaceChildren(...(row ? [html("span", {}, `${WAYS[first][0]}: `), html("b", { class: "ce" }, digits(row[3])), " = ", html("b", {}, digits(view.entropy)), " + ", html("b", { class: "kl" }, digits(row[2])),
      ` ${display.unit}: H(p̂, q) = H(Y|X) + KL; × ${doses.total()} = ${digits(row[4], 2)}, the NLL`] : [""]));
    draw();
  }

  function draw() {
    if (!view.mx) size();
    const { em, width, height } = view.map;
    if (!width) return;
    // Shares and curves.
    shareAxes.replaceChildren();
    for (const share of [0, 0.5, 1]) {
      svg("path", { class: "grid", d: `M${view.x(0)} ${view.y(share)}H${view.x(4.5)}` }, shareAxes);
      svg("text", { class: "tick", x: view.x(0) - 0.5 * em, y: view.y(share) + 0.35 * em, "text-anchor": "end", text: String(share) }, shareAxes);
    }
    for (const amount of [0, 1, 2, 3, 4]) svg("text", { class: "tick", x: view.x(amount), y: view.y(0) + 1.3 * em, "text-anchor": "middle", text: String(amount) }, shareAxes);
    svg("text", { class: "title", x: view.x(4.5), y: view.y(0) + 2.3 * em, "text-anchor": "end", text: "dose" }, shareAxes);
    const along = spread([0, 4.5], 61);
    const curve = (slope, intercept) => line([...Doses.probs(slope, intercept, along)].map((prob, i) => [view.x(along[i]), view.y(prob)]));
    set(bestCurve, { d: view.best.length ? curve(view.best[0], view.best[1]) : "" });
    points.forEach((point, i) => set(point, {
      cx: view.x(DOSES[i]), cy: view.y(view.responses[i] / TRIALS), r: 0.5 * em, "aria-valuenow": view.responses[i],
      "aria-label": `Dose ${DOSES[i]}`, "aria-valuetext": `${view.responses[i]} of ${TRIALS} responded`,
    }));

    // The map, and the ways through it.
    mapAxes.replaceChildren();
    for (const slope of [-1, 0, 1, 2, 3, 4]) svg("text", { class: "tick", x: view.mx(slope), y: height - 0.5 * em, "text-anchor": "middle", text: minus(String(slope)) }, mapAxes);
    for (const intercept of [-8, -6, -4, -2, 0, 2]) svg("text", { class: "tick", x: 0.5 * em, y: view.my(intercept) + 0.35 * em, text: minus(String(intercept)) }, mapAxes);
    svg("text", { class: "title", x: width - 0.5 * em, y: height - 1.7 * em, "text-anchor": "end", text: "slope" }, mapAxes);
    svg("text", { class: "title", x: 0.5 * em, y: 1.1 * em, text: "intercept" }, mapAxes);
    view.runs.forEach((run, i) => {
      const hidden = view.off.has(WAYS[i][1]);
      const rows = run.rows.slice(0, view.step + 1);
      const now = rows.at(-1);
      set(paths[i], { d: hidden ? "" : line(rows.map((row) => [view.mx(row[0]), view.my(row[1])])) });
      const inside = now && !hidden && now[0] >= SLOPES[0] && now[0] <= SLOPES[1] && now[1] >= INTERCEPTS[0] && now[1] <= INTERCEPTS[1];
      set(dots[i], inside ? { cx: view.mx(now[0]), cy: view.my(now[1]), r: 0.42 * em, display: undefined } : { display: "none" });
      set(curves[i], { d: now && !hidden && Number.isFinite(now[0] + now[1]) ? curve(now[0], now[1]) : "" });
    });
    const [slope, intercept] = view.best;
    const seenBest = view.best.length && slope <= SLOPES[1] && intercept >= INTERCEPTS[0];
    set(best, seenBest ? { cx: view.mx(slope), cy: view.my(intercept), r: 0.34 * em, display: undefined } : { display: "none" });
    const crowded = seenBest && view.mx(slope) + 14 * em > width;
    set(bestLabel, {
      x: seenBest ? view.mx(slope) + (crowded ? -0.8 : 0.8) * em : 0, y: seenBest ? view.my(intercept) + (crowded ? 1.4 : -0.6) * em : 0,
      "text-anchor": crowded ? "end" : "start", text: seenBest ? "maximum of the likelihood" : "",
    });
    const [sx, sy] = [view.mx(view.start[0]), view.my(view.start[1])];
    set(startBall, { cx: sx, cy: sy, r: 0.5 * em });
    set(startLabel, { x: sx + 0.9 * em, y: sy - 0.6 * em, text: view.step === 0 ? "drag the start, or press play" : "" });
    set(over, { "aria-label": `${title.textContent}. Arrow keys move the start, now at slope ${seen(view.start[0], 2)}, intercept ${seen(view.start[1], 2)}.` });

    // How fast.
    const box = chart.getBoundingClientRect();
    if (!box.width) return;
    set(chart, { viewBox: `0 0 ${box.width} ${box.height}` });
    const chartEm = parseFloat(getComputedStyle(chart).fontSize);
    const last = Math.max(40, view.step);
    const x = scale([0, last], [3.7 * chartEm, box.width - 0.5 * chartEm]);
    const y = scale([-13, 1], [box.height - 1.7 * chartEm, 0.6 * chartEm]);
    chartAxes.replaceChildren();
    for (const power of [0, -4, -8, -12]) {
      svg("path", { class: "grid", d: `M${x(0)} ${y(power)}H${x(last)}` }, chartAxes);
      svg("text", { class: "tick", x: x(0) - 0.4 * chartEm, y: y(power) + 0.3 * chartEm, "text-anchor": "end", text: power ? minus(`1e${power}`) : "1" }, chartAxes);
    }
    for (const step of [0, last]) svg("text", { class: "tick", x: x(step), y: box.height - 0.4 * chartEm, "text-anchor": step ? "end" : "middle", text: String(step) }, chartAxes);
    svg("text", { class: "tick", x: x(last / 2), y: box.height - 0.4 * chartEm, "text-anchor": "middle", text: "step" }, chartAxes);
    const floor = view.best.length ? view.best[2] : 0;
    view.runs.forEach((run, i) => {
      const above = run.rows.slice(0, view.step + 1).map((row, t) => [x(t), row[2] - floor > 1e-13 ? y(clamp(Math.log10((row[2] - floor) / view.per), -13, 1)) : NaN]);
      set(chartLines[i], { d: view.off.has(WAYS[i][1]) ? "" : line(above) });
    });
    set(cross, { d: `M${x(view.step)} ${y(1)}V${y(-13)}` });
  }

  const watch = new ResizeObserver(() => (size(), paint(), draw()));
  read();
  watch.observe(over);
  watch.observe(shares);
  size();
  remake();
  return {
    name: "doses",
    picture: () => over,
    redraw: () => (size(), paint(), redraw()),
    close: () => (pause(), watch.disconnect(), clearTimeout(finer)),
  };
}
