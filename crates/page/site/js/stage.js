// The stage: θ across, KL below, the band H(p̂) on its back, the cross-entropy on top; and the three steps of the proof.

import { clamp, glide, html, lerp, line, minus, scale, set, svg, ticks } from "./dom.js";
import * as state from "./state.js";

const REACH = 4.2;
const GRID = Array.from({ length: 241 }, (_, i) => -REACH + (2 * REACH * i) / 240);
const PROBS = [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98];
const NATS_UP = 2.25;

export function stage(view, act) {
  const { seen } = wasm_bindgen;
  const places = PROBS.map((prob) => [wasm_bindgen.theta(prob), prob]);
  let [kl, ce, pop] = [[], [], []];
  let truthAt;
  let growing = 0;

  const title = html("h2", { "aria-live": "polite" });
  const caption = html("p", { class: "caption" });
  const drawing = svg("svg", { class: "stage", tabindex: "0", role: "img" });
  const step = (key, label, words) =>
    html("button", { type: "button", "aria-pressed": "false", "data-step": key, title: words, onclick: () => toggle(key) }, label);
  const buttons = {
    n: step("n", "× n", "Count all flips instead of one: the negative log-likelihood"),
    h: step("h", "− H(p̂)", "Take the floor away"),
    p: step("p", "p → p̂", "The curve that nobody knows, and the one that data give"),
  };
  const grow = html("button", { type: "button", class: "quiet", onclick: () => ripen() }, "Let n grow");
  const element = html("section", { class: "middle", "aria-label": "Three curves" },
    html("div", { class: "head" }, title, html("div", { class: "steps", role: "group", "aria-label": "The three steps of the proof" }, ...Object.values(buttons))),
    drawing,
    html("div", { class: "foot" }, caption, grow));

  const glides = Object.fromEntries(Object.keys(buttons).map((key) => [key, glide(() => draw())]));
  const on = { n: false, h: false, p: false };

  function toggle(key, to = !on[key]) {
    if (on[key] === to) return;
    if (key === "p" && to) act.needTruth();
    on[key] = to;
    view.latest = key;
    buttons[key].setAttribute("aria-pressed", to);
    state.put({ steps: Object.keys(on).filter((k) => on[k]).join("") });
    glides[key].to(to ? 1 : 0);
    act.redraw();
  }

  function restore() {
    const asked = state.get("steps", "");
    for (const key of Object.keys(on)) {
      if (!asked.includes(key)) continue;
      if (key === "p") act.needTruth();
      on[key] = true;
      buttons[key].setAttribute("aria-pressed", "true");
      glides[key].now(1);
    }
    act.redraw();
  }

  // More and more flips of the one coin: the valley slides to the truth.
  function ripen() {
    clearInterval(growing);
    const sizes = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];
    act.grow(sizes.shift());
    growing = setInterval(() => (sizes.length ? act.grow(sizes.shift()) : clearInterval(growing)), 700);
  }

  // The parts of the drawing, back to front.
  const layer = (name) => svg("g", { class: name }, drawing);
  const clip = svg("rect", {}, svg("clipPath", { id: "stage-window" }, drawing));
  const back = layer("axes");
  const bandHome = svg("g", { "clip-path": "url(#stage-window)" }, drawing);
  const band = svg("path", { class: "band" }, bandHome);
  const bandArrow = svg("path", { class: "arrow" }, drawing);
  const dashed = svg("path", { class: "dashed" }, drawing);
  const inside = svg("g", { "clip-path": "url(#stage-window)" }, drawing);
  const ghost = svg("path", { class: "curve pop" }, inside);
  const ghostFoot = svg("path", { class: "dashed pop" }, drawing);
  const lower = svg("path", { class: "curve kl" }, inside);
  const upper = svg("path", { class: "curve ce" }, inside);
  const upperDashes = svg("path", { class: "curve nll" }, inside);
  const minima = [0, 1, 2].map(() => svg("circle", { class: "least" }, drawing));
  const trails = layer("trails");
  const tangents = [0, 1].map(() => svg("path", { class: "tangent" }, drawing));
  const beads = [0, 1].map(() => svg("circle", { class: "bead" }, drawing));
  const balls = [0, 1].map(() => svg("circle", { class: "ball" }, drawing));
  const hint = svg("text", { class: "hint" }, drawing);
  const texts = Object.fromEntries(
    ["kl", "ce", "h", "pop", "argmin", "slope0", "slope1"].map((key) => [key, svg("text", { class: `label ${key}` }, drawing)]));
  const axis = { x: svg("text", { class: "title" }, drawing), y: [0, 1].map(() => svg("text", { class: "title" }, drawing)) };
  const xTicks = places.map(([, prob]) => ({ line: svg("path", { class: "grid" }, back), text: svg("text", { class: "tick" }, back), prob }));
  let yTicks = [];

  let box = { width: 600, height: 400, em: 16 };
  let x;
  let y;

  function size() {
    const { width, height } = drawing.getBoundingClientRect();
    const em = parseFloat(getComputedStyle(drawing).fontSize);
    box = { width: Math.max(width, 240), height: Math.max(height, 200), em };
    set(drawing, { viewBox: `0 0 ${box.width} ${box.height}` });
    x = scale([-REACH, REACH], [2.9 * em, box.width - 0.8 * em]);
    y = scale([0, NATS_UP], [box.height - 3 * em, 1.9 * em]);
    set(clip, { x: x(-REACH) - em, y: y(NATS_UP), width: x(REACH) - x(-REACH) + 2 * em, height: y(0) - y(NATS_UP) + em });
  }

  function curves() {
    const all = view.coin.curves(Float64Array.from(GRID));
    const part = (i) => all.subarray(i * GRID.length, (i + 1) * GRID.length);
    [kl, ce, pop] = [part(0), part(1), part(3)];
    truthAt = view.truth === undefined ? undefined : wasm_bindgen.theta(view.truth);
  }

  // Where a curve is between two points of the grid: for drawing only.
  function along(curve, theta) {
    const at = clamp(((theta + REACH) / (2 * REACH)) * (GRID.length - 1), 0, GRID.length - 1);
    const i = Math.min(Math.floor(at), GRID.length - 2);
    return lerp(curve[i], curve[i + 1], at - i);
  }

  function draw() {
    if (!x) size();
    const { em, width, height } = box;
    const [perN, fallen, ghostly] = [glides.n(), glides.h(), glides.p()];
    const top = y(NATS_UP);
    const lifted = (low, high) => lerp(high, low, fallen);
    const upperAt = (i) => lifted(kl[i], ce[i]);
    const unit = view.display.unit;

    // Axes: bits per flip roll into bits in all.
    const stepNats = ticks(0, NATS_UP / view.per, height / (5.5 * em));
    if (yTicks.map((tick) => tick.value).join() !== stepNats.join() || yTicks[0]?.unit !== unit) {
      yTicks.forEach((tick) => tick.group.remove());
      yTicks = stepNats.map((value) => {
        const group = svg("g", {}, back);
        return {
          unit, value, group, line: svg("path", { class: "grid" }, group),
          one: svg("text", { class: "tick" }, group), all: svg("text", { class: "tick" }, group),
        };
      });
    }
    const roll = (element, t, attributes) => set(element, { ...attributes, opacity: clamp(1 - 2 * Math.abs(t), 0, 1).toFixed(3) });
    for (const tick of yTicks) {
      const at = y(tick.value * view.per);
      set(tick.line, { d: `M${x(-REACH)} ${at}H${x(REACH)}`, class: tick.value === 0 ? "grid zero" : "grid" });
      roll(tick.one, perN, { x: x(-REACH) - 0.5 * em, y: at + 0.35 * em - perN * 1.4 * em, "text-anchor": "end", text: String(tick.value) });
      roll(tick.all, 1 - perN, { x: x(-REACH) - 0.5 * em, y: at + 0.35 * em + (1 - perN) * 1.4 * em, "text-anchor": "end", text: (+(tick.value * view.n).toPrecision(6)).toLocaleString("en") });
    }
    roll(axis.y[0], perN, { x: 0.2 * em, y: 0.9 * em - perN * em, text: `${unit} per flip` });
    roll(axis.y[1], 1 - perN, { x: 0.2 * em, y: 0.9 * em + (1 - perN) * em, text: `${unit} in all, ${view.n.toLocaleString("en")} flips` });
    const half = places.findIndex(([, prob]) => prob === 0.5);
    xTicks.forEach((tick, i) => {
      const at = x(places[i][0]);
      set(tick.line, { d: `M${at} ${y(0)}V${y(0) + 0.35 * em}` });
      const tight = x(places[half + 1][0]) - x(0) < 2.3 * em && (i - half) % 2 !== 0;
      set(tick.text, { x: at, y: y(0) + 1.35 * em, "text-anchor": "middle", text: tight ? "" : String(tick.prob) });
    });
    set(axis.x, { x: x(REACH), y: height - 0.3 * em, "text-anchor": "end", text: width > 38 * em ? "q, the probability of heads, spaced by its log-odds θ" : "q, probability of heads" });

    // Curves and band.
    const points = (of) => GRID.map((theta, i) => [x(theta), Math.max(y(of(i)), top - 60)]);
    const [low, high] = [points((i) => kl[i]), points(upperAt)];
    set(lower, { d: line(low) });
    set(upper, { d: line(high) });
    set(upperDashes, { d: line(high), opacity: perN });
    set(band, { d: `${line(high)}L${line([...low].reverse()).slice(1)}Z` });

    // One dashed line through all minima: it never moves.
    const finite = Number.isFinite(view.floor) && Math.abs(view.floor) < REACH;
    const floorAt = finite ? x(view.floor) : 0;
    set(dashed, { d: finite ? `M${floorAt} ${y(0)}V${top - 0.2 * em}` : "", });
    set(minima[0], finite ? { cx: floorAt, cy: y(0), r: 0.3 * em, display: undefined } : { display: "none" });
    set(minima[1], finite ? { cx: floorAt, cy: y(lifted(0, view.entropy)), r: 0.3 * em, display: undefined } : { display: "none" });
    const leftwards = finite && floorAt > width - 12 * em;
    set(texts.argmin, { x: floorAt + (leftwards ? -0.5 : 0.5) * em, y: top + 0.5 * em, "text-anchor": leftwards ? "end" : "start", text: finite ? `q = p̂ = ${seen(view.heads, 4)}` : "" });

    // The truth's own curve, which nobody has.
    const known = pop.length > 0 && ghostly > 0;
    set(ghost, { d: known ? line(points((i) => lerp(kl[i], pop[i], ghostly))) : "", opacity: ghostly });
    const truthX = known ? x(truthAt) : 0;
    set(ghostFoot, { d: known ? `M${truthX} ${y(0)}V${y(0) - 4.6 * em}` : "", opacity: ghostly });
    set(minima[2], known ? { cx: truthX, cy: y(0), r: 0.3 * em, opacity: ghostly, display: undefined, class: "least pop" } : { display: "none" });
    const truthLeft = known && (finite ? truthAt < view.floor : truthAt > 0);
    set(texts.pop, {
      x: truthX + (truthLeft ? -0.5 : 0.5) * em, y: y(0) - 4.2 * em, "text-anchor": truthLeft ? "end" : "start", opacity: ghostly,
      text: known ? `KL(p‖q), least at p = ${seen(view.truth, 3)}` : "",
    });

    // Names stand on what they name, on the side where the curves are flatter.
    const side = view.heads >= 0.5 ? 1 : -1;
    const anchor = side > 0 ? "end" : "start";
    const edge = x(side * REACH) - side * 0.3 * em;
    const stay = (py) => clamp(py, top + 0.9 * em, y(0) - 0.7 * em);
    // A curve rises outwards: above it the outer end of a name is near, below it the inner one.
    set(texts.ce, { x: edge, "text-anchor": anchor, text: perN > 0.5 ? (fallen > 0.5 ? "NLL − n H(p̂)" : "NLL, −Σ log q") : fallen > 0.5 ? "cross-entropy − H(p̂)" : "cross-entropy H(p̂, q)" });
    set(texts.ce, { y: stay(y(lifted(along(kl, side * REACH), along(ce, side * REACH))) - 0.9 * em) });
    set(texts.kl, { x: edge, "text-anchor": anchor, text: "KL(p̂‖q)" });
    const inner = x.back(edge - side * texts.kl.getComputedTextLength());
    set(texts.kl, { y: stay(y(along(kl, inner)) + 1.5 * em) });
    // The height of the band is written beside the line through the minima, where there is room.
    const amount = `${seen((view.entropy / view.per) * (perN > 0.5 ? view.n : 1), perN > 0.5 ? 2 : 4)} ${unit}`;
    set(texts.h, { "text-anchor": side > 0 ? "start" : "end", text: `${perN > 0.5 ? "n " : ""}H(p̂) = ${amount}` });
    const from = (finite ? clamp(floorAt, x(-3.6), x(3.6)) : x(side * 2)) + side * (finite ? 0.9 : -1) * em;
    const bandAt = from + side * (texts.h.getComputedTextLength() + 0.9 * em);
    const under = clamp(x.back(bandAt), -REACH, REACH);
    const [bandLow, bandHigh] = [y(along(kl, under)), y(lifted(along(kl, under), along(ce, under)))];
    const tall = bandLow - bandHigh > 2.2 * em && bandHigh > top && Math.abs(x.back(bandAt)) < REACH;
    const middle = clamp((bandLow + bandHigh) / 2, y(lifted(0, view.entropy)) + 1.2 * em, y(0) - 1.2 * em) + 0.35 * em;
    set(texts.h, { x: from, y: middle, visibility: tall && y(0) - y(lifted(0, view.entropy)) > 2.2 * em ? "visible" : "hidden" });
    const tip = (py, way) => `M${bandAt - 0.3 * em} ${py + way * 0.45 * em}L${bandAt} ${py}L${bandAt + 0.3 * em} ${py + way * 0.45 * em}`;
    set(bandArrow, { d: tall ? `M${bandAt} ${bandLow - 3}V${bandHigh + 3}${tip(bandHigh + 3, 1)}${tip(bandLow - 3, -1)}` : "" });

    // Balls: the same θ on every curve. The way they came is marked.
    const shown = clamp(view.ball, -REACH, REACH);
    const ballY = [y(along(kl, shown)), y(lifted(along(kl, shown), along(ce, shown)))];
    balls.forEach((ball, i) => set(ball, { cx: x(shown), cy: Math.max(ballY[i], top), r: 0.55 * em }));
    const out = Math.abs(view.ball) > REACH;
    const still = view.untouched && !out;
    const hintLeft = shown > 1.5;
    set(hint, {
      x: x(shown) + (hintLeft ? -1 : 1) * em, y: clamp(Math.max(ballY[1], top) + 0.35 * em, top + 2 * em, height), "text-anchor": hintLeft ? "end" : "start",
      text: out ? `θ = ${minus(seen(view.ball, 1))}, outside ${view.ball > 0 ? "→" : "←"}` : still ? "drag me, or press play" : "",
    });
    const came = view.trail;
    while (trails.childElementCount > 2 * came.length) trails.lastChild.remove();
    while (trails.childElementCount < 2 * came.length) svg("circle", {}, trails);
    came.forEach((theta, i) => {
      const inView = Math.abs(theta) <= REACH;
      const [px, one, two] = [x(theta), y(along(kl, theta)), y(lifted(along(kl, theta), along(ce, theta)))];
      set(trails.children[2 * i], { cx: px, cy: one, r: 0.17 * em, opacity: inView && one > top ? 1 : 0 });
      set(trails.children[2 * i + 1], { cx: px, cy: two, r: 0.17 * em, opacity: inView && two > top ? 1 : 0 });
    });

    // Beads under the pointer, with tangents: equal slopes are equal gradients.
    const over = view.hover;
    const slopes = over === undefined ? [] : view.coin.slopes(over);
    const many = (value) => seen((value / view.per) * (perN > 0.5 ? view.n : 1), perN > 0.5 ? 1 : 3);
    [kl, ce].forEach((curve, i) => {
      const at = over === undefined ? 0 : i === 0 ? along(kl, over) : lifted(along(kl, over), along(ce, over));
      const visible = over !== undefined && at < NATS_UP;
      set(beads[i], { cx: visible ? x(over) : -99, cy: visible ? y(at) : -99, r: 0.38 * em });
      const slope = slopes[i];
      const [dx, dy] = [x(1) - x(0), y(slope) - y(0)];
      const reach = (5.5 * em) / Math.hypot(dx, dy);
      set(tangents[i], { d: visible ? `M${x(over) - reach * dx} ${y(at) - reach * dy}L${x(over) + reach * dx} ${y(at) + reach * dy}` : "" });
      const leftSide = over > 0;
      const beside = visible && (i === 0 || fallen < 0.5);
      set(texts[`slope${i}`], {
        x: x(over ?? 0) + (leftSide ? -1 : 1) * 1.1 * em, y: y(at) + (i === 0 ? 1.7 : -0.9) * em > y(0) ? y(0) - 1.2 * em : y(at) + (i === 0 ? 1.7 : -0.9) * em, "text-anchor": leftSide ? "end" : "start",
        text: beside ? `slope ${minus(i === 1 && perN > 0.5 ? seen(slopes[2] / view.per, 1) : many(slope))}` : "",
      });
    });

    // Words.
    const where = seen(view.heads, 4);
    set(title, { text: view.verdict ?? `KL, cross-entropy and NLL are least at one place: ${where}` });
    const n = view.n.toLocaleString("en");
    const said = {
      n: `Counted for all ${n} flips the curve keeps its shape: that is the negative log-likelihood.`,
      h: "The floor knows nothing of q. Without it one curve lies on the other.",
      p: `Nobody has p, only ${n} flips of it. The more there are, the nearer the valley is to the truth.`,
    };
    const latest = on[view.latest] ? view.latest : Object.keys(on).findLast((key) => on[key]);
    set(caption, { text: said[latest] ?? "The cross-entropy is the KL divergence, lifted everywhere by the same H(p̂): the same slopes, the same lowest place." });
    grow.hidden = !(on.p && view.truth !== undefined);
    set(drawing, { "aria-label": `${title.textContent}. The cross-entropy is the KL divergence plus ${amount} everywhere. Arrow keys move a pair of beads along the curves.` });
  }

  // A pointer: a bead under it; on a ball it drags where the descent starts.
  const thetaAt = ({ clientX }) => clamp(x.back(((clientX - drawing.getBoundingClientRect().left) / drawing.getBoundingClientRect().width) * box.width), -REACH, REACH);
  let dragging = false;
  const nearBall = (event) => {
    const rect = drawing.getBoundingClientRect();
    const [px, py] = [event.clientX - rect.left, event.clientY - rect.top];
    const reach = event.pointerType === "touch" ? 28 : 16;
    return balls.some((ball) => Math.hypot(px - ball.getAttribute("cx"), py - ball.getAttribute("cy")) < reach);
  };
  const hover = (theta) => {
    view.hover = theta;
    act.redraw();
  };
  drawing.addEventListener("pointermove", (event) => {
    if (dragging) return act.start(thetaAt(event));
    drawing.style.cursor = nearBall(event) ? "grab" : "";
    if (event.pointerType !== "touch" || event.buttons) hover(thetaAt(event));
  });
  drawing.addEventListener("pointerdown", (event) => {
    drawing.setPointerCapture(event.pointerId);
    dragging = nearBall(event);
    if (dragging) {
      view.hover = undefined;
      act.start(thetaAt(event));
    } else hover(thetaAt(event));
  });
  for (const end of ["pointerup", "pointercancel"]) drawing.addEventListener(end, () => (dragging = false));
  drawing.addEventListener("pointerleave", () => !dragging && hover(undefined));
  drawing.addEventListener("blur", () => hover(undefined));
  drawing.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -0.05, ArrowRight: 0.05, PageDown: -0.5, PageUp: 0.5 }[event.key];
    if (by) hover(clamp((view.hover ?? clamp(view.ball, -REACH, REACH)) + by, -REACH, REACH));
    else if (event.key === "Enter" && view.hover !== undefined) act.start(view.hover);
    else if (event.key === "Escape") hover(undefined);
    else return;
    event.preventDefault();
  });

  const watch = new ResizeObserver(() => {
    size();
    if (view.coin) act.redraw();
  });
  watch.observe(drawing);
  return { element, drawing, curves, draw, size, toggle, restore, close: () => (watch.disconnect(), clearInterval(growing)) };
}
