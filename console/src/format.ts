/** The console speaks English: its dates, numbers and clocks do too, whatever the browser's language is. */
const LOCALE = 'en-GB'
/** 00:05, never 24:05 or 12:05 am. */
const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const

/** 1234 → "1.2 kB" (decimal units, as mail clients and disks count). */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 999_500) return `${short(bytes / 1000)} kB`
  return `${short(bytes / 1_000_000)} MB`
}

/** 83 → "83 ms", 1240 → "1.2 s", 95000 → "1 min 35 s". */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${short(ms / 1000)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return joined(Math.floor(seconds / 60), 'min', seconds % 60, 's')
  const minutes = Math.round(seconds / 60)
  if (minutes < 48 * 60) return joined(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  return joined(Math.floor(minutes / 1440), 'd', Math.floor((minutes % 1440) / 60), 'h')
}

export function formatCount(count: number): string {
  return count.toLocaleString(LOCALE)
}

/** 0.987 → "98.7 %"; what is not quite all does not look like all. */
export function formatShare(share: number | null): string {
  if (share === null) return '–'
  const shown = share * 100
  if (shown > 99.9 && shown < 100) return '99.9 %'
  return `${shown.toFixed(shown > 0 && shown < 100 ? 1 : 0)} %`
}

/** A time as a list shows it: the hour today, the date before. In UTC it says so. */
export function formatTime(at: Date, now: Date, clock: 'local' | 'utc' = 'local'): string {
  const zone = clock === 'utc' ? { timeZone: 'UTC' } : {}
  const mark = clock === 'utc' ? ' UTC' : ''
  const day = (date: Date): string => date.toLocaleDateString(LOCALE, zone)
  const year = (date: Date): string => date.toLocaleDateString(LOCALE, { year: 'numeric', ...zone })
  if (day(at) === day(now))
    return `${at.toLocaleTimeString(LOCALE, { ...CLOCK, second: '2-digit', ...zone })}${mark}`
  const text = at.toLocaleString(LOCALE, {
    day: '2-digit',
    month: 'short',
    ...(year(at) === year(now) ? {} : { year: 'numeric' }),
    ...CLOCK,
    ...zone,
  })
  return `${text}${mark}`
}

/** A moment as a plot shows it: "01 Mar, 00:05". */
export function formatMoment(at: Date, clock: 'local' | 'utc' = 'local'): string {
  const text = at.toLocaleString(LOCALE, {
    day: '2-digit',
    month: 'short',
    ...CLOCK,
    ...(clock === 'utc' ? { timeZone: 'UTC' } : {}),
  })
  return clock === 'utc' ? `${text} UTC` : text
}

/** What a pointer over a time shows: both clocks in full. */
export function formatTimeFull(at: Date): string {
  return `${at.toLocaleString(LOCALE, { dateStyle: 'full', timeStyle: 'medium', hourCycle: 'h23' })} (local)\n${at.toISOString().replace('T', ' ')} (UTC)`
}

/** A value for an `<input type="datetime-local">`, in local time. */
export function inputTime(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** `"Ann <ann@example.com>"` → its name, or the address where there is none. */
export function nameOf(address: string): string {
  const match = /^\s*"?([^"<]*?)"?\s*<[^>]*>\s*$/.exec(address)
  return match?.[1] || address.replaceAll(/[<>]/g, '')
}

function short(value: number): string {
  return value < 9.95 ? value.toFixed(1).replace(/\.0$/, '') : String(Math.round(value))
}

function joined(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`
}
