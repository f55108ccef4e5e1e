const { Conv1d, ones } = require('conv1d');

console.log(JSON.stringify(new Conv1d(1, 1, 2, { bias: false }).forward(ones(1, 1, 8)).shape));
