"""Writes the gradients that PyTorch computes of convolutions, transposed convolutions and linear layers.

    /usr/bin/python3 test/golden/generate_convolution_gradients.py        (made with torch 1.13)

convolution_gradients.json.gz   {"convolutions": [...], "transposed": [...], "linear": [...]}

Problems are drawn as generate_conv1d.py and generate_conv_transpose1d.py draw theirs, and so are their inputs, which a seed gives:

    torch.manual_seed(seed)
    x, w, b (only with bias) and g, the gradient of the output: torch.rand of their shapes

in the problem's dtype, each mapped by rand * 2 - 1 ("uniform") or floor(rand * 17) - 8 ("integer"). `gradX`, `gradW` and `gradB` are
the gradients of sum(y * g), computed in float64; those of the integer problems are exact in float32 too, which is asserted.
`gradFn` is the name of the output's grad_fn.
"""

import gzip
import json
import random
from pathlib import Path

import torch
import torch.nn.functional as F

import generate_conv1d as conv1d
import generate_conv_transpose1d as transposed

HERE = Path(__file__).parent
DTYPES = {"float32": torch.float32, "float64": torch.float64}
# Of all gradients of a problem together.
MOST_ELEMENTS = {"uniform": 200, "integer": 900}


def convolve(p, x, w, b):
    """Padding explicitly, where PyTorch has no such padding; a lonely signal as a batch of one, which torch 1.13 pads in all modes."""
    lonely = p["batch"] is None and p["paddingMode"] != "zeros"
    padded = x.unsqueeze(0) if lonely else x
    pads = conv1d.pads(p)
    if any(pads):
        mode = "constant" if p["paddingMode"] == "zeros" else p["paddingMode"]
        padded = F.pad(padded, pads, mode=mode)
    y = F.conv1d(padded, w, b, p["stride"], 0, p["dilation"], p["groups"])
    return y.squeeze(0) if lonely else y


def linear(p, x, w, b):
    return F.linear(x, w, b)


def transpose(p, x, w, b):
    if p["outputSize"] is None:
        return F.conv_transpose1d(x, w, b, **transposed.names(p))
    names = transposed.names(p)
    names["output_padding"] = p["outputSize"][-1] - transposed.shortest(p)
    return F.conv_transpose1d(x, w, b, **names)


def shapes_of_transposed(p):
    signal = [p["inChannels"], p["length"]]
    return [
        signal if p["batch"] is None else [p["batch"], *signal],
        [p["inChannels"], p["outChannels"] // p["groups"], p["kernelSize"]],
        [p["outChannels"]],
    ]


def shapes_of_linear(p):
    return [[*p["rows"], p["inFeatures"]], [p["outFeatures"], p["inFeatures"]], [p["outFeatures"]]]


def draw(p, shape):
    values = torch.rand(shape, dtype=DTYPES[p["dtype"]])
    return values * 2 - 1 if p["values"] == "uniform" else torch.floor(values * 17) - 8


def gradients(p, run, tensors, dtype):
    *operands, g = [None if t is None else t.detach().to(dtype, copy=True).requires_grad_() for t in tensors]
    y = run(p, *operands)
    y.backward(g.detach())
    return y, [None if t is None else t.grad.double() for t in operands]


def solve(p, run, shapes):
    torch.manual_seed(p["seed"])
    x, w, b = shapes(p)
    tensors = [draw(p, x), draw(p, w), draw(p, b) if p["bias"] else None]
    with torch.no_grad():
        out_shape = run(p, *[None if t is None else t.double() for t in tensors]).shape
    tensors.append(draw(p, out_shape))
    y, wanted = gradients(p, run, tensors, torch.float64)
    if p["values"] == "integer":
        _, single = gradients(p, run, tensors, torch.float32)
        assert all(a is None or torch.equal(a, b) for a, b in zip(wanted, single)), p
    name = type(y.grad_fn).__name__
    # A signal without a batch is padded here as a batch of one, or by an operation of its own; Conv1d convolves it last.
    kind = "SqueezeBackward1" if run is convolve and p["batch"] is None else name
    stored = {}
    for key, gradient in zip(("gradX", "gradW", "gradB"), wanted):
        if gradient is not None:
            values = gradient.reshape(-1).tolist()
            stored[key] = [int(v) for v in values] if p["values"] == "integer" else values
    return {**p, "outShape": list(out_shape), "gradFn": kind, **stored}


def elements(shapes):
    total = 0
    for shape in shapes:
        count = 1
        for size in shape:
            count *= size
        total += count
    return total


def convolutions(count):
    r = random.Random(1501)
    chosen = [
        {**corner, "values": "integer"}
        for corner in conv1d.CORNERS
        if elements(conv1d.shapes(corner)) <= MOST_ELEMENTS["integer"] and (corner["batch"] != 0 or corner["paddingMode"] == "zeros")
    ]
    while len(chosen) < count:
        p = conv1d.random_problem(r, r.choice(conv1d.THEMES[:7])[0], 400)
        if p is None:
            continue
        p["values"] = r.choice(["integer", "uniform", "uniform", "uniform"])
        if elements(conv1d.shapes(p)) <= MOST_ELEMENTS[p["values"]]:
            chosen.append(p)
    return [solve({**p, "seed": seed}, convolve, conv1d.shapes) for seed, p in enumerate(chosen)]


def transposed_ones(count):
    dice = random.Random(1502)
    chosen = [transposed.problem(0, **corner) for corner in transposed.CORNERS]
    # torch 1.13 fails in backward without elements.
    chosen = [p for p in chosen if p["batch"] != 0 and elements(shapes_of_transposed(p)) <= MOST_ELEMENTS["integer"]]
    while len(chosen) < count:
        p = {**transposed.sampled(dice, 0), "values": dice.choice(["integer", "uniform", "uniform"])}
        if elements(shapes_of_transposed(p)) <= MOST_ELEMENTS[p["values"]]:
            chosen.append(p)
    return [solve({**p, "seed": seed}, transpose, shapes_of_transposed) for seed, p in enumerate(chosen)]


def linear_ones():
    r = random.Random(1503)
    rows = [[], [1], [5], [0], [2, 3], [33, 1], [2, 1, 4], [0, 3], [40]]
    chosen = []
    for values in ("integer", "uniform"):
        for shape in rows:
            for bias in (True, False):
                sizes = (40, 20) if values == "integer" else (6, 5)
                p = {
                    "rows": shape,
                    "inFeatures": r.randint(1, sizes[0]),
                    "outFeatures": r.randint(2, sizes[1]),
                    "bias": bias,
                    "dtype": r.choice(["float32", "float64"]),
                    "values": values,
                }
                if elements(shapes_of_linear(p)) <= MOST_ELEMENTS[values]:
                    chosen.append(p)
    return [solve({**p, "seed": seed}, linear, shapes_of_linear) for seed, p in enumerate(chosen)]


def main():
    torch.set_num_threads(1)
    document = {"convolutions": convolutions(100), "transposed": transposed_ones(70), "linear": linear_ones()}
    size = conv1d.write(
        "convolution_gradients.json.gz", json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    )
    print(", ".join(f"{len(problems)} {kind}" for kind, problems in document.items()), f"{size} bytes")


if __name__ == "__main__":
    main()
