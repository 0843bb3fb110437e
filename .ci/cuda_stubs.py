#!/usr/bin/env python3
"""Stand-ins for the libraries of the CUDA driver: every function that cudarc binds, answering "no device".

usage: cuda_stubs.py FOLDER
"""
import pathlib
import re
import subprocess
import sys
import os

LIBRARIES = {  # library: (module of cudarc, soname, the library's own code for "there is no device")
    "cuda": ("driver", "libcuda.so.1", 100),
    "cublas": ("cublas", "libcublas.so.13", 1),
    "cublasLt": ("cublaslt", "libcublasLt.so.13", 1),
    "curand": ("curand", "libcurand.so.10", 203),
    "nvrtc": ("nvrtc", "libnvrtc.so.13", 7),
}

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
cargo = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
bindings = sorted(cargo.glob("registry/src/*/cudarc-*/src"))
if not bindings:
    sys.exit("cudarc is not among the downloaded crates: run cargo fetch first")

for library, (module, soname, code) in LIBRARIES.items():
    text = (bindings[-1] / module / "sys" / "mod.rs").read_text()
    names = sorted(set(re.findall(r"pub unsafe fn ((?:cu|nvrtc)[A-Z]\w*|cublas\w+|curand\w+)\s*\(", text)))
    if not names:
        sys.exit(f"no function found in cudarc's bindings of {library}: has their form changed?")
    source = folder / f"{library}.c"
    source.write_text("".join(f"int {name}(void) {{ return {code}; }}\n" for name in names))
    shared = folder / soname
    subprocess.check_call(["gcc", "-shared", "-fPIC", f"-Wl,-soname,{soname}", "-o", str(shared), str(source)])
    link = folder / f"lib{library}.so"
    link.unlink(missing_ok=True)
    link.symlink_to(soname)
    print(f"{library}: {len(names)} functions")
