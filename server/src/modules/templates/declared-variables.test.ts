import { describe, expect, it } from 'vitest'
import { withVariables } from './declared-variables.ts'
import type { DeclaredVariable } from './template.ts'

const VARIABLES: readonly DeclaredVariable[] = [
  { name: 'PRODUCT', type: 'string', fallback: 'item' },
  { name: 'PRICE', type: 'number' },
]

describe('declared variables', () => {
  it('stand in where the data does not hold them, and nowhere else', () => {
    expect(withVariables({ PRODUCT: '' }, VARIABLES).data).toEqual({ PRODUCT: '' })
    expect(withVariables({ PRODUCT: null, other: 1 }, VARIABLES).data).toEqual({ PRODUCT: 'item', other: 1 })
    expect(withVariables({}, [{ name: 'constructor', type: 'string' }])).toEqual({ data: {}, problems: [] })
  })

  it('are of their type', () => {
    expect(withVariables({ PRICE: '25', PRODUCT: 'Tea' }, VARIABLES).problems).toMatchObject([
      { severity: 'error', code: 'wrong_type', message: 'The variable "PRICE" is to be a number.' },
    ])
    expect(withVariables({ PRICE: 25 }, VARIABLES).problems).toEqual([])
  })
})
