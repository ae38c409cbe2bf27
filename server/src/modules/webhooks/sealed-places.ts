import type { SealedPlace } from '../../platform/sealing/index.ts'

/** Where an endpoint's secrets are sealed; both live in one row, so a rotation moves the old one without opening it. */
export function secretContext(endpointId: string): string {
  return `webhook_endpoint.secret/${endpointId}`
}

/** Where what an endpoint answered is sealed. */
export function answerPlace(workspaceId: string, deliveryId: string): SealedPlace {
  return { workspaceId, table: 'webhook_delivery', column: 'answer', rowId: deliveryId }
}
