#!/usr/bin/env python3
"""Writes norm-gradients.json.gz: gradients of norms, of functions with parameters of a channel, and of weight norm in the real PyTorch (1.13).

    /usr/bin/python3 test/golden/generate_norm_gradients.py

A case is a call as torch_calls.py describes it, or a layer that is made after manual_seed(seed), with "load" as values of its own and its inputs.
"needs" lists the inputs that require gradients; of a layer, all parameters do. "cotangent" is the input of backward(), and "gradients" what came of
it, by the number of the input or the key of the parameter: PyTorch's in float64 of the same numbers, rounded to the dtype. With each comes a
magnitude, the largest sum of absolute values that it is made of: tests allow a multiple of eps * magnitude. "gradFn" is what PyTorch calls the
gradient, null where it composes what is one operation here.
"""

import copy
import random
import warnings

import torch
import torch_calls
from torch import nn
from torch_calls import FLOATS, call_of, encoded, given, layer_of, made, packed, save, seeded

warnings.simplefilter("ignore")
torch.set_num_threads(1)
torch_calls.MOST_ELEMENTS = 30  # of a gradient: there are many
torch_calls.FUNCTIONAL["snake"] = lambda x, alpha: (
    x + (alpha.reshape(1, -1, 1) + 1e-9).reciprocal() * torch.sin(alpha.reshape(1, -1, 1) * x).pow(2)
)
draw = random.Random(107)
next_seed = iter(range(1, 10**6))
cases = []


def x_of(*shape, dtype="float32", scale=4.0):
    return seeded(next(next_seed), shape, dtype, scale)


def weights(count, dtype, low=0.25, high=2.0):
    """Few are not near zero, so that nothing is left out by chance."""
    if count > 20:
        return x_of(count, dtype=dtype)
    return given([draw.choice([-1, 1]) * (low + (high - low) * draw.random()) for _ in range(count)], dtype)


def name_of(tensor):
    return type(tensor.grad_fn).__name__


# Magnitudes: what the terms of a gradient come to without their signs --------------------------------------------------------------


def normed_terms(x, g, weight, dims, eps, statistics=None):
    """Of x normed over dims, with a weight that is broadcast: those of x, and those of weight and bias before they are summed up."""
    if statistics is None:
        mean = x.mean(dims, keepdim=True)
        rstd = (x.var(dims, unbiased=False, keepdim=True) + eps).rsqrt()
    else:
        mean, rstd = statistics
    normed = ((x - mean) * rstd).abs()
    through = (g * weight).abs()
    of_x = through
    if statistics is None:
        of_x = of_x + through.mean(dims, keepdim=True) + normed * (through * normed).mean(dims, keepdim=True)
    return (of_x * rstd).max().item(), g.abs() * normed, g.abs()


def over_channels(terms, dim=1):
    return terms.sum([each for each in range(terms.dim()) if each != dim]).max().item()


def broadcast(weight, x, dim=1):
    if weight is None:
        return torch.ones([], dtype=torch.float64)
    return weight.reshape([-1 if each == dim else 1 for each in range(x.dim())])


def of_channels(x, g, weight, dims, eps, statistics=None, dim=1):
    of_x, of_weight, of_bias = normed_terms(x, g, broadcast(weight, x, dim), dims, eps, statistics)
    return of_x, over_channels(of_weight, dim), over_channels(of_bias, dim)


def of_batch_norm(x, g, mean, var, weight, training, eps):
    statistics = None if training else (broadcast(mean, x), (broadcast(var, x) + eps).rsqrt())
    return of_channels(x, g, weight, [each for each in range(x.dim()) if each != 1], eps, statistics)


def of_instance_norm(x, g, mean, var, weight, uses_input, eps):
    dim = x.dim() - 2
    statistics = None if uses_input else (broadcast(mean, x, dim), (broadcast(var, x, dim) + eps).rsqrt())
    return of_channels(x, g, weight, [-1], eps, statistics, dim)


def of_group_norm(x, g, groups, weight, eps):
    shape = [x.shape[0], groups, x.shape[1] // groups, -1]
    of_weight = None if weight is None else weight.reshape(1, groups, -1, 1)
    one = torch.ones([], dtype=torch.float64) if of_weight is None else of_weight
    of_x, of_weight, of_bias = normed_terms(x.reshape(shape), g.reshape(shape), one, [2, 3], eps)
    return of_x, over_channels(of_weight.reshape(x.shape)), over_channels(of_bias.reshape(x.shape))


def of_layer_norm(x, g, count, weight, eps):
    rows = [x.numel() // count, count]
    one = torch.ones([], dtype=torch.float64) if weight is None else weight.reshape(1, count)
    of_x, of_weight, of_bias = normed_terms(x.reshape(rows), g.reshape(rows), one, [1], eps)
    return of_x, of_weight.sum(0).max().item(), of_bias.sum(0).max().item()


def of_prelu(x, g, a):
    slopes = a if a.numel() == 1 else broadcast(a, x)
    terms = (g * x).abs()
    of_a = terms.sum().item() if a.numel() == 1 else over_channels(terms)
    return (g * slopes).abs().max().item() + g.abs().max().item(), of_a


def of_snake(x, g, alpha):
    a = broadcast(alpha.flatten(), x)
    b = 1 / (a + 1e-9)
    angle = 1 + (a * x).abs()  # whose rounding the sine passes on
    return (
        (g.abs() * (1 + angle * (a * b).abs())).max().item(),
        over_channels(g.abs() * b.abs() * angle * (2 * x.abs() + b.abs())),
    )


# Cases -----------------------------------------------------------------------------------------------------------------------------


def result(gradient, dtype, magnitude):
    return {**packed(gradient.to(torch_calls.DTYPES[dtype])), "magnitude": magnitude}


def cotangent_like(tensor, dtype):
    return x_of(*tensor.shape, dtype=dtype, scale=2.0)


def wide(record):
    tensor = made(record)
    return tensor.double() if tensor.is_floating_point() else tensor


def function(call, *arguments, needs, magnitudes, **more):
    """`needs` are inputs; magnitudes(tensors, cotangent) has a number for each of them."""
    inputs = []
    record = {"on": "functional", "call": call, "arguments": encoded(arguments, inputs), "inputs": inputs, **more}
    numbers = [next(i for i, other in enumerate(inputs) if other is each) for each in needs]
    tensors = [wide(each) for each in inputs]
    before = [tensor.clone() for tensor in tensors]
    for i in numbers:
        tensors[i].requires_grad_(True)
    out = call_of(record, tensors)
    dtype = inputs[0]["dtype"]
    record["cotangent"] = cotangent_like(out, dtype)
    out.backward(wide(record["cotangent"]))
    sizes = magnitudes(before, wide(record["cotangent"]))
    record["needs"] = numbers
    record["gradFn"] = None if call == "snake" else name_of(out)
    record["gradients"] = {
        str(i): result(tensors[i].grad, dtype, size) for i, size in zip(numbers, sizes) if size is not None
    }
    cases.append(record)


def some(given_ones, i):
    """The inputs that are there; of many cases, some need but one gradient."""
    there = [each for each in given_ones if each is not None]
    return there if i % 4 != 3 else [there[i // 4 % len(there)]]


def norm(call, arguments, affine, i, magnitudes, **more):
    """`affine`: x, weight and bias, of which the latter may be None; magnitudes(tensors by input, cotangent)."""
    needs = some(affine, i)

    def sizes(tensors, g):
        inputs = []
        encoded(arguments, inputs)
        value = lambda each: None if each is None else tensors[next(k for k, one in enumerate(inputs) if one is each)]  # noqa: E731
        all_sizes = magnitudes(value, g)
        return [size for each, size in zip(affine, all_sizes) if any(each is one for one in needs)]

    function(call, *arguments, needs=needs, magnitudes=sizes, **more)


def affine_of(i, x, count, dtype):
    weight = weights(count, dtype) if i % 5 != 1 else None
    bias = weights(count, dtype) if i % 5 not in (1, 2) else None
    return [x, weight, bias]


CHANNELED = [
    (2, 3, 5), (4, 6, 10), (1, 4, 9), (3, 1, 40), (8, 5), (2, 3, 4100), (3, 2, 33), (5, 7, 2), (130, 4), (2, 8, 300), (9, 3, 17), (16, 33),
    (1, 2, 9000), (260, 3, 3), (3, 40, 16), (2, 5, 31),
]  # fmt: skip


def batch_norms():
    for i, sizes in enumerate(CHANNELED):
        for training in (True, False):
            for dtype in FLOATS:
                x = x_of(*sizes, dtype=dtype)
                affine = affine_of(i, x, sizes[1], dtype)
                mean = weights(sizes[1], dtype)
                var = given([0.25 + draw.random() for _ in range(sizes[1])], dtype)
                eps = draw.choice([1e-5, 1e-3, 0.1])
                norm(
                    "batchNorm", [x, mean, var, *affine[1:], {"training": training, "eps": eps}], affine, i,
                    lambda value, g, a=affine, m=mean, v=var, t=training, e=eps: of_batch_norm(
                        value(a[0]), g, value(m), value(v), value(a[1]), t, e
                    ),
                )


def instance_norms():
    for i, sizes in enumerate(each for each in CHANNELED if len(each) == 3):
        for uses_input in (True, False):
            for dtype in FLOATS:
                x = x_of(*sizes, dtype=dtype)
                affine = affine_of(i, x, sizes[1], dtype)
                mean = weights(sizes[1], dtype)
                var = given([0.25 + draw.random() for _ in range(sizes[1])], dtype)
                norm(
                    "instanceNorm", [x, mean, var, *affine[1:], {"useInputStats": uses_input}], affine, i,
                    lambda value, g, a=affine, m=mean, v=var, u=uses_input: of_instance_norm(
                        value(a[0]), g, value(m), value(v), value(a[1]), u, 1e-5
                    ),
                )


def group_norms():
    for i, sizes in enumerate([*CHANNELED, (2, 6, 3, 4), (3, 8, 2, 2, 3)]):
        for dtype in FLOATS:
            groups = draw.choice([each for each in range(1, sizes[1] + 1) if sizes[1] % each == 0])
            if sizes[1] // groups * torch.Size(sizes[2:]).numel() == 1:
                groups = 1  # of one element nothing is left
            x = x_of(*sizes, dtype=dtype)
            affine = affine_of(i, x, sizes[1], dtype)
            norm(
                "groupNorm", [x, groups, *affine[1:], {"eps": 1e-3}], affine, i,
                lambda value, g, a=affine, k=groups: of_group_norm(value(a[0]), g, k, value(a[1]), 1e-3),
            )


ROWS = [
    ([7], 1), ([3, 5], 1), ([3, 5], 2), ([2, 3, 4], 1), ([2, 3, 4], 2), ([140, 6], 1), ([2, 4100], 1), ([9000], 1), ([3, 2, 2500], 2), ([300, 33], 1),
    ([1, 64], 1), ([5, 10, 17], 1), ([20, 2], 1), ([2, 129, 16], 1),
]  # fmt: skip


def layer_norms():
    for i, (sizes, dims) in enumerate(ROWS):
        for dtype in FLOATS:
            x = x_of(*sizes, dtype=dtype)
            normalized = sizes[-dims:]
            count = torch.Size(normalized).numel()
            affine = affine_of(i, x, count, dtype)
            for each in affine[1:]:
                if each is not None:
                    each["shape"] = normalized
            norm(
                "layerNorm", [x, normalized, *affine[1:], {"eps": 1e-3}], affine, i,
                lambda value, g, a=affine, c=count: of_layer_norm(value(a[0]), g, c, value(a[1]), 1e-3),
            )


def channel_functions():
    for i, sizes in enumerate([*CHANNELED, (11,), (2, 3, 4, 5)]):
        for dtype in FLOATS:
            x = x_of(*sizes, dtype=dtype)
            count = 1 if i % 3 == 0 or len(sizes) == 1 else sizes[1]
            a = weights(count, dtype)
            norm("prelu", [x, a], [x, a], i, lambda value, g, x=x, a=a: of_prelu(value(x), g, value(a)))
            if len(sizes) != 3:
                continue
            alpha = weights(sizes[1], dtype, 0.05, 3.0)
            if i % 2:
                alpha["shape"] = [1, sizes[1], 1]
            norm("snake", [x, alpha], [x, alpha], i, lambda value, g, x=x, a=alpha: of_snake(value(x), g, value(a)))


# Layers ----------------------------------------------------------------------------------------------------------------------------


def layer(name, arguments, x, magnitudes, *, training=True, load=None, call_seed=None, weight_norm=None):
    """Gradients of the input and of all parameters; magnitudes(layer, x, cotangent) by "x" and by key."""
    record = {"layer": name, "arguments": arguments, "seed": next(next_seed), "training": training, "input": x}
    torch.manual_seed(record["seed"])
    module = layer_of(record).double()
    record["load"] = {key: value for key, value in (load or {}).items() if key in module.state_dict()}
    module.load_state_dict({key: wide(value) for key, value in record["load"].items()}, strict=False)
    module.train(training)
    before = copy.deepcopy(module)
    tensor = wide(x).requires_grad_(True)
    if call_seed is not None:
        record["callSeed"] = call_seed
        torch.manual_seed(call_seed)
    out = module(tensor)
    record["cotangent"] = cotangent_like(out, x["dtype"])
    g = wide(record["cotangent"])
    out.backward(g)
    sizes = magnitudes(before, tensor.detach(), g)
    found = {"x": tensor.grad, **{key: each.grad for key, each in module.named_parameters()}}
    record["gradFn"] = None if name == "Snake" else name_of(out)
    record["gradients"] = {key: result(each, x["dtype"], sizes[key]) for key, each in found.items()}
    cases.append(record)


def named(sizes, *keys):
    return dict(zip(("x", *(keys or ("weight", "bias"))), sizes))


def parameters(dtype, **shapes):
    return {key: {**weights(torch.Size(shape).numel(), dtype), "shape": list(shape)} for key, shape in shapes.items()}


def layers():
    for i in range(12):
        dtype = FLOATS[i % 2]
        n, c, length = draw.randint(2, 5), 2 * draw.randint(1, 4), draw.randint(2, 40)
        options = {"dtype": dtype}
        load = parameters(dtype, weight=[c], bias=[c])
        sizes = [n, c] if i % 3 == 2 else [n, c, length]
        stats = {"running_mean": weights(c, dtype), "running_var": given([0.25 + draw.random() for _ in range(c)], dtype)}
        for training in (True, False):
            more = {"trackRunningStats": False} if i == 4 else {"affine": False} if i == 7 else {}
            layer(
                "BatchNorm1d", [c, {**options, **more}], x_of(*sizes, dtype=dtype),
                lambda module, x, g: named(of_batch_norm(
                    x, g, module.running_mean, module.running_var, module.weight, module.training or module.running_mean is None, module.eps
                )),
                training=training, load={**load, **stats},
            )  # fmt: skip
            more = {"trackRunningStats": i % 2 == 1, "affine": i % 4 != 0}
            layer(
                "InstanceNorm1d", [c, {**options, **more}], x_of(*([c, length] if i % 3 == 2 else [n, c, length]), dtype=dtype),
                lambda module, x, g: named(of_instance_norm(
                    x, g, module.running_mean, module.running_var, module.weight, module.training or module.running_mean is None, module.eps
                )),
                training=training, load={**load, **stats},
            )  # fmt: skip
        groups = draw.choice([1, 2, c])
        layer(
            "GroupNorm", [groups, c, options], x_of(n, c, length, dtype=dtype),
            lambda module, x, g: named(of_group_norm(x, g, module.num_groups, module.weight, module.eps)), load=load,
        )  # fmt: skip
        load = parameters(dtype, weight=[c, length], bias=[c, length])
        layer(
            "LayerNorm", [[c, length], options], x_of(n, c, length, dtype=dtype),
            lambda module, x, g: named(of_layer_norm(x, g, x[0].numel(), module.weight, module.eps)), load=load,
        )  # fmt: skip
        count = 1 if i % 4 == 0 else c
        layer(
            "PReLU", [count, {**options, "init": 0.25 + draw.random()}], x_of(n, c, length, dtype=dtype),
            lambda module, x, g: named(of_prelu(x, g, module.weight), "weight"),
        )  # fmt: skip
        layer(
            "Snake", [c, options], x_of(n, c, length, dtype=dtype),
            lambda module, x, g: named(of_snake(x, g, module.alpha), "alpha"),
            load={"alpha": {**weights(c, dtype, 0.05, 3.0), "shape": [1, c, 1]}},
        )  # fmt: skip
        layer(
            "Dropout", [draw.choice([0.1, 0.5, 0.9])], x_of(n, c, length, dtype=dtype),
            lambda module, x, g: {"x": g.abs().max().item() / (1 - module.p)}, call_seed=next(next_seed),
        )  # fmt: skip


def weight_norms():
    """Of a layer's weight, by itself: the cotangent is that of the weight."""
    kinds = [("Conv1d", [6, 4, 5], 3), ("ConvTranspose1d", [3, 4, 3], 3), ("Linear", [7, 5], 2), ("Conv1d", [1, 1, 1], 3), ("Conv1d", [8, 40, 7], 3)]
    for i, (name, arguments, ndim) in enumerate(kinds):
        for dim in [None, *range(ndim)]:
            for dtype in FLOATS:
                record = {"layer": name, "arguments": [*arguments, {"dtype": dtype}], "seed": next(next_seed), "weightNorm": dim}
                torch.manual_seed(record["seed"])
                module = nn.utils.weight_norm(layer_of(record).double(), dim=dim)
                g, v = (getattr(module, f"weight_{part}") for part in "gv")
                record["load"] = {
                    "weight_g": {**weights(g.numel(), dtype), "shape": list(g.shape)},
                    "weight_v": x_of(*v.shape, dtype=dtype),
                }
                module.load_state_dict({key: wide(value) for key, value in record["load"].items()}, strict=False)
                for hook in module._forward_pre_hooks.values():
                    hook(module, None)
                record["cotangent"] = cotangent_like(v, dtype)
                cotangent = wide(record["cotangent"])
                record["gradFn"] = name_of(module.weight)
                module.weight.backward(cotangent)
                others = [] if dim is None else [each for each in range(ndim) if each != dim]
                norms = (v.square().sum(others, keepdim=True) if others or dim is None else v.square()).sqrt()
                norms = v.norm() if dim is None else norms
                terms = (cotangent * v).abs()
                along = terms.sum() if dim is None else terms.sum(others, keepdim=True)
                record["gradients"] = {
                    "weight_g": result(g.grad, dtype, (along / norms).max().item()),
                    "weight_v": result(
                        v.grad, dtype, (g.abs() / norms * (cotangent.abs() + v.abs() * along / norms.square())).max().item()
                    ),
                }
                cases.append(record)


batch_norms()
instance_norms()
group_norms()
layer_norms()
channel_functions()
layers()
weight_norms()
save("norm-gradients", cases)
