import { addDomain } from './operations/add-domain.ts'
import { cancelRotation } from './operations/cancel-rotation.ts'
import { deleteDomain } from './operations/delete-domain.ts'
import { getDomain } from './operations/get-domain.ts'
import { getZone } from './operations/get-zone.ts'
import { listDomains } from './operations/list-domains.ts'
import { rotateDkim } from './operations/rotate-dkim.ts'
import { updateDomain } from './operations/update-domain.ts'
import { verifyDomain } from './operations/verify-domain.ts'

export const domainOperations = [
  addDomain,
  listDomains,
  getDomain,
  updateDomain,
  verifyDomain,
  rotateDkim,
  cancelRotation,
  deleteDomain,
  getZone,
]
