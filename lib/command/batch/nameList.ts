import { rangeError } from '../../check/errors.ts';
import { explain } from '../explain.ts';

/** What the list is called in messages. */
const LIST = 'the list on stdin';

/**
 * The names in a list, as `ls` or `find -print0` writes it.
 *
 * @param separator  what ends a name: a line feed, with or without a carriage return before it, or a NUL. Empty names are left out
 * @throws RangeError ERR_CONV1D_FORMAT  when the list is of another kind, or cannot be read
 */
export async function* readNames(bytes: AsyncIterable<Uint8Array>, separator: '\n' | '\0'): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  let isFirst = true;
  const complete = (name: string) => (separator === '\n' ? name.replace(/\r$/, '') : name);
  for await (const chunk of withStart(bytes)) {
    if (isFirst) refuseUtf16(chunk);
    isFirst = false;
    const names = (rest + decoder.decode(chunk, { stream: true })).split(separator);
    rest = names.pop()!;
    for (const name of names.map(complete)) if (name !== '') yield checked(name);
  }
  const last = complete(rest + decoder.decode());
  if (last !== '') yield checked(last);
}

/** Of names between line ends, none has a NUL; of those between NULs, a line end at the end of one says that they are lines. */
function checked(name: string): string {
  if (name.includes('\0')) {
    throw rangeError(
      'ERR_CONV1D_FORMAT',
      `${LIST} has NULs; use -0 when find -print0 writes it, or iconv -f UTF-16 -t UTF-8 when it is UTF-16`,
    );
  }
  if (name.endsWith('\n')) {
    throw rangeError('ERR_CONV1D_FORMAT', `${LIST} has lines, and -0 is for names with a NUL after each; leave -0 out`);
  }
  return name;
}

function refuseUtf16([first, second]: Uint8Array): void {
  const mark = `${first} ${second}`;
  if (mark !== '255 254' && mark !== '254 255') return;
  throw rangeError('ERR_CONV1D_FORMAT', `${LIST} is UTF-16; make it UTF-8, for example with iconv -f UTF-16 -t UTF-8`);
}

/** The chunks, the first of at least two bytes if there are that many. */
async function* withStart(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let start: Uint8Array | undefined = new Uint8Array(0);
  try {
    for await (const chunk of bytes) {
      if (start === undefined) {
        yield chunk;
        continue;
      }
      start = Buffer.concat([start, chunk]);
      if (start.length < 2) continue;
      yield start;
      start = undefined;
    }
  } catch (error) {
    throw rangeError('ERR_CONV1D_FORMAT', `cannot read ${LIST}: ${explain(error)}`);
  }
  if (start !== undefined) yield start;
}
