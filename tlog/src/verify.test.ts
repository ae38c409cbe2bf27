import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { canonicalJson, commitmentOf, logEntry } from './audit-entry.ts'
import { formatCheckpoint } from './checkpoint.ts'
import { leafHash, rootOfLeaves } from './merkle.ts'
import { joinNote, signNoteText } from './note.ts'
import { noteSigner, SIGNATURE_TYPES } from './note-keys.ts'
import { verifyExport } from './verify-export.ts'
import { verifyLog } from './verify-log.ts'

const signer = noteSigner('example.com/log', SIGNATURE_TYPES.note, Buffer.alloc(32, 1))
const trust = { key: signer.key, witnesses: [], since: null }
const record = {
  v: 1,
  number: 1,
  at: '2026-01-01T00:00:00.000Z',
  actor: 'a',
  action: 'x.done',
  target: null,
  workspace: null,
  detail: {},
}
const salt = Buffer.alloc(32, 3)
const leaf = leafHash(logEntry(commitmentOf(salt, canonicalJson(record))))
const text = formatCheckpoint({ origin: 'example.com/log', size: 1, root: rootOfLeaves([leaf]) })
const checkpoint = joinNote(text, [signNoteText(text, signer)])
const good = [
  JSON.stringify({ type: 'export', vkey: signer.key.text, checkpoint, consistency: null, statements: [] }),
  JSON.stringify({ type: 'entry', index: 0, salt: salt.toString('base64'), proof: [], record }),
  JSON.stringify({ type: 'end', entries: 1, more: false }),
]

const failed = async (lines: string[]) =>
  (await verifyExport(lines, trust)).findings.filter((item) => item.state === 'failed')

describe('verifying', () => {
  it('says of a genuine export what is proved and what is open', async () => {
    const verdict = await verifyExport(good, trust)
    expect(verdict.ok).toBe(true)
    expect(verdict.findings.filter((item) => item.state === 'open').map((item) => item.what)).toContain(
      'cosignature',
    )
    // The key of the export itself proves nothing against who made it.
    const own = await verifyExport(good, { ...trust, key: null })
    expect(own.findings.some((item) => item.what === 'key' && item.state === 'open')).toBe(true)
    const other = noteSigner('example.com/log', SIGNATURE_TYPES.note, Buffer.alloc(32, 2)).key
    expect((await verifyExport(good, { ...trust, key: other })).ok).toBe(false)
    expect((await verifyExport([], trust)).ok).toBe(false)
  })

  it('names the cause of a failed export once: a line that is refused is not also a lost end', async () => {
    expect(await failed([good[0]!, good[1]!.replace('"index":0', '"index":1'), good[2]!])).toEqual([
      { state: 'failed', what: 'export', detail: expect.stringContaining('line 2: entry 1 is not') },
    ])
    expect(await failed(good.slice(0, 2))).toEqual([
      { state: 'failed', what: 'export', detail: expect.stringContaining('its last line is missing') },
    ])
  })

  it('refuses a line that shows what its record does not say, whatever it brings besides', async () => {
    const entry = { type: 'entry', index: 0, salt: salt.toString('base64'), proof: [] }
    // A record that was altered, and the genuine one in the field where the other format has it.
    const both = { ...entry, record: { ...record, actor: 'b' }, event: { original: canonicalJson(record) } }
    expect(await failed([good[0]!, JSON.stringify(both), good[2]!])).toHaveLength(1)
    const shown = {
      '@timestamp': record.at,
      event: { action: 'x.done', sequence: 0, original: canonicalJson(record) },
      user: { id: 'a' },
      organization: { id: null },
      bulkhead: { ...entry, number: 1, target: null },
    }
    const ecs = [good[0]!, good[2]!].map((line) => JSON.stringify({ bulkhead: { export: JSON.parse(line) } }))
    const verify = (line: object) => failed([ecs[0]!, JSON.stringify(line), ecs[1]!])
    expect(await verify(shown)).toEqual([])
    const altered: [string, object][] = [
      ['@timestamp', { '@timestamp': '2026-01-02T00:00:00.000Z' }],
      ['event.action', { event: { ...shown.event, action: 'x.undone' } }],
      ['event.sequence', { event: { ...shown.event, sequence: 1 } }],
      ['user.id', { user: { id: 'b' } }],
      ['organization.id', { organization: { id: 'w' } }],
      ['bulkhead.number', { bulkhead: { ...shown.bulkhead, number: 2 } }],
      ['bulkhead.target', { bulkhead: { ...shown.bulkhead, target: 't' } }],
    ]
    for (const [name, change] of altered)
      expect(await verify({ ...shown, ...change }), name).toEqual([
        { state: 'failed', what: 'export', detail: expect.stringContaining(`another ${name} than`) },
      ])
  })

  it('says of the public half of a log what it shows, and nothing of opened data', async () => {
    const entry = logEntry(commitmentOf(salt, canonicalJson(record)))
    const source = {
      checkpoint: () => Promise.resolve(checkpoint),
      vkey: () => Promise.resolve(signer.key.text),
      tile: (path: string) =>
        Promise.resolve(
          path.startsWith('tile/entries') ? Buffer.concat([Buffer.from([0, entry.length]), entry]) : leaf,
        ),
      records: () => Promise.resolve(null),
      statements: () => Promise.resolve([]),
    }
    const { ok, findings } = await verifyLog(source, trust)
    expect(ok).toBe(true)
    expect(findings.map((item) => item.what)).toEqual(['signature', 'cosignature', 'tree', 'records'])
  })

  test.prop([fc.array(fc.oneof(fc.json(), fc.string(), fc.constantFrom(...good)), { maxLength: 6 })])(
    'no invented export is believed and none crashes',
    async (lines) => {
      const verdict = await verifyExport(lines, trust)
      const filled = lines.filter((line) => line !== '')
      if (verdict.ok) expect(filled.filter((line) => line === good[0]).length).toBeGreaterThan(0)
      if (filled.some((line) => !good.includes(line))) expect(verdict.ok).toBe(false)
    },
  )

  test.prop([
    fc.record({
      type: fc.constantFrom('export', 'entry', 'end'),
      index: fc.jsonValue(),
      salt: fc.jsonValue(),
      proof: fc.jsonValue(),
      record: fc.jsonValue(),
      vkey: fc.jsonValue(),
      checkpoint: fc.jsonValue(),
      consistency: fc.jsonValue(),
      statements: fc.jsonValue(),
      entries: fc.jsonValue(),
    }),
  ])('lines with members of any kind are refused, not tripped over', async (line) => {
    expect((await verifyExport([good[0]!, JSON.stringify(line), good[2]!], trust)).ok).toBe(false)
  })

  test.prop([fc.uint8Array({ maxLength: 200 }), fc.string()])(
    'a log of garbage fails',
    async (bytes, any) => {
      const source = {
        checkpoint: () => Promise.resolve(checkpoint),
        vkey: () => Promise.resolve(any),
        tile: () => Promise.resolve(bytes),
        records: () => Promise.resolve([]),
        statements: () => Promise.resolve([]),
      }
      expect((await verifyLog(source, trust)).ok).toBe(false)
      expect(
        (await verifyLog({ ...source, checkpoint: () => Promise.resolve(any) }, { ...trust, key: null })).ok,
      ).toBe(false)
    },
  )
})
