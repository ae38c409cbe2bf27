import { expect, it } from 'vitest'
import { glimpseKeys, parseBody } from './body.ts'

const FORM = 'application/x-www-form-urlencoded'
const form = (text: string): unknown => parseBody(Buffer.from(text), FORM)

it('reads a form whose names say where a value stands', () => {
  expect(
    form('key=k&message[to][0][email]=a@b.example&message[to][1][email]=c@d.example&tags[]=x&tags[]=y'),
  ).toEqual({
    key: 'k',
    message: { to: [{ email: 'a@b.example' }, { email: 'c@d.example' }] },
    tags: ['x', 'y'],
  })
})

it('counts the fields of a form before it takes it apart, and bounds their names', () => {
  const beganMs = performance.now()
  expect(() => form('a&'.repeat(2_000_000))).toThrow(/more than 20000 fields/)
  expect(() => form(`a${'[]'.repeat(2_000_000)}=1`)).toThrow(/more than 1000 characters/)
  const list = form(Array.from({ length: 20_000 }, () => 'a[]=1').join('&'))
  expect(list).toMatchObject({ a: { length: 20_000 } })
  expect(performance.now() - beganMs).toBeLessThan(3_000)
})

it('finds the key of a body as the vendor’s clients write it, wherever it stands, at the price of a look', () => {
  const key = `md-${'aB3'.repeat(7)}z`
  const rest = { message: { merge: [{ key: 'x' }], text: 'x'.repeat(1_000_000) } }
  for (const text of [
    JSON.stringify({ key, ...rest }),
    JSON.stringify({ ...rest, key }),
    JSON.stringify({ key, ...rest }, null, 4),
    `key=${key}&message[text]=${'x'.repeat(1_000_000)}`,
    `message[text]=${'x'.repeat(1_000_000)}&key=${key}`,
  ])
    expect(glimpseKeys(Buffer.from(text))).toEqual([key])
  expect(glimpseKeys(Buffer.from(JSON.stringify(rest)))).toEqual([])
  const hostile = [
    '"key"'.repeat(10_000_000),
    'key='.repeat(12_000_000),
    Array.from({ length: 10_000 }, (_, n) => `"key":"md-${String(n).padStart(22, '0')}"`).join(),
  ].map((text) => Buffer.from(text))
  const before = process.cpuUsage()
  expect(hostile.map((raw) => glimpseKeys(raw).length)).toEqual([0, 0, 3])
  expect(process.cpuUsage(before).user).toBeLessThan(500_000)
})
