#!/usr/bin/env python3
"""Writes pointwise.json.gz: element-wise functions of the real PyTorch (1.13), with and without broadcasting.

Run it in this folder with a python3 that has torch. Inputs are not stored: `rand` after `manual_seed` is bit for bit what the
package's own rand gives. Outputs are the base64 of their bytes (little endian).
"""

import base64
import gzip
import json
import random

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
draw = random.Random(13)
cases = []

UNARY = {
    "neg": (lambda x: -x, []),
    "abs": (torch.abs, []),
    "sqrt": (torch.sqrt, []),
    "exp": (torch.exp, []),
    "log": (torch.log, []),
    "sin": (torch.sin, []),
    "cos": (torch.cos, []),
    "tanh": (torch.tanh, []),
    "sigmoid": (torch.sigmoid, []),
    "erf": (torch.erf, []),
    "relu": (torch.relu, []),
    "leakyRelu": (F.leaky_relu, [(0.01,), (0.1,), (0.0,), (-0.5,)]),
    "elu": (F.elu, [(1.0,), (0.5,)]),
    "silu": (F.silu, []),
    "gelu": (lambda x, form="none": F.gelu(x, approximate=form), [("none",), ("tanh",)]),
    "softplus": (F.softplus, [(1, 20), (2, 20), (0.5, 3)]),
    "hardtanh": (F.hardtanh, [(-1.0, 1.0), (0.0, 6.0)]),
}
BINARY = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "minimum": torch.minimum,
    "maximum": torch.maximum,
}
SHAPES = [[], [1], [17], [3, 5], [2, 3, 7], [0], [2, 0, 3], [1, 1, 33]]
PAIRS = [
    ([3, 5], [3, 5]), ([3, 5], [5]), ([3, 5], [3, 1]), ([3, 1], [1, 5]), ([2, 3, 4], [3, 1]), ([2, 1, 4], [1, 3, 1]),
    ([7], []), ([], [7]), ([0], [1]), ([2, 0], [1, 1]), ([2, 3, 17], [2, 3, 17]), ([2, 3, 17], [3, 17]),
]
SCALES = [1.0, 0.001, 30.0, 1e4]
CORNERS = [0.0, -0.0, 1.0, -1.0, float("inf"), float("-inf"), float("nan"), 1e-40, 88.7, -103.5, 20.5, 3e38]


def packed(tensor):
    return base64.b64encode(tensor.contiguous().numpy().tobytes()).decode()


def inputs(seed, shapes, dtype, scale):
    torch.manual_seed(seed)
    return [(torch.rand(shape, dtype=dtype) * 6 - 3) * scale for shape in shapes]


def record(name, dtype, arguments, shapes, scale, seed, values, out):
    cases.append({
        "name": name, "dtype": str(dtype).removeprefix("torch."), "arguments": list(arguments), "shapes": shapes,
        "scale": scale, "seed": seed, "values": values, "shape": list(out.shape), "data": packed(out),
    })


seed = 0
for name, (function, parameters) in UNARY.items():
    for dtype in (torch.float32, torch.float64):
        for shape in SHAPES:
            seed += 1
            arguments = draw.choice(parameters) if parameters else ()
            scale = draw.choice(SCALES)
            (x,) = inputs(seed, [shape], dtype, scale)
            record(name, dtype, arguments, [shape], scale, seed, None, function(x, *arguments))
        for arguments in parameters or [()]:
            x = torch.tensor(CORNERS, dtype=dtype)
            strings = [str(value) for value in CORNERS]
            record(name, dtype, arguments, [[len(CORNERS)]], 1.0, 0, [strings], function(x, *arguments))
for name, function in BINARY.items():
    for dtype in (torch.float32, torch.float64):
        for shapes in PAIRS:
            seed += 1
            scale = draw.choice(SCALES)
            x, y = inputs(seed, shapes, dtype, scale)
            record(name, dtype, (), list(shapes), scale, seed, None, function(x, y))
        x = torch.tensor(CORNERS, dtype=dtype)
        y = torch.tensor(CORNERS[::-1], dtype=dtype)
        strings = [[str(value) for value in values] for values in (CORNERS, CORNERS[::-1])]
        record(name, dtype, (), [[len(CORNERS)], [len(CORNERS)]], 1.0, 0, strings, function(x, y))

with gzip.GzipFile("pointwise.json.gz", "wb", mtime=0) as file:
    file.write(json.dumps(cases, separators=(",", ":")).encode())
print(len(cases), "cases")
