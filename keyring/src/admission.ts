import type { Socket } from 'node:net'
import type { ProcessKind } from './access.ts'

/** Each process holds one connection; a host has a few processes of a kind. */
const MAX_OF_A_KIND = 40
const MAX_STRANGERS = 64
/** More than all of these together, so that it is never what decides. */
export const MAX_CONNECTIONS = 320

export type Admission = ReturnType<typeof createAdmission>

/** Who may connect: no kind of process, and nobody without a token, can take the places of the others. */
export function createAdmission() {
  const strangers = new Set<Socket>()
  const connected = new Map<ProcessKind, number>()

  return {
    /** A connection that has not said who it is. Where there are too many, the one that waited longest is cut off. */
    arrive(socket: Socket): void {
      strangers.add(socket)
      socket.once('close', () => strangers.delete(socket))
      if (strangers.size <= MAX_STRANGERS) return
      for (const oldest of strangers) {
        strangers.delete(oldest)
        oldest.destroy()
        return
      }
    },

    /** False where there are as many of the kind as there may be. */
    admit(socket: Socket, kind: ProcessKind): boolean {
      const count = connected.get(kind) ?? 0
      if (count >= MAX_OF_A_KIND) return false
      strangers.delete(socket)
      connected.set(kind, count + 1)
      socket.once('close', () => connected.set(kind, (connected.get(kind) ?? 1) - 1))
      return true
    },
  }
}
