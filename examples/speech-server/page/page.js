import { Link, sentenceOf } from './link.js';
import { Picture } from './picture.js';
import { listen, playExample } from './sources.js';

/** Speech begins at the first probability, and ends when it has been below the second for `SILENT_CHUNKS`. */
const BEGIN = 0.5;
const END = 0.35;
const SILENT_CHUNKS = 4;
/** Latencies of which the median is shown. */
const MOST_LATENCIES = 200;
const MOST_SEGMENTS = 60;
/** Bytes that wait in the browser, beyond which no more are sent. */
const MOST_UNSENT = 65_536;

const $ = (id) => document.getElementById(id);

/** What has been heard of the current signal; tests look at it. */
export const heard = {};

const picture = new Picture($('picture'));
/** The source that runs, if any: its button, and what ends it. */
let running;

const link = new Link(show);

/** Sends what a source gives, and shows what the server answers. */
async function run(button, source) {
  const before = running;
  const stop = new AbortController();
  const own = { button, stop, ended: Promise.withResolvers() };
  running = own;
  before?.stop.abort();
  press(button, true);
  tellProblem('');
  try {
    await before?.ended.promise;
    const { socket, about } = await link.next(stop.signal);
    await send(socket, source(about, stop.signal), about, stop).finally(() => endSegments(about));
    $('summary').textContent = $('picture').ariaLabel;
  } catch (problem) {
    if (problem.name !== 'AbortError') tellProblem(problem.message);
  } finally {
    if (running?.button !== button || running === own) press(button, false);
    if (running === own) running = undefined;
    own.ended.resolve();
  }
}

/** Sends chunks until they end or `stop` says so, and waits for the last answer. */
async function send(socket, chunks, about, stop) {
  const sentAt = [];
  socket.onmessage = ({ data }) => answered(new DataView(data), about, sentAt);
  const closed = new Promise((resolve) => socket.addEventListener('close', resolve));
  closed.then((event) => stop.abort(new Error(sentenceOf(event))));
  try {
    for await (const chunk of chunks) {
      if (sentAt.length === 0) begin(about);
      while (socket.bufferedAmount > MOST_UNSENT && socket.readyState === WebSocket.OPEN) await pause();
      if (socket.readyState !== WebSocket.OPEN) break;
      sentAt.push(performance.now());
      heard.sent++;
      picture.addSamples(chunk);
      socket.send(Int16Array.from(chunk, (sample) => Math.max(-32768, Math.min(32767, Math.round(32768 * sample)))));
    }
  } catch (problem) {
    // Another signal begins on another connection.
    if (sentAt.length > 0) socket.close();
    throw problem;
  }
  if (socket.readyState === WebSocket.OPEN) {
    if (sentAt.length > 0) show('streaming', 'last answers');
    socket.send('end');
  }
  const event = await closed;
  if (event.code !== 1000) throw new Error(sentenceOf(event));
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 10));

function begin(about) {
  show('streaming', 'streaming');
  Object.assign(heard, { probabilities: [], segments: [], spokenBefore: 0, latencies: [], sent: 0, answered: 0 });
  silent = 0;
  picture.begin(about, heard.segments);
  $('segments').replaceChildren();
  $('none').hidden = false;
}

let silent = 0;

function answered(view, { sampleRate, chunk }, sentAt) {
  const number = view.getUint32(0, true);
  const probability = view.getFloat32(4, true);
  heard.answered = number + 1;
  heard.probabilities.push(probability);
  if (heard.probabilities.length > 10_000) heard.probabilities.shift();
  heard.latencies.push(performance.now() - sentAt[number]);
  if (heard.latencies.length > MOST_LATENCIES) heard.latencies.shift();
  picture.addProbability(probability);
  mark(probability, (number * chunk) / sampleRate, chunk / sampleRate);
  plan();
}

/** Follows where speech begins and ends. */
function mark(probability, begin, seconds) {
  const { segments } = heard;
  const last = segments.at(-1);
  if (last === undefined || last.end !== undefined) {
    if (probability < BEGIN) return;
    segments.push({ begin });
    if (segments.length > MOST_SEGMENTS) {
      const oldest = segments.shift();
      heard.spokenBefore += oldest.end - oldest.begin;
    }
    silent = 0;
  } else if (probability >= END) {
    silent = 0;
  } else if (++silent === SILENT_CHUNKS) {
    last.end = begin - (SILENT_CHUNKS - 1) * seconds;
  }
}

/** Nothing more is heard of the last one. */
function endSegments({ sampleRate, chunk }) {
  const last = heard.segments?.at(-1);
  if (last === undefined || last.end !== undefined) return;
  last.end = (heard.answered * chunk) / sampleRate;
  tell();
}

let isPlanned = false;

function plan() {
  if (isPlanned) return;
  isPlanned = true;
  requestAnimationFrame(() => {
    isPlanned = false;
    tell();
  });
}

/** The figures beside the picture. */
function tell() {
  const { probabilities, segments, latencies, sent, answered: count } = heard;
  const total = picture.seconds;
  const probability = probabilities.at(-1) ?? 0;
  const isSpeech = segments.length > 0 && segments.at(-1).end === undefined;
  const spoken = segments.reduce((sum, { begin: from, end = total }) => sum + end - from, heard.spokenBefore);
  const sorted = latencies.toSorted((a, b) => a - b);
  $('clock').value = total.toFixed(1);
  $('probability').value = probability.toFixed(2);
  $('meter').style.transform = `scaleX(${probability})`;
  $('verdict').textContent = isSpeech ? 'somebody speaks' : 'nobody speaks';
  $('spoken').value = spoken.toFixed(1);
  $('share').textContent = `of ${total.toFixed(1)} s, ${Math.round((100 * spoken) / Math.max(total, 0.001))} %`;
  $('latency').value = sorted[sorted.length >> 1]?.toFixed(1) ?? '–';
  $('slowest').textContent = `slowest ${sorted.at(-1)?.toFixed(1) ?? '–'} ms`;
  $('answered').value = count;
  $('sent').textContent = `of ${sent} sent`;
  $('picture').ariaLabel = `${total.toFixed(1)} seconds of sound, of which ${spoken.toFixed(1)} are speech`;
  $('none').hidden = segments.length > 0;
  const list = $('segments');
  while (list.children.length < segments.length) list.append(document.createElement('li'));
  for (const [i, { begin: from, end }] of segments.entries()) {
    const text = end === undefined ? `since ${from.toFixed(2)} s` : `${from.toFixed(2)} – ${end.toFixed(2)} s`;
    if (list.children[i].textContent !== text) list.children[i].textContent = text;
  }
}

function show(state, text) {
  $('status').dataset.state = state;
  $('status').lastElementChild.textContent = text;
}

function tellProblem(sentence) {
  $('problem').textContent = sentence;
  $('problem').hidden = sentence === '';
}

/** The label says what a click does. */
function press(button, isRunning) {
  button.dataset.running = String(isRunning);
  const label = button.querySelector('span');
  label.textContent = isRunning ? label.dataset.running : label.dataset.idle;
}

function toggle(button, source) {
  button.addEventListener('click', () => {
    if (running?.button === button) running.stop.abort();
    else run(button, source);
  });
}

toggle($('example'), (about, signal) => {
  const speed = document.querySelector('[name=speed]:checked').value;
  const options = { speed: speed === 'all' ? Infinity : Number(speed), sound: $('sound').checked };
  return playExample(about, options, signal);
});
toggle($('microphone'), listen);
$('host').textContent = location.host;
