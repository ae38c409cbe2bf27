import type { z } from 'zod'
import type { OperationContext, Principal } from '../../platform/http/operation.ts'
import { shownActor, type Containments } from '../containments/index.ts'
import type { Workspaces } from '../workspaces/index.ts'
import type { AccessView } from './access-view.ts'

type View = z.output<typeof AccessView>

/** What clients are told of the installation: settings, no secret among them. */
export type InstallationFacts = View['installation']

export interface Callers {
  /** What the caller may do, and what binds him now. */
  describe(
    context: Pick<OperationContext<unknown>, 'principal' | 'workspaceId' | 'actor' | 'client' | 'read'>,
  ): Promise<View>
}

/** How far back is looked: those in force are among the newest, because a containment ends after 30 days at most and a workspace has at most 100. */
const LOOKED_AT = 100

/** The answer to "who am I here": see the slice's door. */
export function createCallers(deps: {
  readonly workspaces: Pick<Workspaces, 'own'>
  readonly containments: Pick<Containments, 'list'>
  readonly installation: InstallationFacts
}): Callers {
  return {
    async describe(context) {
      const { principal, workspaceId, actor } = context
      const isSomewhere = workspaceId !== ''
      const workspace = isSomewhere ? await deps.workspaces.own(context) : null
      const contained = isSomewhere
        ? await deps.containments.list({ workspaceId, actor, principal }, { limit: LOOKED_AT })
        : { data: [] }
      // Whom else somebody suspects is told to those who may read it, not to the suspect.
      const seesAll = principal.scopes.includes('containments:read')
      const own = shownActor(actor)
      return {
        kind: kindOf(principal),
        role: principal.kind === 'person' ? principal.role : null,
        scopes: [...principal.scopes],
        workspace: workspace === null ? null : { id: workspace.id, name: workspace.name },
        client: { address: context.client.address },
        installation: deps.installation,
        containments: contained.data
          .filter(
            ({ inForce, credential }) => inForce && (seesAll || credential === null || credential === own),
          )
          .map(({ id, scope, capabilities, credential, reason, madeAt, until }) => ({
            id,
            scope,
            capabilities,
            credential,
            reason,
            since: madeAt,
            until,
          })),
      }
    },
  }
}

function kindOf(principal: Principal): View['kind'] {
  if (principal.kind === 'person') return 'person'
  return principal.kind === 'operator' ? 'operator' : 'key'
}
