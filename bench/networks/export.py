"""Writes the six networks of test/golden/networks as ONNX files into a folder: export.py FOLDER. Needs python3-torch."""
import sys
import warnings
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils import remove_weight_norm

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test" / "golden"))
from networks import encodec, hifigan, inception_time, snac, tcn, vad  # noqa: E402

warnings.filterwarnings("ignore")
folder = Path(sys.argv[1])


def plain(network):
    """Without weight norm, which runtimes do not fold, and with 'same' padding as a layer, which the exporter does not know."""
    for module in network.modules():
        try:
            remove_weight_norm(module)
        except ValueError:
            pass
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Conv1d) and child.padding == "same":
                reach = child.dilation[0] * (child.kernel_size[0] - 1)
                child.padding = (0,)
                setattr(parent, name, nn.Sequential(nn.ConstantPad1d((reach // 2, reach - reach // 2), 0.0), child))
    return network.eval()


def write(name, network, *inputs):
    torch.onnx.export(plain(network), inputs, str(folder / f"{name}.onnx"), opset_version=13)


torch.manual_seed(0)
torch.set_grad_enabled(False)
write("snac", snac.Decoder(), torch.randn(1, 768, 47))
write("hifigan", hifigan.Generator(), torch.randn(1, 80, 86))
write("hifigan128", hifigan.Generator(128), torch.randn(1, 80, 86))
write("encodec", encodec.SEANetDecoder(), torch.randn(1, 128, 75))
write("vad", vad.VoiceDetector(), torch.randn(1, 1, 576), torch.zeros(1, 1, 128), torch.zeros(1, 1, 128))
write("inception", inception_time.InceptionTime(12, 5), torch.randn(8, 12, 1000))
write("tcn", tcn.TCN(1, 10), torch.randn(32, 1, 784))
