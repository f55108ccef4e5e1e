"""Writes what networks compute in float64, the same weights and inputs: reference.py FOLDER NAME... Needs python3-torch."""
import sys
from pathlib import Path

from twins import load, write_outputs

folder = Path(sys.argv[1])
for name in sys.argv[2:]:
    network, inputs = load(folder, name)
    write_outputs(folder / f"{name}.reference.safetensors", network.double()(*(x.double() for x in inputs)))
