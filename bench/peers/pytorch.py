"""PyTorch as a peer: reads a request, times every layer, writes what protocol.ts lists."""
import base64
import json
import sys

from loops import times_of


def send(**message):
    print(json.dumps(message), flush=True)


try:
    import numpy as np
    import torch
except ImportError as error:
    send(kind="unavailable", why=f"{sys.executable}: {error}")
    sys.exit()


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


def main():
    request = json.load(sys.stdin)
    torch.set_num_threads(request["threads"])
    send(kind="ready", version=torch.__version__)
    for p in request["problems"]:
        conv, columns = layer(p)
        if conv is None:
            send(kind="skipped", name=p["name"], why=columns)
            continue
        x = noise((p["batch"], p["inChannels"], p["length"]), 1)
        with torch.no_grad():
            # The others have two loops of this length.
            tight = times_of(lambda: conv(x)[:, :, :columns], 2 * request["budget"] / 1e3)
            y = conv(x)[:, :, :columns].numpy().reshape(-1)
        samples = base64.b64encode(y[sample_positions(y.size, request["samples"])].astype("<f4").tobytes()).decode()
        send(kind="layer", name=p["name"], tight=tight, samples=samples)


main()
