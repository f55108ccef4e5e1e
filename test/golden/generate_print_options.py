#!/usr/bin/env python3
"""Writes print-options.json.gz: how the real PyTorch (1.13) prints tensors after torch.set_printoptions.

Run it in this folder with a python3 that has torch. Values are stored as the base64 of their bytes (little endian).
"""

import base64
import gzip
import json
import math

import torch

NAMES = {"edgeitems": "edgeItems", "linewidth": "lineWidth", "sci_mode": "sciMode"}
nan, inf = math.nan, math.inf

torch.manual_seed(3)
f64 = torch.float64
tensors = {
    "a scalar": torch.tensor(1.5),
    "zeros": torch.tensor([0.0, -0.0]),
    "numbers": torch.randn(2, 7),
    "numbers of float64": torch.randn(3, 5, dtype=f64),
    "whole numbers": torch.tensor([1.0, -20.0, 300.0]),
    "large whole numbers": torch.tensor([1e22, -3.0, 2.0**70], dtype=f64),
    "whole numbers halfway": torch.tensor([100005.0, 25.0, 1.0, 35.0, 45000.0]),
    "numbers of all sizes": torch.tensor([1e-7, 0.5, -12345.678, 3e10]),
    "the largest": torch.tensor([1e300, -1e-300, 0.25], dtype=f64),
    "halves": torch.arange(-4.0, 5.0) / 2 + 0.25,
    "quarters": torch.arange(16.0, dtype=f64) / 8,
    "32nds": torch.arange(16.0) / 32 + 9.5,
    "not numbers": torch.tensor([nan, inf, -inf, 1.5]),
    "only infinities": torch.tensor([inf, -inf]),
    "many": torch.arange(-30.0, 30.0).reshape(4, 15) / 4,
    "more than 1000": torch.arange(1101.0) / 4,
    "a large matrix": torch.arange(1200.0).reshape(40, 30) / 8,
    "a cube": (torch.arange(216.0) / 16).reshape(9, 3, 8),
    "nothing": torch.empty(2, 0, dtype=f64),
    "requires_grad": torch.rand(9).requires_grad_(),
}
settings = [
    {"precision": 0},
    {"precision": 2},
    {"precision": 3, "sci_mode": True},
    {"precision": 0, "sci_mode": True},
    {"precision": 10},
    {"precision": 17, "sci_mode": True},
    {"precision": 60},
    {"sci_mode": True},
    {"sci_mode": False},
    {"threshold": 0},
    {"threshold": 20, "edgeitems": 1},
    {"threshold": 20, "edgeitems": 4, "linewidth": 40},
    {"linewidth": 1},
    {"linewidth": 33},
    {"linewidth": 200},
    {"profile": "short"},
    {"profile": "full"},
    {"profile": "short", "precision": 6, "linewidth": 60},
]
# Calls after one another: what is left out stays, except sci_mode.
sequences = [
    [{"sci_mode": True}, {"precision": 2}],
    [{"precision": 2}, {"linewidth": 40}],
    [{"threshold": 5, "edgeitems": 1}, {"profile": "short"}],
    [{"precision": 1, "sci_mode": False}, {"profile": "default"}],
]


def spelt(options):
    return {NAMES.get(name, name): value for name, value in options.items()}


cases = []
for calls in [[options] for options in settings] + sequences:
    torch.set_printoptions(profile="default")
    for options in calls:
        torch.set_printoptions(**options)
    cases.append({"calls": [spelt(options) for options in calls], "texts": [repr(t) for t in tensors.values()]})

data = [
    {
        "name": name,
        "dtype": str(t.dtype).removeprefix("torch."),
        "shape": list(t.shape),
        "data": base64.b64encode(t.detach().numpy().tobytes()).decode(),
        "requiresGrad": t.requires_grad,
    }
    for name, t in tensors.items()
]
# No time stamp and no name inside, so that the same cases give the same bytes.
with open("print-options.json.gz", "wb") as file:
    file.write(gzip.compress(json.dumps({"tensors": data, "cases": cases}).encode(), mtime=0))
print(len(cases) * len(data), "texts")
