#!/usr/bin/python3
"""Writes npy.json.gz: .npy files as NumPy writes them, and their elements in rows.

Run: /usr/bin/python3 test/golden/generate_npy.py
"""

import base64
import gzip
import io
import json
import pathlib

import numpy as np

rng = np.random.default_rng(0)


def saved(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return file.getvalue()


def case(name, array, version=None):
    rows = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
    return {
        "name": name,
        "file": base64.b64encode(saved(array, version)).decode(),
        "dtype": str(rows.dtype),
        "shape": list(array.shape),
        "data": base64.b64encode(rows.tobytes()).decode(),
        # Whether these are the bytes that saving the tensor gives back.
        "canonical": version is None and array.dtype.byteorder in "=<" and not np.isfortran(array),
    }


a = rng.standard_normal((2, 3, 4))
special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, 1e-45, 1.5])
cases = [
    case("float64 (2, 3, 4)", a),
    case("float32 (2, 3, 4)", a.astype("f4")),
    case("float32 vector", special.astype("f4")),
    case("float64 vector", special),
    case("float32 scalar", np.float32(2.5).reshape(())),
    case("float64 scalar", np.array(-1.25)),
    case("no elements", np.zeros((0,), "f4")),
    case("no elements in the middle", np.zeros((2, 0, 3), "f8")),
    case("one element", np.ones((1, 1, 1), "f4")),
    case("32 dimensions", np.full((1,) * 32, 7.0)),
    case("a long first size", np.ones((12345, 1), "f4")[:, :0]),
    case("big-endian float32", a.astype(">f4")),
    case("big-endian float64", a.astype(">f8")),
    case("Fortran order float32", np.asfortranarray(a.astype("f4"))),
    case("Fortran order big-endian float64", np.asfortranarray(a.astype(">f8"))),
    case("Fortran order matrix", np.asfortranarray(a[0])),
    case("version 2.0", a[0].astype("f4"), (2, 0)),
    case("version 3.0", a[0], (3, 0)),
]
# Shapes whose headers end just before, at and after a multiple of 64.
cases += [case(f"{n} dimensions", np.zeros((1,) * n, "f4")) for n in range(5, 32)]

# What is widened: to float32 where it has all these numbers, else to float64.
WIDE = {"f2": "<f4", "b1": "<f4", "i1": "<f4", "u1": "<f4", "i2": "<f4", "u2": "<f4", "i4": "<f8", "u4": "<f8", "i8": "<f8", "u8": "<f8"}


def numbers(letters):
    if letters == "f2":
        return np.array([0.0, -0.0, 1.5, -65504, 6e-8, -6.1e-5, np.inf, -np.inf])
    if letters == "b1":
        return np.array([0, 1, 1, 0, 1, 0, 0, 1])
    info = np.iinfo(letters)
    # Of 64 bits those that float64 has: small ones, and beyond 2^53 even ones, up to the least and the greatest of all.
    top = info.max if info.bits < 64 else 2**info.bits - 2**11 if letters == "u8" else 2**63 - 2**10
    return np.array([0, 1, 2, 100, min(info.max, 2**53), info.min, top, 2 ** (info.bits - 2)], dtype=letters)


widened = []
for letters, wide in WIDE.items():
    for mark in "<>":
        for order in "CF":
            array = np.array(numbers(letters).reshape(2, 4), dtype=mark + letters, order=order)
            rows = np.ascontiguousarray(array).astype(wide)
            assert letters == "f2" or [int(x) for x in rows.flat] == [int(x) for x in array.flat]
            one = case(f"{array.dtype.str} in order {order}", array)
            one.update(dtype=str(rows.dtype), data=base64.b64encode(rows.tobytes()).decode(), canonical=False)
            widened.append(one)
# One above what float64 has.
inexact = [{"dtype": d, "file": base64.b64encode(saved(np.array([1, 2**53 + 1], d))).decode()} for d in ["<i8", ">u8"]]

dtypes = ["<c8", "<c16", "<f16", "<U3", "|S5", "<M8[s]"]
refused = [{"dtype": d, "file": base64.b64encode(saved(np.zeros(2, d))).decode()} for d in dtypes]
structured = np.zeros(2, [("x", "<f4"), ("y", "<f8")])
refused.append({"dtype": "structured", "file": base64.b64encode(saved(structured)).decode()})

path = pathlib.Path(__file__).with_name("npy.json.gz")
path.write_bytes(gzip.compress(json.dumps({"cases": cases, "widened": widened, "inexact": inexact, "refused": refused}).encode(), mtime=0))
