/** A module as torch 1.13 prints it: what it says of itself, and the modules inside, a line or more for each. */
export function moduleText(
  typeName: string,
  extra: string,
  children: readonly (readonly [name: string, text: string])[],
): string {
  if (children.length === 0 && !extra.includes('\n')) return `${typeName}(${extra})`;
  const lines = [
    ...(extra === '' ? [] : extra.split('\n')),
    ...children.map(([name, text]) => `(${name}): ${text.replaceAll('\n', '\n  ')}`),
  ];
  return `${typeName}(\n  ${lines.join('\n  ')}\n)`;
}

/** A number as Python prints a float: `0.0`, `1e-05`, `inf`. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude >= 1e16 || magnitude < 1e-4)) {
    // JavaScript's digits are Python's; its exponents have two digits at least.
    const [digits, exponent] = value.toExponential().split('e') as [string, string];
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
  }
  const text = String(value);
  return text.includes('.') || text.includes('e') ? text : `${text}.0`;
}

/** True and false as Python prints them. */
export function pythonBool(value: boolean): string {
  return value ? 'True' : 'False';
}
