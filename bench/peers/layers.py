"""The layers of problems.ts in PyTorch, with the values of inputs.ts."""
import numpy as np
import torch


def hash32(i, seed):
    """inputs.ts hash() over an array of counters."""
    h = (i + seed * 0x9E3779B9).astype(np.uint32)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def noise(shape, seed):
    count = int(np.prod(shape))
    values = (hash32(np.arange(count, dtype=np.uint64), seed) >> np.uint32(8)).astype(np.float64) / 2**23 - 1
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def windowed_dft(p):
    """inputs.ts windowedDft(), to the last bit or two of its cosines."""
    rows, size = p["outChannels"] // 2, p["kernelSize"]
    angle = 2 * np.pi * (np.outer(np.arange(rows), np.arange(size)) % size) / size
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    weight = np.concatenate([window * np.cos(angle), -window * np.sin(angle)])
    return torch.from_numpy(weight.astype(np.float32)[:, None, :])


def sample_positions(numel, count):
    if numel <= count:
        return np.arange(numel)
    i = np.arange(count, dtype=np.int64)
    return i * numel // count + hash32(i.astype(np.uint64), 4).astype(np.int64) % (numel // count)


def layer(p):
    """The module, and how many columns of its output to keep."""
    left, right = p["padLeft"], p["padRight"]
    if left < right:
        return None, "padding wider on the right needs a copy of the input"
    # More on the left is padding both sides and cutting the result, a view: what causal models in PyTorch do.
    conv = torch.nn.Conv1d(p["inChannels"], p["outChannels"], p["kernelSize"], p["stride"], left, p["dilation"], p["groups"])
    conv.weight.data = windowed_dft(p) if p.get("weights") == "dft" else noise(tuple(conv.weight.shape), 2)
    conv.bias.data = noise(tuple(conv.bias.shape), 3)
    span = p["dilation"] * (p["kernelSize"] - 1) + 1
    return conv.eval(), (p["length"] + left + right - span) // p["stride"] + 1
