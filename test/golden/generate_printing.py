#!/usr/bin/env python3
"""Writes printing.json.gz: tensors of odd ranges, and how the real PyTorch (1.13) prints them.

Run it in this folder with a python3 that has torch. The values are stored as the base64 of their bytes (little endian), so
that NaN, infinities and -0 survive.
"""

import base64
import gzip
import json
import math

import torch

nan, inf = math.nan, math.inf
cases = []


def case(name, values, dtype=torch.float32, requires_grad=False, parameter=False):
    values = torch.as_tensor(values, dtype=dtype)
    shown = torch.nn.Parameter(values) if parameter else values.clone().requires_grad_(requires_grad)
    cases.append(
        {
            "name": name,
            "dtype": str(dtype).removeprefix("torch."),
            "shape": list(values.shape),
            "data": base64.b64encode(values.contiguous().numpy().tobytes()).decode(),
            "requiresGrad": requires_grad,
            "parameter": parameter,
            "text": repr(shown),
        }
    )


def both(name, values):
    case(f"{name}, float32", values)
    case(f"{name}, float64", values, torch.float64)


torch.manual_seed(2)

# Ordinary numbers.
both("a scalar", 1.5)
both("a whole scalar", -7.0)
both("zero", 0.0)
both("minus zero", -0.0)
both("a row", [0.1, 2.0, -3.25])
both("ones", torch.ones(2, 3))
case("four decimals that round up to one more digit", [0.99995, 9.99996, 0.5])
case("uniform numbers", torch.rand(4, 2, 6))
case("normal numbers", torch.randn(3, 17))
case("a column", torch.rand(5, 1))
case("four dimensions", torch.rand(2, 2, 2, 2))
case("five dimensions", torch.randn(1, 2, 1, 2, 3))

# Whole numbers.
case("whole numbers", [1.0, 20.0, 300.0])
case("negative whole numbers", [-1.0, 2.0, -300.0])
case("whole numbers with zeros of both signs", [0.0, -0.0, 5.0])
case("only zeros of both signs", [0.0, -0.0])
case("whole numbers up to a ratio of 1000", [1.0, 1000.0])
case("whole numbers beyond a ratio of 1000", [1.0, 1001.0])
both("whole numbers at 1e8", [1e8, 5e7])
case("whole numbers above 1e8", [1.00000008e8, 5e7])
both("a whole number halfway between two texts", [100005.0, 1.0])
both("another one, which goes up", [100015.0, 1.0])
both("huge whole numbers", [1e30, -1e22])

# Other notations.
case("tiny numbers", [1e-5, -2e-6, 3e-7])
case("just above the limit of 1e-4", [1.1e-4, 0.01])
case("just below the limit of 1e-4", [0.9e-4, 0.01])
both("1e-4 itself", [1e-4, 0.01])
case("ratio above 1000", [0.5, 501.0])
case("ratio of 1000", [0.5, 500.0])
case("mixed ranges with zeros", [[1e-8, 0.0], [-0.0, 12345.678]])
case("numbers that are not whole above 1e8", [1.5, 2.5e8], torch.float64)
both("numbers halfway between two texts", [0.03125, 0.09375, -0.15625, -0.21875, 1.5])
case("subnormal numbers", [1e-45, 1e-40, -5e-39])
case("subnormal numbers, float64", [5e-324, -1e-310], torch.float64)
case("the largest numbers", [3.4028234663852886e38, -3.4028234663852886e38])
case("three digits of exponent", [1e300, -1e-300, 1.0], torch.float64)
case("halfway in scientific notation, float64", [1.00005 * 2**0, 1000050.0, 1000150.0, 0.5], torch.float64)
case("32 halves in scientific notation", [(2 * i + 1) / 2**12 * 1024 for i in range(32)] + [4096.5, 1e-3])

# Not numbers.
case("all nan", [nan, nan, nan])
case("nan, a scalar", nan)
case("minus infinity, a scalar", -inf)
both("infinities", [inf, -inf])
both("nan and infinities among whole numbers", [nan, inf, -inf, 1.0, 22.0])
case("nan and infinities among others", [nan, inf, -inf, 1.5])
case("nan and infinities among tiny ones", [nan, inf, -inf, 1e-9, 0.0])
case("nan in a matrix", [[nan, 1.0], [2.0, -3.5]])

# Nothing.
for shape in [(0,), (1, 0, 6), (0, 3), (3, 0), (0, 0, 0)]:
    both(f"empty {shape}", torch.empty(shape))

# Long rows.
case("a row of 9, one line", torch.rand(9))
case("a row of 10", torch.rand(10))
case("a row longer than two lines", torch.randn(40))
case("long rows in three dimensions", torch.randn(2, 2, 30))
case("a long row of whole numbers", torch.arange(100.0))
case("a long row in scientific notation", torch.logspace(-6, 6, 25))
case("a row of 1000", torch.arange(1000.0) / 8)

# Summaries.
case("a row of 1001", torch.arange(1001.0))
case("a row of 1001 in scientific notation", torch.logspace(-9, 9, 1001))
case("only the numbers that are shown choose the notation", torch.ones(1200).index_fill(0, torch.tensor([600]), 0.25))
case("one hidden nan", torch.rand(1200).index_fill(0, torch.tensor([600]), nan))
case("a matrix with 6 rows", torch.rand(6, 200))
case("a matrix with 7 rows", torch.rand(7, 200))
case("a matrix with 6 columns", torch.rand(200, 6))
case("a matrix with 7 columns", torch.rand(200, 7))
case("three dimensions", torch.randn(8, 9, 20))
case("three dimensions, the inner ones short", torch.randn(300, 2, 2))
case("three dimensions, the middle one long", torch.randn(2, 300, 2))
case("a summarised column", torch.randn(1001, 1))
case("a summary, float64", torch.randn(3, 400, dtype=torch.float64), torch.float64)
case("a summary with wide numbers", torch.randn(2, 600, dtype=torch.float64) * 1e-200, torch.float64)
case("1000 elements are shown in full", torch.arange(1000.0).reshape(10, 100))

# What follows the numbers.
case("requires_grad", [1.0, 2.0], requires_grad=True)
case("requires_grad, float64", [1.5, 2.0], torch.float64, requires_grad=True)
case("requires_grad, empty", torch.empty(0), requires_grad=True)
case("requires_grad and everything else, empty", torch.empty(2, 0), torch.float64, requires_grad=True)
for length in range(5, 10):
    case(f"room for a suffix after {length} numbers", torch.rand(length), requires_grad=True)
    case(f"room for two suffixes after {length} numbers", torch.rand(length), torch.float64, requires_grad=True)
for width in range(1, 8):
    case(f"room for a suffix after {width} digits", [float(10**width - 1)] * 5, requires_grad=True)
case("room after several lines", torch.randn(3, 9), requires_grad=True)
case("a summary with a suffix", torch.randn(2000), requires_grad=True)
case("a parameter", torch.randn(3, 2, 5), parameter=True)
case("a bias", torch.rand(3), parameter=True)
case("a parameter, float64", torch.rand(2, 2), torch.float64, parameter=True)
case("a parameter, summarised", torch.randn(64, 16, 3), parameter=True)

# No time stamp and no name inside, so that the same cases give the same bytes.
with open("printing.json.gz", "wb") as file:
    file.write(gzip.compress(json.dumps(cases).encode(), mtime=0))
print(len(cases), "tensors")
