#!/usr/bin/env python3
"""Writes layers.json.gz: layers of the real PyTorch (1.13): initial values, names, how they print, and what they compute.

    /usr/bin/python3 test/golden/generate_layers.py

A case makes a layer after manual_seed(seed). "state" lists the keys of its state dict in order, with shape, dtype and the CRC-32 of the
initial values' bytes (null where logarithm, sine and cosine of the C library make float64 normal numbers). "repr" is what PyTorch prints.
Then "load", if it is there, gives other values by key; train or eval; and the calls, one after the other, each with its inputs and result.
"after" has buffers that the calls changed. "magnitude" as in generate_operations.py. Snake is not PyTorch's; its "repr" is null.
"""

import copy
import random
import warnings

import torch
from torch import nn
from torch_calls import FLOATS, checksum, decoded, encoded, given, layer_of, made, packed, report, save, seeded

warnings.simplefilter("ignore")
torch.set_num_threads(1)
draw = random.Random(38)
cases = []
errors = {}
next_seed = iter(range(1, 10**6))


def x_of(*shape, dtype="float32", scale=4.0):
    return seeded(next(next_seed), shape, dtype, scale)


def floats_of(result):
    if isinstance(result, torch.Tensor):
        return [result.detach().double()] if result.is_floating_point() else []
    return [tensor for each in result for tensor in floats_of(each)]


def note_error(name, got, exact, magnitude):
    for one, right in zip(floats_of(got), floats_of(exact)):
        scale = right.abs().clamp(min=max(magnitude, 1e-30))
        error = ((one - right).abs() / scale / 2**-24)[torch.isfinite(one) & torch.isfinite(right)]
        if error.numel() > 0:
            errors[name] = max(errors.get(name, 0), error.max().item())


def largest(tensor):
    finite = tensor[torch.isfinite(tensor)]
    return finite.abs().max().item() if finite.numel() > 0 else 0.0


def initial(name, key, tensor):
    is_exact = not (name == "Embedding" and tensor.dtype == torch.float64)
    return [key, list(tensor.shape), str(tensor.dtype).removeprefix("torch."), checksum(tensor) if is_exact else None]


def widened(tensor):
    return tensor.double() if tensor.is_floating_point() else tensor


def case(name, arguments, calls, training=False, load=None, magnitude=None, call_seed=None):
    """`calls`: for each call of forward its arguments; `magnitude`: of the inputs and the layer, in float64."""
    seed = draw.randrange(2**31)
    record = {"layer": name, "arguments": encoded(arguments, []), "seed": seed, "training": training}
    torch.manual_seed(seed)
    layer = layer_of(record)
    record["state"] = [initial(name, key, value) for key, value in layer.state_dict().items()]
    record["repr"] = None if name == "Snake" else repr(layer)
    if load is not None:
        record["load"] = load
        layer.load_state_dict({key: made(value) for key, value in load.items()}, strict=False)
    layer.train(training)
    if call_seed is not None:
        record["callSeed"] = call_seed
    record["calls"] = []
    before = {key: value.clone() for key, value in layer.named_buffers()}
    for each in calls:
        inputs = []
        call = {"arguments": encoded(each, inputs), "inputs": inputs}
        tensors = [made(one) for one in inputs]
        if magnitude is not None:
            call["magnitude"] = float(magnitude(layer, *map(widened, tensors)))
        if call_seed is not None:
            torch.manual_seed(call_seed)
        else:
            exact = copied(layer)(*decoded(call["arguments"], [widened(one) for one in tensors]))
        result = layer(*decoded(call["arguments"], tensors))
        if call_seed is None and all(one["dtype"] != "float64" for one in inputs):
            note_error(name, result, exact, call.get("magnitude", 0))
        record["calls"].append({**call, "result": packed(result)})
    after = {key: packed(value) for key, value in layer.named_buffers() if not torch.equal(value, before[key])}
    if after:
        record["after"] = after
    cases.append(record)


def copied(layer):
    """The layer in float64."""
    return copy.deepcopy(layer).double()


def in_dtype(options, dtype):
    return [{**options, "dtype": dtype}] if dtype == "float64" else [options] if options else []


# With parameters that are drawn -----------------------------------------------------------------------------------------------------

def linear_bound(layer, x):
    bias = 0.0 if layer.bias is None else largest(layer.bias)
    return largest(nn.functional.linear(x.abs(), layer.weight.double().abs())) + bias


def linears():
    for i in range(14):
        dtype = FLOATS[i % 3 == 2]
        inputs, outputs = draw.choice([(3, 5), (1, 1), (7, 33), (64, 10), (300, 4), (17, 16)])
        lead = draw.choice([[], [4], [2, 3], [1], [0], [2, 1, 3]])
        options = {"bias": False} if i % 4 == 1 else {}
        case("Linear", [inputs, outputs, *in_dtype(options, dtype)], [[x_of(*lead, inputs, dtype=dtype)]], magnitude=linear_bound)


def embeddings():
    for i in range(13):
        dtype = FLOATS[i % 5 == 4]
        rows, width = draw.choice([(5, 3), (1, 1), (7, 16), (40, 9), (3, 2)])
        options = {} if i % 3 else {"paddingIdx": draw.choice([0, rows - 1, -1])}
        sizes = draw.choice([[4], [2, 3], [], [0], [1, 2, 2]])
        count = torch.Size(sizes).numel()
        index = given([draw.randrange(rows) for _ in range(count)], "int32" if i % 4 == 3 else "int64", sizes)
        case("Embedding", [rows, width, *in_dtype(options, dtype)], [[index]])


def recurrent(name):
    for i in range(26):
        dtype = FLOATS[i % 4 == 3]
        inputs, hidden, layers = draw.randint(1, 9), draw.choice([1, 3, 4, 8, 17, 33]), draw.choice([1, 1, 2, 3])
        options = {}
        if layers > 1:
            options["numLayers"] = layers
        if draw.random() < 0.25:
            options["bias"] = False
        if draw.random() < 0.4:
            options["batchFirst"] = True
        if draw.random() < 0.4:
            options["bidirectional"] = True
        batch, steps = draw.choice([None, 1, 2, 3, 9]), draw.choice([1, 2, 5, 11])
        if batch is None:
            sizes = [steps, inputs]
        else:
            sizes = [batch, steps, inputs] if options.get("batchFirst") else [steps, batch, inputs]
        states = [layers * (2 if options.get("bidirectional") else 1), *([] if batch is None else [batch]), hidden]
        call = [x_of(*sizes, dtype=dtype)]
        if i % 2:
            start = [x_of(*states, dtype=dtype, scale=2.0) for _ in range(2 if name == "LSTM" else 1)]
            call.append(start if name == "LSTM" else start[0])
        case(name, [inputs, hidden, *in_dtype(options, dtype)], [call], magnitude=lambda layer, *tensors: 1.0)
    case(
        name, [3, 4],
        [[given([0.5, float("nan"), 1.0] + [0.25] * 6, shape=[3, 1, 3])], [given([float("inf"), 0.0, -1.0] * 2, shape=[2, 1, 3])]],
        magnitude=lambda layer, *tensors: 1.0,
    )
    case(name, [3, 4], [[x_of(2, 1, 3, scale=400.0)]], magnitude=lambda layer, *tensors: 100.0)  # sums of gates are that large


# Norms -----------------------------------------------------------------------------------------------------------------------------

def weights(*keys_and_shapes, dtype):
    return {key: x_of(*sizes, dtype=dtype) for key, sizes in keys_and_shapes}


def spread_bound(groups):
    def bound(layer, x):
        rows = x.reshape(groups(layer, x), -1)
        weight = 1.0 if getattr(layer, "weight", None) is None else largest(layer.weight)
        bias = 0.0 if getattr(layer, "bias", None) is None else largest(layer.bias)
        return largest(x) * largest((rows.var(1, unbiased=False) + layer.eps).rsqrt()) * weight + bias

    return bound


def channel_bound(layer, x):
    """Of BatchNorm1d in training and InstanceNorm1d."""
    by_channel = x.transpose(0, 1).reshape(x.shape[1], -1) if isinstance(layer, nn.BatchNorm1d) else x.reshape(-1, x.shape[-1])
    least = (by_channel.var(1, unbiased=False) + layer.eps).rsqrt()
    weight = 1.0 if layer.weight is None else largest(layer.weight)
    return largest(x) * largest(least) * weight + (0.0 if layer.bias is None else largest(layer.bias))


def running_bound(layer, x):
    rstd = (layer.running_var.double() + layer.eps).rsqrt()
    weight = 1.0 if layer.weight is None else largest(layer.weight)
    return (largest(x) + largest(layer.running_mean)) * largest(rstd) * weight + (0.0 if layer.bias is None else largest(layer.bias))


def norms():
    for i in range(24):
        dtype = FLOATS[i % 4 == 3]
        channels, batch, length = draw.randint(1, 6), draw.randint(2, 4), draw.randint(1, 30)
        training = i % 2 == 0
        options = {}
        if i % 3 == 1:
            options["momentum"] = draw.choice([None, 0.3, 1.0, 0.0])
        if i % 5 == 2:
            options["affine"] = False
        if i % 6 == 5:
            options["trackRunningStats"] = False
        if i % 7 == 3:
            options["eps"] = 1e-3
        affine = options.get("affine", True)
        load = weights(("weight", [channels]), ("bias", [channels]), dtype=dtype) if affine and i % 4 < 2 else {}
        uses_batch = training or options.get("trackRunningStats") is False
        if not uses_batch:
            load["running_mean"] = x_of(channels, dtype=dtype)
            load["running_var"] = given([0.25 + draw.random() for _ in range(channels)], dtype)
        calls = [
            [x_of(*([batch, channels] if i % 8 > 5 else [batch, channels, length]), dtype=dtype)] for _ in range(3 if training else 1)
        ]
        case(
            "BatchNorm1d", [channels, *in_dtype(options, dtype)], calls, training, load or None,
            channel_bound if uses_batch else running_bound,
        )
    for i in range(13):
        dtype = FLOATS[i % 4 == 3]
        groups = draw.choice([1, 2, 3])
        channels, batch, length = groups * draw.randint(1, 3), draw.randint(1, 3), draw.randint(2, 40)
        options = {**({"affine": False} if i % 3 == 1 else {}), **({"eps": 1e-3} if i % 4 == 2 else {})}
        load = None if i % 3 == 1 or i % 2 else weights(("weight", [channels]), ("bias", [channels]), dtype=dtype)
        case(
            "GroupNorm", [groups, channels, *in_dtype(options, dtype)], [[x_of(batch, channels, length, dtype=dtype)]],
            i % 2 == 0, load, spread_bound(lambda layer, x: x.shape[0] * layer.num_groups),
        )
        options = {**({"affine": True} if i % 3 == 1 else {}), **({"trackRunningStats": True, "momentum": 0.25} if i % 4 == 2 else {})}
        load = weights(("weight", [channels]), ("bias", [channels]), dtype=dtype) if i % 3 == 1 else None
        sizes = [channels, length] if i % 5 == 4 else [batch, channels, length]
        calls = [[x_of(*sizes, dtype=dtype)] for _ in range(2 if i % 4 == 2 else 1)]
        case("InstanceNorm1d", [channels, *in_dtype(options, dtype)], calls, True, load, channel_bound)
        options = {**({"elementwiseAffine": False} if i % 3 == 1 else {}), **({"eps": 1e-3} if i % 4 == 2 else {})}
        normalized = draw.choice([length, [length], [channels, length]])
        shape = [normalized] if isinstance(normalized, int) else normalized
        load = None if i % 3 == 1 or i % 2 else weights(("weight", shape), ("bias", shape), dtype=dtype)
        case(
            "LayerNorm", [normalized, *in_dtype(options, dtype)], [[x_of(batch, channels, length, dtype=dtype)]], False, load,
            spread_bound(lambda layer, x: x.numel() // torch.Size(layer.normalized_shape).numel()),
        )
    # In evaluation mode with running values, too.
    for dtype in FLOATS:
        load = {"running_mean": x_of(3, dtype=dtype), "running_var": given([0.5, 1.0, 2.0], dtype)}
        case(
            "InstanceNorm1d", [3, *in_dtype({"trackRunningStats": True}, dtype)], [[x_of(2, 3, 5, dtype=dtype)]], False, load,
            running_bound,
        )


# Without parameters, or with few ---------------------------------------------------------------------------------------------------------

def shape(most=4, largest=6, least=1):
    return [draw.randint(1, largest) for _ in range(draw.randint(least, most))]


def beside(layer, x):
    """GELU and e^x - 1 come from numbers as large as their input and one."""
    return largest(x) if isinstance(layer, (nn.GELU, nn.LogSoftmax)) else 1.0


ACTIVATIONS = {
    "ReLU": [[]], "LeakyReLU": [[], [0.1], [0.0]], "ELU": [[], [0.5], [2.0]], "GELU": [[], [{"approximate": "tanh"}], [{"approximate": "none"}]],
    "SiLU": [[]], "Softplus": [[], [{"beta": 2}], [{"beta": 0.5, "threshold": 3}]],
    "Hardtanh": [[], [{"minVal": 0.0, "maxVal": 6.0}], [{"minVal": -2.5}]], "Tanh": [[]], "Sigmoid": [[]], "Identity": [[]],
    "Softmax": [[0], [-1], [1]], "LogSoftmax": [[0], [-1], [1]], "GLU": [[], [0], [1]],
}  # fmt: skip


def simple():
    for name, parameters in ACTIVATIONS.items():
        for i in range(12):
            dims = shape(least=2)
            if name == "GLU":
                dims = [2 * size for size in dims]
            bound = beside if name in ("GELU", "ELU", "LogSoftmax") else None
            case(
                name, parameters[i % len(parameters)],
                [[x_of(*dims, dtype=FLOATS[i % 4 == 3], scale=draw.choice([4.0, 16.0]))]], i % 2 == 0, magnitude=bound,
            )
    for i in range(12):
        dtype = FLOATS[i % 4 == 3]
        count = draw.choice([1, 1, 3, 5])
        arguments = [] if i % 4 == 0 else [count, *in_dtype({"init": 0.1} if i % 3 else {}, dtype)]
        count = 1 if i % 4 == 0 else count
        load = weights(("weight", [count]), dtype=dtype) if i % 2 else None
        case("PReLU", arguments, [[x_of(2, count if count > 1 else 4, *shape(1), dtype=dtype)]], load=load)
        channels = draw.randint(1, 6)
        load = {"alpha": given([0.05 + 3 * draw.random() for _ in range(channels)], dtype, [1, channels, 1])} if i % 3 else None
        case(
            "Snake", [channels, *in_dtype({}, dtype)],
            [[x_of(draw.randint(1, 3), channels, draw.randint(1, 20), dtype=dtype)]], load=load,
            magnitude=lambda layer, x: largest(x) + largest((layer.alpha + 1e-9).reciprocal()),
        )
        flat = [[], [0], [1, 2], [0, 1], [1, -2]][i % 5]
        case("Flatten", flat, [[x_of(*shape(4, 4, 3), dtype=dtype)]])
        p = [0.5, 0.1, 0.9, 0.3, 0.0, 1.0][i % 6]
        case("Dropout", [] if i == 6 else [p], [[x_of(*shape(3, 8), dtype=dtype)]], i % 7 != 5, call_seed=next(next_seed))


# Windows ---------------------------------------------------------------------------------------------------------------------------

def windows():
    for i in range(14):
        dtype = FLOATS[i % 4 == 3]
        length = draw.randint(5, 40)
        batch = draw.choice([[], [1], [2]])
        sizes = [*batch, draw.randint(1, 4), length]
        kernel = draw.randint(1, 5)
        options = {
            **({"stride": draw.randint(1, 4)} if i % 2 else {}), **({"padding": kernel // 2} if i % 3 else {}),
            **({"ceilMode": True} if i % 4 == 1 else {}),
        }
        more = {**({"dilation": 2} if kernel < 3 else {}), **({"returnIndices": True} if i % 3 == 1 else {})}
        case("MaxPool1d", [kernel, *in_dtype({**options, **more}, "float32")], [[x_of(*sizes, dtype=dtype)]])
        more = {"countIncludePad": False} if i % 3 == 1 else {}
        case(
            "AvgPool1d", [kernel, *in_dtype({**options, **more}, "float32")], [[x_of(*sizes, dtype=dtype)]],
            magnitude=lambda layer, x: largest(x),
        )
        out = [1, length, length + 2][i] if i < 3 else draw.randint(1, length)
        case("AdaptiveAvgPool1d", [out], [[x_of(*sizes, dtype=dtype)]], magnitude=lambda layer, x: largest(x))
        case("AdaptiveMaxPool1d", [out, *([{"returnIndices": True}] if i % 2 else [])], [[x_of(*sizes, dtype=dtype)]])
        options = {"size": draw.randint(1, 50)} if i % 3 == 0 else {"scaleFactor": draw.choice([2, 3, 0.5, 1.7])}
        if i % 2:
            options["mode"] = "linear"
            if i % 4 == 1:
                options["alignCorners"] = i % 8 == 1
        signals = [draw.randint(1, 3), *sizes[-2:]]
        # In float32 PyTorch rounds positions, too, by eps * length.
        case(
            "Upsample", [options], [[x_of(*signals, dtype=dtype)]],
            magnitude=(lambda layer, x: largest(x) * x.shape[-1]) if i % 2 else None,
        )
        pads = draw.randint(0, 4) if i % 2 else [draw.randint(0, 4), draw.randint(0, 4)]
        case("ConstantPad1d", [pads, draw.choice([0, 1.5, -2])], [[x_of(*sizes, dtype=dtype)]])
        case("ZeroPad1d", [pads], [[x_of(*sizes, dtype=dtype)]])
        case("ReflectionPad1d", [pads], [[x_of(*sizes, dtype=dtype)]])
        case("ReplicationPad1d", [pads], [[x_of(*sizes, dtype=dtype)]])


# In a row --------------------------------------------------------------------------------------------------------------------------

def made_layer(name, *arguments):
    return {"layer": name, "arguments": list(arguments)}


SEQUENCES = [
    ([made_layer("Linear", 4, 8), made_layer("ReLU"), made_layer("Linear", 8, 3)], [2, 4]),
    ([made_layer("Linear", 4, 8), made_layer("Tanh"), made_layer("Linear", 8, 3), made_layer("Softmax", 1)], [5, 4]),
    ([made_layer("Conv1d", 2, 5, 3, {"padding": 1}), made_layer("BatchNorm1d", 5), made_layer("ReLU")], [3, 2, 9]),
    ([made_layer("Conv1d", 2, 4, 3), made_layer("GELU"), made_layer("AdaptiveAvgPool1d", 1), made_layer("Flatten"), made_layer("Linear", 4, 3)], [2, 2, 12]),
    ([made_layer("ConstantPad1d", [2, 0], 0), made_layer("Conv1d", 3, 3, 3, {"groups": 3}), made_layer("GLU", -1)], [1, 3, 8]),
    ([made_layer("Sequential", made_layer("Conv1d", 1, 2, 3), made_layer("ELU")), made_layer("Sequential", made_layer("MaxPool1d", 2), made_layer("Flatten"))], [2, 1, 11]),
    ([made_layer("ConvTranspose1d", 3, 2, 4, {"stride": 2, "padding": 1}), made_layer("LeakyReLU", 0.1), made_layer("Conv1d", 2, 1, 3)], [1, 3, 7]),
    ([made_layer("LayerNorm", 6), made_layer("Linear", 6, 6, {"bias": False}), made_layer("Dropout", 0.5)], [2, 3, 6]),
    ([made_layer("Upsample", {"scaleFactor": 2}), made_layer("Conv1d", 2, 2, 1), made_layer("Sigmoid")], [2, 2, 5]),
    ([made_layer("Embedding", 9, 4), made_layer("Linear", 4, 2)], None),
    ([], [2, 3]),
    ([made_layer("Identity")], [2, 3]),
]  # fmt: skip


def sequences():
    for layers, sizes in SEQUENCES:
        x = given([3, 0, 8, 3], "int64", [2, 2]) if sizes is None else x_of(*sizes)
        case("Sequential", layers, [[x]], magnitude=lambda layer, x: 4.0)


for family in (linears, embeddings, lambda: recurrent("LSTM"), lambda: recurrent("GRU"), norms, simple, windows, sequences):
    family()
report(cases, "layer", errors)
save("layers", cases)
