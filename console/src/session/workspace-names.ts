import { useQuery } from '@tanstack/react-query'
import { queries } from '../api/queries.ts'
import { useAccess } from './access.ts'
import { useSession } from './session.ts'

/** The name of a workspace for whoever may read them, the operator; its id for all others, and until the names are there. */
export function useWorkspaceNames(): (id: string) => string {
  const { api } = useSession()
  const { can } = useAccess()
  const { data } = useQuery({ ...queries.workspaces(api), enabled: can('workspaces:read') })
  return (id) => data?.find((one) => one.id === id)?.name ?? id
}
