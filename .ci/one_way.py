#!/usr/bin/env python3
"""Imports run one way: every room of a crate imports only from the rooms before it, and no two files from each other.

The rooms of a crate are its top-level modules, in the order below; a new one is one more word in its place.
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
ROOMS = {
    "crates/info": "number file error information cholesky special sum integral pmf divergence entropy channel code law "
                   "quadrature clt estimate",
    "crates/plot": "error ink geometry text axis contour shape raster svg panel plan frame layout figure venn tree",
    ".": "error distinct kernel ops device batch standardize parameters curvature model empirical objective descent hook fit checkpoint mle families linear_program "
         "separation inference score table alphabet tree maxent usable",
    "crates/sql": "error exact picked pass aggregate engine counts stand_in rows maximum cluster",
    "crates/cli": "said lake columnar flags progress run chance learned live keep record say score summary course evaluation pictures families known predict compare measure explain report html summed command",
    "crates/page": "said coin ways lecture own",
}
ORDER_OF_CRATES = ["crates/info", "crates/plot", ".", "crates/sql", "crates/cli", "crates/page"]
NAMES = {"candle_mle_info": "crates/info", "candle_mle_plot": "crates/plot", "candle_mle": ".", "candle_mle_sql": "crates/sql", "candle_mle_cli": "crates/cli",
         "candle_mle_page": "crates/page"}

wrong = []
for crate, rooms in ROOMS.items():
    rooms, src = rooms.split(), root / crate / "src"
    files = {f.relative_to(src).with_suffix("").parts: f for f in src.rglob("*.rs")}
    there = {parts[0] for parts in files} - {"lib", "main"}
    for room in there ^ set(rooms):
        wrong.append(f"{crate}: '{room}' is a room without a place in the order, or the other way round")
    arrows = {}
    for parts, file in files.items():
        if parts[0] in ("lib", "main"):
            continue
        # Not the tests, the documentation, or the modules that a file opens and hands on.
        text = re.split(r"^#\[cfg\(test\)\]", file.read_text(), flags=re.M)[0]
        uses = re.findall(r"^\s*(?:pub(?:\([^)]*\))? )?use ([^;]+);", text, re.M)
        uses += re.findall(r"^(?!\s*//).*?\b(crate::\w+)", text, re.M)
        for use in uses:
            if re.match(r"crate::\{", use):
                wrong.append(f"{file.relative_to(root)}: imports through the roof: use {use}")
            for room in re.findall(r"^crate::(\w+)", use):
                if room in rooms and rooms.index(room) > rooms.index(parts[0]):
                    wrong.append(f"{file.relative_to(root)}: imports from {room}, which comes after {parts[0]}")
            for other in re.findall(r"^(candle_mle\w*)", use):
                if other in NAMES and ORDER_OF_CRATES.index(NAMES[other]) >= ORDER_OF_CRATES.index(crate):
                    wrong.append(f"{file.relative_to(root)}: imports from the crate {other}")
            target = re.match(r"crate::((?:\w+::)*\w+)", use)
            if target:
                path = tuple(target.group(1).split("::"))
                while path and path not in files:
                    path = path[:-1]
                if path and path != parts:
                    arrows.setdefault(parts, set()).add(path)
    seen, stack = {}, []

    def visit(node):
        seen[node] = "open"
        stack.append(node)
        for other in arrows.get(node, ()):
            if seen.get(other) == "open":
                circle = stack[stack.index(other):] + [other]
                wrong.append(f"{crate}: a circle of imports: " + " → ".join("/".join(parts) for parts in circle))
            elif other not in seen:
                visit(other)
        stack.pop()
        seen[node] = "done"

    for node in files:
        if node not in seen:
            visit(node)

print("\n".join(sorted(set(wrong))) or "imports run one way")
sys.exit(bool(wrong))
