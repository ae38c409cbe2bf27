import { describe, expect, it } from 'vitest'
import { BOUNCE_CLASSES, classifyRefusal, codesIn } from './classify.ts'
import { GENERIC_RULES, PROVIDER_RULES, REPUTATION_RULES } from './reply-rules.ts'
import { REPLIES } from './replies.test-support.ts'
import { STATUS_MEANINGS, SUBJECT_MEANINGS } from './status-codes.ts'

const RULES = [...REPUTATION_RULES, ...PROVIDER_RULES, ...GENERIC_RULES]

describe('the class of a refusal', () => {
  it.each(
    REPLIES.map((reply) => [reply.expected, reply.stage, reply.code, reply.enhanced, reply.text] as const),
  )('is %s (at %s): %i %s %s', (expected, stage, code, enhanced, text) => {
    const found = classifyRefusal({ code, enhanced, text, stage })
    expect([found.class, found.permanent, found.rule]).toEqual([
      expected,
      code >= 500,
      expect.stringMatching(/^(?:status|text|code):|^none$/),
    ])
    expect(found.reason.length).toBeGreaterThan(5)
  })

  it('is judged by a corpus that knows every class', () => {
    expect(REPLIES.length).toBeGreaterThanOrEqual(120)
    expect(new Set(REPLIES.map((reply) => reply.expected))).toEqual(new Set(BOUNCE_CLASSES))
  })

  it('has a reason for every registered code, and for every subject', () => {
    for (let subject = 0; subject <= 7; subject++) {
      expect(SUBJECT_MEANINGS[String(subject)]).toBeDefined()
      expect(classifyRefusal({ code: 550, enhanced: `5.${subject}.999`, text: '' }).rule).toBe(
        `status:${subject}.999`,
      )
    }
    for (const status of Object.keys(STATUS_MEANINGS))
      expect(classifyRefusal({ code: 550, enhanced: `5.${status}`, text: '' })).toMatchObject({
        ...STATUS_MEANINGS[status],
        permanent: true,
        rule: `status:${status}`,
      })
  })

  it('is not led by an address in the text', () => {
    for (const address of [
      'no-such-user@x.example',
      'spamhaus@x.example',
      'mailbox.full@x.example',
      'quota@full.example',
    ])
      expect(classifyRefusal({ code: 550, enhanced: '5.7.1', text: `<${address}>: denied` }).rule).toBe(
        'status:7.1',
      )
  })

  it('is never recipient where the sender was refused, or where the code is temporary and would be final', () => {
    expect(classifyRefusal({ code: 550, enhanced: '5.1.1', text: 'unknown', stage: 'mail' }).class).toBe(
      'policy',
    )
    expect(classifyRefusal({ code: 550, enhanced: '4.1.1', text: 'unknown' }).permanent).toBe(false)
    expect(classifyRefusal({ text: 'no such user' })).toMatchObject({ class: 'recipient', permanent: false })
  })

  it('comes in time proportional to a bounded text, whatever it holds', () => {
    const started = performance.now()
    for (const piece of [
      'mailbox ',
      'a@',
      '<',
      'user is ',
      '5.1.',
      'domain ',
      'over ',
      '\n',
      'é',
      'attachment name ',
    ])
      classifyRefusal({ code: 550, text: piece.repeat(200_000) })
    expect(performance.now() - started).toBeLessThan(2_000)
  })

  it('has rules with names of their own', () => {
    expect(new Set(RULES.map((rule) => rule.id)).size).toBe(RULES.length)
  })
})

describe('codes in a free text', () => {
  it.each([
    ['550 5.1.1 unknown', 550, '5.1.1'],
    ['said: 550-5.7.26 Unauthenticated', 550, '5.7.26'],
    ['Sorry, no mailbox here by that name. (#5.1.1)', undefined, '5.1.1'],
    ['Remote host said: 552 over quota', 552, undefined],
    ['from 192.0.2.1 at 10.5.1.1', undefined, undefined],
    ['error 5505', undefined, undefined],
    ['', undefined, undefined],
  ])('%s', (text, code, enhanced) => {
    expect(codesIn(text)).toEqual({
      ...(code === undefined ? {} : { code }),
      ...(enhanced === undefined ? {} : { enhanced }),
    })
  })
})
