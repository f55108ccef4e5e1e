"""PyTorch in the rounds of run.ts: pytorch.py FOLDER NAME THREADS. For each line that it reads, milliseconds, it repeats the network for as
long and writes a line with the times. The outputs go into a file first."""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "peers"))
from loops import times_of  # noqa: E402


def send(**message):
    print(json.dumps(message), flush=True)


try:
    import torch

    from twins import load, write_outputs
except ImportError as error:
    send(why=f"{sys.executable}: {error}")
    sys.exit()

folder, name, threads = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
torch.set_num_threads(threads)
network, inputs = load(folder, name)
write_outputs(folder / f"{name}.pytorch.safetensors", network(*inputs))
send(version=torch.__version__)
for line in sys.stdin:
    send(**times_of(lambda: network(*inputs), float(line) / 1e3))
