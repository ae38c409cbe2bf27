/** What is known of a workspace on its way from nothing to its own domain. */
export interface Situation {
  readonly accepted: number
  readonly domains: readonly { readonly id: string; readonly name: string; readonly state: string }[]
  readonly outbound: 'capture' | 'direct' | 'relay'
}

export type StepName = 'mail' | 'domain' | 'records' | 'outbound'
export const STEP_NAMES = ['mail', 'domain', 'records', 'outbound'] as const satisfies readonly StepName[]

/** Names below `.test` work in development only: nobody can own one. */
export function isOwnDomain(name: string): boolean {
  return !/(^|\.)test$/i.test(name)
}

/** Which steps are done. A later one can be done before an earlier. */
export function doneSteps({ accepted, domains, outbound }: Situation): ReadonlySet<StepName> {
  const own = domains.filter(({ name }) => isOwnDomain(name))
  const done = new Set<StepName>()
  if (accepted > 0) done.add('mail')
  if (own.length > 0) done.add('domain')
  if (own.some(({ state }) => state === 'verified')) done.add('records')
  if (outbound !== 'capture') done.add('outbound')
  return done
}

/** The one to do next; undefined when all are done. */
export function nextStep(done: ReadonlySet<StepName>): StepName | undefined {
  return STEP_NAMES.find((name) => !done.has(name))
}
