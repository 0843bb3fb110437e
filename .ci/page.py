#!/usr/bin/env python3
"""The page as one file: `page.html`, from crates/page/site with the WebAssembly and all scripts inside.

usage: page.py sources     the hash of what is compiled; page.sh keeps it beside the WebAssembly
       page.py write       writes page.html from the built site
       page.py stale       says whether page.html is of other sources than those that lie here
"""
import base64
import gzip
import hashlib
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
site, page = root / "crates/page/site", root / "page.html"
# No request can leave: the browser itself refuses it.
POLICY = ("default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; style-src 'unsafe-inline'; "
          "img-src data: blob:; worker-src blob:; connect-src 'none'; base-uri 'none'; form-action 'none'")


def sources(folders, files=()):
    """All that lies in these folders and goes into the page, as a hash."""
    files = [root / name for name in files] + [f for folder in folders for f in (root / folder).rglob("*")]
    parts = {"wasm", "tests"}
    kept = [f for f in files if f.suffix in {".rs", ".toml", ".lock", ".js", ".css", ".html", ".py"}
            and not parts & set(f.relative_to(root).parts)]
    digest = hashlib.sha256()
    for f in sorted(kept):
        digest.update(str(f.relative_to(root)).encode() + b"\0" + f.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def hashes():
    """Of what stands in the page as it is, and of what is compiled into it."""
    rust = sources(["src", "crates/info/src", "crates/page/src"], ["Cargo.lock", "crates/page/Cargo.toml"])
    return {"page": sources(["crates/page/site"], [".ci/page.py"]), "library": rust}


def modules(entry):
    """The ES modules of the page, in the order in which they need each other, each as a function that gives its exports."""
    done, order = {}, []

    def visit(name):
        if name in done:
            return
        done[name] = None
        text = (site / "js" / name).read_text()

        def imported(match):
            other = match["file"]
            visit(other)
            names = f"{match['all']}" if match["all"] else re.sub(r"(\w+) as (\w+)", r"\1: \2", match["names"])
            return f"const {names} = $modules[{other!r}];"

        text = re.sub(r'^import (?:\* as (?P<all>\w+)|(?P<names>\{[^}]*\})) from "\./(?P<file>[\w.]+)";$', imported, text, flags=re.M)
        exports = re.findall(r"^export (?:async )?(?:function|const|class|let) (\w+)", text, re.M)
        text = re.sub(r"^export ", "", text, flags=re.M)
        if re.search(r"^\s*(import|export)\b", text, re.M):
            sys.exit(f"{name}: an import or export that page.py does not know")
        order.append(f"$modules[{name!r}] = (() => {{\n{text}\nreturn {{ {', '.join(exports)} }};\n}})();")

    visit(entry)
    return "const $modules = {};\n" + "\n".join(order)


def inline(text):
    return text.replace("</script", "<\\/script")


def write():
    html = (site / "index.html").read_text()
    glue = (site / "wasm/page.js").read_text()
    wasm = gzip.compress((site / "wasm/page_bg.wasm").read_bytes(), 9, mtime=0)
    worker = (site / "worker.js").read_text()
    # The library's is that of when it was compiled.
    known = hashes() | {"library": (site / "wasm/sources").read_text().strip()}
    swaps = [
        ('<link rel="stylesheet" href="style.css">', f"<style>\n{(site / 'style.css').read_text()}</style>"),
        ('<script src="wasm/page.js"></script>',
         f'<script type="application/octet-stream" id="wasm">{base64.b64encode(wasm).decode()}</script>\n'
         f'<script type="text/plain" id="worker">{inline(worker)}</script>\n<script id="glue">{inline(glue)}</script>'),
        ('<script type="module" src="js/main.js"></script>', f'<script type="module">\n{inline(modules("main.js"))}\n</script>'),
        ('<meta charset="utf-8">', f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
                                   + "\n".join(f'<meta name="sources-of-{of}" content="{digest}">' for of, digest in known.items())),
    ]
    for old, new in swaps:
        if old not in html:
            sys.exit(f"index.html lacks {old}")
        html = html.replace(old, new)
    page.write_text(html)
    print(f"page.html: {page.stat().st_size / 2**20:.2f} MiB, of which the WebAssembly, gzipped, is {len(wasm) / 2**10:.0f} KiB")


def stale():
    text = page.read_text() if page.exists() else ""
    changed = [of for of, digest in hashes().items() if f'<meta name="sources-of-{of}" content="{digest}">' not in text]
    if "page" in changed:
        sys.exit("page.html is STALE, of another crates/page/site than lies here: run .ci/page.sh build, and commit what it writes")
    # Whoever works on the library need have no browser; it works as it is, with the numbers of the library of then.
    print("page.html is STALE, of another library than lies here: run .ci/page.sh build before a release"
          if changed else "page.html is of the sources that lie here")


{"sources": lambda: print(hashes()["library"]), "write": write, "stale": stale}[sys.argv[1]]()
