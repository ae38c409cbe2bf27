import { describe, expect, it } from 'vitest'
import {
  fieldOf,
  fieldsOf,
  PART_BOUNDS,
  partBytes,
  partText,
  readFieldGroups,
  readFields,
  readParts,
} from './parts.ts'

const mail = (...lines: string[]) => Buffer.from(lines.join('\r\n'))

describe('the parts of a message', () => {
  it('come in order, each with its fields and its bytes', () => {
    const { root, leaves, truncated } = readParts(
      mail(
        'Subject: a',
        ' folded one',
        'Content-Type: multipart/report; report-type=delivery-status;',
        '\tboundary="a b=c"',
        '',
        'preamble',
        '--a b=c',
        '',
        'plain',
        '--a b=c  ',
        'Content-Type: Message/Delivery-Status',
        '',
        'Status: 5.1.1',
        '',
        '--a b=cd is no boundary',
        '--a b=c',
        'Content-Type: multipart/mixed; boundary=inner',
        '',
        '--inner',
        'Content-Type: text/html; charset=ISO-8859-1',
        'Content-Transfer-Encoding: quoted-printable',
        '',
        'f=FCr=',
        ' alle',
        '--inner--',
        'epilogue',
        '--a b=c--',
        '--a b=c',
        '',
        'behind the end',
      ),
    )
    expect([fieldOf(root, 'subject'), root.parameters.get('report-type'), truncated]).toEqual([
      'a folded one',
      'delivery-status',
      false,
    ])
    expect(leaves.map((part) => part.type)).toEqual(['text/plain', 'message/delivery-status', 'text/html'])
    expect(leaves.map((part) => partText(part, 1_000))).toEqual([
      'plain',
      'Status: 5.1.1\n\n--a b=cd is no boundary',
      'für alle',
    ])
  })

  it('are read with line ends of any kind, without an end, and without a header', () => {
    const { leaves } = readParts(
      Buffer.from('Content-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x\n\ntwo'),
    )
    expect(leaves.map((part) => part.body.toString())).toEqual(['one', 'two'])
    expect(readParts(Buffer.from('\r\nno header')).leaves[0]?.body.toString()).toBe('no header')
    expect(readParts(Buffer.alloc(0)).leaves).toHaveLength(1)
  })

  it('are decoded from base64, and at most as many bytes as asked for', () => {
    const [part] = readParts(mail('Content-Transfer-Encoding: BASE64', '', 'aGVs', 'bG8=')).leaves
    expect(part === undefined ? '' : partBytes(part, 4).toString()).toBe('hell')
  })

  it('with a character set that nobody knows are read as they are', () => {
    const [part] = readParts(mail('Content-Type: text/plain; charset=klingon', '', 'qo')).leaves
    expect(part === undefined ? '' : partText(part, 100)).toBe('qo')
  })

  it('that are too many or too deep are left out, and it is said so', () => {
    const many = readParts(
      mail(
        'Content-Type: multipart/mixed; boundary=x',
        '',
        ...Array.from({ length: 500 }, () => '--x\r\n\r\ny'),
      ),
    )
    expect([many.leaves.length, many.truncated]).toEqual([PART_BOUNDS.parts, true])
    let nested = 'x'
    for (let depth = 0; depth < 100; depth++)
      nested = `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n${nested}\r\n--b${depth}--`
    expect(readParts(Buffer.from(nested)).truncated).toBe(true)
  })
})

describe('fields', () => {
  it('come in groups that empty lines separate', () => {
    const groups = readFieldGroups(
      mail(
        'Reporting-MTA: dns; a',
        '',
        'Final-Recipient: rfc822; b',
        'X: 1',
        ' 2',
        '  ',
        '',
        'Action: failed',
        '',
      ),
      10,
    )
    expect(groups).toEqual([
      [{ name: 'reporting-mta', value: 'dns; a' }],
      [
        { name: 'final-recipient', value: 'rfc822; b' },
        { name: 'x', value: '1 2' },
      ],
      [{ name: 'action', value: 'failed' }],
    ])
    expect(readFieldGroups(Buffer.from('a: 1\n\n'.repeat(50)), 3)).toHaveLength(3)
  })

  it('may occur more than once, and lines that are none are passed over', () => {
    const fields = readFields(mail('To: a', 'nonsense', ': empty', 'to : b', 'bad name: c'))
    expect(fieldsOf({ fields }, 'to')).toEqual(['a', 'b'])
    expect(fields).toHaveLength(2)
  })

  it('are bounded in number and length', () => {
    expect(readFields(Buffer.from('a: b\n'.repeat(5_000)))).toHaveLength(PART_BOUNDS.fields)
    const [long] = readFields(Buffer.from(`a: ${'x'.repeat(100_000)}\n${' y'.repeat(40_000)}`))
    expect((long?.value ?? '').length).toBeLessThan(40_000)
  })
})

describe('hostile messages', () => {
  it('of the largest size are read within two seconds', () => {
    const size = 10 * 1024 * 1024
    const fill = (piece: string) => piece.repeat(Math.floor(size / piece.length))
    const started = performance.now()
    for (const body of [
      fill('--x\r\n'),
      fill('--x'),
      fill('\r\n'),
      fill('a: b\r\n'),
      fill('='),
      fill(' '),
      fill('--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n'),
    ]) {
      const { leaves } = readParts(Buffer.from(`Content-Type: multipart/mixed; boundary=x\r\n\r\n${body}`))
      for (const part of leaves) partText(part, 65_536)
      readFieldGroups(Buffer.from(body.slice(0, 262_144)), 1_000)
    }
    // Seven messages of 10 MiB; the bound is for quadratic work, not for speed.
    expect(performance.now() - started).toBeLessThan(14_000)
  })

  it('have no more multiparts read than parts', () => {
    const empty = '--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n'.repeat(150_000)
    const raw = Buffer.from(`Content-Type: multipart/mixed; boundary=x\r\n\r\n${empty}`)
    const before = process.cpuUsage()
    expect(readParts(raw)).toMatchObject({ leaves: [], truncated: true })
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(300)
  })

  it('of random pieces never throw', () => {
    const pieces = [
      '--x',
      '\r\n',
      '\n',
      'Content-Type: multipart/mixed; boundary=x',
      ': ',
      '\0',
      '=',
      '"',
      ';',
      'a',
      '--',
      'é',
      '\r\n\r\n',
    ]
    let seed = 7
    const next = (max: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % max
    }
    for (let round = 0; round < 3_000; round++) {
      const raw = Buffer.from(
        Array.from({ length: next(40) }, () => pieces[next(pieces.length)] ?? '').join(''),
      )
      for (const part of readParts(raw).leaves) partText(part, 1_000)
      readFieldGroups(raw, 10)
    }
  })
})
