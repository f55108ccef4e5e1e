#!/usr/bin/env python3
"""Writes operations.json.gz: operations on tensors and functions of the real PyTorch (1.13), over drawn sizes, parameters and dtypes.

    /usr/bin/python3 test/golden/generate_operations.py

A case is a call as torch_calls.py describes it, with its result. Where an error grows with what is added up, "magnitude" is the
largest sum of absolute values behind an element of the result: tests allow a multiple of eps * magnitude. "ignore" names
a part of the result that PyTorch leaves open, such as the indices of equal elements in topk. On the way the generator prints how
far PyTorch's own float32 lies from float64, in units of eps * max(|result|, magnitude).

functional.dropout draws one double u per element, in row-major order, 53 bits as rand in float64 draws them, and keeps the element
where u < 1 - p: x * float(1 / float(1 - p)), two roundings. With p 0 or 1 it draws nothing. (PyTorch built with MKL draws otherwise.)
"""

import random
import warnings

import torch
from torch_calls import FLOATS, Input, call_of, encoded, given, made, packed, report, save, seeded

warnings.simplefilter("ignore")
torch.set_num_threads(1)
draw = random.Random(37)
cases = []
errors = {}
next_seed = iter(range(1, 10**6))
INF, NAN = float("inf"), float("nan")
ABSENT = {"absent": True}
CORNERS = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, 1e-40, 88.7, -103.5, 20.5, 3e38, 2.0, 2.0]


def x_of(*shape, dtype="float32", scale=4.0):
    return seeded(next(next_seed), shape, dtype, scale)


def whole(*shape, low=-5, high=5, dtype="int64"):
    count = torch.Size(shape).numel()
    return given([draw.randint(low, high) for _ in range(count)], dtype, shape)


def truth(*shape):
    return whole(*shape, low=0, high=1, dtype="bool")


def some(dtype, *shape):
    if dtype in FLOATS:
        return x_of(*shape, dtype=dtype)
    return truth(*shape) if dtype == "bool" else whole(*shape, dtype=dtype)


def shape(most=4, largest=6, least=0):
    return [draw.randint(1, largest) for _ in range(draw.randint(least, most))]


def widened(record):
    """The inputs in float64: the same numbers."""
    return [tensor.double() if tensor.is_floating_point() else tensor for tensor in map(made, record["inputs"])]


def floats_of(result):
    if isinstance(result, torch.Tensor):
        return [result.double()] if result.is_floating_point() else []
    return [tensor for each in result for tensor in floats_of(each)]


def note_error(record, result):
    """How far PyTorch's float32 is from float64."""
    if record["inputs"] and all(each["dtype"] != "float32" for each in record["inputs"]):
        return
    try:
        exact = call_of(record, widened(record))
    except RuntimeError:
        return
    for got, right in zip(floats_of(result), floats_of(exact)):
        scale = right.abs().clamp(min=max(record.get("magnitude", 0), 1e-30))
        error = ((got - right).abs() / scale / 2**-24)[torch.isfinite(got) & torch.isfinite(right)]
        if error.numel() > 0:
            errors[record["call"]] = max(errors.get(record["call"], 0), error.max().item())


def case(on, call, *arguments, magnitude=None, **more):
    inputs = []
    record = {"on": on, "call": call, "arguments": encoded(arguments, inputs), "inputs": inputs, **more}
    tensors = [made(each) for each in inputs]
    if magnitude is not None:
        record["magnitude"] = float(magnitude(*widened(record)))
    result = call_of(record, tensors)
    note_error(record, result)
    cases.append({**record, "result": packed(result)})


def method(call, x, *arguments, **more):
    case("tensor", call, x, *arguments, **more)


def function(call, *arguments, **more):
    case("functional", call, *arguments, **more)


def largest(tensor):
    finite = tensor[torch.isfinite(tensor)]
    return finite.abs().max() if finite.numel() > 0 else 0.0


def total(x):
    return largest(torch.nan_to_num(x, 0, 0, 0).abs().sum())


# Reductions ------------------------------------------------------------------------------------------------------------------------

REDUCED = [
    ([7], None), ([3, 5], None), ([3, 5], [0]), ([3, 5], [1]), ([3, 5], [-1]), ([2, 3, 4], [0, 2]), ([2, 3, 4], [1, 2]), ([2, 3, 4], [1]),
    ([1, 1], [0]), ([2, 3, 4, 5], [-3, -1]), ([10007], None), ([2, 4999], [1]), ([4999, 3], [0]), ([3, 257, 5], [1]), ([0, 3], [0]), ([0], None),
    ([2, 0, 3], [2]), ([], None),
]  # fmt: skip


def reductions():
    for name in ("sum", "mean"):
        for sizes, dims in REDUCED:
            x = x_of(*sizes, dtype=draw.choice(FLOATS))
            options = {"keepdim": draw.random() < 0.5}
            many = (lambda x: largest(x.abs().sum()) / max(x.numel(), 1)) if name == "mean" and dims is None else None
            along = lambda x: largest(getattr(x.abs(), name)(dims)) if x.numel() > 0 else 0.0  # noqa: E731
            method(name, x, *([] if dims is None else [dims, options]), magnitude=many or (total if dims is None else along))
        method(name, given(CORNERS))
        method(name, given([1.0, INF, -INF, 2.0, INF, NAN], shape=[2, 3]), [1])
    for dtype in ("int64", "int32", "bool"):
        method("sum", some(dtype, 3, 4))
        method("sum", some(dtype, 3, 4), [0], {"keepdim": True})
        method("prod", some(dtype, 5))
        method("prod", some(dtype, 3, 4), 1)
    for sizes, dim in [([7], None), ([3, 5], 0), ([3, 5], -1), ([2, 3, 4], 1), ([0], None), ([2, 0], 1), ([20], None), ([], None)]:
        for dtype in FLOATS:
            method("prod", x_of(*sizes, dtype=dtype), *([] if dim is None else [dim, {"keepdim": draw.random() < 0.5}]))
    for name in ("amax", "amin"):
        for sizes, dims in REDUCED[:14]:
            method(
                name, some(draw.choice(["float32", "float64", "int64", "int32", "bool"]), *sizes),
                *([] if dims is None else [dims, {"keepdim": draw.random() < 0.5}]),
            )
        method(name, given(CORNERS))
        method(name, given([-INF, -INF, NAN, 1.0], shape=[2, 2]), [0])
    for name in ("max", "min"):
        for dtype in ("float32", "float64", "int64", "int32", "bool"):
            method(name, some(dtype, *shape(3, 6, 1)))
            for _ in range(3):
                sizes = shape(4, 6, 1)
                method(name, some(dtype, *sizes), draw.randrange(-len(sizes), len(sizes)), {"keepdim": draw.random() < 0.5})
        method(name, given(CORNERS))
        method(name, given(CORNERS), 0)
        method(name, given([3.0, 1.0, 3.0, 1.0, 2.0, 3.0], shape=[2, 3]), 1)
        method(name, x_of(0, 3), 1)
        method(name, x_of(2, 5000), 1)
    for name in ("argmax", "argmin"):
        for dtype in ("float32", "float64", "int64", "int32"):
            method(name, some(dtype, *shape(3, 6, 1)))
            for _ in range(2):
                sizes = shape(4, 6, 1)
                method(name, some(dtype, *sizes), draw.randrange(-len(sizes), len(sizes)), {"keepdim": draw.random() < 0.5})
        method(name, given(CORNERS))
        method(name, given([3.0, 1.0, 3.0, 1.0, NAN, NAN], shape=[2, 3]), 1)
        method(name, x_of(0, 3), 1)
    for name in ("any", "all"):
        for dtype in ("bool", "bool", "float32", "int64"):
            method(name, some(dtype, *shape(3, 4, 1)))
            for _ in range(3):
                sizes = shape(3, 5, 1)
                method(name, some(dtype, *sizes), draw.randrange(-len(sizes), len(sizes)), {"keepdim": draw.random() < 0.5})
        method(name, given([], "bool"))
        method(name, given([], "bool", [2, 0]), 1)
        method(name, given([0.0, -0.0, NAN, INF], shape=[2, 2]), 1)
    for name in ("std", "var"):
        spread = lambda x: largest(x.pow(2).mean())  # noqa: E731
        for sizes, dims in [*REDUCED[:14], ([5], None), ([2, 6], [1])]:
            options = {"correction": draw.choice([0, 1, 1, 2]), "keepdim": draw.random() < 0.5}
            dims = list(range(len(sizes))) if dims is None and draw.random() < 0.5 else dims
            x = x_of(*sizes, dtype=draw.choice(FLOATS))
            method(name, x, *([] if dims is None else [dims, options]), magnitude=spread)
        method(name, given([5.0]))
        method(name, given([5.0, 5.0, 5.0, 5.0], shape=[2, 2]), [1], {"correction": 2}, magnitude=spread)
        method(name, given([1.0, INF, 2.0, NAN], shape=[2, 2]), [1])
    for dtype in ("float32", "float64", "int64", "int32", "bool"):
        for _ in range(4):
            sizes = shape(3, 7, 1)
            method("cumsum", some(dtype, *sizes), draw.randrange(-len(sizes), len(sizes)), magnitude=total if dtype in FLOATS else None)
    method("cumsum", x_of(5000), 0, magnitude=total)
    method("cumsum", given([1.0, INF, -INF, 2.0]), 0)
    method("cumsum", x_of(2, 0), 1)


# Order and indices -----------------------------------------------------------------------------------------------------------------

def order():
    for dtype in ("float32", "float64", "int64", "int32", "bool"):
        for descending in (False, True):
            sizes = shape(3, 9, 1)
            method("sort", some(dtype, *sizes), draw.randrange(-len(sizes), len(sizes)), {"descending": descending})
    for descending in (False, True):
        method("sort", given(CORNERS), 0, {"descending": descending})
        method("sort", given([3.0, 1.0, 3.0, NAN, 1.0, NAN, 2.0]), 0, {"descending": descending})
        method("sort", x_of(0, 3), 0, {"descending": descending})
        method("sort", x_of(3, 700), 1, {"descending": descending})
    for dtype in ("float32", "float64", "int64"):
        for biggest in (True, False):
            for _ in range(3):
                sizes = shape(3, 9, 1)
                dim = draw.randrange(-len(sizes), len(sizes))
                count = torch.Size(sizes).numel()
                x = given(draw.sample(range(-count, count), count), dtype, sizes)
                method("topk", x, draw.randint(0, sizes[dim]), dim, {"largest": biggest, "sorted": True})
    method("topk", given([2.0, 3.0, 3.0, 1.0, 3.0]), 2, 0, ignore=["indices"])
    method("topk", given([2.0, NAN, INF, -INF, 7.0]), 4, 0)
    method("topk", given([2.0, NAN, INF, -INF, 7.0]), 4, 0, {"largest": False})
    method("topk", x_of(2, 900), 17, 1)
    for dtype in ("float32", "float64", "int64", "int32", "bool"):
        for _ in range(3):
            sizes = shape(3, 6, 1)
            dim = draw.randrange(-len(sizes), len(sizes))
            index = [draw.randint(1, size) for size in sizes]
            index[dim] = draw.randint(0, 7)
            method("gather", some(dtype, *sizes), dim, whole(*index, low=0, high=sizes[dim] - 1))
            method(
                "indexSelect", some(dtype, *sizes), dim,
                whole(draw.randint(0, 7), low=0, high=sizes[dim] - 1, dtype=draw.choice(["int64", "int32"])),
            )
    for dtype in FLOATS:
        weight = x_of(7, 3, dtype=dtype)
        for index in (
            whole(4, low=0, high=6), whole(2, 3, low=0, high=6), whole(low=0, high=6), whole(0, low=0, high=6),
            whole(5, low=0, high=6, dtype="int32"), whole(2, 1, 3, low=0, high=6),
        ):
            function("embedding", index, weight)
    function("embedding", given([0, 2, 1, 2], "int64"), x_of(3, 2), {"paddingIdx": 2})


# Element by element ----------------------------------------------------------------------------------------------------------------

KINDS = ("float32", "float64", "int64", "int32", "bool")
PAIRS = [([3, 4], [3, 4]), ([3, 4], [4]), ([2, 1, 3], [4, 1]), ([5], []), ([], [5]), ([0, 3], [1, 3])]


def refused(call, *arguments):
    """Bool minus bool, for one: generate_messages.py has such calls."""
    inputs = []
    record = {"on": "tensor", "call": call, "arguments": encoded(arguments, inputs)}
    try:
        call_of(record, [made(each) for each in inputs])
        return False
    except RuntimeError:
        return True


def pairs(names, numbers, **more):
    for name in names:
        for left in KINDS:
            for right in KINDS:
                one, other = draw.choice(PAIRS)
                x, y = some(left, *one), some(right, *other)
                if not refused(name, x, y):
                    method(name, x, y, **more)
            for number in numbers:
                x = some(left, *shape(2, 5))
                if not refused(name, x, number):
                    method(name, x, number, **more)


def elementwise():
    pairs(("add", "sub", "mul", "div"), (2, -0.75))
    pairs(("minimum", "maximum"), ())
    pairs(("eq", "ne", "lt", "le", "gt", "ge"), (1, 0.5))
    pairs(("logicalAnd", "logicalOr"), ())
    for name in ("add", "mul", "div"):
        method(name, given([2**53, -(2**31), 5], "int64"), given([3, 3, 0], "int64"))
        method(name, given([2**31 - 1, -(2**31), 7], "int32"), given([2, 2, 3], "int32"))
    for name in ("eq", "ne", "lt", "le", "gt", "ge", "minimum", "maximum"):
        method(name, given(CORNERS), given(CORNERS[::-1]))
    for dtype in KINDS:
        for _ in range(3):
            method("logicalNot", some(dtype, *shape(3, 5)))
    method("logicalNot", given(CORNERS))
    method("logicalAnd", given([NAN, 0.0, -0.0, INF]), given([1.0, 1.0, 1.0, 0.0]))
    for name in ("neg", "abs"):
        for dtype in ("float32", "float64", "int64", "int32"):
            for _ in range(3):
                method(name, some(dtype, *shape(3, 5)))
        method(name, given([-(2**31), 2**31 - 1], "int32"))
    for dtype in FLOATS:
        for number in (2, 3, 0.5, -1, -2, 0, 1.7, -0.3):
            method("pow", x_of(3, 5, dtype=dtype), number)
        for one, other in PAIRS:
            method("pow", x_of(*one, dtype=dtype), x_of(*other, dtype=dtype))
        method("pow", given(CORNERS, dtype), given([2.0] * len(CORNERS), dtype))
        for number in (0.0, 1.0, 2.0, 3.0, 0.5, -1.0, INF, -INF, NAN):
            method("pow", given(CORNERS, dtype), number)
    for dtype in ("int64", "int32"):
        method("pow", whole(6, dtype=dtype), 3)
        method("pow", whole(6, dtype=dtype), whole(6, low=0, high=4, dtype=dtype))
        method("pow", whole(6, dtype=dtype), 0.5)
    for dtype in ("float32", "float64", "int64", "int32"):
        for bounds in ((-1, 2), (ABSENT, 1), (0, ABSENT), (2, -1)):
            method("clamp", some(dtype, *shape(3, 5)), *bounds)
    method("clamp", given(CORNERS), -1.5, 2.5)
    method("clamp", given(CORNERS), ABSENT, INF)
    for source in KINDS:
        for target in KINDS:
            method("to", some(source, *shape(2, 6)), target)
    method("to", given([1.9, -1.9, 0.5, -0.5, 2**24 + 1.0], "float64"), "int32")
    method("to", given([1.9, -1.9, 2**31 + 0.5, -(2.0**40)], "float64"), "int64")
    method("to", given([1e300, 1e-300, NAN, -INF, 1 + 2**-24, 1e-42], "float64"), "float32")
    method("to", given([2**53, 2**24 + 1, -(2**40)], "int64"), "float32")
    method("to", given([2**31, -(2**31) - 1, 2**33 + 5], "int64"), "int32")
    method("to", given([0.0, -0.0, NAN, 1e-42]), "bool")
    for left in KINDS:
        for right in ("float32", "float64", "int64", "bool"):
            one, other = draw.choice(PAIRS)
            x, y = some(left, *one), some(right, *other)
            try:
                case("free", "where", truth(*draw.choice((one, other, []))), x, y)
            except RuntimeError:
                pass  # 1.13 does not promote here in every case
    case("free", "where", truth(3, 1), x_of(1, 4), x_of(3, 4))
    case("free", "where", given([1, 0, 1], "bool"), given([NAN, 1.0, INF]), given([0.0, NAN, 1.0]))


# Shapes ----------------------------------------------------------------------------------------------------------------------------

def shapes():
    for kind in [*KINDS, *KINDS, "float32", "float32"]:
        sizes = shape(4, 5, 1)
        dim = draw.randrange(-len(sizes), len(sizes))
        parts = [
            [draw.randint(0, 4) if i == dim % len(sizes) else size for i, size in enumerate(sizes)] for _ in range(draw.randint(1, 4))
        ]
        case("free", "cat", [some(kind, *part) for part in parts], dim)
        case("free", "stack", [some(kind, *sizes) for _ in range(draw.randint(1, 3))], draw.randrange(-len(sizes) - 1, len(sizes) + 1))
        size = sizes[dim]
        pieces = [1] * size if draw.random() < 0.3 else [size - size // 2, size // 2]
        method("split", some(kind, *sizes), draw.choice([1, 2, 3, pieces]), dim)
        method("chunk", some(kind, *sizes), draw.randint(1, 6), dim)
        start = draw.randint(0, size)
        method("narrow", some(kind, *sizes), dim, start, draw.randint(0, size - start))
        order_of = list(range(len(sizes)))
        draw.shuffle(order_of)
        method("permute", some(kind, *sizes), *order_of)
        method("transpose", some(kind, *sizes), dim, draw.randrange(-len(sizes), len(sizes)))
        method("flip", some(kind, *sizes), draw.sample(range(len(sizes)), draw.randint(1, len(sizes))))
        method("unsqueeze", some(kind, *sizes), draw.randrange(-len(sizes) - 1, len(sizes) + 1))
        ones = [size if draw.random() < 0.5 else 1 for size in sizes]
        method("squeeze", some(kind, *ones), *([] if draw.random() < 0.4 else [dim]))
        method("expand", some(kind, *ones), *[draw.choice([-1, size]) if one == size else size for one, size in zip(ones, sizes)])
        first = draw.randrange(len(sizes))
        method("flatten", some(kind, *sizes), *draw.choice([[], [first], [first, draw.randrange(first, len(sizes))], [-1], [0, -1]]))
        count = torch.Size(sizes).numel()
        method("reshape", some(kind, *sizes), *draw.choice([[-1], [count], [1, count], [sizes[0], -1], [-1, 1, sizes[-1]]]))
    case("free", "cat", [x_of(0), x_of(2, 3)], 0)
    case("free", "cat", [some("int64", 2), some("float32", 2)], 0)
    case("free", "cat", [some("int32", 2), some("int64", 2), some("bool", 1)], 0)
    case("free", "cat", [x_of(2), x_of(2, dtype="float64")], 0)
    method("expand", x_of(3, 1), 2, 3, 4)
    method("expand", x_of(), 2, 3)
    method("flatten", x_of())
    method("reshape", x_of(0, 3), 3, 0)
    method("split", x_of(0, 3), 2, 0)
    method("narrow", x_of(5, 2), 0, -2, 2)


# Products, softmax, norms, activations -------------------------------------------------------------------------------------------------

MATRICES = [
    ([5], [5]), ([3, 5], [5]), ([5], [5, 4]), ([3, 5], [5, 4]), ([2, 3, 5], [5, 4]), ([2, 3, 5], [2, 5, 4]), ([2, 1, 3, 5], [4, 5, 2]), ([2, 3, 5], [5]), ([4], [2, 4, 3]),
    ([1, 1], [1, 1]), ([17, 33], [33, 19]), ([0, 3], [3, 2]), ([2, 0], [0, 3]), ([3, 700], [700, 2]),
]  # fmt: skip


def products():
    bound = lambda x, y: largest(torch.matmul(x.abs(), y.abs()))  # noqa: E731
    for dtype in FLOATS:
        for one, other in MATRICES:
            method("matmul", x_of(*one, dtype=dtype), x_of(*other, dtype=dtype), magnitude=bound)
        for sizes, inner, outer in [
            ([3], 3, 2), ([4, 3], 3, 5), ([2, 4, 3], 3, 1), ([2, 3, 2, 7], 7, 9), ([1, 600], 600, 3), ([0, 3], 3, 2),
            ([33, 65], 65, 17),
        ]:
            for bias in (True, False):
                x, weight = x_of(*sizes, dtype=dtype), x_of(outer, inner, dtype=dtype, scale=1.0)
                extra = [x_of(outer, dtype=dtype)] if bias else []
                function(
                    "linear", x, weight, *extra,
                    magnitude=lambda x, w, b=torch.zeros(1): largest(torch.nn.functional.linear(x.abs(), w.abs())) + largest(b),
                )
    method("matmul", given([INF, 1.0, 0.0, 2.0], shape=[2, 2]), given([0.0, 1.0, NAN, 1.0], shape=[2, 2]))


def softmaxes():
    for on in ("tensor", "functional"):
        for name in ("softmax", "logSoftmax"):
            for i in range(9):
                sizes = shape(4, 9, 1)
                dtype = FLOATS[i % 2]
                x = x_of(*sizes, dtype=dtype, scale=draw.choice([1.0, 16.0, 128.0]))
                case(on, name, x, draw.randrange(-len(sizes), len(sizes)), magnitude=largest if name == "logSoftmax" else None)
            bound = largest if name == "logSoftmax" else None
            case(on, name, x_of(2, 5000), 1, magnitude=bound)
            case(on, name, x_of(0, 3), 1)
            case(on, name, x_of(3, 0), 1)
            case(on, name, given([-INF, -INF, 1.0, -INF, INF, 1.0, NAN, 0.0, 1e4, -1e4], shape=[5, 2]), 1)


def norm_bound(groups):
    """The largest |x| over the deviation of its group, times the largest weight, plus the largest bias."""

    def bound(x, *rest):
        rows = x.reshape(groups(x), -1)
        return largest(x) * largest((rows.var(1, unbiased=False) + 1e-5).rsqrt()) * 8 + 8

    return bound


def norms():
    for i in range(14):
        dtype = FLOATS[i % 2]
        groups = draw.choice([1, 2, 3])
        channels, batch, length = groups * draw.randint(1, 3), draw.randint(1, 3), draw.randint(2, 40)
        sizes = draw.choice([[batch, channels, length], [batch, channels], [batch, channels, length]])
        if len(sizes) == 2 and channels == groups:
            sizes = [batch, channels, length]
        affine = [x_of(channels, dtype=dtype), x_of(channels, dtype=dtype)] if i % 3 else []
        options = [{"eps": draw.choice([1e-5, 1e-3])}] if i % 2 or not affine else []
        function(
            "groupNorm", x_of(*sizes, dtype=dtype), groups, *(affine or ([None, None] if options else [])), *options,
            magnitude=norm_bound(lambda x, g=groups: x.shape[0] * g),
        )
        long = [batch, channels, length]
        function(
            "instanceNorm", x_of(*long, dtype=dtype), *([None, None, *affine] if affine else []),
            *([{"eps": 1e-3}] if affine and i % 2 else []), magnitude=norm_bound(lambda x: x.shape[0] * x.shape[1]),
        )
        normalized = draw.choice([[length], [channels, length]])
        weights = [x_of(*normalized, dtype=dtype), x_of(*normalized, dtype=dtype)] if i % 3 else []
        function(
            "layerNorm", x_of(*long, dtype=dtype), normalized, *weights,
            magnitude=norm_bound(lambda x, n=normalized: x.numel() // torch.Size(n).numel()),
        )
        mean, var = x_of(channels, dtype=dtype), given([0.25 + j / 4 for j in range(channels)], dtype)
        evaluated = [batch, channels, length] if i % 2 else [batch + 1, channels]
        function(
            "batchNorm", x_of(*evaluated, dtype=dtype), mean, var, *(affine or [None, None]),
            *([{"eps": 1e-3}] if i % 2 else []), magnitude=lambda x, *rest: (largest(x) + 2) * 16,
        )
        function(
            "batchNorm", x_of(*evaluated, dtype=dtype), None, None, *(affine or [None, None]), {"training": True},
            magnitude=norm_bound(lambda x: 1),
        )
    function("groupNorm", given([1.0, NAN, 2.0, 3.0, 4.0, 5.0, 6.0, INF], shape=[1, 4, 2]), 2)
    function("layerNorm", given([1.0, 1.0, 1.0, 2.0, 2.0, 2.0], shape=[2, 3]), [3])
    function("layerNorm", x_of(3, 5000), [5000], magnitude=norm_bound(lambda x: 3))
    function("groupNorm", x_of(0, 4, 5), 2)


ACTIVATIONS = {
    "relu": [()], "leakyRelu": [(), (0.1,), (0.0,)], "elu": [(), (0.5,)], "gelu": [(), ({"approximate": "tanh"},)], "silu": [()],
    "softplus": [(), (2, 20), (0.5, 3)], "hardtanh": [(), (0.0, 6.0)],
}  # fmt: skip
# PyTorch takes GELU and e^x - 1 from numbers as large as their input and one.
BESIDE = {"gelu": largest, "elu": lambda x: 1.0}


def activations():
    for name, parameters in ACTIVATIONS.items():
        for i in range(12):
            x = x_of(*shape(3, 7), dtype=FLOATS[i % 2], scale=draw.choice([1.0, 8.0, 64.0]))
            function(name, x, *parameters[i % len(parameters)], magnitude=BESIDE.get(name))
        for each in parameters if name in ("relu", "leakyRelu", "hardtanh") else ():
            function(name, given(CORNERS), *each)  # pointwise.json.gz has the others' corners
    for i in range(12):
        sizes = shape(3, 5, 2)
        function("prelu", x_of(*sizes, dtype=FLOATS[i % 2]), x_of(draw.choice([1, sizes[1]]), dtype=FLOATS[i % 2]))
        sizes = shape(4, 5, 1)
        dim = draw.randrange(-len(sizes), len(sizes))
        sizes[dim] *= 2
        function("glu", x_of(*sizes, dtype=FLOATS[i % 2], scale=16.0), dim)
    function("prelu", given(CORNERS, shape=[2, 7]), given([0.25] * 7))
    function("glu", x_of(0, 4), 1)
    function("glu", given([1.0, INF, NAN, 0.0, NAN, -INF, 100.0, -200.0]), 0)


# Windows ---------------------------------------------------------------------------------------------------------------------------

def windows():
    for i in range(24):
        dtype = FLOATS[i % 2]
        batch = draw.choice([[], [1], [2], [2]])
        length = draw.randint(4, 40)
        sizes = [*batch, draw.randint(1, 5), length]
        kernel = draw.randint(1, min(7, length))
        options = {"stride": draw.choice([1, 2, 3, kernel]), "padding": draw.randint(0, kernel // 2), "ceilMode": draw.random() < 0.4}
        function("avgPool1d", x_of(*sizes, dtype=dtype), kernel, {**options, "countIncludePad": draw.random() < 0.5}, magnitude=largest)
        dilation = draw.choice([1, 1, 2]) if (kernel - 1) * 2 < length else 1
        function("maxPool1d", x_of(*sizes, dtype=dtype), kernel, {**options, "dilation": dilation, "returnIndices": i % 3 == 0})
        out = draw.randint(1, length + 3)
        function("adaptiveAvgPool1d", x_of(*sizes, dtype=dtype), out, magnitude=largest)
        function("adaptiveMaxPool1d", x_of(*sizes, dtype=dtype), out, *([{"returnIndices": True}] if i % 2 else []))
        mode = draw.choice(["nearest", "linear", "linear"])
        align = {"alignCorners": draw.random() < 0.5} if mode == "linear" else {}
        where = {"size": draw.randint(1, 60)} if draw.random() < 0.5 else {"scaleFactor": draw.choice([2, 3, 0.5, 1.7, 2.25, 0.37])}
        signals = [draw.randint(1, 3), *sizes[-2:]]
        # In float32 PyTorch rounds positions, too, by eps * length.
        bound = (lambda x: largest(x) * x.shape[-1]) if mode == "linear" else None
        function("interpolate", x_of(*signals, dtype=dtype), {**where, "mode": mode, **align}, magnitude=bound)
        pads = [draw.randint(0, length - 1), draw.randint(0, length - 1)]
        pad_mode = ("constant", "reflect", "replicate", "circular")[i % 4]
        padded = sizes if pad_mode == "constant" else signals
        function("pad", x_of(*padded, dtype=dtype), pads, {"mode": pad_mode, **({"value": 1.5} if pad_mode == "constant" else {})})
    function("pad", x_of(2, 3, 4), [1, 2, 0, 1])
    function("pad", x_of(2, 3, 4), [-1, 2])
    function("pad", x_of(2, 3, 4), [1, 0, -1, 1, 2, 0], {"value": -2})
    function("pad", some("int64", 2, 3), [1, 1], {"value": 7})
    function("pad", x_of(2, 5), [4, 4], {"mode": "reflect"})
    function("pad", x_of(0, 2, 3), [1, 1])
    broken = given([1.0, NAN, 3.0, INF, -INF, 2.0, 2.0, -1.0], shape=[1, 8])
    for name in ("maxPool1d", "avgPool1d"):
        function(name, broken, 3, {"stride": 1, "padding": 1})
    function("maxPool1d", broken, 2, {"returnIndices": True})
    function("adaptiveMaxPool1d", broken, 3, {"returnIndices": True})
    function("adaptiveAvgPool1d", broken, 4)
    function("interpolate", given([1.0, NAN, 3.0, INF], shape=[1, 1, 4]), {"scaleFactor": 2, "mode": "nearest"})
    for p in (0.5, 0.3, 0.1, 0.9, 0.0, 1.0):
        for dtype in FLOATS:
            function("dropout", x_of(5, 9, dtype=dtype), p, {"training": True}, callSeed=next(next_seed))
    function("dropout", x_of(3, 4), 0.5, {"training": False}, callSeed=next(next_seed))


for family in (reductions, order, elementwise, shapes, products, softmaxes, norms, activations, windows):
    family()
report(cases, "call", errors)
save("operations", cases)
