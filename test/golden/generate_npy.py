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

dtypes = ["<i4", "<i8", "|u1", "|b1", "<f2", "<c8", "<U3", "|S5", "<M8[s]"]
refused = [{"dtype": d, "file": base64.b64encode(saved(np.zeros(2, d))).decode()} for d in dtypes]
structured = np.zeros(2, [("x", "<f4"), ("y", "<f8")])
refused.append({"dtype": "structured", "file": base64.b64encode(saved(structured)).decode()})

path = pathlib.Path(__file__).with_name("npy.json.gz")
path.write_bytes(gzip.compress(json.dumps({"cases": cases, "refused": refused}).encode(), mtime=0))
