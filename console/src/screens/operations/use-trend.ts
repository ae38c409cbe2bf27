import type { QueueLine } from '@bulkhead/sdk'
import { useEffect, useRef, useState } from 'react'
import { lineKey } from './queue-words.ts'

/** How far back a rate looks, in milliseconds. */
const WINDOW_MS = 90_000

interface Reading {
  readonly atMs: number
  readonly counts: ReadonlyMap<string, number>
}

/**
 * By how many recipients a minute each line grows or shrinks, over what was seen since the page opened, at most a minute and a half. Empty
 * until there are two readings of the same part of the queue (`part`).
 */
export function useTrend(
  lines: readonly QueueLine[] | undefined,
  readAtMs: number,
  part: string,
): ReadonlyMap<string, number> {
  const readings = useRef<{ part: string; list: readonly Reading[] }>({ part, list: [] })
  const [trend, setTrend] = useState<ReadonlyMap<string, number>>(new Map())
  useEffect(() => {
    if (lines === undefined || readAtMs === 0) return
    const before = readings.current.part === part ? readings.current.list : []
    if (before.at(-1)?.atMs === readAtMs) return
    const now = { atMs: readAtMs, counts: new Map(lines.map((line) => [lineKey(line), line.recipients])) }
    const kept = [...before.filter(({ atMs }) => atMs > readAtMs - WINDOW_MS), now]
    readings.current = { part, list: kept }
    setTrend(ratesOf(kept))
  }, [lines, readAtMs, part])
  return trend
}

/** Recipients a minute between the first reading and the last. */
export function ratesOf(readings: readonly Reading[]): ReadonlyMap<string, number> {
  const [first, last] = [readings[0], readings.at(-1)]
  if (first === undefined || last === undefined || last.atMs - first.atMs < 1_000) return new Map()
  const minutes = (last.atMs - first.atMs) / 60_000
  return new Map(
    [...last.counts].map(([key, count]) => [
      key,
      Math.round((count - (first.counts.get(key) ?? 0)) / minutes),
    ]),
  )
}
