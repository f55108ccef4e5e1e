// Where sound comes from: both are chunks of samples at the network's rate, each at its time, until `signal` ends them.

/** The recording of the examples. `speed` is a number, or Infinity for all of it at once. */
export async function* playExample({ sampleRate, chunk }, { speed, sound }, signal) {
  const file = await (await fetch('speech.wav', { signal })).arrayBuffer();
  const recording = await new OfflineAudioContext(1, 1, sampleRate).decodeAudioData(file);
  const samples = recording.getChannelData(0);
  const stopSound = sound && speed === 1 ? play(recording) : () => {};
  const begin = performance.now();
  try {
    for (let from = 0; from < samples.length && !signal.aborted; from += chunk) {
      const part = samples.subarray(from, from + chunk);
      // A microphone has a chunk when its last sample has been spoken.
      const due = begin + (1000 * (from + part.length)) / sampleRate / speed;
      while (performance.now() < due && !signal.aborted) await pause(due - performance.now());
      yield part;
    }
  } finally {
    if (signal.aborted) stopSound();
  }
}

export async function* listen({ sampleRate, chunk }, signal) {
  if (navigator.mediaDevices === undefined)
    throw new Error('This browser gives a microphone to https and to localhost only.');
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
  const context = new AudioContext();
  const chunks = [];
  let wake = () => {};
  signal.addEventListener('abort', () => wake());
  try {
    await context.audioWorklet.addModule('microphone.js');
    const options = { numberOfOutputs: 0, processorOptions: { rate: sampleRate, chunk } };
    const microphone = new AudioWorkletNode(context, 'microphone', options);
    microphone.port.onmessage = ({ data }) => {
      chunks.push(data);
      wake();
    };
    context.createMediaStreamSource(stream).connect(microphone);
    while (!signal.aborted) {
      if (chunks.length > 0) yield chunks.shift();
      else {
        await new Promise((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    for (const track of stream.getTracks()) track.stop();
    await context.close();
  }
}

function play(recording) {
  const context = new AudioContext();
  const source = new AudioBufferSourceNode(context, { buffer: recording });
  source.connect(context.destination);
  source.onended = () => context.close();
  source.start();
  return () => source.stop();
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
