import { dayName, monthName, twoDigits } from '../php-date.ts'
import { ValueError } from '../position.ts'
import { printed } from './run.ts'

const MINUTE_MS = 60_000
/** Numbers below are seconds: the year 5138. */
const SECONDS_MAX = 1e11

/** A time as SendGrid's formatDate prints it: `formatDate ts "MMMM D, YYYY" "-0800"`. */
export function formatDate(value: unknown, format: unknown, offset: unknown): string {
  if (value === undefined || value === null || value === '') return ''
  const at = instantOf(value)
  if (at === undefined)
    throw new ValueError('"formatDate" is given what is no time: give seconds since 1970, or ISO 8601')
  const minutes = offsetOf(offset)
  if (minutes === undefined)
    throw new ValueError('"formatDate" is given what is no offset from UTC: write it as "-0800"')
  if (typeof format !== 'string') throw new ValueError('"formatDate" is given a format that is no text')
  return formatted(new Date(at + minutes * MINUTE_MS), format, minutes)
}

function instantOf(value: unknown): number | undefined {
  const text = printed(value).trim()
  const number = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined
  if (number !== undefined) return Math.abs(number) < SECONDS_MAX ? number * 1_000 : number
  if (!/^\d{4}-\d\d(?:-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(?:Z|[+-]\d\d:?\d\d)?)?)?$/.test(text))
    return undefined
  // Without an offset it is UTC: the same on every host.
  const zoned = /[T ]/.test(text) && !/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? `${text}Z` : text
  const at = Date.parse(zoned.replace(' ', 'T'))
  return Number.isFinite(at) ? at : undefined
}

function offsetOf(offset: unknown): number | undefined {
  if (offset === undefined || offset === null || offset === '' || offset === 'Z') return 0
  const text =
    typeof offset === 'number'
      ? `${offset < 0 ? '-' : '+'}${String(Math.abs(offset)).padStart(4, '0')}`
      : printed(offset)
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(text) ?? []
  if (sign === undefined) return undefined
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

function zone(minutes: number, between: string): string {
  const whole = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${twoDigits(Math.floor(whole / 60))}${between}${twoDigits(whole % 60)}`
}

function formatted(at: Date, format: string, minutes: number): string {
  const hour = at.getUTCHours()
  // The vendor's table shows HH as 00 at three in the afternoon and hh as 03; here HH counts to 23.
  const tokens: Readonly<Record<string, string>> = {
    YYYY: String(at.getUTCFullYear()),
    YY: twoDigits(at.getUTCFullYear() % 100),
    MMMM: monthName(at),
    MMM: monthName(at).slice(0, 3),
    MM: twoDigits(at.getUTCMonth() + 1),
    M: String(at.getUTCMonth() + 1),
    DD: twoDigits(at.getUTCDate()),
    D: String(at.getUTCDate()),
    dddd: dayName(at),
    ddd: dayName(at).slice(0, 3),
    HH: twoDigits(hour),
    H: String(hour),
    hh: twoDigits(hour % 12 || 12),
    h: String(hour % 12 || 12),
    mm: twoDigits(at.getUTCMinutes()),
    m: String(at.getUTCMinutes()),
    ss: twoDigits(at.getUTCSeconds()),
    s: String(at.getUTCSeconds()),
    A: hour < 12 ? 'AM' : 'PM',
    ZZ: zone(minutes, ''),
    Z: zone(minutes, ':'),
    T: 'T',
  }
  return format.replace(/\[([^\]]*)\]|([A-Za-z])\2*/g, (token, literal: string | undefined) => {
    if (literal !== undefined) return literal
    const text = tokens[token]
    if (text === undefined) throw new ValueError(`"formatDate" knows no "${token.slice(0, 20)}" in a format`)
    return text
  })
}
