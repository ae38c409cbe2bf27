import { afterAll, describe, expect, it } from 'vitest'
import { createEgress, EgressError, type Egress } from '../../platform/egress/index.ts'
import { createAttachmentFetching } from './attachment-fetching.ts'

const NAMES: Readonly<Record<string, string>> = { 'inside.example': '10.0.0.7', 'here.example': '127.0.0.1' }
const egress = createEgress({
  resolver: {
    a: (name) => Promise.resolve({ kind: 'found', records: [NAMES[name] ?? '127.0.0.1'] } as const),
    aaaa: () => Promise.resolve({ kind: 'empty' } as const),
  },
  allowPrivateTargets: false,
})
afterAll(() => egress[Symbol.dispose]())

const MIB = 1024 * 1024

/** Answers nothing until it is released. */
function held() {
  const { promise, resolve } = Promise.withResolvers<void>()
  const urls: string[] = []
  const get = async ({ url }: { readonly url: string }): Promise<Buffer> => {
    urls.push(url)
    await promise
    return Buffer.from('x')
  }
  return { egress: { get }, urls, release: resolve }
}

/** Documents that come in pieces, as from a socket; `taken` is told each piece that was. */
function serving(pieceBytes: number, pieces: number, taken: number[]): Pick<Egress, 'get'> {
  return {
    async get({ mayTake }) {
      for (let piece = 0; piece < pieces; piece++) {
        await settle()
        if (mayTake?.(pieceBytes) === false) throw new EgressError('Its answer is more than can be taken.')
        taken.push(1)
      }
      return Buffer.alloc(pieceBytes * pieces)
    },
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

const at = (url: string) => [{ filename: 'a.txt', url }]

function many(count: number) {
  return Array.from({ length: count }, () => at('https://there.example/a')).flat()
}

function failing(error: Error) {
  return createAttachmentFetching({ egress: { get: rejects }, allowPlain: false })

  function rejects(): Promise<Buffer> {
    return Promise.reject(error)
  }
}

describe('an attachment that is fetched', () => {
  it.each([
    'https://127.0.0.1/a',
    'https://[::1]/a',
    'https://169.254.169.254/latest/meta-data',
    'https://2130706433/a',
    'https://inside.example/a',
    'https://here.example/a',
    'http://there.example/a',
    'file:///etc/passwd',
    'https://user@there.example/a',
    'nothing',
  ])('comes from no private address, in no clear text, and by no other way: %s', async (url) => {
    const fetching = createAttachmentFetching({ egress, allowPlain: false })
    await expect(fetching('a', at(url))).rejects.toMatchObject({
      code: 'invalid_request',
      fields: [{ field: 'attachments[0].url' }],
    })
  })

  it('is one of ten of a message and four of a workspace at once; the others wait for their turn', async () => {
    const { egress: slow, urls, release } = held()
    const fetching = createAttachmentFetching({ egress: slow, allowPlain: false })
    await expect(fetching('a', many(11))).rejects.toMatchObject({ code: 'invalid_request' })
    const both = [fetching('a', many(10)), fetching('a', many(3))]
    await settle()
    expect(urls).toHaveLength(4)
    const other = fetching('b', many(1))
    await settle()
    expect(urls).toHaveLength(5)
    release()
    expect((await Promise.all([...both, other])).flat()).toHaveLength(14)
    expect(await fetching('a', many(1))).toEqual([
      { filename: 'a.txt', content: Buffer.from('x').toString('base64') },
    ])
  })

  it('waits where all places are taken, in turns of workspaces, and not for ever', async () => {
    const { egress: slow, urls, release } = held()
    const bounds = { atOnceMax: 4, atOnceOfOneMax: 2, waitMsMax: 50 }
    const fetching = createAttachmentFetching({ egress: slow, allowPlain: false, bounds })
    const slowOnes = [fetching('a', many(2)), fetching('b', many(2))]
    await expect(fetching('c', many(1))).rejects.toMatchObject({ code: 'too_many_requests' })
    expect(urls).toHaveLength(4)
    release()
    await Promise.all(slowOnes)
    expect(await fetching('c', many(1))).toHaveLength(1)
  })

  it('is not begun where more wait than a workspace may have waiting', async () => {
    const { egress: slow, release } = held()
    const fetching = createAttachmentFetching({ egress: slow, allowPlain: false })
    const waiting = Array.from({ length: 4 }, () => fetching('a', many(10)))
    await expect(fetching('a', many(10))).rejects.toMatchObject({ code: 'too_many_requests' })
    const other = fetching('b', many(10))
    release()
    expect((await Promise.all([...waiting, other])).flat()).toHaveLength(50)
  })

  it('is 30 MiB with all others of its message, and no more is taken of any once there is too much', async () => {
    const sizes: number[] = []
    const fetching = createAttachmentFetching({ egress: serving(MIB, 11, sizes), allowPlain: false })
    expect(await fetching('a', many(2))).toHaveLength(2)
    await expect(fetching('a', many(3))).rejects.toMatchObject({ code: 'too_large' })
    sizes.length = 0
    await expect(fetching('a', many(10))).rejects.toMatchObject({ code: 'too_large' })
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(30)
    // What was held is given back.
    expect(await fetching('a', many(2))).toHaveLength(2)
  })

  it('leaves memory for others, however much one workspace has fetched', async () => {
    const bounds = { bytesMax: 40 * MIB, bytesOfOneMax: 20 * MIB }
    const fetching = createAttachmentFetching({ egress: serving(MIB, 11, []), allowPlain: false, bounds })
    const [first, second, other] = await Promise.allSettled([
      fetching('a', many(1)),
      fetching('a', many(1)),
      fetching('b', many(1)),
    ])
    expect([first.status, second.status]).toContain('rejected')
    expect([first, second].flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))).toContain(
      'too_many_requests',
    )
    expect(other.status).toBe('fulfilled')
    expect(await fetching('a', many(1))).toHaveLength(1)
  })

  it('fails as a mistake of the request, and everything else as ours', async () => {
    await expect(
      failing(new EgressError('it answered 404'))('a', at('https://there.example/a')),
    ).rejects.toMatchObject({
      code: 'invalid_request',
    })
    await expect(failing(new Error('broken'))('a', at('https://there.example/a'))).rejects.toThrow('broken')
  })
})
