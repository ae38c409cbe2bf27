import type { RenderRun } from './dialect.ts'
import { OutputTooLong } from './output.ts'

/** Gathers what a part prints, within the bounds of its rendering. */
export class Printing {
  #text = ''
  readonly #run: RenderRun

  constructor(run: RenderRun) {
    this.#run = run
  }

  get text(): string {
    return this.#text
  }

  add(text: string): void {
    const { clock, limits } = this.#run
    clock.check()
    if (this.#text.length + text.length > limits.outputCharsMax)
      throw new OutputTooLong(limits.outputCharsMax)
    this.#text += text
  }
}
