import { randomBytes } from 'node:crypto'
import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createScan } from './places.ts'
import { createSearch } from './search.ts'
import { undeclared } from './table.ts'

const canary = { class: 'address', text: 'c4n4ryx7k2m9q0z8w1v5' }
const others = Array.from({ length: 2_000 }, () => ({
  class: 'other',
  text: randomBytes(12).toString('hex'),
}))
const search = createSearch([canary, ...others])
const around = (bytes: Buffer): Buffer => Buffer.concat([randomBytes(5_001), bytes, randomBytes(4_097)])

/** base64 as mail carries it: lines of 76 characters. */
const folded = (bytes: Buffer): Buffer => Buffer.from(bytes.toString('base64').replaceAll(/.{76}/g, '$&\r\n'))

const SPELLINGS: Readonly<Record<string, Buffer>> = {
  raw: Buffer.from(canary.text),
  'raw, upper case': Buffer.from(canary.text.toUpperCase()),
  hex: Buffer.from(Buffer.from(canary.text).toString('hex')),
  'hex, upper case': Buffer.from(Buffer.from(canary.text).toString('hex').toUpperCase()),
  'UTF-16 LE': Buffer.from(canary.text, 'utf16le'),
  'UTF-16 BE': Buffer.from(canary.text, 'utf16le').swap16(),
  'base64 at 0': Buffer.from(Buffer.from(`xyz${canary.text}`).toString('base64')),
  'base64 at 1': Buffer.from(Buffer.from(`x${canary.text}ab`).toString('base64')),
  'base64 at 2': Buffer.from(Buffer.from(`xy${canary.text}`).toString('base64url')),
  gzip: gzipSync(`${'something before '.repeat(20)}${canary.text}`),
  zlib: deflateSync(`before ${canary.text}`),
  'quoted-printable': Buffer.from(`=41${canary.text.slice(0, 7)}=\r\n${canary.text.slice(7)}`),
  'folded field': Buffer.from(`X-A: ${canary.text.slice(0, 9)}\r\n ${canary.text.slice(9)}`),
}

describe('the plaintext search', () => {
  for (const [name, bytes] of Object.entries(SPELLINGS)) {
    it(`finds a canary written as ${name}`, () => {
      const hits = search.find(around(bytes))
      expect(hits.map((hit) => hit.canary)).toContain(canary)
      expect(hits.every((hit) => hit.canary === canary)).toBe(true)
    })
  }

  it('finds a canary at any place of base64 lines', () => {
    for (let offset = 0; offset < 60; offset++) {
      const text = Buffer.from(`${'-'.repeat(offset)}${canary.text}${'-'.repeat(80)}`)
      expect(
        search.find(folded(text)).map((hit) => hit.canary),
        String(offset),
      ).toContain(canary)
    }
  })

  it('finds nothing where nothing is, and not a part of a canary', () => {
    expect(search.find(randomBytes(2_000_000))).toEqual([])
    expect(search.find(around(Buffer.from(canary.text.slice(0, -1))))).toEqual([])
  })

  it('names what was seen outside the declared cells, with where and how', () => {
    const scan = createScan(search)
    scan.bytes('sink', 'mail 1', SPELLINGS['gzip']!)
    scan.bytes('dump', 'message', SPELLINGS['hex']!)
    expect(undeclared(scan, { address: { sink: 'the mail went there' } })).toEqual([
      `address in dump: 1, first ${canary.text} at message (hex)`,
    ])
  })
})
