import { useAccess } from '../session/access.ts'
import { useMay } from './guard.tsx'

/**
 * Why something cannot be done: the scope is lacking, or what it needs is contained. Undefined where it can. What needs the whole (`send`) is
 * not stopped by the containment of one lane (`send:bulk`); what needs a lane is stopped by that of the whole.
 */
export function useAllowed(scope: string, capability: string): string | undefined {
  const mayNot = useMay(scope)
  const { can, containments } = useAccess()
  if (mayNot !== undefined) return mayNot
  // Who reads containments is told those of others too, and not which are their own: then only the server can say.
  const binding = containments.find(
    ({ credential, capabilities }) =>
      (credential === null || !can('containments:read')) &&
      capabilities.some((one) => one === capability || capability.startsWith(`${one}:`)),
  )
  return binding === undefined ? undefined : `Cut off by a containment: ${binding.reason}`
}
