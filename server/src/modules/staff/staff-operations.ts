import {
  listStaffContainments,
  requestStaffLift,
  staffContain,
  staffLift,
  staffPreview,
} from './operations/contain.ts'
import { staffBumpEpoch, staffRevokeCredential } from './operations/kill.ts'
import { getStaffQueue, listProcesses, listStaffWorkspaces } from './operations/look.ts'
import { addMember, listMembers, revokeMember } from './operations/members.ts'

export const staffOperations = [
  addMember,
  listMembers,
  revokeMember,
  listStaffWorkspaces,
  getStaffQueue,
  listProcesses,
  staffContain,
  staffPreview,
  listStaffContainments,
  requestStaffLift,
  staffLift,
  staffBumpEpoch,
  staffRevokeCredential,
]
