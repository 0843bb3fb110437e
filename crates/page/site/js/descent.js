// The descent: three coins on three losses, one path; play, pause, step, scrub.

import { calm, clamp, html, lerp, line, minus, scale, set, svg } from "./dom.js";

const MOST = 1000;

export function descent(view, act) {
  const { seen } = wasm_bindgen;
  let running;
  let rows = [];
  let playing = 0;
  let drawn = 0; // the step that is drawn, with a part of the way to the next
  const play = html("button", { type: "button", class: "play", onclick: () => (playing ? pause() : go()) });
  const once = html("button", { type: "button", onclick: () => to(Math.floor(drawn) + 1), title: "One step" }, "Step");
  const back = html("button", { type: "button", onclick: () => to(0), title: "Back to the start" }, "Start");
  const scrub = html("input", { type: "range", min: "0", value: "0", "aria-label": "Step", oninput: ({ target }) => to(+target.value) });
  const at = html("output");
  const rate = html("input", {
    type: "range", id: "rate", min: "-1.3", max: "1.602", step: "0.001",
    oninput: ({ target }) => act.rate(+Number(10 ** target.value).toPrecision(2)),
  });
  const rateText = html("output", { for: "rate" });
  const says = html("p", { class: "says", role: "status" });
  const chart = svg("svg", { class: "chart", role: "img" });
  const bar = svg("svg", { class: "bar", role: "img" });
  const legend = html("p", { class: "legend" }, "loss − minimum: ",
    html("b", { class: "kl" }, "KL"), ", ", html("b", { class: "ce" }, "cross-entropy"), ", ", html("b", { class: "nll" }, "NLL/n"));
  const element = html("section", { class: "right", "aria-label": "The descent" },
    html("h2", {}, "Gradient descent"),
    html("div", { class: "controls" }, play, once, back),
    html("div", { class: "row" }, html("span", {}, "Step"), scrub, at),
    html("label", { class: "row", for: "rate" }, html("span", {}, "Step size"), rate, rateText),
    says, legend, chart,
    html("p", { class: "legend" }, "of what is paid per flip, only ", html("b", { class: "kl" }, "KL"), " shrinks"),
    bar);

  const lines = ["ce", "kl", "nll"].map((name) => svg("path", { class: `curve ${name}` }, chart));
  const cross = svg("path", { class: "dashed" }, chart);
  const frame = svg("g", { class: "axes" }, chart);
  const parts = {
    h: svg("rect", { class: "floor" }, bar), kl: svg("rect", { class: "above" }, bar),
    hText: svg("text", { class: "label" }, bar), klText: svg("text", { class: "label kl" }, bar),
  };

  function restart() {
    running?.free();
    running = view.coin.descend(view.start, view.rate);
    rows = [];
    view.untouched = !playing;
    move(0);
  }

  // Shows a step, which is worked out if it has not been.
  function ensure(step) {
    while (rows.length <= step && rows.length <= MOST) {
      const { thetas, row, above, rose, arrived, said } = running.step();
      rows.push({ thetas, row, above, rose, arrived, said });
    }
    return Math.min(step, rows.length - 1);
  }

  function move(step) {
    drawn = ensure(Math.floor(step)) + (step % 1);
    const i = Math.floor(drawn);
    if (step > 0) view.untouched = false;
    const next = drawn > i ? rows[ensure(i + 1)] : rows[i];
    view.step = i;
    view.ball = lerp(rows[i].thetas[1], next.thetas[1], drawn - i);
    view.trail = rows.slice(Math.max(0, i - 60), i).map((row) => row.thetas[1]);
    act.moved();
  }

  const to = (step) => {
    pause();
    move(step);
  };

  // A few steps a second at first, more once little is to be seen of each.
  function go() {
    if (rows[Math.floor(drawn)]?.arrived || drawn >= MOST) move(0);
    let last;
    const frame = (now) => {
      const since = Math.min((now - (last ?? now)) / 1000, 0.1);
      last = now;
      const speed = clamp(4 + 0.9 * Math.max(0, drawn - 8), 4, 30);
      const whole = calm();
      const next = drawn + since * speed;
      const i = Math.floor(drawn);
      ensure(i + 1);
      if (rows[i].arrived || i >= MOST || (i >= 80 && rows[i].rose && i % 2 === 0)) {
        pause();
        return move(i);
      }
      if (!whole || Math.floor(next) > i) move(whole ? Math.floor(next) : next);
      else drawn = next;
      playing = requestAnimationFrame(frame);
    };
    playing = requestAnimationFrame(frame);
    draw();
  }

  function pause() {
    cancelAnimationFrame(playing);
    playing = 0;
    draw();
  }

  function draw() {
    if (!rows.length) return;
    const i = Math.floor(drawn);
    const row = rows[i];
    const em = parseFloat(getComputedStyle(chart).fontSize);
    set(play, { text: playing ? "❚❚ Pause" : row.arrived ? "↺ Again" : "▶ Play" });
    const last = Math.max(rows.length - 1, 30);
    scrub.max = String(last);
    scrub.value = String(i);
    set(at, { text: String(i) });
    rate.value = String(Math.log10(view.rate));
    set(rateText, { text: String(view.rate) });

    // What the library says comes first.
    const leapt = rows.slice(0, i + 1).findIndex((row) => row.rose);
    element.classList.toggle("leaps", leapt >= 0);
    const words = row.said
      ?? (leapt >= 0 ? `It leaps: step ${leapt} flew over the valley and landed higher. Take a smaller step size.`
        : row.arrived ? `At the minimum: after ${i} steps the gradient is below 1e-9.`
          : i === 0 ? "One ball on each curve, one θ for all."
            : "Downhill on KL, on the cross-entropy and on NLL: three fits, one path.");
    set(says, { text: words });

    // How far above the minimum, on a logarithmic axis.
    const { width, height } = chart.getBoundingClientRect();
    if (width) {
      set(chart, { viewBox: `0 0 ${width} ${height}` });
      const x = scale([0, last], [3.7 * em, width - 0.5 * em]);
      const [lowest, highest] = [-17, 1];
      const y = scale([lowest, highest], [height - 1.7 * em, 0.6 * em]);
      frame.replaceChildren();
      for (const power of [0, -5, -10, -15]) {
        svg("path", { class: "grid", d: `M${x(0)} ${y(power)}H${x(last)}` }, frame);
        svg("text", { class: "tick", x: x(0) - 0.4 * em, y: y(power) + 0.3 * em, "text-anchor": "end", text: power ? minus(`1e${power}`) : "1" }, frame);
      }
      for (const step of [0, last]) svg("text", { class: "tick", x: x(step), y: height - 0.4 * em, "text-anchor": step ? "end" : "middle", text: String(step) }, frame);
      svg("text", { class: "tick", x: (x(0) + x(last)) / 2, y: height - 0.4 * em, "text-anchor": "middle", text: "step" }, frame);
      [1, 0, 2].forEach((of, k) => {
        const points = rows.slice(0, i + 1).map(({ above }, t) => [x(t), above[of] > 0 ? Math.min(y(Math.log10(above[of] / view.per)), y(lowest)) : NaN]);
        set(lines[k], { d: line(points) });
      });
      set(cross, { d: `M${x(i)} ${y(highest)}V${y(lowest)}` });
      set(chart, { "aria-label": `Distance from the minimum at step ${i}, ${view.display.unit} per flip: KL ${row.above[0].toExponential(2)}, cross-entropy ${row.above[1].toExponential(2)}, NLL/n ${row.above[2].toExponential(2)}` });
    }

    // H(p̂) | KL, of which one part shrinks.
    const box = bar.getBoundingClientRect();
    if (box.width) {
      set(bar, { viewBox: `0 0 ${box.width} ${box.height}` });
      const x = scale([0, 2.25], [0, box.width]);
      const kl = Number.isFinite(row.row[0]) ? row.row[0] : 99;
      const h = x(view.entropy);
      const more = clamp(x(view.entropy + kl) - h, 0, box.width - h);
      set(parts.h, { x: 0, y: 0, width: h, height: 1.9 * em });
      set(parts.kl, { x: h, y: 0, width: more, height: 1.9 * em });
      const digits = (nats) => seen(nats / view.per, 4);
      set(parts.hText, { x: 0.5 * em, y: 1.3 * em, text: h > 6.8 * em ? `H(p̂) ${digits(view.entropy)}` : "" });
      const inside = more > 7 * em;
      set(parts.klText, { x: inside ? h + 0.5 * em : Math.min(h + more + 0.5 * em, box.width - 6.8 * em), y: 1.3 * em, text: `KL ${digits(row.row[0])}`, class: inside ? "label on" : "label kl" });
      set(bar, { "aria-label": `H(p̂) ${digits(view.entropy)} and KL ${digits(row.row[0])} ${view.display.unit} per flip` });
    }
  }

  const watch = new ResizeObserver(() => draw());
  watch.observe(chart);
  return { element, restart, draw, pause, csv: () => running.csv(view.display.unit) };
}
