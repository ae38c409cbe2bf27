import type { AccessGetOutput } from '@bulkhead/sdk'
import type { Command } from '../command.ts'
import { facts, type Screen } from '../table.ts'

export const accessCommand: Command = {
  path: ['access'],
  summary: 'Show what your key or session may do here, and what is contained',
  operations: ['access.get'],
  examples: [
    { line: 'bulkhead access', says: 'before you wonder why something is refused' },
    { line: 'bulkhead access --json | jq -r ".scopes[]"', says: 'one scope per line' },
  ],
  async run(context) {
    const access = await context.client().access.get()
    context.out.show(access, (screen) => renderAccess(access, screen))
  },
}

function renderAccess(access: AccessGetOutput, screen: Screen): string {
  const { installation, workspace } = access
  const head = facts(
    [
      ['You are', access.role === null ? `a ${access.kind}` : `a person, ${access.role}`],
      ['Workspace', workspace === null ? 'none' : `${workspace.name} (${workspace.id})`],
      ['Coming from', access.client.address],
      ['Scopes', access.scopes.join(', ')],
      ['Installation', `${installation.publicUrl}, ${installation.mode}, version ${installation.version}`],
      ['Mail leaves by', installation.outbound],
    ],
    screen,
  )
  const contained = access.containments.map(
    ({ id, capabilities, reason }) =>
      `${screen.paint.yellow('Contained')}: ${capabilities.join(', ')} (${id}): ${reason}`,
  )
  return [head, ...contained].join('\n')
}
