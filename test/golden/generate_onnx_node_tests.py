#!/usr/bin/env python3
"""Writes ONNX's own tests of its operators, as python3-onnx makes them, one a line in JSON: test/slow/122 reads them.

    /usr/bin/python3 test/golden/generate_onnx_node_tests.py FILE

A line has the test's name, the operators of the model (those of its subgraphs, too), the model, its inputs and the outputs expected, as
{"name", "dtype", "shape", "data": base64 of bytes, little endian}. "settings" names the inputs that decide about shapes, or are weights. Tests with values that are no tensors (sequences, optionals, texts)
have "inputs": null: they are counted, and cannot be played. They are not committed: python3-onnx makes them in two seconds.
"""

import base64
import builtins
import json
import sys

import numpy as np

# onnx 1.12 uses names that numpy 1.24 no longer has.
for name in ("float", "bool", "int", "object", "complex"):
    if name not in np.__dict__:
        setattr(np, name, getattr(builtins, name))

from onnx.backend.test.case.node import collect_testcases  # noqa: E402


def operators(graph):
    for node in graph.node:
        yield node.op_type if node.domain == "" else f"{node.domain}.{node.op_type}"
        for attribute in node.attribute:
            for inner in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                yield from operators(inner)


# The inputs of operators that exporters write into the file, since shapes and the course depend on them.
SETTINGS = {
    "Reshape": [1], "Expand": [1], "Slice": [1, 2, 3, 4], "Pad": [1, 2, 3], "Tile": [1], "TopK": [1], "Range": [0, 1, 2],
    "ConstantOfShape": [0], "Resize": [1, 2, 3], "Upsample": [1], "Squeeze": [1], "Unsqueeze": [1], "Split": [1], "Clip": [1, 2],
    "CumSum": [1], "DFT": [1, 2], "STFT": [1, 2, 3], "Dropout": [1, 2], "LSTM": [1, 2, 3, 4, 7], "GRU": [1, 2, 3, 4],
    "InstanceNormalization": [1, 2], "Conv": [1, 2], "ConvTranspose": [1, 2], "BatchNormalization": [1, 2, 3, 4], "If": [0], "OneHot": [1],
    "RNN": [1, 2, 3, 4], "Trilu": [1], "HannWindow": [0], "HammingWindow": [0], "BlackmanWindow": [0],
}  # fmt: skip


def settings(graph):
    """The names of the graph inputs that a node reads as such."""
    found = set()
    if any(node.op_type == "Range" for node in graph.node):  # windows: their size is all they have
        return sorted(each.name for each in graph.input)
    for node in graph.node:
        indices = range(1, 2) if node.op_type.startswith("Reduce") else SETTINGS.get(node.op_type, [])
        found |= {node.input[i] for i in indices if i < len(node.input)}
    return sorted(found & {each.name for each in graph.input})


def encoded(infos, values):
    """Values with their names; None where one is no tensor of numbers."""
    tensors = []
    for info, value in zip(infos, values):
        if not isinstance(value, (np.ndarray, np.generic)) or value.dtype.kind not in "fiub":
            return None
        array = np.ascontiguousarray(value)
        data = base64.b64encode(array.tobytes()).decode()
        tensors.append({"name": info.name, "dtype": str(array.dtype), "shape": list(np.shape(value)), "data": data})
    return tensors


with open(sys.argv[1], "w", encoding="utf-8") as file:
    for case in collect_testcases(None):
        [(inputs, outputs)] = case.data_sets
        graph = case.model.graph
        record = {
            "name": case.name,
            "operators": sorted(set(operators(graph))),
            "opset": max((each.version for each in case.model.opset_import if each.domain == ""), default=0),
            "model": base64.b64encode(case.model.SerializeToString()).decode(),
            "settings": settings(graph),
            "inputs": encoded(graph.input, inputs),
            "outputs": encoded(graph.output, outputs),
        }
        file.write(json.dumps(record) + "\n")
