#!/usr/bin/env python3
"""Mutants by the hundred from one build: which of cargo-mutants' changes to a crate does a test notice?

    .ci/mutants.py -p candle-mle-info --tests='-p candle-mle-info --lib --test claims'
    .ci/mutants.py -p candle-mle -f src/fit -n 200 --tests='-p candle-mle --lib --test claims'
    .ci/mutants.py -p candle-mle --in-diff changed.diff --tests='-p candle-mle --lib --test claims'

cargo-mutants lists the changes, and leaves out what `.cargo/mutants.toml` explains. A copy of the tree gets every changed body of a function
beside the true one, and an environment variable chooses among them, so that a mutant costs the tests that reach its function, and no build.
What does not compile is set aside, as cargo-mutants does. Tests that take longer than --longest are left out. Survivors are listed, and an
exit of 1 says that there are any.
"""
import argparse
import bisect
import collections
import contextlib
import json
import os
import pathlib
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ask.add_argument("-p", "--package", default="candle-mle-info")
ask.add_argument("-f", "--file", action="append", default=[], help="mutants of this file or folder alone")
ask.add_argument("-n", "--sample", type=int, help="so many, drawn at random")
ask.add_argument("--seed", type=int, default=1)
ask.add_argument("--in-diff", help="mutants of the lines that this diff changed alone")
ask.add_argument("-t", "--tests", default="-p candle-mle-info --test claims", help="what cargo builds of tests")
ask.add_argument("--skip", default="^$", help="tests left out, a regular expression")
ask.add_argument("--longest", type=float, default=5, help="seconds of processors that a test may take, the others are left out")
ask.add_argument("--config", action="append", default=[], help="handed to cargo")
ask.add_argument("-o", "--out", default=os.environ.get("CARGO_TARGET_DIR", "target") + "-mutants", help="the copy, what is built, and outcomes.json")
ask.add_argument("--target", help="where cargo builds; by default in --out, for of two trees it would take one for the other")
given = ask.parse_args()

root = pathlib.Path(__file__).resolve().parent.parent
out = pathlib.Path(given.out).resolve()
tree = out / "tree"
os.environ["CARGO_TARGET_DIR"] = given.target or str(out / "target")


def listed():
    """What there is to change."""
    command = ["cargo", "mutants", "--list", "--json", "-p", given.package]
    command += [word for file in given.file for word in ("-f", file if pathlib.Path(file).suffix else f"{file}/**")]
    command += ["--in-diff", str(pathlib.Path(given.in_diff).resolve())] if given.in_diff else []
    mutants = json.loads(subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout or "[]")
    mutants = [mutant for mutant in mutants if mutant.get("function")]
    if given.sample and given.sample < len(mutants):
        mutants = random.Random(given.seed).sample(mutants, given.sample)
    for number, mutant in enumerate(mutants, 1):
        mutant["number"] = number
        mutant.pop("diff", None)
    return mutants


class Source:
    """A file, whose places are lines and columns of characters, both from one."""

    def __init__(self, name):
        self.text = (root / name).read_text()
        self.lines = [0]
        for line in self.text.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))

    def at(self, place):
        return self.lines[place["line"] - 1] + place["column"] - 1

    def span(self, span):
        return self.at(span["start"]), self.at(span["end"])

    def body(self, start, end):
        """Where the block of a function begins, after its signature: the first brace that stands in no bracket."""
        depth = 0
        at = re.compile(r"\bfn\s").search(self.text, start).end()
        while at < end:
            letter = self.text[at]
            if self.text.startswith("//", at):
                at = self.text.index("\n", at)
            elif letter in "([":
                depth += 1
            elif letter in ")]":
                depth -= 1
            elif letter == "{" and depth == 0:
                return at
            at += 1
        raise ValueError("a function without a body")


ENTRY = """
/// The mutant that is to live, and note of a function that was reached.
#[doc(hidden)]
pub(crate) fn __mutant(function: usize) -> usize {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    static SEEN: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];
    static SET: std::sync::LazyLock<(usize, Option<std::ffi::OsString>)> = std::sync::LazyLock::new(|| {
        (std::env::var("MUTANT_OF_NAME").ok().and_then(|number| number.parse().ok()).unwrap_or(0), std::env::var_os("MUTANT_SEEN"))
    });
    if let Some(path) = &SET.1 && !SEEN[function].load(Relaxed) && !SEEN[function].swap(true, Relaxed) {
        use std::io::Write;
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        let _ = file.and_then(|mut file| file.write_all(format!("{function}\\n").as_bytes()));
    }
    SET.0
}
"""


def copy():
    """The tree as it lies here; what is as it was keeps its time, and is not built again."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root, check=True, capture_output=True, text=True).stdout
    for name in names.splitlines():
        source, target = root / name, tree / name
        if source.is_file() and not (target.exists() and target.read_bytes() == source.read_bytes()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def write(mutants, entry):
    """The files with every mutant in them: for each the lines where its mutants stand."""
    files = collections.defaultdict(list)
    for mutant in mutants:
        files[mutant["file"]].append(mutant)
    functions, places, texts = 0, {}, {name: (root / name).read_text() for name in written | {entry}}
    for name, inside in files.items():
        source = Source(name)
        of = {mutant["number"]: source.span(mutant["function"]["span"]) for mutant in inside}
        spans = sorted(set(of.values()), key=lambda span: (span[0], -span[1]))
        text, marks, last, line = [], [(0, [])], 0, 1

        def add(piece):
            nonlocal line
            text.append(piece)
            line += piece.count("\n")

        for start, end in spans:
            if start < last:
                continue  # within the one before
            own = [mutant for mutant in inside if start <= of[mutant["number"]][0] < end]
            body = source.body(start, end)
            add(f"{source.text[last:body]}{{\n")
            marks.append((line, own))
            add(f"match crate::__mutant({functions}) {{\n")
            for mutant in own:
                mutant["function_number"] = functions
                low, high = source.span(mutant["span"])
                marks.append((line, [mutant]))
                add(f"{mutant['number']} => {{\n{source.text[body + 1:low]}{mutant['replacement']}{source.text[high:end - 1]}\n}}\n")
            marks.append((line, own))
            add(f"_ => {{{source.text[body + 1:end - 1]}\n}}\n}}\n}}\n")
            marks.append((line, []))
            last, functions = end, functions + 1
        add(source.text[last:])
        places[name], texts[name] = marks, "".join(text)
    texts[entry] += ENTRY.replace("COUNT", str(functions + 1)).replace("NAME", given.package)
    for name, text in texts.items():
        if (tree / name).read_text() != text:
            (tree / name).write_text(text)
    written.update(files)
    return places


written = set()


def cargo(*words):
    run = subprocess.run(["cargo", *words, "--message-format=json", *[word for one in given.config for word in ("--config", one)]],
                         cwd=tree, capture_output=True, text=True, errors="replace")
    return run.returncode, [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")], run.stderr


def at_fault(message, places):
    """The mutants in whose text an error stands: one, or all of a function where it is of none."""
    for span in sorted(message["spans"], key=lambda span: not span["is_primary"]):
        marks = places.get(os.path.relpath((tree / span["file_name"]).resolve(), tree))
        if marks:
            found = marks[bisect.bisect_right([line for line, _ in marks], span["line_start"]) - 1][1]
            if found:
                return found
    return []


def compiled(mutants):
    """Sets aside what does not compile, until the rest does: the programs of the tests."""
    entry = next(target["src_path"] for package in json.loads(subprocess.run(
        ["cargo", "metadata", "--no-deps", "--format-version=1"], cwd=root, check=True, capture_output=True, text=True).stdout)["packages"]
        if package["name"] == given.package for target in package["targets"] if {"lib", "cdylib"} & set(target["kind"]))
    entry = os.path.relpath(entry, root)
    while True:
        places = write([mutant for mutant in mutants if "outcome" not in mutant], entry)
        code, messages, errors = cargo("test", "--no-run", *shlex.split(given.tests))
        if code == 0:
            built = [message for message in messages if message.get("executable") and message["profile"]["test"]]
            return [(message["executable"], os.path.dirname(message["manifest_path"])) for message in built]
        bad = 0
        for message in messages:
            if message.get("reason") == "compiler-message" and message["message"]["level"] == "error":
                for mutant in at_fault(message["message"], places):
                    bad += "outcome" not in mutant
                    mutant["outcome"] = "unviable"
                    mutant["error"] = message["message"]["message"]
        print(f"{bad} do not compile", flush=True)
        if bad == 0:
            sys.exit("\n".join(message["message"]["rendered"] for message in messages if "message" in message and message["message"]["level"] == "error") or errors)


def ran(test, patience, **extra):
    """Whether a test passes, and in how many seconds of processors; None: it does not end."""
    exe, folder, name = test

    def limited():
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (int(patience) + 1, int(patience) + 2))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    fixed = {"PROPTEST_RNG_SEED": "1", "PROPTEST_DISABLE_FAILURE_PERSISTENCE": "1"}
    used = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    before = used()
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        environment = {**os.environ, "CARGO_MANIFEST_DIR": folder, "TMPDIR": scratch, "RUST_BACKTRACE": "0", **fixed, **extra}
        silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        run = subprocess.Popen([exe, "--exact", name], cwd=folder, env=environment, preexec_fn=limited, start_new_session=True, **silent)
        try:
            code = run.wait(20 * patience)
        except subprocess.TimeoutExpired:
            code = -signal.SIGXCPU
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    return (None if code in (-signal.SIGXCPU, -signal.SIGKILL) else code == 0), used() - before


def tests(programs):
    """What is run, and which functions each test reaches."""
    found, left = [], []
    for exe, folder in programs:
        names = subprocess.run([exe, "--list", "--format=terse"], cwd=folder, capture_output=True, text=True).stdout
        for name in re.findall(r"^(.*): test$", names, re.M):
            if re.search(given.skip, name):
                continue
            seen = out / "seen"
            seen.unlink(missing_ok=True)
            passed, seconds = ran((exe, folder, name), given.longest, MUTANT_SEEN=str(seen))
            if passed:
                reached = {int(line) for line in seen.read_text().split()} if seen.exists() else set()
                found.append(((exe, folder, name), seconds, reached))
            else:
                left.append(f"{name} ({'fails here' if passed is False else 'takes long'})")
    if left:
        print(f"{len(left)} tests are left out: " + ", ".join(left))
    return sorted(found, key=lambda test: test[1])


def main():
    mutants = listed()
    if not mutants:
        return print(f"no mutants of {given.package}")
    out.mkdir(parents=True, exist_ok=True)
    copy()
    print(f"{len(mutants)} mutants of {given.package}", flush=True)
    known = tests(compiled(mutants))
    print(f"{len(known)} tests, {sum(seconds for _, seconds, _ in known):.0f} s in all", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        for mutant in mutants:
            if "outcome" not in mutant:
                attempt(mutant, known)
    (out / "outcomes.json").write_text(json.dumps(mutants, indent=1))
    count = collections.Counter(mutant.get("outcome", "not tried") for mutant in mutants)
    caught = count["caught"] + count["timeout"]
    tried = caught + count["missed"]
    print(f"{caught} of {tried} caught ({100 * caught / max(1, tried):.1f} %), {count['timeout']} of them by no end; "
          f"{count['unviable']} do not compile, {count['not tried']} not tried")
    sys.exit(count["missed"] > 0)


def attempt(mutant, known):
    """Every test that reaches a mutant's function, the short ones first, until one fails."""
    reaching = [(test, seconds) for test, seconds, reached in known if mutant["function_number"] in reached]
    outcome = "missed"
    for test, seconds in reaching:
        passed, _ = ran(test, 5 + 6 * seconds, **{"MUTANT_OF_" + given.package: str(mutant["number"])})
        if not passed:
            outcome, mutant["by"] = ("timeout" if passed is None else "caught"), test[2]
            break
    mutant["outcome"] = outcome
    if outcome == "missed":
        print(f"missed ({len(reaching)} tests reach it): {mutant['name']}", flush=True)

main()
