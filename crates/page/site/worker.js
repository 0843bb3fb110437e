// Long work, beside the page: reads a table and fits it step by step; what it is told between two steps, it hears.
// The page hands over the library itself, compiled; nothing is fetched.

let sheet;
let learning;
let run = 0;

const post = (kind, content) => postMessage({ kind, run, ...content });

const questions = {
  modes(left, right, share, places) {
    const found = new wasm_bindgen.Modes(left, right, share);
    const told = { found: found.found(), densities: found.densities(Float64Array.from(places)) };
    found.free();
    return told;
  },
  usable: (board, places, noise) => wasm_bindgen.usable(Uint8Array.from(board), Uint32Array.from(places), noise),
};

const acts = {
  async library({ module }) {
    await wasm_bindgen({ module_or_path: module });
    post("ready");
  },
  read({ bytes, count, missing, separator, headless, marks, categorical }) {
    sheet?.free();
    sheet = undefined;
    sheet = wasm_bindgen.Sheet.read(bytes, count, missing, separator, headless, marks, categorical);
    const columns = sheet.columns().map(({ name, numbers, distinct, some }) => ({ name, numbers, distinct, some }));
    post("table", { columns, size: sheet.size(), notes: sheet.notes() });
  },
  learn({ target, from, bases, resolution, unit }) {
    learning?.free();
    learning = undefined;
    learning = sheet.learn(target ?? undefined, from, bases, Float64Array.from(resolution));
    post("begun", { says: learning.says(), facts: learning.facts(), classes: learning.classes() });
    go(run, 0, unit);
  },
  stop({ unit }) {
    if (learning) done(unit, true);
  },
  // A question of its own, whatever the table does.
  ask({ what, key, args }) {
    const said = {};
    try {
      said.answer = questions[what](...args);
    } catch (error) {
      said.error = String(error?.message ?? error);
    }
    post("answer", { what, key, ...said });
  },
  csv: ({ unit }) => post("csv", { text: learning.csv(unit) }),
  parameters: () => post("parameters", { bytes: learning.parameters() }),
  verdict: ({ unit }) => post("verdict", { verdict: learning.verdict(unit) }),
};

// A handful of steps, and then a look at what was said meanwhile.
function go(of, from, unit) {
  if (of !== run || !learning) return;
  guarded(() => {
    const until = performance.now() + 40;
    let more = true;
    do more = learning.step();
    while (more && performance.now() < until);
    const rows = learning.rows(from);
    post("rows", { rows });
    if (more) setTimeout(() => go(of, from + rows.length / 3, unit));
    else done(unit, false);
  });
}

function done(unit, stopped) {
  post("done", { verdict: learning.verdict(unit), estimates: learning.estimates(), stopped });
}

function guarded(act) {
  try {
    return act();
  } catch (error) {
    post("error", { message: String(error?.message ?? error) });
  }
}

onmessage = ({ data }) => {
  // A new order ends the work in progress.
  if (["read", "learn", "stop"].includes(data.act)) run = data.run;
  guarded(() => acts[data.act](data));
};
