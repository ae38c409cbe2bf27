import { expect, it } from 'vitest'
import { readMail } from './mail-read.ts'
import { translateMail } from './mail-translate.ts'

function translated(sections: number) {
  const read = readMail(
    {
      from: { email: 'a@here.example' },
      subject: 'x',
      personalizations: Array.from({ length: 1_000 }, (_, at) => ({
        to: [{ email: `r${at}@there.example` }],
      })),
      content: [{ type: 'text/plain', value: 'x' }],
      sections: Object.fromEntries(Array.from({ length: sections }, (_, at) => [`:s${at}`, 'x'])),
    },
    0,
  )
  if ('errors' in read) throw new Error('the request was refused before')
  return translateMail(read.mail, {})
}

it('copies sections for each personalization no more often than a process can hold', () => {
  expect(translated(10)).toHaveLength(1_000)
  expect(() => translated(600)).toThrow(/500000 entries/)
})

it('tells a hundred problems at most', () => {
  const to = Array.from({ length: 10_000 }, () => ({ email: 'x' }))
  const read = readMail({ personalizations: [{ to }] }, 0)
  expect('errors' in read ? read.errors : []).toHaveLength(100)
})
