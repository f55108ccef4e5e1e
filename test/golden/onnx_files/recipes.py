"""Weights of an exported file that need not be in it: recipes that make them again of the parameters of the module.

A recipe is one of

    {"same": key}                  the parameter itself
    {"transposed": key}            a matrix, the other way round, as MatMul has it
    {"norm": [g, v]}               weight norm over all dimensions but the first, folded
    {"gates": [[key, ...], ...], "order": [...]}
                                   of recurrent layers: for each direction its parameters one behind the other, each with its gates in
                                   another order, (directions, gates * hidden, ...)
    {"folded": [w, b or null, gamma, beta, mean, var], "eps": e, "part": "weight" or "bias"}
                                   a convolution with the batch norm behind it
"""

import torch
from torch import nn

# PyTorch has i, f, g, o and r, z, n; ONNX has i, o, f, c and z, r, h.
ORDERS = {"LSTM": [0, 3, 1, 2], "GRU": [1, 0, 2]}


def ordered(tensor, order):
    return torch.cat([tensor.chunk(len(order))[i] for i in order])


def made_of(recipe, state):
    if "same" in recipe:
        return state[recipe["same"]]
    if "transposed" in recipe:
        return state[recipe["transposed"]].t()
    if "norm" in recipe:
        g, v = (state[key] for key in recipe["norm"])
        return v * (g / v.flatten(1).norm(dim=1).reshape(g.shape))
    if "gates" in recipe:
        each = [torch.cat([ordered(state[key], recipe["order"]) for key in keys]) for keys in recipe["gates"]]
        return torch.stack(each)
    weight, bias, gamma, beta, mean, var = (None if key is None else state[key] for key in recipe["folded"])
    scale = gamma / torch.sqrt(var + recipe["eps"])
    if recipe["part"] == "weight":
        return weight * scale.reshape(-1, *[1] * (weight.dim() - 1))
    return ((0 if bias is None else bias) - mean) * scale + beta


def recurrent_recipes(prefix, module):
    order = ORDERS[type(module).__name__]
    for layer in range(module.num_layers):
        ends = [f"_l{layer}", f"_l{layer}_reverse"][: 2 if module.bidirectional else 1]
        for names in (["weight_ih"], ["weight_hh"], ["bias_ih", "bias_hh"]):
            if names[0].startswith("weight") or module.bias:
                yield {"gates": [[prefix + name + end for name in names] for end in ends], "order": order}


def recipes_of(network):
    """All recipes that there may be, simple ones first."""
    state = network.state_dict()
    found = [{"same": key} for key in state]
    found += [{"transposed": key} for key, value in state.items() if value.dim() == 2]
    for key in state:
        if key.endswith("weight_g"):
            found.append({"norm": [key, key[:-1] + "v"]})
    before = None
    for name, module in network.named_modules():
        prefix = f"{name}." if name else ""
        if type(module).__name__ in ORDERS:
            found += recurrent_recipes(prefix, module)
        if isinstance(module, nn.Conv1d):
            before = prefix
        if isinstance(module, nn.BatchNorm1d) and before is not None and module.affine:
            keys = [prefix + key for key in ("weight", "bias", "running_mean", "running_var")]
            bias = before + "bias" if before + "bias" in state else None
            weight = state.get(before + "weight")
            if weight is not None and weight.shape[0] == module.num_features:
                found += [{"folded": [before + "weight", bias, *keys], "eps": module.eps, "part": part} for part in ("weight", "bias")]
    return found


def stripped(model, network, least):
    """Takes the initializers of more than `least` elements out of the model where there is a recipe: [name, shape, recipe] of each."""
    import numpy
    from onnx import numpy_helper

    state = network.state_dict()
    by_shape = {}
    for recipe in recipes_of(network):
        value = made_of(recipe, state)
        by_shape.setdefault(tuple(value.shape), []).append((recipe, value))
    weights = []
    left = 0
    for initializer in list(model.graph.initializer):
        value = numpy_helper.to_array(initializer)
        if value.size <= least or value.dtype.kind != "f":
            continue
        for recipe, other in by_shape.get(value.shape, []):
            close = numpy.array_equal if "same" in recipe else lambda a, b: numpy.allclose(a, b, rtol=3e-6, atol=1e-8)
            if close(value, other.numpy()):
                weights.append([initializer.name, list(value.shape), recipe])
                model.graph.initializer.remove(initializer)
                break
        else:
            left += value.size
    return weights, left
