"""Writes what PyTorch says about calls that it refuses, state dicts that do not fit, and how it prints layers.

    /usr/bin/python3 test/golden/generate_errors.py        (made with torch 1.13)

errors.json   {"calls": [...], "stateDicts": [...], "layers": [...]}

A call names its arguments in our spelling (inChannels, paddingMode); tensors are shapes, with "dtype" where it is not float32.
Two liberties are taken with torch's sentences: the names of a Python set come in random order and are sorted here, and the
remark about MKLDNN tensors is left out.
"""

import json
import re
import warnings
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

warnings.simplefilter("ignore")
DTYPES = {"float32": torch.float32, "float64": torch.float64}


def snake(name):
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def options_of(options):
    torch_options = {snake(name): value for name, value in options.items()}
    if "dtype" in options:
        torch_options["dtype"] = DTYPES[options["dtype"]]
    return torch_options


def zeros(given):
    if given is None:
        return None
    if isinstance(given, dict):
        return torch.zeros(given["shape"], dtype=DTYPES[given["dtype"]])
    return torch.zeros(given)


def sentence(error):
    text = re.sub(r"\{('[^}]*')\}", lambda names: "{" + ", ".join(sorted(names[1].split(", "), reverse=True)) + "}", str(error))
    return text.split(" or input should be a MKLDNN tensor")[0]


def refused(call):
    try:
        call()
    except (RuntimeError, ValueError, TypeError) as error:
        return {"type": type(error).__name__, "message": sentence(error)}
    raise AssertionError("torch accepts it")


def layer(name, arguments=(2, 3, 5), options=None, input=(4, 2, 6)):
    options = options or {}
    error = refused(lambda: nn.Conv1d(*arguments, **options_of(options))(zeros(input)))
    return {"name": name, "arguments": arguments, "options": options, "input": input, "error": error}


def functional(name, input=(4, 2, 6), weight=(3, 2, 5), bias=None, options=None):
    options = options or {}
    error = refused(lambda: F.conv1d(zeros(input), zeros(weight), zeros(bias), **options_of(options)))
    return {"name": name, "input": input, "weight": weight, "bias": bias, "options": options, "error": error}


def float64(*shape):
    return {"shape": shape, "dtype": "float64"}


CALLS = [
    # What the layer is made with.
    layer("groups 0", options={"groups": 0}),
    layer("groups negative", options={"groups": -1}),
    layer("groups not dividing the input channels", (3, 4, 5), {"groups": 2}),
    layer("groups not dividing the output channels", (4, 3, 5), {"groups": 2}),
    layer("groups more than the channels", (2, 2, 5), {"groups": 4}),
    layer("negative input channels", (-1, 3, 5)),
    layer("negative output channels", (2, -3, 5)),
    layer("negative kernel size", (2, 3, -5)),
    layer("negative output channels in groups", (4, -2, 3), {"groups": 2}),
    layer("no output channels", (3, 0, 5), input=(4, 3, 6)),
    layer("stride 0", options={"stride": 0}),
    layer("stride negative", options={"stride": -2}),
    layer("dilation 0", options={"dilation": 0}),
    layer("dilation negative", options={"dilation": -1}),
    layer("padding negative", options={"padding": -1}),
    layer("padding string unknown", options={"padding": "foo"}),
    layer("padding string in capitals", options={"padding": "SAME"}),
    layer("padding string empty", options={"padding": ""}),
    layer("same with a stride", options={"padding": "same", "stride": 2}),
    layer("padding mode unknown", options={"paddingMode": "reflection"}),
    layer("padding mode in capitals", options={"paddingMode": "ZEROS"}),
    layer("padding mode a number", options={"paddingMode": 3}),
    layer("a weight of 2^93 elements", (2**31, 2**31, 2**31)),
    # What it is fed.
    layer("rank 1", input=(6,)),
    layer("rank 4", input=(1, 4, 2, 6)),
    layer("rank 0", input=()),
    layer("3 channels for 2", input=(4, 3, 6)),
    layer("3 channels for 2, unbatched", input=(3, 6)),
    layer("no channels", input=(4, 0, 6)),
    layer("wrong channels in groups", (4, 6, 3), {"groups": 2}, (4, 2, 6)),
    layer("wrong channels, reflect", options={"padding": 2, "paddingMode": "reflect"}, input=(4, 3, 6)),
    layer("wrong channels, replicate, unbatched", options={"padding": 2, "paddingMode": "replicate"}, input=(3, 6)),
    layer("wrong channels, circular", options={"padding": 2, "paddingMode": "circular"}, input=(4, 3, 6)),
    layer("wrong channels, empty batch", input=(0, 3, 6)),
    layer("too short", input=(4, 2, 4)),
    layer("too short, unbatched", input=(2, 4)),
    layer("too short, empty batch", input=(0, 2, 4)),
    layer("too short with dilation", (2, 3, 3), {"dilation": 3}),
    layer("too short with padding", (2, 3, 9), {"padding": 1}),
    layer("too short, reflect", (2, 3, 9), {"padding": 1, "paddingMode": "reflect"}),
    layer("empty", input=(4, 2, 0)),
    layer("empty, unbatched", input=(2, 0)),
    layer("empty, padded", options={"padding": 3}, input=(4, 2, 0)),
    layer("empty, padded, unbatched", options={"padding": 3}, input=(2, 0)),
    layer("empty, same", options={"padding": "same"}, input=(4, 2, 0)),
    layer("empty, reflect", options={"padding": 1, "paddingMode": "reflect"}, input=(4, 2, 0)),
    layer("empty, reflect, unbatched", options={"padding": 1, "paddingMode": "reflect"}, input=(2, 0)),
    layer("empty, replicate", options={"padding": 1, "paddingMode": "replicate"}, input=(4, 2, 0)),
    layer("empty, circular", options={"padding": 1, "paddingMode": "circular"}, input=(4, 2, 0)),
    layer("reflect as wide as the input", options={"padding": 6, "paddingMode": "reflect"}),
    layer("reflect as wide as the input, unbatched", options={"padding": 6, "paddingMode": "reflect"}, input=(2, 6)),
    layer("reflect same as wide as the input", options={"padding": "same", "paddingMode": "reflect", "dilation": 3}),
    layer("circular wider than the input", options={"padding": 7, "paddingMode": "circular"}),
    layer("circular same wider than the input", options={"padding": "same", "paddingMode": "circular", "dilation": 4}),
    layer("float64 into float32", input=float64(4, 2, 6)),
    layer("float32 into float64", options={"dtype": "float64"}),
    layer("dilation 2^31", (1, 1, 3), {"dilation": 2**31}, (1, 1, 6)),
    layer("dilation 2^31, unbatched", (1, 1, 3), {"dilation": 2**31}, (1, 6)),
    # The same by hand.
    functional("functional: rank 1", input=(6,)),
    functional("functional: 3 channels for 2", input=(4, 3, 6)),
    functional("functional: weight of rank 2", weight=(3, 5)),
    functional("functional: weight of rank 4", weight=(3, 2, 5, 1)),
    functional("functional: no output channels", weight=(0, 2, 5)),
    functional("functional: bias too short", bias=(2,)),
    functional("functional: bias too long", bias=(4,)),
    functional("functional: bias empty", bias=(0,)),
    functional("functional: bias of rank 2", bias=(3, 1)),
    functional("functional: bias of rank 0", bias=()),
    functional("functional: weight float64", weight=float64(3, 2, 5)),
    functional("functional: input float64", input=float64(4, 2, 6)),
    functional("functional: bias float64", bias=float64(3)),
    functional("functional: groups 0", options={"groups": 0}),
    functional("functional: groups negative", options={"groups": -1}),
    functional("functional: groups not dividing", weight=(3, 1, 5), options={"groups": 2}),
    functional("functional: groups more than the channels", options={"groups": 5}),
    functional("functional: groups, wrong channels", weight=(4, 2, 5), options={"groups": 2}),
    functional("functional: stride 0", options={"stride": 0}),
    functional("functional: dilation 0", options={"dilation": 0}),
    functional("functional: padding negative", options={"padding": -1}),
    functional("functional: padding string unknown", options={"padding": "foo"}),
    functional("functional: same with a stride", options={"padding": "same", "stride": 2}),
    functional("functional: too short", input=(4, 2, 4)),
]


def state_dict(shapes, strict=True, bias=True):
    conv = nn.Conv1d(2, 3, 5, bias=bias)
    entry = {"dict": shapes, "strict": strict, "bias": bias}
    try:
        keys = conv.load_state_dict({key: zeros(shape) for key, shape in shapes.items()}, strict=strict)
        return {**entry, "missingKeys": keys.missing_keys, "unexpectedKeys": keys.unexpected_keys}
    except RuntimeError as error:
        return {**entry, "error": {"type": "RuntimeError", "message": sentence(error)}}


WEIGHT, BIAS = (3, 2, 5), (3,)
DICTS = [
    {"weight": WEIGHT, "bias": BIAS},
    {"bias": BIAS, "weight": WEIGHT},
    {"weight": WEIGHT},
    {"bias": BIAS},
    {},
    {"weight": WEIGHT, "bias": BIAS, "foo": BIAS},
    {"weight": WEIGHT, "bias": BIAS, "foo": BIAS, "bar": BIAS},
    {"weight": (3, 2, 4), "bias": BIAS},
    {"weight": WEIGHT, "bias": (4,)},
    {"weight": (3, 2, 4), "bias": (4,)},
    {"weight": (3, 2, 4), "foo": BIAS},
    {"weight": (3, 10), "bias": (3, 1)},
    {"weight": (), "bias": ()},
    {"weight": (3, 2, 5, 1), "bias": BIAS},
    {"weight": (0, 2, 5), "bias": (0,)},
    {"conv.weight": WEIGHT, "conv.bias": BIAS},
    {"weight": float64(*WEIGHT), "bias": float64(*BIAS)},
]


def printed(*arguments, **options):
    return {"arguments": arguments, "options": options, "text": repr(nn.Conv1d(*arguments, **options_of(options)))}


LAYERS = [
    printed(2, 3, 5),
    printed(2, 3, 5, stride=2),
    printed(2, 3, 5, padding=3),
    printed(2, 3, 5, padding=0),
    printed(2, 3, 5, dilation=2),
    printed(4, 8, 1, groups=2),
    printed(512, 512, 3, groups=512),
    printed(2, 3, 5, bias=False),
    printed(2, 3, 5, bias=True, dtype="float64"),
    printed(2, 3, 5, paddingMode="zeros"),
    printed(2, 3, 5, paddingMode="circular"),
    printed(2, 3, 5, padding="same"),
    printed(2, 3, 5, padding="valid"),
    printed(2, 3, 5, padding=2, paddingMode="reflect"),
    printed(2, 4, 5, padding="same", dilation=3, groups=2, bias=False, paddingMode="replicate"),
    printed(16, 32, 11, stride=4, padding=5, dilation=3, groups=4, bias=False, paddingMode="circular"),
]

document = {
    "calls": CALLS,
    "stateDicts": [state_dict(shapes, strict, bias) for shapes in DICTS for strict in (True, False) for bias in (True, False)],
    "layers": LAYERS,
}
lines = ",\n".join(
    f'"{section}": [\n' + ",\n".join(json.dumps(entry) for entry in entries) + "\n]" for section, entries in document.items()
)
Path(__file__).with_name("errors.json").write_text("{\n" + lines + "\n}\n")
