// Where sound comes from: both are chunks of samples at the network's rate, each at its time, until `signal` ends them.
import { unlessAborted } from './link.js';

/** Chunks of a microphone that wait to be sent, about ten seconds: what comes later is live no more. */
const MOST_WAITING = 312;

const MICROPHONE_PROBLEMS = {
  NotAllowedError: 'The microphone is not allowed. Allow it in the browser, beside the address, and try again.',
  NotFoundError: 'There is no microphone.',
  NotReadableError: 'The microphone cannot be used: another program may have it.',
};

/** The recording of the examples. `speed` is a number, or Infinity for all of it at once. */
export async function* playExample({ sampleRate, chunk }, { speed, sound }, signal) {
  const response = await fetch('speech.wav', { signal });
  if (!response.ok) throw new Error(`The example is not to be had (${response.status}).`);
  const recording = await new OfflineAudioContext(1, 1, sampleRate).decodeAudioData(await response.arrayBuffer());
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
  const stream = await openMicrophone(signal);
  const context = new AudioContext();
  const chunks = [];
  let problem;
  let wake = () => {};
  const fail = (sentence) => {
    problem ??= new Error(sentence);
    wake();
  };
  signal.addEventListener('abort', () => wake());
  for (const track of stream.getTracks()) track.onended = () => fail('The microphone is gone.');
  try {
    await context.audioWorklet.addModule('microphone.js');
    const options = { numberOfOutputs: 0, processorOptions: { rate: sampleRate, chunk } };
    const microphone = new AudioWorkletNode(context, 'microphone', options);
    microphone.port.onmessage = ({ data }) => {
      if (chunks.push(data) > MOST_WAITING) fail('The connection is too slow for live sound.');
      wake();
    };
    context.createMediaStreamSource(stream).connect(microphone);
    while (!signal.aborted) {
      if (problem !== undefined) throw problem;
      if (chunks.length > 0) yield chunks.shift();
      else {
        await new Promise((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    release(stream);
    await context.close();
  }
}

async function openMicrophone(signal) {
  if (navigator.mediaDevices === undefined)
    throw new Error('This browser gives a microphone to https and to localhost only.');
  const asked = navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
  try {
    return await unlessAborted(asked, signal);
  } catch (problem) {
    asked.then(release, () => {}); // allowed after all, when nobody waits for it any more
    throw problem.name in MICROPHONE_PROBLEMS ? new Error(MICROPHONE_PROBLEMS[problem.name]) : problem;
  }
}

function release(stream) {
  for (const track of stream.getTracks()) track.stop();
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
