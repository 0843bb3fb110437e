#!/usr/bin/env python3
"""The packages hold what the README links to and the tests read, and nothing of the gate."""
import os
import pathlib
import re
import subprocess
import sys
import tarfile

root = pathlib.Path(__file__).resolve().parent.parent
subprocess.run(["cargo", "package", "--locked", "--workspace", "--exclude", "candle-mle-page", "--no-verify", "--allow-dirty", "--quiet"], cwd=root, check=True)
target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
version = re.search(r'^version = "(.*)"$', (root / "Cargo.toml").read_text(), re.M).group(1)
wrong = []
for package in ["candle-mle", "candle-mle-info", "candle-mle-plot", "candle-mle-cli"]:
    crate = target / "package" / f"{package}-{version}.crate"
    with tarfile.open(crate) as tar:
        names = {name.split("/", 1)[1] for name in tar.getnames()}
    print(f"{crate.name}: {len(names)} files, {crate.stat().st_size / 2**20:.1f} MiB")
    if crate.stat().st_size > 10 * 2**20:
        wrong.append(f"{crate.name} is larger than the 10 MiB that a registry takes")
    wrong += [f"{crate.name} holds {name}" for name in names if name.startswith(".ci")]
    if package == "candle-mle":
        links = set(re.findall(r"\]\((?!https?:)([^)#]+)\)", (root / "README.md").read_text()))
        # The page is no part of the library: a registry shows these from the repository.
        links -= {"page.html", "crates/page/screenshot.png"}
        data = {str(f.relative_to(root)) for f in (root / "examples/data").iterdir()}
        tests = {str(f.relative_to(root)) for f in (root / "tests").rglob("*.rs")}
        wrong += [f"{crate.name} lacks {name}" for name in sorted((links | data | tests) - names) if "." in name]
print("\n".join(wrong))
sys.exit(bool(wrong))
