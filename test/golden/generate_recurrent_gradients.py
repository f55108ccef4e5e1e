#!/usr/bin/env python3
"""Writes recurrent_gradients.json.gz: gradients of LSTM and GRU of the real PyTorch (1.13).

    /usr/bin/python3 test/golden/generate_recurrent_gradients.py

A case is a layer, made after manual_seed(seed), with inputs (x, and states where the case has any) and cotangents of its results (the
output and the final states; null where nothing flows back): inputs as torch_calls.py writes them. "gradients" has those of x, the
states and every parameter, "names" the grad_fn of the results. A case of float32 is computed in float64 from the same
float32 numbers; "error" is how far PyTorch's own float32 is from that, in parts of the largest gradient, for each of them.
"""

import copy
import random

import torch
import torch_calls
from torch_calls import layer_of, made, packed, save, seeded

torch.set_num_threads(1)
torch_calls.MOST_ELEMENTS = 40
draw = random.Random(101)
PER_LAYER = 36


def differentiated(layer, inputs, cotangents):
    """The results and the gradients of x, the states and the parameters, by their names."""
    x, *states = [tensor.clone().requires_grad_() for tensor in inputs]
    state = None if not states else tuple(states) if len(states) == 2 else states[0]
    output, last = layer(x, state)
    results = [output, *(last if isinstance(last, tuple) else [last])]
    flows = [(result, cotangent) for result, cotangent in zip(results, cotangents) if cotangent is not None]
    torch.autograd.backward([result for result, _ in flows], [cotangent for _, cotangent in flows])
    named = {"x": x, **dict(zip(("h", "c"), states)), **dict(layer.named_parameters())}
    return results, {name: tensor.grad for name, tensor in named.items() if tensor.grad is not None}


def case(layer, seed):
    dtype = draw.choice(["float32", "float64", "float64"])
    features, hidden = draw.randint(1, 9), draw.randint(1, 12)
    steps, batch = draw.choice([1, 2, 5, 9, 24]), draw.choice([1, 2, 3, 6, 11])
    options = {
        "numLayers": draw.choice([1, 1, 2, 3]),
        "bidirectional": draw.random() < 0.5,
        "batchFirst": draw.random() < 0.4,
        "bias": draw.random() < 0.8,
        "dtype": dtype,
    }
    is_batched = draw.random() < 0.8
    first = [batch, steps] if options["batchFirst"] else [steps, batch]
    lead = first if is_batched else [steps]
    directions = 2 if options["bidirectional"] else 1
    state = [options["numLayers"] * directions, *([batch] if is_batched else []), hidden]
    count = 2 if layer == "LSTM" else 1
    inputs = [seeded(seed + 1000, [*lead, features], dtype)]
    if draw.random() < 0.6:
        inputs += [seeded(seed + 2000 + i, state, dtype, 2.0) for i in range(count)]
    cotangents = [seeded(seed + 3000, [*lead, hidden * directions], dtype)]
    cotangents += [seeded(seed + 4000 + i, state, dtype) for i in range(count)]
    missing = draw.choice([[], [], [0], list(range(1, count + 1)), [count]])
    if len(missing) <= count:
        cotangents = [None if i in missing else each for i, each in enumerate(cotangents)]

    record = {"layer": layer, "arguments": [features, hidden, options]}
    torch.manual_seed(seed)
    module = layer_of(record)
    tensors = [made(each) for each in inputs]
    flows = [each and made(each) for each in cotangents]
    results, gradients = differentiated(module, tensors, flows)
    wide = differentiated(
        copy.deepcopy(module).double(), [each.double() for each in tensors],
        [None if each is None else each.double() for each in flows],
    )[1] if dtype == "float32" else gradients
    errors = {
        name: ((gradients[name].double() - exact).abs().max() / exact.abs().max().clamp(min=1e-30)).item()
        for name, exact in wide.items() if exact.numel() > 0
    }
    return {
        **record, "seed": seed, "inputs": inputs, "cotangents": cotangents,
        "names": [type(result.grad_fn).__name__ for result in results],
        "gradients": {name: packed(gradient) for name, gradient in wide.items()}, "errors": errors,
    }


save("recurrent_gradients", [case(layer, seed) for layer in ("LSTM", "GRU") for seed in range(PER_LAYER)])
