#!/usr/bin/env python3
"""Runs the README's commands as they stand there, in order, and compares the output where the README shows it.

A command is a line "$ …" in a console block; a text block right after it is its output on standard output, where a line "…" stands
for any number of lines. Every picture and file that the README links to must be there.
"""
import pathlib
import re
import subprocess
import sys
import time

readme = pathlib.Path(__file__).resolve().parent.parent / "README.md"
text = readme.read_text()
for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
    if not (readme.parent / link).exists():
        sys.exit(f"README: {link} is not there")
blocks = re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S)
failed = 0
for at, (kind, block) in enumerate(blocks):
    if kind != "console":
        continue
    shown = blocks[at + 1][1] if at + 1 < len(blocks) and blocks[at + 1][0] == "text" else None
    for command in (line[2:] for line in block.splitlines() if line.startswith("$ ")):
        print(f"\n$ {command}", flush=True)
        start = time.time()
        run = subprocess.run(command, shell=True, cwd=readme.parent, stdout=subprocess.PIPE, text=True)
        print(run.stdout, end="", flush=True)
        print(f"[{time.time() - start:.0f} s, exit code {run.returncode}]", flush=True)
        if run.returncode != 0:
            sys.exit(f"README: '{command}' failed")
        pattern = re.escape((shown or "").strip()).replace("\\\n…\\\n", "\n(?:.*\n)*?")
        if shown is not None and not re.fullmatch(pattern, run.stdout.strip()):
            failed += 1
            print(f"README: '{command}' prints something else than the README shows", file=sys.stderr)
sys.exit(failed)
