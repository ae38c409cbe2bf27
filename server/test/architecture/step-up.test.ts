import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { STEP_UP_OF_RISK } from '../../src/platform/http/operation.ts'
import { ACCOUNT_SCOPES, WORKSPACE_SCOPES } from '../../src/security/access/index.ts'
import { apiOperations } from '../../src/surfaces/api/registry.ts'

const DOCUMENT = join(import.meta.dirname, '../../../docs/log-in.md')
const PEOPLES: ReadonlySet<string> = new Set([...WORKSPACE_SCOPES, ...ACCOUNT_SCOPES, 'account:self'])

/** Operations that people can ask for and that want a fresh second factor, with its age in minutes. */
const wanted = apiOperations.flatMap(({ id, scope, risk, stepUpSeconds }) => {
  const seconds = stepUpSeconds === undefined ? STEP_UP_OF_RISK[risk] : stepUpSeconds
  return seconds === null || !PEOPLES.has(scope) ? [] : [`${id} ${seconds / 60}`]
})

describe('step-up', () => {
  it('is documented as it is: every operation that wants it, and no other', () => {
    const text = readFileSync(DOCUMENT, 'utf8').split('## Step-up')[1] ?? ''
    const rows = [...text.matchAll(/^\| `([\w.]+)` +\| (\d+) min +\|$/gm)].map(
      ([, id, age]) => `${id} ${age}`,
    )
    expect(rows.toSorted()).toEqual(wanted.toSorted())
  })

  it('is wanted for export, DNS, senders, keys, members, policies, lifts and the own account, and for nothing that takes away', () => {
    const ids = new Set(wanted.map((row) => row.split(' ')[0]))
    const needed = [
      'audit.export',
      'domains.add',
      'domains.delete',
      'senders.create',
      'senders.delete',
      'apiKeys.create',
      'apiKeys.rotate',
      'smtpCredentials.create',
      'webhooks.create',
      'webhooks.update',
      'webhooks.rotateSecret',
      'containments.lift',
      'containments.requestLift',
      'members.change',
      'invitations.create',
      'policies.change',
      'sso.connect',
      'account.setPassword',
      'account.changeEmail',
      'factors.remove',
    ]
    expect(needed.filter((id) => !ids.has(id))).toEqual([])
    const takesAway = [
      'apiKeys.revoke',
      'smtpCredentials.revoke',
      'epochs.bump',
      'containments.create',
      'sessions.end',
      'sessions.endAll',
    ]
    expect(takesAway.filter((id) => ids.has(id))).toEqual([])
  })
})
