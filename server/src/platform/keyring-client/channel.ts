import { connect } from 'node:net'
import type { Socket } from 'node:net'
import {
  errorOf,
  KeyringBudget,
  KeyringContained,
  KeyringRefused,
  KeyringShredded,
  KeyringUnavailable,
} from './errors.ts'
import { createFrameReader, encodeFrame } from './frames.ts'
import type { Frame } from './frames.ts'

/** What the client tells a log; pino's logger fits. */
export interface KeyringClientLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
}

/** Where answers are counted; operations and reasons are words of the protocol. */
export interface KeyringClientMetrics {
  answered(op: string, elapsedSeconds: number): void
  failed(op: string, why: string): void
}

export type KeyringState = 'connecting' | 'ready' | 'refused' | 'closed'

interface ChannelRequest {
  readonly op: string
  readonly body: Readonly<Record<string, unknown>>
  readonly attachments?: readonly Buffer[]
  /** Epoch milliseconds after which the answer is of no use. */
  readonly deadlineMs: number
}

export interface Channel {
  /**
   * Throws `KeyringUnavailable` at the deadline at the latest; `KeyringRefused`, `KeyringContained` or `KeyringBudget` where the
   * keyring says no.
   */
  request(request: ChannelRequest): Promise<Frame>
  state(): KeyringState
  close(): void
}

interface Pending {
  readonly id: number
  readonly op: string
  readonly sinceMs: number
  readonly frame: Buffer
  readonly timer: NodeJS.Timeout
  readonly resolve: (frame: Frame) => void
  readonly reject: (error: Error) => void
  sends: number
}

const BACKOFF_MS = { first: 25, most: 1000 } as const
const HELLO_TIMEOUT_MS = 2000
const MAX_PENDING = 10_000
/** A request that was under way when the connection broke is sent again; one that breaks connections is given up. */
const MAX_SENDS = 3

/**
 * One connection to the keyring that comes back by itself. Requests wait for it until their deadline, and those under way when it
 * breaks are sent again: every operation of the keyring may be repeated.
 */
export function openChannel(deps: {
  socketPath: string
  token: string
  log: KeyringClientLog
  metrics?: KeyringClientMetrics
}): Channel {
  const { log } = deps
  const pending = new Map<number, Pending>()
  let state: KeyringState = 'connecting'
  let socket: Socket | undefined
  let backoffMs: number = BACKOFF_MS.first
  let retryTimer: NodeJS.Timeout | undefined
  let lastId = 0
  let wasReady = false

  function dial(): void {
    const reader = createFrameReader()
    const current = connect(deps.socketPath)
    socket = current
    // Requests keep the process alive by their timers; an idle connection must not.
    current.unref()
    const helloTimer = setTimeout(
      () => current.destroy(new Error('The keyring did not say hello')),
      HELLO_TIMEOUT_MS,
    )
    helloTimer.unref()
    current.on('connect', () => current.write(encodeFrame(0, { token: deps.token })))
    current.on('data', (chunk: Buffer) => {
      let frames: Frame[]
      try {
        frames = reader.push(chunk)
      } catch (error) {
        current.destroy(error instanceof Error ? error : new Error('The keyring sent a malformed frame'))
        return
      }
      for (const frame of frames) {
        if (frame.id !== 0) settle(frame)
        else if (frame.body['ok'] === true) greeted(current, helloTimer)
        else turnedAway(String(frame.body['message']))
      }
    })
    current.on('error', (error) => {
      if (wasReady) log.warn({ error: error.message }, 'The connection to the keyring broke')
    })
    current.on('close', () => {
      clearTimeout(helloTimer)
      if (socket === current) lost()
    })
  }

  function greeted(current: Socket, helloTimer: NodeJS.Timeout): void {
    clearTimeout(helloTimer)
    state = 'ready'
    wasReady = true
    backoffMs = BACKOFF_MS.first
    current.cork()
    for (const item of pending.values()) send(item)
    current.uncork()
    log.info({}, 'Connected to the keyring')
  }

  function turnedAway(reason: string): void {
    log.warn({ reason }, 'The keyring turned this process away')
    if (state === 'ready') return
    state = 'refused'
    backoffMs = BACKOFF_MS.most
    for (const item of pending.values()) fail(item, new KeyringRefused(reason))
  }

  function lost(): void {
    socket = undefined
    if (state === 'closed') return
    if (state === 'ready') state = 'connecting'
    wasReady = false
    for (const item of pending.values()) {
      if (item.sends >= MAX_SENDS)
        fail(item, new KeyringUnavailable('the connection broke under this request again and again'))
    }
    const delayMs = backoffMs * (0.75 + Math.random() / 2)
    backoffMs = Math.min(backoffMs * 2, BACKOFF_MS.most)
    retryTimer = setTimeout(dial, delayMs)
    retryTimer.unref()
  }

  function send(item: Pending): void {
    item.sends += 1
    socket?.write(item.frame)
  }

  function fail(item: Pending, error: Error): void {
    clearTimeout(item.timer)
    pending.delete(item.id)
    deps.metrics?.failed(item.op, reasonOf(error))
    item.reject(error)
  }

  function settle(frame: Frame): void {
    // An answer to a request whose deadline has passed is dropped.
    const item = pending.get(frame.id)
    if (item === undefined) return
    if (frame.body['ok'] === true) {
      clearTimeout(item.timer)
      pending.delete(item.id)
      deps.metrics?.answered(item.op, (performance.now() - item.sinceMs) / 1_000)
      item.resolve(frame)
      return
    }
    fail(item, errorOf(frame.body))
  }

  function nextId(): number {
    do lastId = lastId >= 0xffff_ffff ? 1 : lastId + 1
    while (pending.has(lastId))
    return lastId
  }

  dial()
  return {
    request: ({ op, body, attachments = [], deadlineMs }) =>
      new Promise((resolve, reject) => {
        if (state === 'closed') throw new KeyringUnavailable('the client is closed')
        if (pending.size >= MAX_PENDING)
          throw new KeyringUnavailable('too many requests wait for the keyring')
        const id = nextId()
        const frame = encodeFrame(id, { ...body, op }, attachments)
        const expire = (): void =>
          fail(item, new KeyringUnavailable(`${op} was not answered in time (${state})`))
        const timer = setTimeout(expire, Math.max(0, deadlineMs - Date.now()))
        const item: Pending = { id, op, sinceMs: performance.now(), frame, timer, resolve, reject, sends: 0 }
        pending.set(id, item)
        if (state === 'ready') send(item)
      }),
    state: () => state,
    close() {
      state = 'closed'
      clearTimeout(retryTimer)
      socket?.destroy()
      for (const item of pending.values()) fail(item, new KeyringUnavailable('the client is closed'))
    },
  }
}

function reasonOf(error: Error): string {
  if (error instanceof KeyringBudget) return 'budget'
  if (error instanceof KeyringContained) return 'contained'
  if (error instanceof KeyringShredded) return 'shredded'
  return error instanceof KeyringUnavailable ? 'unavailable' : 'refused'
}
