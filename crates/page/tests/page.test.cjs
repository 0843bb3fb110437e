// The page in a real browser: from a folder behind a server, and as one file opened by double click. What it says is compared
// with native runs, whose files page.sh has left in $PAGE_WORK/native.

const { test, before, after } = require("node:test");
const assert = require("node:assert");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { chromium } = require("playwright-core");

const root = path.resolve(__dirname, "../../..");
const work = process.env.PAGE_WORK;
const site = path.join(root, "crates/page/site");
const shots = process.env.PAGE_SHOTS;
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };

let browser, server, base;
before(async () => {
  server = http.createServer((request, answer) => {
    const file = path.join(site, request.url === "/" ? "index.html" : decodeURIComponent(request.url.split("?")[0]));
    if (!file.startsWith(site) || !fs.existsSync(file)) return answer.writeHead(404).end();
    answer.writeHead(200, { "content-type": types[path.extname(file)] ?? "application/octet-stream" }).end(fs.readFileSync(file));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  base = `http://127.0.0.1:${server.address().port}/`;
  const executablePath = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((place) => fs.existsSync(place));
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] });
});
after(async () => {
  await browser?.close();
  server?.close();
});

// A page that is ready; what its console says and what it asks the network for is kept.
async function open(hash = "", { file = false, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.said = [];
  page.asked = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.said.push(message.text()));
  page.on("pageerror", (error) => page.said.push(String(error)));
  page.on("request", (request) => page.asked.push(request.url()));
  await page.goto((file ? `file://${root}/page.html` : base) + (hash ? `#${hash}` : ""));
  await page.waitForSelector(":root[data-ready]", { timeout: 60000 });
  return page;
}

async function close(page) {
  assert.deepEqual(page.said, []);
  await page.context().close();
}

const text = (page, selector) => page.locator(selector).first().evaluate((element) => element.innerText ?? element.textContent);
const download = async (page, click) => {
  const [got] = await Promise.all([page.waitForEvent("download"), click()]);
  return fs.readFileSync(await got.path());
};

test("the identity is in digits, of the fair coin as the lecture has it", async () => {
  const page = await open("start=0");
  assert.match(await text(page, ".identity"), /1\.0000[\s\S]*=[\s\S]*0\.9710[\s\S]*\+[\s\S]*0\.0290[\s\S]*×[\s\S]*100[\s\S]*=[\s\S]*100\.00/);
  await page.click("#unit");
  assert.match(await text(page, ".identity"), /0\.6931[\s\S]*0\.6730[\s\S]*0\.0201[\s\S]*69\.31/);
  await page.waitForURL(/unit=nats/);
  await close(page);
});

test("coins turn by click, by key and by the edge of the bar, and the address says so", async () => {
  const page = await open();
  assert.equal(await text(page, ".heads"), "60 heads of 100");
  const coins = page.locator(".coins");
  await coins.click({ position: { x: 5, y: 5 } });
  assert.match(await text(page, ".heads"), /^(59|61) heads of 100$/);
  await coins.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Space");
  const heads = await text(page, ".heads");
  const title = await text(page, ".middle h2");
  await page.waitForTimeout(300);
  const again = await open(page.url().split("#")[1]);
  assert.equal(await text(again, ".heads"), heads);
  assert.equal(await text(again, ".middle h2"), title);
  await close(again);
  const bar = await page.locator(".share").boundingBox();
  await page.mouse.move(bar.x + 0.5 * bar.width, bar.y + 5);
  await page.mouse.down();
  await page.mouse.move(bar.x + 0.25 * bar.width, bar.y + 5, { steps: 5 });
  await page.mouse.up();
  assert.equal(await text(page, ".heads"), "25 heads of 100");
  assert.match(await text(page, ".middle h2"), /one place: 0\.2500/);
  await page.locator(".edge").press("Home");
  assert.match(await text(page, ".middle h2"), /Only tails was observed: the likelihood has no finite maximum/);
  await page.locator(".edge").press("ArrowRight");
  assert.equal(await text(page, ".heads"), "1 heads of 100");
  await close(page);
});

test("the dashed line never moves in the three steps of the proof; the curves fall onto each other", async () => {
  const page = await open();
  const dashed = () => page.locator("path.dashed").first().getAttribute("d");
  const curve = (name) => page.locator(`.stage path.curve.${name}`).getAttribute("d");
  const line = await dashed();
  assert.ok(line);
  for (const step of ["n", "h", "p"]) await page.click(`[data-step=${step}]`);
  assert.equal(await curve("kl"), await curve("ce"));
  assert.match(await text(page, ".stage .axes"), /100/);
  await page.waitForURL(/steps=nhp/);
  assert.match(page.url(), /truth=0\.\d+/);
  assert.equal(await page.locator(".stage path.curve.pop").getAttribute("d") === "", false);
  for (const step of ["n", "h"]) await page.click(`[data-step=${step}]`);
  const first = await open();
  await first.click("[data-step=n]");
  await first.click("[data-step=h]");
  assert.equal(await first.locator("path.dashed").first().getAttribute("d"), line);
  await close(first);
  await close(page);
});

test("under the pointer both curves have one slope", async () => {
  const page = await open();
  const box = await page.locator(".stage").boundingBox();
  await page.mouse.move(box.x + 0.35 * box.width, box.y + 0.3 * box.height);
  const slopes = [await text(page, ".label.slope0"), await text(page, ".label.slope1")];
  assert.match(slopes[0], /slope −\d/);
  assert.equal(slopes[0], slopes[1]);
  await page.locator(".stage").focus();
  await page.keyboard.press("ArrowRight");
  assert.match(await text(page, ".label.slope0"), /slope/);
  await close(page);
});

test("the ball rolls to the minimum, and one step size too large leaps", async () => {
  const page = await open();
  await page.click(".play");
  await page.waitForFunction(() => document.querySelector(".says").textContent.startsWith("At the minimum"), null, { timeout: 30000 });
  assert.match(await text(page, ".identity"), /at q = 0\.6000/);
  await page.locator(".right input[aria-label=Step]").fill("3");
  assert.equal(await text(page, ".right .row output"), "3");
  const leap = await open("eta=9.5");
  for (let i = 0; i < 12; i++) await leap.click("text=Step >> nth=0");
  assert.match(await text(leap, ".says"), /leaps|diverges/);
  await close(leap);
  await close(page);
});

test("the ball is dragged to where the descent starts, by mouse and by finger", async () => {
  for (const touch of [false, true]) {
    const page = await open("", touch ? { hasTouch: true, viewport: { width: 390, height: 844 } } : {});
    const ball = await page.locator("circle.ball").nth(1).boundingBox();
    const [x, y] = [ball.x + ball.width / 2, ball.y + ball.height / 2];
    if (touch) {
      const at = (type, dx) => page.locator(".stage").dispatchEvent(type, { pointerId: 1, pointerType: "touch", isPrimary: true, buttons: 1, clientX: x + dx, clientY: y });
      await page.evaluate(() => (Element.prototype.setPointerCapture = () => {})); // of a finger that is none
      for (const [type, dx] of [["pointerdown", 0], ["pointermove", 60], ["pointerup", 60]]) await at(type, dx);
    } else {
      await page.mouse.move(x, y);
      await page.mouse.down();
      await page.mouse.move(x + 60, y, { steps: 4 });
      await page.mouse.up();
    }
    await page.waitForURL(/start=-(1|0)\.\d+/);
    const moved = await page.locator("circle.ball").nth(1).boundingBox();
    assert.ok(Math.abs(moved.x + moved.width / 2 - x - 60) < 3);
    await close(page);
  }
});

test("the descent is the native one: the same flips of the same seed, every number to 1e-9", async () => {
  const page = await open("n=1000&truth=0.6&seed=3&start=0");
  const csv = await page.evaluate(() => {
    const coin = wasm_bindgen.Coin.flipped(wasm_bindgen.flips(0.6, 1000, 3n), 0.6);
    const descent = coin.descend(0, 1);
    for (let t = 0; t <= 1000; t++) descent.step();
    return descent.csv("bits");
  });
  compare(csv, fs.readFileSync(path.join(work, "native/coin/log.csv"), "utf8"));
  await close(page);
});

// Every cell within 1e-9, relative where large; whether the bytes are the same is said.
function compare(ours, native) {
  const cells = (csv) => csv.trim().split("\n").map((row) => row.split(","));
  const [a, b] = [cells(ours), cells(native)];
  assert.equal(a.length, b.length);
  assert.deepEqual(a[0], b[0]);
  let apart = 0;
  a.slice(1).forEach((row, i) => row.forEach((cell, j) => {
    const [x, y] = [Number(cell), Number(b[i + 1][j])];
    apart = Math.max(apart, Math.abs(x - y) / Math.max(1, Math.abs(y)));
  }));
  console.log(`# ${a.length - 1} rows, ${ours === native ? "the same bytes" : `at most ${apart.toExponential(1)} apart`}`);
  assert.ok(apart <= 1e-9, `${apart}`);
}

// What was asked of the worker last is done.
const finished = (page) => page.waitForFunction(() => {
  const { run, done } = document.querySelector(".own").dataset;
  return run && run === done;
}, null, { timeout: 120000 });

async function table(page, name, content) {
  await finished(page);
  const before = await page.locator(".own").getAttribute("data-run");
  await page.locator("input[type=file]").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(content) });
  await page.waitForFunction((before) => document.querySelector(".own").dataset.run !== before, before);
  await finished(page);
}
const data = (name) => fs.readFileSync(path.join(root, "examples/data", name));

test("a table of one's own: the Titanic's NLL, coefficients and log are the native ones", async () => {
  const page = await open("page=own&unit=nats");
  await table(page, "titanic.csv", data("titanic.csv"));
  await finished(page);
  const log = (await download(page, () => page.click("text=log.csv"))).toString();
  assert.ok(Math.abs(Number(log.trim().split("\n").at(-1).split(",")[3]) - 1105.030553) < 1e-6);
  assert.match(await text(page, ".stage .label.ce"), /NLL 1105\.03/);
  await page.click("#unit");
  compare((await download(page, () => page.click("text=log.csv"))).toString(), fs.readFileSync(path.join(work, "native/titanic/log.csv"), "utf8"));
  const told = fs.readFileSync(path.join(work, "native/titanic.txt"), "utf8");
  for (const row of await page.locator(".coefficients tbody tr:not(.class)").all()) {
    const [name, value] = [await row.locator("th").innerText(), await row.locator("td").innerText()];
    const native = Number(told.match(new RegExp(`^    ${name.replace(/[()]/g, "\\$&")} +(\\S+)`, "m"))[1]);
    assert.ok(Math.abs(native - Number(value)) <= 1.01e-6, `${name}: ${value}, natively ${native}`);
  }
  assert.equal(await text(page, "pre"), "candle-mle fit --csv titanic.csv --target survived --count count");
  const model = await download(page, () => page.click("text=Model file"));
  const names = JSON.parse(model.subarray(8, 8 + Number(model.readBigUInt64LE())).toString());
  assert.equal(names.__metadata__.target, "survived");
  await close(page);
});

test("separable classes get the verdict, the infimum and the limits", async () => {
  const page = await open("page=own");
  await table(page, "iris.csv", data("iris.csv"));
  await finished(page);
  assert.match(await text(page, ".own .caption"), /no finite maximum: the columns tell the classes apart in part/);
  assert.match(await text(page, ".coefficients"), /∞|open/);
  compare((await download(page, () => page.click("text=log.csv"))).toString(), fs.readFileSync(path.join(work, "native/iris/log.csv"), "utf8"));
  await close(page);
});

test("target and columns are chosen by click", async () => {
  const page = await open("page=own");
  await table(page, "titanic.csv", data("titanic.csv"));
  await finished(page);
  await page.click("input[aria-label='from: class']");
  await page.waitForFunction(() => document.querySelector("pre").textContent.includes("--columns sex,age"));
  await page.click("input[aria-label='predict: sex']");
  await page.waitForFunction(() => document.querySelector("pre").textContent.includes("--target sex"));
  await page.click("input[aria-label='count: count']");
  await page.waitForFunction(() => document.querySelector(".about").textContent === "titanic.csv: 32 rows");
  await close(page);
});

test("junk gets the library's own words, and what comes after it is read", async () => {
  const page = await open("page=own");
  const junk = [["", /holds no rows|no row|empty/i], ["a,b\n1,2\n3\n", /line 3/], ['a,b\n"x,1\n', /quote/], ["\u0000\u0001\u0002\u0003", /./]];
  for (const [content, words] of junk) {
    await table(page, "junk.csv", content);
    assert.match(await text(page, ".trouble"), words);
    assert.doesNotMatch(await text(page, ".trouble"), /unreachable|panicked/);
    await table(page, "titanic.csv", data("titanic.csv"));
    await finished(page);
  }
  await close(page);
});

test("a hundred thousand rows do not freeze the page", async () => {
  const page = await open("page=own");
  let csv = "x,z,kind,y\n";
  for (let i = 0; i < 100000; i++) csv += `${((i * 7919) % 10007) / 1000},${((i * 104729) % 9973) / 500},${"abc"[i % 3]},${(i * 31337) % 100 < (i * 7919) % 10007 / 150 ? "yes" : "no"}\n`;
  await finished(page);
  // From when the page has the file: before, it is the driver that unpacks it there.
  await page.evaluate(() => {
    let last = performance.now();
    const look = (now) => {
      window.longest = Math.max(window.longest, now - last);
      last = now;
      requestAnimationFrame(look);
    };
    document.querySelector("input[type=file]").addEventListener("change", () => {
      window.longest = 0;
      last = performance.now();
    }, { capture: true });
    requestAnimationFrame(look);
  });
  await table(page, "large.csv", csv);
  await finished(page);
  const longest = await page.evaluate(() => window.longest);
  console.log(`# the longest time between two frames: ${longest.toFixed(0)} ms`);
  assert.ok(longest < 1000, `${longest} ms`);
  await close(page);
});

test("one file opens by double click, and asks nobody for anything", async () => {
  for (const hash of ["", "page=own"]) {
    const page = await open(hash, { file: true });
    if (hash) await finished(page);
    else await page.click(".play");
    assert.deepEqual(page.asked.filter((url) => !/^(file|blob|data):/.test(url)), []);
    await close(page);
  }
  const { size } = fs.statSync(path.join(root, "page.html"));
  console.log(`# page.html: ${(size / 2 ** 20).toFixed(2)} MiB`);
  assert.ok(size < 2 * 2 ** 20);
});

test("behind a server it asks for its own files and for no other, and is soon ready", async () => {
  const page = await open("page=own");
  const { loaded, ready } = await page.evaluate(() => ({ loaded: performance.getEntriesByType("navigation")[0].loadEventEnd, ready: window.readyAt }));
  console.log(`# ready ${(ready - loaded).toFixed(0)} ms after it was loaded`);
  assert.ok(ready - loaded < 3000, "a busy machine takes longer than the second of an idle one, but not three");
  await finished(page);
  assert.deepEqual(page.asked.filter((url) => !url.startsWith(base) && !/^(blob|data):/.test(url)), []);
  const before = page.asked.length;
  await table(page, "titanic.csv", data("titanic.csv"));
  await page.waitForTimeout(500);
  assert.equal(page.asked.slice(before).filter((url) => !/^(blob|data):/.test(url)).length, 0);
  await close(page);
});

test("samples are the tables of examples/data", () => {
  const js = fs.readFileSync(path.join(site, "js/samples.js"), "utf8");
  for (const name of ["titanic", "iris", "hair_eye"]) assert.ok(js.includes(`\`${data(`${name}.csv`)}\``), name);
});

test("what is seen is a picture, PNG and SVG, with its colours inside", async () => {
  for (const name of ["lift", "dose", "own"]) {
    const page = await open(`page=${name}`);
    if (name.startsWith("own")) await finished(page);
    const pick = (id) => async () => {
      await page.click(".menu summary");
      await page.click(id);
    };
    const drawn = (await download(page, pick("#svg"))).toString();
    assert.match(drawn, /^<svg[^>]*xmlns/);
    assert.match(drawn, /stroke:rgb\(31, 120, 180\)|stroke: rgb\(31, 120, 180\)/);
    if (name === "dose") assert.match(drawn, /<image[^>]*data:image\/png/);
    const png = await download(page, pick("#png"));
    assert.equal(png.subarray(1, 4).toString(), "PNG");
    assert.ok(png.length > 10000, `${png.length}`);
    await close(page);
  }
});

test("light, dark and large are kept from page to page and in the address", async () => {
  const page = await open();
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.click("#theme");
  await page.click("#theme");
  assert.notEqual(await ground(), light);
  await page.click("#projector");
  await page.click("text=Four ways down");
  await page.waitForURL(/theme=dark.*projector=1.*page=dose/);
  assert.notEqual(await ground(), light);
  assert.equal(await page.locator("nav a[aria-current=page]").innerText(), "Four ways down");
  await close(page);
});

test("all that is to be seen fits a wide window, and a narrow one scrolls one way only", async () => {
  for (const [width, height] of [[1280, 720], [1440, 900], [1920, 1080]]) {
    const page = await open(height === 1080 ? "projector=1" : "", { viewport: { width, height } });
    assert.ok(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight), `${width} × ${height}`);
    await close(page);
  }
  for (const name of ["lift", "dose", "own"]) {
    const page = await open(`page=${name}`, { viewport: { width: 390, height: 844 } });
    if (name.startsWith("own")) await finished(page);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), name);
    await close(page);
  }
});

test("four optimisers walk to the native maximum of the likelihood; separable shares have none", async () => {
  const page = await open("page=dose&eta=0.5");
  const told = fs.readFileSync(path.join(work, "native/doses.txt"), "utf8");
  const native = (name) => Number(told.match(new RegExp(`^    ${name} +(\\S+)`, "m"))[1]);
  const best = await page.evaluate(() => {
    const doses = new wasm_bindgen.Doses(new Float64Array([0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]), new Float64Array(8).fill(20), new Float64Array([1, 2, 4, 8, 11, 15, 17, 19]));
    return [...doses.best()];
  });
  assert.ok(Math.abs(best[0] - native("dose")) < 1e-6 && Math.abs(best[1] - native("\\(intercept\\)")) < 1e-6, `${best}`);
  const last = fs.readFileSync(path.join(work, "native/doses/log.csv"), "utf8").trim().split("\n").at(-1).split(",");
  assert.ok(Math.abs(best[2] / Math.LN2 - Number(last[1])) < 1e-9);
  await page.locator(".right input[aria-label=Step]").evaluate((scrub) => {
    scrub.max = 400;
    scrub.value = 400;
    scrub.dispatchEvent(new Event("input"));
  });
  assert.match(await text(page, ".way-row.lb"), /there after \d+ steps/);
  assert.match(await text(page, ".way-row.mo"), /there after \d+ steps/);
  for (const key of ["gd", "ad"]) assert.match(await text(page, `.way-row.${key}`), /there after|KL 0\.001/);
  assert.match(await text(page, ".dose .line"), /=/);
  // A share is a slider; at which dose is moved, is in the address.
  await page.locator(".share-point").first().focus();
  await page.keyboard.press("ArrowUp");
  await page.waitForURL(/shares=2\.2\.4/);
  const box = await page.locator(".map svg").boundingBox();
  await page.mouse.click(box.x + 0.5 * box.width, box.y + 0.5 * box.height);
  await page.waitForURL(/slope=1\.5/);
  await close(page);
  const apart = await open("page=dose&shares=0.0.0.0.20.20.20.20");
  assert.match(await text(apart, ".middle h2"), /No finite maximum: a dose tells exactly who responds.*towards 0\.0000/);
  await close(apart);
});

// For looking at: PAGE_SHOTS=folder.
test("pictures", { skip: !shots }, async () => {
  const views = [["wide", {}, ""], ["proof", {}, "steps=np&truth=0.43&n=50"], ["narrow", { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }, ""],
    ["tablet", { viewport: { width: 900, height: 1100 } }, ""], ["dark", { colorScheme: "dark" }, ""],
    ["projector", { viewport: { width: 1920, height: 1080 } }, "projector=1"], ["own", {}, "page=own"], ["own-iris-dark", { colorScheme: "dark" }, "page=own&sample=iris"],
    ["own-narrow", { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }, "page=own"], 
    ["dose", {}, "page=dose"], ["dose-dark", { colorScheme: "dark" }, "page=dose&eta=1"], ["dose-narrow", { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }, "page=dose"],
    ["dose-projector", { viewport: { width: 1920, height: 1080 } }, "projector=1&page=dose"],
    ["own-projector", { viewport: { width: 1920, height: 1080 } }, "projector=1&page=own"]];
  for (const [name, options, hash] of views) {
    const page = await open(hash, options);
    if (hash.includes("own")) await finished(page);
    if (name.startsWith("dose")) for (let i = 0; i < 30; i++) await page.click(".controls button >> nth=1");
    await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: name.includes("narrow") });
    if (name === "wide") {
      const box = await page.locator(".stage").boundingBox();
      for (let i = 0; i < 6; i++) await page.click("text=Step >> nth=0");
      await page.mouse.move(box.x + 0.36 * box.width, box.y + 0.4 * box.height);
      await page.screenshot({ path: path.join(shots, "bead.png") });
      // The README's.
      await page.setViewportSize({ width: 1280, height: 720 });
      const small = await page.locator(".stage").boundingBox();
      await page.mouse.move(small.x + 0.36 * small.width, small.y + 0.4 * small.height);
      await page.screenshot({ path: path.join(shots, "screenshot.png") });
    }
    await page.context().close();
  }
});
