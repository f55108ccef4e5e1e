"""Writes what PyTorch computes for many conv1d problems.

    /usr/bin/python3 test/golden/generate_conv1d.py        (made with torch 1.13)

conv1d.json.gz     {"problems": [...], "specials": [...]}
conv1d.f64.gz      the outputs of the problems, one after the other, little-endian float64

A problem's inputs are not stored. They are what a seed gives:

    torch.manual_seed(seed)
    x = torch.rand(batch, in_channels, length); w = torch.rand(out_channels, in_channels / groups, kernel_size)
    b = torch.rand(out_channels)                       (only with bias)

in the problem's dtype, each mapped by rand * 2 - 1 ("uniform") or floor(rand * 17) - 8 ("integer"). `inputCrc` is the CRC-32
of the bytes of x, w and b, so that a wrong generator is told apart from a wrong convolution. The outputs are computed in
float64 whatever the dtype; those of the integer problems are exact in float32 too, which is asserted.

The specials (NaN, infinities, zeros with a sign, subnormals) carry their inputs and outputs, computed in their own dtype.
"""

import gzip
import json
import random
import struct
import zlib
from pathlib import Path

import torch
import torch.nn.functional as F

HERE = Path(__file__).parent
DTYPES = {"float32": torch.float32, "float64": torch.float64}
MODES = ["zeros", "reflect", "replicate", "circular"]
# Lengths and channel counts around the widths of vectors and of register tiles.
VECTOR_LENGTHS = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 47, 48, 49, 63, 64, 65, 95, 96, 97]
TILE_CHANNELS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 25, 33]


def pads(p):
    """(left, right) of a problem, as torch.nn.Conv1d works them out."""
    reach = p["dilation"] * (p["kernelSize"] - 1)
    padding = p["padding"]
    if padding == "valid":
        return 0, 0
    if padding == "same":
        return reach // 2, reach - reach // 2
    if padding == "causal":
        return reach, 0
    return (padding, padding) if isinstance(padding, int) else tuple(padding)


def out_length(p):
    left, right = pads(p)
    span = p["length"] + left + right - p["dilation"] * (p["kernelSize"] - 1) - 1
    return span // p["stride"] + 1 if span >= 0 else 0


def possible(p):
    left, right = pads(p)
    widest = {"reflect": p["length"] - 1, "circular": p["length"]}.get(p["paddingMode"], left + right)
    return p["length"] >= 1 and max(left, right) <= widest and out_length(p) >= 1


# ---- the convolution, by PyTorch ----


def convolve(p, x, w, b, pad_first=False):
    """The problem by torch.nn.Conv1d where it has the parameters, by F.pad and F.conv1d for our own kinds of padding."""
    pad_first = pad_first or p["padding"] == "causal" or isinstance(p["padding"], list)
    # torch 1.13 fails to pad an unbatched signal circularly; a batch of one says what it should do.
    lonely = p["batch"] is None and p["paddingMode"] == "circular"
    if lonely:
        x = x.unsqueeze(0)
    if pad_first:
        mode = "constant" if p["paddingMode"] == "zeros" else p["paddingMode"]
        y = F.conv1d(F.pad(x, pads(p), mode=mode), w, b, p["stride"], 0, p["dilation"], p["groups"])
    else:
        layer = torch.nn.Conv1d(
            p["inChannels"],
            p["outChannels"],
            p["kernelSize"],
            stride=p["stride"],
            padding=p["padding"],
            dilation=p["dilation"],
            groups=p["groups"],
            bias=b is not None,
            padding_mode=p["paddingMode"],
            dtype=x.dtype,
        )
        with torch.no_grad():
            layer.weight.copy_(w)
            if b is not None:
                layer.bias.copy_(b)
            y = layer(x)
    return y.squeeze(0) if lonely else y


def shapes(p):
    signal = [p["inChannels"], p["length"]]
    return [
        signal if p["batch"] is None else [p["batch"], *signal],
        [p["outChannels"], p["inChannels"] // p["groups"], p["kernelSize"]],
        [p["outChannels"]],
    ]


def inputs(p):
    dtype = DTYPES[p["dtype"]]

    def draw(shape):
        values = torch.rand(shape, dtype=dtype)
        return values * 2 - 1 if p["values"] == "uniform" else torch.floor(values * 17) - 8

    torch.manual_seed(p["seed"])
    x, w, b = shapes(p)
    return draw(x), draw(w), draw(b) if p["bias"] else None


def crc(tensors):
    check = 0
    for tensor in tensors:
        if tensor is not None:
            check = zlib.crc32(tensor.numpy().tobytes(), check)
    return check


def solve(p):
    """The float64 output; adds what the test checks first to the problem."""
    x, w, b = inputs(p)
    y = convolve(p, x.double(), w.double(), None if b is None else b.double())
    assert y.shape[-1] == out_length(p), p
    if p["values"] == "integer":
        assert torch.equal(y, convolve(p, x.float(), w.float(), None if b is None else b.float()).double()), p
        assert torch.equal(y, torch.round(y)), p
    p["inputCrc"] = crc([x, w, b])
    return y


# ---- the problems ----


def random_padding(r, kernel_size, dilation, stride):
    kinds = ["none", "number", "number", "number", "valid", "pair", "pair", "causal"]
    kind = r.choice(kinds + ["same", "same"] if stride == 1 else kinds)
    reach = dilation * (kernel_size - 1)
    if kind in ("same", "valid", "causal"):
        return kind
    widest = r.choice([1, 2, 4, reach, reach + 3])
    if kind == "pair":
        return [r.randint(0, widest), r.randint(0, widest)]
    return 0 if kind == "none" else r.randint(0, widest)


def random_channels(r, theme):
    """(inChannels, outChannels, groups)"""
    if theme == "depthwise":
        groups = r.choice([1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 33])
        return groups, groups * r.choice([1, 1, 1, 2, 3, 4]), groups
    if theme == "vector":
        groups = r.choice([1, 1, 1, 2])
        return groups * r.randint(1, 4), groups * r.randint(1, 3), groups
    if theme == "panel":
        return r.choice([1, 2, 3, 4, 5]), r.choice(TILE_CHANNELS), 1
    if theme == "channels":
        groups = r.choice([1, 1, 1, 2, 4])
        return groups * r.randint(20 // groups, 80 // groups), groups * r.randint(1, 3), groups
    groups = r.choice([1, 1, 1, 1, 2, 2, 3, 4, 5])
    return groups * r.choice([1, 1, 2, 3, 4, 5, 6]), groups * r.choice([1, 1, 2, 3, 4, 5, 9]), groups


def random_problem(r, theme, most_outputs):
    """One problem of a theme, or None when the dice contradict each other."""
    channels, out_channels, groups = random_channels(r, theme)
    kernel_size = r.choice([1, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9, r.randint(10, 40)])
    if theme == "wide kernel":
        kernel_size = r.randint(5, 40)
    stride = r.choice([1, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7])
    dilation = r.choice([1, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9])
    padding = random_padding(r, kernel_size, dilation, stride)
    p = {
        "dtype": r.choice(["float32", "float32", "float64"]),
        "values": "uniform",
        "batch": r.choice([None, None, 1, 1, 1, 2, 2, 3, 4, 5]),
        "inChannels": channels,
        "outChannels": out_channels,
        "groups": groups,
        "kernelSize": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "paddingMode": r.choice(MODES + ["zeros", "zeros"]),
        "bias": r.random() < 0.6,
        "length": 0,
    }
    if theme == "modes":
        p["paddingMode"] = r.choice(MODES[1:])
    left, right = pads(p)
    if theme == "wide kernel":
        p["length"] = r.randint(1, max(1, kernel_size - 1))
    else:
        wanted = r.choice(VECTOR_LENGTHS) if theme == "vector" else r.randint(1, 40)
        if theme == "large":
            wanted = r.randint(50, 300)
        reach = dilation * (kernel_size - 1)
        p["length"] = (wanted - 1) * stride + reach + 1 - left - right + r.randint(0, stride - 1)
    if p["length"] > 600 or not possible(p):
        return None
    outputs = (p["batch"] or 1) * out_channels * out_length(p)
    work = outputs * channels // groups * kernel_size
    return p if outputs <= most_outputs and work <= 2_000_000 else None


THEMES = [  # theme, problems, most outputs a problem
    ("anything", 260, 200),
    ("vector", 200, 400),
    ("panel", 170, 260),
    ("depthwise", 170, 260),
    ("channels", 90, 160),
    ("wide kernel", 110, 200),
    ("modes", 140, 200),
    ("large", 12, 4000),
]


def simple(**changes):
    p = {
        "dtype": "float32",
        "values": "uniform",
        "batch": 2,
        "inChannels": 2,
        "outChannels": 3,
        "groups": 1,
        "kernelSize": 5,
        "stride": 1,
        "padding": 0,
        "dilation": 1,
        "paddingMode": "zeros",
        "bias": True,
        "length": 20,
    }
    p.update(changes)
    assert possible(p), p
    return p


# What dice seldom throw, one line each.
CORNERS = [
    simple(batch=4, length=6),  # the layer of PyTorch's tutorial
    simple(batch=None, length=5),
    simple(batch=0),
    simple(batch=0, padding="same", dtype="float64"),
    simple(batch=0, padding=[2, 1], stride=3),
    simple(batch=0, groups=4, inChannels=4, outChannels=4, padding=2, paddingMode="replicate"),
    simple(batch=0, paddingMode="reflect", padding=3, kernelSize=3, dilation=2),
    simple(batch=0, paddingMode="circular", padding=1, dtype="float64"),
    simple(length=1, kernelSize=1),
    simple(length=1, kernelSize=1, bias=False, dtype="float64"),
    simple(length=1, kernelSize=9, padding=4),
    simple(length=1, kernelSize=9, padding="same", batch=5),
    simple(length=1, kernelSize=9, padding="causal", batch=5),
    simple(length=1, kernelSize=40, padding=39),
    simple(length=3, kernelSize=40, padding=[39, 0]),
    simple(length=3, kernelSize=40, padding=[0, 39]),
    simple(length=3, padding=50, kernelSize=2),
    simple(length=2, padding=50, kernelSize=2, dilation=9, stride=7),
    simple(length=2, padding="same", kernelSize=2, dilation=9),
    simple(length=7, padding="same", kernelSize=4, dilation=3),
    simple(length=7, padding="same", kernelSize=4, dilation=3, paddingMode="replicate"),
    simple(length=7, padding="same", kernelSize=4, dilation=3, paddingMode="reflect"),
    simple(length=7, padding="same", kernelSize=4, dilation=3, paddingMode="circular"),
    simple(length=7, padding="valid", paddingMode="reflect"),
    simple(length=7, padding=6, paddingMode="reflect"),
    simple(length=7, padding=7, paddingMode="circular"),
    simple(length=7, padding=[7, 0], paddingMode="circular"),
    simple(length=7, padding=[0, 7], paddingMode="circular", batch=None),
    simple(length=7, padding=7, paddingMode="circular", batch=None, dtype="float64"),
    simple(length=7, padding=[0, 6], paddingMode="reflect", batch=None),
    simple(length=1, padding=30, paddingMode="replicate"),
    simple(length=1, padding=1, paddingMode="circular", kernelSize=3),
    simple(length=2, padding=1, paddingMode="reflect", kernelSize=4, stride=2),
    simple(length=7, padding="causal", paddingMode="replicate"),
    simple(length=7, padding="causal", paddingMode="circular", kernelSize=3, dilation=3),
    simple(length=7, padding="causal", paddingMode="reflect", kernelSize=3, dilation=3),
    simple(length=40, stride=7, padding="causal", dilation=9, kernelSize=3),
    simple(length=40, stride=40),
    simple(length=40, stride=1000, padding=1000),
    simple(length=40, stride=13, dilation=13, kernelSize=3, padding=5),
    simple(length=300, kernelSize=30, dilation=10, outChannels=9, batch=None),
    simple(length=64, kernelSize=1, inChannels=80, outChannels=33, batch=1),
    simple(length=65, kernelSize=1, stride=2, inChannels=16, outChannels=17, batch=1),
    simple(length=400, kernelSize=3, groups=2, outChannels=2, stride=2),
    simple(length=33, kernelSize=31, groups=17, inChannels=17, outChannels=17, padding="same", batch=1),
    simple(length=33, kernelSize=5, groups=5, inChannels=5, outChannels=15, padding="same"),
    simple(length=33, kernelSize=5, groups=5, inChannels=5, outChannels=15, padding="causal", dtype="float64"),
    simple(length=8, kernelSize=3, groups=4, inChannels=8, outChannels=64, batch=3),
    simple(length=12, kernelSize=12, inChannels=80, outChannels=65, batch=5),
    simple(length=12, kernelSize=12, inChannels=80, outChannels=65, batch=5, dtype="float64"),
    simple(length=2000, kernelSize=7, inChannels=3, outChannels=1, batch=1, padding=3),
    simple(length=1100, kernelSize=4, inChannels=2, outChannels=2, batch=1, groups=2, dtype="float64"),
]


def problems():
    r = random.Random(20130)
    chosen, seen = [], set()

    def take(p):
        key = json.dumps(p, sort_keys=True)
        if key in seen:
            return False
        seen.add(key)
        chosen.append({"seed": len(chosen), **p})
        return True

    for p in CORNERS:
        assert take(dict(p)), p
    for theme, count, most_outputs in THEMES:
        while count:
            p = random_problem(r, theme, most_outputs)
            count -= p is not None and take(p)
    count = 130
    while count:
        p = random_problem(r, r.choice(THEMES)[0], 200)
        count -= p is not None and take({**p, "values": "integer"})
    return chosen


# ---- special values ----

INF = float("inf")
NAN = float("nan")


def plain(shape, shift):
    """Small integers, none of them zero, that differ from neighbour to neighbour."""
    count = int(torch.tensor(shape).prod())
    return [float((i * 5 + shift) % 7 + 1) * (-1 if (i + shift) % 3 == 0 else 1) for i in range(count)]


def special(name, inputs=None, weights=None, biases=None, only=None, **changes):
    """Plain integers with some values replaced: {flat index: value}."""
    changes = {"batch": 1, "length": 9, "outChannels": 2, "kernelSize": 3, **changes}
    return {"name": name, "replace": [inputs or {}, weights or {}, biases or {}], "only": only, "problem": simple(**changes)}


TINY32 = 2.0**-149
SPECIALS = [
    special("a NaN in the input reaches only the outputs whose taps touch it", {4: NAN}),
    special("a NaN in the gap between dilated taps is not touched", {3: NAN}, dilation=2, stride=2, length=15),
    special("a NaN that stride jumps over is not touched", {2: NAN, 5: NAN}, kernelSize=2, stride=3, length=11),
    special("a NaN in one item of a batch stays in that item", {20: NAN}, batch=4, length=7),
    special("a NaN in one item of a batch of short padded signals stays in that item", {5: NAN}, batch=5, length=2, padding=1),
    special("a NaN in one group stays in that group", {0: NAN}, inChannels=4, outChannels=4, groups=2),
    special("a NaN in one depthwise channel stays in that channel", {13: NAN}, inChannels=5, outChannels=5, groups=5),
    special("a NaN past the last tap of a strided layer is not read", {8: NAN}, inChannels=1, stride=4, length=9, kernelSize=2),
    special("a NaN in a long signal", {40: NAN}, inChannels=1, length=70, outChannels=9),
    special("a NaN in a long depthwise signal", {100: NAN}, inChannels=2, outChannels=2, groups=2, length=70),
    special("an infinity in the input", {4: INF}),
    special("a negative infinity in the input", {4: -INF}),
    special("two infinities of opposite sign meet as NaN", {4: INF, 5: -INF}),
    special("an infinity times a zero weight is NaN", {4: INF}, {1: 0.0}),
    special("a NaN times a zero weight is NaN", {4: NAN}, {0: 0.0, 1: 0.0, 2: 0.0}),
    special("a NaN among all-zero weights is NaN", {4: NAN}, dict.fromkeys(range(12), 0.0)),
    special("a NaN weight makes its whole output channel NaN", None, {1: NAN}),
    special("a NaN weight on a padded signal", None, {7: NAN}, padding=2),
    special("a NaN weight whose tap only ever sees padding", None, {0: NAN}, padding=[9, 0], length=1, stride=20),
    special("an infinite weight", None, {1: INF}),
    special("an infinite weight on zero padding is NaN there", None, {0: INF}, padding=1),
    special("an infinite last tap on zero padding is NaN there", None, {2: INF}, padding=2),
    special("an infinite weight on causal padding", None, {3: -INF}, padding="causal", length=40),
    special("an infinite weight of a depthwise layer on zero padding", None, {4: INF}, inChannels=3, outChannels=3, groups=3, padding=2, length=40),
    special("an infinite weight on a long padded signal", None, {8: INF}, padding=20, length=30, dilation=3),
    special("an infinite weight on replicated padding meets no zero", None, {0: INF}, padding=2, paddingMode="replicate"),
    special("an infinite weight on an input of zeros is NaN", dict.fromkeys(range(9), 0.0), {1: INF}),
    special("a NaN bias", None, None, {0: NAN}),
    special("an infinite bias", None, None, {1: INF}),
    special("an infinite bias and an opposite infinity in the input", {2: -INF}, {0: 2.0, 1: 3.0, 2: 4.0}, {0: INF}),
    special("a NaN at the edge is reflected", {1: NAN}, padding=2, paddingMode="reflect"),
    special("a NaN at the edge is replicated", {0: NAN}, padding=4, paddingMode="replicate"),
    special("a NaN at the edge goes round", {8: NAN}, padding=2, paddingMode="circular"),
    special("an infinity at the edge is reflected", {7: INF}, padding=[0, 3], paddingMode="reflect"),
    special("a NaN in a batch of nothing but short signals", {3: NAN}, batch=5, length=1, kernelSize=1),
    special("a NaN through a kernel of one", {6: NAN}, kernelSize=1, length=33, outChannels=5),
    special("negative zeros everywhere", dict.fromkeys(range(18), -0.0), dict.fromkeys(range(12), -0.0), {0: -0.0, 1: -0.0}),
    special("negative zeros in the input alone", dict.fromkeys(range(18), -0.0), None, {0: -0.0, 1: -0.0}),
    special("values that cancel", {0: 3.0, 1: -3.0}, {0: 1.0, 1: 1.0}, {0: 0.0}, inChannels=1, length=2, kernelSize=2),
    special("subnormal inputs", {0: TINY32, 1: 3 * TINY32, 2: -(2.0**-130)}, dict.fromkeys(range(4), 1.0), {0: 0.0, 1: 0.0}, inChannels=1, kernelSize=2, length=3),
    special("normal values whose products are subnormal", {0: 2.0**-100, 1: -(2.0**-90)}, {0: 2.0**-45, 1: 2.0**-45}, {0: 0.0, 1: 0.0}, inChannels=1, outChannels=2, kernelSize=1, length=2),
    special("products below the least subnormal", {0: 2.0**-100, 1: -(2.0**-90)}, {0: 2.0**-100, 1: 2.0**-60}, {0: 0.0, 1: 0.0}, "float32", inChannels=1, outChannels=2, kernelSize=1, length=2),
    special("sums that overflow", {0: 2.0**127, 1: -(2.0**127)}, {0: 1.0, 1: 2.0}, {0: 2.0**127, 1: 0.0}, "float32", inChannels=1, kernelSize=1, length=2),
    special("the largest value", {0: 2.0**127 * (2 - 2.0**-23)}, {0: 1.0, 1: -1.0}, {0: 0.0, 1: 0.0}, inChannels=1, kernelSize=1, length=1),
    special("the least float64", {0: 2.0**-1074, 1: -(2.0**-1060)}, {0: 1.0, 1: 2.0}, {0: 0.0, 1: 0.0}, "float64", inChannels=1, kernelSize=1, length=2),
    special("the largest float64", {0: 2.0**1023 * (2 - 2.0**-52)}, {0: 1.0, 1: 2.0}, {0: 0.0, 1: 0.0}, "float64", inChannels=1, kernelSize=1, length=1),
]


def encode(tensor):
    """JSON has neither NaN nor infinities: they become strings."""
    return [v if abs(v) < INF else str(v) for v in tensor.reshape(-1).tolist()]


def specials():
    for case in SPECIALS:
        for dtype in [case["only"]] if case["only"] else DTYPES:
            p = {**case["problem"], "dtype": dtype}
            tensors = []
            for shape, shift, replace in zip(shapes(p), (0, 3, 5), case["replace"]):
                values = plain(shape, shift)
                for index, value in replace.items():
                    values[index] = value
                tensors.append(torch.tensor(values, dtype=DTYPES[dtype]).reshape(shape))
            # Padding explicitly, because torch's float32 depthwise kernel passes over the taps that lie in it: an infinite
            # weight times a padded zero is NaN everywhere else in torch.
            y = convolve(p, *tensors, pad_first=True)
            if dtype == "float64":
                assert torch.equal(torch.nan_to_num(y, 12345.0), torch.nan_to_num(convolve(p, *tensors), 12345.0)), p
            names = ("input", "weight", "biasValues", "output")
            yield {"name": case["name"], **p, "outLength": out_length(p), **dict(zip(names, map(encode, [*tensors, y])))}


def write(name, data):
    with open(HERE / name, "wb") as file:
        # No file name and no time in the header: the same data gives the same bytes.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=file, mtime=0) as packed:
            packed.write(data)
    return (HERE / name).stat().st_size


def main():
    torch.set_num_threads(1)
    chosen = problems()
    outputs = []
    for p in chosen:
        values = solve(p).reshape(-1).tolist()
        p["outLength"] = out_length(p)
        outputs.append(struct.pack(f"<{len(values)}d", *values))
    document = {"problems": chosen, "specials": list(specials())}
    size = write("conv1d.json.gz", json.dumps(document, separators=(",", ":"), allow_nan=False).encode())
    size += write("conv1d.f64.gz", b"".join(outputs))
    counts = sorted(len(values) // 8 for values in outputs)
    print(f"{len(chosen)} problems, {len(document['specials'])} specials, {size} bytes")
    print(f"outputs: median {counts[len(counts) // 2]}, largest {counts[-1]}, {sum(counts)} in all")


if __name__ == "__main__":
    main()
