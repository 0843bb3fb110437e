// The library, as WebAssembly: beside the page, or inside it where the page is one file; there packed, as base64.

const inside = (id) => document.getElementById(id)?.textContent;
const beside = async (place) => {
  const answer = await fetch(place);
  if (!answer.ok) throw new Error(`${place}: ${answer.status}`);
  return answer;
};

let compiled;

export async function library() {
  compiled ??= (async () => {
    const packed = inside("wasm");
    if (packed === undefined) {
      const [glue, text, wasm] = await Promise.all(["wasm/page.js", "worker.js", "wasm/page_bg.wasm"].map(beside));
      return { glue: await glue.text(), text: await text.text(), module: await WebAssembly.compile(await wasm.arrayBuffer()) };
    }
    const bytes = Uint8Array.from(atob(packed.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return { glue: inside("glue"), text: inside("worker"), module: await WebAssembly.compile(await new Response(stream).arrayBuffer()) };
  })();
  return compiled;
}

// A worker with a library of its own, beside the page.
export async function assistant() {
  const { glue, text, module } = await library();
  const worker = new Worker(URL.createObjectURL(new Blob([glue, "\n", text], { type: "text/javascript" })));
  worker.postMessage({ act: "library", module });
  return worker;
}
