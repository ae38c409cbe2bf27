import { describe, expect, it } from 'vitest'
import type { SourcePlan } from './plan.ts'
import { candidatesFor, createRouting } from './routing.ts'

const plan: SourcePlan = {
  sources: [
    { name: 'a', ehloName: 'a.example', weight: 1, pools: ['default'] },
    { name: 'b', ehloName: 'b.example', weight: 1, pools: ['letters', 'default'] },
    { name: 'c', ehloName: 'c.example', weight: 1, pools: ['risky'] },
  ],
  pools: [
    { name: 'default', lanes: [], fallback: null },
    { name: 'letters', lanes: ['bulk'], fallback: 'default' },
    { name: 'risky', lanes: [], fallback: null },
  ],
  warmUps: [],
}

function find(routed: string | null, lane: 'bulk' | 'critical', usable: string, anywhere = ''): string {
  const found = candidatesFor(
    plan,
    routed,
    lane,
    (source) => usable.includes(source.name),
    new Set(anywhere.split(' ')),
  )
  return found.kind === 'here'
    ? `${found.pool}: ${found.sources.map((source) => source.name).join('')}`
    : `${found.kind} ${found.pool}`
}

describe('the sources for some mail', () => {
  it('are those of the workspace’s pool, else of the lane’s, else of the default one', () => {
    expect(find('risky', 'bulk', 'abc')).toBe('risky: c')
    expect(find(null, 'bulk', 'abc')).toBe('letters: b')
    expect(find(null, 'critical', 'abc')).toBe('default: ab')
  })

  it('do not strand mail: a pool that is gone is as if it were not set, one without a live host gives way', () => {
    expect(find('removed', 'bulk', 'abc')).toBe('letters: b')
    expect(find('letters', 'critical', 'ac')).toBe('default: a')
    expect(find('letters', 'critical', 'ac', 'letters')).toBe('elsewhere letters')
    expect(find('letters', 'critical', 'c', 'default')).toBe('elsewhere default')
  })

  it('wait where the pool’s mail is to leave from it alone', () => {
    expect(find('risky', 'bulk', 'ab')).toBe('nowhere risky')
  })

  it('are looked up by workspace and lane', () => {
    const routing = createRouting([{ workspaceId: 'w', lane: 'bulk', pool: 'risky' }])
    expect([routing('w', 'bulk'), routing('w', 'critical'), routing('x', 'bulk')]).toEqual([
      'risky',
      null,
      null,
    ])
  })
})
