#!/usr/bin/env python3
"""Writes integer-printing.json.gz: tensors of integers and bools, and how the real PyTorch (1.13) prints them.

Run it in this folder with a python3 that has torch. Elements are written as strings: JSON has no integers of 64 bits.
"""

import gzip
import json

import torch

cases = []


def case(name, values, dtype=torch.int64):
    values = torch.as_tensor(values, dtype=dtype)
    cases.append(
        {
            "name": f"{name}, {str(dtype).removeprefix('torch.')}",
            "dtype": str(dtype).removeprefix("torch."),
            "shape": list(values.shape),
            "elements": [str(int(value)) for value in values.flatten().tolist()],
            "text": repr(values),
        }
    )


for dtype in (torch.int64, torch.int32, torch.bool):
    case("without dimensions", 1, dtype)
    case("one", [1], dtype)
    case("empty", [], dtype)
    case("empty rows", torch.zeros(2, 0, 3), dtype)
    case("a matrix", [[1, 0], [0, 1], [1, 1]], dtype)
    case("a row that wraps", torch.arange(40) % 3 == 0, dtype)
    case("three dimensions", torch.arange(24).reshape(2, 3, 4) % 2, dtype)
    case("summarised", torch.arange(1200) % 2, dtype)
    case("a summarised matrix", torch.arange(40 * 40).reshape(40, 40) % 2, dtype)
    case("summarised cubes", torch.arange(20 * 20 * 20).reshape(20, 20, 20) % 2, dtype)
    case("rows that wrap", torch.arange(60).reshape(2, 30) % 2, dtype)
    case("ones around", torch.ones(1, 1, 1, 2), dtype)

for dtype in (torch.int64, torch.int32):
    info = torch.iinfo(dtype)
    case("negative", [-1, 2, -30], dtype)
    case("the extremes", [info.min, info.max, 0], dtype)
    case("one of the extremes", info.min, dtype)
    case("widths of the shown alone", torch.cat([torch.arange(600), torch.tensor([10**8]), torch.arange(600)]), dtype)
    case("wide and many", torch.arange(30) * 10**7, dtype)
    case("wide rows", torch.arange(40).reshape(2, 20) * -(10**6), dtype)
    case("a column", torch.arange(-3, 3).reshape(6, 1), dtype)

case("beyond 2^53", [2**53, 2**53 + 1, -(2**53) - 1, 2**62])

# No time stamp and no name inside, so that the same cases give the same bytes.
with open("integer-printing.json.gz", "wb") as file:
    file.write(gzip.compress(json.dumps(cases).encode(), mtime=0))
print(len(cases), "cases")
