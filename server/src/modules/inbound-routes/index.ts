/**
 * Inbound routes: mail to host names that a workspace has proved, posted to its programs.
 *
 * Tables owned: inbound_route, inbound_mail, inbound_content.
 * Events: none; audit `inbound_route.created`, `.changed`, `.deleted`, `.mail_retried`.
 * Invariants: a host name takes mail only while a verified sending domain of its workspace is that name or stands above it; 250 comes after the
 * mail is sealed and committed; what was taken is posted, refused by the receiver or expired after 72 hours, and which of the three is told;
 * content is erased with delivery; owners hear of every new program that gets mail; requests are signed and go only to addresses that were checked.
 */
export { createInboundRoutes, type InboundRoutes } from './inbound-routes-service.ts'
export { createInboundRouteDoor, type InboundRouteDoor } from './inbound-door.ts'
export { startInboundDispatch } from './inbound-dispatcher.ts'
export { createInboundRoute } from './operations/create-inbound-route.ts'
export { deleteInboundRoute } from './operations/delete-inbound-route.ts'
export { listInboundRoutes } from './operations/list-inbound-routes.ts'
export { updateInboundRoute } from './operations/update-inbound-route.ts'
export { inboundRouteOperations } from './inbound-route-operations.ts'
