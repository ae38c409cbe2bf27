import { describe, expect, it } from 'vitest'
import { createSmoothChoice } from './smooth-choice.ts'

const weigh = (weights: Readonly<Record<string, number>>) =>
  Object.entries(weights).map(([name, weight]) => ({ name, weight }))

describe('the choice by weight', () => {
  it('gives each its part, spread evenly', () => {
    const choose = createSmoothChoice()
    const candidates = weigh({ a: 5, b: 1, c: 1 })
    const run = Array.from({ length: 14 }, () => choose(candidates)?.name).join('')
    expect(run).toBe('aabacaaaabacaa')
  })

  it('goes on with the others while one is away, and takes it back', () => {
    const choose = createSmoothChoice()
    const both = weigh({ a: 1, b: 1 })
    expect([both, both, both.slice(1), both.slice(1), both, both].map((left) => choose(left)?.name)).toEqual([
      'a',
      'b',
      'b',
      'b',
      'a',
      'b',
    ])
  })

  it('answers nothing where nothing is left', () => {
    expect(createSmoothChoice()([])).toBeUndefined()
  })
})
