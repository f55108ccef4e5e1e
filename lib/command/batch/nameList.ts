/**
 * The names in a list, as `ls` or `find -print0` writes it.
 *
 * @param separator  what ends a name: a line feed, with or without a carriage return before it, or a NUL. Empty names are left out
 */
export async function* readNames(bytes: AsyncIterable<Uint8Array>, separator: '\n' | '\0'): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  const complete = (name: string) => (separator === '\n' ? name.replace(/\r$/, '') : name);
  for await (const chunk of bytes) {
    const names = (rest + decoder.decode(chunk, { stream: true })).split(separator);
    rest = names.pop()!;
    for (const name of names.map(complete)) if (name !== '') yield name;
  }
  const last = complete(rest + decoder.decode());
  if (last !== '') yield last;
}
