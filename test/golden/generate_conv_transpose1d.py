"""Writes what PyTorch computes, prints, draws and refuses for transposed convolutions.

    /usr/bin/python3 test/golden/generate_conv_transpose1d.py        (made with torch 1.13)

conv_transpose1d.json.gz   {"problems": [...], "specials": [...], "calls": [...], "layers": [...], "drawn": [...]}
conv_transpose1d.f64.gz    the outputs of the problems, one after the other, little-endian float64

As in generate_conv1d.py, a problem's inputs are what its seed gives, in this order:

    torch.manual_seed(seed)
    x = torch.rand(batch, in_channels, length); w = torch.rand(in_channels, out_channels / groups, kernel_size)
    b = torch.rand(out_channels)                       (only with bias)

in the problem's dtype, each mapped by rand * 2 - 1 ("uniform") or floor(rand * 17) - 8 ("integer"). The outputs are computed in
float64; those of the integer problems are exact in float32 too, which is asserted. The specials carry their inputs and outputs,
computed in their own dtype. A problem with "outputSize" is called with it.
"""

import gzip
import hashlib
import json
import math
import random
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

HERE = Path(__file__).parent
DTYPES = {"float32": torch.float32, "float64": torch.float64}
MOST_OUTPUTS = {"uniform": 160, "integer": 4000}


def names(p):
    """The parameters in torch's spelling."""
    return {
        "stride": p["stride"],
        "padding": p["padding"],
        "output_padding": p["outputPadding"],
        "groups": p["groups"],
        "dilation": p["dilation"],
    }


def shortest(p):
    return (p["length"] - 1) * p["stride"] - 2 * p["padding"] + p["dilation"] * (p["kernelSize"] - 1) + 1


def inputs(p):
    dtype = DTYPES[p["dtype"]]

    def draw(shape):
        values = torch.rand(shape, dtype=dtype)
        return values * 2 - 1 if p["values"] == "uniform" else torch.floor(values * 17) - 8

    torch.manual_seed(p["seed"])
    signal = [p["inChannels"], p["length"]]
    x = draw(signal if p["batch"] is None else [p["batch"], *signal])
    w = draw([p["inChannels"], p["outChannels"] // p["groups"], p["kernelSize"]])
    return x, w, draw([p["outChannels"]]) if p["bias"] else None


def convolve(p, x, w, b):
    if p["outputSize"] is None:
        return F.conv_transpose1d(x, w, b, **names(p))
    layer = nn.ConvTranspose1d(
        p["inChannels"], p["outChannels"], p["kernelSize"], bias=b is not None, dtype=x.dtype, **names(p)
    )
    with torch.no_grad():
        layer.weight.copy_(w)
        if b is not None:
            layer.bias.copy_(b)
        return layer(x, output_size=p["outputSize"])


def solve(p):
    x, w, b = inputs(p)
    y = convolve(p, x.double(), w.double(), None if b is None else b.double())
    if p["values"] == "integer":
        assert torch.equal(y, convolve(p, x.float(), w.float(), None if b is None else b.float()).double()), p
    p["outShape"] = list(y.shape)
    return y


def problem(seed, **given):
    p = {
        "inChannels": 2,
        "outChannels": 3,
        "kernelSize": 4,
        "stride": 2,
        "padding": 0,
        "outputPadding": 0,
        "groups": 1,
        "dilation": 1,
        "bias": True,
        "batch": 2,
        "length": 7,
        "dtype": "float32",
        "values": "integer",
        "outputSize": None,
        "seed": seed,
    }
    return {**p, **given}


def sampled(dice, seed):
    while True:
        groups = dice.choice([1, 1, 1, 2, 3, 4])
        p = problem(
            seed,
            groups=groups,
            inChannels=groups * dice.choice([1, 1, 2, 3, 5, 8]),
            outChannels=groups * dice.choice([1, 2, 3, 7, 8, 9, 17, 33]),
            kernelSize=dice.choice([1, 2, 3, 4, 5, 7, 8, 11, 16]),
            stride=dice.choice([1, 1, 2, 2, 3, 4, 5, 8]),
            dilation=dice.choice([1, 1, 1, 2, 3, 4, 6]),
            padding=dice.choice([0, 0, 1, 2, 3, 5, 8, 13]),
            length=dice.choice([1, 2, 3, 5, 8, 9, 15, 16, 17, 33, 50]),
            batch=dice.choice([None, 1, 1, 2, 3]),
            bias=dice.random() < 0.7,
            dtype=dice.choice(["float32", "float32", "float64"]),
            values=dice.choice(["integer", "integer", "uniform"]),
        )
        p["outputPadding"] = dice.choice([0, 0, max(p["stride"], p["dilation"]) - 1])
        least = shortest(p)
        outputs = (p["batch"] or 1) * p["outChannels"] * (least + p["outputPadding"])
        if least < 1 or outputs > MOST_OUTPUTS[p["values"]]:
            continue
        if dice.random() < 0.2:
            p["outputSize"] = [least + dice.randrange(p["stride"])]
        return p


CORNERS = [
    {"batch": 0},
    {"batch": 0, "length": 0, "kernelSize": 5},
    {"batch": None},
    {"kernelSize": 1},
    {"kernelSize": 2, "stride": 5},
    {"kernelSize": 2, "stride": 5, "outputPadding": 4},
    {"kernelSize": 5, "stride": 6, "dilation": 4, "length": 20},
    {"kernelSize": 5, "stride": 4, "dilation": 8, "length": 20},
    {"kernelSize": 3, "stride": 1, "padding": 5, "length": 20},
    {"kernelSize": 4, "stride": 2, "padding": 15, "length": 20},
    {"kernelSize": 3, "stride": 2, "dilation": 500, "length": 9},
    {"inChannels": 6, "outChannels": 6, "groups": 6, "length": 40},
    {"inChannels": 6, "outChannels": 12, "groups": 6, "length": 40, "kernelSize": 15, "stride": 1},
    {"inChannels": 40, "outChannels": 20, "kernelSize": 16, "stride": 8, "padding": 4, "length": 9},
    {"outputSize": [2, 3, 17]},
    {"outputSize": [17], "batch": None},
    {"outputSize": [16], "outputPadding": 1},
]


def special(name, x, w, b, **given):
    p = problem(0, inChannels=1, outChannels=1, batch=1, **given)
    dtype = DTYPES[p["dtype"]]
    tensors = [torch.tensor(values, dtype=dtype) for values in (x, w, b)]
    y = F.conv_transpose1d(tensors[0].view(1, 1, -1), tensors[1].view(1, 1, -1), tensors[2], **names(p))
    stored = lambda values: [v if math.isfinite(v) else str(v) for v in values.flatten().tolist()]
    p.update(name=name, kernelSize=len(w), length=len(x), outShape=list(y.shape))
    return {**p, "input": stored(tensors[0]), "weight": stored(tensors[1]), "biasValues": stored(tensors[2]), "output": stored(y)}


INF, NAN = math.inf, math.nan
SPECIALS = [
    special("NaN in the input", [1, NAN, 2, 3], [1, 2, 3, 4], [1]),
    special("infinity in the input", [1, INF, 2, 3], [1, 2, 3, 4], [1]),
    special("infinity times zero", [1, INF, 2, 3], [1, 0, 3, 4], [1]),
    special("infinity in the weight", [1, 2, 3], [1, INF, 2, 3], [1]),
    special("infinity in the weight, stride 1", [1, 2, 3], [1, INF, 2, 3], [1], stride=1),
    special("NaN in the weight, stride 1, padded", [1, 2, 3, 4, 5], [1, NAN, 2], [1], stride=1, padding=1),
    special("infinity and NaN in the weight, stride 3", [1, 2], [INF, NAN, 2, 3], [1], stride=3, outputPadding=2),
    special("zeros with a sign", [0.0, -0.0, 1], [-0.0, 1, 0.0], [-0.0]),
    special("subnormals", [1e-40, 2e-42, 1], [1, 0.5, 1e-39], [0]),
    special("infinities of both signs in float64", [INF, 1, -INF], [1, 2, 3], [0], dtype="float64", stride=1),
    special("NaN as the bias", [1, 2, 3], [1, 2], [NAN]),
]


# ---- what is refused, printed and drawn ----


def refused(call):
    try:
        call()
    except (RuntimeError, ValueError, TypeError) as error:
        return {"type": type(error).__name__, "message": str(error)}
    raise AssertionError("torch accepts it")


def options_of(options):
    torch_names = {"outputPadding": "output_padding", "paddingMode": "padding_mode"}
    return {torch_names.get(name, name): DTYPES.get(value, value) for name, value in options.items()}


def layer(name, arguments=(4, 6, 3), options=None, input=(1, 4, 5), output_size=None):
    options = options or {}
    error = refused(lambda: nn.ConvTranspose1d(*arguments, **options_of(options))(torch.zeros(input), output_size=output_size))
    return {"name": name, "arguments": arguments, "options": options, "input": input, "outputSize": output_size, "error": error}


def functional(name, input=(1, 4, 5), weight=(4, 3, 2), bias=None, options=None, doubles=()):
    options = options or {}
    make = lambda which, shape: None if shape is None else torch.zeros(shape, dtype=DTYPES["float64" if which in doubles else "float32"])
    error = refused(
        lambda: F.conv_transpose1d(make("input", input), make("weight", weight), make("bias", bias), **options_of(options))
    )
    return {"name": name, "input": input, "weight": weight, "bias": bias, "options": options, "doubles": doubles, "error": error}


CALLS = [
    layer("groups 0", options={"groups": 0}),
    layer("groups not dividing the input channels", options={"groups": 3}),
    layer("groups not dividing the output channels", options={"groups": 4}),
    layer("a padding mode", options={"paddingMode": "reflect"}),
    layer("stride 0", options={"stride": 0}),
    layer("dilation 0", options={"dilation": 0}),
    layer("padding negative", options={"padding": -1}),
    layer("output padding negative", options={"stride": 2, "outputPadding": -1}),
    layer("output padding not smaller than the stride", options={"stride": 2, "outputPadding": 2}),
    layer("output padding with stride 1", options={"outputPadding": 1}),
    layer("kernel size 0", (4, 6, 0)),
    layer("kernel size negative", (4, 6, -1)),
    layer("no input channels", (0, 6, 1), input=(1, 0, 5)),
    layer("no output channels", (4, 0, 1)),
    layer("wrong channels", input=(1, 3, 5)),
    layer("wrong channels in groups", options={"groups": 2}, input=(1, 3, 5)),
    layer("wrong channels, unbatched", input=(3, 5)),
    layer("rank 1", input=(5,)),
    layer("rank 4", input=(1, 1, 4, 5)),
    layer("no length", input=(1, 4, 0)),
    layer("cropped away", options={"stride": 2, "padding": 6}),
    layer("cropped away, stride 1", options={"padding": 9}),
    layer("cropped away, unbatched", options={"stride": 2, "padding": 6}, input=(4, 5)),
    layer("output size too large", options={"stride": 2}, output_size=[13]),
    layer("output size too small", options={"stride": 2}, output_size=[10]),
    layer("output size of stride 1", output_size=[8]),
    layer("output size with dilation", options={"stride": 2, "dilation": 3}, output_size=[17]),
    layer("output size of the wrong rank", options={"stride": 2}, output_size=[6, 12]),
    layer("output size of the wrong rank, unbatched", options={"stride": 2}, input=(4, 5), output_size=[1, 6, 12]),
    functional("weight of two dimensions", weight=(4, 3)),
    functional("weight of four dimensions", weight=(4, 3, 2, 2)),
    functional("bias too long", bias=(4,)),
    functional("bias too short for the groups", bias=(3,), options={"groups": 2}),
    functional("bias of two dimensions", bias=(3, 1)),
    functional("groups not dividing the weight", options={"groups": 3}),
    functional("groups 0 of the function", options={"groups": 0}),
    functional("more groups than the weight has", options={"groups": 8}),
    functional("another weight's channels", weight=(6, 3, 2)),
    functional("weight of float64", doubles=("weight",)),
    functional("input of float64", doubles=("input",)),
    functional("bias of float64", bias=(3,), doubles=("bias",)),
    functional("weight without outputs", weight=(4, 0, 2)),
    functional("weight without taps", weight=(4, 3, 0)),
    functional("output padding of the function", options={"outputPadding": 1}),
]


def printed(*arguments, **options):
    return {"arguments": arguments, "options": options, "text": repr(nn.ConvTranspose1d(*arguments, **options_of(options)))}


LAYERS = [
    printed(4, 6, 3),
    printed(4, 6, 3, stride=2, padding=1, outputPadding=1, dilation=2, groups=2, bias=False),
    printed(512, 256, 16, stride=8, padding=4),
    printed(4, 4, 3, groups=4, dilation=3),
    printed(4, 6, 3, stride=3, outputPadding=2, bias=False),
]


def sha256(tensor):
    return hashlib.sha256(tensor.detach().numpy().tobytes()).hexdigest()


def drawn(seed, *arguments, **options):
    torch.manual_seed(seed)
    made = nn.ConvTranspose1d(*arguments, **options_of(options))
    return {
        "seed": seed,
        "arguments": arguments,
        "options": options,
        "weight": sha256(made.weight),
        "bias": None if made.bias is None else sha256(made.bias),
        "keys": list(made.state_dict()),
    }


DRAWN = [
    drawn(0, 4, 6, 3),
    drawn(1, 4, 6, 3, groups=2, bias=False),
    drawn(2, 64, 32, 16, stride=8),
    drawn(3, 8, 8, 3, groups=8, dtype="float64"),
    drawn(4, 3, 50, 5, dtype="float64"),
]


def write(name, content):
    with open(HERE / name, "wb") as file, gzip.GzipFile(fileobj=file, mode="wb", mtime=0, filename="") as packed:
        packed.write(content)


def main():
    dice = random.Random(2024)
    problems = [sampled(dice, seed) for seed in range(1, 131)]
    problems += [problem(1000 + i, **corner) for i, corner in enumerate(CORNERS)]
    outputs = b"".join(solve(p).numpy().tobytes() for p in problems)
    document = {"problems": problems, "specials": SPECIALS, "calls": CALLS, "layers": LAYERS, "drawn": DRAWN}
    write("conv_transpose1d.json.gz", json.dumps(document).encode())
    write("conv_transpose1d.f64.gz", outputs)


main()
