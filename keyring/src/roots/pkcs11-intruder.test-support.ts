import koffi from 'koffi'
import { expect } from 'vitest'

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

const ok = (code: unknown): void => expect(Number(code)).toBe(0)

const template = (items: readonly (readonly [number, Buffer])[]): Buffer =>
  Buffer.concat(
    items.flatMap(([type, value]) => {
      const address = Buffer.alloc(8)
      address.writeBigUInt64LE(koffi.address(value))
      return [word(type), address, word(value.length)]
    }),
  )

/** The module as somebody else in this process sees it: plain calls, so that the root can be disturbed from outside. */
export function tokenIntruder(modulePath: string) {
  const library = koffi.load(modulePath)
  const fn = (name: string, letters: string) =>
    library.func(
      name,
      'ulong',
      letters.split('').map((letter) => (letter === 'u' ? 'ulong' : 'void *')),
    )
  const slotOf = (label: string): number => {
    // Whatever it answers: it may be initialised already.
    fn('C_Initialize', 'p')(null)
    const slots = Buffer.alloc(8 * 64)
    const count = word(64)
    ok(fn('C_GetSlotList', 'upp')(1, slots, count))
    for (let at = 0; at < Number(count.readBigUInt64LE()); at++) {
      const slot = Number(slots.readBigUInt64LE(at * 8))
      const info = Buffer.alloc(256)
      ok(fn('C_GetTokenInfo', 'up')(slot, info))
      if (info.toString('utf8', 0, 32).trimEnd() === label) return slot
    }
    throw new Error(`no token ${label}`)
  }
  const login = (label: string): number => {
    const handle = word(0)
    ok(fn('C_OpenSession', 'uuppp')(slotOf(label), 6, null, null, handle))
    const session = Number(handle.readBigUInt64LE())
    expect([0, 0x100]).toContain(Number(fn('C_Login', 'uupu')(session, 1, Buffer.from('1234'), 4)))
    return session
  }
  return {
    find(label: string, key: string) {
      const session = login(label)
      const name = Buffer.from(key)
      const handle = Buffer.alloc(8)
      const count = word(0)
      ok(fn('C_FindObjectsInit', 'upu')(session, template([[3, name]]), 1))
      ok(fn('C_FindObjects', 'upup')(session, handle, 1, count))
      ok(fn('C_FindObjectsFinal', 'u')(session))
      expect(Number(count.readBigUInt64LE())).toBe(1)
      return { session, key: Number(handle.readBigUInt64LE()) }
    },
    attribute: (session: number, key: number, type: number, value: Buffer): number =>
      Number(fn('C_GetAttributeValue', 'uupu')(session, key, template([[type, value]]), 1)),
    make(label: string, key: string, options: { extractable: boolean }) {
      const items: readonly (readonly [number, Buffer])[] = [
        [0, word(4)],
        [0x100, word(0x1f)],
        [0x161, word(32)],
        [3, Buffer.from(key)],
        [0x102, Buffer.from('id')],
        [1, Buffer.of(1)],
        [0x103, Buffer.of(options.extractable ? 0 : 1)],
        [0x162, Buffer.of(options.extractable ? 1 : 0)],
        [0x104, Buffer.of(1)],
        [0x105, Buffer.of(1)],
      ]
      const mechanism = Buffer.concat([word(0x1080), word(0), word(0)])
      ok(fn('C_GenerateKey', 'uppup')(login(label), mechanism, template(items), items.length, word(0)))
    },
    closeAllSessions: (label: string): void => ok(fn('C_CloseAllSessions', 'u')(slotOf(label))),
    finalize: (): void => ok(fn('C_Finalize', 'p')(null)),
  }
}
