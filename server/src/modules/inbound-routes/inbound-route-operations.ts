import { createInboundRoute } from './operations/create-inbound-route.ts'
import { deleteInboundRoute } from './operations/delete-inbound-route.ts'
import { getInboundRoute } from './operations/get-inbound-route.ts'
import { listInboundMail } from './operations/list-inbound-mail.ts'
import { listInboundRoutes } from './operations/list-inbound-routes.ts'
import { retryInboundMail } from './operations/retry-inbound-mail.ts'
import { updateInboundRoute } from './operations/update-inbound-route.ts'

export const inboundRouteOperations = [
  createInboundRoute,
  listInboundRoutes,
  getInboundRoute,
  updateInboundRoute,
  deleteInboundRoute,
  listInboundMail,
  retryInboundMail,
]
