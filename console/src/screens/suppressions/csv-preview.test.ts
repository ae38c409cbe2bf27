import { describe, expect, it } from 'vitest'
import { previewOf } from './csv-preview.ts'

describe('a look at a file before it is imported', () => {
  it('finds titles, separators and the column of addresses', () => {
    expect(previewOf('x.csv', 'Email,Reason\nann@example.com,bounce\n', true)).toEqual({
      format: 'csv',
      titles: ['Email', 'Reason'],
      rows: [['ann@example.com', 'bounce']],
      guess: ['email', 'reason'],
    })
    const german = previewOf('x.csv', 'Kunde;Kontakt;Grund\n7;ann@example.com;weg\n', true)
    expect(german.guess).toEqual(['ignored', 'email', 'reason'])
    const plain = previewOf('x.txt', 'ann@example.com\nben@example.com', true)
    expect(plain).toMatchObject({
      titles: null,
      guess: ['email'],
      rows: [['ann@example.com'], ['ben@example.com']],
    })
  })

  it('keeps quoted line ends and quotes, and leaves out a line that is cut off', () => {
    const text = 'email,note\r\nann@example.com,"said ""no"",\ntwice"\r\nben@exam'
    expect(previewOf('x.csv', text, false).rows).toEqual([['ann@example.com', 'said "no",\ntwice']])
    expect(previewOf('x.csv', text, true).rows).toHaveLength(2)
  })

  it('shows a hundred rows at most, and JSON lines as they are', () => {
    const many = `email\n${'a@example.com\n'.repeat(500)}`
    expect(previewOf('x.csv', many, true).rows).toHaveLength(100)
    expect(previewOf('x.jsonl', '{"email":"ann@example.com"}\n', true)).toMatchObject({
      format: 'jsonl',
      rows: [['{"email":"ann@example.com"}']],
    })
    expect(previewOf('x.csv', '', true).rows).toEqual([])
  })
})
