#!/usr/bin/env python3
"""Writes onnx-networks.json.gz, onnx-layers.json.gz and onnx-random.json.gz: files that torch.onnx.export of PyTorch 1.13 writes, and what
PyTorch computes. Needs python3-torch and python3-onnx.

    /usr/bin/python3 test/golden/generate_onnx_torch.py

"model" is the file in base64, without its larger weights: "weights" has a recipe for each (onnx_files/recipes.py), of the values of the
module, which are those of the networks in examples/networks after manualSeed(seed), or "values": [key, shape, seed, scale, plus], where
manualSeed(seed) is followed by rand(shape).sub(0.5).mul(scale).add(plus). "calls" has inputs and results by the names in the file; inputs
and results are as in torch_calls.py. "deviation" is, for each result, how far PyTorch's float32 is from the module in float64.
"""

import base64
import copy
import io
import math
import sys
import warnings

import onnx
import torch
import torch.nn.functional as F
from networks import encodec, hifigan, inception_time, snac, tcn, vad
from onnx_files.layers import LAYERS
from onnx_files.random_networks import network as random_network
from onnx_files.recipes import stripped
from torch import nn
from torch.onnx import TrainingMode
from torch_calls import given, made, packed, save, seeded

import torch_calls

torch_calls.MOST_ELEMENTS = 60
torch.set_num_threads(1)
torch.set_grad_enabled(False)
warnings.simplefilter("ignore")
next_seed = iter(range(50_000, 10**6))
OPSETS = [9, 10, 11, 12, 13, 14, 15, 16, 17]
LEAST = 8


class SameConv1d(nn.Conv1d):
    """With 'same' padding as an operation of its own: the exporter has no other."""

    def forward(self, x):
        reach = self.dilation[0] * (self.kernel_size[0] - 1)
        return F.conv1d(F.pad(x, (reach // 2, reach - reach // 2)), self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def exportable(network):
    for module in network.modules():
        if type(module) is nn.Conv1d and module.padding == "same":
            module.__class__ = SameConv1d
    return network


def with_values(module):
    """Gives a module values that can be made again; the list of them."""
    values = []
    for key, value in module.state_dict().items():
        if not value.is_floating_point():
            continue
        is_scale = key.endswith(("running_var", "weight_g")) or (key.endswith("weight") and value.dim() == 1)
        fan_in = max(value[0].numel() if value.dim() > 1 else 1, 1)
        scale, plus = (1.0, 1.0) if is_scale else (0.5, 0.0) if value.dim() == 1 else (math.sqrt(12 / fan_in), 0.0)
        seed = next(next_seed)
        value.copy_(made(seeded(seed, list(value.shape), "float32", scale)) + plus)
        values.append([key, list(value.shape), seed, scale, plus])
    return values


def flat(value):
    return [value] if isinstance(value, torch.Tensor) else [each for one in value for each in flat(one)]


def input_of(spec):
    """A tensor to be drawn, or indices, "9 of 2 3": from 0 to 8, in the shape (2, 3)."""
    if isinstance(spec, str):
        most, _, *sizes = spec.split()
        sizes = [int(size) for size in sizes]
        torch.manual_seed(next(next_seed))
        return given(torch.randint(0, int(most), sizes).flatten().tolist(), "int64", sizes)
    return seeded(next(next_seed), spec, "float32", 4.0)


def grown(spec, axes):
    """The sizes of another call: one more item, five more steps."""
    sizes = [int(size) for size in spec.split()[2:]] if isinstance(spec, str) else list(spec)
    for axis, name in axes.items():
        sizes[axis] += 1 if name == "n" else 5
    return f"{spec.split()[0]} of {' '.join(map(str, sizes))}" if isinstance(spec, str) else tuple(sizes)


def called(module, exact, structure, inputs):
    """The results of a module for inputs, a list of one for each tensor, as a call of a record."""
    tensors = [made(one) for one in inputs]
    wide = [one.double() if one.is_floating_point() else one for one in tensors]
    results = flat(module(*structure(tensors)))
    right = flat(exact(*structure(wide)))
    return results, [float((one.double() - other.double()).abs().max()) if one.numel() else 0.0 for one, other in zip(results, right)]


def exported(module, arguments, names, outputs, opset, axes, **options):
    file = io.BytesIO()
    dynamic = {name: axes for name in names[:1]} if axes else None
    torch.onnx.export(
        module, arguments, file, opset_version=opset, input_names=names, output_names=outputs, dynamic_axes=dynamic, **options
    )
    return onnx.load_from_string(file.getvalue())


def case(name, module, specs, opset, axes, origin, structure=tuple, others=None, **options):
    """A record; `specs`: of each input tensor; `axes`: those of the first input that are dynamic; `others`: specs of a second call."""
    module = module.eval()
    exact = copy.deepcopy(module).double()
    inputs = [input_of(spec) for spec in specs]
    names = [f"in{i}" for i in range(len(inputs))]
    calls = [inputs]
    if axes:
        calls.append([input_of(grown(spec, axes) if i == 0 else spec) for i, spec in enumerate(specs)] if others is None else [input_of(spec) for spec in others])
    record = {"name": name, "opset": opset, "isDynamic": bool(axes), **origin, "calls": []}
    for each in calls:
        results, deviation = called(module, exact, structure, each)
        outputs = [f"out{i}" for i in range(len(results))]
        record["calls"].append({
            "inputs": dict(zip(names, each)),
            "results": {output: packed(result) for output, result in zip(outputs, results)},
            "deviation": dict(zip(outputs, deviation)),
        })  # fmt: skip
    arguments = structure([made(one) for one in inputs])
    model = exported(module, arguments, names, outputs, opset, axes, **options)
    weights, left = stripped(model, module, LEAST)
    record["weights"] = weights
    if "values" in record:
        used = str(weights)
        record["values"] = [value for value in record["values"] if f"'{value[0]}'" in used]
    record["model"] = base64.b64encode(model.SerializeToString()).decode()
    if left > 200:
        print(f"  {left} weights of {name} in opset {opset} are in the file")
    return record


def network_cases():
    cases = []

    def add(file, kind, arguments, specs, opset, axes=None, structure=tuple, others=None, **options):
        seed = 2000 + len(cases)
        torch.manual_seed(seed)
        network = exportable(kind(*arguments))
        origin = {"network": {"file": file, "network": kind.__name__, "arguments": list(arguments), "seed": seed}}
        cases.append(case(f"{kind.__name__} {arguments}", network, specs, opset, axes, origin, structure, others, **options))

    plain = {"do_constant_folding": False}
    kept = {"training": TrainingMode.PRESERVE}
    both = {0: "n", 2: "length"}
    add("tcn", tcn.TCN, [1, 10], [(2, 1, 40)], 11)
    add("tcn", tcn.TCN, [1, 10], [(2, 1, 40)], 13, both, **plain)
    add("tcn", tcn.TCN, [25, 2, 25, 3, 2], [(2, 25, 20)], 9, both, keep_initializers_as_inputs=True)
    state = [(1, 1, 128), (1, 1, 128)]
    add("voiceDetector", vad.VoiceDetector, [], [(1, 1, 576), *state], 16)
    add("voiceDetector", vad.VoiceDetector, [], [(1, 1, 576), *state], 11, **plain)
    add("inceptionTime", inception_time.InceptionTime, [12, 5], [(2, 12, 60)], 13, both)
    add("inceptionTime", inception_time.InceptionTime, [12, 5], [(2, 12, 60)], 17, both, **kept)
    add("inceptionTime", inception_time.InceptionTime, [1, 3], [(2, 1, 45)], 9, **kept)
    add("hifigan", hifigan.Generator, [128], [(1, 80, 3)], 9)
    add("hifigan", hifigan.Generator, [128], [(1, 80, 3)], 13, both, **plain)
    add("hifigan", hifigan.Generator, [], [(1, 80, 3)], 17, both)
    add("encodec", encodec.SEANetDecoder, [], [(1, 128, 9)], 13, both)
    add("encodec", encodec.SEANetDecoder, [], [(1, 128, 9)], 17, **plain)
    add("snac", snac.Decoder, [], [(1, 768, 2)], 13, both)
    rates = (8, 64, 256, 512)
    codes = ["4096 of 1 1", "4096 of 1 2", "4096 of 1 4"]
    noises = [(1, 1, 4 * rate) for rate in rates]
    add("snacCodes", snac.SNAC, [], [*codes, *noises], 15, structure=lambda tensors: (list(tensors[:3]), list(tensors[3:])))
    return cases


def is_linear(module):
    """Whether there is linear upsampling, which opset 9 and 10 have with other positions."""
    return any(isinstance(each, nn.Upsample) and each.mode == "linear" for each in module.modules())


def layer_cases():
    cases = []
    for i, (name, module, specs, axes) in enumerate(LAYERS):
        values = with_values(module)
        for turn in range(2):
            options = {"do_constant_folding": (i + turn) % 3 != 0}
            if (i + turn) % 5 == 0:
                options["training"] = TrainingMode.PRESERVE
            start = (5 * i + 4 * turn) % len(OPSETS)
            if turn == 1:
                start = max(start, 4)
            if name == "gather" or is_linear(module):
                start = max(start, 2)  # before opset 11, gather becomes a product with OneHot
            errors = []
            for opset in OPSETS[start:] + OPSETS[:start][::-1]:
                try:
                    cases.append(case(name, module, specs, opset, axes if turn == 1 else None, {"values": values}, **options))
                    break
                except Exception as error:  # an operator that this opset does not have
                    errors.append(str(error).split("\n")[0][:150])
            else:
                print(f"  {name} cannot be exported: {errors[0]}")
    return cases


def random_cases():
    cases = []
    for seed in range(40):
        torch.manual_seed(seed)
        network, inputs = random_network(seed)
        values = with_values(network)
        opset = max(OPSETS[seed % len(OPSETS)], 11 if is_linear(network) else 9)
        axes = {0: "n", 2: "length"} if seed % 2 else None
        options = {"training": TrainingMode.PRESERVE} if seed % 3 == 0 else {}
        while True:
            try:
                cases.append(case(f"random network {seed}", network, [(2, inputs, 40)], opset, axes, {"values": values}, others=[(3, inputs, 56)], **options))
                break
            except Exception as error:
                print(f"  random network {seed} in opset {opset}: {str(error)[:100]}")
                opset += 1
    return cases


for name, make in (("networks", network_cases), ("layers", layer_cases), ("random", random_cases)):
    if len(sys.argv) == 1 or name in sys.argv:
        save(f"onnx-{name}", make())
