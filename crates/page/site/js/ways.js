// Ways down: a model learns by five optimisers side by side, from a start that can be dragged, through the loss over two of its
// parameters; what it learns from is made by hand.

import { clamp, html, lerp, line, minus, scale, set, svg, ticks } from "./dom.js";
import { colour, doses, plane, points, ring, spread } from "./ground.js";
import * as state from "./state.js";

const WAYS = [["gradient descent", "gd"], ["minibatches", "mb"], ["momentum", "mo"], ["Adam", "ad"], ["L-BFGS", "lb"]];
const MOST = 400;
// Of every model: its data, what its map shows, between what, from where, by what step size, and what a key moves.
const MODELS = {
  logistic: { name: "Logistic", data: doses, axes: ["slope", "intercept"], window: [[-1.5, 4.5], [-9, 4]], start: [-0.8, 1.8], rate: 0.3 },
  softmax: { name: "Softmax", data: plane, axes: ["slope across", "slope up"], window: [[-3.5, 5.5], [-2.5, 5.5]], start: [-2.2, -1.4], rate: 0.2 },
  gaussian: { name: "Gaussian", data: points, axes: ["mean", "standard deviation"], window: [[-6, 6], [0.4, 6.4]], start: [-3.6, 1.6], rate: 0.2 },
  mixture: { name: "Mixture", data: points, axes: ["one mean", "the other"], window: [[-5, 5], [-5, 5]], start: [1.2, 0.6], rate: 0.2 },
  network: { name: "Network", data: ring, rate: 0.03, alone: "ad" },
};

export function ways(main, display) {
  const { nats, seen } = wasm_bindgen;
  const model = state.get("model") in MODELS ? state.get("model") : "logistic";
  const of = MODELS[model];
  const view = {
    ways: WAYS, model, step: 0, goal: 0, runs: [], off: new Set(), per: 1,
    size(drawing) {
      const { width, height } = drawing.getBoundingClientRect();
      const em = parseFloat(getComputedStyle(drawing).fontSize);
      if (width) set(drawing, { viewBox: `0 0 ${width} ${height}` });
      return { em, width, height };
    },
  };
  let ground;
  let trouble;
  let [playing, working, finer] = [0, 0, 0];
  let map = { many: 0, values: [] };
  const data = of.data(view, { changed: () => (keep(), remake()), again: () => redraw() });
  const otherwise = WAYS.map(([, key]) => key).filter((key) => of.alone && key !== of.alone).join(".");

  function read() {
    data.read();
    if (of.axes) view.start = [state.number("x", of.start[0], ...of.window[0]), state.number("y", of.start[1], ...of.window[1])];
    view.rate = state.number("eta", of.rate, 0.001, 5);
    view.off = new Set((state.get("off") ?? otherwise).split(".").filter(Boolean));
  }

  const keep = () => state.put({
    ...data.keep(),
    ...(of.axes ? { x: view.start[0] === of.start[0] ? undefined : view.start[0].toFixed(3), y: view.start[1] === of.start[1] ? undefined : view.start[1].toFixed(3) } : {}),
    eta: view.rate === of.rate ? undefined : view.rate,
    off: [...view.off].join(".") === otherwise ? undefined : [...view.off].join(".") || "-",
  });

  // The map.
  const canvas = html("canvas");
  const over = svg("svg", { class: "stage", tabindex: "0", role: "img" });
  const heat = svg("image", { x: 0, y: 0, preserveAspectRatio: "none" }, over);
  const mapAxes = svg("g", { class: "axes" }, over);
  const arrow = svg("path", { class: "arrow away" }, over);
  const paths = WAYS.map(([, key]) => svg("path", { class: `curve way ${key}` }, over));
  const dots = WAYS.map(([, key]) => svg("circle", { class: `head ${key}` }, over));
  const best = svg("circle", { class: "least" }, over);
  const bestLabel = svg("text", { class: "label" }, over);
  const startBall = svg("circle", { class: "bead start" }, over);
  const startLabel = svg("text", { class: "hint" }, over);
  const inMap = svg("rect", {}, svg("clipPath", { id: "map-window" }, over));
  for (const path of paths) path.setAttribute("clip-path", "url(#map-window)");
  // Of a network there is no map: what it falls by, and what it does not know of.
  const fall = { kl: svg("path", { class: "curve kl" }, over), pop: svg("path", { class: "curve pop" }, over), turn: svg("path", { class: "dashed pop" }, over), least: svg("circle", { class: "least pop" }, over) };
  const fallWords = Object.fromEntries(["kl", "pop", "turned"].map((key) => [key, svg("text", { class: `label ${key === "turned" ? "pop" : key}` }, over)]));

  const moveStart = (x, y) => {
    view.start = [clamp(x, ...of.window[0]), clamp(y, ...of.window[1])];
    keep();
    restart();
  };
  if (of.axes) {
    const place = (event) => {
      const box = over.getBoundingClientRect();
      moveStart(view.mx.back(event.clientX - box.left), view.my.back(event.clientY - box.top));
    };
    over.addEventListener("pointerdown", (event) => (over.setPointerCapture(event.pointerId), place(event)));
    over.addEventListener("pointermove", (event) => over.hasPointerCapture(event.pointerId) && place(event));
    over.addEventListener("keydown", (event) => {
      const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [0, 0];
      if (!dx && !dy) return;
      event.preventDefault();
      const by = (axis) => (of.window[axis][1] - of.window[axis][0]) / 60;
      moveStart(view.start[0] + by(0) * dx, view.start[1] + by(1) * dy);
    });
  }

  // The walks.
  const play = html("button", { type: "button", class: "play", onclick: () => (playing ? pause() : go()) });
  const button = (text, act) => html("button", { type: "button", onclick: () => (pause(), act()) }, text);
  const scrub = html("input", { type: "range", min: "0", value: "0", "aria-label": "Step", oninput: ({ target }) => {
    const to = +target.value;
    pause();
    move(to);
  } });
  const stepText = html("output");
  const rate = html("input", { type: "range", id: "rate", min: "-3", max: "0.699", step: "0.001", oninput: ({ target }) => {
    view.rate = +Number(10 ** target.value).toPrecision(2);
    keep();
    restart();
  } });
  const rateText = html("output", { for: "rate" });
  const rows = WAYS.map(([name, key]) => {
    const box = html("input", { type: of.alone ? "radio" : "checkbox", name: "way", id: key, onchange: () => {
      if (of.alone) view.off = new Set(WAYS.map(([, other]) => other).filter((other) => other !== key));
      else box.checked ? view.off.delete(key) : view.off.add(key);
      keep();
      move(view.step);
    } });
    const text = html("span");
    const label = html("b", {}, name);
    return { box, text, label, row: html("label", { class: `way-row ${key}`, for: key }, box, label, text) };
  });
  const chart = svg("svg", { class: "chart", role: "img", "aria-label": "KL above its minimum, against the step" });
  const chartAxes = svg("g", { class: "axes" }, chart);
  const chartLines = WAYS.map(([, key]) => svg("path", { class: `curve way ${key}` }, chart));
  const cross = svg("path", { class: "dashed" }, chart);

  const models = html("div", { class: "models", role: "group", "aria-label": "Model" }, ...Object.entries(MODELS).map(([key, { name }]) =>
    html("button", { type: "button", "aria-pressed": String(key === model), "data-model": key, onclick: () => {
      state.clear(["unit", "theme", "projector", "page"]);
      state.put({ model: key === "logistic" ? undefined : key });
      state.write();
      state.again();
    } }, name)));
  const title = html("h2", { "aria-live": "polite" });
  const identity = html("p", { class: "line" });
  const shadow = html("p", { class: "caption" });
  main.append(html("div", { class: `ways-page of-${model}` },
    html("section", { class: "seen", "aria-label": "What was observed" }, html("h2", {}, data.title), ...data.elements, html("p", { class: "caption" }, data.caption)),
    html("section", { class: "middle", "aria-label": of.axes ? "The map of the loss" : "The fall of the loss" }, html("div", { class: "head" }, title, models), html("div", { class: "map" }, over), identity, shadow),
    html("section", { class: "right", "aria-label": "Optimisers" }, html("h2", {}, of.alone ? "One way down" : "Five ways down"),
      html("div", { class: "controls" }, play, button("Step", () => move(view.step + 1)), button("Start", () => move(0))),
      html("div", { class: "row" }, html("span", {}, "Step"), scrub, stepText),
      html("label", { class: "row", for: "rate" }, html("span", {}, "Step size"), rate, rateText),
      html("div", { class: "ways" }, ...rows.map(({ row }) => row)),
      ...(of.axes ? [html("p", { class: "legend" }, "KL above its ", html("span", { class: "least-name" }, "minimum")), chart] : []))));

  function remake() {
    for (const run of view.runs) run.walk?.free();
    view.runs = [];
    ground?.free();
    ground = undefined;
    try {
      ground = data.make();
      trouble = undefined;
    } catch (error) {
      trouble = String(error.message ?? error);
      pause();
      return;
    }
    view.entropy = ground.entropy();
    view.best = [...ground.best()];
    view.floor = ground.floor();
    view.along = [...ground.along()];
    survey(25);
    clearTimeout(finer);
    finer = setTimeout(() => (survey(61), paint(), draw()), 250);
    paint();
    restart();
  }

  function survey(many) {
    if (of.axes && ground) map = { many, values: ground.map(spread(of.window[0], many), spread(of.window[1], many)) };
  }

  function restart() {
    if (!ground) return redraw();
    for (const run of view.runs) run.walk?.free();
    view.runs = WAYS.map(([name, key]) => ({
      key, rows: [], said: undefined,
      // Made when it is first asked for.
      get way() {
        return (this.walk ??= ground.walk(name, ...(view.start ?? [0, 0]), view.rate));
      },
      get shown() {
        return !view.off.has(key) && this.rows.length > 0;
      },
      says(places) {
        return this.way.says(Math.min(view.step, this.rows.length - 1), places);
      },
    }));
    move(0);
  }

  const over_ = (run) => run.said !== undefined || run.rows.at(-1)?.[5] === 1;
  const active = () => view.runs.filter(({ key }) => !view.off.has(key));
  const at = (run) => run.rows[Math.min(view.step, run.rows.length - 1)];
  const arrived = (run) => over_(run) && view.step >= run.rows.length - 1;

  // To a step, which is worked out if it has not been: as much of it as there is time for before the next frame.
  function move(step) {
    view.goal = clamp(step, 0, MOST);
    work();
  }

  function work() {
    cancelAnimationFrame(working);
    working = 0;
    const until = performance.now() + 14;
    let reached = view.goal;
    for (const run of active()) {
      while (run.rows.length <= view.goal && !over_(run) && performance.now() < until) {
        try {
          run.rows.push(run.way.step());
        } catch (error) {
          run.said = String(error.message ?? error);
        }
      }
      if (!over_(run)) reached = Math.min(reached, run.rows.length - 1);
    }
    view.step = Math.max(0, reached);
    if (view.step < view.goal || active().some((run) => !run.rows.length && run.said === undefined)) working = requestAnimationFrame(work);
    redraw();
  }

  const ended = () => !ground || view.step >= MOST || active().every(arrived);

  function go() {
    if (ended()) move(0);
    let last = 0;
    const frame = (now) => {
      if (!working && now - last > (view.step < 12 ? 150 : 45)) {
        last = now;
        if (ended()) return pause();
        move(view.step + (of.axes ? 1 : 2));
      }
      playing = requestAnimationFrame(frame);
    };
    playing = requestAnimationFrame(frame);
    redraw();
  }

  function pause() {
    cancelAnimationFrame(playing);
    playing = 0;
    view.goal = view.step;
    redraw();
  }

  // Heights as steps of grey: the deeper, the lighter.
  function paint() {
    if (!view.box?.width || !of.axes || !map.values.length) return;
    const { width, height } = view.box;
    const wide = 260;
    const tall = Math.round((wide * height) / width);
    set(canvas, { width: wide, height: tall });
    const [paper, dark] = [colour("--paper", main), colour("--heat", main)];
    const pen = canvas.getContext("2d");
    const image = pen.createImageData(wide, tall);
    const { many, values } = map;
    const [[left, right], [low, high]] = of.window;
    const levels = Float64Array.from(values, (value) => Math.log(Math.max(value - Math.max(view.floor, 0), 0) + 2e-3));
    for (let py = 0; py < tall; py++) {
      const v = clamp(((view.my.back(((py + 0.5) / tall) * height) - low) / (high - low)) * (many - 1), 0, many - 1.001);
      for (let px = 0; px < wide; px++) {
        const u = clamp(((view.mx.back(((px + 0.5) / wide) * width) - left) / (right - left)) * (many - 1), 0, many - 1.001);
        const [i, j] = [Math.floor(u), Math.floor(v)];
        const row = (k) => lerp(levels[k * many + i], levels[k * many + i + 1], u - i);
        const level = Math.floor(lerp(row(j), row(j + 1), v - j) / 0.55) * 0.55;
        const t = clamp((level + 5.2) / 7.2, 0, 1);
        for (let c = 0; c < 3; c++) image.data[4 * (py * wide + px) + c] = lerp(paper[c], dark[c], t);
        image.data[4 * (py * wide + px) + 3] = 255;
      }
    }
    pen.putImageData(image, 0, 0);
    set(heat, { href: canvas.toDataURL(), width, height });
  }

  function size() {
    view.box = view.size(over);
    const { em, width, height } = view.box;
    if (!width || !of.axes) return;
    view.mx = scale(of.window[0], [3.2 * em, width]);
    view.my = scale(of.window[1], [height - 2.2 * em, 0]);
    set(inMap, { x: 3.2 * em, y: 0, width: width - 3.2 * em, height: height - 2.2 * em });
  }

  // What there is to say of it.
  function words() {
    const number = (value) => minus(seen(value, 3));
    const verdict = ground.verdict(display.unit);
    if (verdict) return minus(verdict);
    if (model === "logistic") return `The likeliest curve: slope ${number(view.best[0])}, intercept ${number(view.best[1])}`;
    if (model === "softmax") return `The likeliest lines: class ${data.classes().at(-1)} against ${data.classes()[0]} has slopes ${number(view.best[0])} and ${number(view.best[1])}`;
    if (model === "gaussian") return `The likeliest: mean ${number(view.best[0])}, standard deviation ${number(view.best[1])}`;
    if (model === "mixture") return `The likeliest: means ${number(view.best[0])} and ${number(view.best[1])}, in either order`;
    const run = active()[0];
    const turn = turning(run);
    if (run?.said) return run.said;
    if (!turn || view.step < 8) return "What it learns of the sample, and of the truth";
    return turn.index < view.step && turn.now > turn.least * 1.02
      ? `Overfitting: KL to the truth was least at step ${turn.index}; KL to the sample falls on`
      : "Both fall: what it learns of the sample holds for the truth";
  }

  // Where KL(truth‖q) was least so far.
  function turning(run) {
    const values = run?.rows.slice(0, view.step + 1).map((row) => row[6]) ?? [];
    if (!values.length) return undefined;
    const least = Math.min(...values);
    return { index: values.indexOf(least), least, now: values.at(-1) };
  }

  const TEXTS = {
    softmax: () => `Two of its ${3 * (data.classes().length - 1)} parameters: in the map the others are as the likeliest has them, and the ways are shadows.`,
    gaussian: () => "All there is of it. KL is that of p̂ at a resolution of 0.1.",
    mixture: () => "Two of its five parameters: in the map the others are as the likeliest has them. It has two maxima, one mixture: start on the diagonal, and the two never part.",
    network: () => "KL(p̂‖q) is all that a fit can see. The truth is known here, and KL(truth‖q) is worked out over the whole square.",
  };

  function redraw() {
    view.per = nats(display.unit);
    set(play, { text: playing ? "❚❚ Pause" : ended() && view.step > 0 ? "↺ Again" : "▶ Play" });
    scrub.max = String(Math.max(40, ...view.runs.map((run) => run.rows.length - 1)));
    scrub.value = String(view.step);
    set(stepText, { text: String(view.step) });
    rate.value = String(Math.log10(view.rate));
    set(rateText, { text: String(view.rate) });
    main.firstChild.classList.toggle("troubled", Boolean(trouble));
    set(title, { text: trouble ?? words() });
    set(shadow, { text: trouble ? "" : TEXTS[model]?.() ?? "" });
    const least = main.querySelector(".least-name");
    if (least) set(least, { text: view.along?.length ? "infimum" : "minimum" });
    rows.forEach(({ box, text, label }, i) => {
      const run = view.runs[i];
      box.checked = !view.off.has(WAYS[i][1]);
      if (WAYS[i][1] === "mb" && ground) set(label, { text: `minibatches of ${ground.minibatch()}` });
      if (!run?.rows.length || !box.checked) return set(text, { text: run?.said ?? "" });
      const done = arrived(run);
      set(text, { text: done ? run.said ?? `there after ${run.rows.length - 1} steps` : `KL ${seen(at(run)[2] / view.per, 4)}` });
    });
    const first = view.runs.findIndex((run) => run.shown);
    const row = first < 0 || trouble ? undefined : at(view.runs[first]);
    const digits = (value, decimals = 4) => minus(seen(value / view.per, decimals));
    const h = model === "logistic" || model === "softmax" || model === "network" ? "H(Y|X)" : "H(p̂)";
    identity.replaceChildren(...(row ? [html("span", {}, `${WAYS[first][0]}: `), html("b", { class: "ce" }, digits(row[3])), " = ", html("b", {}, digits(view.entropy)), " + ", html("b", { class: "kl" }, digits(row[2])),
      ` ${display.unit}: H(p̂, q) = ${h} + KL; × ${ground.total()} = ${digits(row[4], 2)}, the NLL`] : [""]));
    draw();
  }

  function draw() {
    if (!view.box?.width) size();
    if (!view.box?.width) return;
    data.draw(trouble ? [] : view.runs, ground);
    over.style.visibility = trouble ? "hidden" : "";
    if (trouble) return;
    if (of.axes) drawMap();
    else drawFall();
    if (of.axes) drawChart();
  }

  function drawMap() {
    const { em, width, height } = view.box;
    mapAxes.replaceChildren();
    for (const value of ticks(...of.window[0], width / (6 * em))) svg("text", { class: "tick", x: view.mx(value), y: height - 0.5 * em, "text-anchor": "middle", text: minus(String(value)) }, mapAxes);
    for (const value of ticks(...of.window[1], height / (5 * em))) svg("text", { class: "tick", x: 0.5 * em, y: view.my(value) + 0.35 * em, text: minus(String(value)) }, mapAxes);
    svg("text", { class: "title", x: width - 0.5 * em, y: height - 2.8 * em, "text-anchor": "end", text: of.axes[0] }, mapAxes);
    svg("text", { class: "title", x: 3.6 * em, y: 1.3 * em, text: of.axes[1] }, mapAxes);
    if (model === "mixture") svg("path", { class: "grid", d: `M${view.mx(-5)} ${view.my(-5)}L${view.mx(5)} ${view.my(5)}` }, mapAxes);
    const within = ([x, y]) => x >= of.window[0][0] && x <= of.window[0][1] && y >= of.window[1][0] && y <= of.window[1][1];
    view.runs.forEach((run, i) => {
      const steps = run.shown ? run.rows.slice(0, view.step + 1) : [];
      const now = steps.at(-1);
      set(paths[i], { d: line(steps.map((row) => [view.mx(row[0]), view.my(row[1])])) });
      set(dots[i], now && within(now) ? { cx: view.mx(now[0]), cy: view.my(now[1]), r: 0.42 * em, display: undefined } : { display: "none" });
    });
    const known = view.best.length && within(view.best);
    set(best, known ? { cx: view.mx(view.best[0]), cy: view.my(view.best[1]), r: 0.34 * em, display: undefined } : { display: "none" });
    const crowded = known && view.mx(view.best[0]) + 14 * em > width;
    const low = known && view.my(view.best[1]) < 2.4 * em;
    set(bestLabel, {
      x: known ? view.mx(view.best[0]) + (crowded ? -0.8 : 0.8) * em : 0, y: known ? view.my(view.best[1]) + (crowded || low ? 1.4 : -0.6) * em : 0,
      "text-anchor": crowded ? "end" : "start", text: known ? "maximum of the likelihood" : "",
    });
    // Along what both run off, from the middle.
    if (view.along.length) {
      const from = of.window.map(([low, high]) => (low + high) / 2);
      const [dx, dy] = [view.mx(from[0] + view.along[0]) - view.mx(from[0]), view.my(from[1] + view.along[1]) - view.my(from[1])];
      const long = (6 * em) / (Math.hypot(dx, dy) || 1);
      const [x, y, u, v] = [view.mx(from[0]), view.my(from[1]), dx * long, dy * long];
      set(arrow, { d: `M${x} ${y}l${u} ${v}m${-0.18 * u - 0.09 * v} ${-0.18 * v + 0.09 * u}L${x + u} ${y + v}l${-0.18 * u + 0.09 * v} ${-0.18 * v - 0.09 * u}` });
      set(bestLabel, { x: x + 1.12 * u, y: y + 1.12 * v, "text-anchor": u < 0 ? "end" : "start", text: "it runs off this way" });
    } else set(arrow, { d: "" });
    const [sx, sy] = [view.mx(view.start[0]), view.my(view.start[1])];
    set(startBall, { cx: sx, cy: sy, r: 0.5 * em });
    const right = sx + 15 * em < width;
    set(startLabel, { x: sx + (right ? 0.9 : -0.9) * em, y: sy + (sy > 3 * em ? -0.7 : 1.6) * em, "text-anchor": right ? "start" : "end", text: view.step === 0 ? "drag the start, or press play" : "" });
    set(over, { "aria-label": `${title.textContent}. Arrow keys move the start, now at ${of.axes[0]} ${seen(view.start[0], 2)}, ${of.axes[1]} ${seen(view.start[1], 2)}.` });
  }

  function drawFall() {
    const { em, width, height } = view.box;
    const run = view.runs.find((run) => run.shown);
    if (!run) return;
    const steps = run.rows.slice(0, view.step + 1);
    const last = Math.max(60, view.step);
    const high = 1.12 * Math.max(...steps.map((row) => Math.max(row[2], row[6])).filter(Number.isFinite), 0.3) / view.per;
    const x = scale([0, last], [3.4 * em, width - 1 * em]);
    const y = scale([0, high], [height - 2.6 * em, 1.6 * em]);
    mapAxes.replaceChildren();
    for (const value of ticks(0, high, height / (5 * em))) {
      svg("path", { class: value === 0 ? "grid zero" : "grid", d: `M${x(0)} ${y(value)}H${x(last)}` }, mapAxes);
      svg("text", { class: "tick", x: x(0) - 0.5 * em, y: y(value) + 0.35 * em, "text-anchor": "end", text: String(value) }, mapAxes);
    }
    for (const step of ticks(0, last, width / (7 * em)).filter(Number.isInteger)) svg("text", { class: "tick", x: x(step), y: height - 1.2 * em, "text-anchor": "middle", text: String(step) }, mapAxes);
    svg("text", { class: "title", x: 0.2 * em, y: 0.8 * em, text: `${display.unit} per observation` }, mapAxes);
    svg("text", { class: "title", x: x(last), y: height - 0.2 * em, "text-anchor": "end", text: "step" }, mapAxes);
    const curve = (column) => line(steps.map((row, i) => [x(i), y(row[column] / view.per)]));
    set(fall.kl, { d: curve(2) });
    set(fall.pop, { d: curve(6) });
    const now = steps.at(-1);
    const place = { x: clamp(x(steps.length - 1), x(0) + em, x(last)), "text-anchor": x(steps.length - 1) > 16 * em ? "end" : "start" };
    const above = y(now[6] / view.per) < y(now[2] / view.per);
    const apart = Math.abs(y(now[6] / view.per) - y(now[2] / view.per)) < 2.4 * em;
    set(fallWords.pop, { ...place, y: y(now[6] / view.per) + (above ? -0.9 : 1.6) * em, text: `KL(truth‖q) ${seen(now[6] / view.per, 4)}` });
    set(fallWords.kl, { ...place, y: y(now[2] / view.per) + (above ? (apart ? 1.6 : -0.9) : -0.9) * em, text: `KL(p̂‖q) ${seen(now[2] / view.per, 4)}` });
    const turn = turning(run);
    const turned = turn.index < view.step && turn.now > turn.least * 1.02;
    set(fall.turn, { d: turned ? `M${x(turn.index)} ${y(0)}V${y(turn.least / view.per)}` : "" });
    set(fall.least, turned ? { cx: x(turn.index), cy: y(turn.least / view.per), r: 0.4 * em, display: undefined } : { display: "none" });
    set(fallWords.turned, { x: x(turn.index) + 0.6 * em, y: y(0) - 0.6 * em, text: turned ? `least at step ${turn.index}` : "" });
    set(over, { "aria-label": `Step ${view.step}: KL(p̂‖q) ${seen(now[2] / view.per, 4)}, KL(truth‖q) ${seen(now[6] / view.per, 4)} ${display.unit}.` });
  }

  function drawChart() {
    const { em, width, height } = view.size(chart);
    if (!width) return;
    const last = Math.max(40, view.step);
    const x = scale([0, last], [3.7 * em, width - 0.5 * em]);
    const y = scale([-13, 1], [height - 1.7 * em, 0.6 * em]);
    chartAxes.replaceChildren();
    for (const power of [0, -4, -8, -12]) {
      svg("path", { class: "grid", d: `M${x(0)} ${y(power)}H${x(last)}` }, chartAxes);
      svg("text", { class: "tick", x: x(0) - 0.4 * em, y: y(power) + 0.3 * em, "text-anchor": "end", text: power ? minus(`1e${power}`) : "1" }, chartAxes);
    }
    for (const step of [0, last]) svg("text", { class: "tick", x: x(step), y: height - 0.4 * em, "text-anchor": step ? "end" : "middle", text: String(step) }, chartAxes);
    svg("text", { class: "tick", x: x(last / 2), y: height - 0.4 * em, "text-anchor": "middle", text: "step" }, chartAxes);
    view.runs.forEach((run, i) => {
      const steps = run.shown ? run.rows.slice(0, view.step + 1) : [];
      set(chartLines[i], { d: line(steps.map((row, t) => [x(t), row[2] - view.floor > 1e-13 ? y(clamp(Math.log10((row[2] - view.floor) / view.per), -13, 1)) : NaN])) });
    });
    set(cross, { d: `M${x(view.step)} ${y(1)}V${y(-13)}` });
  }

  const watch = new ResizeObserver(() => (size(), paint(), draw()));
  read();
  watch.observe(over);
  for (const element of data.elements) watch.observe(element);
  size();
  remake();
  return {
    name: `ways-down-${model}`,
    picture: () => over,
    redraw: () => (size(), paint(), redraw()),
    close() {
      cancelAnimationFrame(playing);
      cancelAnimationFrame(working);
      clearTimeout(finer);
      watch.disconnect();
      for (const run of view.runs) run.walk?.free();
      ground?.free();
    },
  };
}
