import type { Detection } from '../../security/detection/index.ts'
import { clientKeyOf } from '../../security/limits/index.ts'
import type { Domains } from './domains-service.ts'

/**
 * Domains whose claims detection counts, by how many there are in a minute. The answer does not wait for it. No name is told: a claim learns
 * nothing of other workspaces, and an agency that adds fifty domains of its customers is no attack.
 */
export function tellClaims(domains: Domains, detection: Pick<Detection, 'observe'>): Domains {
  return {
    ...domains,
    add(caller, name) {
      if (caller.client !== undefined)
        void detection.observe({
          kind: 'domain_claim',
          outcome: 'known',
          clientKey: clientKeyOf(caller.client.address),
          userAgent: caller.client.userAgent,
          emailIndex: null,
          personId: null,
        })
      return domains.add(caller, name)
    },
  }
}
