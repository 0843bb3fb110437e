// Panels of distributions: what is lost, what is least said, where sums go, what covers and what seeks.

import { clamp, glide, html, line, minus, scale, set, svg } from "./dom.js";
import { spread } from "./ground.js";

const { seen } = wasm_bindgen;
const numbers = (values) => Float64Array.from(values);

// A finger on it draws, and does not scroll the page.
export const steady = (element) => element.addEventListener("touchmove", (event) => event.preventDefault(), { passive: false });

// A part of a drawing that can be held: `to` gets the pixels of the pointer, `by` the arrow keys' right and up.
export function grip(element, drawing, { to, by }) {
  set(element, { tabindex: "0", role: "slider" });
  element.classList.add("grip");
  const pixels = (event) => {
    const box = drawing.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    element.focus({ focusVisible: false });
    event.preventDefault();
    to(...pixels(event));
  });
  element.addEventListener("pointermove", (event) => element.hasPointerCapture(event.pointerId) && to(...pixels(event)));
  steady(element);
  element.addEventListener("keydown", (event) => {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [0, 0];
    if (!dx && !dy) return;
    event.preventDefault();
    by(dx, dy);
  });
  return element;
}

// Digits of an amount, in the unit shown.
export const digits = (panel) => (nats, decimals = 4) => minus(seen(nats / panel.per(), decimals));
export const bold = (text, of = "") => html("b", { class: of }, text);
export const text = (parent, of, x, y, words, anchor = "start") => svg("text", { class: of, x, y, "text-anchor": anchor, text: words }, parent);
const press = (words, act, more = {}) => html("button", { type: "button", class: "quiet", onclick: act, ...more }, words);

// The lecture's loss table: −log q of the class that came.
export function loss(panel) {
  const SLIDE = [[7, 2, 1], [4, 4, 2], [1, 1, 8], [5, 5, 90], [1, 0, 0]];
  const typed = panel.get("q", "").split("_").map(Number);
  let weights = typed.length === 3 && typed.every((w) => w >= 0) && typed.some((w) => w > 0) ? typed : [70, 20, 10];
  let came = clamp(Math.round(panel.number("class", 1)), 1, 3) - 1;
  const changed = () => {
    panel.put({ q: weights.join("_") === "70_20_10" ? undefined : weights.join("_"), class: came ? came + 1 : undefined });
    panel.redraw();
  };
  const back = svg("g", {}, panel.drawing);
  const curve = svg("path", { class: "curve ce" }, panel.drawing);
  const drop = svg("path", { class: "dashed" }, panel.drawing);
  const dots = [0, 1, 2].map(() => svg("circle", { class: "ball" }, panel.drawing));
  const words = svg("text", { class: "label ce" }, panel.drawing);
  let y;
  // A share is raised at the cost of the others, in their proportion.
  const share = (i, q) => {
    const others = weights.reduce((sum, w, j) => (j === i ? sum : sum + w), 0);
    const now = clamp(Math.round(100 * q), 0, 100);
    weights = weights.map((w, j) => (j === i ? now : others ? ((100 - now) * w) / others : (100 - now) / 2)).map((w) => +w.toFixed(3));
    changed();
  };
  const bars = [0, 1, 2].map((i) => {
    const bar = svg("rect", { class: "bar-part" }, panel.drawing);
    const top = grip(svg("rect", { class: "cap" }, panel.drawing), panel.drawing, { to: (_, py) => share(i, y.back(py)), by: (dx, dy) => share(i, weights[i] / weights.reduce((a, b) => a + b) + 0.01 * (dx + dy)) });
    return { bar, top, name: svg("text", { class: "tick" }, panel.drawing) };
  });
  const which = html("select", { "aria-label": "Class that came", onchange: ({ target }) => ((came = +target.value), changed()) }, ...[1, 2, 3].map((k) => html("option", { value: String(k - 1) }, `class ${k} came`)));
  const rows = SLIDE.map((row) => {
    const sum = row.reduce((a, b) => a + b);
    return press(row.map((w) => String(w / sum).replace("0.", ".")).join(" "), () => ((weights = row.map((w) => (100 * w) / sum)), (came = 0), changed()));
  });
  return {
    title: "The loss is the surprise: −log of the probability of what came",
    hint: "Drag the tops of the bars, or take a row of the slide.",
    controls: [html("div", { class: "buttons" }, which, ...rows)],
    draw({ em, width, height }) {
      const shares = wasm_bindgen.shares(numbers(weights));
      const losses = wasm_bindgen.losses(shares);
      const middle = 0.42 * width;
      const x = scale([0, 3], [1.6 * em, middle]);
      y = scale([0, 1], [height - 1.8 * em, 1.2 * em]);
      bars.forEach(({ bar, top, name }, i) => {
        const [left, wide] = [x(i + 0.18), x(0.64) - x(0)];
        set(bar, { x: left, width: wide, y: y(shares[i]), height: y(0) - y(shares[i]), class: i === came ? "bar-part came" : "bar-part" });
        set(top, { x: left - 0.2 * em, width: wide + 0.4 * em, y: y(shares[i]) - 0.35 * em, height: 0.7 * em, rx: 0.35 * em, "aria-label": `Probability of class ${i + 1}`, "aria-valuemin": "0", "aria-valuemax": "1", "aria-valuenow": shares[i].toFixed(3) });
        set(name, { x: x(i + 0.5), y: height - 0.5 * em, "text-anchor": "middle", text: wide > 4.4 * em ? `${i + 1}: ${seen(shares[i], 3)}` : seen(shares[i], 2) });
      });
      const most = 5.2;
      const [cx, cy] = [scale([0, 1], [middle + 3.4 * em, width - 1 * em]), scale([0, most], [height - 1.8 * em, 1.2 * em])];
      back.replaceChildren();
      for (const bits of [0, 1, 2, 3, 4, 5]) {
        svg("path", { class: "grid", d: `M${cx(0)} ${cy(bits)}H${cx(1)}` }, back);
        text(back, "tick", cx(0) - 0.4 * em, cy(bits) + 0.35 * em, String(bits), "end");
      }
      for (const q of [0, 0.5, 1]) text(back, "tick", cx(q), height - 0.5 * em, String(q), "middle");
      const along = [...spread([0.002, 1], 120)];
      // −log q of each, as the loss of a class of that probability.
      set(curve, { d: line(along.map((q) => [cx(q), cy(wasm_bindgen.losses(numbers([q, 1 - q]))[0] / panel.per())]).filter(([, py]) => py > 0.3 * em)) });
      dots.forEach((dot, i) => set(dot, Number.isFinite(losses[i]) && losses[i] / panel.per() <= most ? { cx: cx(shares[i]), cy: cy(losses[i] / panel.per()), r: (i === came ? 0.45 : 0.25) * em, class: i === came ? "ball came" : "ball", display: undefined } : { display: "none" }));
      const own = losses[came];
      const shown = Number.isFinite(own) ? clamp(own / panel.per(), 0, most) : most;
      set(drop, { d: `M${cx(shares[came])} ${cy(0)}V${cy(shown)}H${cx(0)}` });
      // On the dashed line at its left end, where the curve is far above; of a rare class beside its dot.
      const rare = shares[came] < 0.45;
      set(words, { x: rare ? cx(shares[came]) + 0.8 * em : cx(0) + 0.4 * em, y: Math.max(cy(shown) - 0.5 * em, 1.4 * em), text: Number.isFinite(own) ? `${digits(panel)(own)} ${panel.display.unit}` : "infinite" });
      which.value = String(came);
      const half = wasm_bindgen.losses(numbers([shares[came] / 2, 1 - shares[came] / 2]))[0];
      return Number.isFinite(own)
        ? ["q = ", bold(seen(shares[came], 4)), " of what came: loss ", bold(digits(panel)(own), "ce"), ` ${panel.display.unit}. Half of q: `, bold(digits(panel)(half), "ce"), ", one bit more."]
        : ["q = 0 of what came: the loss is infinite, and nothing is clipped."];
    },
  };
}

// Maximum entropy: a die of which only the mean is known.
export function die(panel) {
  let mean = panel.number("mean", 4.8, 0.5, 6.5);
  let [x, y] = [];
  const move = (to) => {
    mean = clamp(Math.round(100 * to) / 100, 0.5, 6.5);
    panel.put({ mean: mean === 4.8 ? undefined : mean });
    panel.redraw();
  };
  const bars = Array.from({ length: 6 }, () => svg("rect", { class: "bar-part blue" }, panel.drawing));
  const others = Array.from({ length: 6 }, () => svg("path", { class: "other" }, panel.drawing));
  const back = svg("g", {}, panel.drawing);
  const rail = svg("path", { class: "grid zero" }, panel.drawing);
  const wedge = grip(svg("path", { class: "wedge" }, panel.drawing), panel.drawing, { to: (px) => move(x.back(px)), by: (dx, dy) => move(mean + 0.05 * (dx + dy)) });
  const words = svg("text", { class: "label" }, panel.drawing);
  return {
    title: "Maximum entropy: of all dice with this mean, the one that assumes nothing more",
    hint: "Drag the wedge on which the die balances.",
    draw({ em, width, height }) {
      x = scale([0.4, 6.6], [0.6 * em, width - 0.6 * em]);
      y = scale([0, 1], [height - 4.4 * em, 0.8 * em]);
      set(rail, { d: `M${x(0.5)} ${y(0)}H${x(6.5)}` });
      set(wedge, { d: `M${x(mean)} ${y(0) + 1.7 * em}l${0.9 * em} ${1.5 * em}h${-1.8 * em}z`, "aria-label": "Mean of the die", "aria-valuemin": "0.5", "aria-valuemax": "6.5", "aria-valuenow": mean.toFixed(2) });
      const low = mean > 5.4;
      set(words, { x: x(mean) + (low ? -1.3 : 1.3) * em, y: y(0) + 3 * em, "text-anchor": low ? "end" : "start", text: `mean ${mean.toFixed(2)}` });
      back.replaceChildren();
      for (let face = 1; face <= 6; face++) text(back, "tick", x(face), y(0) + 1.2 * em, String(face), "middle");
      for (const part of [...bars, ...others]) set(part, { display: "none" });
      const { law, lambda, entropy, other, other_entropy: lesser, kl } = wasm_bindgen.die(mean);
      const wide = x(0.8) - x(0);
      bars.forEach((bar, i) => {
        set(bar, { x: x(i + 0.6), width: wide, y: y(law[i]), height: y(0) - y(law[i]), display: undefined });
        text(back, "tick", x(i + 1), Math.min(y(law[i]) - 0.4 * em, y(0) - 0.4 * em), law[i] > 0.0005 ? seen(law[i], 3) : "", "middle");
      });
      others.forEach((path, i) => set(path, { d: `M${x(i + 0.6)} ${y(other[i])}h${wide}`, display: undefined }));
      const shown = digits(panel);
      return ["λ = ", bold(lambda === undefined ? "not finite" : minus(seen(lambda, 4))), ", H(p*) = ", bold(shown(entropy)), ` ${panel.display.unit}. Another die with this mean (strokes): H = `, bold(shown(lesser)), ", less by KL(p‖p*) = ", bold(shown(kl), "kl"), "."];
    },
  };
}

// The Gaussian as the attractor of sums.
export function sums(panel) {
  const LAWS = ["uniform", "exponential", "Laplace", "two humps", "Gaussian"];
  const MOST = 12;
  let law = LAWS.includes(panel.get("law")) ? panel.get("law") : "uniform";
  let n = Math.round(panel.number("terms", 1, 1, MOST));
  const keep = () => panel.put({ law: law === "uniform" ? undefined : law, terms: n === 1 ? undefined : n });
  const density = svg("path", { class: "curve ce" }, panel.drawing);
  const bell = svg("path", { class: "dashed" }, panel.drawing);
  const back = svg("g", {}, panel.drawing);
  const rising = svg("path", { class: "curve thin" }, panel.drawing);
  const dots = Array.from({ length: MOST }, () => svg("circle", { class: "ball" }, panel.drawing));
  const select = html("select", { "aria-label": "Law of a term", onchange: ({ target }) => ((law = target.value), keep(), panel.redraw()) }, ...LAWS.map((name) => html("option", {}, name)));
  const add = (to) => ((n = clamp(to, 1, MOST)), keep(), panel.redraw());
  const more = html("input", { type: "range", min: "1", max: String(MOST), "aria-label": "Terms of the sum", oninput: ({ target }) => add(+target.value) });
  const many = html("output");
  let known = {};
  const along = spread([-4, 4], 241);
  return {
    title: "Sums forget all but mean and variance: the Gaussian draws everything near",
    hint: "Add one term after the other.",
    controls: [html("div", { class: "row" }, select, html("span", {}, "terms"), more, many, html("button", { type: "button", onclick: () => add(n === MOST ? 1 : n + 1) }, "+ 1"))],
    draw({ em, width, height }) {
      if (known.law !== law) known = { law, h: wasm_bindgen.sum_entropies(law, MOST) };
      const middle = 0.62 * width;
      const x = scale([-4, 4], [0.6 * em, middle]);
      const y = scale([0, 0.72], [height - 1.8 * em, 0.8 * em]);
      const values = wasm_bindgen.sum(law, n, along);
      set(density, { d: line([...along].map((z, i) => [x(z), Math.max(y(values[i]), 0)])) });
      set(bell, { d: line([...along].map((z, i) => [x(z), y(values[along.length + i])])) });
      back.replaceChildren();
      svg("path", { class: "grid zero", d: `M${x(-4)} ${y(0)}H${x(4)}` }, back);
      for (const z of [-4, -2, 0, 2, 4]) text(back, "tick", x(z), height - 0.5 * em, minus(String(z)), "middle");
      const [h, limit] = [[...known.h].slice(0, MOST), known.h[MOST]];
      const [least, most] = [Math.min(...h, limit - 0.02), limit];
      const [cx, cy] = [scale([1, MOST], [middle + 2.4 * em, width - 1 * em]), scale([least, most], [height - 3 * em, 2.4 * em])];
      svg("path", { class: "dashed", d: `M${cx(1) - em} ${cy(limit)}H${cx(MOST)}` }, back);
      text(back, "tick", cx(MOST), cy(limit) - 0.6 * em, "h of the Gaussian", "end");
      text(back, "tick", cx(MOST), height - 0.5 * em, "terms", "end");
      text(back, "tick", cx(1), height - 0.5 * em, "1", "middle");
      set(rising, { d: line(h.map((value, i) => [cx(i + 1), cy(value)])) });
      dots.forEach((dot, i) => set(dot, { cx: cx(i + 1), cy: cy(h[i]), r: (i + 1 === n ? 0.42 : 0.18) * em, class: i + 1 === n ? "ball came" : "ball" }));
      select.value = law;
      more.value = String(n);
      set(many, { text: String(n) });
      const shown = digits(panel);
      return [`h of the normalised sum of ${n}: `, bold(shown(h[n - 1]), "ce"), ` ${panel.display.unit}, the Gaussian's `, bold(shown(limit)), "; short of it by KL = ", bold(shown(values.at(-1)), "kl"), "."];
    },
  };
}

// One Gaussian for two modes: forward KL covers, reverse KL seeks.
export function modes(panel) {
  const REACH = [-9, 9];
  let at = [panel.number("left", -3, -7, 7), panel.number("right", 3, -7, 7)];
  let share = panel.number("share", 0.4, 0.05, 0.95);
  let [x, y] = [];
  const keep = () => {
    panel.put({ left: at[0] === -3 ? undefined : at[0], right: at[1] === 3 ? undefined : at[1], share: share === 0.4 ? undefined : share });
    panel.redraw();
  };
  const move = (i, to) => {
    at[i] = Math.round(10 * clamp(to, -7, 7)) / 10;
    keep();
  };
  const back = svg("g", {}, panel.drawing);
  const ground = svg("path", { class: "band" }, panel.drawing);
  const forward = svg("path", { class: "curve ce" }, panel.drawing);
  const reverse = [0, 1, 2].map((i) => svg("path", { class: i ? "curve kl other-minimum" : "curve kl" }, panel.drawing));
  const grips = [0, 1].map((i) => grip(svg("circle", { class: "bead" }, panel.drawing), panel.drawing, { to: (px) => move(i, x.back(px)), by: (dx, dy) => move(i, at[i] + 0.2 * (dx + dy)) }));
  const words = { p: svg("text", { class: "label" }, panel.drawing), forward: svg("text", { class: "label ce" }, panel.drawing), reverse: svg("text", { class: "label kl" }, panel.drawing) };
  const slider = html("input", { type: "range", min: "5", max: "95", "aria-label": "Share of the first mode", oninput: ({ target }) => ((share = +target.value / 100), keep()) });
  const shareText = html("output");
  const along = spread(REACH, 181);
  return {
    title: "Forward KL covers both modes; reverse KL seeks one",
    hint: "Drag the two modes apart, and together.",
    controls: [html("label", { class: "row" }, html("span", {}, "share of the first mode"), slider, shareText)],
    draw({ em, width, height }) {
      x = scale(REACH, [0.6 * em, width - 0.6 * em]);
      y = scale([0, 0.45], [height - 1.8 * em, 1.2 * em]);
      back.replaceChildren();
      svg("path", { class: "grid zero", d: `M${x(REACH[0])} ${y(0)}H${x(REACH[1])}` }, back);
      for (const place of [-8, -4, 0, 4, 8]) text(back, "tick", x(place), height - 0.5 * em, minus(String(place)), "middle");
      grips.forEach((bead, i) => set(bead, { cx: x(at[i]), cy: y(0), r: 0.55 * em, "aria-label": `${i ? "Second" : "First"} mode`, "aria-valuemin": "-7", "aria-valuemax": "7", "aria-valuenow": String(at[i]) }));
      const told = panel.ask("modes", ...at, share, [...along]);
      slider.value = String(Math.round(100 * share));
      set(shareText, { text: seen(share, 2) });
      if (!told) return ["Looking for the minima …"];
      const { found: numbersOf, densities } = told;
      const fits = [];
      for (let i = 0; i < numbersOf.length; i += 4) fits.push([...numbersOf.slice(i, i + 4)]);
      // The lowest of the reverse minima first.
      const order = fits.slice(1).map((fit, i) => [fit, i + 1]).sort((a, b) => a[0][3] - b[0][3]);
      const curve = (k) => line([...along].map((place, i) => [x(place), y(densities[k * along.length + i])]));
      set(ground, { d: `${curve(0)}L${x(REACH[1])} ${y(0)}L${x(REACH[0])} ${y(0)}Z` });
      set(forward, { d: curve(1) });
      reverse.forEach((path, i) => set(path, { d: order[i] ? curve(order[i][1] + 1) : "" }));
      const top = (place, k) => y(densities[k * along.length + clamp(Math.round(((place - REACH[0]) / (REACH[1] - REACH[0])) * 180), 0, 180)]);
      const [f, r] = [fits[0], order[0]?.[0]];
      set(words.p, { x: x(at[0]), y: (y(0) + top(at[0], 0)) / 2 + 0.35 * em, "text-anchor": "middle", text: share > 0.15 ? "p" : "" });
      set(words.forward, { x: x(f[0]), y: top(f[0], 1) - 0.7 * em, "text-anchor": "middle", text: "forward" });
      set(words.reverse, { x: r ? x(r[0]) + 1.6 * em : 0, y: r ? top(r[0], order[0][1] + 1) + 0.2 * em : 0, text: r ? "reverse" : "" });
      const shown = digits(panel);
      const normal = ([mean, sd]) => `N(${minus(seen(mean, 2))}, ${seen(sd, 2)}²)`;
      return [`forward ${normal(f)}: KL(p‖q) = `, bold(shown(f[2]), "ce"), ...(r ? [`; reverse ${normal(r)}: KL(q‖p) = `, bold(shown(r[3]), "kl"), order.length > 1 ? ` ${panel.display.unit}, and ${order.length - 1} other ${order.length > 2 ? "minima" : "minimum"}.` : ` ${panel.display.unit}.`] : ["."])];
    },
  };
}
