const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

export function monthName(at: Date): string {
  return MONTHS[at.getUTCMonth()] ?? ''
}

export function dayName(at: Date): string {
  return DAYS[at.getUTCDay()] ?? ''
}

export function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}

const LETTERS: Readonly<Record<string, (at: Date) => string>> = {
  d: (at) => twoDigits(at.getUTCDate()),
  D: (at) => dayName(at).slice(0, 3),
  j: (at) => String(at.getUTCDate()),
  l: dayName,
  N: (at) => String(at.getUTCDay() || 7),
  S: (at) => ordinal(at.getUTCDate()),
  w: (at) => String(at.getUTCDay()),
  z: (at) => String(dayOfYear(at)),
  F: monthName,
  m: (at) => twoDigits(at.getUTCMonth() + 1),
  M: (at) => monthName(at).slice(0, 3),
  n: (at) => String(at.getUTCMonth() + 1),
  t: (at) => String(new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate()),
  L: (at) => (new Date(Date.UTC(at.getUTCFullYear(), 1, 29)).getUTCMonth() === 1 ? '1' : '0'),
  Y: (at) => String(at.getUTCFullYear()),
  y: (at) => twoDigits(at.getUTCFullYear() % 100),
  a: (at) => (at.getUTCHours() < 12 ? 'am' : 'pm'),
  A: (at) => (at.getUTCHours() < 12 ? 'AM' : 'PM'),
  g: (at) => String(at.getUTCHours() % 12 || 12),
  G: (at) => String(at.getUTCHours()),
  h: (at) => twoDigits(at.getUTCHours() % 12 || 12),
  H: (at) => twoDigits(at.getUTCHours()),
  i: (at) => twoDigits(at.getUTCMinutes()),
  s: (at) => twoDigits(at.getUTCSeconds()),
  e: () => 'UTC',
  T: () => 'UTC',
  I: () => '0',
  O: () => '+0000',
  P: () => '+00:00',
  Z: () => '0',
  U: (at) => String(Math.floor(at.getTime() / 1_000)),
  c: (at) => at.toISOString().replace(/\.\d+Z$/, '+00:00'),
  r: (at) => at.toUTCString().replace('GMT', '+0000'),
}

/** What stands in a format and is not printed, or undefined: weeks, thousandths, Swatch time. */
export function unknownLetterOf(format: string): string | undefined {
  return /[WoBuv]/.exec(format.replace(/\\./gs, ''))?.[0]
}

/** A time as PHP's date() prints it, in UTC: the same wherever a message is rendered. */
export function phpDate(format: string, at: Date): string {
  return format.replace(/\\(.)|[A-Za-z]/gs, (letter, literal: string | undefined) =>
    literal === undefined ? (LETTERS[letter]?.(at) ?? letter) : literal,
  )
}

function ordinal(day: number): string {
  if (day >= 11 && day <= 13) return 'th'
  return ['th', 'st', 'nd', 'rd'][day % 10] ?? 'th'
}

function dayOfYear(at: Date): number {
  return Math.round(
    (Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()) - Date.UTC(at.getUTCFullYear(), 0)) /
      86_400_000,
  )
}
