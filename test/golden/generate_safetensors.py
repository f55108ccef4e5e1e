#!/usr/bin/python3
"""Writes safetensors.json.gz: small .safetensors files, and what PyTorch makes of their elements.

The files are laid out by hand from the format's description (a length, JSON, the data), the 16-bit elements come from
torch's own conversions. Run: /usr/bin/python3 test/golden/generate_safetensors.py
"""

import base64
import gzip
import json
import pathlib
import struct

import torch

SPECIAL = [0.0, -0.0, 1.0, -1.5, 0.1, 65504.0, -65504.0, 70000.0, 3.0e38, 6.1e-5, 6.0e-8, -6.0e-8, 2.0e-5, 1.0e-40]
SPECIAL += [float("inf"), float("-inf"), float("nan")]
DTYPES = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16"}


def raw(tensor):
    words = {2: torch.int16, 4: torch.int32, 8: torch.int64}[tensor.element_size()]
    return tensor.contiguous().view(words).numpy().tobytes()


def layout(tensors, metadata=None):
    """The file, with the tensors in the order given and the header padded as the reference implementation pads it."""
    header = {} if metadata is None else {"__metadata__": metadata}
    data = b""
    for name, tensor in tensors.items():
        begin = len(data)
        data += raw(tensor)
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def expected(tensor):
    """The elements as PyTorch widens them: little-endian bytes of float32, or of float64 where the tensor has that."""
    wide = tensor if tensor.dtype == torch.float64 else tensor.float()
    dtype = "float64" if wide.dtype == torch.float64 else "float32"
    return {"dtype": dtype, "shape": list(wide.shape), "data": base64.b64encode(raw(wide)).decode()}


def every_16_bit_number(dtype):
    """All finite numbers and infinities of a 16-bit type; NaNs are in SPECIAL, their payloads are nobody's business."""
    numbers = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(dtype)
    return numbers[~torch.isnan(numbers.float())]


torch.manual_seed(0)
special32 = torch.tensor(SPECIAL, dtype=torch.float64).float()
special64 = torch.tensor(SPECIAL, dtype=torch.float64)
half = torch.cat([special32.half(), torch.tensor([1, 2, 1023, 1024, -32767, -31745], dtype=torch.int16).view(torch.float16)])
brain = torch.cat([special32.bfloat16(), torch.tensor([1, 127, 128, -32767], dtype=torch.int16).view(torch.bfloat16)])

FILES = {
    # float64 first, then float32, each by name: the order in which the reference implementation writes.
    "layer": (
        {
            "\u00e9t\u00e9 \"quoted\"\\\n": special64,
            "bias": torch.randn(3),
            "empty": torch.zeros(2, 0, 3),
            "scalar": torch.tensor(2.5),
            "weight": torch.randn(3, 2, 5),
        },
        {"stride": "2", "note": "caf\u00e9 \U0001f600"},
    ),
    "half": ({"conv.weight": half, "x": torch.randn(2, 3).half()}, None),
    "bfloat16": ({"conv.weight": brain, "x": torch.randn(2, 3).bfloat16()}, None),
    # An odd count of 16-bit elements first: everything after it is misaligned.
    "misaligned": (
        {"a": torch.randn(3).half(), "b": torch.randn(2), "c": torch.randn(5).bfloat16(), "d": torch.randn(2).double()},
        {"format": "pt"},
    ),
    "nothing": ({}, None),
}

golden = {}
for name, (tensors, metadata) in FILES.items():
    golden[name] = {
        "file": base64.b64encode(layout(tensors, metadata)).decode(),
        "metadata": metadata or {},
        "tensors": {key: expected(tensor) for key, tensor in tensors.items()},
    }

# A checksum over all 16-bit numbers, in the order of their bits as signed integers, keeps the file small.
checks = {}
for dtype, name in ((torch.float16, "F16"), (torch.bfloat16, "BF16")):
    words = every_16_bit_number(dtype).float().view(torch.int32).tolist()
    checksum = 0
    for word in words:
        checksum = (checksum * 31 + (word & 0xFFFFFFFF)) % 2**32
    checks[name] = {"count": len(words), "checksum": checksum}

path = pathlib.Path(__file__).with_name("safetensors.json.gz")
path.write_bytes(gzip.compress(json.dumps({"files": golden, "allNumbers": checks}).encode(), mtime=0))
