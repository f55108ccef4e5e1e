#!/usr/bin/env python3
"""Writes gradients.json.gz: gradients of operations and functions in the real PyTorch (1.13), with the names of its gradient functions.

    /usr/bin/python3 test/golden/generate_gradients.py

A case is a call as torch_calls.py describes it: small ones of operations.json.gz, and more drawn here. Every float among its inputs requires a
gradient. Each result with a gradient function, in order, has a cotangent (rand - 0.5) * 2 of its dtype, all drawn after manual_seed("cotangentSeed").
"names" are those of the results' gradient functions (null of a result without one), "gradients" those of the inputs (null where there is none).
Norms, products with a weight, recurrent layers and losses have golden data of their own.
"""

import gzip
import json
import random
import warnings
from collections import Counter
from pathlib import Path

import torch
import torch_calls
from torch_calls import FLOATS, Input, call_of, encoded, given, made, packed, save, seeded

warnings.simplefilter("ignore")
torch.set_num_threads(1)
torch_calls.MOST_ELEMENTS = 24  # of each gradient
draw = random.Random(73)
cases = []
next_seed = iter(range(1, 10**6))
INF, NAN = float("inf"), float("nan")
ABSENT = {"absent": True}
MOST_INPUTS = 60  # elements of an input
ELSEWHERE = ("linear", "batchNorm", "groupNorm", "instanceNorm", "layerNorm", "prelu")


def tensors_of(result):
    if isinstance(result, torch.Tensor):
        return [result]
    return [tensor for each in result for tensor in tensors_of(each)]


def name_of(tensor):
    """As a tensor prints it."""
    return None if tensor.grad_fn is None else tensor.grad_fn.name().removeprefix("torch::autograd::")


def gradients_of(record):
    """The record with what PyTorch makes of it; None where nothing has a gradient."""
    inputs = [made(each) for each in record["inputs"]]
    leaves = [tensor.requires_grad_() for tensor in inputs if tensor.is_floating_point()]
    if not leaves:
        return None
    results = tensors_of(call_of(record, inputs))
    roots = [tensor for tensor in results if tensor.grad_fn is not None]
    if not roots:
        return None
    seed = next(next_seed)
    torch.manual_seed(seed)
    cotangents = [(torch.rand(root.shape, dtype=root.dtype) - 0.5) * 2 for root in roots]
    try:
        gradients = torch.autograd.grad(roots, leaves, cotangents, allow_unused=True)
    except RuntimeError as error:
        print("left out:", record["call"], str(error).split("\n")[0])  # some of PyTorch 1.13's own gradients have the wrong shape
        return None
    return {
        **record,
        "cotangentSeed": seed,
        "names": [name_of(each) for each in results],
        "gradients": [None if each is None else packed(each) for each in gradients],
    }


def case(on, call, *arguments, **more):
    inputs = []
    record = {"on": on, "call": call, "arguments": encoded(arguments, inputs), "inputs": inputs, **more}
    found = gradients_of(record)
    if found is not None:
        cases.append(found)


def method(call, x, *arguments, **more):
    case("tensor", call, x, *arguments, **more)


def function(call, *arguments, **more):
    case("functional", call, *arguments, **more)


def x_of(*shape, dtype="float32", scale=4.0):
    return seeded(next(next_seed), shape, dtype, scale)


def shape(most=4, largest=5, least=0):
    while True:
        sizes = [draw.randint(1, largest) for _ in range(draw.randint(least, most))]
        if torch.Size(sizes).numel() <= MOST_INPUTS:
            return sizes


def whole(*sizes, low=-5, high=5, dtype="int64"):
    return given([draw.randint(low, high) for _ in range(torch.Size(sizes).numel())], dtype, sizes)


def some_dim(sizes):
    return draw.randrange(-len(sizes), len(sizes))


def ties(*sizes, dtype="float32"):
    """Few different values."""
    return whole(*sizes, low=-1, high=1, dtype=dtype)


# What the operations were tried with ---------------------------------------------------------------------------------------------------

def drawn_before():
    bytes_of = Path(__file__).with_name("operations.json.gz").read_bytes()
    counts = Counter()
    for record in json.loads(gzip.decompress(bytes_of)):
        call = record["call"]
        sizes = [torch.Size(each["shape"]).numel() for each in record["inputs"]]
        # Of NaN, hardtanh has a gradient or none, depending on where in a vector it lies.
        is_open = "ignore" in record or call == "hardtanh" and "nan" in record["inputs"][0].get("values", [])
        if call in ELSEWHERE or is_open or max(sizes, default=0) > MOST_INPUTS or counts[call] == 14:
            continue
        keys = ("on", "call", "arguments", "inputs", "callSeed")
        found = gradients_of({key: record[key] for key in keys if key in record})
        if found is not None:
            cases.append(found)
            counts[call] += 1


# Element by element ----------------------------------------------------------------------------------------------------------------

UNARY = {
    "neg": None, "abs": None, "relu": None, "exp": None, "sin": None, "cos": None, "tanh": None, "sigmoid": None, "erf": None, "square": None,
    "reciprocal": None, "expm1": None, "floor": None, "ceil": None, "round": None, "sign": None, "clone": None,
    "sqrt": "positive", "log": "positive", "rsqrt": "positive", "log1p": "positive",
}  # fmt: skip
CORNERS = [0.0, 1.0, -1.0, INF, -INF, NAN, 1e-30, 88.0, -88.0, 0.5, 2.0]
ACTIVATIONS = {
    "relu": [()], "leakyRelu": [(), (0.1,), (0.0,)], "elu": [(), (0.5,), (2.0,)], "gelu": [(), ({"approximate": "tanh"},)], "silu": [()],
    "softplus": [(), (2, 20), (0.5, 3)], "hardtanh": [(), (0.0, 6.0), (-0.5, 0.25)],
}  # fmt: skip


def elements():
    for name, domain in UNARY.items():
        for i in range(12):
            sizes = shape(3)
            dtype = FLOATS[i % 2]
            if domain == "positive":
                count = torch.Size(sizes).numel()
                x = given([draw.randint(1, 4096) / 1024 for _ in range(count)], dtype, sizes)
            else:
                x = x_of(*sizes, dtype=dtype, scale=draw.choice([1.0, 4.0, 16.0]))
            method(name, x)
        for dtype in FLOATS:
            method(name, given(CORNERS, dtype))
    for name, parameters in ACTIVATIONS.items():
        for i in range(12):
            function(name, x_of(*shape(3), dtype=FLOATS[i % 2], scale=draw.choice([1.0, 8.0, 64.0])), *parameters[i % len(parameters)])
        for each in parameters:
            for dtype in FLOATS:
                corners = [each for each in CORNERS if name != "hardtanh" or each == each]
                function(name, given([*corners, 6.0, -0.5, 0.25, 20.0, 21.0], dtype), *each)
    pairs = [([3, 4], [3, 4]), ([3, 4], [4]), ([2, 1, 3], [4, 1]), ([5], []), ([], [5]), ([0, 3], [1, 3]), ([2, 3], [1, 1, 1])]
    for name in ("add", "sub", "mul", "div", "minimum", "maximum", "pow"):
        for one, other in pairs:
            for left, right in (("float32", "float32"), ("float64", "float64"), ("float32", "float64")):
                method(name, x_of(*one, dtype=left), x_of(*other, dtype=right))
        method(name, x_of(2, 3), whole(3, low=1, high=3))
        method(name, whole(2, 3, low=1, high=3), x_of(3, dtype="float64"))
        for dtype in FLOATS:
            method(name, given(CORNERS, dtype), given(CORNERS[::-1], dtype))
            method(name, ties(4, 5, dtype=dtype), ties(5, dtype=dtype))
    for number in (0, 1, 2, 3, 0.5, -1, -2, -0.5, 1.7, INF, NAN):
        for dtype in FLOATS:
            method("pow", given(CORNERS, dtype), number)
            method("pow", x_of(3, 4, dtype=dtype), number)
    for dtype in FLOATS:
        for bounds in ((-1, 2), (ABSENT, 1), (0, ABSENT), (2, -1), (-0.5, 0.5), (1, 1), (NAN, 1)):
            method("clamp", given(CORNERS, dtype), *bounds)
            method("clamp", x_of(*shape(3), dtype=dtype), *bounds)
        for _ in range(6):
            method("to", x_of(*shape(3), dtype=dtype), FLOATS[1 - FLOATS.index(dtype)])
        function("dropout", x_of(3, 5, dtype=dtype), 0.4, {"training": True}, callSeed=next(next_seed))
    for i in range(14):
        kinds = FLOATS[i % 2], FLOATS[i // 2 % 2]
        one, other = draw.choice(pairs)
        if kinds[0] == kinds[1] and len(one) > 0 < len(other):
            condition = whole(*draw.choice((one, other, [])), low=0, high=1, dtype="bool")
            case("free", "where", condition, x_of(*one, dtype=kinds[0]), x_of(*other, dtype=kinds[1]))
    case("free", "where", given([1, 0, 1, 0], "bool"), given([NAN, 1.0, INF, NAN]), given([0.0, NAN, 1.0, INF]))


# Reductions, order, indices ----------------------------------------------------------------------------------------------------------------

def reduced():
    for name in ("sum", "mean", "amax", "amin", "norm", "std", "var"):
        for i in range(12):
            sizes = shape(3, 5, 1)
            dims = draw.sample(range(len(sizes)), draw.randint(1, len(sizes)))
            if name == "norm":
                dims = dims[:1]
            options = {"keepdim": draw.random() < 0.5}
            if name in ("std", "var"):
                sizes = [max(size, 3) for size in sizes[:3]][:2]
                dims = [dim for dim in dims if dim < len(sizes)] or [0]
                options["correction"] = draw.choice([0, 1, 1, 2])
            x = x_of(*sizes, dtype=FLOATS[i % 2]) if i % 3 else ties(*sizes, dtype=FLOATS[i % 2])
            method(name, x, *([] if i % 4 == 0 else [dims, options]))
        method(name, given([0.0, 0.0, 3.0, 4.0], shape=[2, 2]), [1])
        method(name, given([1.0, NAN, INF, 2.0, 3.0, 3.0], shape=[3, 2]), [1])
    for name in ("std", "var"):
        method(name, given([5.0]))
        method(name, given([5.0, 5.0, 1.0, 2.0], shape=[2, 2]), [1], {"correction": 2})
    for name in ("max", "min", "prod"):
        for i in range(14):
            sizes = shape(3, 5, 1)
            kind = FLOATS[i % 2]
            x = x_of(*sizes, dtype=kind) if i % 3 else ties(*sizes, dtype=kind)
            method(name, x, *([] if i % 4 == 0 else [some_dim(sizes), {"keepdim": draw.random() < 0.5}]))
        method(name, given([NAN, 1.0, 2.0, 3.0, 3.0, INF], shape=[2, 3]), 1)
        method(name, given([NAN, 1.0, NAN, 3.0]))
        method(name, x_of())
        method(name, x_of(), 0)
    for zeros in ([0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [1.0, 2.0, 3.0], [0.0, 0.0, 0.0]):
        for dtype in FLOATS:
            method("prod", given(zeros, dtype))
            method("prod", given([*zeros, 4.0, 0.0, 5.0], dtype, [2, 3]), 1)
    for i in range(8):
        sizes = shape(3, 6, 1)
        method("cumsum", x_of(*sizes, dtype=FLOATS[i % 2]), some_dim(sizes))
        x = x_of(*sizes, dtype=FLOATS[i % 2]) if i % 2 else ties(*sizes, dtype=FLOATS[i // 2 % 2])
        method("sort", x, some_dim(sizes), {"descending": i % 3 == 0})
        dim = some_dim(sizes)
        method("topk", x_of(*sizes, dtype=FLOATS[i % 2]), draw.randint(0, sizes[dim]), dim, {"largest": i % 3 > 0})
        index = [draw.randint(1, size) for size in sizes]
        index[dim] = draw.randint(0, 6)
        method("gather", x_of(*sizes, dtype=FLOATS[i % 2]), dim, whole(*index, low=0, high=sizes[dim] - 1))
        rows = whole(draw.randint(0, 6), low=0, high=sizes[dim] - 1, dtype=draw.choice(["int64", "int32"]))
        method("indexSelect", x_of(*sizes, dtype=FLOATS[i % 2]), dim, rows)
        function("embedding", whole(*shape(2, 4), low=0, high=4), x_of(5, 3, dtype=FLOATS[i % 2]), *([{"paddingIdx": i - 4}] if i % 2 else []))
    method("sort", given([3.0, NAN, 3.0, 1.0, NAN, 1.0]), 0)
    method("gather", x_of(), 0, given([0, 0, 0], "int64"))
    method("indexSelect", x_of(), 0, given([0], "int64"))


# Shapes and products ----------------------------------------------------------------------------------------------------------------------

def shapes():
    for i in range(12):
        kind = FLOATS[i % 2]
        sizes = shape(4, 4, 1)
        dim = some_dim(sizes)
        method("repeatInterleave", x_of(*sizes, dtype=kind), draw.randint(1, 3), dim)
        indices = [draw.choice([draw.randrange(-size, size), [draw.randrange(size), size], [0, size]]) for size in sizes]
        method("at", x_of(*sizes, dtype=kind), *indices[: draw.randint(1, len(sizes))])
        order = draw.sample(range(len(sizes)), len(sizes))
        method("permute", x_of(*sizes, dtype=kind), *order)
        method("transpose", x_of(*sizes, dtype=kind), dim, order[0])
        method("flip", x_of(*sizes, dtype=kind), order[: draw.randint(1, len(order))])
        method("unsqueeze", x_of(*sizes, dtype=kind), draw.randrange(-len(sizes) - 1, len(sizes) + 1))
        ones = [size if draw.random() < 0.5 else 1 for size in sizes]
        method("squeeze", x_of(*ones, dtype=kind), *([] if i % 3 == 0 else [dim]))
        wide = [draw.randint(1, 3), *(size if one == size else draw.randint(0, 4) for one, size in zip(ones, sizes))]
        method("expand", x_of(*ones, dtype=kind), *wide)
        method("flatten", x_of(*sizes, dtype=kind))
        method("reshape", x_of(*sizes, dtype=kind), *draw.choice([[-1], [1, -1], [sizes[0], -1]]))
        start = draw.randint(0, sizes[dim])
        method("narrow", x_of(*sizes, dtype=kind), dim, start, draw.randint(0, sizes[dim] - start))
        case("free", "stack", [x_of(*sizes, dtype=kind) for _ in range(draw.randint(1, 3))], some_dim(sizes))
        pieces = sizes[dim]
        method("split", x_of(*sizes, dtype=kind), [pieces - pieces // 2, pieces // 2], dim)
        method("chunk", x_of(*sizes, dtype=kind), 2, dim)
        count = draw.randint(1, 9)
        method("dot", x_of(count, dtype=kind), x_of(count, dtype=kind))
    for kinds in (("float32", "float64"), ("float64", "float32", "float32"), ("float32", "int64", "float32")):
        inputs = [x_of(2, draw.randint(1, 3), dtype=kind) if kind != "int64" else whole(2, 2) for kind in kinds]
        case("free", "cat", inputs, 1)
    case("free", "cat", [x_of(0), x_of(2, 3), x_of(0)], 1)
    case("free", "cat", [x_of(0), x_of(0)], 0)
    method("squeeze", x_of(1, 3, 1))
    method("squeeze", x_of(1, 3, 1), 1)
    method("squeeze", x_of(2, 3))
    for one, other in (([5], [5]), ([3, 5], [5]), ([5], [5, 4]), ([3, 5], [5, 4]), ([2, 3, 5], [5, 4]), ([2, 3, 5], [2, 5, 4]), ([2, 3, 5], [5])):
        for dtype in FLOATS:
            method("matmul", x_of(*one, dtype=dtype), x_of(*other, dtype=dtype))
    for one, other in (([2, 1, 3, 2], [4, 2, 2]), ([4], [2, 4, 3]), ([2, 0], [0, 3]), ([0, 3], [3, 2]), ([3, 2], [4, 2, 3]), ([1, 2, 3], [2, 3, 1])):
        for dtype in FLOATS:
            method("matmul", x_of(*one, dtype=dtype), x_of(*other, dtype=dtype))


# Layers' functions ---------------------------------------------------------------------------------------------------------------------------

def functions():
    for i in range(12):
        kind = FLOATS[i % 2]
        for on in ("tensor", "functional"):
            for name in ("softmax", "logSoftmax"):
                sizes = shape(4, 5, 1)
                case(on, name, x_of(*sizes, dtype=kind, scale=draw.choice([1.0, 16.0, 64.0])), some_dim(sizes))
        sizes = shape(3, 3, 1)
        dim = some_dim(sizes)
        sizes[dim] *= 2
        function("glu", x_of(*sizes, dtype=kind, scale=draw.choice([2.0, 16.0])), dim)
        batch = draw.choice([[], [1], [2]])
        length = draw.randint(4, 10)
        sizes = [*batch, draw.randint(1, 3), length]
        kernel = draw.randint(1, min(5, length))
        options = {"stride": draw.choice([1, 2, 3, kernel]), "padding": draw.randint(0, kernel // 2), "ceilMode": draw.random() < 0.4}
        function("avgPool1d", x_of(*sizes, dtype=kind), kernel, {**options, "countIncludePad": draw.random() < 0.5})
        dilation = draw.choice([1, 1, 2]) if (kernel - 1) * 2 < length else 1
        x = ties(*sizes, dtype=kind) if i % 3 == 0 else x_of(*sizes, dtype=kind)
        function("maxPool1d", x, kernel, {**options, "dilation": dilation, "returnIndices": i % 4 == 0})
        out = draw.randint(1, length + 3)
        function("adaptiveAvgPool1d", x_of(*sizes, dtype=kind), out)
        function("adaptiveMaxPool1d", ties(*sizes, dtype=kind) if i % 3 == 0 else x_of(*sizes, dtype=kind), out)
        signals = [draw.randint(1, 2), draw.randint(1, 2), length]
        where = {"size": draw.randint(1, 16)} if draw.random() < 0.5 else {"scaleFactor": draw.choice([2, 3, 0.5, 1.7, 2.25, 0.37])}
        function("interpolate", x_of(*signals, dtype=kind), {**where, "mode": "nearest"})
        function("interpolate", x_of(*signals, dtype=kind), {**where, "mode": "linear", "alignCorners": draw.random() < 0.5})
        for mode in ("constant", "reflect", "replicate", "circular"):
            pads = [draw.randint(0, length - 1), draw.randint(0, length - 1)]
            function("pad", x_of(*(sizes if mode == "constant" else signals), dtype=kind), pads, {"mode": mode})
            cut = draw.choice([[-1, 2], [2, -1], [-2, -1], [0, 0]])
            function("pad", x_of(*signals, dtype=kind), cut, {"mode": mode})
    function("pad", x_of(2, 3, 4), [1, 0, -1, 1, 2, 0], {"value": -2})
    for mode in ("reflect", "replicate", "circular"):
        function("pad", x_of(1, 2, 3, 4), [1, 2, 2, 1], {"mode": mode})
    broken = given([1.0, NAN, 3.0, INF, -INF, 2.0, 2.0, -1.0], shape=[1, 8])
    for name in ("maxPool1d", "avgPool1d"):
        function(name, broken, 3, {"stride": 1, "padding": 1})
    function("adaptiveMaxPool1d", broken, 3)
    for dtype in FLOATS:
        function("softmax", given([-INF, 0.0, 1.0, -INF, INF, 1.0, NAN, 0.0, 90.0, -90.0], dtype, [5, 2]), 1)
        function("logSoftmax", given([-INF, 0.0, 1.0, -INF, INF, 1.0, NAN, 0.0, 90.0, -90.0], dtype, [5, 2]), 1)
        function("glu", given([1.0, INF, NAN, 0.0, 3.0, 0.0, 90.0, -90.0], dtype), 0)


for family in (drawn_before, elements, reduced, shapes, functions):
    family()
counts = Counter(f"{each['on']} {each['call']}" for each in cases)
print({name: count for name, count in counts.items() if count < 12} or "at least 12 cases each")
save("gradients", cases)
