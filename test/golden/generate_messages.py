#!/usr/bin/env python3
"""Writes messages.json: what PyTorch (1.13) says about calls of operations and layers that it refuses, one call per line.

    /usr/bin/python3 test/golden/generate_messages.py

A call is a record as torch_calls.py has it, of an operation ("on", "call") or of a layer ("layer", "arguments", and the arguments of its
forward in "forward", or the shapes of a state dict in "load"). Inputs are zeros of a shape, or "fill". "error" has PyTorch's type and
sentence; "odd": true where the sentence speaks of PyTorch's inside and not of the call, so that ours may be another.
"""

import json
import warnings
from pathlib import Path

import torch
from torch_calls import DTYPES, Input, call_of, decoded, encoded, layer_of

warnings.simplefilter("ignore")
CASES = []
ODD = {
    "permute: too few dimensions", "narrow: a negative length", "softmax: of integers", "LSTM: a negative hidden size",
    "GRU: a negative hidden size", "LSTM: an input of one dimension", "LSTM: an input of four dimensions", "GRU: an input of one dimension",
    "GRU: an input of four dimensions", "InstanceNorm1d: channels that differ, with weights", "Hardtanh: bounds in the wrong order",
    "GroupNorm: an input of one dimension", "AvgPool1d: no window", "AdaptiveAvgPool1d: a negative length", "AdaptiveAvgPool1d: an empty signal",
    "AdaptiveMaxPool1d: an empty signal", "ConstantPad1d: cut to less than nothing", "indexSelect: an index out of range",
    "linear: a bias that does not fit", "argmax: of bool", "expand: too few sizes", "linear: dtypes that differ", "matmul: dtypes that differ",
    "matmul: a matrix and a vector that differ", "AvgPool1d: longer than the input",
}  # fmt: skip


def zeros(*shape, dtype="float32"):
    return Input(shape=list(shape), dtype=dtype)


def made(record):
    return torch.full(record["shape"], record.get("fill", 0), dtype=DTYPES[record["dtype"]])


def refused(name, record, call):
    try:
        call()
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError, NotImplementedError) as error:
        text = str(error)
        odd = {"odd": True} if name in ODD else {}
        CASES.append({"name": name, **record, "error": {"type": type(error).__name__, "message": text}, **odd})
        return
    raise AssertionError(f"torch accepts it: {name}")


def operation(on, name, call, *arguments):
    inputs = []
    record = {"on": on, "call": call, "arguments": encoded(arguments, inputs), "inputs": inputs}
    refused(f"{call}: {name}", record, lambda: call_of(record, [made(each) for each in inputs]))


def method(call, name, *arguments):
    operation("tensor", name, call, *arguments)


def free(call, name, *arguments):
    operation("free", name, call, *arguments)


def function(call, name, *arguments):
    operation("functional", name, call, *arguments)


def layer(kind, name, arguments, *forward):
    """`forward`: the arguments of a call; none where the constructor refuses."""
    inputs = []
    record = {"layer": kind, "arguments": encoded(arguments, []), "forward": encoded(forward, inputs), "inputs": inputs}

    def call():
        module = layer_of(record)
        if forward:
            module(*decoded(record["forward"], [made(each) for each in inputs]))

    refused(f"{kind}: {name}", record, call)


def load(kind, name, arguments, shapes):
    record = {"layer": kind, "arguments": encoded(arguments, []), "load": shapes}
    dict_of = lambda: {key: torch.zeros(shape) for key, shape in shapes.items()}  # noqa: E731
    refused(f"{kind}: {name}", record, lambda: layer_of(record).load_state_dict(dict_of()))


# Shapes that do not match.
free("cat", "sizes that differ", [zeros(2, 3), zeros(3, 3)], 1)
free("cat", "dimensions that differ in number", [zeros(2, 3), zeros(2)], 0)
free("cat", "a dimension out of range", [zeros(2, 3)], 2)
free("cat", "no tensors", [], 0)
free("cat", "tensors of no dimension", [zeros(), zeros()], 0)
free("stack", "sizes that differ", [zeros(2, 3), zeros(2, 4)], 0)
free("stack", "a dimension out of range", [zeros(2, 3)], 4)
free("stack", "no tensors", [], 0)
free("where", "shapes that do not broadcast", zeros(2, dtype="bool"), zeros(3), zeros(3))
for name in ("add", "sub", "mul", "div", "maximum", "eq"):
    method(name, "shapes that do not broadcast", zeros(2, 3), zeros(4))
method("pow", "shapes that do not broadcast", zeros(2, 3), zeros(2))
method("sub", "bool minus bool", zeros(2, dtype="bool"), zeros(2, dtype="bool"))
method("neg", "of bool", zeros(2, dtype="bool"))
method("pow", "an integer to a negative power", zeros(2, dtype="int64"), -1)
method("clamp", "no bounds", zeros(2), {"absent": True}, {"absent": True})
method("reshape", "another number of elements", zeros(2, 3), 4, 2)
method("reshape", "no size fits", zeros(2, 3), -1, 4)
method("reshape", "two sizes to be inferred", zeros(2, 3), -1, -1)
method("reshape", "an ambiguous size", zeros(0, 3), -1, 0)
method("reshape", "a negative size", zeros(2, 3), -2, 3)
method("permute", "too few dimensions", zeros(2, 3), 0)
method("permute", "a dimension twice", zeros(2, 3), 0, 0)
method("permute", "a dimension out of range", zeros(2, 3), 0, 2)
method("transpose", "a dimension out of range", zeros(2, 3), 0, 2)
method("transpose", "a negative dimension out of range", zeros(2, 3), -3, 0)
method("flatten", "start after end", zeros(2, 3), 1, 0)
method("flatten", "out of range", zeros(2, 3), 0, 2)
method("squeeze", "out of range", zeros(2, 1), 2)
method("unsqueeze", "out of range", zeros(2, 3), 3)
method("expand", "a size that is not one", zeros(2, 3), 2, 4)
method("expand", "too few sizes", zeros(2, 3), 3)
method("expand", "-1 for a new dimension", zeros(3), -1, 3)
method("narrow", "beyond the end", zeros(5), 0, 3, 3)
method("narrow", "a negative length", zeros(5), 0, 1, -1)
method("narrow", "a start out of range", zeros(5), 0, 6, 0)
method("narrow", "of no dimension", zeros(), 0, 0, 0)
method("split", "sizes that do not add up", zeros(5), [2, 2], 0)
method("split", "a negative size", zeros(5), -1, 0)
method("split", "a size of zero", zeros(5), 0, 0)
method("split", "a negative size in a list", zeros(5), [6, -1], 0)
method("chunk", "no chunks", zeros(5), 0, 0)
method("flip", "a dimension twice", zeros(2, 3), [0, 0])
method("flip", "a dimension out of range", zeros(2, 3), [2])

# Reductions.
for name in ("sum", "mean", "amax"):
    method(name, "a dimension out of range", zeros(2, 3), [2])
    method(name, "a dimension twice", zeros(2, 3), [0, -2])
for name in ("max", "argmin", "prod", "cumsum", "sort", "any"):
    method(name, "a dimension out of range", zeros(2, 3), -3)
method("mean", "of integers", zeros(2, dtype="int64"))
method("std", "of integers", zeros(2, dtype="int64"))
for name in ("max", "min", "argmax", "argmin", "amax", "amin"):
    method(name, "of nothing", zeros(0))
method("max", "of nothing along a dimension", zeros(2, 0), 1)
method("argmax", "of nothing along a dimension", zeros(2, 0), 1)
method("amax", "of nothing along a dimension", zeros(2, 0), [1])
method("argmax", "of bool", zeros(2, dtype="bool"))
method("topk", "more than there are", zeros(3), 4, 0)
method("topk", "a negative number", zeros(3), -1, 0)
method("topk", "a dimension out of range", zeros(3), 1, 1)
method("softmax", "a dimension out of range", zeros(2, 3), 2)
method("logSoftmax", "a dimension out of range", zeros(2, 3), -3)
method("softmax", "of integers", zeros(3, dtype="int64"), 0)

# Indices.
method("gather", "an index out of range", zeros(1, 2), 1, Input(shape=[1, 1], dtype="int64", fill=2))
method("gather", "a negative index", zeros(1, 2), 1, Input(shape=[1, 1], dtype="int64", fill=-1))
method("gather", "an index of another kind", zeros(2, 3), 1, zeros(2, 3))
method("gather", "dimensions that differ in number", zeros(2, 3), 1, zeros(2, dtype="int64"))
method("gather", "an index that is too large", zeros(2, 3), 1, zeros(3, 3, dtype="int64"))
method("gather", "a dimension out of range", zeros(2, 3), 2, zeros(2, 3, dtype="int64"))
method("indexSelect", "an index out of range", zeros(2, 3), 1, Input(shape=[1], dtype="int64", fill=3))
method("indexSelect", "an index of two dimensions", zeros(2, 3), 1, zeros(1, 1, dtype="int64"))
method("indexSelect", "an index of another kind", zeros(2, 3), 1, zeros(1))
method("indexSelect", "a dimension out of range", zeros(2, 3), 2, zeros(1, dtype="int64"))
function("embedding", "an index out of range", Input(shape=[2], dtype="int64", fill=5), zeros(5, 3))
function("embedding", "a negative index", Input(shape=[2], dtype="int64", fill=-1), zeros(5, 3))
function("embedding", "an index of another kind", zeros(2), zeros(5, 3))
function("embedding", "a weight of one dimension", zeros(2, dtype="int64"), zeros(5))
layer("Embedding", "an index out of range", [4, 3], Input(shape=[1], dtype="int64", fill=4))
layer("Embedding", "a padding index out of range", [4, 3, {"paddingIdx": 4}])
layer("Embedding", "a padding index below the range", [4, 3, {"paddingIdx": -5}])
layer("Embedding", "a negative number of rows", [-1, 3])

# Products.
method("matmul", "sizes that differ", zeros(2, 3), zeros(4, 5))
method("matmul", "vectors that differ", zeros(3), zeros(4))
method("matmul", "a matrix and a vector that differ", zeros(2, 3), zeros(4))
method("matmul", "batches that do not broadcast", zeros(2, 3, 4), zeros(3, 4, 5))
method("matmul", "batches whose matrices differ", zeros(2, 3, 4), zeros(2, 5, 6))
method("matmul", "no dimension", zeros(), zeros(3))
method("matmul", "dtypes that differ", zeros(2, 3), zeros(3, 2, dtype="float64"))
function("linear", "features that differ", zeros(2, 3), zeros(5, 4))
function("linear", "a bias that does not fit", zeros(2, 3), zeros(5, 3), zeros(4))
function("linear", "dtypes that differ", zeros(2, 3, dtype="float64"), zeros(5, 3))
layer("Linear", "features that differ", [3, 5], zeros(2, 4))
layer("Linear", "features that differ, one vector", [3, 5], zeros(4))
layer("Linear", "features that differ, a batch of sequences", [3, 5], zeros(2, 7, 4))
layer("Linear", "a dtype that differs", [3, 5], zeros(2, 3, dtype="float64"))
layer("Linear", "a negative number of features", [-3, 5])

# Recurrent layers.
for kind, gates in (("LSTM", 4), ("GRU", 3)):
    layer(kind, "features that differ", [3, 5], zeros(2, 1, 4))
    layer(kind, "an input of one dimension", [3, 5], zeros(3))
    layer(kind, "an input of four dimensions", [3, 5], zeros(1, 2, 1, 3))
    layer(kind, "features that differ, batch first", [3, 5, {"batchFirst": True}], zeros(2, 1, 4))
    layer(kind, "dropout beyond one", [3, 5, {"numLayers": 2, "dropout": 1.5}])
    layer(kind, "dropout below zero", [3, 5, {"numLayers": 2, "dropout": -0.5}])
    layer(kind, "a negative hidden size", [3, -5])
layer("LSTM", "a hidden state of another batch", [3, 5], zeros(2, 1, 3), [zeros(1, 2, 5), zeros(1, 2, 5)])
layer("LSTM", "a cell state of another size", [3, 5], zeros(2, 1, 3), [zeros(1, 1, 5), zeros(1, 1, 4)])
layer("LSTM", "states of too few layers", [3, 5, {"numLayers": 2}], zeros(2, 1, 3), [zeros(1, 1, 5), zeros(1, 1, 5)])
layer("LSTM", "batched input, unbatched states", [3, 5], zeros(2, 1, 3), [zeros(1, 5), zeros(1, 5)])
layer("LSTM", "unbatched input, batched states", [3, 5], zeros(2, 3), [zeros(1, 1, 5), zeros(1, 1, 5)])
layer("GRU", "a hidden state of another batch", [3, 5], zeros(2, 1, 3), zeros(1, 2, 5))
layer("GRU", "a hidden state of too few layers", [3, 5, {"numLayers": 2}], zeros(2, 1, 3), zeros(1, 1, 5))
layer("GRU", "batched input, unbatched state", [3, 5], zeros(2, 1, 3), zeros(1, 5))
layer("GRU", "unbatched input, batched state", [3, 5], zeros(2, 3), zeros(1, 1, 5))

# Norms.
layer("BatchNorm1d", "an input of one dimension", [3], zeros(3))
layer("BatchNorm1d", "an input of four dimensions", [3], zeros(1, 3, 2, 2))
layer("BatchNorm1d", "channels that differ", [3], zeros(2, 4, 5))
layer("BatchNorm1d", "channels that differ, two dimensions", [3], zeros(2, 4))
layer("BatchNorm1d", "one value per channel in training", [3], zeros(1, 3, 1))
layer("BatchNorm1d", "one value per channel in training, two dimensions", [3], zeros(1, 3))
layer("InstanceNorm1d", "an input of one dimension", [3], zeros(3))
layer("InstanceNorm1d", "an input of four dimensions", [3], zeros(1, 3, 2, 2))
layer("InstanceNorm1d", "one value per channel", [3], zeros(2, 3, 1))
layer("InstanceNorm1d", "channels that differ, with weights", [3, {"affine": True}], zeros(2, 4, 5))
layer("GroupNorm", "groups that do not divide", [2, 3])
layer("GroupNorm", "channels that do not divide", [2, 4], zeros(1, 5, 3))
layer("GroupNorm", "channels that differ", [2, 4], zeros(1, 6, 3))
layer("GroupNorm", "an input of one dimension", [2, 4], zeros(4))
layer("LayerNorm", "a shape that differs", [[3, 4]], zeros(2, 3, 5))
layer("LayerNorm", "an input of too few dimensions", [[3, 4]], zeros(4))
layer("LayerNorm", "a size that differs", [5], zeros(2, 4))
function("batchNorm", "running values that do not fit", zeros(2, 3, 4), zeros(4), zeros(4))
function("batchNorm", "a weight that does not fit", zeros(2, 3, 4), zeros(3), zeros(3), zeros(4))
function("batchNorm", "one value per channel in training", zeros(1, 3, 1), None, None, None, None, {"training": True})
function("groupNorm", "groups that do not divide", zeros(1, 5, 2), 2)
function("groupNorm", "a weight that does not fit", zeros(1, 4, 2), 2, zeros(3))
function("layerNorm", "no sizes", zeros(2, 3), [])
function("layerNorm", "a weight that does not fit", zeros(2, 3), [3], zeros(2))

# Activations.
layer("GLU", "an odd size", [], zeros(2, 3))
layer("GLU", "no dimension", [], zeros())
layer("PReLU", "parameters that differ from the channels", [3], zeros(2, 4, 5))
function("prelu", "a weight of two dimensions", zeros(2, 4), zeros(2, 2))
layer("Hardtanh", "bounds in the wrong order", [{"minVal": 1, "maxVal": -1}])
layer("Dropout", "a probability beyond one", [1.5])
layer("Dropout", "a probability below zero", [-0.1])
function("dropout", "a probability beyond one", zeros(3), 2, {"training": True})
layer("Softmax", "a dimension out of range", [2], zeros(2, 3))
layer("LogSoftmax", "a dimension out of range", [-3], zeros(2, 3))
layer("Flatten", "of too few dimensions", [2], zeros(2, 3))
layer("GELU", "an unknown approximation", [{"approximate": "sin"}], zeros(2))

# Windows.
layer("MaxPool1d", "an input of one dimension", [2], zeros(4))
layer("MaxPool1d", "an input of four dimensions", [2], zeros(1, 1, 2, 4))
layer("MaxPool1d", "longer than the input", [6, {"stride": 1}], zeros(1, 2, 4))
layer("MaxPool1d", "padding beyond half of the window", [2, {"padding": 2}], zeros(1, 2, 4))
layer("MaxPool1d", "no window", [0], zeros(1, 2, 4))
layer("MaxPool1d", "a negative stride", [2, {"stride": -1}], zeros(1, 2, 4))
layer("MaxPool1d", "no dilation", [2, {"dilation": 0}], zeros(1, 2, 4))
layer("MaxPool1d", "negative padding", [2, {"padding": -1}], zeros(1, 2, 4))
layer("AvgPool1d", "an input of one dimension", [2], zeros(4))
layer("AvgPool1d", "longer than the input", [5], zeros(1, 2, 4))
layer("AvgPool1d", "padding beyond half of the window", [2, {"padding": 2}], zeros(1, 2, 4))
layer("AvgPool1d", "no window", [0], zeros(1, 2, 4))
layer("AdaptiveAvgPool1d", "an input of one dimension", [2], zeros(4))
layer("AdaptiveAvgPool1d", "a negative length", [-1], zeros(1, 2, 4))
layer("AdaptiveAvgPool1d", "an empty signal", [2], zeros(1, 2, 0))
layer("AdaptiveMaxPool1d", "an input of one dimension", [2], zeros(4))
layer("AdaptiveMaxPool1d", "an empty signal", [2], zeros(1, 2, 0))
layer("Upsample", "neither size nor factor", [{"mode": "nearest"}], zeros(1, 2, 4))
layer("Upsample", "size and factor", [{"size": 8, "scaleFactor": 2}], zeros(1, 2, 4))
layer("Upsample", "corners of nearest", [{"scaleFactor": 2, "alignCorners": True}], zeros(1, 2, 4))
layer("Upsample", "an unknown mode", [{"scaleFactor": 2, "mode": "cubic"}], zeros(1, 2, 4))
layer("Upsample", "an input of two dimensions", [{"scaleFactor": 2}], zeros(2, 4))
layer("Upsample", "a linear input of two dimensions", [{"scaleFactor": 2, "mode": "linear"}], zeros(2, 4))
layer("Upsample", "no length", [{"size": 0}], zeros(1, 2, 4))
layer("Upsample", "an empty signal", [{"size": 3}], zeros(1, 2, 0))
layer("ReflectionPad1d", "as wide as the signal", [4], zeros(1, 2, 4))
layer("ReflectionPad1d", "of one dimension", [1], zeros(4))
layer("ReplicationPad1d", "of one dimension", [1], zeros(4))
layer("ReplicationPad1d", "an empty signal", [1], zeros(1, 2, 0))
layer("ConstantPad1d", "cut to less than nothing", [-3, 0], zeros(1, 2, 4))
function("pad", "an odd number of sides", zeros(1, 2, 4), [1])
function("pad", "more sides than dimensions", zeros(4), [1, 1, 1, 1])
function("pad", "an unknown mode", zeros(1, 2, 4), [1, 1], {"mode": "mirror"})
function("pad", "as wide as the signal", zeros(1, 2, 4), [4, 0], {"mode": "reflect"})
function("pad", "circular, wider than the signal", zeros(1, 2, 4), [5, 0], {"mode": "circular"})
function("interpolate", "neither size nor factor", zeros(1, 2, 4))

# State dicts of nested layers.
NET = [
    {"layer": "Conv1d", "arguments": [2, 3, 5]}, {"layer": "BatchNorm1d", "arguments": [3]},
    {"layer": "Sequential", "arguments": [{"layer": "Linear", "arguments": [4, 2]}]},
]
FITTING = {
    "0.weight": [3, 2, 5], "0.bias": [3], "1.weight": [3], "1.bias": [3], "1.running_mean": [3], "1.running_var": [3],
    "1.num_batches_tracked": [], "2.0.weight": [2, 4], "2.0.bias": [2],
}


def without(*keys):
    return {key: shape for key, shape in FITTING.items() if key not in keys}


load("Sequential", "nothing there", NET, {})
load("Sequential", "a missing key", NET, without("2.0.bias"))
load("Sequential", "missing keys of two layers", NET, without("0.weight", "2.0.weight", "1.running_var"))
load("Sequential", "an unexpected key", NET, {**FITTING, "3.weight": [1]})
load("Sequential", "an unexpected key in a layer", NET, {**FITTING, "2.0.scale": [1]})
load("Sequential", "missing and unexpected keys", NET, {**without("0.bias"), "0.beta": [3]})
load("Sequential", "a shape that differs", NET, {**FITTING, "2.0.weight": [4, 2]})
load("Sequential", "shapes that differ, and a missing key", NET, {**without("0.bias"), "1.weight": [4], "2.0.weight": [4, 2]})
load("Sequential", "another prefix", NET, {f"net.{key}": shape for key, shape in FITTING.items()})
load("LSTM", "a missing key", [3, 2], {"weight_ih_l0": [8, 3], "weight_hh_l0": [8, 2], "bias_ih_l0": [8]})
load("LSTM", "a shape that differs", [3, 2], {"weight_ih_l0": [8, 3], "weight_hh_l0": [8, 3], "bias_ih_l0": [8], "bias_hh_l0": [8]})
load("Embedding", "a shape that differs", [4, 3], {"weight": [5, 3]})
load("Linear", "an unexpected key", [4, 3], {"weight": [3, 4], "bias": [3], "weight_g": [3, 1]})

assert {case["name"] for case in CASES} >= ODD
lines = ",\n".join(json.dumps(case) for case in CASES)
Path(__file__).with_name("messages.json").write_text(f"[\n{lines}\n]\n")
print(len(CASES), "calls")
