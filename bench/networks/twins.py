"""PyTorch's twins of the networks of cases.ts, with the weights and inputs that files.ts has written into a folder."""
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from torch.nn.utils import remove_weight_norm

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test" / "golden"))
from networks import encodec, hifigan, inception_time, snac, tcn, vad  # noqa: E402

warnings.filterwarnings("ignore")
torch.set_grad_enabled(False)

TWINS = {
    "snac": snac.Decoder,
    "hifigan": hifigan.Generator,
    "hifigan128": lambda: hifigan.Generator(128),
    "encodec": encodec.SEANetDecoder,
    "vad": vad.VoiceDetector,
    "inception": lambda: inception_time.InceptionTime(12, 5),
    "tcn": lambda: tcn.TCN(1, 10),
}

DTYPES = {"F32": "<f4", "F64": "<f8", "I64": "<i8"}
NAMES = {np.dtype(code): name for name, code in DTYPES.items()}


def read(path):
    """A safetensors file; Debian has no package for them."""
    content = Path(path).read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    tensors = {}
    for key, entry in json.loads(content[8:start]).items():
        if key == "__metadata__":
            continue
        first, last = entry["data_offsets"]
        values = np.frombuffer(content[start + first : start + last], DTYPES[entry["dtype"]])
        tensors[key] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return tensors


def write(path, tensors):
    header, data = {}, b""
    for key, tensor in tensors.items():
        values = tensor.contiguous().numpy()
        content = values.tobytes()
        offsets = [len(data), len(data) + len(content)]
        header[key] = {"dtype": NAMES[values.dtype], "shape": list(values.shape), "data_offsets": offsets}
        data += content
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    Path(path).write_bytes(len(head).to_bytes(8, "little") + head + data)


def load_for_training(folder, name):
    """A network as it is made, in training mode, and its inputs."""
    network = TWINS[name]()
    network.load_state_dict(read(folder / f"{name}.safetensors"))
    inputs = read(folder / f"{name}.inputs.safetensors")
    return network, tuple(inputs[str(i)] for i in range(len(inputs)))


def load(folder, name):
    """A network in evaluation mode, without weight norm, which runtimes do not fold, and its inputs."""
    network, inputs = load_for_training(folder, name)
    for module in network.modules():
        try:
            remove_weight_norm(module)
        except ValueError:
            pass
    return network.eval(), inputs


def write_outputs(path, outputs):
    write(path, {str(i): tensor for i, tensor in enumerate(flat(outputs))})


def flat(outputs):
    return [outputs] if torch.is_tensor(outputs) else [tensor for each in outputs for tensor in flat(each)]
