#!/usr/bin/env python3
"""Writes losses.json.gz: losses of the real PyTorch (1.13), their gradients, and what PyTorch refuses.

    /usr/bin/python3 test/golden/generate_losses.py

A case is a call as torch_calls.py describes it. Its result and the gradients of the inputs "learned" are PyTorch's in float64 on the same
numbers, so that a test sees the error of this package alone; "dtype" and "name" are those of PyTorch's own call: of the result, and of
what made it. Where the result has several elements, the gradients are those of its product with "cotangent". Errors grow with "magnitude",
the largest term behind an element of the result, and with "gradientMagnitude", that behind an element of a gradient. "refused" has calls
with PyTorch's sentences; "odd": true where a sentence speaks of PyTorch's inside, so that ours may be another.
"""

import random
import warnings
from collections import Counter

import torch
from torch_calls import FLOATS, call_of, encoded, given, made, packed, save, seeded

warnings.simplefilter("ignore")
torch.set_num_threads(1)
draw = random.Random(102)
cases = []
refused = []
next_seed = iter(range(1, 10**6))
REDUCTIONS = ("mean", "sum", "none")


def x_of(shape, dtype="float32", scale=4.0):
    return seeded(next(next_seed), shape, dtype, scale)


def parts_of(shape, dtype="float32"):
    """Numbers from 0 to 1, with both ends among them."""
    count = torch.Size(shape).numel()
    return given([draw.choice([0, 1, draw.randint(0, 64) / 64]) for _ in range(count)], dtype, shape)


def classes_of(shape, classes, dtype="int64", ignored=None):
    count = torch.Size(shape).numel()
    values = [draw.randrange(classes) for _ in range(count)]
    if ignored is not None:
        values = [ignored if draw.random() < 0.3 else value for value in values]
    return given(values, dtype, shape)


def weights_of(shape, dtype="float32"):
    count = torch.Size(shape).numel()
    return given([draw.randint(1, 32) / 16 for _ in range(count)], dtype, shape)


def probabilities_of(shape, dtype="float32"):
    torch.manual_seed(next(next_seed))
    x = torch.rand(shape, dtype=torch.float64)
    values = torch.round(x.softmax(0 if len(shape) == 1 else 1) * 1024) / 1024
    return given(values.flatten().tolist(), dtype, shape)


def widened(tensor, call):
    return tensor.long() if call in ("nllLoss", "crossEntropyLoss") and not tensor.is_floating_point() else tensor.double()


def largest(tensor):
    finite = tensor.detach()[torch.isfinite(tensor)]
    return finite.abs().max().item() if finite.numel() > 0 else 0.0


def case(call, x, target, options=None, learned=(0,)):
    inputs = []
    options = options or {}
    record = {"on": "functional", "call": call, "arguments": encoded([x, target, options], inputs), "inputs": inputs, "learned": list(learned)}
    own = [tensor if tensor.dtype != torch.int32 else tensor.long() for tensor in map(made, inputs)]
    exact = [widened(tensor, call) for tensor in own]
    for i in learned:
        own[i].requires_grad_()
        exact[i].requires_grad_()
    got = call_of(record, own)
    result = call_of(record, exact)
    cotangent = None
    if result.dim() > 0:
        cotangent = x_of(list(result.shape), str(got.dtype).removeprefix("torch."), 2.0)
    factor = torch.ones((), dtype=torch.float64) if cotangent is None else made(cotangent).double()
    gradients = torch.autograd.grad(result, [exact[i] for i in learned], factor)
    unreduced = call_of({**record, "arguments": encoded([x, target, {**options, "reduction": "none"}], [])}, exact)
    weights = max([largest(exact[i]) for i, each in enumerate(inputs) if any(each is value for value in options.values())] or [1.0])
    reduction = options.get("reduction", "mean")
    count = unreduced.numel() if reduction == "sum" else 1
    share = 1 / max(unreduced.numel(), 1) if reduction == "mean" else 1
    cases.append({
        **record,
        "dtype": str(got.dtype).removeprefix("torch."),
        "name": type(got.grad_fn).__name__,
        "cotangent": cotangent,
        "result": packed(result),
        "magnitude": max(largest(unreduced), largest(exact[0]) * weights) * count,
        "gradients": [packed(gradient) for gradient in gradients],
        "gradientMagnitude": max([largest(factor) * weights * share, *(largest(gradient) for gradient in gradients)]),
    })  # fmt: skip


def shape_of(most=4):
    return [draw.randint(1, 6) for _ in range(draw.randint(0, most))]


def pairs():
    for name, extra in (("mseLoss", [{}]), ("l1Loss", [{}]), ("smoothL1Loss", [{}, {"beta": 0.5}, {"beta": 2}, {"beta": 0}])):
        for dtype in FLOATS:
            for reduction in REDUCTIONS:
                for options in extra:
                    shape = shape_of()
                    case(name, x_of(shape, dtype), x_of(shape, dtype), {"reduction": reduction, **options}, (0, 1))
                case(name, x_of([3, 1, 5], dtype), x_of([4, 1], dtype), {"reduction": reduction}, (0, 1))
                # Distances of 0, and of 1 to the bit.
                corners = given([0, 1, -1, 2, 0.5, -0.5, 3, 0], dtype)
                case(name, corners, given([0, 0, 0, 1, 0, 0, 3, 2], dtype), {"reduction": reduction, **extra[-1]}, (0, 1))
            case(name, x_of([70, 130], dtype), x_of([70, 130], dtype), {}, (0,))
        case(name, x_of([4, 3]), x_of([4, 3], "float64"), {}, (0, 1))
        case(name, x_of([4, 3], "float64"), x_of([]), {"reduction": "sum"}, (0, 1))
        case(name, x_of([4, 3]), given([1, 2, 3], "int64"), {}, (0,))
        case(name, x_of([0, 3]), x_of([0, 3]), {"reduction": "sum"}, (0, 1))


def logits():
    for dtype in FLOATS:
        for reduction in REDUCTIONS:
            shape = shape_of()
            case("bceWithLogitsLoss", x_of(shape, dtype, 20.0), parts_of(shape, dtype), {"reduction": reduction}, (0, 1))
            case("bceWithLogitsLoss", x_of([3, 4], dtype, 300.0), parts_of([3, 4], dtype), {"reduction": reduction})
            shape = [draw.randint(1, 5) for _ in range(3)]
            options = {"weight": weights_of(shape[1:], dtype), "posWeight": weights_of(shape[2:], dtype), "reduction": reduction}
            case("bceWithLogitsLoss", x_of(shape, dtype, 10.0), parts_of(shape, dtype), options, (0, 1))
            case("bceWithLogitsLoss", x_of([5, 3], dtype), parts_of([5, 3], dtype), {"posWeight": weights_of([3], dtype), "reduction": reduction}, (0, 1))
            case("bceWithLogitsLoss", x_of([5, 3], dtype), parts_of([5, 3], dtype), {"weight": weights_of([5, 1], dtype), "reduction": reduction}, (0, 1))
        case("bceWithLogitsLoss", x_of([60, 90], dtype, 12.0), parts_of([60, 90], dtype), {})
    case("bceWithLogitsLoss", x_of([4, 3]), parts_of([4, 3], "float64"), {}, (0, 1))
    case("bceWithLogitsLoss", given([0, 1000, -1000, 1e30, 40, -40]), given([0, 1, 0, 1, 0, 1]), {"reduction": "none"}, (0,))


SIZES = [([4, 5], [4]), ([3, 4, 6], [3, 6]), ([5], []), ([2, 3, 2, 4], [2, 2, 4]), ([2, 4, 3, 2, 2], [2, 3, 2, 2]), ([1, 7], [1])]


def classes():
    for name in ("nllLoss", "crossEntropyLoss"):
        for dtype in FLOATS:
            for reduction in REDUCTIONS:
                for sizes, targets in SIZES:
                    count = sizes[0] if len(sizes) == 1 else sizes[1]
                    x = x_of(sizes, dtype, 8.0)
                    options = {"reduction": reduction}
                    if draw.random() < 0.5:
                        options["weight"] = weights_of([count], dtype)
                    ignored = draw.choice([None, -100, 1]) if len(targets) > 0 else None
                    if ignored == 1:
                        options["ignoreIndex"] = 1
                    if name == "crossEntropyLoss" and draw.random() < 0.5:
                        options["labelSmoothing"] = draw.choice([0.1, 0.5, 1])
                    case(name, x, classes_of(targets, count, draw.choice(["int64", "int32"]), ignored), options)
            case(name, x_of([200, 30], dtype, 8.0), classes_of([200], 30), {})
        case(name, x_of([3, 4]), classes_of([3], 4), {"reduction": "sum", "ignoreIndex": 2, "weight": weights_of([4])})
        case(name, x_of([0, 4]), classes_of([0], 4), {"reduction": "sum"})
        case(name, x_of([2, 4]), given([-100, -100], "int64"), {})
    for dtype in FLOATS:
        for reduction in REDUCTIONS:
            for sizes, _ in SIZES:
                count = sizes[0] if len(sizes) == 1 else sizes[1]
                options = {"reduction": reduction}
                if draw.random() < 0.5:
                    options["weight"] = weights_of([count], dtype)
                if draw.random() < 0.5:
                    options["labelSmoothing"] = draw.choice([0.1, 0.25])
                case("crossEntropyLoss", x_of(sizes, dtype, 8.0), probabilities_of(sizes, dtype), options, (0, 1))
    case("crossEntropyLoss", x_of([3, 4], "float32", 200.0), classes_of([3], 4), {"reduction": "none"})


def refuse(name, call, x, target, options=None, odd=False):
    inputs = []
    record = {"name": f"{call}: {name}", "on": "functional", "call": call, "arguments": encoded([x, target, options or {}], inputs), "inputs": inputs}
    try:
        call_of(record, [made(each) for each in inputs])
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        refused.append({**record, "error": str(error), **({"odd": True} if odd else {})})
        return
    raise AssertionError(f"torch accepts it: {call}: {name}")


def refusals():
    x, t = x_of([3, 5]), classes_of([3], 5)
    x3, t3 = x_of([2, 5, 4]), classes_of([2, 4], 5)
    for call in ("mseLoss", "l1Loss", "smoothL1Loss", "bceWithLogitsLoss"):
        refuse("another reduction", call, x, x, {"reduction": "avg"}, odd=True)
    for call in ("mseLoss", "l1Loss", "smoothL1Loss"):
        refuse("shapes that cannot be broadcast", call, x, x_of([4]))
    refuse("integers", "mseLoss", t, t)
    refuse("integers", "l1Loss", t, t)
    refuse("integers", "smoothL1Loss", t, t)
    refuse("a negative beta", "smoothL1Loss", x, x, {"beta": -1})
    refuse("another shape", "bceWithLogitsLoss", x, x_of([5]))
    refuse("a weight that cannot be broadcast", "bceWithLogitsLoss", x, x, {"weight": x_of([4])}, odd=True)
    refuse("a weight of more dimensions", "bceWithLogitsLoss", x, x, {"weight": x_of([2, 3, 5])})
    refuse("a weight of targets that cannot be broadcast", "bceWithLogitsLoss", x, x, {"posWeight": x_of([4])})
    refuse("an integer target", "bceWithLogitsLoss", x, classes_of([3, 5], 2))
    for call in ("nllLoss", "crossEntropyLoss"):
        refuse("another reduction", call, x, t, {"reduction": "avg"}, odd=True)
        refuse("a target that is no class", call, x, given([0, 5, 1], "int64"))
        refuse("a negative target", call, x, given([0, -1, 1], "int64"))
        refuse("a target that is no class, of signals", call, x3, given([0, 1, 2, 3, 4, 9, 1, 2], "int64", [2, 4]))
        refuse("floats as targets", call, x, x_of([3]))
        refuse("fewer targets", call, x, classes_of([2], 5))
        refuse("fewer targets, of signals", call, x3, classes_of([1, 4], 5))
        refuse("other targets", call, x3, classes_of([2, 3], 5))
        refuse("targets for a vector", call, x_of([5]), classes_of([1], 5))
        refuse("a weight of other classes", call, x, t, {"weight": x_of([4])})
        refuse("a weight of another dtype", call, x, t, {"weight": x_of([5], "float64")})
    refuse("without dimensions", "nllLoss", x_of([]), classes_of([], 5))
    refuse("integers", "crossEntropyLoss", t3, classes_of([2], 4))
    refuse("integers of the input's shape", "crossEntropyLoss", x, classes_of([3, 5], 5))
    refuse("probabilities to be ignored", "crossEntropyLoss", x, x_of([3, 5]), {"ignoreIndex": 1})
    refuse("probabilities, a weight of other classes", "crossEntropyLoss", x, x_of([3, 5]), {"weight": x_of([4])})
    refuse("too much smoothing", "crossEntropyLoss", x, t, {"labelSmoothing": 1.5})


pairs()
logits()
classes()
refusals()
save("losses", {"cases": cases, "refused": refused})
print(Counter(each["call"] for each in cases), len(refused))
