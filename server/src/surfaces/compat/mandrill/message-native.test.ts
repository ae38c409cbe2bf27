import { expect, it } from 'vitest'
import { plan } from './message-native.ts'
import { readSending } from './message-request.ts'

const to = Array.from({ length: 1_000 }, (_, at) => ({ email: `r${at}@there.example` }))
const planned = (message: object) => {
  const { message: read, options } = readSending({
    message: { from_email: 'a@here.example', to, ...message },
  })
  return plan(read, options, 0)
}

it('makes the text of HTML once, however many get it', () => {
  const html = '<p>Hello <a href="https://there.example/">you</a></p>'.repeat(5_000)
  const beganMs = performance.now()
  const messages = planned({ html, auto_text: true })
  expect(performance.now() - beganMs).toBeLessThan(2_000)
  expect(messages).toHaveLength(1_000)
  expect(new Set(messages.map(({ request }) => request.text)).size).toBe(1)
})

it('copies for each recipient no more than a process can hold', () => {
  const many = Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`k${at}`, 'x']))
  expect(() => planned({ text: 'x', metadata: many })).toThrow()
  expect(() => planned({ text: 'x', global_merge_vars: many })).toThrow()
  const [first] = planned({ text: 'x', metadata: { a: 'b' }, global_merge_vars: { c: 'd' } })
  expect(first?.request).toMatchObject({ metadata: { a: 'b' }, fill: { data: { c: 'd' } } })
})

it('tells a hundred problems at most', () => {
  const bad = Array.from({ length: 130_000 }, () => ({ email: '' }))
  expect(() => planned({ text: 'x', to: bad })).toThrow('refused by a door')
})
