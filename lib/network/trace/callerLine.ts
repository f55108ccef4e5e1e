/** How many frames of the stack to search for the user's code: modules call each other. */
const DEEPEST = 60;

/**
 * `file:line:column` of the innermost call in code outside this library; empty if there is none. It makes the text only when asked for it: writing
 * down a stack takes far longer than remembering it.
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

/** The folder of the library: this file is in network/trace below it. A bundle is one file, and counts as the user's code. */
function ownFolder(here: string): string {
  const end = here.search(/network[\\/]trace[\\/]/);
  return end < 0 ? '' : here.slice(0, end);
}
