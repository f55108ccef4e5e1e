#!/usr/bin/env python3
"""Writes curves.json.gz: the losses of four small networks over 200 steps of training in the real PyTorch (1.13), in float32 and in float64.

    /usr/bin/python3 test/golden/generate_curves.py

Each task begins with manual_seed(seed), makes the network and then draws its data, batch by batch: the twin in test/helpers/curves does
the same, and gets the same numbers. The network in float64 has the weights of that in float32 and the same data; its magnitudes of weight
norm are worked out in float64.
"""

import gzip
import json
from pathlib import Path

import torch
from networks import tcn
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
STEPS = 200


class RawAudio(nn.Module):
    """A strided classifier of raw audio, as M5 (W. Dai and others, 2016), smaller."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 16, 32, stride=8)
        self.bn1 = nn.BatchNorm1d(16)
        self.pool1 = nn.MaxPool1d(2)
        self.conv2 = nn.Conv1d(16, 32, 3, stride=2, padding=1, groups=2)
        self.bn2 = nn.BatchNorm1d(32)
        self.fc = nn.Linear(32, 4)

    def forward(self, x):
        x = self.pool1(F.relu(self.bn1(self.conv1(x))))
        x = F.relu(self.bn2(self.conv2(x)))
        return self.fc(x.mean(2))


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv1d(2, 8, 5, stride=2, padding=2, padding_mode="reflect"), nn.GELU(),
            nn.Conv1d(8, 12, 4, stride=2, padding=1), nn.Tanh(),
        )
        self.decoder = nn.Sequential(
            nn.ConvTranspose1d(12, 8, 4, stride=2, padding=1), nn.GroupNorm(2, 8), nn.ELU(),
            nn.ConvTranspose1d(8, 2, 5, stride=2, padding=2, output_padding=1),
        )

    def forward(self, x):
        return self.decoder(self.encoder(x))


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 12)
        self.lstm = nn.LSTM(12, 16, num_layers=2, bidirectional=True, batch_first=True)
        self.norm = nn.LayerNorm(32)
        self.fc = nn.Linear(32, 5)

    def forward(self, tokens):
        return self.fc(self.norm(self.lstm(self.embedding(tokens))[0]))


def copy_memory():
    """The last steps are to say again what the first ones were: symbols 1 to 8, then zeros, then a 9 that says now."""
    symbols = torch.floor(torch.rand(8, 5) * 8) + 1
    x = torch.cat([symbols, torch.zeros(8, 20), torch.full((8, 5), 9.0)], 1)
    target = torch.cat([torch.zeros(8, 25), symbols], 1).to(torch.int64)
    return x.unsqueeze(1), target


def tones():
    """Sawtooths of four periods, with a phase and noise: exact in float32."""
    phase = torch.floor(torch.rand(8, 1) * 64)
    label = torch.floor(torch.rand(8) * 4).to(torch.int64)
    period = torch.tensor([8.0, 16.0, 32.0, 64.0])[label].unsqueeze(1)
    place = torch.arange(512).float() + phase
    saw = (place - torch.floor(place / period) * period) / period * 2 - 1
    return (saw + torch.rand(8, 512) - 0.5).unsqueeze(1), label


def noise():
    """Noise that changes slowly: neighbours of random numbers, added up."""
    z = torch.randn(4, 2, 66)
    x = (z[:, :, :64] + z[:, :, 1:65] + z[:, :, 2:]) * 0.5
    return x, x


def sentences():
    """A token's tag depends on it and on the one before it."""
    tokens = torch.floor(torch.rand(6, 12) * 20).to(torch.int64)
    before = torch.cat([torch.zeros(6, 1, dtype=torch.int64), tokens[:, :-1]], 1)
    sum_of = (tokens + before).float()
    return tokens, (sum_of - torch.floor(sum_of / 5) * 5).to(torch.int64)


def cross_entropy(y, target):
    return F.cross_entropy(y, target)


def cross_entropy_of_steps(y, target):
    return F.cross_entropy(y.transpose(1, 2), target)


TASKS = {
    "TCN, copy memory": (
        11, lambda: tcn.TCN(1, 10, 12, 5, 3), copy_memory, cross_entropy,
        lambda p: torch.optim.Adam(p, lr=4e-3),
        lambda o: None,
    ),
    "raw audio": (
        12, RawAudio, tones, cross_entropy,
        lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, weight_decay=1e-3, nesterov=True),
        lambda o: torch.optim.lr_scheduler.StepLR(o, 80, 0.5),
    ),
    "autoencoder": (
        13, Autoencoder, noise, F.mse_loss,
        lambda p: torch.optim.AdamW(p, lr=3e-3),
        lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, STEPS),
    ),
    "LSTM tagger": (
        14, Tagger, sentences, cross_entropy_of_steps,
        lambda p: torch.optim.AdamW(p, lr=5e-3, weight_decay=0.05),
        lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 1e-2, total_steps=STEPS),
    ),
}


def curve(model, batches, loss_of, optimizer_of, scheduler_of, dtype):
    optimizer = optimizer_of(model.parameters())
    scheduler = scheduler_of(optimizer)
    losses = []
    for x, target in batches:
        to = lambda t: t.to(dtype) if t.is_floating_point() else t
        optimizer.zero_grad()
        loss = loss_of(model(to(x)), to(target))
        loss.backward()
        if isinstance(model, Tagger):
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        losses.append(loss.item())
    return losses


def widened(model, make):
    wide = make()
    wide.load_state_dict(model.state_dict())
    wide.double()
    for module in wide.modules():
        if hasattr(module, "weight_g"):
            v = module.weight_v.detach()
            module.weight_g.data = v.flatten(1).norm(dim=1).reshape(-1, 1, 1)
    return wide


tasks = []
for name, (seed, make, draw, loss_of, optimizer_of, scheduler_of) in TASKS.items():
    torch.manual_seed(seed)
    model = make()
    batches = [draw() for _ in range(STEPS)]
    wide = widened(model, make)
    rest = (batches, loss_of, optimizer_of, scheduler_of)
    task = {"name": name, "seed": seed, "float32": curve(model, *rest, torch.float32), "float64": curve(wide, *rest, torch.float64)}
    tasks.append(task)
    far = max(abs(a - b) for a, b in zip(task["float32"], task["float64"]))
    print(f"{name}: {task['float64'][0]:.4f} to {task['float64'][-1]:.4f}; float32 differs by {far:.2e}")

with gzip.GzipFile(Path(__file__).parent / "curves.json.gz", "wb", 9, mtime=0) as file:
    file.write(json.dumps(tasks).encode())
