/** How far up a line of the caller's own is looked for: modules lie within each other. */
const DEEPEST = 60;

/**
 * `file:line:column` of the innermost call in code that is not this library's; empty if there is none. Said when it is asked for: to write a
 * stack down takes far longer than to remember it.
 */
export function rememberCaller(): () => string {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = DEEPEST;
  const error = new Error();
  Error.stackTraceLimit = before;
  return () => lineIn(error.stack ?? '');
}

function lineIn(stack: string): string {
  const places = stack.split('\n').slice(1).map(placeOf);
  const own = ownFolder(places[0] ?? '');
  return (
    places.find((place) => place !== '' && !place.startsWith('node:') && !(own !== '' && place.startsWith(own))) ?? ''
  );
}

function placeOf(frame: string): string {
  return /\(?((?:file:\/\/)?[^()\s]+:\d+:\d+)\)?$/.exec(frame.trim())?.[1] ?? '';
}

/** The folder of the library: this file lies in network/trace below it. In a bundle all lies in one file, and is taken for the caller's. */
function ownFolder(here: string): string {
  const end = here.search(/network[\\/]trace[\\/]/);
  return end < 0 ? '' : here.slice(0, end);
}
