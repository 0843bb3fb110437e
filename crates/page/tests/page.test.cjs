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
    if (cell === b[i + 1][j]) return; // inf as well
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

test("columns of numbers without a target are a Gaussian, with the moments and the log of the native one", async () => {
  const page = await open("page=own");
  await table(page, "old_faithful.csv", data("old_faithful.csv"));
  assert.match(await text(page, ".middle h2"), /^A Gaussian: /);
  assert.equal(await text(page, "pre"), "candle-mle fit --csv old_faithful.csv");
  assert.match(await text(page, ".stage .label.kl"), /∞/);
  compare((await download(page, () => page.click("text=log.csv"))).toString(), fs.readFileSync(path.join(work, "native/gaussian/log.csv"), "utf8"));
  const told = fs.readFileSync(path.join(work, "native/gaussian.txt"), "utf8");
  for (const row of await page.locator(".coefficients tbody tr:not(.class)").all()) {
    const value = await row.locator("td").innerText();
    assert.ok(told.includes(value), value);
  }
  // And back: one of the columns predicted.
  await table(page, "titanic.csv", data("titanic.csv"));
  await page.click("input[aria-label='predict: nothing, a Gaussian']");
  await page.waitForFunction(() => /columns of numbers/.test(document.querySelector(".trouble").textContent));
  await page.click("input[aria-label='predict: sex']");
  await page.waitForFunction(() => document.querySelector("pre").textContent.includes("--target sex"));
  await close(page);
});

test("a table is dropped and pasted", async () => {
  const page = await open("page=own");
  await finished(page);
  const waits = async (act, name) => {
    await act();
    await page.waitForFunction((name) => document.querySelector(".about").textContent.startsWith(name) && document.querySelector(".own").dataset.run === document.querySelector(".own").dataset.done, name);
  };
  const csv = "x,y\n1,a\n2,b\n2,a\n3,b\n4,b\n3,a\n";
  const drop = (type, give) => page.evaluate(([type, csv, give]) => {
    const dataTransfer = new DataTransfer();
    if (give === "file") dataTransfer.items.add(new File([csv], "dropped.csv", { type: "text/csv" }));
    else dataTransfer.setData("text/plain", csv);
    const event = type === "paste" ? new ClipboardEvent("paste", { clipboardData: dataTransfer, bubbles: true }) : new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
    document.querySelector(".drop").dispatchEvent(event);
  }, [type, csv, give]);
  await drop("dragover", "file");
  assert.ok(await page.locator(".drop.over").count());
  await waits(() => drop("drop", "file"), "dropped.csv: 6 rows");
  await page.click("text=iris");
  await page.waitForFunction(() => document.querySelector(".about").textContent.startsWith("iris"));
  await finished(page);
  await waits(() => drop("paste", "text"), "pasted.csv: 6 rows");
  assert.match(await text(page, ".middle h2"), /^Logistic regression: y from x/);
  await close(page);
});

test("the command's fit.html opens on its run, by double click, with the same numbers", async () => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", acceptDownloads: true });
  const page = await context.newPage();
  [page.said, page.asked] = [[], []];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.said.push(message.text()));
  page.on("pageerror", (error) => page.said.push(String(error)));
  page.on("request", (request) => page.asked.push(request.url()));
  await page.goto(`file://${path.join(work, "native/html/fit.html")}`);
  await page.waitForSelector(":root[data-ready]", { timeout: 60000 });
  await finished(page);
  assert.equal(await page.locator("nav a[aria-current=page]").innerText(), "Your own table");
  assert.match(await text(page, ".stage .label.ce"), /NLL 1105\.03/);
  compare((await download(page, () => page.click("text=log.csv"))).toString(), fs.readFileSync(path.join(work, "native/html/log.csv"), "utf8"));
  assert.equal(await text(page, "pre"), "candle-mle fit --csv titanic.csv --target survived --count count --unit nats");
  await page.click("nav >> text=Lift the curve");
  await page.waitForURL(/page=lift/);
  assert.deepEqual(page.asked.filter((url) => !/^(file|blob|data):/.test(url)), []);
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
  for (const name of ["lift", "ways", "own", "lecture"]) {
    const page = await open(`page=${name}`);
    if (name.startsWith("own")) await finished(page);
    const pick = (id) => async () => {
      await page.click(".menu summary");
      await page.click(id);
    };
    const drawn = (await download(page, pick("#svg"))).toString();
    assert.match(drawn, /^<svg[^>]*xmlns/);
    assert.match(drawn, /stroke:rgb\(31, 120, 180\)|stroke: rgb\(31, 120, 180\)/);
    if (name === "ways") assert.match(drawn, /<image[^>]*data:image\/png/);
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
  await page.click("text=Five ways down");
  await page.waitForURL(/theme=dark.*projector=1.*page=ways/);
  assert.notEqual(await ground(), light);
  assert.equal(await page.locator("nav a[aria-current=page]").innerText(), "Five ways down");
  await close(page);
});

test("all that is to be seen fits a wide window, and a narrow one scrolls one way only", async () => {
  for (const [width, height] of [[1280, 720], [1440, 900], [1920, 1080]]) {
    const page = await open(height === 1080 ? "projector=1" : "", { viewport: { width, height } });
    assert.ok(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight), `${width} × ${height}`);
    await close(page);
  }
  for (const name of ["lift", "ways", "ways&model=softmax", "ways&model=gaussian", "ways&model=network", "own", "lecture", "lecture&panel=die"]) {
    const page = await open(`page=${name}`, { viewport: { width: 390, height: 844 } });
    if (name.startsWith("own")) await finished(page);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), name);
    await close(page);
  }
});

// What the native library says: examples/native.rs.
const native = Object.fromEntries(Object.entries(JSON.parse(fs.readFileSync(path.join(work, "native/page.json"), "utf8"))).map(([name, list]) => [name, list.map(Number)]));
// As its digits are read: every number of the page within 1e-9 of the native one, relative where large.
function same(name, ours) {
  assert.equal(ours.length, native[name].length, name);
  native[name].forEach((theirs, i) => assert.ok(Object.is(ours[i], theirs) || (Number.isNaN(ours[i]) && Number.isNaN(theirs)) || Math.abs(ours[i] - theirs) <= 1e-9 * Math.max(1, Math.abs(theirs)), `${name}, ${i}: ${ours[i]}, natively ${theirs}`));
}

test("five optimisers walk through five models as they do natively", async () => {
  const page = await open("page=ways");
  const grounds = {
    doses: ["doses", [[0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4], Array(8).fill(20), [1, 2, 4, 8, 11, 15, 17, 19]], [-0.8, 1.8], 0.3],
    classes: ["classes", [[-2, -1, -1.5, 0.5, -0.5, -1, 1, 1.5, 2, 0, 0.5, 1, 0, 0, 1.5, -2, -0.5, -1.5], [0, 0, 0, 1, 1, 1, 2, 2, 0]], [1, -1], 0.3],
    Gaussian: ["gaussian", [[-2.1, -1.7, -1.5, -0.4, 0.3, 1.8, 2, 2.2, 2.2, 2.9]], [-2, 2.5], 0.3],
    mixture: ["mixture", [[-2.1, -1.7, -1.5, -0.4, 0.3, 1.8, 2, 2.2, 2.2, 2.9]], [-1, 0.5], 0.3],
    network: ["network", [60, 3, 0.15, 12], [0, 0], 0.05],
  };
  for (const [name, [make, given, from, size]] of Object.entries(grounds)) {
    const said = await page.evaluate(([make, given, from, size]) => {
      const { Ground, drawn } = wasm_bindgen;
      const ground = make === "network" ? Ground.network(given[0], BigInt(given[1]), given[2], given[3])
        : Ground[make](...given.map((list, i) => (make === "classes" && i === 1 ? Uint32Array.from(list) : Float64Array.from(list))));
      const walked = ["gradient descent", "minibatches", "momentum", "Adam", "L-BFGS"].map((by) => {
        const walk = ground.walk(by, ...from, size);
        for (let t = 1; t < 20; t++) walk.step();
        return [by, [...walk.step()]];
      });
      const best = [...ground.best(), ground.floor()];
      return { walked, best, map: [...ground.map(Float64Array.of(-1, 0.5, 2), Float64Array.of(0.7, 2.2))], drawn: [...drawn(60, 3n, 0.15)] };
    }, [make, given, from, size]);
    for (const [by, row] of said.walked) same(`${name} ${by}`, row);
    same(`${name} best`, said.best);
    same(`${name} map`, said.map);
    same("drawn", said.drawn);
  }
  await close(page);
});

// To a step, and until it has been worked out.
async function toStep(page, step) {
  await page.locator(".right input[aria-label=Step]").evaluate((scrub, step) => {
    scrub.max = step;
    scrub.value = step;
    scrub.dispatchEvent(new Event("input"));
  }, step);
  await page.waitForFunction((step) => document.querySelector(".right output").textContent === String(step), step, { timeout: 60000 });
}

test("shares are dragged, optimisers arrive at the native maximum; separable shares have none", async () => {
  const page = await open("page=ways&eta=0.5");
  const told = fs.readFileSync(path.join(work, "native/doses.txt"), "utf8");
  const printed = (name) => Number(told.match(new RegExp(`^    ${name} +(\\S+)`, "m"))[1]);
  assert.equal(await text(page, ".middle h2"), `The likeliest curve: slope ${printed("dose").toFixed(3)}, intercept ${printed("\\(intercept\\)").toFixed(3)}`.replace("-", "−"));
  const last = fs.readFileSync(path.join(work, "native/doses/log.csv"), "utf8").trim().split("\n").at(-1).split(",");
  assert.ok(Math.abs(native["doses best"][2] / Math.LN2 - Number(last[1])) < 1e-9);
  await toStep(page, 400);
  assert.match(await text(page, ".way-row.lb"), /there after \d+ steps/);
  assert.match(await text(page, ".way-row.mo"), /there after \d+ steps/);
  assert.match(await text(page, ".way-row.mb"), /minibatches of 16\s*KL 0\.\d+/);
  for (const key of ["gd", "ad"]) assert.match(await text(page, `.way-row.${key}`), /there after|KL 0\.001/);
  assert.match(await text(page, ".middle .line"), /=.*\+.*NLL/);
  await page.click("#gd");
  await page.waitForURL(/off=gd/);
  // A share is a slider; at which dose is moved, is in the address.
  await page.locator(".share-point").first().focus();
  await page.keyboard.press("ArrowUp");
  await page.waitForURL(/shares=2\.2\.4/);
  const box = await page.locator(".map svg").boundingBox();
  await page.mouse.click(box.x + 0.5 * box.width, box.y + 0.5 * box.height);
  await page.waitForURL(/x=1\.\d+/);
  await page.locator(".map svg").press("ArrowLeft");
  await page.waitForURL(/x=1\.[0-3]/);
  await close(page);
  const apart = await open("page=ways&shares=0.0.0.0.20.20.20.20");
  assert.match(await text(apart, ".middle h2"), /No finite maximum: a dose tells exactly who responds.*towards 0\.0000/);
  assert.match(await text(apart, ".map .label"), /runs off/);
  await close(apart);
});

test("classes are painted in the plane: placed, moved, taken away, and told apart by lines", async () => {
  const page = await open("page=ways&model=softmax");
  const many = () => page.locator(".board .mark").count();
  const first = await many();
  assert.match(await text(page, ".middle h2"), /The likeliest lines/);
  const box = await page.locator(".board").boundingBox();
  await page.click(".pick.class-2");
  await page.mouse.click(box.x + 12, box.y + 12);
  assert.equal(await many(), first + 1);
  await page.waitForURL(/points=/);
  // Painted with one stroke.
  await page.mouse.move(box.x + 20, box.y + box.height - 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 20, box.y + box.height - 14, { steps: 12 });
  await page.mouse.up();
  assert.ok(await many() > first + 3);
  await page.waitForTimeout(300);
  const again = await open(page.url().split("#")[1]);
  assert.equal(await again.locator(".board .mark").count(), await many());
  await close(again);
  // Dragged out.
  const now = await many();
  await page.mouse.move(box.x + 12, box.y + 12);
  await page.mouse.down();
  await page.mouse.move(box.x - 60, box.y - 60, { steps: 4 });
  await page.mouse.up();
  assert.equal(await many(), now - 1);
  await page.click("text=apart");
  assert.match(await text(page, ".middle h2"), /No finite maximum: lines tell the classes exactly apart.*towards 0\.0000/);
  await page.click("text=clear");
  assert.match(await text(page, ".middle h2"), /two classes at least/);
  await page.locator(".board").focus();
  for (const key of ["Space", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowUp", "Space"]) await page.keyboard.press(key);
  assert.equal(await many(), 2);
  await page.keyboard.press("Space");
  assert.equal(await many(), 1);
  await close(page);
});

test("points on a line: a Gaussian, a mixture with two maxima, and a start between them", async () => {
  const page = await open("page=ways&model=gaussian");
  assert.match(await text(page, ".middle h2"), /mean .*standard deviation/);
  await toStep(page, 60);
  assert.match(await text(page, ".way-row.lb"), /there after/);
  const box = await page.locator(".board").boundingBox();
  await page.mouse.click(box.x + 0.9 * box.width, box.y + 30);
  await page.waitForURL(/points=/);
  await page.click("text=clear");
  assert.match(await text(page, ".middle h2"), /two points at least/);
  for (let i = 0; i < 3; i++) await page.mouse.click(box.x + 0.5 * box.width, box.y + 30 + 60 * i);
  assert.match(await text(page, ".middle h2"), /constant|singular|positive definite/);
  await page.click("[data-model=mixture]");
  await page.waitForURL(/model=mixture/);
  assert.match(await text(page, ".middle h2"), /means −?\d.* and .*in either order/);
  await toStep(page, 100);
  assert.match(await text(page, ".way-row.lb"), /there after/);
  await close(page);
});

test("a small network learns a sample by heart: KL to it falls, KL to the truth turns", async () => {
  const page = await open("page=ways&model=network");
  await toStep(page, 400);
  const [p, truth] = [/q\) (\d\.\d+)/.exec(await text(page, ".map .label.kl"))[1], /q\) (\d\.\d+)/.exec(await text(page, ".map .label.pop"))[1]].map(Number);
  assert.ok(truth > 2 * p, `${p} ${truth}`);
  assert.match(await text(page, ".middle h2"), /Overfitting: KL to the truth was least at step \d+/);
  await page.locator("#ring-n").fill("5");
  await page.waitForURL(/n=400/);
  await page.click("text=Draw again");
  await page.waitForURL(/seed=2/);
  await page.click("#lb");
  await page.waitForURL(/off=gd\.mb\.mo\.ad/);
  await close(page);
});

test("nine panels: what they say is the native library's, to 1e-9, and the lecture's", async () => {
  const page = await open("page=lecture");
  const said = await page.evaluate(() => {
    const w = wasm_bindgen;
    const of = (...list) => Float64Array.from(list);
    const die = w.die(4.8);
    const told = { losses: w.losses(w.shares(of(7, 2, 1))), die: [...die.law, die.lambda, die.entropy, die.kl] };
    for (const name of ["uniform", "exponential", "Laplace", "two humps", "Gaussian"]) {
      told[`sum ${name}`] = w.sum(name, 3, of(-1.5, -0.25, 0, 1, 2.5));
      told[`entropies ${name}`] = w.sum_entropies(name, 12);
    }
    told.table = w.table(of(4, 2, 1, 1, 2, 4, 1, 1, 2, 2, 2, 2, 8, 0, 0, 0), 4);
    const ring = w.shape("ring", 300, 1n);
    told.cloud = w.cloud(ring.filter((_, i) => i % 2 === 0), ring.filter((_, i) => i % 2 === 1));
    told.modes = new w.Modes(-3, 3, 0.4).found();
    const spelled = w.spell("to be or not to be that is the question");
    told.spell = [spelled.digits, spelled.entropy, spelled.kl, spelled.paid, spelled.even];
    told.relay = w.relay(of(0.1, 0.05, 0.2, 0.1));
    told.usable = w.usable(Uint8Array.from({ length: 64 }, (_, k) => (k % 8 < 4 === Math.floor(k / 8) < 4 ? 1 : 0)), Uint32Array.from({ length: 64 }, (_, k) => k), 0.05);
    return Object.fromEntries(Object.entries(told).map(([name, list]) => [name, [...list]]));
  });
  for (const [name, list] of Object.entries(said)) same(name, list);
  // The lecture's own numbers, as they are read off the page.
  const line = (panel) => text(page, `.card-${panel} .line`);
  assert.match(await line("loss"), /q = 0\.7000 of what came: loss 0\.5146 bits\. Half of q: 1\.5146/);
  assert.match(await line("die"), /λ = 0\.5142/);
  assert.match(await line("joint"), /H\(X,Y\) 3\.3750 = H\(X\) 2\.0000 .* = H\(Y\) 1\.7500 .*I\(X;Y\) = 0\.3750 bits/);
  assert.match(await line("sums"), /normalised sum of 1: 0\.0000 bits, the Gaussian's 0\.2546/);
  assert.match(await line("code"), /\d+ binary digits for 39 letters/);
  await page.click("#unit");
  assert.match(await line("loss"), /loss 0\.3567 nats/);
  assert.match(await line("joint"), /0\.2599 nats/);
  await close(page);
});

test("what is dragged, clicked and typed in the nine panels changes them, and is in the address", async () => {
  const page = await open("page=lecture");
  const line = (panel) => text(page, `.card-${panel} .line`);
  const changes = async (panel, act, url) => {
    const before = await line(panel);
    await act(page.locator(`.card-${panel}`));
    await page.waitForURL(url);
    await page.waitForFunction(([panel, before]) => document.querySelector(`.card-${panel} .line`).innerText !== before, [panel, before]);
  };
  const drag = async (element, dx, dy) => {
    await element.scrollIntoViewIfNeeded();
    const box = await element.boundingBox();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + dx, y + dy, { steps: 4 });
    await page.mouse.up();
  };
  await changes("loss", (card) => drag(card.locator(".cap").first(), 0, 40), /q=/);
  await changes("loss", (card) => card.locator("select").selectOption("1"), /class=2/);
  await changes("die", (card) => drag(card.locator(".wedge"), -60, 0), /mean=\d/);
  await changes("die", (card) => card.locator(".wedge").press("ArrowRight"), /mean=\d/);
  await changes("sums", (card) => card.locator("text=+ 1").click(), /terms=2/);
  await changes("sums", (card) => card.locator("select").selectOption("exponential"), /law=exponential/);
  await changes("joint", (card) => drag(card.locator(".cell").nth(5), 0, -40), /cells=/);
  await changes("joint", (card) => card.locator(".cell").nth(0).press("ArrowUp"), /cells=5/);
  await changes("cloud", (card) => card.locator("button:text-is('line')").click(), /cloud=line/);
  await changes("cloud", (card) => drag(card.locator(".frame"), 40, 10), /dots=/);
  await changes("modes", (card) => drag(card.locator(".bead").nth(1), -40, 0), /right=\d/);
  await changes("modes", (card) => card.locator("input").fill("70"), /share=0\.7/);
  await changes("code", (card) => card.locator("textarea").fill("mississippi"), /text=mississippi/);
  await changes("relay", (card) => card.locator(".cap").nth(0).press("ArrowUp"), /flips=6/);
  await changes("cloud", (card) => card.locator(".frame").press("Space"), /dots=/);
  await changes("board", (card) => card.locator(".pad").press("Space"), /board=/);
  await changes("board", (card) => card.locator("label[for=mixed]").click(), /mixed=1/);
  await changes("board", (card) => card.locator("button:text-is('ring')").click(), /board=/);
  // The picture is of that which was touched last.
  await page.click(".menu summary");
  assert.match((await download(page, () => page.click("#svg"))).toString(), /all there is/);
  // The same at the same address, and one of them alone.
  await page.waitForFunction(() => !document.querySelector("[data-busy]"));
  const all = await Promise.all(["loss", "die", "sums", "joint", "cloud", "modes", "code", "relay", "board"].map(line));
  await page.waitForTimeout(300);
  const again = await open(page.url().split("#")[1]);
  await again.waitForFunction(() => !document.querySelector("[data-busy]"));
  for (const [i, panel] of ["loss", "die", "sums", "joint", "cloud", "modes", "code", "relay", "board"].entries()) assert.equal(await text(again, `.card-${panel} .line`), all[i], panel);
  await again.click(".card-die .large");
  await again.waitForURL(/panel=die/);
  assert.equal(await again.locator(".card").count(), 1);
  await again.click(".card .large");
  assert.equal(await again.locator(".card").count(), 9);
  await close(again);
  // Where no die has the mean, and where the point is on the edge.
  for (const [mean, words] of [[6.4, /6\.4/], [6, /λ = not finite/]]) {
    const edge = await open(`page=lecture&panel=die&mean=${mean}`);
    assert.match(await text(edge, ".card .line"), words);
    await close(edge);
  }
  await close(page);
});

test("whatever can be held or typed into has a name and says where it stands", async () => {
  for (const hash of ["", "page=lecture", "page=own", ...["logistic", "softmax", "gaussian", "mixture", "network"].map((model) => `page=ways&model=${model}`)]) {
    const page = await open(hash);
    await page.waitForFunction(() => !document.querySelector("[data-busy]"));
    const nameless = await page.evaluate(() => {
      const named = (element) => element.getAttribute("aria-label") || element.labels?.length || element.textContent.trim() || element.title;
      const dumb = [...document.querySelectorAll("[tabindex='0'], button, input:not([hidden]), select, textarea")].filter((element) => element.getClientRects().length && !named(element));
      const lost = [...document.querySelectorAll("[role=slider]")].filter((element) => !element.getAttribute("aria-label") || !element.hasAttribute("aria-valuenow"));
      return [...dumb, ...lost].map((element) => element.outerHTML.slice(0, 120));
    });
    assert.deepEqual(nameless, [], hash);
    await close(page);
  }
});

// For looking at: PAGE_SHOTS=folder, and PAGE_VIEWS=words of those that are wanted.
test("pictures", { skip: !shots }, async () => {
  const narrow = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };
  const hall = { viewport: { width: 1920, height: 1080 } };
  const dark = { colorScheme: "dark" };
  const models = ["logistic", "softmax", "gaussian", "mixture", "network"];
  const views = [["wide", {}, ""], ["proof", {}, "steps=np&truth=0.43&n=50"], ["narrow", narrow, ""], ["tablet", { viewport: { width: 900, height: 1100 } }, ""],
    ["dark", dark, ""], ["projector", hall, "projector=1"], ["own", {}, "page=own"], ["own-iris-dark", dark, "page=own&sample=iris"], ["own-narrow", narrow, "page=own"],
    ["own-projector", hall, "projector=1&page=own"],
    ...models.flatMap((model) => [[`ways-${model}`, {}, `page=ways&model=${model}`], [`ways-${model}-dark`, dark, `page=ways&model=${model}`], [`ways-${model}-narrow`, narrow, `page=ways&model=${model}`], [`ways-${model}-projector`, hall, `projector=1&page=ways&model=${model}`]]),
    ["ways-apart", {}, "page=ways&shares=0.0.0.0.20.20.20.20"],
    ["lecture", { viewport: { width: 1440, height: 1500 } }, "page=lecture"], ["lecture-dark", { ...dark, viewport: { width: 1440, height: 1500 } }, "page=lecture"], ["lecture-narrow", narrow, "page=lecture"], ["lecture-projector", { viewport: { width: 1920, height: 1900 } }, "projector=1&page=lecture"],
    ...["loss", "die", "sums", "joint", "cloud", "modes", "code", "relay", "board"].map((panel) => [`alone-${panel}`, hall, `projector=1&page=lecture&panel=${panel}`])];
  const wanted = (process.env.PAGE_VIEWS ?? "").split(" ").filter(Boolean);
  for (const [name, options, hash] of views.filter(([name]) => !wanted.length || wanted.some((word) => name.startsWith(word)))) {
    const page = await open(hash, options);
    if (hash.includes("own")) await finished(page);
    await page.waitForFunction(() => !document.querySelector("[data-busy]"));
    if (name.startsWith("ways")) await toStep(page, name.includes("network") ? 250 : 30);
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
