import type { Person } from '../session/session.ts'

/** Where a person works now, among the workspaces that he is a member of. */
export function WorkspaceChoice({ person }: { readonly person: Person }) {
  return (
    <select
      aria-label="Workspace"
      value={person.workspace}
      onChange={(event) => person.chooseWorkspace(event.target.value)}
      className="h-8 max-w-28 min-w-0 rounded-md border border-line-strong bg-surface px-1.5 text-sm sm:max-w-60"
    >
      {person.account.workspaces.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  )
}
