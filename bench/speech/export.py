"""Writes the trained voice detector as an ONNX file for any batch: export.py WEIGHTS.safetensors MODEL.onnx. Needs python3-torch."""
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "networks"))
from twins import read, vad  # noqa: E402

network = vad.VoiceDetector()
network.load_state_dict(read(sys.argv[1]))
inputs = (torch.zeros(2, 1, 576), torch.zeros(1, 2, 128), torch.zeros(1, 2, 128))
torch.onnx.export(
    network.eval(),
    inputs,
    sys.argv[2],
    input_names=["x", "h", "c"],
    output_names=["probability", "hn", "cn"],
    dynamic_axes={"x": {0: "n"}, "h": {1: "n"}, "c": {1: "n"}, "probability": {0: "n"}, "hn": {1: "n"}, "cn": {1: "n"}},
    opset_version=13,
)
