"""Writes fused multiply-adds as libm computes them, for the test of the reference's own fma and fmaf.

    /usr/bin/python3 test/golden/generate_fma.py           (glibc 2.36)

fma.f32.gz, fma.f64.gz     rows of a, b, c and fma(a, b, c), little-endian
"""

import ctypes
import gzip
import math
import random
import struct
from pathlib import Path

HERE = Path(__file__).parent
LIBM = ctypes.CDLL("libm.so.6")
ROWS = 3000


class Format:
    def __init__(self, letter, real, function, mantissa_bits, exponent_bits):
        self.letter, self.function = letter, function
        function.restype, function.argtypes = real, [real] * 3
        self.mantissa_bits, self.exponent_bits = mantissa_bits, exponent_bits
        self.bias = 2 ** (exponent_bits - 1) - 1
        self.bytes = struct.calcsize(letter)

    def value(self, bits):
        return struct.unpack("<" + self.letter, bits.to_bytes(self.bytes, "little"))[0]

    def random(self, r, exponent):
        """A value around 2^exponent: random mantissas, and those full of zeros or of ones that make ties."""
        mantissa = r.getrandbits(self.mantissa_bits)
        ones = 2**self.mantissa_bits - 1
        mantissa = r.choice([mantissa, mantissa, mantissa & 7, ones - (mantissa & 7), 0, 2 ** r.randrange(self.mantissa_bits)])
        biased = min(max(exponent + self.bias, 0), 2**self.exponent_bits - 2)
        return self.value(r.getrandbits(1) << (self.mantissa_bits + self.exponent_bits) | biased << self.mantissa_bits | mantissa)

    def specials(self):
        least = self.value(1)
        normal = 2.0 ** (1 - self.bias)
        largest = self.value((2**self.exponent_bits - 1 << self.mantissa_bits) - 1)
        magnitudes = [0.0, least, normal - least, normal, 1.0, largest, math.inf]
        return [*magnitudes, *(-m for m in magnitudes), math.nan]


def triples(f, r):
    specials = f.specials()
    for a in specials:
        for b in specials:
            yield a, b, r.choice(specials)
    precision = f.mantissa_bits + 1
    while True:
        # The addend lies near, just beside and far from the product; some results are subnormal, some overflow.
        span = r.choice([2, 20, f.bias])
        ea, eb = r.randint(-span, span), r.randint(-span, span)
        if r.random() < 0.2:
            eb = 1 - f.bias - ea + r.randint(-precision - 3, 4)
        if r.random() < 0.1:
            eb = f.bias - ea + r.randint(-2, 1)
        a, b = f.random(r, ea), f.random(r, eb)
        kind = r.randrange(4)
        if kind == 0:
            c = f.random(r, ea + eb + r.choice([0, 1, -1, precision, -precision, precision + 1, 2 * precision, -2 * precision]))
        elif kind == 1:
            c = f.random(r, ea + eb + r.randint(-2 * precision - 2, 2 * precision + 2))
        elif kind == 2:
            # Cancels all but the rounding error of the product.
            product = a * b
            c = -f.value(int.from_bytes(struct.pack("<" + f.letter, product), "little")) if abs(product) < 2.0**127 else -a
        else:
            c = f.random(r, r.randint(-span, span))
        yield a, b, c


def write(f, name):
    r = random.Random(7)
    rows = bytearray()
    source = triples(f, r)
    for _ in range(ROWS):
        a, b, c = next(source)
        rows += struct.pack("<4" + f.letter, a, b, c, f.function(a, b, c))
    with open(HERE / name, "wb") as file:
        with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=file, mtime=0) as packed:
            packed.write(rows)
    print(name, (HERE / name).stat().st_size, "bytes")


write(Format("f", ctypes.c_float, LIBM.fmaf, 23, 8), "fma.f32.gz")
write(Format("d", ctypes.c_double, LIBM.fma, 52, 11), "fma.f64.gz")
