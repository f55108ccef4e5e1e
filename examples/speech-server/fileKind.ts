/** How files of sound begin that clients send in place of samples: a WAV file, or what a browser's MediaRecorder makes. */
const BEGINNINGS: readonly (readonly [bytes: string, kind: string])[] = [
  ['RIFF', 'a WAV file'],
  ['OggS', 'an Ogg file'],
  ['fLaC', 'a FLAC file'],
  ['\x1a\x45\xdf\xa3', 'a WebM file'],
];

/** What kind of file begins with these bytes. As samples they would be a click of half the loudness there is, and signals begin otherwise. */
export function fileKindOf(frame: Uint8Array): string | undefined {
  const beginning = String.fromCharCode(...frame.subarray(0, 4));
  return BEGINNINGS.find(([bytes]) => bytes === beginning)?.[1];
}
