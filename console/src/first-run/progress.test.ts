import { describe, expect, it } from 'vitest'
import { doneSteps, isOwnDomain, nextStep } from './progress.ts'

const fresh = {
  accepted: 0,
  domains: [{ id: '1', name: 'example.test', state: 'verified' }],
  outbound: 'capture',
} as const

describe('the way to a real domain', () => {
  it('begins with a mail, and the domain of development does not count as one’s own', () => {
    expect([...doneSteps(fresh)]).toEqual([])
    expect(nextStep(doneSteps(fresh))).toBe('mail')
    expect(isOwnDomain('example.test')).toBe(false)
    expect(isOwnDomain('test.example.com')).toBe(true)
    expect(isOwnDomain('latest')).toBe(true)
  })

  it('goes on step by step and ends', () => {
    const sent = { ...fresh, accepted: 1 }
    expect(nextStep(doneSteps(sent))).toBe('domain')
    const added = { ...sent, domains: [{ id: '2', name: 'shop.example', state: 'pending' }] }
    expect(nextStep(doneSteps(added))).toBe('records')
    const verified = { ...added, domains: [{ id: '2', name: 'shop.example', state: 'verified' }] }
    expect(nextStep(doneSteps(verified))).toBe('outbound')
    expect(nextStep(doneSteps({ ...verified, outbound: 'direct' }))).toBeUndefined()
  })

  it('takes steps in any order', () => {
    expect(nextStep(doneSteps({ ...fresh, outbound: 'relay' }))).toBe('mail')
    expect(doneSteps({ ...fresh, outbound: 'relay' }).has('outbound')).toBe(true)
  })
})
