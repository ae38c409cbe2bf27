import { expect, it } from 'vitest'
import { mandrillMessageId, readMandrillMessageId } from './vendor-ids.ts'

const messageId = '019a1ffe-5098-72e8-9459-da255b796bfc'

it('gives each recipient of a message a Mandrill id of his own, of 32 digits for the first 64', () => {
  const ids = Array.from({ length: 1_000 }, (_, at) => mandrillMessageId(messageId, at + 1))
  expect(ids[0]).toBe('019a1ffe509872e89459da255b796bfc')
  expect(new Set(ids).size).toBe(1_000)
  expect(ids.slice(0, 64).every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true)
  for (const [at, id] of ids.entries())
    expect(readMandrillMessageId(id)).toEqual({ messageId, number: at + 1 })
})

it('reads Mandrill ids that have the number of a recipient behind them, and nothing else', () => {
  expect(readMandrillMessageId('019a1ffe509872e89459da255b796bfc_2')).toEqual({ messageId, number: 2 })
  for (const id of [
    '',
    'x',
    messageId,
    '019A1FFE509872E89459DA255B796BFC',
    '019a1ffe509872e89459da255b796bfc_',
  ])
    expect(readMandrillMessageId(id)).toBeNull()
})
