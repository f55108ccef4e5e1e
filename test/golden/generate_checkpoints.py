#!/usr/bin/python3
"""Writes checkpoints.json.gz: files of torch.save and numpy.savez, and what PyTorch and NumPy make of them; and examples/checkpoint.pt.

Run: /usr/bin/python3 test/golden/generate_checkpoints.py
"""

import base64
import collections
import gzip
import io
import json
import os
import pathlib
import pickle
import zipfile

import numpy as np
import torch
from torch import nn

torch.manual_seed(0)
rng = np.random.default_rng(0)

# What the dtypes become: nothing is rounded, integers stay integers.
WIDER = {
    torch.float16: torch.float32,
    torch.bfloat16: torch.float32,
    torch.uint8: torch.int32,
    torch.int8: torch.int32,
    torch.int16: torch.int32,
}


def text(data):
    return base64.b64encode(data).decode()


def expected(tensor):
    tensor = tensor.detach().to(WIDER.get(tensor.dtype, tensor.dtype)).contiguous()
    return {"dtype": str(tensor.dtype).split(".")[1], "shape": list(tensor.shape), "data": text(tensor.numpy().tobytes())}


def flatten(value, prefix=""):
    if isinstance(value, torch.Tensor):
        return {prefix[:-1]: expected(value)}
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    return {name: tensor for key, inner in items for name, tensor in flatten(inner, f"{prefix}{key}.").items()}


def saved(value, zipped=True, protocol=2):
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    return file.getvalue()


cases = []


def case(name, value, chosen=None, key=None):
    """The same object in both formats; `chosen` are the tensors that are to be found, by default all."""
    tensors = flatten(value if chosen is None else chosen)
    for form, data in (("zip", saved(value)), ("legacy", saved(value, zipped=False))):
        cases.append({"name": f"{name}, {form}", "file": text(data), "key": key, "tensors": tensors})


special = torch.tensor([0.0, -0.0, 1.5, -0.1, 65504.0, 6.1e-5, 6.0e-8, 3e38, 1e-40, float("inf"), float("-inf"), float("nan")])
integers = torch.tensor([0, 1, -1, 127, -128])
case(
    "every dtype",
    {
        "float16": special.half(),
        "bfloat16": special.bfloat16(),
        "float32": special,
        "float64": special.double() / 3,
        "int8": integers.char(),
        "uint8": torch.tensor([0, 1, 128, 255], dtype=torch.uint8),
        "int16": torch.tensor([0, -1, 32767, -32768], dtype=torch.int16),
        "int32": torch.tensor([0, -1, 2**31 - 1, -(2**31)], dtype=torch.int32),
        "int64": torch.tensor([0, -1, 2**63 - 1, -(2**63), 2**53 + 1]),
        "bool": torch.tensor([True, False, True]),
    },
)

base = torch.arange(24.0).reshape(2, 3, 4)
case(
    "views and shared storages",
    {
        "base": base,
        "same": base,
        "row": base[1],
        "column": base[:, 1],
        "transposed": base.transpose(0, 2),
        "stepped": base[:, ::2, 1::2],
        "expanded": torch.tensor([1.0, 2.0])[:, None].expand(2, 3),
        "diagonal": base[0].diagonal(),
        "last": base.flatten()[-1],
        "from the middle": base.flatten()[5:9],
    },
)
case("sizes", {"none": torch.zeros(2, 0, 3), "scalar": torch.tensor(2.5), "one": torch.ones(1, 1, 1), "empty": torch.tensor([])})
case("parameters", {"weight": nn.Parameter(torch.randn(2, 3)), "frozen": nn.Parameter(torch.randn(2), requires_grad=False)})
tagged = torch.randn(3)
tagged.note = "a tensor with an attribute"
case("attributes", {"tagged": tagged, "parameter": nn.Parameter(torch.randn(2))})

net = nn.Sequential(nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4), nn.ReLU(), nn.LSTM(4, 3, bidirectional=True))
case("a state dict with its _metadata", net.state_dict())

small = nn.Sequential(nn.Conv1d(2, 8, 3), nn.ReLU(), nn.Conv1d(8, 1, 1))
optimizer = torch.optim.AdamW(small.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 4])
for _ in range(2):
    optimizer.zero_grad()
    small(torch.randn(3, 2, 9)).square().mean().backward()
    optimizer.step()
    scheduler.step()
training = {
    "epoch": 3,
    "best": 0.25,
    "name": "d\u00e9tecteur \U0001f600",
    "model": small.state_dict(),
    "optimizer": optimizer.state_dict(),
    "scheduler": scheduler.state_dict(),
    "history": [(1, 0.5), (2, None), (3, -(2**70))],
    "flags": {"amp": False, "seed": 2**40, "bytes": b"\x00\xff", "set": {1, 2}, "device": torch.device("cpu"), "size": torch.Size([2, 3])},
}
case("a training checkpoint", training, training["model"])
case("a training checkpoint, its model by key", training, training["model"], "model")
case("a training checkpoint, its optimizer", training, training["optimizer"], "optimizer")
gan = {"models": {"generator": {"weight": torch.randn(2)}, "discriminator": {"weight": torch.randn(3)}}}
case("one of two", gan, gan["models"]["generator"], "models.generator")
case("all of it", gan, gan, "")
case("a list", [torch.ones(2), {"x": torch.zeros(1)}], None, "")
beside = torch.randn(2)
case("tensors beside numbers", {"weight": beside, "epoch": 2}, {"weight": beside})
tally = {
    "best": np.float64(0.5),
    "steps": np.int64(3),
    "phase": 1 + 2j,
    "kinds": frozenset([1]),
    "seen": collections.Counter("aab"),
    "lists": collections.defaultdict(list, {"a": [1]}),
}
case("numbers of NumPy's and dicts of other kinds", {"model": {"weight": beside}, **tally}, {"weight": beside})
case("a defaultdict", collections.defaultdict(dict, {"weight": beside}))
# A reader takes what it can; "x." is what a prefix leaves.
unreadable = {
    "a complex tensor": torch.ones(2, dtype=torch.complex64),
    "a complex tensor of 128 bits": torch.ones(3, dtype=torch.complex128),
    "a sparse tensor": torch.eye(2).to_sparse(),
    "a sparse tensor of rows": torch.eye(2).to_sparse_csr(),
    "a quantised tensor": torch.quantize_per_tensor(torch.ones(2), 1.0, 0, torch.qint8),
    "a quantised tensor of 32 bits": torch.quantize_per_tensor(torch.ones(2), 1.0, 0, torch.qint32),
    "a tensor quantised by channels": torch.quantize_per_channel(torch.ones(3, 2), torch.ones(3), torch.zeros(3), 0, torch.quint8),
    "a tensor without numbers": torch.ones(2, device="meta"),
}
beside_others = []
for name, other in unreadable.items():
    for form in ("zip", "legacy"):
        value = {"y": other, "x.weight": beside}
        beside_others.append({"name": f"{name}, {form}", "file": text(saved(value, form == "zip")), "tensors": flatten({"x.weight": beside})})

for protocol in (1, 3, 4, 5):
    for zipped in (True, False):
        name = f"protocol {protocol}, {'zip' if zipped else 'legacy'}"
        file = text(saved(training, zipped, protocol))
        cases.append({"name": name, "file": file, "key": None, "tensors": flatten(training["model"])})


def repacked(data, change=lambda name, content: content, method=zipfile.ZIP_STORED, more=()):
    """The same archive written by zipfile."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", method) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in more:
            new.writestr(name, content)
    return file.getvalue()


# torch.save calls the folder within what the file is called; a program of torch.jit.save has its code in one.
def renamed(data, folder):
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(folder + name[name.index("/") :], old.read(name))
    return file.getvalue()


for folder in ("code", "constants.pkl", "mod\u00e8le 1.0"):
    file = text(renamed(saved({"weight": beside}), folder))
    cases.append({"name": f"a file called {folder}", "file": file, "key": None, "tensors": flatten({"weight": beside})})

weights = {"weight": torch.randn(2, 3, 5), "half": torch.randn(7).half(), "same": None}
weights["same"] = weights["weight"][1]
plain = saved(weights)
cases.append({"name": "packed again, deflated", "file": text(repacked(plain, method=zipfile.ZIP_DEFLATED)), "key": None, "tensors": flatten(weights)})


def swapped(name, content):
    if name.endswith("data/0"):
        return np.frombuffer(content, "<f4").astype(">f4").tobytes()
    return np.frombuffer(content, "<f2").astype(">f2").tobytes() if name.endswith("data/1") else content


big = repacked(plain, swapped, more=[("archive/byteorder", "big")])
cases.append({"name": "big endian", "file": text(big), "key": None, "tensors": flatten(weights)})


# NumPy's archives.
def npz(arrays, compressed=False):
    file = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(file, **arrays)
    return file.getvalue()


def of_array(array):
    kinds = {"float16": "float32", "int8": "int32", "uint8": "int32", "int16": "int32", "uint16": "int32", "uint32": "int64", "uint64": "int64"}
    array = np.ascontiguousarray(array).reshape(array.shape)
    array = array.astype(np.dtype(kinds.get(array.dtype.name, array.dtype.name)).newbyteorder("<"))
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": text(array.tobytes())}


arrays = {
    "conv/kernel": rng.standard_normal((3, 2, 4)).astype("f4"),
    "dense/kernel": rng.standard_normal((2, 5)).astype("f4"),
    "dense/bias": np.zeros(5, "f4"),
    "lstm/recurrent_kernel": rng.standard_normal((3, 12)),
    "fortran": np.asfortranarray(rng.standard_normal((2, 3))),
    "big": np.arange(4, dtype=">i4"),
    **{name: np.array([0, 1, 100], name) for name in ("f2", "f8", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?")},
    "scalar": np.array(7),
    "empty": np.zeros((0, 3)),
    "large": np.array([2**32 - 1], "u4"),
    "larger": np.array([2**63 - 1], "u8"),
}
archives = []
for compressed in (False, True):
    archives.append(
        {
            "name": "compressed" if compressed else "stored",
            "file": text(npz(arrays, compressed)),
            "tensors": {name: of_array(array) for name, array in arrays.items()},
            "keras": {
                "conv/kernel": of_array(arrays["conv/kernel"].transpose(2, 1, 0)),
                "dense/kernel": of_array(arrays["dense/kernel"].T),
                "lstm/recurrent_kernel": of_array(arrays["lstm/recurrent_kernel"].T),
                "dense/bias": of_array(arrays["dense/bias"]),
            },
        }
    )


# What is refused.
class Hostile:
    def __init__(self, function, *args):
        self.reduced = (function, args)

    def __reduce__(self):
        return self.reduced


def hostile_zip(payload):
    return repacked(plain, lambda name, content: payload if name.endswith("data.pkl") else content)


def hostile_legacy(payload):
    return b"".join(pickle.dumps(each, 2) for each in (0x1950A86A20F9469CFC6C, 1001, {})) + payload + pickle.dumps([], 2)


command = pickle.dumps({"weight": Hostile(os.system, "touch conv1d-was-here")}, 2)
script = io.BytesIO()
torch.jit.save(torch.jit.script(nn.Conv1d(1, 1, 1)), script)
whole = io.BytesIO()
torch.save(nn.Linear(1, 1), whole)
whole_legacy = io.BytesIO()
torch.save(nn.Linear(1, 1), whole_legacy, _use_new_zipfile_serialization=False)
arrays_within = {"weight": torch.randn(2), "state": np.arange(2.0)}
stacked = {"a": {"w": torch.ones(1)}, "b": {"w": torch.ones(1)}, "epoch": 3}

refused = [
    ("os.system in a zip archive", hostile_zip(command), 'asks for "posix.system"'),
    ("os.system in the old format", hostile_legacy(command), 'asks for "posix.system"'),
    ("os.system in a bare pickle", command, 'asks for "posix.system"'),
    ("os.system by its name of protocol 4", hostile_zip(pickle.dumps(Hostile(os.system, "true"), 4)), 'asks for "posix.system"'),
    ("eval", hostile_zip(pickle.dumps(Hostile(eval, "1"), 2)), 'asks for "__builtin__.eval"'),
    ("torch.load within", hostile_zip(pickle.dumps(Hostile(torch.load, "x"), 2)), 'asks for "torch.serialization.load"'),
    ("an array of NumPy's", saved(arrays_within), 'asks for "numpy.core.multiarray._reconstruct"'),
    ("a TorchScript archive", script.getvalue(), "this is a TorchScript archive"),
    ("a whole model", whole.getvalue(), '"torch.nn.modules.linear.Linear" is a class'),
    ("a whole model in the old format", whole_legacy.getvalue(), '"torch.nn.modules.linear.Linear" is a class'),
    ("a sparse tensor", saved({"x": torch.eye(2).to_sparse()}), 'tensor "x" is sparse'),
    ("a quantised tensor", saved({"x": torch.quantize_per_tensor(torch.ones(2), 1.0, 0, torch.qint8)}), 'tensor "x" is quantised'),
    ("a tensor without numbers", saved({"x": torch.ones(2, device="meta")}), 'tensor "x" has no numbers'),
    ("complex numbers", saved({"x": torch.ones(2, dtype=torch.complex64)}), "ComplexFloatStorage"),
    ("a pickle that is no checkpoint", pickle.dumps({"x": [1.0]}, 2), "none that torch.save wrote"),
    ("objects in an npz", npz({"x": np.array([None, {}], object)}), "cannot be read"),
    ("complex numbers in an npz", npz({"x": np.ones(2, complex)}), "cannot be read"),
    ("a zip archive of something else", repacked(plain, lambda *_: None, more=[("readme.txt", "hello")]), "readme.txt"),
    ("no storage", repacked(plain, lambda name, content: None if "data/0" in name else content), 'storage "0" is not in the archive'),
    ("a storage that is cut off", repacked(plain, lambda name, content: content[:-4] if "data/0" in name else content), "is the file cut off?"),
]
ambiguous = [
    ("two state dicts", saved(stacked), 'choose one by its key: "a", "b"'),
    ("no state dict", saved({"epoch": 1, "deep": [torch.ones(1)]}), 'its keys are "epoch", "deep"'),
    ("a list", saved([torch.ones(1)]), "is a list and no state dict"),
]

# A module and what it gives, to be loaded there.
x = torch.randn(2, 2, 9)
with torch.no_grad():
    y = small.eval()(x)

golden = {
    "cases": cases,
    "archives": archives,
    "besideOthers": beside_others,
    "refused": [{"name": name, "file": text(data), "says": says} for name, data, says in refused],
    "ambiguous": [{"name": name, "file": text(data), "says": says} for name, data, says in ambiguous],
    "forward": {"file": text(saved(training)), "x": expected(x), "y": expected(y)},
}
here = pathlib.Path(__file__)
here.with_name("checkpoints.json.gz").write_bytes(gzip.compress(json.dumps(golden).encode(), mtime=0))
(here.parents[2] / "examples" / "checkpoint.pt").write_bytes(saved({"model": small.state_dict(), "epoch": 3, "optimizer": optimizer.state_dict()}))
