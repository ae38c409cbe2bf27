import { addDomain } from './operations/add-domain.ts'
import { deleteDomain } from './operations/delete-domain.ts'
import { getDomain } from './operations/get-domain.ts'
import { getZone } from './operations/get-zone.ts'
import { listDomains } from './operations/list-domains.ts'
import { verifyDomain } from './operations/verify-domain.ts'

export const domainOperations = [addDomain, listDomains, getDomain, verifyDomain, deleteDomain, getZone]
