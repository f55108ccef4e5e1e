import { malformed } from './malformed.ts';

/**
 * How a .wav file stores a sample: integers of 8 (unsigned) to 32 bits, floats, or the bytes of ITU G.711. Integers of other widths are
 * named by the bytes they take: 12 bits are `pcm16`, 20 are `pcm24`.
 *
 * @category Files
 */
export type WavFormat = 'pcm8' | 'pcm16' | 'pcm24' | 'pcm32' | 'float32' | 'float64' | 'alaw' | 'mulaw';

/** What the 'fmt ' chunk says. */
export type SampleFormat = {
  readonly format: WavFormat;
  /** Bytes of a sample, its padding included. */
  readonly bytes: 1 | 2 | 3 | 4 | 8;
  /** Bits of a sample that mean something. */
  readonly bits: number;
  readonly channels: number;
  readonly sampleRate: number;
};

const TAG_PCM = 1;
const TAG_FLOAT = 3;
const TAG_A_LAW = 6;
const TAG_MU_LAW = 7;
const TAG_EXTENSIBLE = 0xfffe;
// What else is met in the wild, for the message.
const TAG_NAMES: Readonly<Record<number, string>> = { 2: 'ADPCM', 17: 'IMA ADPCM', 49: 'GSM 6.10', 85: 'MP3' };
// The last 14 bytes of the GUID that extends a format tag to an extensible format.
const SUBFORMAT_TAIL = Buffer.from('000000001000800000aa00389b71', 'hex');
const FMT_BYTES = 16;
/** How much of a 'fmt ' chunk is read: an extensible one has that many bytes. */
export const EXTENSIBLE_FMT_BYTES = 40;

const READABLE = 'PCM of 8 to 32 bits, float of 32 or 64, A-law and mu-law are read';

/**
 * Reads the content of a 'fmt ' chunk, of which the first `EXTENSIBLE_FMT_BYTES` are enough.
 *
 * @throws RangeError ERR_CONV1D_FORMAT  when it makes no sense, or says what is not read here
 */
export function parseFmt(source: string, content: Buffer): SampleFormat {
  if (content.length < FMT_BYTES) {
    throw malformed(source, `the 'fmt ' chunk should have ${FMT_BYTES} bytes or more, but has ${content.length}`);
  }
  const tag = formatTag(source, content);
  const channels = content.readUInt16LE(2);
  const sampleRate = content.readUInt32LE(4);
  const frameBytes = content.readUInt16LE(12);
  const bits = content.readUInt16LE(14);
  const sample = sampleFormat(tag, bits, frameBytes / channels);
  if (sample === undefined) throw malformed(source, `the samples are ${refusal(tag, bits)}`);
  if (channels === 0) throw malformed(source, 'it has 0 channels; expected at least 1');
  if (sampleRate === 0) throw malformed(source, 'its sample rate is 0; expected at least 1');
  // In an extensible format, `bits` is the width of the container and another field has the bits in use; 0 is all of them.
  const used = isExtensible(content) ? content.readUInt16LE(18) : 0;
  return { ...sample, bits: used > 0 && used < sample.bits ? used : sample.bits, channels, sampleRate };
}

function isExtensible(content: Buffer): boolean {
  return content.readUInt16LE(0) === TAG_EXTENSIBLE;
}

function formatTag(source: string, content: Buffer): number {
  if (!isExtensible(content)) return content.readUInt16LE(0);
  if (content.length < EXTENSIBLE_FMT_BYTES) {
    throw malformed(
      source,
      `an extensible 'fmt ' chunk should have ${EXTENSIBLE_FMT_BYTES} bytes, but has ${content.length}`,
    );
  }
  if (!content.subarray(26, EXTENSIBLE_FMT_BYTES).equals(SUBFORMAT_TAIL)) {
    throw malformed(source, `subformat ${content.toString('hex', 24, EXTENSIBLE_FMT_BYTES)} is neither PCM nor float`);
  }
  return content.readUInt16LE(24);
}

/**
 * The format of a sample; undefined when it is none of ours. `declared` is how many bytes the header gives to each sample. Programs
 * get that wrong, while channels and bits are right; only where the bits leave it open does it decide.
 */
function sampleFormat(
  tag: number,
  bits: number,
  declared: number,
): Pick<SampleFormat, 'format' | 'bytes' | 'bits'> | undefined {
  switch (tag) {
    case TAG_PCM: {
      if (bits < 8 || bits > 32) return undefined;
      const fewest = Math.ceil(bits / 8);
      const isOpen = bits % 8 !== 0 || bits === 24; // 24 bits come in 3 bytes and in 4
      const bytes = (isOpen && [2, 3, 4].includes(declared) && declared > fewest ? declared : fewest) as 1 | 2 | 3 | 4;
      return { format: `pcm${(8 * bytes) as 8 | 16 | 24 | 32}`, bytes, bits };
    }
    case TAG_FLOAT:
      if (bits === 32) return { format: 'float32', bytes: 4, bits };
      return bits === 64 ? { format: 'float64', bytes: 8, bits } : undefined;
    case TAG_A_LAW:
    case TAG_MU_LAW:
      // Some programs write 0 or 16 bits: those of what it becomes.
      if (bits !== 8 && declared !== 1) return undefined;
      return { format: tag === TAG_A_LAW ? 'alaw' : 'mulaw', bytes: 1, bits: 8 };
    default:
      return undefined;
  }
}

/** What the samples are, and what to do about it. */
function refusal(tag: number, bits: number): string {
  switch (tag) {
    case TAG_PCM:
      return `pcm of ${bits} bits, but ${READABLE}; save them as PCM of 16 or 24 bits`;
    case TAG_FLOAT:
      return `float of ${bits} bits, but ${READABLE}; save them as float of 32 bits`;
    case TAG_A_LAW:
      return `A-law of ${bits} bits, but ${READABLE}, of 8 bits`;
    case TAG_MU_LAW:
      return `mu-law of ${bits} bits, but ${READABLE}, of 8 bits`;
    default: {
      const name = TAG_NAMES[tag] ?? `of format tag ${tag}`;
      return `${name}, but ${READABLE}; convert it, e.g. with: ffmpeg -i in.wav -c:a pcm_s16le out.wav`;
    }
  }
}
