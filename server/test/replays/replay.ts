import { describe, expect, it } from 'vitest'

/** Measured facts: counts, milliseconds, sizes. Names carry their unit. */
export type Evidence = Readonly<Record<string, number | string>>

/** What a replay says of itself; the table of `npm run replays` is made of it. */
export interface ReplayFacts {
  /** The demand of the incidents: `M-05`. */
  readonly id: string
  /** Where it comes from: the incident and line, or the section of the design. */
  readonly source: string
  /** Attacker's power → what he does. */
  readonly attack: string
  /** What he gets at most. */
  readonly bound: string
  /** Which one protection the harness replaces in the control arm, and what the attack must get then. */
  readonly control: string
}

export interface Verdict {
  /** Each deviation from the bound, in words; none: the bound holds. */
  readonly breaches: readonly string[]
  readonly evidence: Evidence
}

/**
 * One attack on two worlds: the product as it is, and the product without the one protection that the replay is about. The same
 * program attacks both and the same judge looks at what was taken.
 */
export interface Arms<World, Loot> {
  readonly real: () => Promise<World>
  readonly control: () => Promise<World>
  readonly attack: (world: World) => Promise<Loot>
  readonly judge: (loot: Loot, world: World) => Verdict
  /** What the attack must have got where the protection is missing, beyond any breach at all. Throws where it did not. */
  readonly succeeded?: (loot: Loot, world: World) => void
  readonly close?: (world: World) => PromiseLike<void>
  readonly timeoutMs?: number
}

/** What a test leaves behind for the table. */
export interface ReplayRecord extends ReplayFacts {
  readonly arm: 'real' | 'control'
  readonly verdict: Verdict
}

declare module 'vitest' {
  interface TaskMeta {
    replay?: ReplayRecord
  }
}

const TIMEOUT_MS = 240_000

/**
 * Registers a replay: a test that attacks the real system and expects no breach, and a test that attacks it without its protection
 * and expects one. A replay whose control arm holds proves nothing, and fails.
 */
export function replay<World, Loot>(facts: ReplayFacts, arms: Arms<World, Loot>): void {
  const timeoutMs = arms.timeoutMs ?? TIMEOUT_MS

  async function attack(
    make: () => Promise<World>,
    look: (verdict: Verdict, loot: Loot, world: World) => void,
  ) {
    const world = await make()
    try {
      const loot = await arms.attack(world)
      look(arms.judge(loot, world), loot, world)
    } finally {
      await arms.close?.(world)
    }
  }

  describe(`${facts.id}: ${facts.attack}`, () => {
    it(
      `is bounded: ${facts.bound}`,
      async ({ task }) => {
        await attack(arms.real, (verdict) => {
          task.meta.replay = { ...facts, arm: 'real', verdict }
          expect(verdict.breaches).toEqual([])
        })
      },
      timeoutMs,
    )

    it(
      `succeeds in the control arm: ${facts.control}`,
      async ({ task }) => {
        await attack(arms.control, (verdict, loot, world) => {
          task.meta.replay = { ...facts, arm: 'control', verdict }
          expect(verdict.breaches, 'the attack must get through without the protection').not.toEqual([])
          arms.succeeded?.(loot, world)
        })
      },
      timeoutMs,
    )
  })
}

/** A breach for each figure that is not what the bound says: `equal({ readable: 0 }, { readable: loot.readable })`. */
export function deviations(
  wanted: Readonly<Record<string, unknown>>,
  found: Readonly<Record<string, unknown>>,
): string[] {
  return Object.entries(wanted).flatMap(([name, value]) =>
    Object.is(found[name], value) ? [] : [`${name} is ${String(found[name])}, the bound is ${String(value)}`],
  )
}
