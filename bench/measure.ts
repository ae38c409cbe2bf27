import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'

/** One process as /proc shows it. */
export interface ProcessSample {
  readonly pid: number
  readonly parent: number
  /** Clock ticks of CPU: its own and those of its children that it has waited for. */
  readonly ticks: number
  /** Resident peak in kB (VmHWM), of which `sharedKb` is shared memory (RssShmem) that others in the tree count as well. */
  readonly peakKb: number
  readonly sharedKb: number
  readonly command: string
}

export interface GroupUsage {
  readonly cpuSeconds: number
  /** The largest sum of peaks of the processes that were there at the same time, shared memory counted once. */
  readonly peakMb: number
  readonly processes: number
}

export interface Usage {
  readonly seconds: number
  readonly total: GroupUsage
  readonly byGroup: Readonly<Record<string, GroupUsage>>
  /** One-minute load average of the machine before and after, and the share of all cores that was busy with anything at all. */
  readonly loadBefore: number
  readonly loadAfter: number
  readonly machineBusy: number
}

/** Linux reports CPU in ticks of 1/100 s on every architecture that Node runs on (USER_HZ). */
const TICKS_PER_SECOND = 100

/** Parses /proc/<pid>/stat (proc(5)): the name may hold spaces and brackets, so fields count from the last `)`. Null when it is not one. */
export function parseStat(stat: string): { parent: number; ticks: number } | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const parent = Number(fields[1])
  const ticks = [11, 12, 13, 14].reduce((sum, i) => sum + Number(fields[i]), 0)
  return Number.isFinite(parent) && Number.isFinite(ticks) ? { parent, ticks } : null
}

/** A value in kB of /proc/<pid>/status; 0 when it is not there (kernel threads, zombies). */
export function parseStatusKb(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
}

function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return null
  }
}

function allParents(): Map<number, { parent: number; ticks: number }> {
  const found = new Map<number, { parent: number; ticks: number }>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid)) continue
    const stat = readProc(pid, 'stat')
    const parsed = stat === null ? null : parseStat(stat)
    if (parsed !== null) found.set(pid, parsed)
  }
  return found
}

/** All processes below (and with) `roots`, among `parents`. */
export function treeOf(roots: readonly number[], parents: ReadonlyMap<number, { parent: number }>): number[] {
  const children = new Map<number, number[]>()
  for (const [pid, { parent }] of parents) {
    const list = children.get(parent)
    if (list === undefined) children.set(parent, [pid])
    else list.push(pid)
  }
  const found = new Set<number>()
  const open = roots.filter((pid) => parents.has(pid))
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    if (found.has(pid)) continue
    found.add(pid)
    open.push(...(children.get(pid) ?? []))
  }
  return [...found]
}

/** Reads one process tree now. */
export function sampleTree(roots: readonly number[]): ProcessSample[] {
  const parents = allParents()
  return treeOf(roots, parents).flatMap((pid) => {
    const entry = parents.get(pid)
    const status = readProc(pid, 'status')
    if (entry === undefined || status === null) return []
    const command = (readProc(pid, 'cmdline') ?? '').replaceAll('\0', ' ').trim()
    return [
      {
        pid,
        ...entry,
        peakKb: parseStatusKb(status, 'VmHWM'),
        sharedKb: parseStatusKb(status, 'RssShmem'),
        command: command || (/^Name:\s+(.*)$/m.exec(status)?.[1] ?? ''),
      },
    ]
  })
}

/** The memory of processes that were there together, in kB: the sum of their peaks, the shared part counted once. */
export function togetherKb(samples: readonly ProcessSample[]): number {
  const own = samples.reduce((sum, sample) => sum + Math.max(0, sample.peakKb - sample.sharedKb), 0)
  return own + samples.reduce((most, sample) => Math.max(most, sample.sharedKb), 0)
}

/** Names the part of the system that a command line belongs to. */
export function groupOf(command: string): string {
  const process = /processes\/([a-z-]+)\.(?:ts|js|mjs)/.exec(command)?.[1]
  if (process !== undefined) return process
  if (/\/keyring\//.test(command)) return 'keyring'
  if (/postgres/.test(command)) return 'postgres'
  if (/opendkim/.test(command)) return 'opendkim'
  if (/haraka/i.test(command)) return 'haraka'
  return /^(?:\S*\/)?([\w.-]{1,30})/.exec(command)?.[1] ?? 'other'
}

function busyTicks(): { busy: number; all: number } {
  const fields = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '')
    .split(/\s+/)
    .slice(1, 9)
    .map(Number)
  const all = fields.reduce((sum, ticks) => sum + ticks, 0)
  return { busy: all - (fields[3] ?? 0) - (fields[4] ?? 0), all }
}

const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits

/**
 * Measures the CPU and memory of everything below `roots` until `stop` is called. CPU is exact also for children that come and go: the ticks of a
 * process that has ended stand in the parent that waited for it, so the sum over the living never loses any. A process that is killed
 * and whose parent is gone loses what it used after the last sample. `group` names the part a process belongs to; see groupOf.
 */
export class Meter implements Disposable {
  readonly #roots: readonly number[]
  readonly #group: (command: string) => string
  readonly #startMs = performance.now()
  readonly #loadBefore = loadavg()[0] ?? 0
  readonly #machine = busyTicks()
  readonly #before = new Map<number, number>()
  readonly #groups = new Map<string, { peakKb: number; pids: Set<number> }>()
  readonly #timer: NodeJS.Timeout
  #known = new Map<number, ProcessSample>()
  #totalPeakKb = 0

  constructor(
    roots: readonly number[],
    options: { everyMs?: number; group?: (command: string) => string } = {},
  ) {
    this.#roots = roots
    this.#group = options.group ?? groupOf
    for (const sample of sampleTree(roots)) {
      this.#before.set(sample.pid, sample.ticks)
      // "5" resets the peak (proc(5), clear_refs): the figure is then of this interval. Another user's process may refuse.
      try {
        writeFileSync(`/proc/${sample.pid}/clear_refs`, '5')
      } catch {
        continue
      }
    }
    this.#sample()
    this.#timer = setInterval(() => this.#sample(), options.everyMs ?? 250)
    this.#timer.unref()
  }

  #sample(): void {
    const samples = sampleTree(this.#roots)
    this.#known = new Map(samples.map((sample) => [sample.pid, sample]))
    this.#totalPeakKb = Math.max(this.#totalPeakKb, togetherKb(samples))
    for (const [name, members] of Map.groupBy(samples, (sample) => this.#group(sample.command))) {
      const group = this.#groups.get(name) ?? { peakKb: 0, pids: new Set<number>() }
      this.#groups.set(name, group)
      group.peakKb = Math.max(group.peakKb, togetherKb(members))
      for (const { pid } of members) group.pids.add(pid)
    }
  }

  /** Ends the measurement and gives its figures. */
  stop(): Usage {
    this[Symbol.dispose]()
    this.#sample()
    const machine = busyTicks()
    const ticksOf = (name: string | null): number => {
      let ticks = 0
      for (const sample of this.#known.values()) {
        if (name !== null && this.#group(sample.command) !== name) continue
        ticks += sample.ticks - (this.#before.get(sample.pid) ?? 0)
      }
      // A process that was there at the start and has ended since has moved all its ticks, old ones included, into its parent.
      for (const [pid, before] of this.#before) {
        if (this.#known.has(pid)) continue
        if (name === null || this.#groups.get(name)?.pids.has(pid) === true) ticks -= before
      }
      return Math.max(0, ticks)
    }
    const byGroup = [...this.#groups].map(([name, group]): [string, GroupUsage] => [
      name,
      {
        cpuSeconds: round(ticksOf(name) / TICKS_PER_SECOND, 2),
        peakMb: round(group.peakKb / 1024, 1),
        processes: group.pids.size,
      },
    ])
    return {
      seconds: round((performance.now() - this.#startMs) / 1000, 2),
      total: {
        cpuSeconds: round(ticksOf(null) / TICKS_PER_SECOND, 2),
        peakMb: round(this.#totalPeakKb / 1024, 1),
        processes: byGroup.reduce((sum, [, group]) => sum + group.processes, 0),
      },
      byGroup: Object.fromEntries(byGroup),
      loadBefore: round(this.#loadBefore, 2),
      loadAfter: round(loadavg()[0] ?? 0, 2),
      machineBusy: round(
        (machine.busy - this.#machine.busy) / Math.max(1, machine.all - this.#machine.all),
        3,
      ),
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
