import type { ApiServerDependencies } from '../surfaces/api/api-server.ts'
import { addDoors, createDoorHosts, type DoorsDependencies } from '../surfaces/compat/index.ts'

/** Other vendors' APIs, as the server of the API takes them. */
export function prepareDoors(
  deps: DoorsDependencies & { readonly publicUrl: string },
): Pick<ApiServerDependencies, 'addDoors' | 'rewriteUrl'> {
  return {
    addDoors: (app) => addDoors(app, deps),
    rewriteUrl: createDoorHosts(deps.publicUrl),
  }
}
