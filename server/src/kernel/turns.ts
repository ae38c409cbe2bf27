const TURN_MS = 30

/**
 * Lets everything else of a process have its turn between pieces of long work. Who awaits it goes on at once, one after the other, until they
 * worked for a turn together; the next one waits until events were looked at.
 */
export function createTurns(now: () => number = () => performance.now()): () => Promise<void> {
  let began = now()
  let line = Promise.resolve()
  return () => {
    line = line.then(async () => {
      if (now() - began < TURN_MS) return
      await new Promise((resolve) => setImmediate(resolve))
      began = now()
    })
    return line
  }
}
