/** Times as the vendor's clients say them: ISO 8601, or words such as "in 1 min", "tomorrow at 9am", "Friday at 3pm ET". */

const SECOND_MS = 1_000
const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^s(?:ecs?|econds?)?$/, SECOND_MS],
  [/^m(?:ins?|inutes?)?$/, 60 * SECOND_MS],
  [/^h(?:rs?|ours?)?$/, 3_600 * SECOND_MS],
  [/^d(?:ays?)?$/, 86_400 * SECOND_MS],
  [/^w(?:eeks?)?$/, 7 * 86_400 * SECOND_MS],
]

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] as const

const ZONES: Readonly<Record<string, string>> = {
  utc: 'UTC',
  gmt: 'UTC',
  z: 'UTC',
  et: 'America/New_York',
  est: 'America/New_York',
  edt: 'America/New_York',
  ct: 'America/Chicago',
  cst: 'America/Chicago',
  cdt: 'America/Chicago',
  mt: 'America/Denver',
  mst: 'America/Denver',
  mdt: 'America/Denver',
  pt: 'America/Los_Angeles',
  pst: 'America/Los_Angeles',
  pdt: 'America/Los_Angeles',
  cet: 'Europe/Berlin',
  cest: 'Europe/Berlin',
  bst: 'Europe/London',
}

interface Clock {
  readonly hour: number
  readonly minute: number
}

interface Day {
  readonly year: number
  /** From 1. */
  readonly month: number
  readonly day: number
}

const CHARS_MAX = 100
/** Where a day is named and no time of it. */
const MORNING: Clock = { hour: 9, minute: 0 }

/** The instant that a text means, in UTC where it names no zone; null: it means none that is known here. */
export function instantOf(text: string, nowMs: number): Date | null {
  const said = text.trim()
  if (said === '' || said.length > CHARS_MAX) return null
  const ms = isoMs(said) ?? wordsMs(said.toLowerCase().replaceAll(/[,\s]+/g, ' '), nowMs)
  return ms === null || Number.isNaN(ms) ? null : new Date(ms)
}

const ISO =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) ?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i

function isoMs(text: string): number | null {
  const [, date, time, zone] = ISO.exec(text) ?? []
  if (date === undefined) return null
  const [, sign = '+', hours = '00', minutes = '00'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone ?? '') ?? []
  const offset = zone === undefined || /^z$/i.test(zone) ? 'Z' : `${sign}${hours}:${minutes}`
  const [whole = '00:00', fraction = ''] = (time ?? '00:00').split('.')
  const ms = Date.parse(
    `${date}T${whole}${fraction === '' ? '' : `.${fraction.slice(0, 3).padEnd(3, '0')}`}${offset}`,
  )
  return Number.isNaN(ms) ? null : ms
}

function wordsMs(text: string, nowMs: number): number | null {
  if (text === 'now') return nowMs
  return agoless(text, nowMs) ?? onADay(text, nowMs)
}

/** "in 5 minutes", "2 hours from now", "in an hour". */
function agoless(text: string, nowMs: number): number | null {
  const [, before, after] = /^in (.+)$|^(.+) from now$/.exec(text) ?? []
  const rest = before ?? after
  if (rest === undefined) return null
  let ms = 0
  for (const piece of rest.split(/ and /)) {
    const [, amount, unit] = /^(an?|\d{1,6}(?:\.\d{1,3})?) ?([a-z]+)$/.exec(piece) ?? []
    const length = UNITS.find(([name]) => name.test(unit ?? ''))?.[1]
    if (amount === undefined || length === undefined) return null
    ms += (amount.startsWith('a') ? 1 : Number(amount)) * length
  }
  return nowMs + Math.round(ms)
}

/** "tomorrow at 9am", "friday 15:00 et", "august 5 at noon", "at 3pm". */
function onADay(said: string, nowMs: number): number | null {
  const [zone, text] = zoneOf(said)
  const today = dayIn(zone, nowMs)
  const [clock, dayText] = clockOf(text)
  if (dayText === '') {
    if (clock === null) return null
    const ms = msIn(zone, today, clock)
    return ms > nowMs ? ms : msIn(zone, plusDays(today, 1), clock)
  }
  if (dayText === 'tonight') return msIn(zone, today, clock ?? { hour: 20, minute: 0 })
  const day = namedDay(dayText, today, (candidate) => msIn(zone, candidate, clock ?? MORNING) > nowMs)
  return day === null ? null : msIn(zone, day, clock ?? MORNING)
}

function zoneOf(text: string): readonly [zone: string, rest: string] {
  const [, rest, name] = /^(.*) \(?([a-z]{1,4})\)?$/.exec(text) ?? []
  const zone = ZONES[name ?? '']
  return zone === undefined || rest === undefined ? ['UTC', text] : [zone, rest]
}

const TIME =
  /(?:^| )(?:at |@ ?)?(?:(\d{1,2})(?::(\d{2}))? ?(am|pm)|(\d{1,2}):(\d{2})|(noon|midday|midnight))$/

function clockOf(text: string): readonly [clock: Clock | null, rest: string] {
  const found = TIME.exec(text)
  if (found === null) return [null, text]
  const rest = text.slice(0, found.index).trim()
  const [, hour, minute = '0', half, hour24, minute24 = '0', word] = found
  if (word !== undefined) return [{ hour: word === 'midnight' ? 0 : 12, minute: 0 }, rest]
  const clock =
    half === undefined
      ? { hour: Number(hour24), minute: Number(minute24) }
      : { hour: (Number(hour) % 12) + (half === 'pm' ? 12 : 0), minute: Number(minute) }
  const isReal =
    clock.hour < 24 && clock.minute < 60 && (half === undefined || (Number(hour) >= 1 && Number(hour) <= 12))
  return isReal ? [clock, rest] : [null, text]
}

function namedDay(text: string, today: Day, isAhead: (day: Day) => boolean): Day | null {
  if (text === 'today') return today
  if (text === 'tomorrow') return plusDays(today, 1)
  if (text === 'next week') return plusDays(today, 7)
  const [, name] = /^(?:on |this |next )?([a-z]+)$/.exec(text) ?? []
  const weekday =
    name === undefined || name.length < 3 ? -1 : WEEKDAYS.findIndex((full) => full.startsWith(name))
  if (weekday >= 0) {
    const ahead = plusDays(today, (weekday - weekdayOf(today) + 7) % 7)
    return isAhead(ahead) ? ahead : plusDays(ahead, 7)
  }
  const [, month, date, year] =
    /^(?:on )?([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?(?: (\d{4}))?$/.exec(text) ?? []
  const at = MONTHS.findIndex((short) => month?.startsWith(short))
  if (at < 0) return null
  const day = { year: Number(year ?? today.year), month: at + 1, day: Number(date) }
  if (plusDays(day, 0).day !== day.day) return null
  return year === undefined && !isAhead(day) ? { ...day, year: day.year + 1 } : day
}

function weekdayOf({ year, month, day }: Day): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay()
}

function plusDays({ year, month, day }: Day, days: number): Day {
  const moved = new Date(Date.UTC(year, month - 1, day + days))
  return { year: moved.getUTCFullYear(), month: moved.getUTCMonth() + 1, day: moved.getUTCDate() }
}

function dayIn(zone: string, ms: number): Day {
  const wall = new Date(ms + offsetMs(zone, ms))
  return { year: wall.getUTCFullYear(), month: wall.getUTCMonth() + 1, day: wall.getUTCDate() }
}

/** Asked twice: the first answer may be on the other side of a change of clocks. */
function msIn(zone: string, { year, month, day }: Day, { hour, minute }: Clock): number {
  const wall = Date.UTC(year, month - 1, day, hour, minute)
  return wall - offsetMs(zone, wall - offsetMs(zone, wall))
}

/** How far a zone's clocks are ahead of UTC. */
function offsetMs(zone: string, ms: number): number {
  if (zone === 'UTC') return 0
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(ms)
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value)
  const wall = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  )
  return wall - Math.floor(ms / SECOND_MS) * SECOND_MS
}
