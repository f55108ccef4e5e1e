"""Writes networks as ONNX files beside their weights: export.py FOLDER NAME... Needs python3-torch."""
import sys
from pathlib import Path

import torch
from torch import nn

from twins import load


def plain(network):
    """With 'same' padding as a layer, which the exporter does not know."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Conv1d) and child.padding == "same":
                reach = child.dilation[0] * (child.kernel_size[0] - 1)
                child.padding = (0,)
                setattr(parent, name, nn.Sequential(nn.ConstantPad1d((reach // 2, reach - reach // 2), 0.0), child))
    return network


folder = Path(sys.argv[1])
for name in sys.argv[2:]:
    network, inputs = load(folder, name)
    torch.onnx.export(plain(network), inputs, str(folder / f"{name}.onnx"), opset_version=13)
