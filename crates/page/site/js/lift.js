// Lift the curve: what was seen of a coin, three curves over θ, and the descent that rolls down all of them at once.

import { descent } from "./descent.js";
import { clamp, glide, html } from "./dom.js";
import { SIZES, seen as flipsSeen } from "./coins.js";
import { stage } from "./stage.js";
import * as state from "./state.js";

const { Coin, flips, hidden, nats, seen } = wasm_bindgen;

const START = -2.5;

export function lift(main, display) {
  const view = { display, step: 0, hover: undefined, per: 1 };

  // What was seen: so many heads, or flips drawn from a coin, and what a hand made of them.
  const data = { n: 100, coins: new Uint8Array(), truth: undefined, seed: 1, kind: "counted" };
  // An order in which coins are turned, the same every time, that looks like none.
  const mixed = (n) => Array.from({ length: n }, (_, i) => i).sort((a, b) => order(a) - order(b));
  const order = (i) => Math.imul(i + 1, 2654435761) >>> 0;

  function arrange(heads) {
    data.coins = new Uint8Array(data.n);
    for (const i of mixed(data.n).slice(0, heads)) data.coins[i] = 1;
    data.kind = "counted";
  }

  function draw() {
    data.coins = flips(data.truth, data.n, BigInt(data.seed));
    data.kind = "drawn";
  }

  const heads = () => data.coins.reduce((sum, coin) => sum + coin, 0);

  function read() {
    const n = state.number("n", 100);
    data.n = SIZES.reduce((best, size) => (Math.abs(size - n) < Math.abs(best - n) ? size : best));
    data.seed = Math.round(state.number("seed", 1, 0, 1e9));
    data.truth = state.number("truth", undefined, 0.001, 0.999);
    const typed = state.get("coins");
    if (typed !== undefined) {
      data.coins = unpack(typed, data.n);
      data.kind = "edited";
    } else if (data.truth !== undefined) draw();
    else arrange(Math.round(state.number("heads", 0.6 * data.n, 0, data.n)));
    view.start = state.number("start", START, -8, 8);
    view.rate = state.number("eta", 1, 0.05, 40);
  }

  function keep() {
    state.put({
      n: data.n === 100 ? undefined : data.n,
      heads: data.kind === "counted" && heads() !== 0.6 * data.n ? heads() : undefined,
      truth: data.truth,
      seed: data.truth !== undefined && data.seed !== 1 ? data.seed : undefined,
      coins: data.kind === "edited" ? pack(data.coins) : undefined,
    });
  }

  // A new p̂: its curves, and the descent anew.
  function remake() {
    view.coin?.free();
    const counted = data.kind === "counted" || data.truth === undefined;
    view.coin = counted ? Coin.counted(heads(), data.n - heads()) : Coin.flipped(data.coins, data.truth);
    view.n = data.n;
    view.truth = data.truth;
    view.heads = view.coin.heads();
    view.entropy = view.coin.entropy();
    view.verdict = view.coin.verdict();
    view.floor = theta(view.heads);
    scene.curves();
    left.draw();
    fall.restart();
  }

  const theta = (prob) => wasm_bindgen.theta(prob);

  const change = (act) => {
    act();
    keep();
    remake();
  };

  const left = flipsSeen(data, {
    turn: (i, face) => change(() => {
      data.coins[i] = face;
      data.kind = "edited";
    }),
    share: (share) => {
      const wanted = Math.round(clamp(share, 0, 1) * data.n);
      if (wanted === heads()) return;
      change(() => {
        if (data.truth === undefined) return arrange(wanted);
        let more = wanted - heads();
        for (const i of mixed(data.n)) {
          if (more === 0) break;
          if (data.coins[i] === (more > 0 ? 0 : 1)) {
            data.coins[i] = more > 0 ? 1 : 0;
            more -= Math.sign(more);
          }
        }
        data.kind = "edited";
      });
    },
    size: (n) => change(() => {
      const share = heads() / data.n;
      data.n = n;
      if (data.truth !== undefined) draw();
      else arrange(Math.round(share * n));
    }),
    hide: (on) => {
      change(() => {
        if (on) {
          data.truth = hidden(BigInt(data.seed));
          draw();
        } else {
          data.truth = undefined;
          arrange(heads());
        }
      });
      if (!on) scene.toggle("p", false);
    },
    again: () => change(() => {
      data.seed += 1;
      draw();
    }),
    other: () => change(() => {
      data.seed += 1;
      data.truth = hidden(BigInt(data.seed));
      draw();
    }),
  });

  const scene = stage(view, {
    needTruth: () => data.truth === undefined && left.tick(),
    start: (theta) => {
      view.start = theta;
      state.put({ start: theta === START ? undefined : theta.toFixed(3) });
      fall.restart();
    },
    grow: (n) => left.size(n),
    redraw: () => redraw(),
  });
  const fall = descent(view, {
    moved: () => redraw(),
    rate: (rate) => {
      view.rate = rate;
      state.put({ eta: rate === 1 ? undefined : rate });
      fall.restart();
    },
  });

  // The identity, in digits, where the pointer is, or else the ball.
  const part = (of, label) => html("span", { class: `part ${of}` }, html("b"), html("small", {}, label));
  const parts = {
    sum: part("ce", "cross-entropy H(p̂, q)"),
    floor: part("h", "H(p̂), the floor"),
    above: part("kl", "KL(p̂‖q)"),
    n: part("n", "flips"),
    all: part("nll", "negative log-likelihood"),
  };
  const where = html("span", { class: "where" });
  const sign = (text) => html("i", {}, text);
  const per = html("small");
  const foot = html("section", { class: "identity", "aria-label": "The identity in digits" },
    where,
    html("span", { class: "sum" }, parts.sum, sign("="), parts.floor, sign("+"), parts.above),
    html("span", { class: "sum" }, sign("×"), parts.n, sign("="), parts.all));

  function digits() {
    const at = view.hover ?? view.ball;
    const [sum, floor, above, n, all] = view.coin.identity(at, display.unit);
    const write = (element, text) => (element.firstChild.textContent = text);
    write(parts.sum, sum);
    write(parts.floor, floor);
    write(parts.above, above);
    write(parts.n, n);
    write(parts.all, all);
    where.textContent = `at q = ${seen(wasm_bindgen.prob(at), 4)}, in ${display.unit}`;
    parts.sum.lastChild.textContent = "cross-entropy H(p̂, q)";
  }

  function redraw() {
    view.per = nats(display.unit);
    scene.draw();
    fall.draw();
    digits();
  }

  main.append(html("div", { class: "lift" }, left.element, scene.element, fall.element, foot));
  read();
  remake();
  scene.restore();
  return {
    name: "lift-the-curve",
    picture: () => scene.drawing,
    redraw: () => (left.draw(), scene.size(), redraw()),
    close: () => (fall.pause(), scene.close()),
  };
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function pack(coins) {
  let text = "";
  for (let i = 0; i < coins.length; i += 6) {
    let six = 0;
    for (let k = 0; k < 6; k++) six = 2 * six + (coins[i + k] ?? 0);
    text += DIGITS[six];
  }
  return text;
}

function unpack(text, n) {
  const coins = new Uint8Array(n);
  for (let i = 0; i < n; i++) coins[i] = (DIGITS.indexOf(text[Math.floor(i / 6)]) >> (5 - (i % 6))) & 1;
  return coins;
}
