const QUOTED_LENGTH = 80;

/** Text from a file made fit for a message: escaped, and cut when long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text);
}
