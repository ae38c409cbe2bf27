import { expect, it } from 'vitest'
import { parseJsonBody } from './input.ts'

it('refuses a body of more values than any call takes before it is parsed', () => {
  const many = Buffer.from(`[${'{},'.repeat(5_000_000)}{}]`)
  const beganMs = performance.now()
  expect(() => parseJsonBody(many)).toThrow(/more than 400000 values/)
  expect(() => parseJsonBody(Buffer.from('['.repeat(5_000_000)))).toThrow(/more than 400000 values/)
  expect(performance.now() - beganMs).toBeLessThan(2_000)
})

it('counts nothing that stands in a text', () => {
  const text = ',[{\\"\\\\'.repeat(200_000)
  expect(parseJsonBody(Buffer.from(`{"html":"${text}","a":[1,2]}`))).toMatchObject({ a: [1, 2] })
})
