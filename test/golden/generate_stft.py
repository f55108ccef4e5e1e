"""Writes stft-speech.f32.gz: torch.stft of examples/speech.wav in float64, every 10th frame, stored as float32.

The array is (402, frames): the real parts of 201 frequencies, then the imaginary parts. Run from anywhere:

    python3 test/golden/generate_stft.py
"""

import gzip
import wave
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
EVERY = 10

with wave.open(str(HERE.parents[1] / "examples" / "speech.wav")) as speech:
    assert speech.getnchannels() == 1 and speech.getsampwidth() == 2
    pcm = bytearray(speech.readframes(speech.getnframes()))

signal = torch.frombuffer(pcm, dtype=torch.int16).double() / 32768
spectrum = torch.stft(
    signal,
    n_fft=400,
    hop_length=160,
    window=torch.hann_window(400, dtype=torch.float64),
    center=False,
    return_complex=True,
)
features = torch.cat([spectrum.real, spectrum.imag])[:, ::EVERY].float().contiguous()

out = HERE / "stft-speech.f32.gz"
out.write_bytes(gzip.compress(features.numpy().astype("<f4").tobytes(), mtime=0))
print(f"{out.name}: {tuple(features.shape)} of {spectrum.shape[1]} frames, {out.stat().st_size} bytes")
