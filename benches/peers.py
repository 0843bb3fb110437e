#!/usr/bin/env python3
"""One full-batch step of this library beside NumPy, JAX (jit) and PyTorch (eager), in alternation, as a table of ratios.

    cargo bench --no-run                     # or cargo build --bench step, as `cargo run` builds
    python3 benches/peers.py target/release/deps/step-… [--rounds 15] [--only logistic] > table.md

Every round asks each library for one step, one after the other, so that what else the machine does meets all alike. A step is the
loss, the gradient and the update; ours gives ln q of every observation as well, NumPy's the gradient alone. Where the system tells,
the time is that of the processors (of all threads), which other work on the machine disturbs least; the wall's is beside it.
"""
import argparse
import os
import platform
import statistics
import subprocess
import time

import numpy as np

SHAPES = [(1_000, 2, 2), (1_000, 2, 3), (1_000_000, 32, 2), (20_000, 784, 2), (100_000, 32, 10), (20_000, 784, 10)]
RATE = 0.1


class Ours:
    """The bench, which answers questions on a pipe."""

    def __init__(self, bench):
        self.process = subprocess.Popen([bench, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, what, rows, columns, classes, dtype):
        self.process.stdin.write(f"{what} {rows} {columns} {classes} {dtype}\n")
        self.process.stdin.flush()
        wall, processors = map(float, self.process.stdout.readline().split())
        return wall, processors


def measured(run, least=0.02):
    """Seconds of the wall and of the processors of one run; short ones are repeated until they can be measured."""
    times, start = 0, (time.perf_counter(), time.process_time())
    while times == 0 or time.perf_counter() - start[0] < least:
        run()
        times += 1
    return (time.perf_counter() - start[0]) / times, (time.process_time() - start[1]) / times


def numpy_step(x, y, classes):
    w, b = np.zeros((x.shape[1], classes), x.dtype), np.zeros(classes, x.dtype)
    if classes == 2:
        w, b, y = w[:, 0], b[0], y.astype(x.dtype)

    def step():
        nonlocal w, b
        z = x @ w + b
        if classes == 2:
            r = 1 / (1 + np.exp(-z)) - y
        else:
            r = np.exp(z - z.max(1, keepdims=True))
            r /= r.sum(1, keepdims=True)
            r[np.arange(len(y)), y] -= 1
        w, b = w - RATE * (x.T @ r) / x.dtype.type(len(y)), b - RATE * r.mean(0)

    return step


def jax_step(x, y, classes):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", x.dtype == np.float64)
    x, y = jnp.asarray(x), jnp.asarray(y)

    def loss(theta):
        z = x @ theta[0] + theta[1]
        if classes == 2:
            return jnp.mean(jax.nn.softplus(z) - y * z)
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1))

    @jax.jit
    def update(theta):
        value, gradient = jax.value_and_grad(loss)(theta)
        return [t - RATE * g for t, g in zip(theta, gradient)], value

    shape = (x.shape[1],) if classes == 2 else (x.shape[1], classes)
    theta = [jnp.zeros(shape, x.dtype), jnp.zeros(shape[1:], x.dtype)]

    def step():
        nonlocal theta
        theta, value = update(theta)
        float(value)

    return step


def torch_step(x, y, classes):
    import torch
    import torch.nn.functional as F

    x, y = torch.from_numpy(x), torch.from_numpy(y)
    layer = torch.nn.Linear(x.shape[1], 1 if classes == 2 else classes, dtype=x.dtype)
    sgd = torch.optim.SGD(layer.parameters(), lr=RATE)
    target = y.to(x.dtype)[:, None] if classes == 2 else y
    of = F.binary_cross_entropy_with_logits if classes == 2 else F.cross_entropy

    def step():
        sgd.zero_grad()
        value = of(layer(x), target)
        value.backward()
        sgd.step()
        value.item()

    return step


def reading(x):
    import torch

    x = torch.from_numpy(x)
    return lambda: x.sum().item()


def products(x, classes):
    """The two matrix products of a step and nothing else."""
    import torch

    x = torch.from_numpy(x)
    w, r = torch.ones((x.shape[1], classes), dtype=x.dtype), torch.ones((x.shape[0], classes), dtype=x.dtype)
    out = torch.empty_like(r), torch.empty_like(w)

    def run():
        torch.mm(x, w, out=out[0])
        torch.mm(x.T, r, out=out[1])

    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bench", help="the built bench `step`")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="", help="rows whose name holds this")
    parser.add_argument("--type", choices=["float32", "float64"], action="append")
    options = parser.parse_args()
    import jax
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    ours = Ours(options.bench)
    cpu = next((l.split(": ")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.processor())
    print(f"{time.strftime('%Y-%m-%d')}, {cpu}, {os.cpu_count()} cores; NumPy {np.__version__}, JAX {jax.__version__}, "
          f"PyTorch {torch.__version__.split('+')[0]}; {options.rounds} rounds\n")
    head = ["step", "ours, ms", "X read once", "products", "NumPy", "JAX", "PyTorch", "ours / fastest", "ours / read", "ours / products", "by the wall"]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
    for rows, columns, classes in SHAPES:
        for dtype in options.type or ["float32", "float64"]:
            name = f"{'logistic' if classes == 2 else 'softmax'} {rows} × {columns}" + (f" × {classes}" if classes > 2 else "")
            if options.only not in f"{name} {dtype}":
                continue
            rng = np.random.default_rng(7)
            x = rng.uniform(-1.7, 1.7, (rows, columns)).astype(dtype)
            y = rng.integers(0, classes, rows)
            peers = {"X": reading(x), "products": products(x, 1 if classes == 2 else classes)}
            peers |= {"NumPy": numpy_step(x, y, classes), "JAX": jax_step(x, y, classes), "PyTorch": torch_step(x, y, classes)}
            for run in peers.values():
                run()
            times = {who: [] for who in ["ours", *peers]}
            for _ in range(options.rounds):
                # A short step is over before the system has counted it: there the wall's.
                short = rows < 10_000
                wall, processors = ours.ask("step", rows, columns, classes, dtype)
                times["ours"].append((wall, wall if short else processors))
                for who, run in peers.items():
                    wall, processors = measured(run)
                    times[who].append((wall, wall if short else processors))
            wall, spent = ({who: 1e3 * statistics.median(t[i] for t in ts) for who, ts in times.items()} for i in (0, 1))
            best = {who: 1e3 * min(t[0] for t in ts) for who, ts in times.items()}
            fastest = lambda of: min(of[who] for who in ("NumPy", "JAX", "PyTorch"))
            row = [f"{name}, {dtype}"] + [f"{spent[who]:.3g}" for who in times]
            row += [f"{spent['ours'] / of:.2f}" for of in (fastest(spent), spent["X"], spent["products"])]
            row += [f"{wall['ours'] / fastest(wall):.2f}, least {best['ours'] / fastest(best):.2f}"]
            print("| " + " | ".join(row) + " |", flush=True)
    ratios = {}
    for rows, columns, classes in SHAPES:
        for dtype in options.type or ["float32", "float64"]:
            name = f"{'logistic' if classes == 2 else 'softmax'} {rows} × {columns}, {dtype}"
            if rows < 100_000 or options.only not in name:
                continue
            fits = {what: [] for what in ("hook", "plain")}
            for _ in range(options.rounds):
                for what in fits:
                    fits[what].append(ours.ask(what, rows, columns, classes, dtype)[1])
            ratios[name] = statistics.median(fits["hook"]) / statistics.median(fits["plain"])
    print("\nTen steps of a fit with the three quantities logged at each, over the same without, by the processors: "
          + "; ".join(f"{name} {ratio:.3f}" for name, ratio in ratios.items()) + ".")


if __name__ == "__main__":
    main()
