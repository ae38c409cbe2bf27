import { z } from 'zod'
import { idOf, listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Email, Person, Recovery, WaitingRecovery } from '../account-views.ts'
import type { Accounts } from '../accounts-service.ts'

type Context = OperationContext<{ accounts: Accounts }>

const onePerson = z.strictObject({ personId: z.string().max(60) })

export const listPeople = defineOperation({
  id: 'people.list',
  method: 'GET',
  path: '/v1/people',
  summary: 'List the people of the installation, without their addresses',
  description: "Needs the operator's key.",
  scope: 'people:read',
  risk: 'read',
  audit: 'person.listed',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(Person),
  handle: (context: Context, input) => context.services.accounts.people.list(input),
})

export const findPerson = defineOperation({
  id: 'people.find',
  method: 'POST',
  path: '/v1/people/find',
  summary: 'Find the person who has an address that you know',
  description: "Needs the operator's key.",
  scope: 'people:read',
  risk: 'read',
  audit: 'person.found',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({ email: Email }),
  output: z.object({ id: z.string() }),
  handle: (context: Context, { email }) => context.services.accounts.people.find(email),
})

export const disablePerson = defineEmptyOperation({
  id: 'people.disable',
  method: 'POST',
  path: '/v1/people/{personId}/disable',
  summary: 'Suspend a person and end all sessions of theirs',
  description: "Needs the operator's key. Answers to the person do not tell.",
  scope: 'people:write',
  risk: 'safety',
  audit: 'person.suspended',
  faults: ['not_found'],
  input: onePerson,
  handle: (context: Context, { personId }) =>
    context.services.accounts.people.suspend(context.actor, idOf('person', personId), true),
})

export const enablePerson = defineEmptyOperation({
  id: 'people.enable',
  method: 'POST',
  path: '/v1/people/{personId}/enable',
  summary: 'Let a suspended person sign in again',
  description: "Needs the operator's key. Password and second factors are as they were.",
  scope: 'people:write',
  risk: 'installation',
  audit: 'person.let_in',
  faults: ['not_found'],
  input: onePerson,
  handle: (context: Context, { personId }) =>
    context.services.accounts.people.suspend(context.actor, idOf('person', personId), false),
})

export const signOutPerson = defineOperation({
  id: 'people.signOut',
  method: 'POST',
  path: '/v1/people/{personId}/sign-out',
  summary: 'End all sessions of a person',
  description: "Needs the operator's key.",
  scope: 'people:write',
  risk: 'safety',
  audit: 'person.signed_out',
  faults: ['not_found'],
  status: 200,
  input: onePerson,
  output: z.object({ ended: z.int().describe('How many there were.') }),
  handle: (context: Context, { personId }) =>
    context.services.accounts.people.signOut(context.actor, idOf('person', personId)),
})

export const listAllRecoveries = defineOperation({
  id: 'people.recoveries',
  method: 'GET',
  path: '/v1/people/recoveries',
  summary: 'List all recoveries that wait',
  description: "Needs the operator's key.",
  scope: 'people:read',
  risk: 'read',
  audit: 'recovery.listed',
  faults: ['unavailable'],
  status: 200,
  input: z.strictObject({}),
  output: z.object({ data: z.array(WaitingRecovery) }),
  handle: async (context: Context) => ({ data: await context.services.accounts.recoveries.listAll() }),
})

export const approveRecoveryAsOperator = defineOperation({
  id: 'people.approveRecovery',
  method: 'POST',
  path: '/v1/people/recoveries/{recoveryId}/approve',
  summary: 'Approve the recovery of somebody whose workspace has nobody else',
  description:
    "Needs the operator's key. By itself it does nothing: the record in DNS, 72 hours, the mailbox and the password are needed beside it.",
  scope: 'people:write',
  risk: 'installation',
  audit: 'recovery.operator_approved',
  faults: ['not_found', 'conflict'],
  status: 200,
  input: z.strictObject({ recoveryId: z.string().max(60) }),
  output: Recovery,
  handle: (context: Context, { recoveryId }) =>
    context.services.accounts.recoveries.approveAsOperator(context.actor, idOf('recovery', recoveryId)),
})
