import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import * as fc from 'fast-check'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { describe, expect, it } from 'vitest'
import { composeMessage } from '../mime/compose.ts'
import { parseHeaderBlock, withHeaders } from '../mime/header-block.ts'
import { createBodyCanonicaliser, relaxedBody, relaxedBodyHash, writeRelaxedHeader } from './canonicalise.ts'
import { finishSigning, prepareSigning } from './prepare.ts'
import type { DkimKeyName, PreparedSignature, SigningOptions } from './prepare.ts'
import { dkimRecord, splitTxt } from './record.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed = generateKeyPairSync('ed25519')
const KEYS: readonly DkimKeyName[] = [
  { domain: 'example.com', selector: 'r1', algorithm: 'rsa-sha256' },
  { domain: 'example.com', selector: 'e1', algorithm: 'ed25519-sha256' },
]
const OPTIONS: SigningOptions = { keys: KEYS, timeSeconds: Math.floor(Date.now() / 1000) - 5 }
const RECORDS: Record<string, string> = {
  'r1._domainkey.example.com': dkimRecord({
    algorithm: 'rsa-sha256',
    publicKeyBase64: rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  }),
  'e1._domainkey.example.com': dkimRecord({
    algorithm: 'ed25519-sha256',
    publicKeyBase64: ed.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64'),
  }),
}

async function resolver(name: string, type: string): Promise<string[][]> {
  const record = RECORDS[name]
  if (type !== 'TXT' || record === undefined)
    throw Object.assign(new Error('no record'), { code: 'ENOTFOUND' })
  return [[...splitTxt(record)]]
}

/** What the keyring does. */
function signature(prepared: PreparedSignature): Buffer {
  if (prepared.algorithm === 'rsa-sha256') return sign('sha256', prepared.toBeSigned, rsa.privateKey)
  return sign(null, createHash('sha256').update(prepared.toBeSigned).digest(), ed.privateKey)
}

function signed(raw: Buffer, options: SigningOptions = OPTIONS, pieces: readonly Buffer[] = [raw]): Buffer {
  const result = prepareSigning(pieces, options)
  if (!result.ok) throw new Error(result.problem)
  return withHeaders(
    raw,
    result.prepared.map((one) => finishSigning(one, signature(one))),
  )
}

async function verdicts(raw: Buffer): Promise<string[]> {
  const { results } = await dkimVerify(raw, { resolver })
  return results.map((one: { status: { result: string; comment?: string } }) => one.status.result).sort()
}

function cut(raw: Buffer, at: readonly number[]): Buffer[] {
  const points = [0, ...at.map((n) => n % (raw.length + 1)).sort((a, b) => a - b), raw.length]
  return points.slice(1).map((end, i) => raw.subarray(points[i], end))
}

const messages = fc
  .record({
    fields: fc.array(
      fc.tuple(
        fc.constantFrom('Subject', 'To', 'cc', 'X-Other', 'List-Unsubscribe', 'RECEIVED', 'Content-Type'),
        fc.array(
          fc.constantFrom('a', 'word', ' ', '  ', '\t', '\r\n ', '\r\n\t x', 'é', ':', ';', 'x'.repeat(300)),
          { maxLength: 12 },
        ),
      ),
      { maxLength: 8 },
    ),
    body: fc.array(
      fc.oneof(
        {
          weight: 6,
          arbitrary: fc.constantFrom(
            'a',
            ' ',
            '\t',
            '\r\n',
            '\r\n\r\n',
            ' \r\n',
            '.',
            'text',
            'ü',
            '\u0001',
            'x'.repeat(900),
          ),
        },
        {
          weight: 1,
          arbitrary: fc.string({ unit: 'binary', maxLength: 20 }).map((s) => s.replaceAll(/[\r\n]/g, '')),
        },
      ),
      { maxLength: 40 },
    ),
  })
  .map(({ fields, body }) => {
    const lines = fields.map(([name, value]) => `${name}:${value.join('')}z\r\n`).join('')
    return Buffer.from(
      `From: Ann <ann@example.com>\r\n${lines}Message-ID: <1@example.com>\r\n\r\n${body.join('')}`,
    )
  })

describe('signing', () => {
  it('is verified by mailauth for RSA and Ed25519, whatever the white space, the body and the pieces', async () => {
    await fc.assert(
      fc.asyncProperty(messages, fc.array(fc.nat(), { maxLength: 4 }), async (raw, at) => {
        expect(await verdicts(signed(raw, OPTIONS, cut(raw, at)))).toEqual(['pass', 'pass'])
      }),
      { numRuns: 150 },
    )
  })

  it.each(['', '\r\n', '\r\n\r\n \t\r\n', 'a', 'a\r\n\r\n\r\n', ' \r\n a  b \r\n', '..\r\n.\r\n'])(
    'is verified with the body %j',
    async (body) => {
      const raw = Buffer.from(`From: ann@example.com\r\nSubject:\r\n\r\n${body}`)
      expect(await verdicts(signed(raw))).toEqual(['pass', 'pass'])
    },
  )

  it('is verified for what our own composer writes', async () => {
    const composed = composeMessage({
      from: { email: 'jörg@example.com', name: 'Jörg, "the" Boss' },
      to: [{ email: 'bob@example.net', name: 'B'.repeat(200) }],
      subject: 'Ünïcode '.repeat(40),
      text: 'Grüße \n\n\n',
      html: '<p>ASCII  \t</p>',
      attachments: [{ filename: '漢字.bin', content: Buffer.alloc(300_000, 7) }],
      headers: [{ name: 'List-Unsubscribe', value: '<https://x.co/a>,   <mailto:a@x.co>' }],
      messageId: 'x@example.com',
      date: new Date(),
    })
    if (!composed.ok) throw new Error(composed.problem)
    expect(await verdicts(signed(composed.raw))).toEqual(['pass', 'pass'])
  })

  it('breaks when the body, a signed header or an added oversigned header changes', async () => {
    const good = signed(
      Buffer.from('From: ann@example.com\r\nTo: b@x.co\r\nSubject: Hi\r\n\r\nHello\r\n'),
    ).toString()
    expect(await verdicts(Buffer.from(good))).toEqual(['pass', 'pass'])
    const changed = [
      good.replace('Hello', 'Hullo'),
      good.replace('Subject: Hi', 'Subject: Ho'),
      `${good}more\r\n`,
      `Subject: second\r\n${good}`,
      `From: eve@x.co\r\n${good}`,
      `List-Unsubscribe: <https://evil.example>\r\n${good}`,
    ]
    for (const text of changed) expect(await verdicts(Buffer.from(text))).not.toContain('pass')
  })

  it('signs every occurrence bottom up and lists the oversigned names once more', () => {
    const raw = Buffer.from('To: one@x.co\r\nFrom:  A  <a@x.co> \r\nTo: two@x.co\r\nX-No: no\r\n\r\n')
    const result = prepareSigning(raw, {
      keys: KEYS.slice(0, 1),
      timeSeconds: 1,
      expirySeconds: 9,
      oversigned: ['from', 'x-no'],
    })
    expect(result.ok && result.prepared[0]?.toBeSigned.toString()).toBe(
      'x-no:no\r\nto:two@x.co\r\nfrom:A <a@x.co>\r\nto:one@x.co\r\n' +
        'dkim-signature:v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=r1; t=1; x=9; ' +
        'h=x-no:to:from:to:from:x-no; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=',
    )
  })

  it('writes lines of at most 78 characters', () => {
    const raw = Buffer.from(
      `${Array.from({ length: 200 }, () => 'List-Unsubscribe: <https://x.co>\r\n').join('')}From: a@x.co\r\n\r\n`,
    )
    const result = prepareSigning(raw, OPTIONS)
    if (!result.ok) throw new Error(result.problem)
    for (const one of result.prepared) {
      for (const line of finishSigning(one, signature(one)).split('\r\n'))
        expect(line.length).toBeLessThanOrEqual(78)
    }
  })

  it('refuses what has no From or no header', () => {
    for (const text of [
      'Subject: x\r\n\r\nbody',
      '\r\nFrom: a@x.co\r\n\r\n',
      'From a@x.co\r\n\r\n',
      '',
      `From: ${'x'.repeat(300_000)}`,
    ]) {
      expect(prepareSigning(Buffer.from(text), OPTIONS).ok).toBe(false)
    }
  })
})

describe('canonicalisation', () => {
  it('gives the relaxed form of the example in RFC 6376 §3.4.5', () => {
    const raw = Buffer.from('A: X\r\nB : Y\t\r\n\tZ  \r\n'.replace(' :', ':'))
    const block = parseHeaderBlock(raw)
    if (!block.ok) throw new Error(block.problem)
    const out = Buffer.alloc(raw.length + 2)
    const end = block.headers.reduce((at, header) => writeRelaxedHeader(raw, header, out, at), 0)
    expect(out.toString('latin1', 0, end)).toBe('a:X\r\nb:Y Z\r\n')
    expect(relaxedBody(Buffer.from(' C \r\nD \t E\r\n\r\n\r\n')).toString()).toBe(' C\r\nD E\r\n')
  })

  it('hashes an empty body as RFC 6376 §3.4.4 says', () => {
    for (const body of ['', '\r\n', ' \t \r\n\r\n']) {
      expect(relaxedBodyHash([Buffer.from(body)])).toBe('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=')
    }
  })

  it('agrees with a plain reading of the RFC however the body is cut, bare CR and LF included', () => {
    const alphabet = fc.constantFrom('a', ' ', '\t', '\r\n', '\r', '\n', 'é', '\r\n'.repeat(700))
    fc.assert(
      fc.property(
        fc.array(alphabet, { maxLength: 30 }),
        fc.array(fc.nat(), { maxLength: 5 }),
        (parts, at) => {
          const body = Buffer.from(parts.join(''))
          const lines = body
            .toString('latin1')
            .split('\r\n')
            .map((line) => line.replaceAll(/[ \t]+/g, ' ').replace(/ $/, ''))
          const plain = lines.join('\r\n').replace(/(?:\r\n)+$/, '')
          const expected = plain === '' ? '' : `${plain}\r\n`
          const found: Buffer[] = []
          const canonicaliser = createBodyCanonicaliser((bytes) => found.push(bytes))
          for (const piece of cut(body, at)) canonicaliser.update(piece)
          canonicaliser.end()
          expect(Buffer.concat(found).toString('latin1')).toBe(expected)
          expect(relaxedBodyHash(cut(body, at))).toBe(
            createHash('sha256').update(expected, 'latin1').digest('base64'),
          )
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('takes linear time and little memory for 20 MB of empty lines', () => {
    const body = Buffer.concat([Buffer.from('\r\n'.repeat(10_000_000)), Buffer.from('x')])
    const start = performance.now()
    relaxedBodyHash([body])
    expect(performance.now() - start).toBeLessThan(3000)
  })
})

describe('the record', () => {
  it('names the key type and is split into strings of at most 255 bytes', () => {
    const record = RECORDS['r1._domainkey.example.com'] ?? ''
    expect(record).toMatch(/^v=DKIM1; k=rsa; p=MII/)
    expect(splitTxt(record).map((one) => one.length)).toEqual([255, record.length - 255])
    expect(splitTxt(record).join('')).toBe(record)
  })
})
