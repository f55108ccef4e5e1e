import { encode } from 'fast-png';
import { measureText, textCoverage } from './strokeFont.ts';

/** Red, green and blue, each 0..255. */
export type Color = readonly [red: number, green: number, blue: number];

/** Pixels from one dot of the font to the next: letters 12 pixels high. */
const DOT = 1.75;

/** How a line of text lies around its point. */
export interface TextPlacement {
  /** Which part of the text is at the point; along the text's own direction. Default 'left'. */
  align?: 'left' | 'center' | 'right';
  /** Whether the text runs upwards. Default false. */
  upwards?: boolean;
}

/** An RGB image to draw on; what falls outside is left out. */
export class Raster {
  readonly width: number;
  readonly height: number;
  readonly #data: Uint8Array;

  constructor(width: number, height: number, background: Color) {
    this.width = width;
    this.height = height;
    this.#data = new Uint8Array(width * height * 3);
    this.fill(0, 0, width, height, background);
  }

  /** Fills a rectangle whose top left pixel is (x, y). */
  fill(x: number, y: number, width: number, height: number, color: Color): void {
    const right = Math.min(this.width, x + width);
    const bottom = Math.min(this.height, y + height);
    for (let row = Math.max(0, y); row < bottom; row++) {
      for (let column = Math.max(0, x); column < right; column++) {
        this.#data.set(color, (row * this.width + column) * 3);
      }
    }
  }

  /** Writes a line of text whose vertical middle (its horizontal middle when it runs upwards) is at the point. */
  text(text: string, x: number, y: number, color: Color, placement: TextPlacement = {}): void {
    const { align = 'left', upwards = false } = placement;
    const { width, height } = measureText(text, DOT);
    const start = align === 'left' ? 0 : align === 'center' ? width / 2 : width;
    // Two dots of margin below the line hold the tails of g, p and y.
    const rows = height + 2 * DOT;
    for (let v = 0; v < rows; v++) {
      for (let u = 0; u < width; u++) {
        const coverage = textCoverage(text, DOT, u + 0.5, v + 0.5);
        if (coverage === 0) continue;
        const along = Math.round(u - start);
        const across = Math.round(v - height / 2);
        if (upwards) this.#blend(Math.round(x) + across, Math.round(y) - along, color, coverage);
        else this.#blend(Math.round(x) + along, Math.round(y) + across, color, coverage);
      }
    }
  }

  /** The image as a PNG file. */
  encode(): Uint8Array {
    return encode({ width: this.width, height: this.height, data: this.#data, channels: 3 });
  }

  #blend(x: number, y: number, color: Color, coverage: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const at = (y * this.width + x) * 3;
    for (let i = 0; i < 3; i++) {
      this.#data[at + i] = Math.round(this.#data[at + i]! * (1 - coverage) + color[i]! * coverage);
    }
  }
}
