"""What torch 1.13 prints for the lines of the walkthrough, with the marks of gradients, and for the gradients at its end: walkthrough-gradients.json.

    /usr/bin/python3 test/golden/generate_walkthrough.py

The tour itself was made with torch 1.9 (walkthrough.json has what it shows), which gave gradient functions other names.
"""

import json
from pathlib import Path

import torch

HERE = Path(__file__).parent

WEIGHT = [
    [[0.2594, -0.2927, 0.3010, -0.3144, -0.0263], [0.1818, 0.1792, -0.1513, 0.0448, 0.2669]],
    [[-0.1189, 0.1470, -0.1873, -0.1977, 0.0357], [0.1807, 0.0479, 0.2231, -0.2369, -0.1685]],
    [[0.0283, 0.0707, 0.0137, -0.0436, -0.2092], [0.1842, 0.2262, -0.1358, -0.1469, 0.0953]],
]
BIAS = [0.1507, -0.0665, 0.2158]
X = [
    [[0.8598, 0.9945, 0.8397, 0.0875, 0.1347, 0.2212], [0.9039, 0.9663, 0.2980, 0.4002, 0.8641, 0.1295]],
    [[0.6044, 0.1435, 0.9415, 0.6749, 0.1406, 0.5504], [0.5129, 0.1664, 0.3843, 0.5065, 0.4144, 0.2583]],
    [[0.9566, 0.8054, 0.3213, 0.8039, 0.4228, 0.9182], [0.8417, 0.0937, 0.0542, 0.2004, 0.9569, 0.3480]],
    [[0.7783, 0.7377, 0.9412, 0.3135, 0.7974, 0.1117], [0.5227, 0.1919, 0.0875, 0.8341, 0.0841, 0.1266]],
]

conv1d = torch.nn.Conv1d(2, 3, 5)
conv1d.load_state_dict({"weight": torch.tensor(WEIGHT), "bias": torch.tensor(BIAS)})
x = torch.tensor(X)
y = conv1d(x)
names = {"conv1d": conv1d, "x": x, "y": y}

tour = [step["expression"] for step in json.loads((HERE / "walkthrough.json").read_text())]
steps = [{"expression": each, "printed": str(eval(each, names)).split("\n")} for each in tour]
y.sum().backward()
for each in ("conv1d.weight.grad", "conv1d.bias.grad"):
    steps.append({"expression": each, "printed": str(eval(each, names)).split("\n")})
(HERE / "walkthrough-gradients.json").write_text(json.dumps(steps, indent=2) + "\n")
