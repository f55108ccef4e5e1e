#!/usr/bin/env python3
"""Writes promotion.json.gz: dtypes and elements of what the real PyTorch (1.13) makes of two dtypes, or of a dtype and a number.

Run it in this folder with a python3 that has torch. null is what PyTorch refuses.
"""

import gzip
import json
import operator

import torch

DTYPES = ["float32", "float64", "int64", "int32", "bool"]
CONDITION = torch.tensor([True, False, True])
OPERATIONS = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
    "minimum": torch.minimum,
    "maximum": torch.maximum,
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "where": lambda a, b: torch.where(CONDITION, a, b),
    "cat": lambda a, b: torch.cat([a, b]),
}
LEFT = [3, -2, 0]
RIGHT = [2, 1, 4]
SCALARS = [True, False, 2, 0, 2.5, -3]


def tensor(values, dtype):
    return torch.tensor(values).to(getattr(torch, dtype))


def result(call, *operands):
    try:
        made = call(*operands)
    except (RuntimeError, TypeError, IndexError):
        return None
    return {"dtype": str(made.dtype).removeprefix("torch."), "elements": [str(each) for each in made.tolist()]}


cases = []
for name, call in OPERATIONS.items():
    for left in DTYPES:
        for right in DTYPES:
            operands = tensor(LEFT, left), tensor(RIGHT, right)
            cases.append([name, left, right, result(call, *operands)])
            if name != "cat":
                cases.append([name, left, f"{right} without dimensions", result(call, operands[0], tensor(2, right))])
        if name in ("minimum", "maximum", "cat"):
            continue
        for scalar in SCALARS:
            cases.append([name, left, scalar, result(call, tensor(LEFT, left), scalar)])
for a in SCALARS:
    for b in SCALARS:
        cases.append(["where", a, b, result(OPERATIONS["where"], a, b)])

# No time stamp and no name inside, so that the same cases give the same bytes.
with open("promotion.json.gz", "wb") as file:
    file.write(gzip.compress(json.dumps(cases).encode(), mtime=0))
print(len(cases), "cases")
