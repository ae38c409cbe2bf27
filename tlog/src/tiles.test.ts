import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { canonicalJson, commitmentOf, logEntry, parseLogEntry } from './audit-entry.ts'
import { TlogFault } from './fault.ts'
import { edgeRoot, growTree } from './growth.ts'
import { EMPTY_ROOT, leafHash, rootOfLeaves, verifyConsistency, verifyInclusion } from './merkle.ts'
import { noteSigner, SIGNATURE_TYPES } from './note-keys.ts'
import { joinNote, signNoteText } from './note.ts'
import { formatTlogProof, parseTlogProof } from './proof-text.ts'
import {
  decodeEntryBundle,
  encodeEntryBundle,
  newTiles,
  parseTilePath,
  tilePath,
  tileWidth,
} from './tiles.ts'
import { tiledTree } from './tree.ts'
import { formatCheckpoint } from './checkpoint.ts'
import { formatAddCheckpoint, judgeAddCheckpoint, parseAddCheckpoint } from './witness.ts'

const leaves = Array.from({ length: 70_000 }, (_, at) => leafHash(Buffer.from(`leaf ${at}`)))

/** Tiles as a log that grew in steps has kept them. */
function grow(steps: readonly number[]): { tiles: Map<string, Buffer>; root: Buffer } {
  const tiles = new Map<string, Buffer>()
  let edge: readonly (readonly Buffer[])[] = []
  let size = 0
  for (const step of steps) {
    const grown = growTree(size, edge, leaves.slice(size, size + step))
    for (const tile of grown.tiles) tiles.set(`${tile.level}/${tile.index}`, Buffer.concat(tile.hashes))
    edge = grown.edge
    size += step
  }
  return { tiles, root: edgeRoot(edge) }
}
const reader = (tiles: ReadonlyMap<string, Buffer>, size: number) =>
  tiledTree(size, (level, index, width) =>
    Promise.resolve(tiles.get(`${level}/${index}`)?.subarray(0, width * 32) ?? Buffer.alloc(0)),
  )

const proofOf = (oldSize: number, size: number) => reader(grow([size]).tiles, size).consistencyProof(oldSize)

describe('tiles', () => {
  it('are named as C2SP tlog-tiles names them', () => {
    expect(tilePath({ level: 0, index: 1234067, width: 256 })).toBe('tile/0/x001/x234/067')
    expect(tilePath({ level: 'entries', index: 5, width: 7 })).toBe('tile/entries/005.p/7')
    expect(parseTilePath('tile/5/x123/x456/078.p/2')).toEqual({ level: 5, index: 123456078, width: 2 })
  })

  it.each([
    'tile/4/0/001',
    'tile/0/1',
    'tile/0/123/456/078',
    'tile/-1/001',
    'tile/01/001',
    'tile/64/001',
    'tile/0/x000/001',
    'tile/0/001.p/0',
    'tile/0/001.p/256',
    'tile/0/001.p/007',
    'tile/0/001/',
    'tile/0/../001',
    `tile/0/${'x999/'.repeat(8)}999`,
    'tile/data/001',
  ])('have one spelling: %s is refused', (path) => {
    expect(() => parseTilePath(path)).toThrow(TlogFault)
  })

  it('of a tree of 70,000 are those that the specification counts', () => {
    const tiles = newTiles(0, 70_000)
    const count = (level: number, width: (w: number) => boolean) =>
      tiles.filter((tile) => tile.level === level && width(tile.width)).length
    expect([count(0, (w) => w === 256), count(1, (w) => w === 256)]).toEqual([273, 1])
    expect(tiles.filter((tile) => tile.width < 256).map((tile) => [tile.level, tile.width])).toEqual([
      [0, 112],
      [1, 17],
      [2, 1],
    ])
    expect(newTiles(0, 256)).toEqual([
      { level: 0, index: 0, width: 256 },
      { level: 1, index: 0, width: 1 },
    ])
    expect([newTiles(100, 101).length, newTiles(7, 7)]).toEqual([1, []])
  })

  it('grown in any steps give the root of RFC 6962 and proofs that verify', async () => {
    const sizes = [1, 2, 255, 256, 257, 511, 513, 4_000, 65_536, 65_537, 70_000]
    const steps = sizes.map((size, at) => size - (sizes[at - 1] ?? 0))
    const { tiles, root } = grow(steps)
    const roots = new Map([0, ...sizes].map((size) => [size, rootOfLeaves(leaves.slice(0, size))]))
    expect(root).toEqual(rootOfLeaves(leaves))
    for (const size of sizes) {
      const tree = reader(tiles, size)
      const newRoot = await tree.root()
      expect(newRoot).toEqual(roots.get(size))
      for (const index of [0, Math.floor(size / 3), size - 1]) {
        const proof = await tree.inclusionProof(index)
        const claim = { index, size, leafHash: leaves[index]!, root: newRoot, proof }
        expect(verifyInclusion(claim)).toBe(true)
        expect(verifyInclusion({ ...claim, leafHash: leaves[(index + 1) % 70_000]! })).toBe(false)
      }
      for (const oldSize of [0, ...sizes.filter((other) => other <= size)]) {
        const oldRoot = roots.get(oldSize) ?? EMPTY_ROOT
        const proof = await tree.consistencyProof(oldSize)
        expect(verifyConsistency({ oldSize, oldRoot, newSize: size, newRoot, proof })).toBe(true)
        if (oldSize > 0)
          expect(verifyConsistency({ oldSize, oldRoot: EMPTY_ROOT, newSize: size, newRoot, proof })).toBe(
            false,
          )
      }
    }
    expect(tileWidth(0, 273, 70_000)).toBe(112)
  }, 90_000)

  test.prop([fc.integer({ min: 1, max: 1200 }), fc.integer({ min: 1, max: 1200 }), fc.nat(), fc.nat()])(
    'no altered proof verifies',
    async (a, b, at, bit) => {
      const [oldSize, size] = a < b ? [a, b] : [b, a]
      const { tiles } = grow([size])
      const tree = reader(tiles, size)
      const [root, proof] = [await tree.root(), await tree.inclusionProof(at % size)]
      const flip = (hashes: Buffer[]) => {
        const copy = hashes.map((hash) => Buffer.from(hash))
        const target = copy[bit % Math.max(1, copy.length)]
        if (target !== undefined) target[at % 32] = (target[at % 32] ?? 0) ^ (1 << (bit % 8))
        return copy
      }
      const claim = { index: at % size, size, leafHash: leaves[at % size]!, root }
      expect(verifyInclusion({ ...claim, proof })).toBe(true)
      if (proof.length > 0) expect(verifyInclusion({ ...claim, proof: flip(proof) })).toBe(false)
      expect(verifyInclusion({ ...claim, proof: [...proof, root] })).toBe(false)
      const chain = await tree.consistencyProof(oldSize)
      const link = { oldSize, oldRoot: rootOfLeaves(leaves.slice(0, oldSize)), newSize: size, newRoot: root }
      expect(verifyConsistency({ ...link, proof: chain })).toBe(true)
      if (chain.length > 0) expect(verifyConsistency({ ...link, proof: flip(chain) })).toBe(false)
      if (chain.length > 0) expect(verifyConsistency({ ...link, proof: chain.slice(1) })).toBe(false)
    },
  )

  test.prop([fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 20 })])(
    'bundles read back',
    (entries) => {
      const bytes = encodeEntryBundle(entries)
      expect(decodeEntryBundle(bytes, entries.length)).toEqual(entries.map((entry) => Buffer.from(entry)))
      if (bytes.length > 0)
        expect(() => decodeEntryBundle(bytes.subarray(1), entries.length)).toThrow(TlogFault)
      expect(() => decodeEntryBundle(bytes, entries.length + 1)).toThrow(TlogFault)
    },
  )
})

describe('entries of the audit log', () => {
  it('are commitments to canonical records', () => {
    const record = { b: [1, null, 'é'], a: { y: true, x: 0.5 } }
    expect(canonicalJson(record)).toBe('{"a":{"x":0.5,"y":true},"b":[1,null,"é"]}')
    const commitment = commitmentOf(Buffer.alloc(32, 1), canonicalJson(record))
    expect(parseLogEntry(logEntry(commitment))).toEqual(commitment)
    expect(commitmentOf(Buffer.alloc(32, 2), canonicalJson(record))).not.toEqual(commitment)
  })
  test.prop([fc.jsonValue({ maxDepth: 5 })])('have one spelling', (value) => {
    const text = canonicalJson(value as Parameters<typeof canonicalJson>[0])
    expect(canonicalJson(JSON.parse(text) as Parameters<typeof canonicalJson>[0])).toBe(text)
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
  })
})

describe('proofs as text', () => {
  const hash = leafHash(Buffer.from('hash1'))
  it('are written as C2SP tlog-proof has them', () => {
    expect(formatTlogProof({ index: 5, hashes: [hash], checkpoint: 'test checkpoint\n' })).toBe(
      `c2sp.org/tlog-proof@v1\nindex 5\n${hash.toString('base64')}\n\ntest checkpoint\n`,
    )
    expect(formatTlogProof({ index: 0, hashes: [], checkpoint: 'checkpoint\n' })).toBe(
      'c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint\n',
    )
    const text = formatTlogProof({
      index: 10,
      hashes: [hash],
      checkpoint: 'a\n1\n\n— x y\n',
      extra: Buffer.from('more'),
    })
    expect(parseTlogProof(text)).toEqual({
      index: 10,
      hashes: [hash],
      checkpoint: 'a\n1\n\n— x y\n',
      extra: Buffer.from('more'),
    })
  })
  // transparency-dev/formats, proof/tlog_proof_test.go: TestUnmarshalErrors.
  it.each([
    'wrong-header\nindex 0\n\ncheckpoint\n',
    'c2sp.org/tlog-proof@v1\nextra !!notbase64!!\nindex 0\n\ncheckpoint\n',
    'c2sp.org/tlog-proof@v1\n\n\ncheckpoint\n',
    'c2sp.org/tlog-proof@v1\nindex notanumber\n\ncheckpoint\n',
    'c2sp.org/tlog-proof@v1\nindex -5\n\ncheckpoint\n',
    'c2sp.org/tlog-proof@v1\nindex 0\n!!notbase64!!\n\ncheckpoint\n',
    `c2sp.org/tlog-proof@v1\nindex 0\n${Buffer.alloc(64).toString('base64')}\n\ncheckpoint\n`,
    `c2sp.org/tlog-proof@v1\nindex 0\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(64)}\ncheckpoint\n`,
    'c2sp.org/tlog-proof@v1\nindex 0\n',
  ])('are refused: %j', (text) => {
    expect(() => parseTlogProof(text)).toThrow(TlogFault)
  })
  test.prop([fc.string({ maxLength: 200 })])('nothing crashes the parser', (text) => {
    for (const input of [
      text,
      `c2sp.org/tlog-proof@v1\n${text}`,
      `c2sp.org/tlog-proof@v1\nindex 1\n${text}\n\n${text}`,
    ]) {
      try {
        parseTlogProof(input)
      } catch (error) {
        expect(error).toBeInstanceOf(TlogFault)
      }
    }
  })
})

describe('a witness', () => {
  const log = noteSigner('example.com/log', SIGNATURE_TYPES.note, Buffer.alloc(32, 1))
  const other = noteSigner('example.com/log', SIGNATURE_TYPES.note, Buffer.alloc(32, 2))
  const signed = (
    size: number,
    root = rootOfLeaves(leaves.slice(0, size)),
    signer = log,
    origin = 'example.com/log',
  ) => {
    const text = formatCheckpoint({ origin, size, root })
    return joinNote(text, [signNoteText(text, signer)])
  }
  const judge = (body: string, size = 5) =>
    judgeAddCheckpoint(Buffer.from(body), [log.key], () => ({
      size,
      root: rootOfLeaves(leaves.slice(0, size)),
    }))

  it('reads the example of C2SP tlog-witness', () => {
    const body = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
`
    const request = parseAddCheckpoint(Buffer.from(body))
    expect([request.oldSize, request.proof.length]).toEqual([20852014, 4])
    expect(formatAddCheckpoint(request)).toBe(body)
  })

  it('cosigns what continues the last checkpoint', async () => {
    const good = formatAddCheckpoint({ oldSize: 5, proof: await proofOf(5, 12), note: signed(12) })
    expect(judge(good)).toMatchObject({ status: 200, checkpoint: { size: 12 } })
    expect(judge(formatAddCheckpoint({ oldSize: 5, proof: [], note: signed(5) })).status).toBe(200)
    expect(judge(formatAddCheckpoint({ oldSize: 0, proof: [], note: signed(3) }), 0).status).toBe(200)
  })

  it('refuses everything else with the status of the specification', async () => {
    const proof = await proofOf(5, 12)
    const fork = leafHash(Buffer.from('another history'))
    const cases: [string, number][] = [
      [formatAddCheckpoint({ oldSize: 4, proof, note: signed(12) }), 409],
      [formatAddCheckpoint({ oldSize: 0, proof: [], note: signed(12) }), 409],
      [formatAddCheckpoint({ oldSize: 5, proof: [], note: signed(12) }), 422],
      [formatAddCheckpoint({ oldSize: 5, proof, note: signed(12, fork) }), 422],
      [formatAddCheckpoint({ oldSize: 5, proof: [], note: signed(5, fork) }), 422],
      [formatAddCheckpoint({ oldSize: 13, proof, note: signed(12) }), 400],
      [formatAddCheckpoint({ oldSize: 5, proof, note: signed(12, undefined, other) }), 403],
      [formatAddCheckpoint({ oldSize: 5, proof, note: signed(12).replace('\n12\n', '\n13\n') }), 403],
      [
        formatAddCheckpoint({ oldSize: 5, proof, note: signed(12, undefined, log, 'example.com/unknown') }),
        404,
      ],
      ['old 5\n', 400],
      ['', 400],
    ]
    expect(cases.map(([body]) => judge(body).status)).toEqual(cases.map(([, status]) => status))
    expect(judge(formatAddCheckpoint({ oldSize: 4, proof, note: signed(12) }))).toEqual({
      status: 409,
      size: 5,
    })
  })

  test.prop([fc.uint8Array({ maxLength: 400 }), fc.string({ maxLength: 100 })])(
    'is not crashed by any request',
    (raw, text) => {
      for (const body of [Buffer.from(raw), Buffer.from(`old 5\n${text}\n\n${text}`)])
        expect([400, 403, 404]).toContain(judgeAddCheckpoint(body, [log.key], () => null).status)
    },
  )
})
