import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PART_ENTRIES_MAX, readPart } from './import-lines.ts'
import type { ImportEntry, ImportPlace, ReadPart } from './import-lines.ts'

const NOW = Date.parse('2026-03-01T10:00:00Z')
const START = {
  csv: { format: 'csv', layout: null, nextLine: 1 },
  jsonl: { format: 'jsonl', layout: null, nextLine: 1 },
} as const

function read(text: string, format: 'csv' | 'jsonl' = 'csv'): ReadPart {
  const part = readPart(text, START[format], true, NOW)
  if ('problem' in part) throw new Error(part.problem)
  return part
}
const emails = (part: ReadPart): string[] => part.entries.map(({ email }) => email)
const refused = (part: ReadPart): string[] => part.refused.map(({ line, problem }) => `${line} ${problem}`)

function chosen(text: string, columns: NonNullable<ImportPlace['columns']>): ReadPart {
  const part = readPart(text, { ...START.csv, columns }, true, NOW)
  if ('problem' in part) throw new Error(part.problem)
  return part
}

it('takes the columns that were chosen, with titles of any language or none', () => {
  const titled = chosen('Grund;Adresse\nbounced;ann@example.com\n', ['reason', 'email'])
  expect(titled.entries).toMatchObject([{ line: 2, email: 'ann@example.com', reason: 'hard_bounce' }])
  const untitled = chosen('asked,ben@example.com\n', ['note', 'email'])
  expect(untitled.entries).toMatchObject([{ line: 1, email: 'ben@example.com', note: 'asked' }])
  // Titles that say something else do not count any more.
  const other = chosen('email,address\nx,cid@example.com\n', ['ignored', 'email'])
  expect(emails(other)).toEqual(['cid@example.com'])
})

/** Reads a file in parts of some size, as a client sends it: what was not taken comes again. */
function readInParts(
  text: string,
  size: number,
  format: 'csv' | 'jsonl' = 'csv',
): { entries: ImportEntry[]; refused: string[]; lines: number } {
  const entries: ImportEntry[] = []
  const problems: string[] = []
  let place: ImportPlace = START[format]
  let at = 0
  let length = size
  for (;;) {
    const isLast = at + length >= text.length
    const part = readPart(text.slice(at, at + length), place, isLast, NOW)
    if ('problem' in part) throw new Error(part.problem)
    entries.push(...part.entries)
    problems.push(...refused(part))
    place = part.place
    at += part.taken
    if (isLast && at >= text.length) return { entries, refused: problems, lines: place.nextLine }
    length = part.taken === 0 ? length + size : size
  }
}

describe('a file of suppressions', () => {
  it('is read by its titles, as other systems write them, and with their separators', () => {
    const part = read(
      '\ufeffCreated;E-Mail Address;Suppression Reason;Note\r\n1;Ann@Example.COM;SpamComplaint;"said; ""no"""\r\n2;bob@example.com;Bounce;\r\n',
    )
    expect(part.place.layout).toEqual({ separator: ';', columns: ['ignored', 'email', 'reason', 'note'] })
    expect(part.entries).toMatchObject([
      {
        line: 2,
        email: 'Ann@example.com',
        indexed: 'ann@example.com',
        reason: 'complaint',
        note: 'said; "no"',
      },
      { line: 3, email: 'bob@example.com', reason: 'hard_bounce', note: null },
    ])
  })

  it('may be one address per line, or address, reason and note', () => {
    expect(emails(read('a@x.test\nb@x.test'))).toEqual(['a@x.test', 'b@x.test'])
    expect(read('a@x.test,unsubscribe,by phone\n').entries).toMatchObject([
      { reason: 'unsubscribe', note: 'by phone' },
    ])
  })

  it('may be JSON lines, of ours or with the keys of others', () => {
    const part = read(
      [
        '"a@x.test"',
        '{"type":"entry","email":"b@x.test","reason":"manual","scope":"bulk","expiresAt":"2026-04-01T00:00:00Z","note":null,"evidence":{"x":1}}',
        '{"EmailAddress":"c@x.test","Reason":"COMPLAINT"}',
        '{"type":"end","entries":3,"erased":0,"next":null}',
        '',
      ].join('\n'),
      'jsonl',
    )
    expect(part.entries).toMatchObject([
      { email: 'a@x.test', reason: null },
      { email: 'b@x.test', scope: 'bulk', expiresAt: new Date('2026-04-01T00:00:00Z') },
      { email: 'c@x.test', reason: 'complaint' },
    ])
    expect(part.refused).toEqual([])
  })

  it('is taken but for the lines that are wrong, each with its number and nothing of what it holds', () => {
    const part = read(
      [
        'email,reason,scope,expiresAt,note',
        'secret person@x.test,,,,',
        'a@x.test,because,,,',
        'b@x.test,,some,,',
        'c@x.test,,,tomorrow,',
        'd@x.test,,,2020-01-01T00:00:00Z,',
        `e@x.test,,,,${'x'.repeat(1001)}`,
        ',,,,only a note',
        '"f@x.test" x,,,,',
        '',
        'g@x.test,,,,',
      ].join('\n'),
    )
    expect(emails(part)).toEqual(['g@x.test'])
    expect(part.entries[0]?.line).toBe(11)
    expect(part.refused.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
    expect(JSON.stringify(part.refused)).not.toMatch(/secret|because|@/)
    const json = read('{\n[1]\n7\n{"email":5}\n{}\n"h@x.test"\n', 'jsonl')
    expect(json.refused.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5])
    expect(emails(json)).toEqual(['h@x.test'])
  })

  it('loses one line, and not the rest, to a quote that is never closed', () => {
    const lines = Array.from({ length: 3_000 }, (_, at) => `p${at}@x.test`)
    lines[10] = '"open@x.test'
    const part = read(lines.join('\n'))
    expect(part.refused.map(({ line }) => line)).toEqual([11])
    expect(part.entries).toHaveLength(2_999)
  })

  it('that is no list of addresses is refused whole', () => {
    expect(readPart('name,phone\nAnn,1\n', START.csv, true, NOW)).toMatchObject({
      problem: expect.stringContaining('line 1'),
    })
    expect(readPart('x'.repeat(30_000), START.csv, false, NOW)).toMatchObject({
      problem: expect.stringContaining('longer'),
    })
    expect(readPart('x'.repeat(30_000), START.jsonl, false, NOW)).toMatchObject({
      problem: expect.stringContaining('longer'),
    })
  })

  it('is read 5,000 entries at a time', () => {
    const text = Array.from({ length: PART_ENTRIES_MAX + 5 }, (_, at) => `p${at}@x.test\n`).join('')
    const part = read(text)
    expect(part.entries).toHaveLength(PART_ENTRIES_MAX)
    expect(part.place.nextLine).toBe(PART_ENTRIES_MAX + 1)
    expect(text.slice(part.taken).split('\n')).toHaveLength(6)
  })
})

/** A cell as CSV writes it. */
function written(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

describe('reading in parts', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é'), maxLength: 12 })
  it('gives the same entries, refusals and lines, wherever the file is cut', () => {
    const rows = fc.array(fc.tuple(fc.constantFrom('a@x.test', 'b@y.test', 'bad'), cell), { maxLength: 12 })
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 40 }), fc.constantFrom('\n', '\r\n'), (list, size, end) => {
        const text = ['email,note', ...list.map(([email, note]) => `${email},${written(note)}`)].join(end)
        const whole = read(text)
        const parts = readInParts(text, size)
        expect(parts.entries).toEqual(whole.entries)
        expect(parts.refused).toEqual(refused(whole))
        expect(parts.lines).toBe(whole.place.nextLine)
        expect(whole.entries.map(({ note }) => note ?? '')).toEqual(
          list.filter(([email]) => email !== 'bad').map(([, note]) => note.trim()),
        )
      }),
    )
  })

  it('ends, whatever the text holds, and takes all of it in the end', () => {
    const anything = fc.string({
      unit: fc.constantFrom('a@x.test', '"', '""', ',', ';', '\t', '\n', '\r', '{', '}', '\ufeff', ' '),
      maxLength: 60,
    })
    fc.assert(
      fc.property(
        anything,
        fc.constantFrom('csv', 'jsonl'),
        fc.integer({ min: 1, max: 30 }),
        (rest, format, size) => {
          const text = `a@x.test\n${rest}`
          const found = readInParts(text, size, format)
          expect(found.lines).toBeGreaterThanOrEqual(text.replace(/\n$/, '').split('\n').length)
        },
      ),
    )
  })
})
