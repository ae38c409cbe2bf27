import type { SealedPlace } from '../../platform/sealing/index.ts'

/** Where the key that signs a route's requests is sealed. */
export function routeSecretContext(routeId: string): string {
  return `inbound_route.secret/${routeId}`
}

export function envelopePlace(workspaceId: string, mailId: string): SealedPlace {
  return { workspaceId, table: 'inbound_mail', column: 'envelope', rowId: mailId }
}

export function contentPlace(workspaceId: string, contentId: string): SealedPlace {
  return { workspaceId, table: 'inbound_content', column: 'sealed', rowId: contentId }
}
