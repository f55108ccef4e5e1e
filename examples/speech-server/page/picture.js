// The picture: the sound as bars, the probability under it on the same axis of time, and a band behind each stretch of speech.

/** Samples in a bin, of which the largest is kept. */
const BIN = 64;
/** Seconds that are kept, and those that are shown on a wide and on a narrow window. */
const KEPT = 12;
const SHOWN = { wide: 8, narrow: 6 };
const BAR = 3;
const GUTTER = 30;
const AXIS = 20;
/** Silence stays flat. */
const LEAST_PEAK = 0.1;
/** What a picture keeps of the difference to a lower peak. */
const FALL = 0.95;

export class Picture {
  #canvas;
  #rate = 16_000;
  #chunk = 512;
  /** The largest sample of each bin, and the probability of each chunk: the last ones, written in circles. */
  #bins = new Float32Array(1);
  #probabilities = new Float32Array(1);
  #samples = 0;
  #chunks = 0;
  /** The sample that fills the height: the largest that is shown; it falls slowly when that has gone. */
  #peak = LEAST_PEAK;
  #segments = [];
  #isPlanned = false;
  /** For whom moving pictures are not good: a page is filled, then the next one. */
  #isStill;

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#plan()).observe(canvas);
    this.#isStill = matchMedia('(prefers-reduced-motion: reduce)');
    for (const query of [matchMedia('(prefers-color-scheme: dark)'), this.#isStill]) {
      query.addEventListener('change', () => this.#plan());
    }
  }

  get seconds() {
    return this.#samples / this.#rate;
  }

  /** Begins with a new signal, whose stretches of speech will be in `segments`. */
  begin({ sampleRate, chunk }, segments) {
    this.#rate = sampleRate;
    this.#chunk = chunk;
    this.#bins = new Float32Array(Math.ceil((KEPT * sampleRate) / BIN));
    this.#probabilities = new Float32Array(Math.ceil((KEPT * sampleRate) / chunk));
    this.#samples = 0;
    this.#chunks = 0;
    this.#peak = LEAST_PEAK;
    this.#segments = segments;
    this.#plan();
  }

  addSamples(samples) {
    for (const sample of samples) {
      const bin = Math.floor(this.#samples / BIN) % this.#bins.length;
      const size = Math.abs(sample);
      if (this.#samples % BIN === 0 || size > this.#bins[bin]) this.#bins[bin] = size;
      this.#samples++;
    }
    this.#plan();
  }

  addProbability(probability) {
    this.#probabilities[this.#chunks++ % this.#probabilities.length] = probability;
    this.#plan();
  }

  #plan() {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    requestAnimationFrame(() => {
      this.#isPlanned = false;
      this.#draw();
    });
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (width <= GUTTER + 4) return; // nobody sees it
    const scale = devicePixelRatio;
    const pen = this.#canvas.getContext('2d');
    const [columns, rows] = [Math.round(width * scale), Math.round(height * scale)];
    if (this.#canvas.width !== columns || this.#canvas.height !== rows) {
      Object.assign(this.#canvas, { width: columns, height: rows });
    }
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const style = getComputedStyle(this.#canvas);
    const color = (name) => style.getPropertyValue(`--${name}`);
    pen.font = `11px ${style.fontFamily}`;

    const shown = width < 600 ? SHOWN.narrow : SHOWN.wide;
    const plot = width - GUTTER - 4;
    const wave = Math.round((height - AXIS) * 0.6);
    const view = {
      pen,
      color,
      plot,
      shown,
      from: this.#firstSecond(shown),
      wave: { top: 4, bottom: wave - 10 },
      curve: { top: wave + 10, bottom: height - AXIS },
      height,
    };
    view.x = (time) => GUTTER + ((time - view.from) / shown) * plot;
    view.y = (probability) => view.curve.bottom - probability * (view.curve.bottom - view.curve.top);
    this.#drawAxes(view);
    if (this.#samples === 0) drawHint(view);
    pen.save();
    pen.beginPath();
    pen.rect(GUTTER, 0, plot + 4, height);
    pen.clip();
    this.#drawBands(view);
    this.#drawBars(view);
    this.#drawCurve(view);
    pen.restore();
  }

  #firstSecond(shown) {
    if (!this.#isStill.matches) return Math.max(0, this.seconds - shown);
    return shown * Math.max(0, Math.ceil(this.seconds / shown) - 1);
  }

  #drawAxes({ pen, color, plot, shown, from, wave, curve, height, x, y }) {
    pen.strokeStyle = color('line');
    pen.fillStyle = color('dim');
    pen.lineWidth = 1;
    pen.textBaseline = 'middle';
    pen.textAlign = 'right';
    for (const probability of [0, 0.5, 1]) {
      const at = Math.round(y(probability)) + 0.5;
      pen.setLineDash(probability === 0.5 ? [3, 4] : []);
      line(pen, GUTTER, at, GUTTER + plot, at);
      pen.fillText(String(probability), GUTTER - 8, at);
    }
    pen.setLineDash([]);
    const middle = Math.round((wave.top + wave.bottom) / 2) + 0.5;
    line(pen, GUTTER, middle, GUTTER + plot, middle);
    pen.textAlign = 'center';
    for (let second = Math.ceil(from); second <= from + shown; second++) {
      const at = Math.round(x(second)) + 0.5;
      line(pen, at, curve.bottom, at, curve.bottom + 4);
      if (at > GUTTER + plot - 12) pen.textAlign = 'right';
      pen.fillText(`${second} s`, Math.min(at, GUTTER + plot + 2), height - 7);
      pen.textAlign = 'center';
    }
  }

  #drawBands({ pen, color, x, wave, curve }) {
    pen.fillStyle = color('speech-band');
    for (const { begin, end = this.#answeredSeconds() } of this.#segments) {
      pen.beginPath();
      pen.roundRect(x(begin), wave.top - 4, Math.max(1, x(end) - x(begin)), curve.bottom - wave.top + 4, 6);
      pen.fill();
    }
  }

  /** A bar stays with its stretch of time when the picture moves on. */
  #drawBars({ pen, color, x, shown, plot, from, wave }) {
    const seconds = (BAR * shown) / plot;
    const middle = (wave.top + wave.bottom) / 2;
    const half = (wave.bottom - wave.top) / 2;
    const [sound, speech] = [color('sound'), color('speech')];
    const peak = Math.max(LEAST_PEAK, this.#peakIn(from, this.seconds));
    this.#peak = Math.max(peak, peak + FALL * (this.#peak - peak));
    for (let bar = Math.floor(from / seconds); bar * seconds < this.seconds; bar++) {
      const size = Math.max(0.75, (this.#peakIn(bar * seconds, (bar + 1) * seconds) / this.#peak) * half);
      const time = (bar + 0.5) * seconds;
      pen.fillStyle = this.#segments.some(({ begin, end = Infinity }) => time >= begin && time < end) ? speech : sound;
      pen.beginPath();
      pen.roundRect(x(bar * seconds), middle - size, BAR - 1, 2 * size, 1);
      pen.fill();
    }
  }

  #drawCurve({ pen, color, x, y, from, curve }) {
    const seconds = this.#chunk / this.#rate;
    const first = Math.max(0, Math.floor(from / seconds) - 1, this.#chunks - this.#probabilities.length);
    if (this.#chunks <= first) return;
    pen.beginPath();
    for (let i = first; i < this.#chunks; i++) pen.lineTo(x((i + 0.5) * seconds), y(this.#probabilityOf(i)));
    pen.strokeStyle = color('curve');
    pen.lineWidth = 2;
    pen.lineJoin = 'round';
    pen.stroke();
    const [end, value] = [x((this.#chunks - 0.5) * seconds), y(this.#probabilityOf(this.#chunks - 1))];
    pen.lineTo(end, curve.bottom);
    pen.lineTo(x((first + 0.5) * seconds), curve.bottom);
    const area = pen.createLinearGradient(0, curve.top, 0, curve.bottom);
    area.addColorStop(0, color('curve-area'));
    area.addColorStop(1, 'transparent');
    pen.fillStyle = area;
    pen.fill();
    pen.fillStyle = color('curve');
    pen.beginPath();
    pen.arc(end, value, 4, 0, 2 * Math.PI);
    pen.fill();
  }

  #answeredSeconds() {
    return (this.#chunks * this.#chunk) / this.#rate;
  }

  #probabilityOf(chunk) {
    return this.#probabilities[chunk % this.#probabilities.length];
  }

  #peakIn(from, to) {
    let peak = 0;
    // A bin belongs to the bar in which it begins, so that no peak is drawn twice.
    const last = Math.min(this.#samples, to * this.#rate) / BIN;
    for (let bin = Math.ceil((from * this.#rate) / BIN); bin < last; bin++) {
      peak = Math.max(peak, this.#bins[bin % this.#bins.length]);
    }
    return peak;
  }
}

function drawHint({ pen, color, plot, wave }) {
  const [x, y] = [GUTTER + plot / 2, (wave.top + wave.bottom) / 2];
  const text = 'Play the example, or say something';
  pen.font = pen.font.replace('11px', '14px');
  pen.textAlign = 'center';
  const half = pen.measureText(text).width / 2 + 12;
  pen.fillStyle = color('card');
  pen.fillRect(x - half, y - 12, 2 * half, 24);
  pen.fillStyle = color('dim');
  pen.fillText(text, x, y);
}

function line(pen, x0, y0, x1, y1) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}
