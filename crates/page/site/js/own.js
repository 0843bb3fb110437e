// A table of one's own: dropped or pasted, read and fitted in a worker beside the page. It never leaves the machine.

import { html, line, offer, scale, set, svg, ticks, clamp, calm } from "./dom.js";
import { samples } from "./samples.js";
import * as state from "./state.js";
import { assistant } from "./library.js";

// Shown until somebody brings a table.
const FIRST = "titanic";
const PLAIN = { headless: false, marks: [], categorical: [], bases: [], resolution: [] };
const COUNTS = ["count", "n", "freq", "frequency", "counts", "anzahl"];

export function own(main, display) {
  const { seen, nats } = wasm_bindgen;
  const view = { asked: PLAIN, run: 0, rows: [], shown: 0, columns: [], use: new Set() };
  let worker;
  let frame = 0;

  const drop = html("div", { class: "drop", tabindex: "0", role: "button", "aria-label": "Choose a CSV file" },
    html("b", {}, "Drop a CSV here"), html("span", {}, "or click to choose, or paste with Ctrl+V"));
  const file = html("input", { type: "file", accept: ".csv,.tsv,.txt,text/csv,text/plain", hidden: true, onchange: () => file.files[0] && take(file.files[0]) });
  const tries = html("p", { class: "tries" }, "or try ",
    ...Object.keys(samples).flatMap((name, i) => [i ? ", " : "", html("button", { type: "button", class: "quiet", onclick: () => sample(name) }, name.replace("_", " "))]));
  const about = html("p", { class: "about" });
  const missing = html("select", { id: "missing", onchange: () => read() },
    ...[["error", "are refused"], ["drop", "leave their rows out"], ["level", "are a level"]].map(([value, words]) => html("option", { value }, words)));
  const missingRow = html("label", { class: "row", for: "missing", hidden: true }, html("span", {}, "Missing cells"), missing);
  const columns = html("table", { class: "columns" });
  const left = html("section", { class: "table", "aria-label": "Your table" },
    html("h2", {}, "Your table"), drop, file, tries,
    html("p", { class: "private" }, "It stays on this machine: no request is made."),
    about, missingRow, columns);

  const title = html("h2", { "aria-live": "polite" });
  const says = html("p", { class: "caption", role: "status" });
  const trouble = html("p", { class: "trouble", role: "alert", hidden: true });
  const drawing = svg("svg", { class: "stage", role: "img" });
  const stop = html("button", { type: "button", hidden: true, onclick: () => send("stop") }, "Stop");
  const again = html("button", { type: "button", hidden: true, onclick: () => replay() }, "↺ Again");
  const middle = html("section", { class: "middle", "aria-label": "The fit" },
    html("div", { class: "head" }, title, html("div", { class: "steps" }, stop, again)),
    trouble, drawing, html("div", { class: "foot" }, says));

  const coefficients = html("table", { class: "coefficients" });
  const notes = html("ul", { class: "notes" });
  const command = html("pre", { tabindex: "0" });
  const copy = html("button", { type: "button", class: "quiet", onclick: async () => {
    await navigator.clipboard.writeText(command.textContent);
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy"), 1500);
  } }, "Copy");
  const heading = html("h2", {}, "Coefficients");
  const results = html("section", { class: "results", "aria-label": "What came of it", hidden: true },
    heading, coefficients,
    html("div", { class: "buttons" },
      html("button", { type: "button", onclick: () => send("csv") }, "log.csv"),
      html("button", { type: "button", onclick: () => send("parameters") }, "Model file")),
    html("h2", {}, "The same on the command line ", copy), command,
    html("h2", {}, "How it was read"), notes);

  // The drawing, back to front: as on the front page, the band H(Y|X) between KL and the cross-entropy.
  const axes = svg("g", { class: "axes" }, drawing);
  const band = svg("path", { class: "band" }, drawing);
  const upper = svg("path", { class: "curve ce" }, drawing);
  const dashes = svg("path", { class: "curve nll" }, drawing);
  const lower = svg("path", { class: "curve kl" }, drawing);
  const dots = svg("g", { class: "trails" }, drawing);
  const words = Object.fromEntries(["kl", "ce", "nll", "h"].map((key) => [key, svg("text", { class: `label ${key}` }, drawing)]));

  async function begin() {
    worker = await assistant();
    worker.onmessage = ({ data }) => hear[data.kind]?.(data);
  }

  const send = (act, content = {}) => {
    if (["read", "learn", "stop"].includes(act)) home.dataset.run = view.run += 1;
    worker.postMessage({ act, run: view.run, unit: display.unit, ...content });
  };
  const current = (act) => (data) => data.run === view.run && act(data);
  const hear = {
    ready: () => (document.documentElement.dataset.worker = "ready"),
    table: current(({ columns: told, size, notes }) => {
      view.columns = told;
      view.size = size;
      view.tableNotes = notes;
      guess();
      learn();
    }),
    begun: current(({ says, facts, classes }) => Object.assign(view, { says, facts, classes })),
    rows: current(({ rows }) => {
      for (let i = 0; i < rows.length; i += 3) view.rows.push([rows[i], rows[i + 1], rows[i + 2]]);
      roll();
    }),
    done: current(({ verdict, estimates: texts, stopped }) => {
      Object.assign(view, { verdict: stopped ? `Stopped. ${verdict}` : verdict, texts, done: true });
      roll();
      redraw();
    }),
    verdict: current(({ verdict }) => {
      view.verdict = verdict;
      redraw();
    }),
    csv: ({ text }) => offer("log.csv", text, "text/csv"),
    parameters: ({ bytes }) => offer("parameters.safetensors", new Blob([bytes])),
    error: current(({ message }) => {
      view.trouble = message;
      view.busy = false;
      redraw();
    }),
  };

  async function take(blob, name = blob.name) {
    view.name = name ?? "table.csv";
    view.bytes = new Uint8Array(await blob.arrayBuffer());
    view.target = view.count = undefined;
    view.asked = PLAIN;
    view.fresh = true;
    missing.value = "error";
    read();
  }

  // A run of the command, in a file that it wrote: the table, and what was asked of it.
  function replayed(run) {
    Object.assign(view, { name: run.name, bytes: typeof run.csv === "string" ? new TextEncoder().encode(run.csv) : Uint8Array.from(run.csv), count: run.count ?? undefined, target: run.target, asked: run, chosen: run });
    missing.value = run.missing;
    read();
  }

  const sample = (name) => {
    state.put({ sample: name === FIRST ? undefined : name });
    return take(new Blob([samples[name]]), `${name}.csv`);
  };

  function read() {
    clearRun();
    // The name of a column of counts is in the first line; which it is can be changed by a click.
    if (view.fresh) {
      const head = new TextDecoder().decode(view.bytes.slice(0, 4000)).split(/\r?\n/)[0].split(/[,;\t|]/).map((cell) => cell.trim().replace(/^"|"$/g, ""));
      view.count = head.find((name) => COUNTS.includes(name.toLowerCase()));
      view.fresh = false;
    }
    const { separator, headless, marks, categorical } = view.asked;
    send("read", { bytes: view.bytes, count: view.count, missing: missing.value, separator: separator ?? undefined, headless, marks, categorical });
    redraw();
  }

  // What is predicted, until somebody says otherwise: the last column with a few levels, or nothing: then it is a Gaussian.
  function guess() {
    const names = view.columns.map(({ name }) => name);
    if (view.chosen) {
      const { columns, exclude } = view.chosen;
      const left = columns.length ? names.filter((name) => columns.includes(name)) : names.filter((name) => !exclude.includes(name));
      view.use = new Set(left);
      view.chosen = undefined;
    }
    if (view.target !== null && !names.includes(view.target)) {
      const likely = view.columns.filter(({ distinct }) => distinct > 1 && distinct <= 12);
      view.target = (likely.filter(({ numbers }) => !numbers).at(-1) ?? likely.at(-1))?.name ?? null;
      view.use = new Set(view.columns.filter(({ name, numbers, distinct }) => name !== view.target && (numbers || distinct <= 50)).map(({ name }) => name));
    }
    view.use.delete(view.target);
  }
  // The columns that take part: of a Gaussian those of numbers.
  const everything = () => view.columns.every(({ name, numbers }) => name === view.target || view.use.has(name) || (view.target === null && !numbers));
  const used = () => view.columns.filter(({ name, numbers }) => view.use.has(name) && (numbers || view.target !== null)).map(({ name }) => name);

  function clearRun() {
    cancelAnimationFrame(frame);
    frame = 0;
    Object.assign(view, { rows: [], shown: 0, trouble: undefined, done: false, verdict: undefined, texts: undefined, says: undefined, facts: undefined });
  }

  function learn() {
    clearRun();
    if (view.target === undefined) view.trouble = "Choose a column to predict, one with a few levels, such as yes and no; or none.";
    else if (view.target === null && !used().length) view.trouble = "A Gaussian is fitted to columns of numbers: choose one.";
    else send("learn", { target: view.target, from: view.target === null && everything() ? [] : used(), bases: view.asked.bases.filter(([of]) => of === view.target || view.use.has(of)).flat(), resolution: view.target === null ? view.asked.resolution : [] });
    redraw();
  }

  // The steps appear one after the other, a second for all of them.
  function roll() {
    if (frame) return;
    let last;
    const next = (now) => {
      const speed = Math.max(view.rows.length / 1.2, 8);
      view.shown = calm() ? view.rows.length : Math.min(view.rows.length, view.shown + (speed * Math.min(now - (last ?? now - 16), 100)) / 1000);
      last = now;
      draw();
      frame = view.shown < view.rows.length ? requestAnimationFrame(next) : 0;
      if (!frame) redraw();
    };
    frame = requestAnimationFrame(next);
  }
  const replay = () => ((view.shown = 0), roll());

  function quoted(text) {
    return /^[\w.,/=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  }

  function commandLine() {
    const chosen = used();
    const { separator, headless, marks, categorical, bases, resolution } = view.asked;
    return ["candle-mle fit", `--csv ${quoted(view.name)}`, view.target !== null && `--target ${quoted(view.target)}`,
      view.count && `--count ${quoted(view.count)}`,
      !everything() && `--columns ${chosen.length ? quoted(chosen.join(",")) : "none"}`,
      missing.value !== "error" && `--missing ${missing.value}`,
      marks.length && `--missing-marks ${quoted(marks.join(","))}`,
      categorical.length && `--categorical ${quoted(categorical.join(","))}`,
      separator && `--separator ${separator === "\t" ? "tab" : quoted(separator)}`,
      headless && "--no-header",
      ...bases.map(([column, level]) => `--base ${quoted(`${column}=${level}`)}`),
      view.target === null && resolution.length && `--resolution ${resolution.join(",")}`,
      display.unit !== "bits" && `--unit ${display.unit}`].filter(Boolean).join(" ");
  }

  function what() {
    const from = used();
    const some = from.length > 5 ? `${from.slice(0, 4).join(", ")} and ${from.length - 4} more` : from.join(", ");
    if (view.target === null) return `A Gaussian: ${some}`;
    return `${view.classes.length === 3 ? "Logistic" : "Softmax"} regression: ${view.target}${from.length ? ` from ${some}` : ", the intercept alone"}`;
  }

  function redraw() {
    view.per = nats(display.unit);
    if (view.done || view.trouble) home.dataset.done = view.run;
    const busy = view.bytes && !view.done && !view.trouble;
    trouble.hidden = !view.trouble;
    set(trouble, { text: view.trouble ?? "" });
    stop.hidden = !busy || !view.facts;
    again.hidden = !view.done || view.rows.length < 2;
    set(title, {
      text: view.trouble ? "This table cannot be used as it is" : view.facts ? what() : view.bytes ? "Reading…" : "",
    });
    set(says, { text: view.trouble ? "" : view.verdict ?? "" });
    drawing.style.visibility = view.rows.length && !view.trouble ? "" : "hidden";
    set(about, { text: view.bytes && view.size && !view.trouble ? `${view.name}: ${Number(view.size[0]).toLocaleString("en")} rows${view.count ? `, ${Number(view.size[1]).toLocaleString("en")} observations` : ""}` : "" });
    missingRow.hidden = !view.bytes;

    columns.hidden = !view.columns.length;
    const act = (act) => (view.trouble = undefined, act(), learn());
    columns.replaceChildren(
      html("thead", {}, html("tr", {}, ...["column", "predict", "from", "count"].map((text) => html("th", { scope: "col" }, text)))),
      html("tbody", {}, html("tr", {}, html("th", { scope: "row" }, "none", html("small", {}, " a Gaussian")),
        html("td", {}, html("input", { type: "radio", name: "predict", checked: view.target === null, "aria-label": "predict: nothing, a Gaussian", onchange: () => act(() => {
          if (view.target) view.use.add(view.target);
          view.target = null;
        }) })), html("td"), html("td")), ...view.columns.map(({ name, numbers, distinct, some }) => {
        const input = (type, kind, checked, onchange) =>
          html("td", {}, html("input", { type, name: kind, checked, "aria-label": `${kind}: ${name}`, onchange }));
        return html("tr", {},
          html("th", { scope: "row", title: some.join(", ") }, name, html("small", {}, numbers ? " numbers" : ` ${distinct} levels`)),
          input("radio", "predict", name === view.target, () => act(() => {
            if (view.target) view.use.add(view.target);
            view.target = name;
            view.use.delete(name);
          })),
          view.target === null && !numbers ? html("td") : input("checkbox", "from", view.use.has(name), ({ target }) => act(() => {
            if (name === view.target) view.target = undefined;
            target.checked ? view.use.add(name) : view.use.delete(name);
          })),
          numbers ? input("radio", "count", false, () => {
            view.count = name;
            read();
          }) : html("td"));
      }), view.count ? html("tr", {}, html("th", { scope: "row" }, view.count, html("small", {}, " counts")), html("td"), html("td"),
        html("td", {}, html("input", { type: "checkbox", checked: true, "aria-label": `count: ${view.count}`, onchange: () => {
          view.count = undefined;
          read();
        } }))) : undefined));

    results.hidden = !view.done;
    if (view.done) {
      const rows = [];
      for (let i = 0; i < view.texts.length; i += 4) rows.push(view.texts.slice(i, i + 4));
      const apart = rows.some((row) => row[3]);
      const gaussian = view.target === null;
      set(heading, { text: gaussian ? "Moments" : "Coefficients" });
      coefficients.replaceChildren(
        html("caption", {}, gaussian ? "in the unit of each column" : `logits per unit; reference: ${view.classes[0]} = ${view.classes[1]}`),
        html("thead", {}, html("tr", {}, html("th"), html("th", { scope: "col" }, apart ? "limit" : "estimate"), apart ? html("th", { scope: "col" }, "diverges along") : undefined)),
        html("tbody", {}, ...rows.flatMap(([of, name, value, along], i) => [
          rows[i - 1]?.[0] === of ? undefined : html("tr", { class: "class" }, html("th", { colspan: "3", scope: "rowgroup" }, gaussian ? of : `${view.classes[0]} = ${of}`)),
          html("tr", {}, html("th", { scope: "row" }, name), html("td", {}, value), apart ? html("td", {}, along) : undefined)])));
      notes.replaceChildren(...view.says.map((note) => html("li", {}, note)));
      set(command, { text: commandLine() });
    }
    draw();
  }

  function draw() {
    const box = drawing.getBoundingClientRect();
    if (!view.facts || !view.rows.length || !box.width) return;
    const em = parseFloat(getComputedStyle(drawing).fontSize);
    const { width, height } = box;
    set(drawing, { viewBox: `0 0 ${width} ${height}` });
    const [n, , floor, infimum] = view.facts;
    const last = Math.max(view.rows.length - 1, 1);
    const shown = Math.max(1, Math.ceil(view.shown));
    const rows = view.rows.slice(0, shown);
    const high = 1.08 * Math.max(...view.rows.map((row) => (Number.isFinite(row[1]) ? row[1] : 0)), Number.isFinite(floor) ? floor : 0, 1e-9);
    const least = Math.min(0, ...view.rows.map((row) => (Number.isFinite(row[1]) ? row[1] : 0)));
    const x = scale([0, last], [3.4 * em, width - 4.6 * em]);
    const y = scale([least, high], [height - 2.6 * em, 1.9 * em]);
    axes.replaceChildren();
    const grid = (value, text, right) => {
      const at = y(value * view.per);
      svg("path", { class: value === 0 ? "grid zero" : "grid", d: `M${x(0)} ${at}H${x(last)}` }, axes);
      svg("text", { class: "tick", x: x(0) - 0.5 * em, y: at + 0.35 * em, "text-anchor": "end", text }, axes);
      svg("text", { class: "tick", x: x(last) + 0.5 * em, y: at + 0.35 * em, text: right }, axes);
    };
    for (const value of ticks(least / view.per, high / view.per, height / (5.5 * em))) grid(value, String(value), (+(value * n).toPrecision(4)).toLocaleString("en"));
    svg("text", { class: "title", x: 0.2 * em, y: 0.9 * em, text: `${display.unit} per observation` }, axes);
    svg("text", { class: "title", x: width - 0.2 * em, y: 0.9 * em, "text-anchor": "end", text: `${display.unit} in all, n = ${n.toLocaleString("en")}` }, axes);
    for (const step of ticks(0, last, Math.min(last, width / (6 * em))).filter(Number.isInteger)) svg("text", { class: "tick", x: x(step), y: height - 1.25 * em, "text-anchor": "middle", text: String(step) }, axes);
    svg("text", { class: "title", x: x(last), y: height - 0.2 * em, "text-anchor": "end", text: "step" }, axes);
    if (Number.isFinite(infimum)) {
      svg("path", { class: "dashed", d: `M${x(0)} ${y(infimum)}H${x(last)}` }, axes);
      const below = y(0) - y(infimum) > 1.5 * em;
      svg("text", { class: "title", x: x(last / 2), y: y(infimum) + 1.1 * em, "text-anchor": "middle", text: below ? "the infimum, never reached" : "" }, axes);
    }
    const points = (of) => rows.map((row, i) => [x(i), y(of(row))]);
    const [kl, ce] = [points((row) => row[0]), points((row) => row[1])];
    set(lower, { d: line(kl) });
    set(upper, { d: line(ce) });
    set(dashes, { d: line(points((row) => row[2] / n)) });
    const knows = Number.isFinite(floor);
    set(band, { d: knows && kl.length > 1 ? `${line(ce)}L${line([...kl].reverse()).slice(1)}Z` : "" });
    dots.replaceChildren();
    if (rows.length < 80) for (const [px, py] of [...kl, ...ce]) if (Number.isFinite(py)) svg("circle", { cx: px, cy: py, r: 0.16 * em }, dots);
    const now = rows.at(-1);
    const at = clamp(x(rows.length - 1), x(0), x(last));
    const side = at > x(last) - 16 * em ? "end" : "start";
    const place = { x: at, "text-anchor": side };
    const near = knows && y(now[0]) - y(now[1]) < 2.2 * em;
    set(words.ce, { ...place, y: y(now[1]) - (near ? 2.3 : 0.8) * em, text: `cross-entropy ${seen(now[1] / view.per, 4)} · NLL ${seen(now[2] / view.per, 2)}` });
    if (!knows) {
      // Of points without a resolution: the cross-entropy is that of a density, and KL to it has no finite value.
      set(words.kl, { x: x(0) + 0.6 * em, y: height - 3.6 * em, "text-anchor": "start", text: "KL(p̂‖q) = ∞: points have no density to compare with" });
      set(words.h, { text: "" });
    } else set(words.kl, { ...place, y: (near ? y(now[1]) : y(now[0])) - 0.8 * em, text: `KL ${seen(now[0] / view.per, 4)}` });
    const thick = y(0) - y(floor);
    if (knows) set(words.h, { ...place, y: (y(now[0]) + y(now[1])) / 2 + 0.35 * em, text: thick > 4 * em ? `H(Y|X) = ${seen(floor / view.per, 4)} ${display.unit}` : "" });
    set(drawing, { "aria-label": `At step ${rows.length - 1} cross-entropy ${seen(now[1] / view.per, 4)}, KL ${knows ? seen(now[0] / view.per, 4) : "infinite,"} ${display.unit} per observation, NLL ${seen(now[2] / view.per, 2)} ${display.unit}.` });
  }

  drop.addEventListener("click", () => file.click());
  drop.addEventListener("keydown", (event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), file.click()));
  const over = (event) => (event.preventDefault(), drop.classList.add("over"));
  const listeners = {
    dragover: over,
    dragleave: () => drop.classList.remove("over"),
    drop: (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      const [dropped] = event.dataTransfer.files;
      if (dropped) take(dropped);
      else if (event.dataTransfer.getData("text")) take(new Blob([event.dataTransfer.getData("text")]), "pasted.csv");
    },
    paste: (event) => {
      const text = event.clipboardData.getData("text");
      if (event.clipboardData.files[0]) take(event.clipboardData.files[0]);
      else if (text) take(new Blob([text]), "pasted.csv");
    },
  };
  for (const [event, act] of Object.entries(listeners)) addEventListener(event, act);
  const watch = new ResizeObserver(() => draw());
  watch.observe(drawing);
  const home = html("div", { class: "own" }, left, middle, results);
  main.append(home);
  const run = JSON.parse(document.getElementById("run")?.textContent ?? "null");
  redraw();
  begin().then(() => {
    const asked = state.get("sample", FIRST);
    if (!view.bytes && run && !state.get("sample")) replayed(run);
    else if (!view.bytes) sample(asked in samples ? asked : FIRST);
  });
  return {
    name: "your-own-table",
    picture: () => drawing,
    redraw: () => {
      redraw();
      if (view.done) send("verdict");
    },
    close: () => {
      for (const [event, act] of Object.entries(listeners)) removeEventListener(event, act);
      watch.disconnect();
      worker?.terminate();
      delete document.documentElement.dataset.worker;
    },
  };
}
