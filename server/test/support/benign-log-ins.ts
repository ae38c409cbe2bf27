import type { SignalOutcome } from '../../src/security/detection/index.ts'
import type { DetectionWorld } from './detection-world.ts'

const DAY_MINUTES = 1_440
const BROWSERS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.6 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
] as const

/** A seeded generator (mulberry32): numbers from 0 to 1, the same in each run. */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/**
 * Ordinary days of a small installation, invented by us: 12 offices of 15 people behind one address each, 80 people at home, 40 behind four
 * carrier NATs, a café with ten regulars of as many workspaces. 3 % sit in one of two hotels. A tenth mistypes the password, 3 % the address, 1 % reset; each day a team
 * of 15 is invited and signs up from one office, and five strangers sign up, one in five with an address that is known.
 */
export async function playBenignDays(world: DetectionWorld, days: number): Promise<{ logIns: number }> {
  const random = seededRandom(2_019)
  const people = await world.people(320)
  for (let n = 0; n < 20; n++) await world.workspace(people.slice(n * 15, n * 15 + 15))
  const homes = people.map((_, n) => {
    if (n < 180) return `192.0.2.${Math.floor(n / 15) + 1}`
    if (n < 260) return `2001:db8:${n.toString(16)}:1::${n.toString(16)}`
    return `100.64.0.${(n % 4) + 1}`
  })
  let logIns = 0
  for (let day = 0; day < days; day++) {
    const plan = new Map<number, (() => Promise<void>)[]>()
    const at = (minute: number, work: () => Promise<void>) => {
      plan.set(minute, [...(plan.get(minute) ?? []), work])
    }
    for (const [n, person] of people.entries()) {
      const minute = Math.floor(random() * 600)
      const inCafe = n % 30 === 20
      const travels = random() < 0.03
      const hotel = `198.51.100.${Math.floor(random() * 2) + 1}`
      const common = {
        address: inCafe ? '198.51.100.200' : travels ? hotel : (homes[n] ?? ''),
        userAgent: BROWSERS[n % BROWSERS.length] ?? '',
        // The first day is everybody's first; later one in seven has cleared his cookies. Laptops take their marks to the café.
        knownDevice: day > 0 && (inCafe || random() > 0.15),
      }
      const log = (outcome: SignalOutcome, email = world.emailOf(person)) =>
        world.observe({ ...common, email, kind: 'log_in', outcome })
      const [mistypes, mistakes, forgets] = [random() < 0.1, random() < 0.03, random() < 0.01]
      at(minute, async () => {
        if (mistakes) await log('unknown', `typo-${day}-${n}@people.test`)
        if (mistypes) await log('wrong_password')
        if (forgets)
          await world.observe({ ...common, email: world.emailOf(person), kind: 'reset', outcome: 'known' })
        await log('right_password')
        await log('session')
        logIns += 1
      })
    }
    const office = { address: `203.0.113.${day + 1}`, userAgent: BROWSERS[0] }
    for (let n = 0; n < 15; n++) {
      const email = `new-${day}-${n}@people.test`
      at(60, () => world.observe({ ...office, email, kind: 'invitation', outcome: 'unknown' }))
      at(65 + n * 4, () => world.observe({ ...office, email, kind: 'sign_up', outcome: 'unknown' }))
    }
    for (let n = 0; n < 5; n++)
      at(Math.floor(random() * 600), () =>
        world.observe({
          address: `203.0.113.${100 + n}`,
          userAgent: BROWSERS[n % 3] ?? '',
          kind: 'sign_up',
          ...(n === 0
            ? { email: world.emailOf(people[day] ?? ''), outcome: 'known' }
            : { email: `stranger-${day}-${n}@people.test`, outcome: 'unknown' }),
        }),
      )
    for (let minute = 0; minute < DAY_MINUTES; minute++) {
      await world.advance(60)
      const due = plan.get(minute) ?? []
      if (due.length === 0 && minute % 10 !== 0) continue
      await Promise.all(due.map((work) => work()))
      await world.evaluate()
    }
  }
  return { logIns }
}
