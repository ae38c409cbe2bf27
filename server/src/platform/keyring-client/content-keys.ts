import { createSecretKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readAttachment, readList, readNumber, readString } from './answers.ts'
import { BoundedMap } from './bounded-map.ts'
import type { Channel } from './channel.ts'
import { KeyringUnavailable } from './errors.ts'

/** A key to seal content with; pass it to `seal` as it is. */
export interface ContentKeyLease {
  readonly keyId: string
  readonly key: KeyObject
  /** By the clock of this client, which nobody can set: for its own use. */
  readonly expiresAtMs: number
}

export type OpenedKeyState = 'open' | 'destroyed' | 'unknown'

/** The answer to `openContentKeys`; pass it to `open` as it is. */
export interface OpenedKeys {
  get(keyId: string): KeyObject | undefined
  /** `destroyed`: what it sealed never opens again. `unknown`: the workspace has no such key. */
  stateOf(keyId: string): OpenedKeyState
}

type Opened =
  | { readonly state: 'open'; readonly key: KeyObject }
  | { readonly state: 'destroyed' | 'unknown' }

interface Lease {
  readonly value: ContentKeyLease
  readonly renewAtMs: number
  usesLeft: number
}

const KEY_BYTES = 32
const MAX_CACHED_MS = 5 * 60_000
/** A lease is renewed while it still works, so that a keyring that is away for a minute is not noticed. */
const RENEW_AFTER_MS = 3 * 60_000
/** Far below the 2^32 random nonces that AES-GCM allows to one key (NIST SP 800-38D §8.3). */
const MAX_USES = 2 ** 20
const MAX_LEASES = 10_000
const MAX_OPENED = 10_000
const MAX_PER_FRAME = 4096
const SWEEP_MS = 30_000

/** Content keys in this process's memory: leases to seal with, and keys opened for reading; neither for longer than five minutes. */
export function createContentKeys(deps: { channel: Channel; timeoutMs: number; now: () => number }) {
  const { channel, now } = deps
  const leases = new BoundedMap<Lease>(MAX_LEASES, now)
  const leasing = new Map<string, Promise<Lease>>()
  const opened = new BoundedMap<KeyObject>(MAX_OPENED, now)
  const opening = new Map<string, Promise<Opened>>()
  const sweeper = setInterval(() => {
    leases.sweep()
    opened.sweep()
  }, SWEEP_MS)
  sweeper.unref()

  const deadlineMs = (): number => Date.now() + deps.timeoutMs

  async function askLease(workspaceId: string, singleUse: boolean): Promise<ContentKeyLease> {
    const frame = await channel.request({
      op: 'contentKey',
      body: { workspaceId, singleUse },
      deadlineMs: deadlineMs(),
    })
    return {
      keyId: readString(frame, 'keyId'),
      key: takeKey(readAttachment(frame, KEY_BYTES)),
      // A duration, counted here: whatever the two clocks say of the time of day, a lease is not longer than the keyring gave it.
      expiresAtMs: now() + Math.min(readNumber(frame, 'expiresInMs'), MAX_CACHED_MS),
    }
  }

  /** Concurrent askers share one request. */
  function renew(workspaceId: string): Promise<Lease> {
    const running = leasing.get(workspaceId)
    if (running !== undefined) return running
    const work = askLease(workspaceId, false)
      .then((value) => {
        const lease = { value, renewAtMs: now() + RENEW_AFTER_MS, usesLeft: MAX_USES }
        leases.set(workspaceId, lease, value.expiresAtMs)
        return lease
      })
      .finally(() => leasing.delete(workspaceId))
    leasing.set(workspaceId, work)
    return work
  }

  async function askOpen(
    workspaceId: string,
    keyIds: readonly string[],
    reason: string,
  ): Promise<Map<string, Opened>> {
    const frame = await channel.request({
      op: 'openContentKeys',
      body: { workspaceId, keyIds, reason },
      deadlineMs: deadlineMs(),
    })
    const states = readList(frame, 'states', keyIds.length)
    const openCount = states.filter((state) => state === 'open').length
    const bytes = readAttachment(frame, openCount * KEY_BYTES)
    const result = new Map<string, Opened>()
    let at = 0
    for (const [i, keyId] of keyIds.entries()) {
      const state = states[i]
      if (state === 'open') {
        const key = takeKey(bytes.subarray(at, at + KEY_BYTES))
        at += KEY_BYTES
        opened.set(`${workspaceId}/${keyId}`, key, now() + MAX_CACHED_MS)
        result.set(keyId, { state: 'open', key })
      } else if (state === 'destroyed' || state === 'unknown') result.set(keyId, { state })
      else
        throw new KeyringUnavailable('the keyring answered with a key state that this version does not know')
    }
    return result
  }

  return {
    /**
     * A key to seal one value with. Values of one workspace share a key for at most five minutes; a `sensitive` one gets a key of
     * its own, which is destroyed with `destroyContentKeys` once the message is delivered or expired.
     */
    async contentKey(
      workspaceId: string,
      options: { readonly sensitive?: boolean } = {},
    ): Promise<ContentKeyLease> {
      if (options.sensitive === true) return askLease(workspaceId, true)
      let lease = leases.get(workspaceId)
      if (lease === undefined || lease.usesLeft <= 0) lease = await renew(workspaceId)
      // A failed early renewal is no failure: the lease works until it expires, and the next use tries again.
      else if (now() >= lease.renewAtMs) renew(workspaceId).catch(() => undefined)
      lease.usesLeft -= 1
      return lease.value
    },

    /** Opens keys for reading; the keyring records it under `reason` (at most 200 bytes) before it answers. */
    async openContentKeys(
      workspaceId: string,
      keyIds: readonly string[],
      reason: string,
    ): Promise<OpenedKeys> {
      const answers = new Map<string, Opened | Promise<Opened>>()
      const missing: string[] = []
      for (const keyId of new Set(keyIds)) {
        const id = `${workspaceId}/${keyId}`
        const key = opened.get(id)
        const running = opening.get(id)
        if (key !== undefined) answers.set(keyId, { state: 'open', key })
        else if (running !== undefined) answers.set(keyId, running)
        else missing.push(keyId)
      }
      for (let start = 0; start < missing.length; start += MAX_PER_FRAME) {
        const part = missing.slice(start, start + MAX_PER_FRAME)
        const work = askOpen(workspaceId, part, reason)
        for (const keyId of part) {
          const id = `${workspaceId}/${keyId}`
          const one = work
            .then((result): Opened => result.get(keyId) ?? { state: 'unknown' })
            .finally(() => opening.delete(id))
          // The request's failure reaches the caller below; this copy must not count as unhandled.
          one.catch(() => undefined)
          opening.set(id, one)
          answers.set(keyId, one)
        }
      }
      const settled = await Promise.all(
        [...answers].map(async ([keyId, answer]) => [keyId, await answer] as const),
      )
      const byId = new Map(settled)
      return {
        get: (keyId) => {
          const answer = byId.get(keyId)
          return answer?.state === 'open' ? answer.key : undefined
        },
        stateOf: (keyId) => byId.get(keyId)?.state ?? 'unknown',
      }
    },

    /**
     * Destroys keys of sensitive messages for good; returns how many there were. Other processes may hold a copy for at most five
     * minutes. Keys of another workspace are not touched.
     */
    async destroyContentKeys(workspaceId: string, keyIds: readonly string[]): Promise<number> {
      let destroyed = 0
      for (let start = 0; start < keyIds.length; start += MAX_PER_FRAME) {
        const part = keyIds.slice(start, start + MAX_PER_FRAME)
        const frame = await channel.request({
          op: 'destroyContentKeys',
          body: { workspaceId, keyIds: part },
          deadlineMs: deadlineMs(),
        })
        destroyed += readNumber(frame, 'destroyed')
      }
      const gone = new Set(keyIds.map((keyId) => `${workspaceId}/${keyId}`))
      opened.deleteWhere((id) => gone.has(id))
      return destroyed
    },

    close(): void {
      clearInterval(sweeper)
      leases.clear()
      opened.clear()
    },
  }
}

/** The bytes are wiped once the KeyObject holds its own copy: they are a view of the frame they came in. */
function takeKey(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}
