#!/usr/bin/env python3
"""The packages hold what the README links to and the tests read, and nothing of the gate; laid out as they lay in the workspace, they
build with their tests, examples and benches.

    .ci/package.py          the gate's part
    .ci/package.py FOLDER   leaves the workspace made of packages in the new FOLDER, so that `cargo test` can be run there
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile

root = pathlib.Path(__file__).resolve().parent.parent
subprocess.run(["cargo", "package", "--locked", "--workspace", "--no-verify", "--allow-dirty", "--quiet"], cwd=root, check=True)
target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
version = re.search(r'^version = "(.*)"$', (root / "Cargo.toml").read_text(), re.M).group(1)
wrong = []
# A package's own manifest has lost its path dependencies; the original lies beside it, and is right where the others lie as they did.
unpacked = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else target / "package" / "workspace"
if len(sys.argv) > 1 and unpacked.exists():
    sys.exit(f"{unpacked} is there already")
shutil.rmtree(unpacked, ignore_errors=True)
folders = {"candle-mle": ".", **{f"candle-mle-{member}": f"crates/{member}" for member in ["info", "plot", "cli", "page", "sql"]}}
for package, folder in folders.items():
    crate = target / "package" / f"{package}-{version}.crate"
    with tarfile.open(crate) as tar:
        names = {name.split("/", 1)[1] for name in tar.getnames()}
        for member in tar.getmembers():
            member.name = member.name.split("/", 1)[1]
            tar.extract(member, unpacked / folder, filter="data")
    (unpacked / folder / "Cargo.toml.orig").replace(unpacked / folder / "Cargo.toml")
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
# The library's own lock file knows its own dependencies alone; with all of them nothing that is built already is built anew.
shutil.copy(root / "Cargo.lock", unpacked)
if not wrong and len(sys.argv) == 1:
    subprocess.run(["cargo", "check", "--locked", "--all-targets", "--quiet"], cwd=unpacked, env={**os.environ, "CARGO_TARGET_DIR": str(target)}, check=True)
    print("the packages, side by side, build with their tests, examples and benches")
sys.exit(bool(wrong))
