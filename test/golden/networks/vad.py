"""A voice activity detector as Silero's of version 5 computes: 64 samples of context and 512 new ones, the LSTM's state in and out."""

import torch
import torch.nn.functional as F
from torch import nn


class Spectrum(nn.Module):
    """The magnitudes of a short-time Fourier transform: a convolution has its real and imaginary parts."""

    def __init__(self):
        super().__init__()
        self.basis = nn.Conv1d(1, 258, 256, stride=128, bias=False)

    def forward(self, x):
        real, imaginary = self.basis(F.pad(x, (0, 64), mode="reflect")).chunk(2, dim=1)
        return torch.sqrt(real * real + imaginary * imaginary)


class EncoderBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.reparam_conv = nn.Conv1d(inputs, outputs, 3, stride=stride, padding=1)

    def forward(self, x):
        return torch.relu(self.reparam_conv(x))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(128, 128)
        self.decoder = nn.Sequential(nn.ReLU(), nn.Conv1d(128, 1, 1), nn.Sigmoid())

    def forward(self, x, h, c):
        y, (h, c) = self.rnn(x.permute(2, 0, 1), (h, c))
        return self.decoder(y.permute(1, 2, 0)), (h, c)


class VoiceDetector(nn.Module):
    def __init__(self):
        super().__init__()
        self.stft = Spectrum()
        self.encoder = nn.Sequential(EncoderBlock(129, 128, 1), EncoderBlock(128, 64, 2), EncoderBlock(64, 64, 2), EncoderBlock(64, 128, 1))
        self.decoder = Decoder()

    def forward(self, x, h, c):
        return self.decoder(self.encoder(self.stft(x)), h, c)
