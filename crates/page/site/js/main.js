// Loads the library, and shows the page that the address asks for.

import { html, offer } from "./dom.js";
import { lecture } from "./lecture.js";
import { library } from "./library.js";
import { lift } from "./lift.js";
import { own } from "./own.js";
import * as state from "./state.js";
import { ways } from "./ways.js";

const PAGES = { lift: ["Lift the curve", lift], ways: ["Five ways down", ways], own: ["Your own table", own], lecture: ["Nine more", lecture] };

const root = document.documentElement;
const themes = ["auto", "light", "dark"];
const display = { unit: "bits", theme: "auto", projector: false };
let page;
// A file that the command wrote opens on its table.
const run = JSON.parse(document.getElementById("run")?.textContent ?? "null");
const FIRST = run ? "own" : "lift";

function show() {
  display.unit = state.get("unit", run?.unit) === "nats" ? "nats" : "bits";
  display.theme = themes.includes(state.get("theme")) ? state.get("theme") : "auto";
  display.projector = state.get("projector") === "1";
  root.dataset.theme = display.theme;
  root.classList.toggle("projector", display.projector);
  const button = (id) => document.getElementById(id);
  button("unit").textContent = display.unit;
  button("unit").setAttribute("aria-label", `Unit: ${display.unit}`);
  button("theme").textContent = { auto: "Auto", light: "Light", dark: "Dark" }[display.theme];
  button("projector").setAttribute("aria-pressed", display.projector);
}

function open() {
  const name = state.get("page") in PAGES ? state.get("page") : FIRST;
  page?.close?.();
  const main = document.getElementById("main");
  main.replaceChildren();
  main.dataset.page = name;
  document.getElementById("pages").replaceChildren(
    ...Object.entries(PAGES).map(([key, [title]]) =>
      html("a", { href: `#page=${key}`, "aria-current": key === name ? "page" : undefined, onclick: (event) => turn(event, key) }, title),
    ),
  );
  page = PAGES[name][1](main, display);
}

// To another page; how it is shown stays.
function turn(event, name) {
  event.preventDefault();
  state.clear(["unit", "theme", "projector"]);
  state.put({ page: name === FIRST ? undefined : name });
  state.write();
  open();
}

function change(key, value, otherwise) {
  state.put({ [key]: value === otherwise ? undefined : value });
  show();
  page.redraw();
}

function tools() {
  const on = (id, act) => document.getElementById(id).addEventListener("click", act);
  on("unit", () => change("unit", display.unit === "bits" ? "nats" : "bits", run?.unit ?? "bits"));
  on("theme", () => change("theme", themes[(themes.indexOf(display.theme) + 1) % 3], "auto"));
  on("projector", () => change("projector", display.projector ? undefined : "1"));
  on("copy", async ({ currentTarget: button }) => {
    state.write();
    await navigator.clipboard.writeText(location.href);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy link to this view"), 1500);
  });
  on("svg", () => offer(`${page.name}.svg`, picture(page.picture()).text, "image/svg+xml"));
  on("png", async () => {
    const { text, width, height } = picture(page.picture());
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const canvas = html("canvas", { width: 2 * width, height: 2 * height });
    canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
    canvas.toBlob((blob) => offer(`${page.name}.png`, blob));
  });
  addEventListener("click", ({ target }) => {
    const menu = document.querySelector("details.menu[open]");
    if (menu && !menu.querySelector("summary").contains(target)) menu.open = false;
  });
  state.changed(() => (show(), open()));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => page.redraw());
}

// A drawing as it is seen: with the styles that the page's sheet gives it.
function picture(drawing) {
  const copy = drawing.cloneNode(true);
  const kept = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin",
    "opacity", "font-family", "font-size", "font-weight", "text-anchor", "paint-order", "display", "visibility"];
  const originals = [drawing, ...drawing.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((element, at) => {
    const style = getComputedStyle(originals[at]);
    element.setAttribute("style", kept.map((key) => `${key}:${style.getPropertyValue(key)}`).join(";"));
  });
  const { width, height } = drawing.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
  copy.prepend(ground);
  return { text: new XMLSerializer().serializeToString(copy), width, height };
}

async function main() {
  show();
  try {
    await wasm_bindgen({ module_or_path: (await library()).module });
  } catch (error) {
    document.querySelector(".wait").textContent =
      location.protocol === "file:" && !document.getElementById("glue")
        ? "A browser opens this folder only from a server. The file page.html at the top of the repository opens by double click."
        : `The library could not be loaded: ${error}`;
    return;
  }
  tools();
  open();
  root.dataset.ready = "";
  window.readyAt = performance.now();
}

main();
