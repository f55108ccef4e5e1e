"""Calls as this package writes them, made in the real PyTorch: what the generators of operations, layers and messages share.

A call is a record in JSON, so that a test reads it and makes the same call. Names are camelCase, PyTorch's positional arguments are
positional, the others an options object at the end. In arguments these objects stand for something else:

    {"tensor": 0}         the first of the record's inputs
    {"number": "nan"}     a number that JSON has not: nan, inf, -inf
    {"absent": true}      undefined
    {"layer": "Linear", "arguments": [2, 3]}   a layer, which is made there

An input has "values" with a shape and a dtype, or a seed: (rand(shape) - 0.5) * scale after manual_seed(seed), which is bit for bit
what the package draws. A result is a tensor {"dtype", "shape", "every", "data": base64 of bytes, little endian}, or arrays and objects of
them; of a large tensor, the data are the elements 0, every, 2 * every, ... in row-major order.
"""

import base64
import gzip
import json
import re
import zlib
from collections import Counter
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

DTYPES = {"float32": torch.float32, "float64": torch.float64, "int64": torch.int64, "int32": torch.int32, "bool": torch.bool}
FLOATS = ("float32", "float64")
MOST_ELEMENTS = 120


class Input(dict):
    """A tensor that a record describes."""


def seeded(seed, shape, dtype="float32", scale=4.0):
    return Input(shape=list(shape), dtype=dtype, seed=seed, scale=scale)


def given(values, dtype="float32", shape=None):
    values = list(values)
    return Input(shape=[len(values)] if shape is None else list(shape), dtype=dtype, values=[written(value) for value in values])


def written(value):
    """A number as JSON has it: NaN and infinities become text."""
    is_plain = isinstance(value, (bool, int)) or abs(value) < float("inf")
    return value if is_plain else str(float(value))


def made(record):
    dtype = DTYPES[record["dtype"]]
    if "values" in record:
        values = [float(value) if isinstance(value, str) else value for value in record["values"]]
        return torch.tensor(values, dtype=dtype).reshape(record["shape"])
    torch.manual_seed(record["seed"])
    return (torch.rand(record["shape"], dtype=dtype) - 0.5) * record["scale"]


def encoded(value, inputs):
    """Arguments for JSON; the inputs among them are collected."""
    if isinstance(value, Input):
        if not any(value is other for other in inputs):
            inputs.append(value)
        return {"tensor": next(i for i, other in enumerate(inputs) if other is value)}
    if isinstance(value, float) and not abs(value) < float("inf"):
        return {"number": str(value)}
    if isinstance(value, (list, tuple)):
        return [encoded(each, inputs) for each in value]
    if isinstance(value, dict):
        return {key: encoded(each, inputs) for key, each in value.items()}
    return value


def decoded(value, tensors):
    if isinstance(value, list):
        return [decoded(each, tensors) for each in value]
    if isinstance(value, dict):
        if "tensor" in value:
            return tensors[value["tensor"]]
        if "number" in value:
            return float(value["number"])
        if "absent" in value:
            return None
        if "layer" in value:
            return layer_of(value)
        return {key: decoded(each, tensors) for key, each in value.items()}
    return value


def packed(result):
    if isinstance(result, torch.Tensor):
        every = max(1, -(-result.numel() // MOST_ELEMENTS)) | 1  # odd, so that no phase of a stride is left out
        data = base64.b64encode(result.detach().flatten()[::every].contiguous().numpy().tobytes()).decode()
        return {"dtype": str(result.dtype).removeprefix("torch."), "shape": list(result.shape), "every": every, "data": data}
    if hasattr(result, "_fields") or "torch.return_types" in str(type(result)):
        return {"values": packed(result.values), "indices": packed(result.indices)}
    return [packed(each) for each in result]


def checksum(tensor):
    """The CRC-32 of a tensor's bytes."""
    return zlib.crc32(tensor.detach().contiguous().numpy().tobytes())


def snake_case(name):
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def torch_options(options):
    renamed = {snake_case(key): value for key, value in options.items()}
    if "dtype" in renamed:
        renamed["dtype"] = DTYPES[renamed["dtype"]]
    return renamed


def split_options(arguments):
    if arguments and isinstance(arguments[-1], dict):
        return arguments[:-1], torch_options(arguments[-1])
    return arguments, {}


class Snake(nn.Module):
    """x + sin(alpha x)^2 / (alpha + 1e-9), as the Descript codec and SNAC write it."""

    def __init__(self, channels, dtype=torch.float32):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, channels, 1, dtype=dtype))

    def forward(self, x):
        return x + (self.alpha + 1e-9).reciprocal() * torch.sin(self.alpha * x).pow(2)

    def extra_repr(self):
        return str(self.alpha.shape[1])


class ZeroPad1d(nn.ConstantPad1d):
    """PyTorch has it from 2.1 on, and prints it so."""

    def __init__(self, padding):
        super().__init__(padding, 0.0)

    def extra_repr(self):
        return str(self.padding)


OWN_LAYERS = {"Snake": Snake, "ZeroPad1d": ZeroPad1d}


def layer_of(record):
    """The layer of {"layer", "arguments"}."""
    arguments, options = split_options(decoded(record["arguments"], []))
    name = record["layer"]
    kind = OWN_LAYERS[name] if name in OWN_LAYERS else getattr(nn, name)
    arguments = [tuple(each) if isinstance(each, list) and name.endswith("Pad1d") else each for each in arguments]
    return kind(*arguments, **options)


def along(function, plain=None):
    """A reduction over given dimensions, or over all of them."""

    def call(x, dims=None, **options):
        return (plain or function)(x) if dims is None else function(x, dims, **options)

    return call


def deviation(function):
    def call(x, dims=None, correction=1, keepdim=False):
        return function(x, dim=dims, correction=correction, keepdim=keepdim)

    return call


def batch_norm(x, mean, var, weight=None, bias=None, **options):
    return F.batch_norm(x, mean, var, weight, bias, **options)


def instance_norm(x, mean=None, var=None, weight=None, bias=None, **options):
    return F.instance_norm(x, mean, var, weight, bias, **options)


def converted(x, dtype):
    return x.to(DTYPES[dtype])


def picked(x, *indices):
    return x[tuple(slice(*each) if isinstance(each, list) else each for each in indices)]


def norm(x, dims=None, keepdim=False):
    # With several dimensions this is sqrt(sum(x^2)), whose gradient at zero is NaN; with one or all of them, it is 0.
    return torch.norm(x) if dims is None and not keepdim else torch.norm(x, dim=dims, keepdim=keepdim)


METHODS = {
    "sum": along(torch.sum), "mean": along(torch.mean), "prod": along(torch.prod),
    "max": along(torch.max), "min": along(torch.min), "amax": along(torch.amax), "amin": along(torch.amin),
    "argmax": along(torch.argmax), "argmin": along(torch.argmin), "any": along(torch.any), "all": along(torch.all),
    "std": deviation(torch.std), "var": deviation(torch.var), "cumsum": torch.cumsum,
    "sort": lambda x, dim=-1, descending=False: torch.sort(x, dim=dim, descending=descending, stable=True),
    "topk": torch.topk, "gather": torch.gather, "indexSelect": torch.index_select,
    "softmax": torch.softmax, "logSoftmax": torch.log_softmax, "matmul": torch.matmul,
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow,
    "minimum": torch.minimum, "maximum": torch.maximum, "clamp": torch.clamp,
    "eq": torch.eq, "ne": torch.ne, "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge,
    "neg": torch.neg, "abs": torch.abs, "to": converted,
    "logicalNot": torch.logical_not, "logicalAnd": torch.logical_and, "logicalOr": torch.logical_or,
    "split": torch.split, "chunk": torch.chunk, "narrow": torch.narrow,
    "reshape": lambda x, *sizes: x.reshape(sizes), "permute": lambda x, *dims: x.permute(dims),
    "expand": lambda x, *sizes: x.expand(sizes),
    "transpose": torch.transpose, "flatten": torch.flatten, "squeeze": torch.squeeze, "unsqueeze": torch.unsqueeze,
    "flip": torch.flip, "clone": torch.clone, "at": picked, "norm": norm, "dot": torch.dot,
    "repeatInterleave": torch.repeat_interleave,
    **{name: getattr(torch, name) for name in (
        "relu", "sqrt", "exp", "log", "sin", "cos", "tanh", "sigmoid", "erf", "square", "reciprocal", "rsqrt", "log1p", "expm1", "floor", "ceil",
        "round", "sign",
    )},
}  # fmt: skip
FREE = {"where": torch.where, "cat": torch.cat, "stack": torch.stack}
FUNCTIONAL = {
    "linear": F.linear, "embedding": F.embedding, "batchNorm": batch_norm, "instanceNorm": instance_norm,
    "groupNorm": F.group_norm, "layerNorm": F.layer_norm, "softmax": F.softmax, "logSoftmax": F.log_softmax, "glu": F.glu,
    "prelu": F.prelu, "relu": F.relu, "leakyRelu": F.leaky_relu, "elu": F.elu, "gelu": F.gelu, "silu": F.silu,
    "softplus": F.softplus, "hardtanh": F.hardtanh, "maxPool1d": F.max_pool1d, "avgPool1d": F.avg_pool1d,
    "adaptiveAvgPool1d": F.adaptive_avg_pool1d, "adaptiveMaxPool1d": F.adaptive_max_pool1d, "interpolate": F.interpolate,
    "pad": F.pad, "dropout": F.dropout,
    "mseLoss": F.mse_loss, "l1Loss": F.l1_loss, "smoothL1Loss": F.smooth_l1_loss,
    "bceWithLogitsLoss": F.binary_cross_entropy_with_logits, "nllLoss": F.nll_loss, "crossEntropyLoss": F.cross_entropy,
}  # fmt: skip
TABLES = {"tensor": METHODS, "functional": FUNCTIONAL, "free": FREE}


def call_of(record, tensors):
    """Makes the call {"on", "call", "arguments"} with these tensors; on "tensor", the first argument is the tensor with the method."""
    if "callSeed" in record:
        torch.manual_seed(record["callSeed"])
    arguments, options = split_options(decoded(record["arguments"], tensors))
    return TABLES[record["on"]][record["call"]](*arguments, **options)


def report(cases, key, errors):
    """Prints the calls (cases[...][key]) whose error is more than a rounding, and those with too few cases."""
    for name, error in sorted(errors.items(), key=lambda each: -each[1]):
        if error > 0.51:
            print(f"{name:20} {error:10.2f}")
    counts = Counter(each[key] for each in cases)
    print({name: count for name, count in counts.items() if count < 12} or "at least 12 cases each")


def save(name, cases):
    """Writes NAME.json.gz with the same bytes for the same cases."""
    text = json.dumps(cases, separators=(",", ":"))
    Path(__file__).with_name(f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(len(cases), "cases,", len(text), "characters")
