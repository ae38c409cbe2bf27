import { changeMember } from './operations/change-member.ts'
import { createOwnWorkspace } from './operations/create-own-workspace.ts'
import { createPermissionSet } from './operations/create-permission-set.ts'
import { endMemberSession } from './operations/end-member-session.ts'
import { endMemberSessions } from './operations/end-member-sessions.ts'
import { getMember } from './operations/get-member.ts'
import { getPermissionSet } from './operations/get-permission-set.ts'
import { leaveWorkspace } from './operations/leave-workspace.ts'
import { listMemberSessions } from './operations/list-member-sessions.ts'
import { listMembers } from './operations/list-members.ts'
import { listOwnWorkspaces } from './operations/list-own-workspaces.ts'
import { listPermissionSets } from './operations/list-permission-sets.ts'
import { removeMember } from './operations/remove-member.ts'
import { removePermissionSet } from './operations/delete-permission-set.ts'
import { updatePermissionSet } from './operations/update-permission-set.ts'

export const memberOperations = [
  listMembers,
  getMember,
  changeMember,
  removeMember,
  listMemberSessions,
  endMemberSession,
  endMemberSessions,
  listOwnWorkspaces,
  createOwnWorkspace,
  leaveWorkspace,
  createPermissionSet,
  listPermissionSets,
  getPermissionSet,
  updatePermissionSet,
  removePermissionSet,
]
