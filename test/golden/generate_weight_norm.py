#!/usr/bin/python3
"""Writes weight-norm.json.gz: state dicts of convolutions under torch.nn.utils.weight_norm, and the weights PyTorch makes of them.

The keys weight_g and weight_v are torch's own. torch.nn.utils.parametrizations.weight_norm, from PyTorch 2.0 on, stores the same two
tensors as parametrizations.weight.original0 and original1 and computes the same. Run: /usr/bin/python3 test/golden/generate_weight_norm.py
"""

import base64
import gzip
import json
import pathlib

import torch


def packed(tensor):
    dtype = "float64" if tensor.dtype == torch.float64 else "float32"
    return {"dtype": dtype, "shape": list(tensor.shape), "data": base64.b64encode(tensor.contiguous().numpy().tobytes()).decode()}


def case(name, sizes, dim, dtype=torch.float32, groups=1, change=lambda g, v: None):
    conv = torch.nn.Conv1d(*sizes, groups=groups, dtype=dtype)
    conv = torch.nn.utils.weight_norm(conv, dim=dim)
    with torch.no_grad():
        conv.weight_g.mul_(torch.rand_like(conv.weight_g) * 3 - 1)
        conv.weight_v.mul_(torch.rand_like(conv.weight_v) * 5)
        change(conv.weight_g, conv.weight_v)
        # The hook that torch runs before each call.
        for hook in conv._forward_pre_hooks.values():
            hook(conv, None)
    state = {key: packed(tensor) for key, tensor in conv.state_dict().items()}
    assert sorted(state) == ["bias", "weight_g", "weight_v"]
    in_channels, out_channels, kernel_size = sizes
    layer = {"inChannels": in_channels, "outChannels": out_channels, "kernelSize": kernel_size, "groups": groups}
    return {"name": name, **layer, "state": state, "weight": packed(conv.weight.detach())}


def zero_row(g, v):
    v[1] = 0


def extremes(g, v):
    v[0] *= 1e-15
    v[1] *= 1e15
    g[2] = 0


torch.manual_seed(0)
cases = [
    case("as HiFi-GAN has it, dim 0", (16, 24, 7), 0),
    case("groups and one tap", (12, 8, 1), 0, groups=4),
    case("a single output channel", (6, 1, 5), 0),
    case("as wav2vec 2.0 has it, dim 2", (32, 16, 8), 2, groups=4),
    case("dim 1", (6, 5, 3), 1),
    case("dim None, one norm for all", (6, 5, 3), None),
    case("float64", (16, 8, 5), 0, torch.float64),
    case("float64, dim 2", (8, 8, 4), 2, torch.float64),
    case("a row of zeros, which becomes NaN", (3, 4, 3), 0, change=zero_row),
    case("small, large and a magnitude of 0", (3, 4, 3), 0, change=extremes),
]
path = pathlib.Path(__file__).with_name("weight-norm.json.gz")
path.write_bytes(gzip.compress(json.dumps(cases).encode(), mtime=0))
