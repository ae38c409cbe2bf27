import { randomBytes, randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { Refusal } from '../refusal.ts'
import type { RootProvider } from './root-provider.ts'

/** A refusal with this code, whatever its text. */
export function refusal(code: string): unknown {
  return expect.objectContaining({ name: Refusal.name, code })
}

/** What every root promises: its values open again, at their own place only, and not after one bit has changed. */
export async function expectBoundToPlace(root: RootProvider): Promise<void> {
  const [first, second] = [randomUUID(), randomUUID()]
  const key = randomBytes(32)
  const wrapped = await root.wrap(['workspace', first, 1], key)
  expect(wrapped.includes(key)).toBe(false)
  expect(await root.unwrap(['workspace', first, 1], wrapped)).toEqual(key)
  expect((await root.wrap(['workspace', first, 1], key)).equals(wrapped)).toBe(false)
  const elsewhere = [
    ['workspace', second, 1],
    ['workspace', first, 2],
    ['installation', first, 1],
    ['workspace', first, 1, ''],
    ['workspace', `${first}1`],
    ['workspace', first],
  ]
  for (const place of elsewhere) await expect(root.unwrap(place, wrapped)).rejects.toEqual(refusal('refused'))
  for (const at of [0, 12, wrapped.length - 1]) {
    const changed = Buffer.from(wrapped)
    changed.writeUInt8((changed[at] ?? 0) ^ 1, at)
    await expect(root.unwrap(['workspace', first, 1], changed)).rejects.toEqual(refusal('refused'))
  }
  for (const garbage of [Buffer.alloc(0), randomBytes(3), randomBytes(61), randomBytes(10_000)]) {
    await expect(root.unwrap(['workspace', first, 1], garbage)).rejects.toEqual(refusal('refused'))
  }
}
