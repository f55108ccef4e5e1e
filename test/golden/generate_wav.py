#!/usr/bin/python3
"""Writes wav.json.gz: short .wav files by sox, and their samples as Python decodes them (and sox itself, as a second opinion).

Run: /usr/bin/python3 test/golden/generate_wav.py   (needs sox)
"""

import audioop
import base64
import gzip
import json
import math
import pathlib
import struct
import subprocess
import tempfile

FRAMES = 16
ENCODINGS = {
    "pcm8": ["-e", "unsigned", "-b", "8"],
    "pcm16": ["-e", "signed", "-b", "16"],
    "pcm24": ["-e", "signed", "-b", "24"],
    "pcm32": ["-e", "signed", "-b", "32"],
    "float32": ["-e", "float", "-b", "32"],
    "float64": ["-e", "float", "-b", "64"],
    "alaw": ["-e", "a-law"],
    "mulaw": ["-e", "u-law"],
}


def signal(channels):
    """Ramps that reach both ends of the range, and a sine."""
    rows = []
    for frame in range(FRAMES):
        rows.append([max(-1.0, min(1.0, math.sin(0.7 * frame + channel) * 1.1)) for channel in range(channels)])
    rows[0] = [-1.0] * channels
    rows[1] = [0.0] * channels
    rows[2] = [1.0] * channels
    return struct.pack(f"<{FRAMES * channels}f", *[x for row in rows for x in row])


def sox(source, channels, rate, options, *, to_pipe=False):
    raw = ["-t", "f32", "-r", str(rate), "-c", str(channels)]
    if to_pipe:
        return subprocess.run(["sox", "-D", *raw, "-", *options, "-t", "wav", "-"], input=source, capture_output=True, check=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder) / "golden.wav"
        subprocess.run(["sox", "-D", *raw, "-", *options, str(target)], input=source, capture_output=True, check=True)
        return target.read_bytes()


def sox_decodes(content):
    command = ["sox", "-t", "wav", "-", "-t", "f64", "-"]
    out = subprocess.run(command, input=content, capture_output=True, check=True).stdout
    return struct.unpack(f"<{len(out) // 8}d", out)


def data_of(content):
    """The bytes of the data chunk."""
    at = 12
    while content[at : at + 4] != b"data":
        size = struct.unpack_from("<I", content, at + 4)[0]
        at += 8 + size + size % 2
    size = struct.unpack_from("<I", content, at + 4)[0]
    return content[at + 8 : at + 8 + size]


def decode(data, encoding):
    if encoding == "pcm8":
        return [(byte - 128) / 128 for byte in data]
    if encoding == "pcm24":
        return [int.from_bytes(data[i : i + 3], "little", signed=True) / 2**23 for i in range(0, len(data), 3)]
    if encoding in ("alaw", "mulaw"):
        data = (audioop.alaw2lin if encoding == "alaw" else audioop.ulaw2lin)(data, 2)
        encoding = "pcm16"
    letter, scale = {"pcm16": ("h", 2**15), "pcm32": ("i", 2**31), "float32": ("f", 1), "float64": ("d", 1)}[encoding]
    size = struct.calcsize(letter)
    return [value / scale for value in struct.unpack(f"<{len(data) // size}{letter}", data)]


def case(name, content, encoding, channels, rate):
    samples = decode(data_of(content), encoding)
    for ours, theirs in zip(samples, sox_decodes(content), strict=True):
        assert abs(ours - theirs) <= 2**-31, (name, ours, theirs)
    planes = [samples[channel::channels] for channel in range(channels)]
    return {
        "name": name,
        "file": base64.b64encode(content).decode(),
        "format": encoding,
        "channels": channels,
        "sampleRate": rate,
        "samples": base64.b64encode(struct.pack(f"<{len(samples)}f", *sum(planes, []))).decode(),
    }


cases = []
for encoding, options in ENCODINGS.items():
    for channels, rate in ((1, 8000), (2, 44100), (3, 16000)):
        content = sox(signal(channels), channels, rate, options)
        cases.append(case(f"{encoding}, {channels} channels", content, encoding, channels, rate))
content = sox(signal(1), 1, 16000, ENCODINGS["pcm16"], to_pipe=True)
cases.append(case("pcm16 written to a pipe", content, "pcm16", 1, 16000))


def every_byte(encoding):
    """A file whose samples are all 256 bytes, with the header that sox writes."""
    content = sox(signal(1), 1, 8000, ENCODINGS[encoding])
    at = content.index(b"data")
    return content[:at] + b"data" + struct.pack("<I", 256) + bytes(range(256))


for encoding in ("alaw", "mulaw"):
    cases.append(case(f"{encoding}, every byte", every_byte(encoding), encoding, 1, 8000))

refused = [
    {"name": "IMA ADPCM", "file": base64.b64encode(sox(signal(1), 1, 8000, ["-e", "ima-adpcm"])).decode()},
    {"name": "GSM 6.10", "file": base64.b64encode(sox(signal(1), 1, 8000, ["-e", "gsm-full-rate"])).decode()},
    {"name": "ADPCM", "file": base64.b64encode(sox(signal(1), 1, 8000, ["-e", "ms-adpcm"])).decode()},
]
path = pathlib.Path(__file__).with_name("wav.json.gz")
path.write_bytes(gzip.compress(json.dumps({"cases": cases, "refused": refused}).encode(), mtime=0))
