/**
 * The letters on our pictures: each glyph is a grid of 5 x 9 dots (7 above the line, 2 below it), and is drawn as strokes
 * between neighbouring dots, so that it stays smooth at every size. No npm package draws text without a font file or a
 * binary; the labels need only these characters.
 */

/** Dots from one character to the next. */
const ADVANCE = 6;
/** Dots above and on the base line, and with those below it. */
const ASCENT = 7;
const HEIGHT = 9;
/** The thickness of a stroke, in dots. */
const THICKNESS = 0.95;

/** Rows of glyphs: a line of characters, then nine lines of dots, six columns for each character. */
const ALPHABET = `
0     1     2     3     4     5     6     7     8     9     .     ,     -     (     )     /     |
.###  ..#   .###  .###  ...#  ##### ..##  ##### .###  .###                    ...#  .#          ..#
#...# .##   #...# #...# ..##  #     .#    ....# #...# #...#                   ..#   ..#   ....# ..#
#...# ..#   ....# ....# .#.#  ####  #     ...#  #...# #...#                   .#    ...#  ...#  ..#
#...# ..#   ...#  ..##  #..#  ....# ####  ..#   .###  .####             ####  .#    ...#  ..#   ..#
#...# ..#   ..#   ....# ##### ....# #...# .#    #...# ....#                   .#    ...#  .#    ..#
#...# ..#   .#    #...# ...#  #...# #...# .#    #...# ...#                    ..#   ..#   #     ..#
.###  .###  ##### .###  ...#  .###  .###  .#    .###  .##   ..#   ..#         ...#  .#          ..#
                                                                  ..#
                                                                  .#
a     b     c     d     e     f     g     h     i     j     k     l     m     n     o     p     q
      #           ....#       ..##        #     ..#   ...#  #     .##
      #           ....#       .#          #                 #     ..#
.###  ####  .###  .#### .###  .#    .#### ####  .##   ..##  #..#  ..#   ##.#  ####  .###  ####  .####
....# #...# #     #...# #...# ####  #...# #...# ..#   ...#  #.#   ..#   #.#.# #...# #...# #...# #...#
.#### #...# #     #...# ##### .#    #...# #...# ..#   ...#  ##    ..#   #.#.# #...# #...# #...# #...#
#...# #...# #     #...# #     .#    #...# #...# ..#   ...#  #.#   ..#   #.#.# #...# #...# #...# #...#
.#### ####  .###  .#### .###  .#    .#### #...# .###  ...#  #..#  .###  #.#.# #...# .###  ####  .####
                                    ....#             ...#                                #     ....#
                                    .###              .##                                 #     ....#
r     s     t     u     v     w     x     y     z     A     B     F     H     L     M     N     T
            .#                                        .###  ####  ##### #...# #     #...# #...# #####
            .#                                        #...# #...# #     #...# #     ##.## ##..# ..#
#.##  .#### ####  #...# #...# #.#.# #...# #...# ##### #...# #...# #     #...# #     #.#.# #.#.# ..#
##    #     .#    #...# #...# #.#.# .#.#  #...# ...#  ##### ####  ####  ##### #     #...# #..## ..#
#     .###  .#    #...# #...# #.#.# ..#   #...# ..#   #...# #...# #     #...# #     #...# #...# ..#
#     ....# .#    #...# .#.#  #.#.# .#.#  #...# .#    #...# #...# #     #...# #     #...# #...# ..#
#     ####  ..##  .#### ..#   .#.#  #...# .#### ##### #...# ####  #     #...# ##### #...# #...# ..#
                                          ....#
                                          .###
`;

type Stroke = readonly [x0: number, y0: number, x1: number, y1: number];

const glyphs = new Map<string, readonly Stroke[]>([[' ', []]]);
const lines = ALPHABET.split('\n').slice(1, -1);
for (let top = 0; top < lines.length; top += 1 + HEIGHT) {
  const names = lines[top]!;
  for (let column = 0; column < names.length; column += ADVANCE) {
    const isDot = (x: number, y: number): boolean =>
      x >= 0 && x < ADVANCE - 1 && y >= 0 && y < HEIGHT && lines[top + 1 + y]![column + x] === '#';
    glyphs.set(names[column]!, strokesOf(isDot));
  }
}

/** Joins dots that touch; diagonally only where no dot lies beside both, so that corners are not filled in. */
function strokesOf(isDot: (x: number, y: number) => boolean): Stroke[] {
  const strokes: Stroke[] = [];
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < ADVANCE - 1; x++) {
      if (!isDot(x, y)) continue;
      const before = strokes.length;
      if (isDot(x + 1, y)) strokes.push([x, y, x + 1, y]);
      if (isDot(x, y + 1)) strokes.push([x, y, x, y + 1]);
      for (const side of [-1, 1]) {
        const around = isDot(x + side, y) || isDot(x, y + 1);
        if (isDot(x + side, y + 1) && !around) strokes.push([x, y, x + side, y + 1]);
      }
      if (strokes.length === before) strokes.push([x, y, x, y]);
    }
  }
  return strokes;
}

/** The width and height of a line of text whose dots are `dot` pixels apart. */
export function measureText(text: string, dot: number): { width: number; height: number } {
  return { width: Math.max(0, text.length * ADVANCE - 1) * dot, height: ASCENT * dot };
}

/**
 * How much of a pixel the text covers, from 0 to 1, with smooth edges.
 *
 * @param dot  pixels from one dot to the next
 * @param x    pixels from the left edge of the text to the pixel's centre
 * @param y    pixels from the top of a tall letter to the pixel's centre
 */
export function textCoverage(text: string, dot: number, x: number, y: number): number {
  const position = Math.floor(x / dot / ADVANCE);
  const strokes = glyphs.get(text[position] ?? ' ');
  if (strokes === undefined) throw new RangeError(`the font has no '${text[position]}'`);
  // Dot (0, 0) has its centre half a dot from the corner.
  const dotX = x / dot - position * ADVANCE - 0.5;
  const dotY = y / dot - 0.5;
  let nearest = Number.POSITIVE_INFINITY;
  for (const stroke of strokes) nearest = Math.min(nearest, distance(stroke, dotX, dotY));
  return Math.min(1, Math.max(0, (THICKNESS / 2 - nearest) * dot + 0.5));
}

function distance([x0, y0, x1, y1]: Stroke, x: number, y: number): number {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const square = dx * dx + dy * dy;
  const along = square === 0 ? 0 : Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / square));
  return Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
}
