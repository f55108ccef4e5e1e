// What a Conv1d computes, step by step: the tour of PyTorch's nn.Conv1d(2, 3, 5) that its users know, in TypeScript.
//
//     npx tsx examples/walkthrough.ts
//
// Each expression is printed with its value, as a Python prompt would print it. Gradient functions have the names of torch 1.13; torch 1.9,
// with which the tour was made, called ConvolutionBackward0 of a Conv1d SqueezeBackward1, and SelectBackward0 SelectBackward.
import { Conv1d, type Tensor, tensor } from 'conv1d';

// Two input channels, three output channels, a kernel of five taps.
const conv1d = new Conv1d(2, 3, 5);

// A new layer's weights are random. These numbers are those of the tour.
conv1d.loadStateDict({
  weight: tensor([
    [
      [0.2594, -0.2927, 0.301, -0.3144, -0.0263],
      [0.1818, 0.1792, -0.1513, 0.0448, 0.2669],
    ],
    [
      [-0.1189, 0.147, -0.1873, -0.1977, 0.0357],
      [0.1807, 0.0479, 0.2231, -0.2369, -0.1685],
    ],
    [
      [0.0283, 0.0707, 0.0137, -0.0436, -0.2092],
      [0.1842, 0.2262, -0.1358, -0.1469, 0.0953],
    ],
  ]),
  bias: tensor([0.1507, -0.0665, 0.2158]),
});

show('conv1d.weight.shape', conv1d.weight.shape);
show('conv1d.weight', conv1d.weight);
show('conv1d.bias', conv1d.bias!);

// The input: a batch of four samples, two channels each, six elements long. In place of rand(4, 2, 6), the tour's numbers.
const x = tensor([
  [
    [0.8598, 0.9945, 0.8397, 0.0875, 0.1347, 0.2212],
    [0.9039, 0.9663, 0.298, 0.4002, 0.8641, 0.1295],
  ],
  [
    [0.6044, 0.1435, 0.9415, 0.6749, 0.1406, 0.5504],
    [0.5129, 0.1664, 0.3843, 0.5065, 0.4144, 0.2583],
  ],
  [
    [0.9566, 0.8054, 0.3213, 0.8039, 0.4228, 0.9182],
    [0.8417, 0.0937, 0.0542, 0.2004, 0.9569, 0.348],
  ],
  [
    [0.7783, 0.7377, 0.9412, 0.3135, 0.7974, 0.1117],
    [0.5227, 0.1919, 0.0875, 0.8341, 0.0841, 0.1266],
  ],
]);
show('x', x);

// The output: (4, 3, 2), because five taps fit into six elements in two places.
const y = conv1d.forward(x);
show('y.shape', y.shape);
show('y', y);

// Each sample is convolved by itself. weight[0] and bias[0] make output channel 0.
const { weight } = conv1d;
const bias = conv1d.bias!;
show('weight.at(0)', weight.at(0));
show('weight.at(0, 0)', weight.at(0, 0));
show('y.at(0, 0)', y.at(0, 0));
show(
  'x.at(0, 0, [0, 5]).dot(weight.at(0, 0)).add(x.at(0, 1, [0, 5]).dot(weight.at(0, 1))).add(bias.at(0))',
  x
    .at(0, 0, [0, 5])
    .dot(weight.at(0, 0))
    .add(x.at(0, 1, [0, 5]).dot(weight.at(0, 1)))
    .add(bias.at(0)),
);
show(
  'x.at(0, 0, [1, 6]).dot(weight.at(0, 0)).add(x.at(0, 1, [1, 6]).dot(weight.at(0, 1))).add(bias.at(0))',
  x
    .at(0, 0, [1, 6])
    .dot(weight.at(0, 0))
    .add(x.at(0, 1, [1, 6]).dot(weight.at(0, 1)))
    .add(bias.at(0)),
);
show('y.at(1, 0)', y.at(1, 0));
show(
  'x.at(1, 0, [0, 5]).dot(weight.at(0, 0)).add(x.at(1, 1, [0, 5]).dot(weight.at(0, 1))).add(bias.at(0))',
  x
    .at(1, 0, [0, 5])
    .dot(weight.at(0, 0))
    .add(x.at(1, 1, [0, 5]).dot(weight.at(0, 1)))
    .add(bias.at(0)),
);
show(
  'x.at(1, 0, [1, 6]).dot(weight.at(0, 0)).add(x.at(1, 1, [1, 6]).dot(weight.at(0, 1))).add(bias.at(0))',
  x
    .at(1, 0, [1, 6])
    .dot(weight.at(0, 0))
    .add(x.at(1, 1, [1, 6]).dot(weight.at(0, 1)))
    .add(bias.at(0)),
);

// weight[1] and bias[1] make output channel 1.
show('y.at(0, 1)', y.at(0, 1));
show(
  'x.at(0, 0, [0, 5]).dot(weight.at(1, 0)).add(x.at(0, 1, [0, 5]).dot(weight.at(1, 1))).add(bias.at(1))',
  x
    .at(0, 0, [0, 5])
    .dot(weight.at(1, 0))
    .add(x.at(0, 1, [0, 5]).dot(weight.at(1, 1)))
    .add(bias.at(1)),
);
show(
  'x.at(0, 0, [1, 6]).dot(weight.at(1, 0)).add(x.at(0, 1, [1, 6]).dot(weight.at(1, 1))).add(bias.at(1))',
  x
    .at(0, 0, [1, 6])
    .dot(weight.at(1, 0))
    .add(x.at(0, 1, [1, 6]).dot(weight.at(1, 1)))
    .add(bias.at(1)),
);
show('y.at(1, 1)', y.at(1, 1));
show(
  'x.at(1, 0, [0, 5]).dot(weight.at(1, 0)).add(x.at(1, 1, [0, 5]).dot(weight.at(1, 1))).add(bias.at(1))',
  x
    .at(1, 0, [0, 5])
    .dot(weight.at(1, 0))
    .add(x.at(1, 1, [0, 5]).dot(weight.at(1, 1)))
    .add(bias.at(1)),
);
show(
  'x.at(1, 0, [1, 6]).dot(weight.at(1, 0)).add(x.at(1, 1, [1, 6]).dot(weight.at(1, 1))).add(bias.at(1))',
  x
    .at(1, 0, [1, 6])
    .dot(weight.at(1, 0))
    .add(x.at(1, 1, [1, 6]).dot(weight.at(1, 1)))
    .add(bias.at(1)),
);

// What the sum of all outputs gains from each weight: the inputs that it met. From a bias: one for each of the 4 x 2 outputs.
y.sum().backward();
show('weight.grad', weight.grad!);
show('bias.grad', bias.grad!);

/** Prints an expression and its value. */
function show(expression: string, value: Tensor | readonly number[]): void {
  console.log(`>>> ${expression}`);
  console.log(Array.isArray(value) ? `[${value.join(', ')}]` : String(value));
}
