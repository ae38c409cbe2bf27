const SPAN = /^[+-]?(\d{1,6})(s|m|h|d|w)$/
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/

/** A time as a person writes it: ISO 8601 (local where no zone is named) or a span before or after now. Null where it is neither. */
export function parseInstant(text: string, direction: 'past' | 'future', nowMs: number): string | null {
  const span = SPAN.exec(text)
  if (span !== null) {
    const ms = Number(span[1]) * (UNIT_MS[span[2] ?? ''] ?? 0)
    return new Date(direction === 'past' ? nowMs - ms : nowMs + ms).toISOString()
  }
  if (!ISO.test(text)) return null
  const time = new Date(text)
  return Number.isNaN(time.getTime()) ? null : time.toISOString()
}

/** `4 min ago`, `in 2 h`: a time seen from now. */
export function relative(iso: string | null, nowMs: number): string {
  if (iso === null) return '-'
  const differenceMs = Date.parse(iso) - nowMs
  const span = duration(Math.abs(differenceMs))
  return differenceMs > 0 ? `in ${span}` : `${span} ago`
}

/** `850 ms`, `12 s`, `4 min`, `3 h`, `2 d`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`
  return `${Math.round(ms / 86_400_000)} d`
}

/** `2026-01-31 09:00:00` in UTC, which is how logs and headers of mail are compared. */
export function clock(iso: string | null): string {
  return iso === null ? '-' : `${iso.slice(0, 10)} ${iso.slice(11, 19)}`
}

/** Why mail from something new waits (docs/notices.md); null where it does not. */
export function heldUntil(iso: string | null): string | null {
  return iso === null
    ? null
    : `its mail is held until ${clock(iso)} UTC; another owner can let it go: bulkhead changes list`
}

/** `512 B`, `4.1 kB`, `2.3 MB`. */
export function bytes(count: number): string {
  if (count < 1_000) return `${count} B`
  if (count < 1_000_000) return `${(count / 1_000).toFixed(1)} kB`
  return `${(count / 1_000_000).toFixed(1)} MB`
}
