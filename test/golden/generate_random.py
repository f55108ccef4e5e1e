#!/usr/bin/env python3
"""Writes random.json.gz: what the real PyTorch (1.13, on a CPU with AVX2) draws after manual_seed, call after call.

Run it in this folder with a python3 that has torch. Each seed has a list of calls, to be repeated in the same order. Short
results are stored as the base64 of their bytes (little endian), long ones as the SHA-256 of the bytes.
"""

import base64
import gzip
import hashlib
import json

import torch

SEEDS = [
    0, 1, 42, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 5, 2**40 + 7, 67280421310721, 2**53 - 1,
    2**63 + 11, 2**64 - 1, -1, -12345, -(2**63),
]  # fmt: skip
F32, F64 = torch.float32, torch.float64
LONGEST = 256


def result(values):
    data = values.detach().contiguous().numpy().tobytes()
    entry = {"shape": list(values.shape)}
    if values.numel() <= LONGEST:
        entry["data"] = base64.b64encode(data).decode()
    else:
        entry["sha256"] = hashlib.sha256(data).hexdigest()
    return entry


def name(dtype):
    return str(dtype).removeprefix("torch.")


def rand(*shape, dtype=F32):
    return {"call": "rand", "dtype": name(dtype), "result": result(torch.rand(*shape, dtype=dtype))}


def randn(*shape, dtype=F32):
    return {"call": "randn", "dtype": name(dtype), "result": result(torch.randn(*shape, dtype=dtype))}


def uniform(size, low, high, dtype=F32):
    values = torch.empty(size, dtype=dtype).uniform_(low, high)
    return {"call": "uniform", "dtype": name(dtype), "from": low, "to": high, "result": result(values)}


def conv1d(in_channels, out_channels, kernel_size, groups=1, bias=True, dtype=F32):
    layer = torch.nn.Conv1d(in_channels, out_channels, kernel_size, groups=groups, bias=bias, dtype=dtype)
    return {
        "call": "conv1d",
        "dtype": name(dtype),
        "fanIn": in_channels // groups * kernel_size,
        "weight": result(layer.weight),
        "bias": result(layer.bias) if bias else None,
    }


def every_kind():
    """One call after another, so that what one leaves behind (the engine's place, a spare normal number) meets the next."""
    return [
        rand(5),
        rand(2, 3, dtype=F64),
        rand(4, 2, 6),
        randn(1),
        randn(2),
        randn(3, 5),
        rand(3),
        randn(15, dtype=F64),
        randn(16),
        randn(17),
        randn(3, 17),
        randn(1, dtype=F64),
        randn(16, dtype=F64),
        randn(31, dtype=F64),
        randn(1),
        randn(0),
        rand(0),
        rand(2, 0, 3),
        randn(2, 100),
        conv1d(2, 3, 5),
        conv1d(2, 3, 5, bias=False),
        conv1d(6, 4, 3, groups=2),
        conv1d(2, 3, 5, dtype=F64),
        conv1d(8, 16, 3, groups=8, dtype=F64),
        uniform(20, -0.123, 0.456),
        uniform(20, -0.123, 0.456, F64),
        uniform(20, 3.0, 1e6, F64),
        uniform(5, 2.0, 2.0),
        rand(1),
    ]


def long_ones():
    return [
        rand(100_003),
        rand(20_001, dtype=F64),
        randn(100_003),
        uniform(50_000, -1.7, 0.3),
        uniform(50_000, -1.7, 0.3, F64),
        conv1d(64, 128, 9),
        conv1d(64, 128, 9, groups=64, dtype=F64),
        conv1d(1, 512, 10, bias=False),
        randn(20, 20),
        rand(7),
    ]


def after_other_calls():
    """Reseeding forgets the spare normal number."""
    torch.randn(3)


runs = []
for seed in SEEDS:
    after_other_calls()
    torch.manual_seed(seed)
    runs.append({"seed": str(seed), "calls": every_kind() + (long_ones() if seed in (0, 2**31 - 1, 2**40 + 7) else [])})

# No time stamp and no name inside, so that the same numbers give the same bytes.
with open("random.json.gz", "wb") as file:
    file.write(gzip.compress(json.dumps(runs).encode(), mtime=0))
print(len(runs), "seeds,", sum(len(run["calls"]) for run in runs), "calls")
