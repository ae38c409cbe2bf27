import { randomBytes, randomUUID } from 'node:crypto'
import { KEY_BYTES } from '../aead.ts'
import { Refusal } from '../refusal.ts'
import type { RootProvider } from './root-provider.ts'

/**
 * Wraps and unwraps a value that nobody keeps, before anything is trusted to the root. Throws where the value does not come back, and
 * where it opens at another place too: a server that does not know additional data leaves it out without a word.
 */
export async function tryRoot(root: RootProvider, name: string): Promise<void> {
  const key = randomBytes(KEY_BYTES)
  const place = ['trial', randomUUID(), 1]
  const wrapped = await root.wrap(place, key)
  if (!(await root.unwrap(place, wrapped)).equals(key))
    throw new Error(`${name} gives back another value than it was given`)
  const elsewhere = await root.unwrap(['trial', randomUUID(), 1], wrapped).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Refusal && error.code === 'refused') return false
      throw error
    },
  )
  if (elsewhere)
    throw new Error(
      `${name} opens a value at another place than its own: it ignores additional data, use a newer version`,
    )
}
