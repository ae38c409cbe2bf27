import { Fault } from '../../kernel/faults.ts'
import type { PersonPrincipal, Principal } from '../../platform/http/operation.ts'

/** The person who asks. Scopes of accounts let nobody else in; this says so to the types. */
export function personIn(context: { readonly principal: Principal }): PersonPrincipal {
  if (context.principal.kind === 'person') return context.principal
  throw new Fault('missing_scope', { detail: 'This is for people who are signed in.' })
}
