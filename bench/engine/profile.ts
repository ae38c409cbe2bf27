import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Where the time of one process went. */
export interface ProfileSummary {
  readonly process: string
  readonly files: readonly string[]
  /** Seconds that were not idle, over all threads. */
  readonly busySeconds: number
  readonly top: readonly { readonly what: string; readonly share: number }[]
}

interface Frame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

const TOP = 25
/** What V8 writes where nothing ran. */
const IDLE = '(idle)'

/** Reads a profile of V8 (Chrome DevTools Protocol, Profiler.Profile): microseconds of self time by place. */
export function selfTimes(profile: unknown): Map<string, number> {
  const names = new Map<number, string>()
  for (const node of listOf(profile, 'nodes')) {
    const frame = fieldOf(node, 'callFrame')
    const id = fieldOf(node, 'id')
    if (typeof id === 'number' && isFrame(frame)) names.set(id, placeOf(frame))
  }
  const deltas = listOf(profile, 'timeDeltas')
  const times = new Map<string, number>()
  for (const [at, id] of listOf(profile, 'samples').entries()) {
    const name = typeof id === 'number' ? names.get(id) : undefined
    const micros = deltas[at]
    if (name === undefined || typeof micros !== 'number') continue
    times.set(name, (times.get(name) ?? 0) + Math.max(0, micros))
  }
  return times
}

/** Adds up the profiles below `directory`, by process. */
export function summariseProfiles(directory: string): ProfileSummary[] {
  if (!existsSync(directory)) return []
  const kinds = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return kinds.map(({ name }) => {
    const files = readdirSync(join(directory, name))
      .filter((file) => file.endsWith('.cpuprofile'))
      .map((file) => join(directory, name, file))
    const all = new Map<string, number>()
    for (const file of files)
      for (const [place, micros] of selfTimes(JSON.parse(readFileSync(file, 'utf8'))))
        all.set(place, (all.get(place) ?? 0) + micros)
    all.delete(IDLE)
    const busy = [...all.values()].reduce((sum, micros) => sum + micros, 0)
    const top = [...all].toSorted(([, a], [, b]) => b - a).slice(0, TOP)
    return {
      process: name,
      files,
      busySeconds: Math.round(busy / 1e4) / 100,
      top: top.map(([what, micros]) => ({ what, share: busy === 0 ? 0 : micros / busy })),
    }
  })
}

/** As a person reads it. */
export function renderProfiles(summaries: readonly ProfileSummary[]): string {
  return summaries
    .map(
      ({ process, files, busySeconds, top }) =>
        `\n${process}: ${busySeconds} s of CPU in ${files.length} profiles; self time\n` +
        top.map(({ what, share }) => `  ${(share * 100).toFixed(1).padStart(5)} %  ${what}\n`).join('') +
        files.map((file) => `  ${file}\n`).join(''),
    )
    .join('')
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function listOf(value: unknown, name: string): readonly unknown[] {
  const list = fieldOf(value, name)
  return Array.isArray(list) ? list : []
}

function isFrame(value: unknown): value is Frame {
  return (
    typeof fieldOf(value, 'functionName') === 'string' &&
    typeof fieldOf(value, 'url') === 'string' &&
    typeof fieldOf(value, 'lineNumber') === 'number'
  )
}

function placeOf({ functionName, url, lineNumber }: Frame): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  const path = url.includes('/node_modules/') ? url.slice(url.lastIndexOf('/node_modules/') + 14) : url
  const short = /\/((?:server|keyring|tlog|bench)\/.*)$/.exec(path)?.[1] ?? path
  return `${name} ${short.startsWith('node:') ? short : short.length > 70 ? basename(short) : short}:${lineNumber + 1}`
}
