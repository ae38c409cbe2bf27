/** Colours, or their absence. */
export interface Paint {
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
  cyan(text: string): string
  dim(text: string): string
  bold(text: string): string
}

const ESCAPE = '\u001b['

/** Colours for a terminal; with `on` false every function answers its text as it is. */
export function createPaint(on: boolean): Paint {
  const wrap = (open: number, close: number) => (text: string) => {
    if (!on || text === '') return text
    // The end of a line stays outside, so that no line begins with a code.
    const end = text.endsWith('\n') ? '\n' : ''
    return `${ESCAPE}${open}m${text.slice(0, text.length - end.length)}${ESCAPE}${close}m${end}`
  }
  return {
    red: wrap(31, 39),
    green: wrap(32, 39),
    yellow: wrap(33, 39),
    cyan: wrap(36, 39),
    dim: wrap(2, 22),
    bold: wrap(1, 22),
  }
}

// C0, DEL, C1, and the marks that turn the direction of text.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu // oxlint-disable-line no-control-regex -- control characters are what it looks for

/**
 * Text from elsewhere made safe for a terminal: subjects and replies are written by strangers, and control characters could move
 * the cursor, set the title or hide what stands before them.
 */
export function clean(text: string): string {
  return text.replaceAll(/\r?\n|\t/g, ' ').replaceAll(UNSAFE, '\u{fffd}')
}

/** The same for text of several lines. */
export function cleanLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => clean(line.replaceAll('\t', '    ')))
    .join('\n')
}

const ZERO_WIDTH = /^(?:\p{Mark}|\p{Cf})/u
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** Columns of a terminal that a text takes. */
export function width(text: string): number {
  let columns = 0
  for (const char of text) columns += ZERO_WIDTH.test(char) ? 0 : WIDE.test(char) ? 2 : 1
  return columns
}

/** Cuts a text to a number of columns, with `…` where something is missing. */
export function truncate(text: string, columns: number): string {
  if (width(text) <= columns) return text
  let kept = ''
  let used = 0
  for (const char of text) {
    const next = width(char)
    if (used + next > columns - 1) break
    kept += char
    used += next
  }
  return `${kept}…`
}

/** A text with blanks up to a number of columns. */
export function pad(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, columns - width(text)))
  return align === 'left' ? text + blanks : blanks + text
}

/** Lines of at most `columns`, broken at blanks, each after the first with `margin`. */
export function wrap(text: string, columns: number, margin = ''): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && width(line) + 1 + width(word) > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${margin}`)
}
