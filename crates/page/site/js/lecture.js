// The lecture's other rows: nine small panels, each of which moves; one of them can be made large.

import { html, set, svg } from "./dom.js";
import { die, loss, modes, sums } from "./laws.js";
import { board, cloud, code, joint, relay } from "./tables.js";
import { assistant } from "./library.js";
import * as state from "./state.js";

const PANELS = { loss, die, sums, joint, cloud, modes, code, relay, board };

export function lecture(main, display) {
  const chosen = state.get("panel") in PANELS ? state.get("panel") : undefined;
  // What takes longer than a frame is asked of a worker: the latest question, and until it is answered the last answer.
  let helper;
  let closed = false;
  let latest;
  const asked = new Map();
  const send = async (what, entry) => {
    entry.busy = true;
    helper ??= assistant().then((worker) => {
      worker.onmessage = ({ data }) => data.kind === "answer" && hear(data);
      return worker;
    });
    const worker = await helper;
    if (closed) return worker.terminate();
    worker.postMessage({ act: "ask", what, key: entry.key, args: entry.args });
  };
  const hear = ({ what, key, answer, error }) => {
    const entry = asked.get(what);
    Object.assign(entry, { known: key, answer, error, busy: false });
    if (entry.key !== key) send(what, entry);
    entry.redraw();
  };
  const ask = (redraw, element) => (what, ...args) => {
    const key = JSON.stringify(args);
    const entry = asked.get(what) ?? asked.set(what, {}).get(what);
    Object.assign(entry, { key, args, redraw });
    if (entry.known !== key && !entry.busy) send(what, entry);
    if (entry.known === key) delete element().dataset.busy;
    else element().dataset.busy = "";
    if (entry.error) throw new Error(entry.error);
    return entry.answer;
  };
  const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => panels.find(({ drawing }) => drawing === target)?.show()));
  const panels = Object.entries(PANELS).filter(([key]) => !chosen || key === chosen).map(([key, make]) => {
    const drawing = svg("svg", { class: "stage", role: "group" });
    const line = html("p", { class: "line", role: "status" });
    const redraw = () => (frame ||= requestAnimationFrame(() => ((frame = 0), show())));
    const panel = make({
      drawing, display, put: state.put, get: state.get, number: state.number,
      // What a frame asks for is drawn once.
      redraw,
      ask: ask(redraw, () => element),
      per: () => wasm_bindgen.nats(display.unit),
    });
    let frame = 0;
    const name = html("span");
    function show() {
      const { width, height } = drawing.getBoundingClientRect();
      if (!width) return;
      set(drawing, { viewBox: `0 0 ${width} ${height}`, "aria-label": panel.title });
      let said;
      try {
        said = panel.draw({ em: parseFloat(getComputedStyle(drawing).fontSize), width, height });
        element.classList.remove("troubled");
      } catch (error) {
        said = String(error.message ?? error);
        element.classList.add("troubled");
      }
      line.replaceChildren(...[said].flat());
    }
    const large = html("button", { type: "button", class: "quiet large", "aria-label": chosen ? "All panels" : `Enlarge: ${panel.title}`, onclick: () => {
      state.put({ panel: chosen ? undefined : key });
      state.write();
      state.again();
    } }, chosen ? "all nine" : "⤢");
    const element = html("section", { class: `card card-${key}`, "data-panel": key, "aria-label": panel.title },
      html("div", { class: "head" }, html("h2", {}, panel.title), large), drawing, panel.hint && html("p", { class: "caption" }, panel.hint), ...(panel.controls ?? []), line);
    for (const event of ["pointerdown", "focusin"]) element.addEventListener(event, () => (latest = drawing));
    watch.observe(drawing);
    return { drawing, element, show, close: () => cancelAnimationFrame(frame) };
  });
  main.append(html("div", { class: chosen ? "cards alone" : "cards" }, ...panels.map(({ element }) => element)));
  panels.forEach(({ show }) => show());
  return {
    name: chosen ?? "nine-more",
    // That which was touched last.
    picture: () => latest ?? panels[0].drawing,
    redraw: () => panels.forEach(({ show }) => show()),
    close() {
      closed = true;
      helper?.then((worker) => worker.terminate());
      watch.disconnect();
      panels.forEach(({ close }) => close());
    },
  };
}
