#!/usr/bin/env python3
"""Writes networks.json.gz: the six networks of networks/ in the real PyTorch (1.13), with the weights they are born with.

    /usr/bin/python3 test/golden/generate_networks.py

A case makes a network after manual_seed(seed): its twin in examples/networks makes the same layers in the same order, so that every
value drawn is the same. "state" lists the keys of the state dict in order, with shape, dtype and the CRC-32 of the initial values (null
for the magnitudes of weight norm, which are computed: their last bits depend on the order of a sum). "repr" is what PyTorch prints.
Then the calls, one after the other, with inputs and results as in torch_calls.py. "deviation" has, for each tensor of a result in order,
how far PyTorch's float32 is from the same network in float64: two float32 results differ by a small multiple of it.
"""

import copy

import torch
from networks import encodec, hifigan, inception_time, snac, tcn, vad
from torch_calls import checksum, decoded, encoded, given, made, packed, save, seeded

torch.set_num_threads(1)
torch.set_grad_enabled(False)
next_seed = iter(range(1, 10**6))
cases = []


def x_of(*shape, scale=4.0):
    return seeded(next(next_seed), shape, "float32", scale)


def tensors_of(result):
    return [result] if isinstance(result, torch.Tensor) else [tensor for each in result for tensor in tensors_of(each)]


def initial(key, tensor):
    is_drawn = not key.endswith("weight_g")
    return [key, list(tensor.shape), str(tensor.dtype).removeprefix("torch."), checksum(tensor) if is_drawn else None]


def case(file, kind, arguments, calls, training=(False,)):
    """`calls`: for each call the arguments of forward; `training`: its mode."""
    seed = 1000 + len(cases)
    torch.manual_seed(seed)
    network = kind(*arguments)
    record = {"file": file, "network": kind.__name__, "arguments": list(arguments), "seed": seed}
    record["state"] = [initial(key, value) for key, value in network.state_dict().items()]
    record["repr"] = repr(network)
    record["calls"] = []
    exact = copy.deepcopy(network).double()
    for each, is_training in zip(calls, training):
        inputs = []
        call = {"training": is_training, "arguments": encoded(each, inputs), "inputs": inputs}
        network.train(is_training)
        exact.train(is_training)
        tensors = [made(one) for one in inputs]
        result = network(*decoded(call["arguments"], tensors))
        wide = [one.double() if one.is_floating_point() else one for one in tensors]
        right = exact(*decoded(call["arguments"], wide))
        call["deviation"] = [(one - other).abs().max().item() for one, other in zip(tensors_of(result), tensors_of(right))]
        record["calls"].append({**call, "result": packed(result)})
    cases.append(record)
    sizes = [list(one.shape) for one in tensors_of(result)]
    print(f"{kind.__name__:16} {sum(value.numel() for value in network.parameters()):10} {sizes} {record['calls'][-1]['deviation']}")


def codes(*shape):
    torch.manual_seed(next(next_seed))
    return given(torch.randint(0, 4096, shape).flatten().tolist(), "int64", shape)


case("snac", snac.Decoder, [], [[x_of(1, 768, 2)], [x_of(2, 768, 1)]], (False, False))
noises = [x_of(1, 1, 4 * rate) for rate in (8, 64, 256, 512)]
case("snacCodes", snac.SNAC, [], [[[codes(1, 1), codes(1, 2), codes(1, 4)], noises]])
case("hifigan", hifigan.Generator, [], [[x_of(1, 80, 3)]])
case("hifigan", hifigan.Generator, [128], [[x_of(2, 80, 5)]])
case("encodec", encodec.SEANetDecoder, [], [[x_of(1, 128, 9)], [x_of(2, 128, 7)]], (False, False))
state = [x_of(1, 1, 128, scale=1.0), x_of(1, 1, 128, scale=1.0)]
case(
    "voiceDetector", vad.VoiceDetector, [],
    [[x_of(1, 1, 576), given([0.0] * 128, shape=[1, 1, 128]), given([0.0] * 128, shape=[1, 1, 128])], [x_of(1, 1, 576), *state]],
    (False, False),
)
signals = [x_of(4, 12, 60) for _ in range(3)]
case("inceptionTime", inception_time.InceptionTime, [12, 5], [[each] for each in signals], (True, True, False))
case("inceptionTime", inception_time.InceptionTime, [1, 3], [[x_of(2, 1, 45)]])
case("tcn", tcn.TCN, [1, 10], [[x_of(3, 1, 50)], [x_of(1, 1, 300)]], (False, False))
case("tcn", tcn.TCN, [25, 2, 25, 3, 2], [[x_of(2, 25, 20)]])
save("networks", cases)
