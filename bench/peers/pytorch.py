"""PyTorch as a peer: reads a request, times every layer, writes what protocol.ts lists."""
import base64
import json
import sys

from loops import times_of


def send(**message):
    print(json.dumps(message), flush=True)


try:
    import torch

    from layers import layer, noise, sample_positions
except ImportError as error:
    send(kind="unavailable", why=f"{sys.executable}: {error}")
    sys.exit()


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
