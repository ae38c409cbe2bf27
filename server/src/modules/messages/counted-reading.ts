import type { Reader, ReadingBudget } from '../../security/limits/index.ts'
import type { Messages } from './messages-service.ts'

/** What was shown to somebody is not counted again for so long: a screen that follows its mail asks for the same page each second. */
const SHOWN_MS = 3_600_000
const SHOWN_MAX = 50_000
/**
 * Few addresses are counted together: who looks up the fate of one message after the other waits for no write, and may look while the
 * database takes none. A reader gets that many more out of each process.
 */
const COUNTED_FROM = 100
const READERS_MAX = 10_000

interface Shown {
  readonly id: string
  /** Addresses of it that are shown. */
  readonly addresses: number
}

/** Messages whose recipients are counted against what somebody may read, before they are shown to him. */
export function countReading(messages: Messages, budget: ReadingBudget, nowMs: () => number): Messages {
  const shown = new Map<string, { readonly addresses: number; readonly untilMs: number }>()
  /** Shown and not counted yet, by reader. */
  const uncounted = new Map<string, number>()

  async function count(reader: Reader, addresses: number): Promise<void> {
    const key = `${reader.workspaceId} ${reader.actor}`
    const all = (uncounted.get(key) ?? 0) + addresses
    if (all < COUNTED_FROM && (uncounted.has(key) || uncounted.size < READERS_MAX)) {
      if (addresses > 0) uncounted.set(key, all)
      return
    }
    await budget.spend(reader, all)
    uncounted.delete(key)
  }

  async function spend(reader: Reader, wanted: readonly Shown[]): Promise<void> {
    const now = nowMs()
    const fresh = wanted.flatMap(({ id, addresses }) => {
      const key = `${reader.workspaceId} ${reader.actor} ${id}`
      const known = shown.get(key)
      const before = known !== undefined && known.untilMs > now ? known.addresses : 0
      return addresses > before ? [{ key, addresses, before }] : []
    })
    await count(
      reader,
      fresh.reduce((sum, { addresses, before }) => sum + addresses - before, 0),
    )
    for (const { key, addresses } of fresh) {
      shown.delete(key)
      shown.set(key, { addresses, untilMs: now + SHOWN_MS })
    }
    for (const key of shown.keys()) {
      if (shown.size <= SHOWN_MAX) break
      shown.delete(key)
    }
  }

  return {
    ...messages,
    async list(reader, request) {
      const found = await messages.list(reader, request)
      await spend(
        reader,
        found.data.map(({ id, to }) => ({ id, addresses: to.length })),
      )
      return found
    },
    async get(reader, messageId) {
      const found = await messages.get(reader, messageId)
      await spend(reader, [{ id: found.id, addresses: found.recipients.length }])
      return found
    },
    async content(reader, messageId) {
      const raw = await messages.content(reader, messageId)
      await spend(reader, [{ id: messageId, addresses: addressesIn(raw) }])
      return raw
    },
  }
}

/** How many addresses stand in To and Cc, as a recipient sees them; at least one. */
function addressesIn(raw: Buffer): number {
  const end = raw.indexOf('\r\n\r\n')
  const header = raw.toString('latin1', 0, end === -1 ? raw.length : end).replaceAll(/\r\n(?=[ \t])/g, ' ')
  const fields = header.split('\r\n').filter((line) => /^(?:to|cc):/i.test(line))
  return Math.max(
    1,
    fields.reduce((sum, line) => sum + line.split('@').length - 1, 0),
  )
}
