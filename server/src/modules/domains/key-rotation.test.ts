import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createIdGenerator } from '../../kernel/ids.ts'
import type { NewSelector, RecordCheck } from './domain.ts'
import { ageHint, ageInDays, planRotation, promoted, seenPending } from './key-rotation.ts'
import { selectorsFor } from './records.ts'

const newId = createIdGenerator()
const WORKSPACE = newId()

type Held = NewSelector & { readonly published: boolean }

const found = (selectors: readonly Held[]): RecordCheck[] =>
  selectors.map(({ selector }) => ({ purpose: 'dkim', selector, state: 'ok', found: [], advice: null }))

/** What is done to a domain: a rotation, an emergency, DNS shows some of what waits, a rotation is called off, time passes. */
const act = fc.oneof(
  fc.record({ kind: fc.constant('rotate' as const), isEmergency: fc.boolean() }),
  fc.record({ kind: fc.constant('seen' as const), share: fc.constantFrom(0, 1, 2) }),
  fc.record({ kind: fc.constant('cancel' as const) }),
  fc.record({ kind: fc.constant('retire' as const) }),
)

const begin = (hasEd25519: boolean): Held[] =>
  selectorsFor(WORKSPACE, newId()).map((item) => ({
    ...item,
    published: item.algorithm === 'rsa' || hasEd25519,
  }))

const plan = (selectors: readonly Held[], isEmergency: boolean) =>
  planRotation({
    workspaceId: WORKSPACE,
    rotationId: newId(),
    name: 'shop.example',
    state: 'verified',
    selectors,
    isEmergency,
  })

const kinds = (made: readonly NewSelector[]) => made.map(({ algorithm, becomes }) => [algorithm, becomes])

describe('a rotation of keys', () => {
  it('leaves a published RSA key that signs after every sequence of acts, and uses no name twice', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(act, { maxLength: 40 }), (hasEd25519, acts) => {
        let held = begin(hasEd25519)
        const names = new Set(held.map(({ selector }) => selector))
        for (const step of acts) {
          switch (step.kind) {
            case 'rotate': {
              let made: readonly NewSelector[]
              try {
                made = plan(held, step.isEmergency)
              } catch {
                break
              }
              for (const { selector } of made) {
                expect(names.has(selector)).toBe(false)
                names.add(selector)
              }
              // As signWithStandby does it.
              if (step.isEmergency)
                held = held.map((item) => ({
                  ...item,
                  role: item.role === 'standby' ? 'active' : item.role === 'active' ? 'retiring' : item.role,
                }))
              held = [...held, ...made.map((item) => ({ ...item, published: false }))]
              break
            }
            case 'seen': {
              const waiting = held.filter(({ role }) => role === 'pending').slice(0, step.share)
              const seen = seenPending(held, found(waiting))
              held = promoted(held, seen).map((item) => ({
                ...item,
                published: item.published || seen.includes(item.selector),
              }))
              break
            }
            case 'cancel':
              held = held.filter(({ role }) => role !== 'pending')
              break
            case 'retire':
              held = held.filter(({ role }) => role !== 'retiring')
          }
          const signing = held.filter(({ role, published }) => role === 'active' && published)
          expect(signing.filter(({ algorithm }) => algorithm === 'rsa').length).toBe(1)
          expect(signing.filter(({ algorithm }) => algorithm === 'ed25519').length).toBeLessThanOrEqual(1)
          expect(held.filter(({ role }) => role === 'standby').length).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  it('makes a new key for each algorithm that signs, and no other', () => {
    expect(kinds(plan(begin(true), false))).toEqual([
      ['rsa', 'active'],
      ['ed25519', 'active'],
    ])
    expect(kinds(plan(begin(false), false))).toEqual([['rsa', 'active']])
    expect(kinds(plan(begin(true), true))).toEqual([
      ['rsa', 'standby'],
      ['ed25519', 'active'],
    ])
    const withoutStandby = begin(false).filter(({ role }) => role !== 'standby')
    expect(kinds(plan(withoutStandby, false))).toEqual([
      ['rsa', 'active'],
      ['rsa', 'standby'],
    ])
    expect(() => plan(withoutStandby, true)).toThrow('no standby key')
  })

  it('is hinted at when a key that signs is older than 180 days', () => {
    const now = Date.parse('2026-11-22T10:00:00Z')
    expect(ageInDays(new Date(now - 86_399_999), now)).toBe(0)
    expect(ageInDays(new Date(now + 5_000), now)).toBe(0)
    expect(ageHint('active', 180)).toBeNull()
    expect(ageHint('active', 181)).toContain('181 days')
    expect(ageHint('standby', 500)).toBeNull()
  })
})
