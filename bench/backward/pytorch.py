"""PyTorch in the turns of run.ts: pytorch.py FOLDER THREADS. A line that it reads is a layer or a network to make ready, whose first gradients
go into a file, or for how many milliseconds to repeat it. It answers each with a line."""
import json
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(BENCH / "peers"), str(BENCH / "networks")]
from loops import times_of  # noqa: E402


def send(**message):
    print(json.dumps(message), flush=True)


try:
    import torch

    from layers import layer, noise
    from twins import flat, load_for_training, read, write
except ImportError as error:
    send(why=f"{sys.executable}: {error}")
    sys.exit()

torch.set_grad_enabled(True)  # twins.py turns it off


class Layer:
    """Forward and backward of one layer."""

    def __init__(self, problem):
        self.conv, self.columns = layer(problem)
        self.x = noise((problem["batch"], problem["inChannels"], problem["length"]), 1).requires_grad_()
        self.gradient = noise((problem["batch"], problem["outChannels"], self.columns), 5)

    def run(self):
        self.x.grad = self.conv.weight.grad = self.conv.bias.grad = None
        y = self.conv(self.x)
        # Cut where a causal layer must be cut, as its users do.
        (y if y.shape[2] == self.columns else y[:, :, : self.columns]).backward(self.gradient)

    def gradients(self):
        self.run()
        return {"input": self.x.grad, "weight": self.conv.weight.grad, "bias": self.conv.bias.grad}

    def double(self):
        self.conv.double()
        self.x, self.gradient = self.x.detach().double().requires_grad_(), self.gradient.double()


class Training:
    """Steps of training of one network towards a target."""

    def __init__(self, folder, name, rate):
        self.network, self.inputs = load_for_training(folder, name)
        self.target = read(folder / f"{name}.target.safetensors")["0"]
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=rate)

    def backward(self):
        self.optimizer.zero_grad(set_to_none=True)
        apart = flat(self.network(*self.inputs))[0] - self.target
        (apart * apart).mean().backward()

    def run(self):
        self.backward()
        self.optimizer.step()

    def gradients(self):
        self.backward()
        return {name: p.grad for name, p in self.network.named_parameters() if p.grad is not None}

    def double(self):
        self.network.double()
        self.inputs, self.target = tuple(each.double() for each in self.inputs), self.target.double()


def apart(gradients, exact):
    """The length of the difference over the length, the one in the middle of all gradients."""
    pairs = [(gradients[name].double(), exact[name]) for name in exact]
    return sorted(((one - other).norm() / other.norm()).nan_to_num().item() for one, other in pairs)[len(pairs) // 2]


folder = Path(sys.argv[1])
torch.set_num_threads(int(sys.argv[2]))
send(version=torch.__version__)
work = None
for line in sys.stdin:
    request = json.loads(line)
    if not isinstance(request, dict):
        send(**times_of(work.run, request / 1e3))
        continue
    try:
        def make():
            return Layer(request["problem"]) if "problem" in request else Training(folder, request["network"], request["rate"])

        exact = make()
        exact.double()
        work = make()
        expected = exact.gradients()
        write(folder / request["file"], expected)
        send(apart=apart(work.gradients(), expected))
    except RuntimeError as error:
        send(why=str(error).split("\n")[0])
