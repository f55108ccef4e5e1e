const { Conv1d, ones, Tensor } = require('conv1d');

import('conv1d').then((module) => {
  if (module.Tensor !== Tensor) throw new Error('import and require load two copies');
  console.log(JSON.stringify(new Conv1d(1, 1, 2, { bias: false }).forward(ones(1, 1, 8)).shape));
});
